/* fork.c - forking a process that has runtimes.
 *
 * Before the fork the world of every runtime is stopped and the locks of the library are taken, so the child's copy of
 * every structure is whole: no thread is inside the heap, holds a lock of Weft's, or has a queue entry half pushed. The
 * child has the forking thread alone; the others' structs go to the pools, and what they owned is merged on their behalf
 * like that of any thread that has ended. Handlers of pthread_atfork do all this; weft_fork_before and _after do it earlier
 * and later, and then the handlers find it done.
 *
 * The forking OS thread may be anything in a runtime: running, in a blocking region, unknown, or who has its world stopped.
 * It is made to run there, by a membership for the purpose if need be, and becomes afterwards what it was.
 *
 * Holding one world it wants the next, and others may want them the other way round: so it waits for a world only so long,
 * and for who stops one not at all, but lets go of everything, sleeps away from all of them, and begins again.
 * Lock order: runtimes, worlds, runtime->lock of each, then the heap's. Threads: any, attached or not. */
#include "core/fork.h"

#include <pthread.h>

#include "core/core.h"
#include "core/parking.h"

enum {
    HEAP_TRIES = 50, /* a thread that has called exit never stops ending */
    ENTER_NS = 20 * 1000 * 1000,
    YIELDS = 20,
    PAUSE_NS = 200 * 1000,
    PAUSE_MOST_NS = 10 * 1000 * 1000
};

/* weft_runtime.fork_from: what the forking OS thread was doing there. */
enum { FROM_RUNNING, FROM_BLOCKED, FROM_STOPPED, FROM_OUTSIDE };

/* Held while a runtime is made or freed, and by the forking thread. Waited for by trying: its holder may be about to stop
 * the world that the waiter runs in. */
static pthread_mutex_t runtimes_mutex = PTHREAD_MUTEX_INITIALIZER;
static weft_runtime *runtimes; /* runtimes_mutex */
static uint32_t forks_wanted;  /* atomic: threads in `prepare` */

static pthread_once_t handlers_once = PTHREAD_ONCE_INIT;
static int handlers_error;

static _Thread_local bool prepared;           /* this OS thread has stopped everything for a fork */
static _Thread_local bool by_handler;         /* the handlers did, so they undo it */
static _Thread_local uint32_t explicit_forks; /* memberships between weft_fork_before and _after */

/* ---- the runtimes of the process ---------------------------------------------------------------------------------------- */

/* Forks go first, or a thread that does nothing else could keep them out; but not for ever, since a fork may be waiting for
 * a world that this thread has stopped. */
void runtimes_lock(void)
{
    for (int i = 0;
         (i < YIELDS && weft_load_relaxed(&forks_wanted) != 0) || pthread_mutex_trylock(&runtimes_mutex) != 0; i++)
        thread_all_pause(PAUSE_NS);
}

void runtimes_unlock(void)
{
    pthread_mutex_unlock(&runtimes_mutex);
}

void runtimes_add_locked(weft_runtime *runtime)
{
    runtime->next = runtimes;
    runtimes = runtime;
}

void runtimes_remove_locked(weft_runtime *runtime)
{
    weft_runtime **link = &runtimes;
    while (*link != runtime)
        link = &(*link)->next;
    *link = runtime->next;
}

/* ---- stopping one ---------------------------------------------------------------------------------------------------------- */

static void forker_leave(weft_runtime *runtime, bool entered)
{
    thread *t = runtime->forker;
    if (runtime->fork_from == FROM_OUTSIDE) {
        thread_detach_forking(t, entered);
    } else if (runtime->fork_from == FROM_BLOCKED && entered) {
        world_leave(t);
        thread_set_usable(t, false);
    }
    runtime->forker = NULL;
}

/* The membership that stands for the forking OS thread; NULL: there is no memory for one. */
static thread *forker_find(weft_runtime *runtime)
{
    weft_thread *self = weft_thread_current(runtime);
    if (self == NULL) {
        runtime->fork_from = FROM_OUTSIDE;
        return thread_attach_forking(runtime);
    }
    thread *t = thread_of(self);
    runtime->fork_from = t->stopping ? FROM_STOPPED : thread_is_blocked(t) ? FROM_BLOCKED : FROM_RUNNING;
    return t;
}

/* True also if there is no memory for a membership: then the fork is what it would be without Weft. */
static bool try_stop(weft_runtime *runtime)
{
    thread *t = runtime->forker = forker_find(runtime);
    if (t == NULL || runtime->fork_from == FROM_STOPPED)
        return true;
    bool entered = runtime->fork_from == FROM_RUNNING || try_world_enter(t, ENTER_NS);
    if (entered && try_world_stop(t)) {
        thread_set_usable(t, true);
        return true;
    }
    forker_leave(runtime, entered);
    return false;
}

static void start(weft_runtime *runtime)
{
    if (runtime->forker == NULL)
        return;
    if (runtime->fork_from != FROM_STOPPED)
        world_start_alone(runtime->forker);
    forker_leave(runtime, true);
}

/* ---- stopping all ------------------------------------------------------------------------------------------------------------ */

static void start_until(const weft_runtime *end)
{
    for (weft_runtime *runtime = runtimes; runtime != end; runtime = runtime->next)
        start(runtime);
}

