/* magazine.c - allocation and freeing through a thread's magazines: what happens when one is empty or full.
 *
 * A magazine (Bonwick and Adams, "Magazines and Vmem", USENIX 2001) is a list of free blocks of one size for one thread.
 * An empty one gets a few blocks from the body at once; a full one gives half of its blocks back, so that a program
 * that frees and allocates in turn at the limit does not go to the body each time. Raw blocks go back at once, blocks
 * of the object kind when no lock-free reader can be looking at them.
 * Called by the attached thread only, but for heap_magazines_flush_stopped. */
#include "core/core.h"
#include "heap/block.h"
#include "heap/magazine.h"

enum {
    MAGAZINE_LEAST = 8, /* blocks that every magazine may hold, and keeps when its thread goes to the pool */
    MAGAZINE_REFILL = 8 /* blocks fetched when one is empty: docs/heaps.md has what was measured */
};

static weft_magazine *magazines_of(thread *t, heap_kind kind)
{
    return kind == HEAP_OBJECT ? t->head.objects : t->head.raw;
}

bool heap_count_down(heap *h)
{
    int64_t left = __atomic_sub_fetch(&h->fail_after, 1, __ATOMIC_RELAXED); /* a counter that orders nothing */
    return weft_load_relaxed(&h->fail) == HEAP_FAIL_FROM ? left <= 0 : left == 0;
}

static void *out_of_memory(size_t size)
{
    (void)weft_error_set(WEFT_ERROR_MEMORY, "out of memory: %zu bytes were asked for", size);
    return NULL;
}

/* Fetches a few blocks more than the one that is needed now. They are put in backwards, so that they come out in the
 * order of the body, which is that of their addresses while the heap is fresh. */
static void magazine_refill(thread *t, heap_kind kind, weft_magazine *m, size_t size)
{
    void *blocks[MAGAZINE_REFILL];
    uint32_t count = 0;
    while (count < MAGAZINE_REFILL && count < m->limit) {
        void *block = heap_block_alloc(&t->head.runtime->heap, &t->heap, kind, size);
        if (block == NULL)
            break;
        if (kind == HEAP_OBJECT)
            block_kill(block);
        blocks[count++] = block;
    }
    while (count > 0)
        (void)magazine_put(m, blocks[--count]);
}

void *heap_alloc_slow(thread *self, heap_kind kind, size_t size)
{
    heap *h = &self->head.runtime->heap;
    if (heap_should_fail(h))
        return out_of_memory(size);
    size_t rounded = heap_round(size);
    if (rounded <= WEFT_SMALL_MAX) {
        weft_magazine *m = heap_magazine(self, kind, rounded);
        if (m->limit > 0 && MAGAZINE_REFILL > 1) {
            magazine_refill(self, kind, m, rounded);
            void *cached = magazine_take(m);
            return cached != NULL ? cached : out_of_memory(size);
        }
    }
    void *block = heap_block_alloc(h, &self->heap, kind, rounded);
    return block != NULL ? block : out_of_memory(size);
}

void *heap_alloc(thread *self, heap_kind kind, size_t size)
{
    if (WEFT_LIKELY(size <= WEFT_SMALL_MAX))
        return heap_alloc_small(self, kind, size);
    return heap_alloc_slow(self, kind, size);
}

/* Past the magazines. */
static void give_back(thread *self, heap_kind kind, void *block, size_t rounded)
{
    if (kind == HEAP_OBJECT)
        reclaim_retire(self, HEAP_OBJECT, block, rounded);
    else
        heap_block_free(&self->head.runtime->heap, &self->heap, kind, block, rounded);
}

/* Gives `count` blocks of a magazine back. Each is taken out before it goes, since giving back may come here again. */
static void magazine_shrink(thread *self, heap_kind kind, weft_magazine *m, uint32_t count, size_t rounded)
{
    while (count-- > 0) {
        void *block = magazine_take(m);
        if (block == NULL)
            return;
        give_back(self, kind, block, rounded);
    }
}

void heap_free_slow(thread *self, heap_kind kind, void *block, size_t size)
{
    size_t rounded = heap_round(size);
    if (rounded <= WEFT_SMALL_MAX) {
        weft_magazine *m = heap_magazine(self, kind, rounded);
        if (m->limit > 0) {
            magazine_shrink(self, kind, m, m->limit / 2, rounded);
            if (magazine_put(m, block))
                return;
        }
    }
    give_back(self, kind, block, rounded);
}

void heap_free(thread *self, heap_kind kind, void *block, size_t size)
{
    if (WEFT_LIKELY(size <= WEFT_SMALL_MAX))
        heap_free_small(self, kind, block, size);
    else
        heap_free_slow(self, kind, block, size);
}

static uint32_t magazine_limit(heap *h, size_t block_size)
{
    size_t bytes = heap_magazine_bytes();
    if (bytes == 0 || weft_load_relaxed(&h->fail) != HEAP_FAIL_NEVER)
        return 0;
    size_t blocks = bytes / block_size;
    return (uint32_t)(blocks > MAGAZINE_LEAST ? blocks : MAGAZINE_LEAST);
}

void heap_magazines_init(thread *self)
{
    for (heap_kind kind = HEAP_OBJECT; kind < HEAP_KINDS; kind++) {
        weft_magazine *magazines = magazines_of(self, kind);
        magazines[0].limit = 0;
        for (uint32_t class = 1; class < WEFT_SIZE_CLASSES; class++)
            magazines[class].limit = magazine_limit(&self->head.runtime->heap, class * (size_t)WEFT_BLOCK_ALIGN);
    }
}

void heap_magazines_trim(thread *self)
{
    for (heap_kind kind = HEAP_OBJECT; kind < HEAP_KINDS; kind++) {
        weft_magazine *magazines = magazines_of(self, kind);
        for (uint32_t class = 1; class < WEFT_SIZE_CLASSES; class++) {
            uint32_t count = magazines[class].count;
            if (count > MAGAZINE_LEAST)
                magazine_shrink(self, kind, &magazines[class], count - MAGAZINE_LEAST, class * (size_t)WEFT_BLOCK_ALIGN);
        }
    }
}

void heap_magazines_flush_stopped(thread *self, thread *of)
{
    for (heap_kind kind = HEAP_OBJECT; kind < HEAP_KINDS; kind++) {
        weft_magazine *magazines = magazines_of(of, kind);
        for (uint32_t class = 1; class < WEFT_SIZE_CLASSES; class++) {
            void *block;
            while ((block = magazine_take(&magazines[class])) != NULL)
                heap_block_free(&self->head.runtime->heap, &self->heap, kind, block, class * (size_t)WEFT_BLOCK_ALIGN);
        }
    }
}
