/* reclaim_gil.c - nobody reads without the runtime's lock, so nothing need wait. The thread that holds it. */
#include "core/core.h"

void reclaim_retire(thread *self, heap_kind kind, void *block, size_t size)
{
    heap_block_free(&self->head.runtime->heap, &self->heap, kind, block, size);
}

void reclaim_retire_reference(thread *self, weft_object *o)
{
    weft_decref(&self->head, o);
}

void reclaim_enter(thread *self)
{
    (void)self;
}

void reclaim_after_fork_child(thread *self, thread *gone)
{
    (void)self;
    (void)gone;
}

void reclaim_quiesce(thread *self)
{
    (void)self;
}

void reclaim_poll(thread *self)
{
    (void)self;
}

void reclaim_hand_over(thread *self)
{
    (void)self;
}

void reclaim_all_stopped(thread *self)
{
    (void)self;
}

size_t reclaim_bytes_stopped(weft_runtime *runtime)
{
    (void)runtime;
    return 0;
}

void reclaim_close(thread *t)
{
    (void)t;
}
