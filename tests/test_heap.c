/* test_heap.c - what every body of the heap must do: blocks, the walk against a shadow list, magazines, statistics,
 * running out of memory. */
#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "harness.h"
#include "heap/block.h"
#include "heap/magazine.h"
#include "resident.h"

/* ---- fixtures ---------------------------------------------------------------------------------------------------- */

typedef struct world_of_one {
    weft_runtime *runtime;
    weft_thread *self;
} world_of_one;

static world_of_one open_world(void)
{
    world_of_one w = {weft_runtime_new(NULL), NULL};
    if (w.runtime)
        w.self = weft_thread_attach(w.runtime);
    CHECK(w.self != NULL);
    return w;
}

static void close_world(world_of_one w)
{
    CHECK_INT(weft_thread_detach(w.self), WEFT_OK);
    CHECK_INT(weft_runtime_free(w.runtime), WEFT_OK);
}

typedef struct bare_heap {
    heap heap;
    heap_thread part;
} bare_heap;

static void open_heap(bare_heap *b)
{
    memset(b, 0, sizeof *b);
    CHECK_INT(heap_open(&b->heap), WEFT_OK);
    CHECK_INT(heap_thread_attach(&b->heap, &b->part), WEFT_OK);
}

static void close_heap(bare_heap *b)
{
    heap_thread_detach(&b->heap, &b->part);
    heap_close(&b->heap);
}

/* ---- the shadow list: what ought to be in the heap --------------------------------------------------------------- */

typedef struct shadow_block {
    void *block;
    size_t size;
    bool seen;
} shadow_block;

typedef struct shadow {
    shadow_block blocks[8000];
    size_t count;
    size_t strangers, twice, too_small;
} shadow;

static int by_address(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)((const shadow_block *)a)->block, y = (uintptr_t)((const shadow_block *)b)->block;
    return x < y ? -1 : x > y;
}

static int shadow_see(void *block, size_t size, void *arg)
{
    shadow *s = arg;
    shadow_block key = {block, 0, false};
    shadow_block *found = bsearch(&key, s->blocks, s->count, sizeof key, by_address);
    if (found == NULL) {
        s->strangers++;
        return 0;
    }
    s->twice += found->seen;
    s->too_small += size < found->size;
    found->seen = true;
    return 0;
}

static void shadow_compare(shadow *s, heap *h, heap_kind kind)
{
    qsort(s->blocks, s->count, sizeof s->blocks[0], by_address);
    s->strangers = s->twice = s->too_small = 0;
    CHECK_INT(heap_walk_stopped(h, kind, shadow_see, s), 0);
    size_t missed = 0;
    for (size_t i = 0; i < s->count; i++) {
        missed += !s->blocks[i].seen;
        s->blocks[i].seen = false;
    }
    CHECK_INT(missed, 0);
    CHECK_INT(s->strangers, 0);
    CHECK_INT(s->twice, 0);
    CHECK_INT(s->too_small, 0);
}

/* Mostly small, all classes; some of every larger kind; one in 500 above 4 MiB. */
static size_t random_size(uint64_t *state)
{
    uint64_t r = test_random(state);
    size_t size = 1 + (r >> 16) % WEFT_SMALL_MAX;
    if (r % 500 == 0)
        size = (4u << 20) + (r >> 16) % (1u << 20);
    else if (r % 50 == 0)
        size = 1 + (r >> 16) % (200u << 10);
    else if (r % 10 == 0)
        size = 1 + (r >> 16) % 4096;
    return heap_round(size);
}

static void shadow_alloc(shadow *s, bare_heap *b, heap_kind kind, uint64_t *state)
{
    size_t size = random_size(state);
    void *block = heap_block_alloc(&b->heap, &b->part, kind, size);
    REQUIRE(block != NULL);
    CHECK_INT((uintptr_t)block % WEFT_BLOCK_ALIGN, 0);
    memset(block, 0xA5, size < 64 ? size : 64);
    s->blocks[s->count++] = (shadow_block){block, size, false};
}

static void shadow_free(shadow *s, bare_heap *b, heap_kind kind, uint64_t *state)
{
    size_t i = test_random(state) % s->count;
    heap_block_free(&b->heap, &b->part, kind, s->blocks[i].block, s->blocks[i].size);
    s->blocks[i] = s->blocks[--s->count];
}

/* ---- the walk ---------------------------------------------------------------------------------------------------- */

