/* heap.h - the heap module: blocks for objects and for raw memory, one heap a runtime, with a part for each thread.
 *
 * Blocks are of kinds (heap_kind), never mixed in one page, because lock-free readers may look at the header of a block
 * that has just died: a block of an object kind stays a block of objects until no reader can be looking (docs/heaps.md).
 *
 * In front of every heap are the thread's magazines (weft_thread.objects, .containers, .raw): stacks of free blocks a size class,
 * taken and filled inline (heap/magazine.h). Behind them is one of three bodies, chosen by CMake:
 *   heap_mimalloc*.c   free-threaded: a heap a kind, in which every OS thread has its part
 *   heap_pymalloc*.c   GIL: arenas, pools, blocks
 *   heap_system.c      either: one malloc a block, for ASan, TSan and valgrind; no magazines */
#ifndef WEFT_HEAP_HEAP_H
#define WEFT_HEAP_HEAP_H

#ifdef WEFT_GIL
#include "heap/kinds_gil.h"
#else
#include "heap/kinds_ft.h"
#endif

/* Whether allocations are made to fail, for tests. Changed in a stopped world. */
typedef enum heap_fail { HEAP_FAIL_NEVER, HEAP_FAIL_ONCE, HEAP_FAIL_FROM } heap_fail;

/* The heap of a runtime. */
typedef struct heap {
    void *body;         /* constant while open; the body's */
    uint32_t fail;      /* heap_fail; atomic to read, written in a stopped world */
    int64_t fail_after; /* atomic: the allocation that brings it to 0 fails; FROM: and all after it */
} heap;

/* A thread's part in it. */
typedef struct heap_thread {
    void *part[HEAP_KINDS]; /* attached OS thread only; the body's */
    int64_t balance;        /* the same; bytes allocated less bytes freed since it was last above 0: never above 0 */
    int64_t patience;       /* the same; how far below its first bound `balance` may go before pages are given back */
    heap_tally tally;
    heap_limbo limbo;
} heap_thread;

struct thread;
struct weft_runtime;

/* ---- the body's contract: heap_mimalloc.c, heap_pymalloc.c, heap_system.c -------------------------------------- */

/* Opens a heap; runs the allocator's start-up test once a process (allocate, walk, count). Errors are set: MEMORY, or
 * SYSTEM if the allocator is not what Weft needs. */
weft_status heap_open(heap *h);
/* Gives everything back, live blocks too. No thread has a part in it any more. */
void heap_close(heap *h);

/* Finds the calling OS thread's part: at every attach, since a pooled `thread` may come back on another OS thread, and
 * first of all in a detach that a thread-exit destructor does, since the allocator's own destructor may have ended the
 * old part. Cheap when the same OS thread comes again. Allocates no block: the world may be stopped. MEMORY is set. */
weft_status heap_thread_attach(heap *h, heap_thread *part);
/* The OS thread leaves. Blocks stay, and stay where they are. */
void heap_thread_detach(heap *h, heap_thread *part);

/* Around a fork. try_begin: true if no OS thread is inside the allocator without being attached - given its part, or rid of
 * it as it ends - nor will be until heap_fork_end; false: start the world, wait, and try again, or `force` it. World stopped. */
bool heap_fork_try_begin(bool force);
void heap_fork_end(bool in_child);

/* In a forked child: the OS thread of `part` is gone, without a detach. World stopped. */
void heap_thread_gone(heap *h, heap_thread *part);

/* One block past the magazines; size is a multiple of 16 and not 0. NULL without an error set. Attached thread; in the
 * free-threaded flavour never in a stopped world. */
void *heap_block_alloc(heap *h, heap_thread *part, heap_kind kind, size_t size);
/* Frees at once. For objects: no lock-free reader can be looking at it any more. Any attached thread; in a stopped
 * world only who stopped it, and not during a walk. */
void heap_block_free(heap *h, heap_thread *part, heap_kind kind, void *block, size_t size);
/* HEAP_RAW only, both sizes over WEFT_SMALL_MAX and multiples of 16. NULL: nothing changed. */
void *heap_block_realloc(heap *h, heap_thread *part, void *block, size_t old_size, size_t new_size);

/* Calls visit for every block of the kind that is allocated from the body's view: live ones, and dead ones that wait in
 * magazines or for readers (object_is_live tells them apart). `size` is the block's, not what was asked for. World
 * stopped; visit must not allocate or free. Ends at the first non-zero result and returns it. */
