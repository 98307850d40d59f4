/* refcount.h - the refcount module: what a count is in this flavour, and how an object comes to life and dies.
 *
 * biased_ft.c, queue_ft.c, sharded_ft.c: the free-threaded flavour; plain_gil.c: the GIL one. dying.h is shared. */
#ifndef WEFT_REFCOUNT_REFCOUNT_H
#define WEFT_REFCOUNT_REFCOUNT_H

#include "core/core.h"

/* The contract, with a body for each flavour:
 *   header_init(self, o, index)   a fresh header: one reference, owned by self, not tracked
 *   header_kill(o)                what every late reader of a dead block understands
 *   header_front(type)            bytes of the block in front of an object of this type
 *   header_front_init(block, n)    makes those bytes ready
 *   object_is_live(o)             core.h
 *   object_track, object_untrack  core.h
 *   count_resurrect(o)            a dead object gets one reference, for its finalizer
 *   count_drop_resurrected(o)     gives it back; true if that was the last
 *   object_bits(o), object_set_bits(o, bits), object_clear_bits(o, bits)
 *   dying_link(o), dying_set_link(o, next)   the list of dying objects, through word 0 */
#ifdef WEFT_GIL
#include "refcount/plain_gil.h"
#else
#include "refcount/biased_ft.h"
#endif

static inline weft_object *object_alloc_fixed(thread *self, uint32_t index, size_t size)
{
    /* Built-in fixed-size types that do not traverse, or traverse with nothing in front: object_alloc does the rest. */
    void *block = magazine_take(&self->head.objects[heap_class_of(size)]);
    if (WEFT_UNLIKELY(block == NULL)) {
        block = heap_alloc_slow(self, HEAP_OBJECT, size);
        if (block == NULL)
            return NULL;
    }
    weft_object *o = (weft_object *)block;
    header_init(self, o, index);
    return o;
}

#endif
