/* sizeof.c - how much memory an object takes: with its raw memory, and with all that can be reached from it.
 *
 * Both look into objects that others may be changing, so the world is stopped. Then nothing can be had from the heap: what
 * a deep size has seen, and what it has still to look into, is kept in memory of the C library. Any attached thread. */
#include <stdlib.h>

#include "core/core.h"
#include "core/hash.h"

static size_t size_stopped(const weft_object *o)
{
    const weft_type *type = weft_type_of(o);
    return weft_sizeof(o) + (type->raw_size ? type->raw_size(o) : 0);
}

/* True if the world has to be started again. */
static bool stop(thread *t)
{
    if (world_is_stopped_by(t))
        return false;
    world_stop(t);
    return true;
}

int64_t weft_sizeof_full(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (o == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: the object is NULL", __func__);
    if (weft_type_of(o)->raw_size == NULL)
        return (int64_t)weft_sizeof(o);
    bool stopped = stop(thread_of(self));
    size_t size = size_stopped(o);
    if (stopped)
        world_start(thread_of(self));
    return (int64_t)size;
}

/* ---- deep ------------------------------------------------------------------------------------------------------ */

enum { FIRST_LOG2 = 8 };

/* The objects met so far, in the order in which they were met: those before `next` have been looked into. */
typedef struct seen {
    heap *heap;          /* for failures on purpose */
    weft_object **list;  /* half as many as the index has places */
    weft_object **index; /* by address; NULL: empty */
    size_t count, next;
    unsigned log2; /* places of the index; 0: neither is there */
} seen;

static weft_object **seen_place(weft_object **index, unsigned log2, weft_object *o)
{
    size_t mask = ((size_t)1 << log2) - 1;
    size_t i = (size_t)hash_address(o) & mask;
    while (index[i] != NULL && index[i] != o)
        i = (i + 1) & mask;
    return &index[i];
}

static bool seen_grow(seen *s)
{
    unsigned log2 = s->log2 ? s->log2 + 1 : FIRST_LOG2;
    if (heap_should_fail(s->heap))
        return false;
    weft_object **list = realloc(s->list, ((size_t)1 << log2) / 2 * sizeof *list);
    if (list == NULL)
        return false;
    s->list = list; /* longer than it need be, if the rest fails */
    weft_object **index = calloc((size_t)1 << log2, sizeof *index);
    if (index == NULL)
        return false;
    for (size_t i = 0; i < s->count; i++)
        *seen_place(index, log2, list[i]) = list[i];
    free(s->index);
    s->index = index;
    s->log2 = log2;
    return true;
}

/* 0, or 1: out of memory, which ends the traversal. */
static int seen_add(weft_object *o, void *arg)
{
    seen *s = arg;
    if ((s->log2 == 0 || s->count == ((size_t)1 << s->log2) / 2) && !seen_grow(s))
        return 1;
    weft_object **place = seen_place(s->index, s->log2, o);
    if (*place == NULL) {
        *place = o;
        s->list[s->count++] = o;
    }
    return 0;
}

/* The size, or -1: out of memory. World stopped. */
static int64_t deep_size_stopped(seen *s, weft_object *o)
{
    int64_t size = 0;
    int failed = seen_add(o, s);
    while (failed == 0 && s->next < s->count) {
        weft_object *next = s->list[s->next++];
        const weft_type *type = weft_type_of(next);
        size += (int64_t)size_stopped(next);
        if (type->traverse != NULL)
            failed = type->traverse(next, seen_add, s);
    }
    return failed == 0 ? size : -1;
}

int64_t weft_sizeof_deep(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (o == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: the object is NULL", __func__);
    seen s = {.heap = &self->runtime->heap};
    bool stopped = stop(thread_of(self));
    int64_t size = deep_size_stopped(&s, o);
    if (stopped)
        world_start(thread_of(self));
    free(s.list);
    free(s.index);
    return size >= 0 ? size : weft_error_set(WEFT_ERROR_MEMORY, "%s: out of memory", __func__);
}
