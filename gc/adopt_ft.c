/* adopt_ft.c - garbage goes over to the thread that clears it.
 *
 * In a stopped world with all queues drained no thread is between reading a part of an object's count and acting on it, and
 * none holds a pointer that it has not taken a reference for. So the count may be written in any form that has the right
 * sum: all references, and one for the run, in `local`, owned by the collecting thread, which then clears and drops at
 * the speed of an owner. The change reaches the others as all that is done in a stopped world does, by their slots' words.
 *
 * Deferred objects lose their surcharge, or they would never die; they come first in run->garbage, and get it back if a
 * finalizer brings them back. Who has the world stopped. */
#include "gc/adopt_ft.h"

#include "gc/trace_ft.h"

void gc_adopt_stopped(thread *self, weft_object *o)
{
    uint64_t references = 0;
    (void)gc_references(self->head.runtime, o, &references); /* no root for good is garbage */
    (void)shard_drop_stopped(self, o);
    if (object_bits(o) & WEFT_BIT_DEFERRED)
        object_clear_bits(o, WEFT_BIT_DEFERRED);
    /* Beyond what `local` can count there is `shared`: all of them are references of other garbage. */
    uint64_t rest = references >= INT32_MAX ? references - INT32_MAX / 2 : 0;
    o->local = (uint32_t)(references - rest + 1);
    weft_store_relaxed(&o->shared, shared_make((int64_t)rest, WEFT_SHARED_DEFAULT));
    weft_store_relaxed(&o->owner, self->head.id);
}

void gc_garbage_adopt_stopped(thread *self, gc_run *run, weft_object *o)
{
    gc_array *garbage = &run->garbage;
    if (object_bits(o) & WEFT_BIT_DEFERRED) {
        garbage->items[garbage->count - 1] = garbage->items[run->deferred];
        garbage->items[run->deferred++] = o;
    }
    gc_adopt_stopped(self, o);
}
