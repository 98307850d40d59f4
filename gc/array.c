/* array.c - room in arrays of objects. The thread that collects. */
#include "gc/array.h"

#include <stdlib.h>

#include "core/core.h"

enum { KEPT = 1 << 16 /* objects */ };

/* As realloc, but that what an empty array has room for is not copied: it may be megabytes that nobody has touched. */
static weft_object **items_resize(gc_array *a, size_t capacity)
{
    weft_object **items;
    if (a->count > 0)
        return (weft_object **)realloc(a->items, capacity * sizeof *items);
    items = (weft_object **)malloc(capacity * sizeof *items);
    if (items)
        free(a->items);
    return items;
}

bool gc_array_reserve(struct weft_runtime *runtime, gc_array *a, size_t more)
{
    if (more <= a->capacity - a->count)
        return true;
    size_t capacity = a->capacity ? a->capacity : 64;
    while (capacity < a->count + more)
        capacity *= 2;
    weft_object **items = heap_should_fail(&runtime->heap) ? NULL : items_resize(a, capacity);
    if (items == NULL)
        return false;
    a->items = items;
    a->capacity = capacity;
    return true;
}

void gc_array_free(gc_array *a)
{
    free(a->items);
    *a = (gc_array){NULL, 0, 0};
}

void gc_array_empty(gc_array *a)
{
    if (a->capacity > KEPT)
        gc_array_free(a);
    else
        a->count = 0;
}
