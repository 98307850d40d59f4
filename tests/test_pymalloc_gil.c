/* test_pymalloc_gil.c - the GIL flavour's heap from inside: pools and arenas, what is returned and what is filled first. */
#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "harness.h"
#include "heap/heap_pymalloc.h"

enum { MOST = 400000 };

static void *blocks[MOST];

typedef struct bare_heap {
    heap heap;
    heap_thread part;
} bare_heap;

static bool is_pymalloc(void)
{
    return strcmp(heap_name(), "pymalloc") == 0;
}

static void open_heap(bare_heap *b)
{
    CHECK_INT(heap_open(&b->heap), WEFT_OK);
    CHECK_INT(heap_thread_attach(&b->heap, &b->part), WEFT_OK);
}

static void *take(bare_heap *b, size_t size)
{
    return heap_block_alloc(&b->heap, &b->part, HEAP_OBJECT, size);
}

static void give(bare_heap *b, void *block, size_t size)
{
    heap_block_free(&b->heap, &b->part, HEAP_OBJECT, block, size);
}

static size_t arenas(const bare_heap *b)
{
    static weft_heap_stats stats;
    memset(&stats, 0, sizeof stats);
    heap_statistics_stopped((heap *)&b->heap, &stats);
    return stats.arenas;
}

static uintptr_t arena_address(const void *block)
{
    return (uintptr_t)block & ~(uintptr_t)((1 << 20) - 1);
}

/* Blocks of `size` until `count` arenas are full to the last block. Returns how many. */
static size_t fill_arenas(bare_heap *b, size_t size, size_t count)
{
    size_t n = 0;
    while (n < MOST && arenas(b) <= count)
        blocks[n++] = take(b, size);
    give(b, blocks[--n], size);
    return n;
}

TEST_CASE(pymalloc, an arena without a block in use goes back to the system)
{
    if (!is_pymalloc())
        SKIP("another body was built");
    bare_heap b;
    open_heap(&b);
    for (size_t size = 16; size <= WEFT_SMALL_MAX; size += 160) {
        size_t n = fill_arenas(&b, size, 3);
        CHECK_INT(arenas(&b), 3);
        CHECK(n * size > 3 * (1 << 20) * 95 / 100); /* at most 5 % for headers and what does not fit */
        for (size_t i = 0; i < n; i++)
            give(&b, blocks[i], size);
        CHECK_INT(arenas(&b), 0);
    }
    heap_close(&b.heap);
}

TEST_CASE(pymalloc, one block keeps its arena and no other)
{
    if (!is_pymalloc())
        SKIP("another body was built");
    bare_heap b;
    open_heap(&b);
    size_t n = fill_arenas(&b, 64, 4);
    size_t kept = n / 2;
    for (size_t i = 0; i < n; i++)
        if (i != kept)
            give(&b, blocks[i], 64);
    CHECK_INT(arenas(&b), 1);
    memset(blocks[kept], 1, 64);
    give(&b, blocks[kept], 64);
    CHECK_INT(arenas(&b), 0);
    heap_close(&b.heap);
}

TEST_CASE(pymalloc, the fullest arena is served first so that the emptiest can go)
{
    if (!is_pymalloc())
        SKIP("another body was built");
    bare_heap b;
    open_heap(&b);
    size_t n = fill_arenas(&b, 512, 2);
    uintptr_t first = arena_address(blocks[0]);
    /* Of the first arena every pool but one becomes empty, of the other one two. */
    size_t left_in_first = 0, freed_in_second = 0;
    for (size_t i = 0; i < n; i++) {
        bool in_first = arena_address(blocks[i]) == first;
        bool last_pool = pool_of(blocks[i]) == pool_of(blocks[0]);
        if (in_first ? !last_pool : freed_in_second < 100) {
            freed_in_second += !in_first;
            give(&b, blocks[i], 512);
            blocks[i] = NULL;
        } else {
            left_in_first += in_first;
        }
    }
    CHECK(left_in_first > 0);
    for (int i = 0; i < 60; i++) { /* less than was freed in the second: none may go to the first */
        void *block = take(&b, 256);
        CHECK(arena_address(block) != first);
    }
    for (size_t i = 0; i < n; i++)
        if (blocks[i] && arena_address(blocks[i]) == first)
            give(&b, blocks[i], 512);
    CHECK_INT(arenas(&b), 1);
    heap_close(&b.heap);
}