TEST_CASE(heap, a walk sees exactly the blocks of a shadow list)
{
    static shadow objects, raw;
    bare_heap b;
    open_heap(&b);
    objects.count = raw.count = 0;
    uint64_t state = test_seed();
    for (int round = 0; round < test_scale(40); round++) {
        bool grow = round % 4 != 3;
        for (int i = 0; i < 200; i++) {
            if (grow || objects.count < 10)
                shadow_alloc(&objects, &b, HEAP_OBJECT, &state);
            else
                for (int n = 0; n < 3 && objects.count > 0; n++)
                    shadow_free(&objects, &b, HEAP_OBJECT, &state);
            if (i % 4 == 0)
                shadow_alloc(&raw, &b, HEAP_RAW, &state);
            if (i % 8 == 0)
                shadow_free(&raw, &b, HEAP_RAW, &state);
        }
        shadow_compare(&objects, &b.heap, HEAP_OBJECT);
        shadow_compare(&raw, &b.heap, HEAP_RAW);
    }
    close_heap(&b);
}

TEST_CASE(heap, a walk finds a block of every size class and of each larger kind)
{
    static shadow s;
    static const size_t larger[] = {528,        1024,
                                    1040,       4096,
                                    10240,      10256,
                                    65536,      84000 / 16 * 16,
                                    512u << 10, (512u << 10) + 16,
                                    4u << 20,   (4u << 20) + 16,
                                    20u << 20};
    bare_heap b;
    open_heap(&b);
    s.count = 0;
    for (size_t size = 16; size <= WEFT_SMALL_MAX; size += 16)
        s.blocks[s.count++] = (shadow_block){heap_block_alloc(&b.heap, &b.part, HEAP_OBJECT, size), size, false};
    for (size_t i = 0; i < sizeof larger / sizeof larger[0]; i++)
        s.blocks[s.count++] =
            (shadow_block){heap_block_alloc(&b.heap, &b.part, HEAP_OBJECT, larger[i]), larger[i], false};
    shadow_compare(&s, &b.heap, HEAP_OBJECT);
    while (s.count > 0) {
        s.count--;
        heap_block_free(&b.heap, &b.part, HEAP_OBJECT, s.blocks[s.count].block, s.blocks[s.count].size);
        shadow_compare(&s, &b.heap, HEAP_OBJECT);
        qsort(s.blocks, s.count, sizeof s.blocks[0], by_address);
    }
    close_heap(&b);
}

static int stop_at_third(void *block, size_t size, void *arg)
{
    (void)block;
    (void)size;
    return ++*(int *)arg == 3 ? 42 : 0;
}

TEST_CASE(heap, a walk ends at the first non - zero result and returns it)
{
    bare_heap b;
    open_heap(&b);
    for (int i = 0; i < 10; i++)
        CHECK(heap_block_alloc(&b.heap, &b.part, HEAP_OBJECT, 48) != NULL);
    int calls = 0;
    CHECK_INT(heap_walk_stopped(&b.heap, HEAP_OBJECT, stop_at_third, &calls), 42);
    CHECK_INT(calls, 3);
    close_heap(&b);
}

TEST_CASE(heap, heaps of two runtimes do not see each other)
{
    static shadow first, second;
    bare_heap a, b;
    open_heap(&a);
    open_heap(&b);
    first.count = second.count = 0;
    uint64_t state = test_seed();
    for (int i = 0; i < 500; i++) {
        shadow_alloc(&first, &a, HEAP_OBJECT, &state);
        shadow_alloc(&second, &b, HEAP_OBJECT, &state);
    }
    shadow_compare(&first, &a.heap, HEAP_OBJECT);
    shadow_compare(&second, &b.heap, HEAP_OBJECT);
    close_heap(&a);
    shadow_compare(&second, &b.heap, HEAP_OBJECT);
    close_heap(&b);
}

TEST_CASE(heap, many short - lived heaps)
{
    for (int i = 0; i < test_scale(400); i++) {
        bare_heap b;
        open_heap(&b);
        for (int n = 0; n < 50; n++)
            CHECK(heap_block_alloc(&b.heap, &b.part, n % 2 ? HEAP_OBJECT : HEAP_RAW, 16 * (1 + (size_t)n)) != NULL);
        close_heap(&b);
    }
}

