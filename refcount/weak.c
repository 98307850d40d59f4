/* weak.c - weak references. */
#include "refcount/weak.h"

#include "core/core.h"

void weak_object_dies(struct thread *self, weft_object *o)
{
    (void)self;
    (void)o;
}

weft_status weak_clear_stopped(struct thread *self, gc_run *run)
{
    (void)self;
    (void)run;
    return WEFT_OK;
}

void weak_call_back(struct thread *self, gc_run *run)
{
    (void)self;
    (void)run;
}

weft_status weak_open(struct weft_runtime *runtime)
{
    (void)runtime;
    return WEFT_OK;
}

void weak_close(struct weft_runtime *runtime)
{
    (void)runtime;
}
