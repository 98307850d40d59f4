/* collect.c - a collection, from the request to the last object freed: the same in both flavours.
 *
 *   stop the world, merge what is queued
 *   find what nothing reaches (the flavour's), take a reference to each, clear their weak references
 *   start the world
 *   call the callbacks of weak references, then the finalizers, each once, with every object still whole (PEP 442)
 *   if any ran: stop again, and let go of what can be reached again; clear weak references made meanwhile
 *   clear each of the rest, and drop the reference: they die by counts, as any object does
 *
 * Only the finding is exclusive. Finalizers may block, so nobody waits for them: what one run has found stays alive by
 * the run's references, and to another run it is referenced from outside.
 *
 * Requests are gathered: who asks while another thread has begun, and not yet looked, waits for what that one finds. So
 * many threads that ask at once are served by one collection. Who asks while another is calling finalizers does a
 * collection of its own. docs/collector.md. */
#include <stdlib.h>

#include "core/error.h"
#include "core/lock.h"
#include "gc/shared.h"
#include "refcount/weak.h"

enum {
    JOIN_PATIENCE_NS = 10 * 1000 * 1000,    /* that who joins waits for another's event callbacks */
    CALLS_PATIENCE_NS = 1000 * 1000 * 1000, /* after which callbacks no longer keep off collections that are due */
    RETRY_NS = 100 * 1000 * 1000,           /* after one was given up for want of memory */
    AHEAD = 8                               /* headers fetched before they are looked at */
};

void gc_give_up(thread *self, gc_array *a)
{
    while (a->count > 0) {
        if (a->count > AHEAD)
            __builtin_prefetch(a->items[a->count - 1 - AHEAD], 1);
        weft_xdecref(&self->head, a->items[--a->count]);
    }
}

uint64_t gc_stop(thread *self, gc_run *run)
{
    uint64_t asked = platform_now_ns();
    world_stop(self);
    uint64_t stood = platform_now_ns();
    if (run->event.stop_ns < stood - asked)
        run->event.stop_ns = stood - asked;
    world_drain_stopped(self);
    return stood;
}

void gc_start(thread *self, gc_run *run, uint64_t stood)
{
    world_start(self);
    run->event.pause_ns += platform_now_ns() - stood;
    object_die_pending(self);
}

/* ---- requests -------------------------------------------------------------------------------------------------------- */

static void request_serve_locked(gc_shared *s, gc_request *list, const gc_request *result)
{
    while (list) {
        gc_request *next = list->next;
        list->status = result->status;
        list->found = result->found;
        list->again = result->again;
        list->done = true;
        list = next;
    }
    weft_store_relaxed(&s->looks, s->looks + 1);
}

/* Nobody can join any more. Those that have are the run's to serve. */
static void gathering_end(thread *self, gc_run *run)
{
    gc_shared *s = gc_shared_of(self);
    pthread_mutex_lock(&s->lock);
    if (s->gatherer == self) {
        run->event.asked = s->gathering;
        run->requests = s->requests;
        s->requests = NULL;
        s->gatherer = NULL;
    }
    pthread_mutex_unlock(&s->lock);
}

static void requests_serve(thread *self, gc_run *run, const gc_request *result)
{
    gc_shared *s = gc_shared_of(self);
    if (run->requests == NULL)
        return;
    pthread_mutex_lock(&s->lock);
    request_serve_locked(s, run->requests, result);
    run->requests = NULL;
    pthread_mutex_unlock(&s->lock);
    platform_wake_all(&s->looks);
}

/* False: it is being served already. */
static bool try_request_remove_locked(gc_shared *s, const gc_request *request)
{
    gc_request **link = &s->requests;
    while (*link && *link != request)
        link = &(*link)->next;
    if (*link == NULL)
        return false;
    *link = request->next;
    return true;
}

/* Away until the gatherer has looked, or for a moment. Sections are set aside: who is waited for may want their locks. */
static void request_wait(thread *self, const uint32_t *looks, uint32_t before)
{
    struct weft_critical *aside = critical_set_aside(self);
    thread_leave(self);
    platform_wait(looks, before, JOIN_PATIENCE_NS);
    thread_enter(self);
    critical_put_back(self, aside);
    critical_resume(self);
}

