/* deque.h - the deque: a ring of references. All its operations take its guard: who uses one from two ends at once wants
 * every item once, and not fast reads.
 *
 * Invariants, outside the guard: the ring has 0 or a power of two places; items are in `size` of them from `first` on, round
 * the end; the others are not looked at. size <= most, if there is one. */
#ifndef WEFT_CORE_TYPES_DEQUE_H
#define WEFT_CORE_TYPES_DEQUE_H

#include "core/types/guard.h"
#include "weft/deque.h"

typedef struct deque {
    weft_object object;
    weft_object **ring; /* raw memory, or NULL; this and the rest but `most`: under the guard */
    size_t places;      /* in the ring */
    size_t first;
    size_t size;
    uint64_t version; /* items that came, went, or moved so far */
    int64_t most;     /* constant; -1: no limit */
} deque;

static inline deque *deque_of(const weft_object *o)
{
    return (deque *)(void *)(uintptr_t)o;
}

uint64_t deque_version(weft_thread *self, deque *d);

/* The item at `index`, a new reference, if the deque is of this version; NULL if there is none, or *status. */
weft_object *deque_item_if(weft_thread *self, deque *d, uint64_t version, size_t index, int *status);

#endif