/* Fills so many MiB, frees them, and wants most of them back. */
static void fill_and_free(int mib)
{
    enum { MOST = 64, SIZE = 512, IN_MIB = (1 << 20) / SIZE };

    static void *blocks[MOST * IN_MIB];
    if (heap_magazine_bytes() == 0 || resident() == 0)
        SKIP("a sanitizer keeps freed memory, or the system does not tell");
    bare_heap b;
    open_heap(&b);
    memset(blocks, 1, sizeof blocks);
    size_t empty = resident(), bytes = (size_t)mib << 20;
    for (int i = 0; i < mib * IN_MIB; i++) {
        blocks[i] = heap_block_alloc(&b.heap, &b.part, HEAP_OBJECT, SIZE);
        REQUIRE(blocks[i] != NULL);
        memset(blocks[i], 1, SIZE);
    }
    size_t full = resident();
    CHECK(full > empty + bytes / 2);
    for (int i = 0; i < mib * IN_MIB; i++)
        heap_block_free(&b.heap, &b.part, HEAP_OBJECT, blocks[i], SIZE);
    CHECK(resident() < full - bytes / 2);
    close_heap(&b);
}

TEST_CASE(heap, memory that is no longer used goes back to the system)
{
    fill_and_free(64);
}

TEST_CASE(heap, that of a small program does too)
{
    fill_and_free(6);
}

/* ---- raw memory -------------------------------------------------------------------------------------------------- */

static void fill(void *p, size_t size, unsigned seed)
{
    for (size_t i = 0; i < size; i++)
        ((unsigned char *)p)[i] = (unsigned char)(seed + i * 7);
}

static bool filled(const void *p, size_t size, unsigned seed)
{
    for (size_t i = 0; i < size; i++)
        if (((const unsigned char *)p)[i] != (unsigned char)(seed + i * 7))
            return false;
    return true;
}

TEST_CASE(heap, memory of every size to 600 bytes is aligned and its own)
{
    world_of_one w = open_world();

    enum { SIZES = 600 };

    void *blocks[SIZES + 1];
    for (size_t size = 1; size <= SIZES; size++) {
        blocks[size] = weft_mem_alloc(w.self, size);
        REQUIRE(blocks[size] != NULL);
        CHECK_INT((uintptr_t)blocks[size] % 16, 0);
        fill(blocks[size], size, (unsigned)size);
    }
    for (size_t size = 1; size <= SIZES; size++) {
        CHECK(filled(blocks[size], size, (unsigned)size));
        weft_mem_free(w.self, blocks[size], size);
    }
    close_world(w);
}

TEST_CASE(heap, memory that was freed is handed out again)
{
    world_of_one w = open_world();
    if (heap_magazine_bytes() == 0) {
        close_world(w);
        SKIP("this heap has no magazines");
    }
    void *p = weft_mem_alloc(w.self, 48);
    weft_mem_free(w.self, p, 48);
    CHECK_PTR(weft_mem_alloc(w.self, 33), p);
    weft_mem_free(w.self, p, 33);
    close_world(w);
}

TEST_CASE(heap, sizes that cannot be are errors)
{
    world_of_one w = open_world();
    size_t none = 0, most = (size_t)PTRDIFF_MAX;
    CHECK(weft_mem_alloc(w.self, none) == NULL);
    CHECK_INT(weft_error_status(), WEFT_ERROR_VALUE);
    CHECK(weft_mem_alloc(w.self, most + 1) == NULL);
    CHECK_INT(weft_error_status(), WEFT_ERROR_OVERFLOW);
    CHECK(weft_mem_alloc(w.self, SIZE_MAX) == NULL);
    CHECK_INT(weft_error_status(), WEFT_ERROR_OVERFLOW);
    CHECK(weft_mem_alloc(w.self, most) == NULL);
    CHECK_INT(weft_error_status(), WEFT_ERROR_MEMORY);
    CHECK(weft_mem_alloc(w.self, most - 4096) == NULL);
    CHECK_INT(weft_error_status(), WEFT_ERROR_MEMORY);
    weft_mem_free(w.self, NULL, 10);
    weft_mem_retire(w.self, NULL, 10);
    close_world(w);
}