/* ---- begin and end ------------------------------------------------------------------------------------------------------ */

static void run_begin_locked(thread *self, weft_gc_generation generation, bool automatic)
{
    gc_shared *s = gc_shared_of(self);
    gc_array room = self->gc.run.garbage;
    self->gc.collecting = true;
    self->gc.run = (gc_run){.event = {.number = ++s->number, .asked = generation, .automatic = automatic},
                            .garbage = room,
                            .finalizers = true,
                            .weak = true};
    weft_store_relaxed(&s->under_way, s->under_way + 1);
    if (s->gatherer == NULL) {
        s->gatherer = self;
        s->gathering = generation;
        s->gatherer_calls = s->callbacks != NULL;
    }
}

/* Joins the collection of another thread that has not looked yet, if there is one, else begins one. True: joined; *request
 * is its result. */
static bool join_or_begin(thread *self, weft_gc_generation generation, gc_request *request)
{
    gc_shared *s = gc_shared_of(self);
    pthread_mutex_lock(&s->lock);
    if (s->gatherer == NULL) {
        run_begin_locked(self, generation, false);
        pthread_mutex_unlock(&s->lock);
        return false;
    }
    if (s->gathering < generation)
        s->gathering = generation;
    request->next = s->requests;
    s->requests = request;
    while (!request->done) {
        uint32_t looks = s->looks;
        pthread_mutex_unlock(&s->lock);
        request_wait(self, &s->looks, looks);
        pthread_mutex_lock(&s->lock);
        if (!request->done && s->gatherer_calls && try_request_remove_locked(s, request)) {
            run_begin_locked(self, generation, false); /* on its own: the callbacks may be waiting for this thread */
            break;
        }
    }
    pthread_mutex_unlock(&s->lock);
    return request->done;
}

static bool try_begin_automatic(thread *self, weft_gc_generation generation)
{
    gc_shared *s = gc_shared_of(self);
    pthread_mutex_lock(&s->lock);
    bool may = s->gatherer == NULL &&
               (s->under_way == 0 || platform_now_ns() - weft_load_relaxed(&s->calling_since) > CALLS_PATIENCE_NS);
    if (may)
        run_begin_locked(self, generation, true);
    else
        weft_store_relaxed(&s->put_off, true);
    pthread_mutex_unlock(&s->lock);
    return may;
}

static void run_record(thread *self, gc_run *run)
{
    if (run->recorded)
        return;
    run->recorded = true;
    if (run->is_share)
        gc_statistics_add_share(self, &run->event);
    else
        gc_statistics_add(self, &run->event);
}

/* All but the room for garbage. */
static void run_empty(gc_run *run)
{
    gc_array_empty(&run->garbage);
    gc_array_free(&run->resurrected);
    gc_array_free(&run->callbacks);
    gc_array_free(&run->drops);
}

static void run_free(gc_run *run)
{
    run_empty(run);
    gc_array_free(&run->garbage);
}

static void run_drop_references(thread *self, gc_run *run)
{
    gc_give_up(self, &run->drops);
    gc_give_up(self, &run->callbacks);
    gc_give_up(self, &run->resurrected);
    gc_give_up(self, &run->garbage);
}

static void run_end(thread *self)
{
    gc_shared *s = gc_shared_of(self);
    run_empty(&self->gc.run);
    self->gc.run.is_share = false;
    pthread_mutex_lock(&s->lock);
    self->gc.collecting = false;
    weft_store_relaxed(&s->under_way, s->under_way - 1);
    bool again = weft_load_relaxed(&s->put_off);
    weft_store_relaxed(&s->put_off, false);
    pthread_mutex_unlock(&s->lock);
    if (again)
        world_set_collect(self, true);
}

static void run_give_up(thread *self)
{
    gc_run *run = &self->gc.run;
    gc_helper_ends(&gc_shared_of(self)->helper);
    gathering_end(self, run);
    requests_serve(self, run, &(gc_request){.again = true});
    run_record(self, run);
    run_drop_references(self, run);
    run_end(self);
}