typedef int (*heap_visit_fn)(void *block, size_t size, void *arg);
int heap_walk_stopped(heap *h, heap_kind kind, heap_visit_fn visit, void *arg);

/* A part of the heap with blocks of one size, one behind the other: what a walk goes through. */
typedef struct heap_area {
    char *blocks;
    size_t block_size;
    size_t count;  /* blocks that can ever have been allocated */
    bool all_used; /* each of them has been, at some time: so each holds an object or a dead header */
} heap_area;

typedef int (*heap_area_fn)(const heap_area *area, void *arg);

/* The same walk by areas, in the same order every time while the heap does not change. Calls area for each, and then, if
 * visit is not NULL and not all of its blocks are used, visit for each that is, in address order. World stopped. */
int heap_areas_stopped(heap *h, heap_kind kind, heap_area_fn area, heap_visit_fn visit, void *arg);

/* The same for some of the areas: those that the OS thread of `part` allocates from, or, without `part`, those that no OS
 * thread does and that have room. Together they are nearly always all that are not all used, and hardly any others; who must
 * be sure counts. try_begin before, end after them: false, not now, as an OS thread may be given its part, or be rid of
 * it. World stopped. */
bool heap_parts_try_begin(void);
void heap_part_areas_stopped(heap *h, const heap_thread *part, heap_kind kind, heap_area_fn area, heap_visit_fn visit,
                             void *arg);
void heap_parts_end(void);

/* Does no area share one of these with another? False: blocks are where malloc puts them, and each is an area, all used. */
enum { HEAP_SLICE_SHIFT = 16 };

bool heap_areas_own_slices(void);

/* Fills everything but blocks_cached, bytes_deferred and objects; *stats is zero before. World stopped. */
void heap_statistics_stopped(heap *h, weft_heap_stats *stats);

/* Bytes of the block that a request of `size` (a multiple of 16, up to WEFT_SMALL_MAX) gets. */
size_t heap_block_size(size_t size);

/* Bytes a thread may keep in one magazine, or four times that of the smallest blocks (magazine.c); 0: none. */
size_t heap_magazine_bytes(void);

/* A name for reports: "mimalloc 3.6.0", "pymalloc", "system". */
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

/* Allocate and free through the magazines; sizes are in bytes, not rounded, at most PTRDIFF_MAX. NULL sets
 * WEFT_ERROR_MEMORY. The inline versions are in heap/magazine.h. */
void *heap_alloc(struct thread *self, heap_kind kind, size_t size);
/* Objects: word 1 says dead; readers may still be looking. HEAP_RAW: nobody can. Never fails. */
void heap_free(struct thread *self, heap_kind kind, void *block, size_t size);

/* The same without a look at the magazine first: it was empty, or full. */
void *heap_alloc_slow(struct thread *self, heap_kind kind, size_t size);
void heap_free_slow(struct thread *self, heap_kind kind, void *block, size_t size);

/* Sets the limits; what is cached stays. Attached, so that no switch of weft_fail_allocation is missed. */
void heap_magazines_init(struct thread *self);
/* Gives cached blocks back but for a few of each size, which a pooled thread keeps for its next attachment. Objects wait
 * for readers. Attached. */
void heap_magazines_trim(struct thread *self);
/* Gives all of any thread's back, at once. By who has the world stopped (`self`). */
void heap_magazines_flush_stopped(struct thread *self, struct thread *of);
/* Before a `thread` is freed, with its runtime: the cached blocks go with the heap. */
void heap_magazines_close(struct thread *t);

bool heap_count_down(heap *h);

/* Counts one allocation for weft_fail_allocation: true, it must fail. For the library's own allocations that are not
 * made here; sets no error. Any thread. */
static inline bool heap_should_fail(heap *h)
{
    return WEFT_UNLIKELY(weft_load_relaxed(&h->fail) != HEAP_FAIL_NEVER) && heap_count_down(h);
}

/* Takes a block that a magazine has, NULL if it is empty. */
static inline void *magazine_take(weft_magazine *m)
{
    uint32_t count = m->count;
    if (WEFT_UNLIKELY(count == 0))
        return NULL;
    m->count = count - 1;
    void *block = m->slots[count - 1];
    if (block == NULL)
        __builtin_unreachable(); /* so that callers test once, not twice */
    return block;
}

/* False if it is full. */
static inline bool magazine_put(weft_magazine *m, void *block)
{
    uint32_t count = m->count;
    if (WEFT_UNLIKELY(count >= m->limit))
        return false;
    m->slots[count] = block;
    m->count = count + 1;
    return true;
}

#endif