TEST_CASE(heap, a failed realloc leaves the memory as it was)
{
    world_of_one w = open_world();
    static const size_t sizes[] = {40, 512, 513, 100000};
    for (size_t i = 0; i < 4; i++) {
        void *p = weft_mem_alloc(w.self, sizes[i]);
        fill(p, sizes[i], 3);
        CHECK(weft_mem_realloc(w.self, p, sizes[i], 0) == NULL);
        CHECK_INT(weft_error_status(), WEFT_ERROR_VALUE);
        CHECK(weft_mem_realloc(w.self, p, sizes[i], SIZE_MAX) == NULL);
        CHECK_INT(weft_error_status(), WEFT_ERROR_OVERFLOW);
        CHECK(weft_mem_realloc(w.self, p, sizes[i], (size_t)PTRDIFF_MAX - 4096) == NULL);
        CHECK_INT(weft_error_status(), WEFT_ERROR_MEMORY);
        CHECK(weft_mem_realloc(w.self, NULL, sizes[i], 10) == NULL);
        CHECK_INT(weft_error_status(), WEFT_ERROR_VALUE);
        CHECK(filled(p, sizes[i], 3));
        weft_mem_free(w.self, p, sizes[i]);
    }
    close_world(w);
}

TEST_CASE(heap, realloc keeps what fits)
{
    world_of_one w = open_world();
    uint64_t state = test_seed();
    size_t size = 1;
    void *p = weft_mem_alloc(w.self, size);
    fill(p, size, 0);
    for (unsigned i = 0; i < (unsigned)test_scale(2000); i++) {
        uint64_t r = test_random(&state);
        size_t next = 1 + (r >> 8) % (r % 50 == 0 ? 5u << 20 : r % 3 == 0 ? 5000 : 700);
        void *q = weft_mem_realloc(w.self, p, size, next);
        REQUIRE(q != NULL);
        CHECK(filled(q, size < next ? size : next, i));
        p = q;
        size = next;
        fill(p, size, i + 1);
    }
    weft_mem_free(w.self, p, size);
    close_world(w);
}

/* ---- objects ----------------------------------------------------------------------------------------------------- */

typedef struct sized {
    weft_object object;
    uint64_t more[4];
} sized;

static int no_references(weft_object *o, weft_visit_fn visit, void *arg)
{
    (void)o;
    (void)visit;
    (void)arg;
    return 0;
}

static void nothing_to_drop(weft_thread *self, weft_object *o)
{
    (void)self;
    (void)o;
}

typedef struct found {
    weft_object *objects[1000];
    const weft_type *a, *b;
    size_t count;
} found;

static int find_typed(weft_object *o, void *arg)
{
    found *f = arg;
    if ((weft_type_of(o) == f->a || weft_type_of(o) == f->b) && f->count < 1000)
        f->objects[f->count++] = o;
    return 0;
}

static size_t count_typed(world_of_one w, found *f)
{
    f->count = 0;
    CHECK_INT(weft_world_stop(w.self), WEFT_OK);
    CHECK_INT(weft_heap_walk(w.self, find_typed, f), 0);
    CHECK_INT(weft_world_start(w.self), WEFT_OK);
    return f->count;
}

TEST_CASE(heap, the walk of objects sees the live ones and not those in magazines)
{
    world_of_one w = open_world();
    static found f;
    weft_type_spec plain = {.name = "plain", .size = sizeof(sized)};
    weft_type_spec linked = {.name = "linked",
                             .size = sizeof(sized),
                             .traverse = no_references,
                             .clear = nothing_to_drop,
                             .destroy = nothing_to_drop};
    f.a = weft_type_register(w.self, &plain);
    f.b = weft_type_register(w.self, &linked);
    REQUIRE(f.a != NULL && f.b != NULL);

    enum { OBJECTS = 600 };

    weft_object *objects[OBJECTS];
    /* Twice, so that blocks are used again for the other type: in the GIL flavour with links in front, or without. */
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < OBJECTS; i++) {
            objects[i] = weft_new(w.self, (i + round) % 2 ? f.a : f.b);
            REQUIRE(objects[i] != NULL);
        }
        CHECK_INT(count_typed(w, &f), OBJECTS);
        for (size_t i = 0; i < f.count; i++) {
            bool known = false;
            for (size_t n = 0; n < OBJECTS && !known; n++)
                known = f.objects[i] == objects[n];
            CHECK(known);
        }
        for (size_t i = 0; i < OBJECTS; i += 3)
            weft_decref(w.self, objects[i]);
        CHECK_INT(count_typed(w, &f), OBJECTS - OBJECTS / 3);
        for (size_t i = 0; i < OBJECTS; i++)
            if (i % 3)
                weft_decref(w.self, objects[i]);
        CHECK_INT(count_typed(w, &f), 0);
    }
    close_world(w);
}

