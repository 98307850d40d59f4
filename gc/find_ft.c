/* find_ft.c - the free-threaded flavour: which objects nothing reaches. */
#include "gc/gc.h"

#include "core/core.h"

weft_status gc_flavour_open(struct weft_runtime *runtime)
{
    (void)runtime;
    return WEFT_OK;
}

void gc_flavour_close(struct weft_runtime *runtime)
{
    (void)runtime;
}

void gc_flavour_after_fork_child(struct thread *self)
{
    (void)self;
}

weft_status gc_find_stopped(struct thread *self, gc_run *run)
{
    (void)self;
    run->event.generation = run->event.asked;
    return WEFT_OK;
}

weft_status gc_find_resurrected_stopped(struct thread *self, gc_run *run)
{
    (void)self;
    (void)run;
    return WEFT_OK;
}
