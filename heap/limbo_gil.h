/* limbo_gil.h - the GIL flavour keeps no log of blocks, so every block may be given back. */
#ifndef WEFT_HEAP_LIMBO_GIL_H
#define WEFT_HEAP_LIMBO_GIL_H

static inline void *heap_limbo_take(thread *self, heap_kind kind, size_t size)
{
    (void)self;
    (void)kind;
    (void)size;
    return NULL;
}

static inline bool heap_limbo_put(thread *self, heap_kind kind, void *block, size_t size)
{
    (void)self;
    (void)kind;
    (void)block;
    (void)size;
    return false;
}

static inline void heap_limbo_book_stopped(const thread *of, weft_heap_stats *stats)
{
    (void)of;
    (void)stats;
}

static inline void heap_block_fresh(heap_kind kind, void *block)
{
    (void)kind;
    (void)block;
}

static inline bool heap_grew(thread *self, size_t size)
{
    (void)self;
    (void)size;
    return false;
}

/* Never called: the schedule counts objects. */
static inline void gc_grown(thread *self)
{
    (void)self;
}

#endif
