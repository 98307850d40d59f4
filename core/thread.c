/* thread.c - attaching and detaching OS threads.
 *
 * A thread struct, with its owner id, its free blocks and its merge queue, outlives the OS thread that used it: detach
 * puts it in the runtime's pool, the next attach takes it out again, whoever comes. Objects that it owns stay owned by
 * the id. An OS thread that ends while attached is detached by the destructor of a thread-specific key.
 * Threads: each function says; the list of memberships is the OS thread's own. */
#include <stdlib.h>

#include "core/error.h"
#include "core/fork.h"
#include "core/lock.h"
#include "refcount/refcount.h"

_Thread_local char thread_anchor __attribute__((tls_model("initial-exec")));

const weft_thread thread_nobody;
_Thread_local const weft_thread *thread_current __attribute__((tls_model("initial-exec"))) = &thread_nobody;

_Thread_local thread *memberships __attribute__((tls_model("initial-exec")));

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool key_made;

/* The OS thread ends. What it has locked by weft_lock stays locked, as a POSIX mutex would. */
static void memberships_end(void *unused)
{
    (void)unused;
    while (memberships) {
        thread *t = memberships;
        t->head.critical = NULL; /* its sections lay on a stack that is gone */
        /* The allocator's own destructor may have run before this one and taken the thread's part of the heap along. If
         * there is no memory for another, allocations in what follows fail. */
        (void)heap_thread_attach(&t->head.runtime->heap, &t->heap);
        if (thread_is_blocked(t)) {
            t->aside = false;
            thread_set_usable(t, true);
            thread_enter(t);
        }
        if (t->stopping)
            weft_world_start(&t->head);
        t->destroying = false;
        gc_thread_ends(t);
        weft_thread_detach(&t->head);
    }
}

static void key_make(void)
{
    key_made = pthread_key_create(&key, memberships_end) == 0;
}

/* ---- attaching ------------------------------------------------------------------------------------------------------- */

weft_status thread_check_failed(const weft_thread *self, const char *function)
{
    const thread *t = (const thread *)(const void *)self;
    if (t == NULL)
        return weft_error_set(WEFT_ERROR_THREAD, "%s: self is NULL", function);
    const void *anchor = weft_load_relaxed(&t->anchor);
    if (anchor == NULL)
        return weft_error_set(WEFT_ERROR_THREAD, "%s: self is not attached", function);
    if (!thread_is_blocked(t))
        return weft_error_set(WEFT_ERROR_THREAD, "%s: self is attached by another thread", function);
    if (t->aside)
        return weft_error_set(WEFT_ERROR_THREAD, "%s: this thread has the world of another runtime stopped", function);
    return weft_error_set(WEFT_ERROR_THREAD, "%s: self is inside a blocking region", function);
}

weft_thread *weft_thread_current(weft_runtime *runtime)
{
    for (thread *t = memberships; t; t = t->os_next)
        if (t->head.runtime == runtime)
            return &t->head;
    return NULL;
}

static thread *thread_create_locked(weft_runtime *runtime)
{
    thread *t = NULL;
    if (posix_memalign((void **)&t, 64, sizeof *t) != 0) {
        weft_error_set(WEFT_ERROR_MEMORY, "weft_thread_attach: out of memory");
        return NULL;
    }
    *t = (thread){.head = {.runtime = runtime}};
    if (world_add_thread_locked(runtime, t) != WEFT_OK) {
        free(t);
        return NULL;
    }
    t->all_next = runtime->all;
    /* order: release - pairs with the acquire loads of who has stopped the world: a new thread attaches even then. */
    weft_store_release(&runtime->all, t);
    return t;
}

static thread *thread_from_pool_locked(weft_runtime *runtime)
{
    thread *t = runtime->pool;
    if (t == NULL)
        return thread_create_locked(runtime);
    runtime->pool = t->pool_next;
    return t;
}

/* From the pool, or new; counted as attached. */
static thread *thread_take(weft_runtime *runtime)
{
    thread *t = NULL;
    pthread_mutex_lock(&runtime->lock);
    if (runtime->attached >= runtime->max_threads) {
        weft_error_set(WEFT_ERROR_LIMIT, "weft_thread_attach: %u threads are attached, there can be no more",
                       (unsigned)runtime->attached);
    } else if (runtime->pool == NULL && heap_should_fail(&runtime->heap)) {
        weft_error_set(WEFT_ERROR_MEMORY, "weft_thread_attach: out of memory");
    } else {
        t = thread_from_pool_locked(runtime);
    }
    runtime->attached += t != NULL;
    pthread_mutex_unlock(&runtime->lock);
    return t;
}

static void thread_give(weft_runtime *runtime, thread *t, uint32_t attached)
{
    pthread_mutex_lock(&runtime->lock);
    t->pool_next = runtime->pool;
    runtime->pool = t;
    runtime->attached -= attached;
    pthread_mutex_unlock(&runtime->lock);
}

weft_thread *weft_thread_attach(weft_runtime *runtime)
{
    if (runtime == NULL) {
        weft_error_set(WEFT_ERROR_VALUE, "weft_thread_attach: runtime is NULL");
        return NULL;
    }
    if (weft_thread_current(runtime)) {
        weft_error_set(WEFT_ERROR_THREAD, "weft_thread_attach: this thread is attached already");
        return NULL;
    }
    thread *t = thread_take(runtime);
    if (t == NULL)
        return NULL;
    /* Before anything that might allocate outside a lock that a fork waits for: heap_mimalloc_fork.c. */
    if (heap_thread_attach(&runtime->heap, &t->heap) != WEFT_OK)
        goto no_part;
    pthread_once(&key_once, key_make);
    if (!key_made || pthread_setspecific(key, &thread_anchor) != 0) {
        weft_error_set(WEFT_ERROR_SYSTEM, "weft_thread_attach: no thread-specific key to notice the thread's end");
        goto no_key;
    }
    t->os_next = memberships;
    memberships = t;
    thread_enter(t);
    heap_magazines_init(t);
    thread_set_usable(t, true);
    return &t->head;

no_key:
    heap_thread_detach(&runtime->heap, &t->heap);
no_part:
    thread_give(runtime, t, 1);
    return NULL;
}

