/* kinds_gil.h - kinds of blocks, GIL flavour: objects and raw memory. Containers are objects as all are: the collector finds
 * them by its lists. */
#ifndef WEFT_HEAP_KINDS_GIL_H
#define WEFT_HEAP_KINDS_GIL_H

#include "weft/heap.h"

typedef enum heap_kind {
    HEAP_OBJECT,
    HEAP_RAW,
    HEAP_KINDS,
    HEAP_OBJECT_KINDS = HEAP_RAW, /* those before it hold objects */
    HEAP_CONTAINER = HEAP_OBJECT
} heap_kind;

typedef struct heap_limbo {
    uint8_t unused;
} heap_limbo;

typedef struct heap_tally {
    uint8_t unused;
} heap_tally;

static inline weft_magazine *heap_magazines_of(weft_thread *head, heap_kind kind)
{
    return kind == HEAP_OBJECT ? head->objects : head->raw;
}

static inline void heap_tally_add(heap_tally *tally, heap_kind kind, int64_t blocks, int64_t bytes)
{
    (void)tally;
    (void)kind;
    (void)blocks;
    (void)bytes;
}

#endif