TEST_CASE(pymalloc, an empty pool serves another size and the other kind)
{
    if (!is_pymalloc())
        SKIP("another body was built");
    bare_heap b;
    open_heap(&b);
    void *keeps_the_arena = take(&b, 16);
    for (int round = 0; round < 64; round++) {
        size_t size = 16 + (size_t)round % 32 * 16;
        heap_kind kind = round % 2 ? HEAP_RAW : HEAP_OBJECT;
        size_t n = (900u << 10) / size;
        for (size_t i = 0; i < n; i++) {
            blocks[i] = heap_block_alloc(&b.heap, &b.part, kind, size);
            memset(blocks[i], round, size);
        }
        CHECK_INT(arenas(&b), 1);
        for (size_t i = 0; i < n; i++)
            heap_block_free(&b.heap, &b.part, kind, blocks[i], size);
    }
    give(&b, keeps_the_arena, 16);
    CHECK_INT(arenas(&b), 0);
    heap_close(&b.heap);
}

TEST_CASE(pymalloc, objects and raw memory share no pool)
{
    if (!is_pymalloc())
        SKIP("another body was built");
    bare_heap b;
    open_heap(&b);
    for (size_t size = 16; size <= WEFT_SMALL_MAX; size += 16) {
        void *object = heap_block_alloc(&b.heap, &b.part, HEAP_OBJECT, size);
        void *raw = heap_block_alloc(&b.heap, &b.part, HEAP_RAW, size);
        CHECK(pool_of(object) != pool_of(raw));
        CHECK_INT(pool_of(object)->block_size, size);
    }
    heap_close(&b.heap);
}

TEST_CASE(pymalloc, the walk leaves out every free block of a pool)
{
    if (!is_pymalloc())
        SKIP("another body was built");
    bare_heap b;
    open_heap(&b);
    /* One pool of each class: all taken, then every second freed, then all but the last. */
    static weft_heap_stats stats;
    for (size_t size = 16; size <= WEFT_SMALL_MAX; size += 16) {
        size_t n = (POOL_BYTES - sizeof(pool)) / size;
        for (size_t i = 0; i < n; i++) {
            blocks[i] = take(&b, size);
            CHECK_PTR(pool_of(blocks[i]), pool_of(blocks[0]));
        }
        for (size_t i = 0; i < n; i += 2)
            give(&b, blocks[i], size);
        memset(&stats, 0, sizeof stats);
        heap_statistics_stopped(&b.heap, &stats);
        weft_size_stats *class = &stats.objects_by_class[size / 16];
        CHECK_INT(class->pages, 1);
        CHECK_INT(class->blocks_used, n / 2);
        CHECK_INT(class->blocks_free, n - n / 2);
        for (size_t i = 1; i < n; i += 2)
            give(&b, blocks[i], size);
    }
    heap_close(&b.heap);
}

/* Blocks that a pool has not yet cut up are not in use, and the bump area is used before another pool is. */
TEST_CASE(pymalloc, a pool is used up before the next one is begun)
{
    if (!is_pymalloc())
        SKIP("another body was built");
    bare_heap b;
    open_heap(&b);
    uint64_t state = test_seed();
    for (size_t size = 16; size <= WEFT_SMALL_MAX; size += 48) {
        size_t n = (POOL_BYTES - sizeof(pool)) / size;
        for (size_t i = 0; i < n; i++) {
            blocks[i] = take(&b, size);
            if (i > 0 && test_random(&state) % 3 == 0) { /* give one back on the way */
                size_t other = test_random(&state) % i;
                give(&b, blocks[other], size);
                blocks[other] = take(&b, size);
            }
        }
        for (size_t i = 0; i < n; i++)
            CHECK_PTR(pool_of(blocks[i]), pool_of(blocks[0]));
        CHECK(pool_of(take(&b, size)) != pool_of(blocks[0]));
    }
    heap_close(&b.heap);
}

TEST_CASE(pymalloc, a block freed in a full pool is handed out next)
{
    if (!is_pymalloc())
        SKIP("another body was built");
    bare_heap b;
    open_heap(&b);
    for (size_t size = 16; size <= WEFT_SMALL_MAX; size += 16) {
        size_t n = 3 * ((POOL_BYTES - sizeof(pool)) / size) + 1; /* three full pools, and a fourth begun */
        for (size_t i = 0; i < n; i++)
            blocks[i] = take(&b, size);
        for (size_t i = 0; i < n; i += n / 3) {
            give(&b, blocks[i], size);
            CHECK_PTR(take(&b, size), blocks[i]);
        }
    }
    heap_close(&b.heap);
}

TEST_CASE(pymalloc, large blocks are freed with the heap)
{
    if (!is_pymalloc())
        SKIP("another body was built");
    bare_heap b;
    open_heap(&b);
    for (size_t i = 0; i < 100; i++)
        CHECK(heap_block_alloc(&b.heap, &b.part, i % 2 ? HEAP_OBJECT : HEAP_RAW, 528 + i * 1600) != NULL);
    static weft_heap_stats stats;
    memset(&stats, 0, sizeof stats);
    heap_statistics_stopped(&b.heap, &stats);
    CHECK_INT(stats.large_blocks, 100);
    CHECK_INT(stats.arenas, 0);
    heap_close(&b.heap); /* LeakSanitizer tells */
}
