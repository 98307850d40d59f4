/* stubs_gil.c - parts of the flavour's contract that are not there yet. */
#include "core/core.h"

int gc_visit_stopped(struct thread *self, weft_gc_generation generation, int (*visit)(weft_object *o, void *arg),
                     void *arg)
{
    (void)self;
    (void)generation;
    (void)visit;
    (void)arg;
    return 0;
}

size_t gc_freeze_stopped(struct thread *self)
{
    (void)self;
    return 0;
}

size_t gc_unfreeze_stopped(struct thread *self)
{
    (void)self;
    return 0;
}

size_t gc_frozen_count_stopped(struct thread *self)
{
    (void)self;
    return 0;
}
