/* magazine.c - allocation and freeing through a thread's magazines: what happens when one is empty or full.
 *
 * A magazine (Bonwick and Adams, "Magazines and Vmem", USENIX 2001) is a stack of pointers to free blocks of one size,
 * for one thread. What it does not have is taken from the body, one block; what it has no room for goes to the body, one
 * block: behind it stands no lock, so moving many at once would save nothing (docs/heaps.md has what was measured, also of
 * lists instead of stacks). Raw blocks go to the body at once, blocks of the object kind when no lock-free reader can
 * be looking at them. The slots of a magazine are allocated when its first block is freed.
 * Called by the attached thread only, but for heap_magazines_flush_stopped and _close. */
#include <stdlib.h>

#include "core/core.h"
#include "heap/limbo.h"
#include "heap/magazine.h"

#define COLD __attribute__((noinline, cold))

enum {
    MAGAZINE_LEAST = 8,   /* blocks that a magazine may hold at least, and keeps when its thread goes to the pool */
    MAGAZINE_NUMBER = 32, /* bytes of an int or a float: the most there are of, and they come and go with whole lists */
    MAGAZINE_TIMES = 4    /* so a magazine of those may hold so many times the bytes */
};

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

/* From the body. The header of a container's block says dead from now on, whatever the memory held. */
static void *block_from_body(thread *self, heap_kind kind, size_t size)
{
    void *block = heap_block_alloc(&self->head.runtime->heap, &self->heap, kind, heap_round(size));
    if (WEFT_LIKELY(block != NULL))
        heap_block_fresh(kind, block);
    return block;
}

/* The body has no memory, or had none when this thread attached: looks its part up again. */
static COLD void *alloc_again(thread *self, heap_kind kind, size_t size)
{
    void *block = NULL;
    if (heap_thread_attach(&self->head.runtime->heap, &self->heap) == WEFT_OK)
        block = block_from_body(self, kind, size);
    return block != NULL ? block : out_of_memory(size);
}

/* Past the magazines. */
static inline void *take(thread *self, heap_kind kind, size_t size)
{
    void *block = heap_limbo_take(self, kind, heap_round(size));
    if (block != NULL)
        return block;
    block = block_from_body(self, kind, size);
    if (WEFT_UNLIKELY(block == NULL))
        block = alloc_again(self, kind, size);
    if (WEFT_UNLIKELY(heap_grew(self, size)))
        gc_grown(self);
    return block;
}

/* While allocations are made to fail. */
static COLD void *alloc_counted(thread *self, heap_kind kind, size_t size)
{
    if (heap_should_fail(&self->head.runtime->heap))
        return out_of_memory(size);
    return take(self, kind, size);
}

void *heap_alloc_slow(thread *self, heap_kind kind, size_t size)
{
    if (WEFT_UNLIKELY(weft_load_relaxed(&self->head.runtime->heap.fail) != HEAP_FAIL_NEVER))
        return alloc_counted(self, kind, size);
    return take(self, kind, size);
}

void *heap_alloc(thread *self, heap_kind kind, size_t size)
{
    if (WEFT_LIKELY(size <= WEFT_SMALL_MAX))
        return heap_alloc_small(self, kind, size);
    return heap_alloc_slow(self, kind, size);
}

/* Past the magazines. */
static inline void give_back(thread *self, heap_kind kind, void *block, size_t rounded)
{
    if (heap_limbo_put(self, kind, block, rounded))
        return;
    if (kind < HEAP_OBJECT_KINDS)
        reclaim_retire(self, kind, block, rounded);
    else
        heap_block_free(&self->head.runtime->heap, &self->heap, kind, block, rounded);
}

/* Blocks that a magazine for `block_size` may ever hold. */
static uint32_t magazine_capacity(size_t block_size)
{
    size_t blocks = heap_magazine_bytes() / block_size * (block_size <= MAGAZINE_NUMBER ? MAGAZINE_TIMES : 1);
    return (uint32_t)(blocks > MAGAZINE_LEAST ? blocks : MAGAZINE_LEAST);
}

static bool magazines_allowed(const heap *h)
{
    return heap_magazine_bytes() > 0 && weft_load_relaxed(&h->fail) == HEAP_FAIL_NEVER;
}

/* A block goes into a magazine that has no slots: gets it some. Without memory for them, or while magazines are switched
 * off, it stays shut, and is asked again at the next free. */
static COLD void free_into_shut(thread *self, heap_kind kind, void *block, size_t rounded)
{
    weft_magazine *m = heap_magazine(self, kind, rounded);
    uint32_t capacity = magazine_capacity(rounded);
    if (magazines_allowed(&self->head.runtime->heap))
        m->slots = (void **)malloc(capacity * sizeof *m->slots);
    if (m->slots == NULL) {
        give_back(self, kind, block, rounded);
        return;
    }
    m->limit = capacity;
    (void)magazine_put(m, block);
}

void heap_free_slow(thread *self, heap_kind kind, void *block, size_t size)
{
    size_t rounded = heap_round(size);
    if (rounded <= WEFT_SMALL_MAX && WEFT_UNLIKELY(heap_magazine(self, kind, rounded)->slots == NULL))
        free_into_shut(self, kind, block, rounded);
    else
        give_back(self, kind, block, rounded);
}

void heap_free(thread *self, heap_kind kind, void *block, size_t size)
{
    if (WEFT_LIKELY(size <= WEFT_SMALL_MAX))
        heap_free_small(self, kind, block, size);
    else
        heap_free_slow(self, kind, block, size);
}

/* Visits the magazines of a thread. */
typedef void (*magazine_fn)(thread *self, heap_kind kind, weft_magazine *m, size_t block_size);

static void each_magazine(thread *self, thread *of, magazine_fn visit)
{
    for (heap_kind kind = HEAP_OBJECT; kind < HEAP_KINDS; kind++) {
        weft_magazine *magazines = heap_magazines_of(&of->head, kind);
        for (uint32_t class = 1; class < WEFT_SIZE_CLASSES; class ++)
            visit(self, kind, &magazines[class], class * (size_t)WEFT_BLOCK_ALIGN);
    }
}

static void magazine_set_limit(thread *self, heap_kind kind, weft_magazine *m, size_t block_size)
{
    (void)kind;
    bool open = m->slots != NULL && magazines_allowed(&self->head.runtime->heap);
    m->limit = open ? magazine_capacity(block_size) : 0;
}

void heap_magazines_init(thread *self)
{
    each_magazine(self, self, magazine_set_limit);
}

static void magazine_trim(thread *self, heap_kind kind, weft_magazine *m, size_t block_size)
{
    while (m->count > MAGAZINE_LEAST) /* each is taken out first: giving back may come here again */
        give_back(self, kind, magazine_take(m), block_size);
}

void heap_magazines_trim(thread *self)
{
    each_magazine(self, self, magazine_trim);
}

static void magazine_flush_stopped(thread *self, heap_kind kind, weft_magazine *m, size_t block_size)
{
    void *block;
    while ((block = magazine_take(m)) != NULL)
        if (!heap_limbo_put(self, kind, block, block_size))
            heap_block_free(&self->head.runtime->heap, &self->heap, kind, block, block_size);
}

void heap_magazines_flush_stopped(thread *self, thread *of)
{
    each_magazine(self, of, magazine_flush_stopped);
}

static void magazine_close(thread *self, heap_kind kind, weft_magazine *m, size_t block_size)
{
    (void)self;
    (void)kind;
    (void)block_size;
    free(m->slots);
    *m = (weft_magazine){NULL, 0, 0};
}

void heap_magazines_close(thread *t)
{
    each_magazine(t, t, magazine_close);
}
