/* magazine.h - heap_alloc and heap_free inline, for built-in types whose size is a constant. */
#ifndef WEFT_HEAP_MAGAZINE_H
#define WEFT_HEAP_MAGAZINE_H

#include "heap/heap.h"
#include "weft/thread.h"

static inline weft_magazine *heap_magazine(struct thread *self, heap_kind kind, size_t size)
{
    return &heap_magazines_of((weft_thread *)(void *)self, kind)[heap_class_of(size)];
}

/* size is a constant from 1 to WEFT_SMALL_MAX. */
static inline void *heap_alloc_small(struct thread *self, heap_kind kind, size_t size)
{
    void *block = magazine_take(heap_magazine(self, kind, size));
    if (WEFT_LIKELY(block != NULL))
        return block;
    return heap_alloc_slow(self, kind, size);
}

static inline void heap_free_small(struct thread *self, heap_kind kind, void *block, size_t size)
{
    if (WEFT_UNLIKELY(!magazine_put(heap_magazine(self, kind, size), block)))
        heap_free_slow(self, kind, block, size);
}

#endif
