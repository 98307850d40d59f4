/* fork.c - forking a process that has a runtime.
 *
 * The world is stopped before the fork, so the child's copy of every structure is whole: no thread is inside the heap,
 * holds a lock of Weft's, or has a queue entry half pushed. The child has the forking thread alone; the others' structs go
 * to the pool, and what they owned is merged on their behalf like that of any thread that has ended.
 * Threads: the attached one that forks. */
#include "core/core.h"
#include "core/parking.h"

enum { FORK_TRIES = 50 /* a thread that has called exit never stops ending */ };

weft_status weft_fork_before(weft_thread *self)
{
    thread *t;
    for (int i = 0;; i++) {
        weft_status status = weft_world_stop(self);
        if (status != WEFT_OK)
            return status;
        t = thread_of(self);
        /* Another thread may be attaching, which needs no stopped world. The child unlocks what this thread has locked. */
        pthread_mutex_lock(&self->runtime->lock);
        if (heap_fork_try_begin(i == FORK_TRIES))
            break;
        pthread_mutex_unlock(&self->runtime->lock);
        (void)weft_world_start(self);
        thread_leave(t);
        heap_fork_await();
        thread_enter(t);
    }
    world_before_fork(t);
    return WEFT_OK;
}

weft_status weft_fork_after_parent(weft_thread *self)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!thread_of(self)->stopping)
        return weft_error_set(WEFT_ERROR_BUSY, "weft_fork_after_parent: without weft_fork_before");
    world_after_fork_parent(thread_of(self));
    heap_fork_end(false);
    pthread_mutex_unlock(&self->runtime->lock);
    return weft_world_start(self);
}

weft_status weft_fork_after_child(weft_thread *self)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    thread *t = thread_of(self);
    if (!t->stopping)
        return weft_error_set(WEFT_ERROR_BUSY, "weft_fork_after_child: without weft_fork_before");
    heap_fork_end(true);
    parking_after_fork_child();
    threads_after_fork_child(t);
    world_after_fork_child(t);
    gc_after_fork_child(t);
    pthread_mutex_unlock(&self->runtime->lock);
    weft_status status = weft_world_start(self);
    gc_after_fork_child_running(t);
    return status;
}
