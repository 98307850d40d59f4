/* magazine.h - heap_alloc and heap_free inline, for built-in types whose size is a constant. */
#ifndef WEFT_HEAP_MAGAZINE_H
#define WEFT_HEAP_MAGAZINE_H

#include "heap/heap.h"
#include "weft/thread.h"

static inline weft_magazine *heap_magazine(struct thread *self, heap_kind kind, size_t size)
{
    return &heap_magazines_of((weft_thread *)(void *)self, kind)[heap_class_of(size)];
}

/* Where in a weft_thread the magazine of objects of this class is; and the magazine there. */
static inline uint32_t magazine_offset(uint32_t size_class)
{
    return (uint32_t)(offsetof(weft_thread, objects) + size_class * sizeof(weft_magazine));
}

static inline weft_magazine *magazine_at(weft_thread *self, uint32_t offset)
{
    return (weft_magazine *)(void *)((char *)self + offset);
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
