/* array.h - a growing array of objects, in memory of its own: nothing of it comes from the heap that is collected. */
#ifndef WEFT_GC_ARRAY_H
#define WEFT_GC_ARRAY_H

#include "weft/base.h"

struct weft_runtime;

/* Zeroed: empty. The thread that collects. */
typedef struct gc_array {
    weft_object **items;
    size_t count;
    size_t capacity;
} gc_array;

/* Room for `more` items beyond those there; false: no memory (or weft_fail_allocation said so), nothing changed. */
bool gc_array_reserve(struct weft_runtime *runtime, gc_array *a, size_t more);
void gc_array_free(gc_array *a);

/* Empties it. Small arrays keep their room: memory that comes anew for each collection costs a fault a page. */
void gc_array_empty(gc_array *a);

/* There is room. */
static inline void gc_array_push(gc_array *a, weft_object *o)
{
    assert(a->count < a->capacity);
    a->items[a->count++] = o;
}

#endif