TEST_CASE(heap, walking without stopping the world is refused)
{
    world_of_one w = open_world();
    found f = {.count = 0};
    CHECK_INT(weft_heap_walk(w.self, find_typed, &f), WEFT_ERROR_BUSY);
    CHECK_INT(weft_heap_walk(w.self, NULL, &f), WEFT_ERROR_VALUE);
    CHECK_INT(weft_heap_walk(NULL, find_typed, &f), WEFT_ERROR_THREAD);
    CHECK_INT(weft_heap_statistics(NULL, NULL), WEFT_ERROR_THREAD);
    CHECK_INT(weft_heap_statistics(w.self, NULL), WEFT_ERROR_VALUE);
    close_world(w);
}

/* ---- statistics -------------------------------------------------------------------------------------------------- */

static weft_heap_stats before, after;

static void check_sums(const weft_heap_stats *s)
{
    size_t bytes = s->large_bytes;
    CHECK_INT(s->classes, WEFT_SIZE_CLASSES);
    for (size_t i = 1; i < s->classes; i++) {
        CHECK_INT(s->objects_by_class[i].block_size, i * 16);
        CHECK_INT(s->raw_by_class[i].block_size, i * 16);
        bytes += i * 16 * (s->objects_by_class[i].blocks_used + s->raw_by_class[i].blocks_used);
    }
    CHECK_INT(s->bytes_used, bytes);
    CHECK(s->bytes_reserved >= s->bytes_used);
}

TEST_CASE(heap, statistics add up by class)
{
    world_of_one w = open_world();

    enum { EACH = 40 };

    static void *blocks[WEFT_SIZE_CLASSES][EACH];
    CHECK_INT(weft_heap_statistics(w.self, &before), WEFT_OK);
    check_sums(&before);
    for (size_t class = 1; class < WEFT_SIZE_CLASSES; class ++)
        for (size_t i = 0; i < EACH; i++)
            blocks[class][i] = weft_mem_alloc(w.self, class * 16);
    void *large = weft_mem_alloc(w.self, 100000);
    CHECK_INT(weft_heap_statistics(w.self, &after), WEFT_OK);
    check_sums(&after);
    size_t used_before = 0, used_after = 0;
    for (size_t class = 1; class < WEFT_SIZE_CLASSES; class ++) {
        /* The body may give a class the blocks of a larger one. */
        size_t index = heap_class_of(heap_block_size(class * 16));
        CHECK(after.raw_by_class[index].blocks_used >= before.raw_by_class[index].blocks_used + EACH);
        used_before += before.raw_by_class[class].blocks_used;
        used_after += after.raw_by_class[class].blocks_used;
    }
    CHECK_INT(used_after, used_before + EACH * (WEFT_SIZE_CLASSES - 1));
    CHECK_INT(after.large_blocks, before.large_blocks + 1);
    CHECK(after.large_bytes >= before.large_bytes + 100000);
    CHECK_INT(after.objects, before.objects);

    for (size_t class = 1; class < WEFT_SIZE_CLASSES; class ++)
        for (size_t i = 0; i < EACH; i++)
            weft_mem_free(w.self, blocks[class][i], class * 16);
    weft_mem_free(w.self, large, 100000);
    CHECK_INT(weft_heap_statistics(w.self, &after), WEFT_OK);
    check_sums(&after);
    CHECK_INT(after.bytes_used, before.bytes_used);
    CHECK_INT(after.large_blocks, before.large_blocks);
    size_t cached = 0;
    for (size_t class = 1; class < WEFT_SIZE_CLASSES; class ++)
        cached += after.raw_by_class[class].blocks_cached;
    if (heap_magazine_bytes() > 0)
        CHECK(cached >= 8 * (WEFT_SIZE_CLASSES - 1));
    else
        CHECK_INT(cached, 0);
    close_world(w);
}

TEST_CASE(heap, reading statistics in a stopped world does not start it)
{
    world_of_one w = open_world();
    CHECK_INT(weft_world_stop(w.self), WEFT_OK);
    CHECK_INT(weft_heap_statistics(w.self, &after), WEFT_OK);
    CHECK(world_is_stopped_by(thread_of(w.self)));
    CHECK_INT(weft_world_start(w.self), WEFT_OK);
    close_world(w);
}

/* ---- running out of memory --------------------------------------------------------------------------------------- */

