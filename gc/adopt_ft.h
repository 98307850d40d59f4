/* adopt_ft.h - how garbage comes to the thread that clears it. */
#ifndef WEFT_GC_ADOPT_FT_H
#define WEFT_GC_ADOPT_FT_H

#include "refcount/refcount.h"

/* Makes self the owner of `o`, a live object that is no root for good, and adds a reference that is the caller's. World
 * stopped, all queues drained. */
void gc_adopt_stopped(thread *self, weft_object *o);

/* The same to one that has just been put into run->garbage; deferred ones come to its front, and are not deferred until
 * a finalizer brings them back. */
void gc_garbage_adopt_stopped(thread *self, gc_run *run, weft_object *o);

/* Puts `o` into run->garbage, where there is room, as gc_garbage_adopt_stopped does, and notes what has to be done with it. */
static inline void gc_garbage_add_stopped(thread *self, gc_run *run, weft_object *o)
{
    uint8_t bits = object_bits(o);
    gc_array_push(&run->garbage, o);
    run->finalizers |= weft_type_of(o)->finalize != NULL;
    run->weak |= (bits & WEFT_BIT_WEAK) != 0;
    /* Most garbage is the collecting thread's own already, and was never counted by another. */
    if (WEFT_LIKELY(weft_load_relaxed(&o->owner) == self->head.id) &&
        WEFT_LIKELY(weft_load_relaxed(&o->shared) == WEFT_SHARED_DEFAULT) && !(bits & WEFT_BIT_DEFERRED) &&
        WEFT_LIKELY(o->local < UINT32_MAX / 2))
        o->local++;
    else
        gc_garbage_adopt_stopped(self, run, o);
}

#endif
