/* limbo_ft.h - dead blocks that stand in a log of young blocks (docs/young.md).
 *
 * A log holds addresses, and every address in it must be that of a container's block, dead or alive. So a block that has
 * the LOGGED bit is not given back to the body; if no magazine has room for it, it waits here, and the next container of
 * its size gets it. A collection empties the logs, and then the limbo. The attached thread; who has the world stopped. */
#ifndef WEFT_HEAP_LIMBO_FT_H
#define WEFT_HEAP_LIMBO_FT_H

enum {
    HEAP_CHECK_BYTES = 4 << 20, /* obtained by a thread between two looks at what is due */
    LIMBO_KEEP_BYTES = 1 << 20  /* up to which limbo takes blocks that need not wait there */
};

void *limbo_take_slow(thread *self, size_t size);
void limbo_put(thread *self, void *block, size_t size);
void heap_limbo_book_stopped(const thread *of, weft_heap_stats *stats);

/* Gives back what has lost its LOGGED bit, of any thread. World stopped by self, and nobody walks the heap. */
void limbo_release_stopped(thread *self, thread *of);

/* What a thread clears after a collection it will make again before the next, by all that is known: blocks that need not
 * wait here do so all the same, since that is the shortest way to the next object of their size. */
static inline bool limbo_keeps(const thread *self)
{
    return WEFT_UNLIKELY(self->gc.collecting) && self->heap.limbo.bytes < LIMBO_KEEP_BYTES && heap_magazine_bytes() > 0;
}

static inline void *heap_limbo_take(thread *self, heap_kind kind, size_t size)
{
    if (kind != HEAP_CONTAINER || WEFT_LIKELY(self->heap.limbo.bytes == 0))
        return NULL;
    return limbo_take_slow(self, size);
}

static inline bool heap_limbo_put(thread *self, heap_kind kind, void *block, size_t size)
{
    if (kind != HEAP_CONTAINER)
        return false;
    if (!(object_bits((const weft_object *)block) & WEFT_BIT_LOGGED) && !limbo_keeps(self))
        return false;
    limbo_put(self, block, size);
    return true;
}

static inline void heap_block_fresh(heap_kind kind, void *block)
{
    if (kind == HEAP_CONTAINER)
        header_kill((weft_object *)block);
}

static inline bool heap_grew(thread *self, size_t size)
{
    heap_tally *tally = &self->heap.tally;
    tally->unchecked += size;
    if (WEFT_LIKELY(tally->unchecked < HEAP_CHECK_BYTES))
        return false;
    tally->unchecked = 0;
    return true;
}

/* A lot has come from the body: sets the poll if a collection is due. gc/schedule_ft.c. */
void gc_grown(thread *self);

#endif
