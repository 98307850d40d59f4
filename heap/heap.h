/* heap.h - the heap module: blocks for objects and for raw memory, one heap a runtime, with a part for each thread.
 *
 * Two kinds of block, never mixed in one page, because lock-free readers may look at the header of a block that has
 * just died: a block of the object kind stays a block of objects until no reader can be looking (docs/heaps.md).
 *
 * In front of every heap are the thread's magazines (weft_thread.objects, .raw): lists of free blocks a size class,
 * taken and filled inline. Behind them is one of three bodies, chosen by CMake: heap_mimalloc.c (free-threaded),
 * heap_pymalloc.c (GIL), heap_system.c (either; one malloc a block, for ASan, TSan and valgrind). */
#ifndef WEFT_HEAP_HEAP_H
#define WEFT_HEAP_HEAP_H

#include "weft/heap.h"

typedef enum heap_kind { HEAP_OBJECT, HEAP_RAW, HEAP_KINDS } heap_kind;

/* The chosen body's state. */
typedef struct heap {
    void *body;          /* of the runtime */
    int64_t fail_after;  /* atomic: allocations left before one fails; negative: never */
    uint32_t fail_repeat;
} heap;

typedef struct heap_thread {
    void *body; /* of the thread in it: owner thread only */
} heap_thread;

struct thread;

/* ---- the body's contract: heap_mimalloc.c, heap_pymalloc.c, heap_system.c -------------------------------------- */

/* Opens a heap; runs the allocator's start-up test once a process (allocate, walk, count). Errors are set. */
weft_status heap_open(heap *h);
/* Gives everything back. No thread has a part in it any more. */
void heap_close(heap *h);

/* The calling OS thread's part; called at every attach, cheap when the same OS thread comes again. */
weft_status heap_thread_attach(heap *h, heap_thread *part);
/* The OS thread leaves. Blocks stay. */
void heap_thread_detach(heap *h, heap_thread *part);

/* One block past the magazines, size rounded up to a multiple of 16 by the caller. Returns NULL without setting an
 * error. Attached thread; in the free-threaded flavour never in a stopped world. */
void *heap_block_alloc(heap *h, heap_thread *part, heap_kind kind, size_t size);
/* Frees at once. For HEAP_OBJECT: no lock-free reader can be looking at it any more. Any attached thread. */
void heap_block_free(heap *h, heap_thread *part, heap_kind kind, void *block, size_t size);
/* NULL: nothing changed. HEAP_RAW only. */
void *heap_block_realloc(heap *h, heap_thread *part, void *block, size_t old_size, size_t new_size);

/* Calls visit for every block of the object kind that is allocated from the body's view: live objects and dead blocks
 * that wait in magazines or for readers; object_is_live tells them apart. World stopped. Ends at the first non-zero. */
typedef int (*heap_visit_fn)(void *block, size_t size, void *arg);
int heap_walk_stopped(heap *h, heap_visit_fn visit, void *arg);

/* Fills everything but blocks_cached, bytes_deferred and objects. World stopped. */
void heap_statistics_stopped(heap *h, weft_heap_stats *stats);

/* A name for reports: "mimalloc 3.6", "pymalloc", "system". */
const char *heap_name(void);

/* ---- shared: heap/magazine.c ----------------------------------------------------------------------------------- */

static inline uint32_t heap_class_of(size_t size)
{
    return (uint32_t)((size + WEFT_BLOCK_ALIGN - 1) / WEFT_BLOCK_ALIGN); /* only for size <= WEFT_SMALL_MAX */
}

static inline size_t heap_round(size_t size)
{
    return (size + WEFT_BLOCK_ALIGN - 1) & ~(size_t)(WEFT_BLOCK_ALIGN - 1);
}

/* Allocate and free through the magazines; sizes are in bytes, not rounded. NULL sets WEFT_ERROR_MEMORY. */
void *heap_alloc(struct thread *self, heap_kind kind, size_t size);
/* HEAP_OBJECT: readers may still be looking; HEAP_RAW: nobody can. Never fails. */
void heap_free(struct thread *self, heap_kind kind, void *block, size_t size);

/* Sets the limits (size classes get at most 8 KiB each) and empties; flush gives every cached block back. */
void heap_magazines_init(struct thread *self);
void heap_magazines_flush(struct thread *self);

/* Takes a block that a magazine has, NULL if it is empty. */
static inline void *magazine_take(weft_magazine *m)
{
    void *block = m->head;
    if (WEFT_LIKELY(block != NULL)) {
        m->head = *(void **)block;
        m->count--;
    }
    return block;
}

/* False if it is full. */
static inline bool magazine_put(weft_magazine *m, void *block)
{
    if (WEFT_UNLIKELY(m->count >= m->limit))
        return false;
    *(void **)block = m->head;
    m->head = block;
    m->count++;
    return true;
}

#endif
