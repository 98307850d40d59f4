/* heap_pymalloc.c - the GIL flavour's heap: blocks from pools (heap_pymalloc.h has the picture).
 *
 * Allocation takes from the first linked pool of the class; when that pool's list is empty its bump area is cut up, a
 * system page at a time, and when that is used up too the pool is unlinked until a block of it is freed. */
#include <stdlib.h>

#include "heap/heap_pymalloc.h"

enum { CARVE_BYTES = 4096 }; /* a page that was touched once may as well be touched whole */

pool pool_none;

weft_status heap_open(heap *h)
{
    pymalloc *py = (pymalloc *)calloc(1, sizeof *py);
    if (py == NULL)
        return weft_error_set(WEFT_ERROR_MEMORY, "out of memory: no heap for a runtime");
    for (heap_kind kind = HEAP_OBJECT; kind < HEAP_KINDS; kind++) {
        py->sets[kind].owner = py;
        for (uint32_t class = 0; class < WEFT_SIZE_CLASSES; class ++)
            py->sets[kind].first[class] = &pool_none;
    }
    large_init(py);
    *h = (heap){py, HEAP_FAIL_NEVER, 0};
    return WEFT_OK;
}

void heap_close(heap *h)
{
    pymalloc *py = (pymalloc *)h->body;
    if (py == NULL)
        return;
    large_close(py);
    arenas_close(py);
    free(py);
    h->body = NULL;
}

weft_status heap_thread_attach(heap *h, heap_thread *part)
{
    pymalloc *py = (pymalloc *)h->body;
    for (heap_kind kind = HEAP_OBJECT; kind < HEAP_KINDS; kind++)
        part->part[kind] = &py->sets[kind];
    return WEFT_OK;
}

void heap_thread_detach(heap *h, heap_thread *part)
{
    (void)h;
    (void)part;
}

/* Only attached threads are ever inside. */
bool heap_fork_try_begin(bool force)
{
    (void)force;
    return true;
}

void heap_fork_end(bool in_child)
{
    (void)in_child;
}

void heap_thread_gone(heap *h, heap_thread *part)
{
    (void)h;
    (void)part;
}

/* ---- linked pools ------------------------------------------------------------------------------------------------ */

static void pool_link(pool *p)
{
    pool **first = &p->set->first[heap_class_of(p->block_size)];
    p->next = *first;
    p->prev = NULL;
    if (p->next != &pool_none)
        p->next->prev = p;
    *first = p;
    p->used += POOL_LINKED;
}

static void pool_unlink(pool *p)
{
    if (p->prev != NULL)
        p->prev->next = p->next;
    else
        p->set->first[heap_class_of(p->block_size)] = p->next;
    if (p->next != &pool_none)
        p->next->prev = p->prev;
    p->used -= POOL_LINKED;
}

/* Cuts the bump area into blocks up to the end of a system page, but at least one. False if there is no room. A pool is
 * a whole number of system pages. */
static bool pool_carve(pool *p)
{
    char *base = (char *)p;
    size_t size = p->block_size;
    size_t at = p->bump;
    if (at + size > POOL_BYTES)
        return false;
    size_t end = (at + size + CARVE_BYTES - 1) / CARVE_BYTES * CARVE_BYTES;
    void **link = &p->free;
    do {
        void *block = base + at;
        *link = block;
        link = (void **)block;
        at += size;
    } while (at + size <= end);
    *link = NULL;
    p->bump = (uint16_t)at;
    return true;
}

/* Makes the first pool of the class one that has a free block. False if there is no memory. */
static bool pool_find(pool_set *set, uint32_t class)
{
    for (;;) {
        pool *p = set->first[class];
        if (p == &pool_none) {
            p = pool_acquire(set->owner, set, class);
            if (p == NULL)
                return false;
            pool_link(p);
        }
        if (p->free != NULL || pool_carve(p))
            return true;
        pool_unlink(p);
    }
}

/* ---- blocks ------------------------------------------------------------------------------------------------------ */

static inline void *pool_take(pool *p)
{
    void *block = p->free;
    if (WEFT_LIKELY(block != NULL)) {
        p->free = *(void **)block;
        p->used++;
    }
    return block;
}

void *heap_block_alloc(heap *h, heap_thread *part, heap_kind kind, size_t size)
{
    if (WEFT_UNLIKELY(size > WEFT_SMALL_MAX))
        return large_alloc((pymalloc *)h->body, kind, size);
    pool_set *set = (pool_set *)part->part[kind];
    uint32_t class = heap_class_of(size);
    void *block = pool_take(set->first[class]);
    if (WEFT_LIKELY(block != NULL))
        return block;
    return pool_find(set, class) ? pool_take(set->first[class]) : NULL;
}

/* A pool has become empty, or had been full. */
static __attribute__((noinline)) void pool_freed_into(pool *p)
{
    if (p->used < POOL_LINKED)
        pool_link(p);
    if (p->used == POOL_LINKED) {
        pool_unlink(p);
        pool_release(p);
    }
}

void heap_block_free(heap *h, heap_thread *part, heap_kind kind, void *block, size_t size)
{
    (void)h;
    (void)part;
    (void)kind;
    if (WEFT_UNLIKELY(size > WEFT_SMALL_MAX)) {
        large_free(block);
        return;
    }
    pool *p = pool_of(block);
    assert(p->block_size == size);
    *(void **)block = p->free;
    p->free = block;
    if (WEFT_UNLIKELY(--p->used <= POOL_LINKED))
        pool_freed_into(p);
}

void *heap_block_realloc(heap *h, heap_thread *part, void *block, size_t old_size, size_t new_size)
{
    (void)part;
    (void)old_size;
    return large_realloc((pymalloc *)h->body, HEAP_RAW, block, new_size);
}

size_t heap_block_size(size_t size)
{
    return size;
}

size_t heap_magazine_bytes(void)
{
    return 8192;
}

const char *heap_name(void)
{
    return "pymalloc";
}
