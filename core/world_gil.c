/* world_gil.c - one lock a runtime: who holds it runs.
 *
 * A thread that has waited for 5 ms asks the holder to drop the lock; the holder does so at its next safepoint and waits
 * until another thread has taken it, so that a busy thread cannot take it back at once (CPython's new GIL, Pitrou 2009).
 * The world is stopped by keeping the lock through one's safepoints. Threads: any. */
#include <time.h>

#include "core/core.h"

enum { WORLD_SWITCH_NS = 5 * 1000 * 1000 };

static void conditions_init(world *w)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&w->free, &attributes);
    pthread_cond_init(&w->switched, &attributes);
    pthread_condattr_destroy(&attributes);
}

weft_status world_open(weft_runtime *runtime)
{
    pthread_mutex_init(&runtime->world.lock, NULL);
    conditions_init(&runtime->world);
    return WEFT_OK;
}

void world_close(weft_runtime *runtime)
{
    pthread_mutex_destroy(&runtime->world.lock);
    pthread_cond_destroy(&runtime->world.free);
    pthread_cond_destroy(&runtime->world.switched);
}

weft_status world_add_thread_locked(weft_runtime *runtime, thread *t)
{
    if (runtime->world.next_id == WEFT_MAX_THREADS)
        return weft_error_set(WEFT_ERROR_LIMIT, "weft_thread_attach: all %u thread ids are in use",
                              (unsigned)WEFT_MAX_THREADS);
    t->head.id = (uint16_t)++runtime->world.next_id;
    t->head.poll = &runtime->world.poll;
    return WEFT_OK;
}

static void poll_set(world *w, uint32_t bits)
{
    /* order: relaxed - a hint; what it is about is protected by the lock. */
    __atomic_fetch_or(&w->poll, bits, __ATOMIC_RELAXED);
}

static void poll_clear(world *w, uint32_t bits)
{
    __atomic_fetch_and(&w->poll, ~bits, __ATOMIC_RELAXED);
}

static struct timespec deadline_after(uint64_t ns)
{
    uint64_t at = platform_now_ns() + ns;
    struct timespec result = {.tv_sec = (time_t)(at / 1000000000), .tv_nsec = (long)(at % 1000000000)};
    return result;
}

/* Waits at most until then (0: no limit). False: that was too short. */
static bool try_take_locked(world *w, thread *t, uint64_t until)
{
    w->waiting++;
    while (w->holder) {
        uint64_t switches = w->switches;
        if (until && platform_now_ns() >= until) {
            w->waiting--;
            pthread_cond_broadcast(&w->switched); /* who made room for this thread need not wait for it */
            return false;
        }
        struct timespec deadline = deadline_after(WORLD_SWITCH_NS);
        int timed_out = pthread_cond_timedwait(&w->free, &w->lock, &deadline);
        if (timed_out && w->holder && w->switches == switches)
            poll_set(w, WORLD_POLL_DROP);
    }
    w->waiting--;
    w->holder = t;
    w->switches++;
    t->world.running = true;
    if (w->waiting == 0)
        poll_clear(w, WORLD_POLL_DROP);
    pthread_cond_broadcast(&w->switched);
    return true;
}

static void drop_locked(world *w, thread *t)
{
    w->holder = NULL;
    t->world.running = false;
    pthread_cond_signal(&w->free);
}

void world_enter(thread *t)
{
    world *w = &t->head.runtime->world;
    pthread_mutex_lock(&w->lock);
    (void)try_take_locked(w, t, 0);
    pthread_mutex_unlock(&w->lock);
}

bool try_world_enter(thread *t, uint64_t ns)
{
    world *w = &t->head.runtime->world;
    pthread_mutex_lock(&w->lock);
    bool entered = try_take_locked(w, t, platform_now_ns() + ns);
    pthread_mutex_unlock(&w->lock);
    return entered;
}

void world_leave(thread *t)
{
    world *w = &t->head.runtime->world;
    pthread_mutex_lock(&w->lock);
    drop_locked(w, t);
    pthread_mutex_unlock(&w->lock);
}

void thread_leave_clean(thread *t, bool ending)
{
    (void)ending;
    object_die_pending(t);
    world_leave(t);
}

void world_poll(thread *t)
{
    world *w = &t->head.runtime->world;
    poll_clear(w, WORLD_POLL_DYING);
    object_die_pending(t);
    if (weft_load_relaxed(&w->poll) & WORLD_POLL_COLLECT)
        gc_poll(t);
    if (!(weft_load_relaxed(&w->poll) & WORLD_POLL_DROP))
        return;
    thread_others_leave(t);
    pthread_mutex_lock(&w->lock);
    poll_clear(w, WORLD_POLL_DROP);
    if (w->waiting) {
        uint64_t switches = w->switches;
        drop_locked(w, t);
        while (w->switches == switches && w->waiting)
            pthread_cond_wait(&w->switched, &w->lock);
        (void)try_take_locked(w, t, 0);
    }
    pthread_mutex_unlock(&w->lock);
    thread_others_enter(t);
}

void world_set_collect(thread *t, bool due)
{
    if (due)
        poll_set(&t->head.runtime->world, WORLD_POLL_COLLECT);
    else
        poll_clear(&t->head.runtime->world, WORLD_POLL_COLLECT);
}

bool try_world_stop(thread *t)
{
    world *w = &t->head.runtime->world;
    t->stopping = true;
    w->stopper = t;
    w->stats.stops++;
    return true;
}

void world_stop(thread *t)
{
    thread_others_leave(t);
    (void)try_world_stop(t);
}

void world_start_alone(thread *t)
{
    t->head.runtime->world.stopper = NULL;
    t->stopping = false;
    if (t->dying && !t->destroying) /* left by a thread that a fork has left behind: the next safepoint destroys it */
        poll_set(&t->head.runtime->world, WORLD_POLL_DYING);
}

void world_start(thread *t)
{
    world_start_alone(t);
    thread_others_enter(t);
}

void world_drain_stopped(thread *t)
{
    (void)t; /* plain counts queue nothing */
}

bool world_is_stopped_by(const thread *self)
{
    return self->stopping;
}

void world_before_fork(thread *t)
{
    pthread_mutex_lock(&t->head.runtime->world.lock);
}

void world_after_fork_parent(thread *t)
{
    pthread_mutex_unlock(&t->head.runtime->world.lock);
}

void world_after_fork_child(thread *t)
{
    world *w = &t->head.runtime->world;
    conditions_init(w); /* threads that are gone may have been waiting */
    w->waiting = 0;
    w->poll = 0;
    pthread_mutex_unlock(&w->lock);
}
