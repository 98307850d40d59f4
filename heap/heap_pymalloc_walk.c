/* heap_pymalloc_walk.c - the walk of all blocks, and the statistics.
 *
 * A pool does not say which of its blocks are in use; those on its list and beyond its bump are not. So the list is read
 * once into a bitmap. Visitors must not allocate or free. The thread that has the world stopped. */
#include <string.h>

#include "heap/heap_pymalloc.h"

enum { POOL_BLOCKS_MAX = POOL_BYTES / WEFT_BLOCK_ALIGN, POOL_BITMAP_WORDS = (POOL_BLOCKS_MAX + 63) / 64 };

typedef int (*pool_visit_fn)(pool *p, void *arg);

/* Every pool that has a block in use. */
static int walk_pools(pymalloc *py, const pool_set *set, pool_visit_fn visit, void *arg)
{
    for (arena *a = py->all; a != NULL; a = a->all_next) {
        for (uint32_t i = 0; i < a->carved; i++) {
            pool *p = (pool *)(void *)(a->base + (size_t)i * POOL_BYTES);
            if (p->set != set || p->used % POOL_LINKED == 0)
                continue;
            int result = visit(p, arg);
            if (result != 0)
                return result;
        }
    }
    return 0;
}

typedef struct block_walk {
    heap_visit_fn visit;
    void *arg;
} block_walk;

static int walk_blocks(pool *p, void *arg)
{
    const block_walk *w = (const block_walk *)arg;
    uint64_t is_free[POOL_BITMAP_WORDS];
    char *first = (char *)(p + 1);
    size_t size = p->block_size;
    /* offset / size by multiplication: exact for multiples of size below 2^16 */
    uint64_t inverse = UINT32_MAX / size + 1;
    memset(is_free, 0, sizeof is_free);
    for (void *block = p->free; block != NULL; block = *(void **)block) {
        uint64_t index = (uint64_t)((char *)block - first) * inverse >> 32;
        is_free[index / 64] |= UINT64_C(1) << index % 64;
    }
    size_t count = (p->bump - sizeof(pool)) / size;
    for (size_t i = 0; i < count; i++) {
        if (is_free[i / 64] >> i % 64 & 1)
            continue;
        int result = w->visit(first + i * size, size, w->arg);
        if (result != 0)
            return result;
    }
    return 0;
}

int heap_walk_stopped(heap *h, heap_kind kind, heap_visit_fn visit, void *arg)
{
    pymalloc *py = (pymalloc *)h->body;
    block_walk w = {visit, arg};
    int result = walk_pools(py, &py->sets[kind], walk_blocks, &w);
    const large_block *head = &py->large[kind];
    for (large_block *b = head->next; b != head && result == 0; b = b->next)
        result = visit(b + 1, b->size, arg);
    return result;
}

/* ---- statistics -------------------------------------------------------------------------------------------------- */

static int tally_pool(pool *p, void *arg)
{
    weft_size_stats *class = &((weft_size_stats *)arg)[heap_class_of(p->block_size)];
    size_t used = p->used % POOL_LINKED;
    class->pages++;
    class->blocks_used += used;
    class->blocks_free += (POOL_BYTES - sizeof(pool)) / p->block_size - used;
    return 0;
}

static void tally_kind(pymalloc *py, heap_kind kind, weft_size_stats *classes, weft_heap_stats *stats)
{
    (void)walk_pools(py, &py->sets[kind], tally_pool, classes);
    for (uint32_t class = 1; class < WEFT_SIZE_CLASSES; class ++) {
        classes[class].block_size = class * (size_t)WEFT_BLOCK_ALIGN;
        stats->bytes_used += classes[class].blocks_used * classes[class].block_size;
    }
    const large_block *head = &py->large[kind];
    for (const large_block *b = head->next; b != head; b = b->next) {
        stats->large_blocks++;
        stats->large_bytes += b->size;
        stats->bytes_used += b->size;
        stats->bytes_reserved += b->size + sizeof *b;
    }
}

void heap_statistics_stopped(heap *h, weft_heap_stats *stats)
{
    pymalloc *py = (pymalloc *)h->body;
    stats->classes = WEFT_SIZE_CLASSES;
    tally_kind(py, HEAP_OBJECT, stats->objects_by_class, stats);
    tally_kind(py, HEAP_RAW, stats->raw_by_class, stats);
    stats->arenas = py->arenas;
    stats->bytes_reserved += py->arenas * ARENA_BYTES;
}