void gc_thread_ends(thread *self)
{
    self->gc.roots = NULL;
    self->gc.weak_calls = 0;
    if (self->gc.collecting)
        run_give_up(self);
    run_free(&self->gc.run);
    gc_flavour_thread_ends(self);
}

/* ---- a collection ---------------------------------------------------------------------------------------------------------- */

/* On an error nothing has changed. */
static weft_status find_stopped(thread *self, gc_run *run)
{
    weft_status status = gc_find_stopped(self, run);
    run->event.found = run->garbage.count + run->shared;
    if (status == WEFT_OK)
        status = weak_clear_stopped(self, run);
    return status;
}

static weft_status look(thread *self, gc_run *run)
{
    uint64_t stood = gc_stop(self, run);
    gathering_end(self, run);
    weft_status status = find_stopped(self, run);
    gc_start(self, run, stood);
    requests_serve(self, run, &(gc_request){.status = status, .found = run->event.found});
    gc_give_up(self, &run->drops);
    return status;
}

static weft_status collect_begun(thread *self)
{
    gc_shared *s = gc_shared_of(self);
    gc_run *run = &self->gc.run;
    struct weft_critical *aside = critical_set_aside(self); /* finalizers run without this thread's locks */
    gc_events_call(self, WEFT_GC_EVENT_START, &run->event, NULL);
    pthread_mutex_lock(&s->lock);
    if (s->gatherer == self)
        s->gatherer_calls = false;
    pthread_mutex_unlock(&s->lock);

    weft_status status = look(self, run);
    if (status == WEFT_OK && run->garbage.count + run->callbacks.count > 0) {
        weft_store_relaxed(&s->calling_since, platform_now_ns());
        status = gc_finalize(self, run);
    }
    run->event.status = status;
    run_drop_references(self, run);
    run_record(self, run);
    gc_events_call(self, WEFT_GC_EVENT_STOP, &run->event, NULL);
    run_end(self);
    critical_put_back(self, aside);
    critical_resume(self);
    return status;
}

static int64_t collect_result(weft_status status, uint64_t found)
{
    if (status == WEFT_OK)
        return (int64_t)found;
    return weft_error_set(status, "weft_gc_collect: out of memory: the collection was given up");
}

int64_t weft_gc_collect(weft_thread *self, weft_gc_generation generation)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    thread *t = thread_of(self);
    if ((int)generation < WEFT_GC_YOUNG || generation > WEFT_GC_FULL)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_gc_collect: generation %d, not 0 to 2", (int)generation);
    if (t->stopping)
        return weft_error_set(WEFT_ERROR_BUSY, "weft_gc_collect: this thread has the world stopped");
    if (t->gc.collecting)
        return 0;
    gc_request request;
    do {
        request = (gc_request){0};
        if (!join_or_begin(t, generation, &request)) {
            request.status = collect_begun(t);
            request.found = t->gc.run.event.found;
        }
    } while (request.again);
    weft_safepoint(self); /* who only collects would never hand over the GIL flavour's lock */
    return collect_result(request.status, request.found);
}

/* ---- shares ---------------------------------------------------------------------------------------------------------------- */

bool gc_may_share(const thread *self)
{
    return !gc_events_wanted(self) && weft_load_relaxed(&gc_shared_of(self)->debug) == 0;
}

void gc_share_stopped(thread *self, thread *t, gc_array *garbage)
{
    gc_shared *s = gc_shared_of(self);
    assert(!t->gc.collecting && t->gc.run.garbage.items == NULL);
    t->gc.collecting = true;
    t->gc.run = (gc_run){.event = {.number = self->gc.run.event.number}, .garbage = *garbage, .is_share = true};
    *garbage = (gc_array){NULL, 0, 0};
    pthread_mutex_lock(&s->lock);
    weft_store_relaxed(&s->under_way, s->under_way + 1);
    pthread_mutex_unlock(&s->lock);
}

void gc_share_clear_now(thread *self)
{
    gc_run *run = &self->gc.run;
    struct weft_critical *aside = critical_set_aside(self);
    error_scope scope;
    run->share_begun = true; /* a safepoint inside does not begin it again */
    error_save(&scope);
    gc_clear_all(self, run);
    error_restore(&scope);
    run_record(self, run);
    run_end(self);
    critical_put_back(self, aside);
    critical_resume(self);
}

