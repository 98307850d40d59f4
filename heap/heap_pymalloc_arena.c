/* heap_pymalloc_arena.c - where pools come from: arenas, the fullest first, so that the emptiest get a chance to become
 * empty and go back to the system. */
#include <stdlib.h>

#include "core/platform/platform.h"
#include "heap/heap_pymalloc.h"

/* ---- buckets: arenas by their number of free pools -------------------------------------------------------------- */

static void bucket_add(pymalloc *py, arena *a)
{
    if (a->free_count == 0)
        return;
    uint32_t i = a->free_count - 1;
    a->prev = NULL;
    a->next = py->bucket[i];
    if (a->next != NULL)
        a->next->prev = a;
    py->bucket[i] = a;
    py->bucket_used[i / 64] |= UINT64_C(1) << i % 64;
}

static void bucket_remove(pymalloc *py, arena *a)
{
    if (a->free_count == 0)
        return;
    uint32_t i = a->free_count - 1;
    if (a->prev != NULL)
        a->prev->next = a->next;
    else
        py->bucket[i] = a->next;
    if (a->next != NULL)
        a->next->prev = a->prev;
    if (py->bucket[i] == NULL)
        py->bucket_used[i / 64] &= ~(UINT64_C(1) << i % 64);
}

/* The arena with the fewest free pools, but at least one; NULL if there is none. */
static arena *bucket_fullest(const pymalloc *py)
{
    for (uint32_t word = 0; word < ARENA_BUCKET_WORDS; word++)
        if (py->bucket_used[word] != 0)
            return py->bucket[word * 64 + (uint32_t)__builtin_ctzll(py->bucket_used[word])];
    return NULL;
}

/* ---- arenas ------------------------------------------------------------------------------------------------------ */

/* ARENA_BYTES aligned to themselves: twice as much is reserved and the ends given back. */
static char *arena_map(void)
{
    char *reserved = (char *)platform_reserve(2 * (size_t)ARENA_BYTES);
    if (reserved == NULL)
        return NULL;
    size_t before = (size_t)(-(uintptr_t)reserved & (ARENA_BYTES - 1));
    char *base = reserved + before;
    if (before > 0)
        platform_release(reserved, before);
    platform_release(base + ARENA_BYTES, ARENA_BYTES - before);
    if (platform_commit(base, ARENA_BYTES))
        return base;
    platform_release(base, ARENA_BYTES);
    return NULL;
}

static arena *arena_new(pymalloc *py)
{
    arena *a = (arena *)malloc(sizeof *a);
    if (a == NULL)
        return NULL;
    *a = (arena){.base = arena_map(), .owner = py, .free_count = ARENA_POOLS, .all_next = py->all};
    if (a->base == NULL) {
        free(a);
        return NULL;
    }
    if (py->all != NULL)
        py->all->all_prev = a;
    py->all = a;
    py->arenas++;
    bucket_add(py, a);
    return a;
}

/* It is in no bucket. */
static void arena_free(pymalloc *py, arena *a)
{
    if (a->all_prev != NULL)
        a->all_prev->all_next = a->all_next;
    else
        py->all = a->all_next;
    if (a->all_next != NULL)
        a->all_next->all_prev = a->all_prev;
    py->arenas--;
    platform_release(a->base, ARENA_BYTES);
    free(a);
}

void arenas_close(pymalloc *py)
{
    while (py->all != NULL)
        arena_free(py, py->all);
}

/* ---- pools ------------------------------------------------------------------------------------------------------- */

static pool *arena_take_pool(pymalloc *py, arena *a)
{
    bucket_remove(py, a);
    a->free_count--;
    bucket_add(py, a);
    pool *p = a->free_pools;
    if (p != NULL) {
        a->free_pools = p->next;
        return p;
    }
    p = (pool *)(void *)(a->base + (size_t)a->carved++ * POOL_BYTES);
    *p = (pool){.arena = a};
    return p;
}

pool *pool_acquire(pymalloc *py, pool_set *set, uint32_t class)
{
    arena *a = bucket_fullest(py);
    if (a == NULL)
        a = arena_new(py);
    if (a == NULL)
        return NULL;
    pool *p = arena_take_pool(py, a);
    uint32_t block_size = class * WEFT_BLOCK_ALIGN;
    if (p->set != set || p->block_size != block_size) {
        p->set = set;
        p->block_size = (uint16_t)block_size;
        p->bump = sizeof(pool);
        p->free = NULL;
    }
    return p;
}

void pool_release(pool *p)
{
    arena *a = p->arena;
    pymalloc *py = a->owner;
    bucket_remove(py, a);
    a->free_count++;
    if (a->free_count == ARENA_POOLS) {
        arena_free(py, a);
        return;
    }
    bucket_add(py, a);
    p->next = a->free_pools;
    a->free_pools = p;
}
