/* kinds_ft.h - kinds of blocks, free-threaded: objects that refer to nothing, objects that do, raw memory. The collector
 * walks containers alone. Behind the magazines of containers is a limbo (heap/limbo_ft.h). */
#ifndef WEFT_HEAP_KINDS_FT_H
#define WEFT_HEAP_KINDS_FT_H

#include "weft/heap.h"

typedef enum heap_kind {
    HEAP_OBJECT,
    HEAP_CONTAINER, /* its type traverses */
    HEAP_RAW,
    HEAP_KINDS,
    HEAP_OBJECT_KINDS = HEAP_RAW /* those before it hold objects */
} heap_kind;

/* Dead blocks that stand in a log of young blocks, and that no magazine had room for. The attached thread; whoever has the
 * world stopped. Linked through word 0; a large one has its size in word 2. */
typedef struct heap_limbo {
    void *small[WEFT_SIZE_CLASSES];
    void *large;
    size_t bytes; /* in all of them */
} heap_limbo;

/* What a thread's part holds, beyond its magazines' doing: an attached thread writes its own, relaxed; anyone reads.
 * Blocks may be freed by another thread than the one that allocated them, so only the sums over all threads mean something. */
typedef struct heap_tally {
    int64_t containers; /* blocks obtained from the body less blocks given back */
    int64_t bytes;      /* the same in bytes, of all kinds */
    size_t unchecked;   /* bytes obtained since the schedule of collections was asked: its own thread */
} heap_tally;

static inline weft_magazine *heap_magazines_of(weft_thread *head, heap_kind kind)
{
    return kind == HEAP_OBJECT ? head->objects : kind == HEAP_CONTAINER ? head->containers : head->raw;
}

static inline void heap_tally_add(heap_tally *tally, heap_kind kind, int64_t blocks, int64_t bytes)
{
    if (kind == HEAP_CONTAINER)
        weft_store_relaxed(&tally->containers, tally->containers + blocks);
    weft_store_relaxed(&tally->bytes, tally->bytes + bytes);
}

#endif