static void membership_remove(thread *t)
{
    thread **link = &memberships;
    while (*link != t)
        link = &(*link)->os_next;
    *link = t->os_next;
    t->os_next = NULL;
}

weft_status weft_thread_detach(weft_thread *self)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    thread *t = thread_of(self);
    if (t->stopping || t->destroying || t->head.critical || t->gc.collecting)
        return weft_error_set(WEFT_ERROR_BUSY, "weft_thread_detach: inside a %s",
                              t->stopping        ? "stopped world"
                              : t->destroying    ? "destructor"
                              : t->head.critical ? "critical section"
                                                 : "collection");
    gc_thread_ends(t);
    thread_leave_clean(t, true);
    t->head.usable = NULL;
    weft_store_relaxed(&t->anchor, (const void *)NULL);
    thread_is_current_no_more(t);
    membership_remove(t);
    heap_thread_detach(&self->runtime->heap, &t->heap);
    thread_give(self->runtime, t, 1);
    return WEFT_OK;
}

thread *thread_attach_forking(weft_runtime *runtime)
{
    error_scope scope;
    error_save(&scope);
    pthread_mutex_lock(&runtime->lock);
    thread *t = thread_from_pool_locked(runtime);
    pthread_mutex_unlock(&runtime->lock);
    if (t && heap_thread_attach(&runtime->heap, &t->heap) != WEFT_OK) {
        thread_give(runtime, t, 0);
        t = NULL;
    }
    error_restore(&scope);
    if (t == NULL)
        return NULL;
    t->os_next = memberships;
    memberships = t;
    weft_store_relaxed(&t->anchor, (const void *)&thread_anchor);
    thread_set_usable(t, false);
    return t;
}

void thread_detach_forking(thread *t, bool entered)
{
    weft_runtime *runtime = t->head.runtime;
    if (entered) {
        reclaim_hand_over(t);
        world_leave(t);
    }
    weft_store_relaxed(&t->anchor, (const void *)NULL);
    t->head.usable = NULL;
    thread_is_current_no_more(t);
    membership_remove(t);
    heap_thread_detach(&runtime->heap, &t->heap);
    thread_give(runtime, t, 0);
}

/* ---- blocking regions ------------------------------------------------------------------------------------------------ */

weft_status weft_block_begin(weft_thread *self)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    thread *t = thread_of(self);
    if (t->stopping)
        return weft_error_set(WEFT_ERROR_BUSY, "weft_block_begin: this thread has the world stopped");
    thread_leave_clean(t, false);
    thread_set_usable(t, false);
    return WEFT_OK;
}

weft_status weft_block_end(weft_thread *self)
{
    thread *t = thread_of(self);
    if (thread_is_ready(self) || (t != NULL && t->aside && thread_is_blocked(t)))
        return weft_error_set(WEFT_ERROR_THREAD, "weft_block_end: self is not inside a blocking region");
    if (t == NULL || !thread_is_blocked(t))
        return thread_check_failed(self, "weft_block_end");
    thread_set_usable(t, true);
    thread_enter(t);
    return WEFT_OK;
}

void weft_safepoint_slow(weft_thread *self)
{
    if (thread_check(self, "weft_safepoint") == WEFT_OK && !thread_of(self)->stopping)
        world_poll(thread_of(self));
}

weft_status weft_world_stop(weft_thread *self)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    thread *t = thread_of(self);
    if (t->stopping)
        return weft_error_set(WEFT_ERROR_BUSY, "weft_world_stop: this thread has stopped it already");
    world_stop(t);
    return WEFT_OK;
}

weft_status weft_world_start(weft_thread *self)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    thread *t = thread_of(self);
    if (!t->stopping)
        return weft_error_set(WEFT_ERROR_BUSY, "weft_world_start: this thread has not stopped it");
    world_start(t);
    object_die_pending(t);
    if (t->inherits) {
        t->inherits = false;
        fork_inherit(t);
    }
    return WEFT_OK;
}

void threads_close(weft_runtime *runtime)
{
    while (runtime->all) {
        thread *t = runtime->all;
        runtime->all = t->all_next;
        reclaim_close(t);
        heap_magazines_close(t);
        free(t);
    }
}

void threads_after_fork_child(thread *self, uint32_t attached)
{
    weft_runtime *runtime = self->head.runtime;
    runtime->pool = NULL;
    runtime->attached = attached;
    for (thread *t = runtime->all; t; t = t->all_next) {
        if (t == self)
            continue;
        while (t->dying) { /* it stood at a safepoint inside a destructor */
            weft_object *o = t->dying;
            t->dying = dying_take_link(o);
            object_die_later(self, o);
        }
        reclaim_after_fork_child(self, t);
        lock_after_fork_child(t);
        heap_thread_gone(&runtime->heap, &t->heap);
        t->anchor = NULL;
        t->head.usable = NULL;
        t->aside = t->destroying = t->forking = t->inherits = false;
        t->head.critical = NULL;
        t->pool_next = runtime->pool;
        runtime->pool = t;
    }
}