/* ---- by itself --------------------------------------------------------------------------------------------------------------- */

static bool is_due(thread *self, weft_gc_generation *generation)
{
    gc_shared *s = gc_shared_of(self);
    if (!weft_load_relaxed(&s->enabled) || self->gc.collecting || self->stopping)
        return false;
    if (!gc_due(self->head.runtime, generation))
        return false;
    uint64_t retry = weft_load_relaxed(&s->retry_ns);
    return retry == 0 || platform_now_ns() > retry;
}

bool gc_collect_due(thread *self)
{
    gc_shared *s = gc_shared_of(self);
    weft_gc_generation generation;
    if (!is_due(self, &generation) || !try_begin_automatic(self, generation))
        return false;
    error_scope scope;
    error_save(&scope);
    weft_status status = collect_begun(self);
    error_restore(&scope);
    weft_store_relaxed(&s->retry_ns, status == WEFT_OK ? 0 : platform_now_ns() + RETRY_NS);
    return true;
}

void gc_poll(thread *self)
{
    weft_gc_generation generation;
    if (self->destroying) /* the mark stays: at the next safepoint outside */
        return;
    world_set_collect(self, false);
    if (!is_due(self, &generation))
        return;
    if (!weft_load_relaxed(&gc_shared_of(self)->settings.finalizer_thread) || !gc_helper_ask(self))
        gc_collect_due(self);
}

/* ---- opening, closing, forking ----------------------------------------------------------------------------------------------- */

weft_status gc_open(weft_runtime *runtime)
{
    gc_shared *s = (gc_shared *)platform_map(sizeof *s); /* most of it is histograms, which are mostly never touched */
    if (s == NULL)
        return weft_error_set(WEFT_ERROR_MEMORY, "weft_runtime_new: out of memory");
    runtime->gc.shared = s;
    pthread_mutex_init(&s->lock, NULL);
    gc_control_open(s);
    gc_helper_open(&s->helper);
    if (gc_flavour_open(runtime) != WEFT_OK)
        goto no_flavour;
    if (weak_open(runtime) != WEFT_OK)
        goto no_weak;
    return WEFT_OK;

no_weak:
    gc_flavour_close(runtime);
no_flavour:
    gc_helper_close(&s->helper);
    pthread_mutex_destroy(&s->lock);
    platform_release(s, sizeof *s);
    return weft_error_status();
}

void gc_close(weft_runtime *runtime)
{
    gc_shared *s = runtime->gc.shared;
    for (thread *t = runtime->all; t; t = t->all_next)
        run_free(&t->gc.run); /* of threads that a fork left behind */
    weak_close(runtime);
    gc_flavour_close(runtime);
    gc_events_close(s);
    gc_helper_close(&s->helper);
    pthread_mutex_destroy(&s->lock);
    platform_release(s, sizeof *s);
}

/* Threads that are gone no longer gather, and wait for nothing. What their collections held stays with them for now: in a
 * stopped world no reference may be dropped. */
void gc_after_fork_child(thread *self)
{
    gc_shared *s = gc_shared_of(self);
    if (s->gatherer != self)
        s->gatherer = NULL;
    s->requests = NULL;
    s->under_way = self->gc.collecting;
    gc_helper_after_fork_child(&s->helper);
    for (thread *t = self->head.runtime->all; t; t = t->all_next) {
        if (t == self)
            continue;
        s->orphans |= t->gc.collecting;
        t->gc.roots = NULL;
        t->gc.weak_calls = 0;
    }
    gc_flavour_after_fork_child(self);
}

void gc_after_fork_child_running(thread *self)
{
    gc_shared *s = gc_shared_of(self);
    if (!s->orphans)
        return;
    s->orphans = false;
    for (thread *t = self->head.runtime->all; t; t = t->all_next) {
        if (t == self || !t->gc.collecting)
            continue;
        gc_run run = t->gc.run;
        t->gc.run = (gc_run){0}; /* before anything runs that may attach a thread, which may take `t` from the pool */
        t->gc.collecting = false;
        run_drop_references(self, &run);
        run_free(&run);
    }
}