static bool try_stop_all(void)
{
    for (weft_runtime *runtime = runtimes; runtime; runtime = runtime->next) {
        if (!try_stop(runtime)) {
            start_until(runtime);
            return false;
        }
    }
    return true;
}

/* Another thread may be attaching, which needs no stopped world. The child unlocks what this thread has locked. */
static void locks_take(void)
{
    for (weft_runtime *runtime = runtimes; runtime; runtime = runtime->next) {
        pthread_mutex_lock(&runtime->lock);
        if (runtime->forker)
            world_before_fork(runtime->forker);
    }
}

static void locks_give_back(void)
{
    for (weft_runtime *runtime = runtimes; runtime; runtime = runtime->next) {
        if (runtime->forker)
            world_after_fork_parent(runtime->forker);
        pthread_mutex_unlock(&runtime->lock);
    }
}

/* True: done. *heap_busy counts how often only the heap stood in the way. */
static bool try_prepare(int *heap_busy)
{
    if (pthread_mutex_trylock(&runtimes_mutex) != 0)
        return false;
    if (try_stop_all()) {
        locks_take();
        if (heap_fork_try_begin(*heap_busy == HEAP_TRIES))
            return true;
        ++*heap_busy;
        locks_give_back();
        start_until(NULL);
    }
    runtimes_unlock();
    return false;
}

static void prepare(void)
{
    int heap_busy = 0;
    __atomic_fetch_add(&forks_wanted, 1, __ATOMIC_RELAXED);
    for (uint64_t ns = PAUSE_NS; !try_prepare(&heap_busy); ns = ns < PAUSE_MOST_NS ? ns * 2 : ns)
        thread_all_pause(ns);
    __atomic_fetch_sub(&forks_wanted, 1, __ATOMIC_RELAXED);
    prepared = true;
}

/* ---- afterwards ---------------------------------------------------------------------------------------------------------------- */

/* In the child: nobody else is there, and nobody waits. */
static void locks_reset(void)
{
    weft_store_relaxed(&forks_wanted, 0u);
    heap_fork_end(true);
    parking_after_fork_child();
    for (weft_runtime *runtime = runtimes; runtime; runtime = runtime->next) {
        thread *t = runtime->forker;
        if (t) {
            threads_after_fork_child(t, runtime->fork_from == FROM_OUTSIDE ? 0 : 1);
            gc_after_fork_child(t);
            world_after_fork_child(t);
        }
        pthread_mutex_unlock(&runtime->lock);
    }
}

static void finish_parent(void)
{
    prepared = false;
    heap_fork_end(false);
    locks_give_back();
    start_until(NULL);
    runtimes_unlock();
}

void fork_inherit(thread *t)
{
    gc_after_fork_child_running(t);
    object_die_pending(t);
}

static weft_runtime *runtime_with_forker(void)
{
    weft_runtime *runtime = runtimes;
    while (runtime && runtime->forker == NULL)
        runtime = runtime->next;
    return runtime;
}

static void finish_child(void)
{
    prepared = false;
    locks_reset();
    for (weft_runtime *runtime = runtimes; runtime; runtime = runtime->next)
        if (runtime->forker && runtime->fork_from != FROM_STOPPED)
            world_start_alone(runtime->forker);
    runtimes_unlock();
    for (weft_runtime *runtime; (runtime = runtime_with_forker()) != NULL; forker_leave(runtime, true)) {
        if (runtime->fork_from == FROM_STOPPED)
            runtime->forker->inherits = true;
        else
            fork_inherit(runtime->forker);
    }
}

/* ---- the handlers ---------------------------------------------------------------------------------------------------------------- */

static void handle_before(void)
{
    if (prepared)
        return;
    prepare();
    by_handler = true;
}

static void handle_after(void (*finish)(void))
{
    if (!by_handler)
        return;
    by_handler = false;
    finish();
}

static void handle_parent(void)
{
    handle_after(finish_parent);
}

static void handle_child(void)
{
    handle_after(finish_child);
}

static void handlers_register(void)
{
    handlers_error = pthread_atfork(handle_before, handle_parent, handle_child);
}

weft_status fork_open(void)
{
    pthread_once(&handlers_once, handlers_register);
    if (handlers_error)
        return weft_error_set(WEFT_ERROR_MEMORY, "weft_runtime_new: no memory for fork handlers");
    return WEFT_OK;
}

/* ---- the explicit calls -------------------------------------------------------------------------------------------------------------- */

weft_status weft_fork_before(weft_thread *self)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (prepared ? thread_of(self)->forking : thread_of(self)->stopping)
        return weft_error_set(WEFT_ERROR_BUSY, "weft_fork_before: this thread has the world stopped already");
    if (!prepared)
        prepare();
    thread_of(self)->forking = true;
    explicit_forks++;
    return WEFT_OK;
}

static weft_status after(weft_thread *self, const char *function, void (*finish)(void))
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    thread *t = thread_of(self);
    if (!t->forking)
        return weft_error_set(WEFT_ERROR_BUSY, "%s: without weft_fork_before", function);
    t->forking = false;
    if (--explicit_forks == 0) {
        finish();
        object_die_pending(t);
    }
    return WEFT_OK;
}

weft_status weft_fork_after_parent(weft_thread *self)
{
    return after(self, __func__, finish_parent);
}

weft_status weft_fork_after_child(weft_thread *self)
{
    return after(self, __func__, finish_child);
}