/* How many of `count` allocations fail; *first is the first of them, from 1. Frees all. */
static int count_failures(weft_thread *self, int count, int *first)
{
    void *blocks[64];
    int failures = 0;
    *first = 0;
    for (int i = 0; i < count; i++) {
        weft_error_clear();
        blocks[i] = weft_mem_alloc(self, i % 3 ? 48 : 5000);
        if (blocks[i] != NULL)
            continue;
        CHECK_INT(weft_error_status(), WEFT_ERROR_MEMORY);
        CHECK(strstr(weft_error_message(), i % 3 ? "48" : "5000") != NULL);
        failures++;
        if (*first == 0)
            *first = i + 1;
    }
    for (int i = 0; i < count; i++)
        weft_mem_free(self, blocks[i], i % 3 ? 48 : 5000);
    return failures;
}

TEST_CASE(heap, the allocation that was asked to fail fails, and no other)
{
    world_of_one w = open_world();
    int first;
    (void)count_failures(w.self, 64, &first); /* something is in the magazines */
    for (int n = 1; n <= 30; n++) {
        CHECK_INT(weft_fail_allocation(w.self, (uint64_t)n, false), WEFT_OK);
        CHECK_INT(count_failures(w.self, 40, &first), 1);
        CHECK_INT(first, n);
        CHECK_INT(weft_fail_allocation(w.self, (uint64_t)n, true), WEFT_OK);
        CHECK_INT(count_failures(w.self, 40, &first), 40 - n + 1);
        CHECK_INT(first, n);
        CHECK_INT(weft_fail_allocation(w.self, 0, false), WEFT_OK);
        CHECK_INT(count_failures(w.self, 40, &first), 0);
    }
    CHECK_INT(weft_fail_allocation(w.self, UINT64_MAX, false), WEFT_ERROR_VALUE);
    CHECK_INT(weft_fail_allocation(NULL, 1, false), WEFT_ERROR_THREAD);
    close_world(w);
}

TEST_CASE(heap, no magazine holds a block while allocations are made to fail)
{
    world_of_one w = open_world();
    int first;
    (void)count_failures(w.self, 64, &first);
    CHECK_INT(weft_fail_allocation(w.self, 1000000, false), WEFT_OK);
    (void)count_failures(w.self, 64, &first);
    CHECK_INT(weft_heap_statistics(w.self, &after), WEFT_OK);
    for (size_t class = 1; class < WEFT_SIZE_CLASSES; class ++) {
        CHECK_INT(after.objects_by_class[class].blocks_cached, 0);
        CHECK_INT(after.raw_by_class[class].blocks_cached, 0);
        CHECK_INT(w.self->raw[class].limit, 0);
    }
    CHECK_INT(weft_fail_allocation(w.self, 0, false), WEFT_OK);
    (void)count_failures(w.self, 64, &first);
    CHECK_INT(weft_heap_statistics(w.self, &after), WEFT_OK);
    if (heap_magazine_bytes() > 0)
        CHECK(after.raw_by_class[3].blocks_cached > 0);
    close_world(w);
}

/* ---- magazines --------------------------------------------------------------------------------------------------- */

TEST_CASE(heap, a magazine holds at most 8 KiB or 32 of numbers and at least 8 blocks)
{
    world_of_one w = open_world();
    if (heap_magazine_bytes() == 0) {
        close_world(w);
        SKIP("this heap has no magazines");
    }

    enum { MOST = 2500, NUMBER_CLASSES = 2 };

    static void *blocks[MOST];
    for (size_t class = 1; class < WEFT_SIZE_CLASSES; class ++) {
        for (size_t i = 0; i < MOST; i++)
            blocks[i] = weft_mem_alloc(w.self, class * 16);
        for (size_t i = 0; i < MOST; i++)
            weft_mem_free(w.self, blocks[i], class * 16);
        CHECK(w.self->raw[class].count * class * 16 <= (class <= NUMBER_CLASSES ? 32768 : 8192));
        CHECK(w.self->raw[class].count >= 8);
    }
    heap_magazines_trim(thread_of(w.self));
    for (size_t class = 1; class < WEFT_SIZE_CLASSES; class ++)
        CHECK_INT(w.self->raw[class].count, 8);
    CHECK_INT(w.self->raw[0].count, 0);
    close_world(w);
}

TEST_CASE(heap, what one thread freed into its magazine another attachment may use)
{
    world_of_one w = open_world();
    for (int i = 0; i < 100; i++) {
        void *p = weft_mem_alloc(w.self, 100);
        REQUIRE(p != NULL);
        memset(p, i, 100);
        weft_mem_free(w.self, p, 100);
        CHECK_INT(weft_thread_detach(w.self), WEFT_OK);
        w.self = weft_thread_attach(w.runtime);
        REQUIRE(w.self != NULL);
    }
    close_world(w);
}
