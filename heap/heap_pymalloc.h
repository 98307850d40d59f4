/* heap_pymalloc.h - the GIL flavour's heap: arenas, pools, blocks.
 *
 *   arena   ARENA_BYTES from the system, aligned to its size, cut into pools; goes back when no block in it is in use
 *   pool    POOL_BYTES, aligned to its size, with a header; blocks of one size and one kind
 *   block   what is handed out; a pool's free blocks are a list through their first words, and a bump area beyond
 *
 * A block's pool is found by masking its address. The idea, and the name, are those of CPython's obmalloc (V. Marangozov
 * and T. Peters); the code is not. No locking: the thread that holds the runtime's lock calls everything here.
 *
 *   heap_pymalloc.c        blocks: allocate, free
 *   heap_pymalloc_arena.c  pools and arenas: where they come from and go
 *   heap_pymalloc_large.c  blocks above WEFT_SMALL_MAX: malloc, with a registry
 *   heap_pymalloc_walk.c   the walk and the statistics */
#ifndef WEFT_HEAP_HEAP_PYMALLOC_H
#define WEFT_HEAP_HEAP_PYMALLOC_H

#include "heap/heap.h"

enum {
    ARENA_BYTES = 1 << 20,
#ifdef HEAP_POOL_BYTES
    POOL_BYTES = HEAP_POOL_BYTES, /* for measuring other sizes */
#else
    POOL_BYTES = 16 << 10,
#endif
    ARENA_POOLS = ARENA_BYTES / POOL_BYTES,
    ARENA_BUCKET_WORDS = (ARENA_POOLS + 63) / 64,
    POOL_LINKED = 1 << 16 /* see pool.used */
};

struct arena;
struct pymalloc;

/* The head of a pool. A pool is in use and linked into its class's list while it may have a free block; in use and not
 * linked when it is full; or free, in its arena's list of free pools. A free pool keeps kind, size, list and bump: if it
 * is next used for the same blocks, nothing need be done. */
typedef struct pool {
    void *free;    /* list of free blocks; may be empty while bump is not at the end */
    uint32_t used; /* blocks in use, plus POOL_LINKED while linked: so one compare tells a free what is unusual */
    uint16_t block_size;
    uint16_t bump;        /* offset of the first block that was never in use */
    struct pool *next;    /* in the class's list, or in the arena's of free pools */
    struct pool *prev;    /* in the class's list */
    struct arena *arena;  /* constant */
    struct pool_set *set; /* whose blocks */
    size_t unused[2];     /* makes it a cache line, so that a block of 64 bytes is one as well */
} pool;

WEFT_STATIC_ASSERT(sizeof(pool) % 64 == 0, "blocks begin right after it");

typedef struct arena {
    char *base;                /* constant */
    struct pymalloc *owner;    /* constant */
    pool *free_pools;          /* pools in use once, now free; the last freed first */
    uint32_t free_count;       /* pools not in use: those in the list and those never used */
    uint32_t carved;           /* pools used at least once, from the base on */
    struct arena *next, *prev; /* in the bucket of its free_count, while that is not 0 */
    struct arena *all_next, *all_prev;
} arena;

/* The pools of one kind. */
typedef struct pool_set {
    pool *first[WEFT_SIZE_CLASSES]; /* linked pools by class; ends with pool_none, never NULL */
    struct pymalloc *owner;         /* constant */
} pool_set;

/* In front of every large block, and the head of each list. */
typedef struct large_block {
    struct large_block *next, *prev; /* circular */
    size_t size;                     /* of the block that follows */
    size_t unused;
} large_block;

WEFT_STATIC_ASSERT(sizeof(large_block) % WEFT_BLOCK_ALIGN == 0, "blocks are aligned to 16");

typedef struct pymalloc {
    pool_set sets[HEAP_KINDS];
    large_block large[HEAP_KINDS];
    /* Arenas that have a free pool, by how many: bucket[n] has n + 1. The lowest is served first, so that the others
     * get a chance to become empty. A bit is set for each bucket that is not empty. */
    arena *bucket[ARENA_POOLS];
    uint64_t bucket_used[ARENA_BUCKET_WORDS];
    arena *all;
    size_t arenas;
} pymalloc;

/* Ends every list of linked pools: it has no free block and is full. */
extern pool pool_none;

static inline pool *pool_of(const void *block)
{
    return (pool *)((uintptr_t)block & ~(uintptr_t)(POOL_BYTES - 1));
}

/* A pool for the class, free or fresh, not linked. NULL without an error. */
pool *pool_acquire(pymalloc *py, pool_set *set, uint32_t class);
/* Nothing in it is in use and it is not linked. */
void pool_release(pool *p);
/* Every arena goes. */
void arenas_close(pymalloc *py);

void large_init(pymalloc *py);
void *large_alloc(pymalloc *py, heap_kind kind, size_t size);
void *large_realloc(pymalloc *py, heap_kind kind, void *block, size_t size);
void large_free(void *block);
void large_close(pymalloc *py);

#endif
