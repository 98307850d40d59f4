/* test_heap_ft.c - the heap with many threads: blocks of live and of ended ones, freed by others, walked while the others
 * stand still; and the promise to lock-free readers, that a dead object's block stays one until they are done. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "harness.h"
#include "heap/block.h"
#include "heap/magazine.h"
#include "resident.h"

enum { THREADS = 4, EACH = 3000 };

/* ---- the walk, with blocks of several threads ---------------------------------------------------------------------- */

typedef struct shared_heap {
    heap heap;
    heap_thread parts[THREADS + 1];
    uint64_t *blocks[THREADS + 1][EACH]; /* by the thread that allocated; word 1 holds where */
    size_t sizes[THREADS + 1][EACH];
    unsigned char seen[THREADS + 1][EACH];
    size_t strangers;
} shared_heap;

static shared_heap shared;

/* Full pages, half full ones, every kind of page, one huge block. */
static size_t size_of(int i)
{
    return i == EACH - 1 ? 6u << 20 : i % 100 == 0 ? 20000 : i % 10 == 0 ? 2000 : 16 + (size_t)(i % 3) * 16;
}

static void fill_part(int who)
{
    for (int i = 0; i < EACH; i++) {
        size_t size = heap_round(size_of(i));
        uint64_t *block = heap_block_alloc(&shared.heap, &shared.parts[who], HEAP_OBJECT, size);
        REQUIRE(block != NULL);
        block[0] = ~0ull;
        block[1] = (uint64_t)who * EACH + (uint64_t)i;
        shared.blocks[who][i] = block;
        shared.sizes[who][i] = size;
    }
}

static void free_one(int who, int i, heap_thread *by)
{
    if (shared.blocks[who][i] == NULL)
        return;
    heap_block_free(&shared.heap, by, HEAP_OBJECT, shared.blocks[who][i], shared.sizes[who][i]);
    shared.blocks[who][i] = NULL;
}

static int see(void *block, size_t size, void *arg)
{
    (void)arg;
    uint64_t at = ((uint64_t *)block)[1];
    if (at >= (THREADS + 1) * EACH || shared.blocks[at / EACH][at % EACH] != block ||
        size < shared.sizes[at / EACH][at % EACH])
        shared.strangers++;
    else
        shared.seen[at / EACH][at % EACH]++;
    return 0;
}

static void check_walk(void)
{
    memset(shared.seen, 0, sizeof shared.seen);
    shared.strangers = 0;
    CHECK_INT(heap_walk_stopped(&shared.heap, HEAP_OBJECT, see, NULL), 0);
    CHECK_INT(shared.strangers, 0);
    size_t wrong = 0;
    for (int who = 0; who <= THREADS; who++)
        for (int i = 0; i < EACH; i++)
            wrong += shared.seen[who][i] != (shared.blocks[who][i] != NULL);
    CHECK_INT(wrong, 0);
}

static void allocate_and_end(int index, void *arg)
{
    (void)arg;
    CHECK_INT(heap_thread_attach(&shared.heap, &shared.parts[index + 1]), WEFT_OK);
    fill_part(index + 1);
    heap_thread_detach(&shared.heap, &shared.parts[index + 1]);
}

/* The index-th of them frees what the next one allocated, a part of it. */
static void free_of_another(int index, void *arg)
{
    (void)arg;
    heap_thread part = {.part = {NULL}};
    CHECK_INT(heap_thread_attach(&shared.heap, &part), WEFT_OK);
    int victim = 1 + (index + 1) % THREADS;
    for (int i = index; i < EACH; i += 2)
        free_one(victim, i, &part);
    heap_thread_detach(&shared.heap, &part);
}

TEST_CASE(heap_ft, a walk sees the blocks of live and of ended threads once each)
{
    memset(&shared, 0, sizeof shared);
    CHECK_INT(heap_open(&shared.heap), WEFT_OK);
    CHECK_INT(heap_thread_attach(&shared.heap, &shared.parts[0]), WEFT_OK);
    fill_part(0);
    test_threads(THREADS, allocate_and_end, NULL);
    check_walk();
    /* freed by threads that did not allocate them: on mimalloc's delayed lists */
    test_threads(THREADS, free_of_another, NULL);
    check_walk();
    for (int who = 0; who <= THREADS; who++)
        for (int i = 0; i < EACH; i += 5)
            free_one(who, i, &shared.parts[0]);
    check_walk();
    for (int who = 0; who <= THREADS; who++)
        for (int i = 0; i < EACH; i++)
            free_one(who, i, &shared.parts[0]);
    check_walk();
    heap_close(&shared.heap);
}

typedef struct stage {
    pthread_barrier_t barrier;
} stage;

static void allocate_and_wait(int index, void *arg)
{
    stage *s = arg;
    CHECK_INT(heap_thread_attach(&shared.heap, &shared.parts[index + 1]), WEFT_OK);
    fill_part(index + 1);
    pthread_barrier_wait(&s->barrier); /* all have filled */
    for (int i = 0; i < EACH; i += 3)
        free_one(1 + (index + 1) % THREADS, i, &shared.parts[index + 1]);
    pthread_barrier_wait(&s->barrier); /* the first thread looks while all stand still */
    if (index == 0)
        check_walk();
    pthread_barrier_wait(&s->barrier);
    for (int i = 1; i < EACH; i += 3)
        free_one(index + 1, i, &shared.parts[index + 1]);
    pthread_barrier_wait(&s->barrier);
    if (index == 0)
        check_walk();
    pthread_barrier_wait(&s->barrier);
    heap_thread_detach(&shared.heap, &shared.parts[index + 1]);
}

TEST_CASE(heap_ft, a walk sees the blocks of threads that stand still)
{
    stage s;
    memset(&shared, 0, sizeof shared);
    CHECK_INT(heap_open(&shared.heap), WEFT_OK);
    pthread_barrier_init(&s.barrier, NULL, THREADS);
    test_threads(THREADS, allocate_and_wait, &s);
    pthread_barrier_destroy(&s.barrier);
    check_walk();
    heap_close(&shared.heap);
}

/* ---- threads that come and go ---------------------------------------------------------------------------------------- */

static void allocate_a_little(int index, void *arg)
{
    int begin = *(int *)arg, first = begin + index * 10;
    heap_thread part = {.part = {NULL}};
    CHECK_INT(heap_thread_attach(&shared.heap, &part), WEFT_OK);
    for (int i = first; i < first + 10; i++) {
        size_t size = heap_round(size_of(i % 1000));
        uint64_t *block = heap_block_alloc(&shared.heap, &part, HEAP_OBJECT, size);
        REQUIRE(block != NULL);
        block[0] = ~0ull;
        block[1] = (uint64_t)i;
        shared.blocks[0][i] = block;
        shared.sizes[0][i] = size;
    }
    if (begin % 3 == 0) /* and of what those that ended before left, some, each thread its own */
        for (int i = begin % 7; i < begin / 2; i += THREADS)
            free_one(0, i + index, &part);
    heap_thread_detach(&shared.heap, &part);
}

TEST_CASE(heap_ft, a storm of short threads loses no block)
{
    memset(&shared, 0, sizeof shared);
    CHECK_INT(heap_open(&shared.heap), WEFT_OK);
    for (int first = 0; first + 40 <= EACH; first += 40) {
        test_threads(THREADS, allocate_a_little, &first);
        if (first % 400 == 0)
            check_walk();
    }
    check_walk();
    heap_close(&shared.heap);
}

static void open_use_close(int index, void *arg)
{
    (void)arg;
    for (int i = 0; i < test_scale(100); i++) {
        heap h;
        heap_thread part = {.part = {NULL}};
        CHECK_INT(heap_open(&h), WEFT_OK);
        CHECK_INT(heap_thread_attach(&h, &part), WEFT_OK);
        for (int n = 0; n < 20; n++)
            CHECK(heap_block_alloc(&h, &part, n % 2 ? HEAP_RAW : HEAP_OBJECT, (size_t)(16 + 16 * (index + n))) != NULL);
        heap_thread_detach(&h, &part);
        heap_close(&h);
    }
}

TEST_CASE(heap_ft, many short - lived heaps in several threads)
{
    test_threads(THREADS, open_use_close, NULL);
}

static void free_all_as_first_deed(int index, void *arg)
{
    (void)arg;
    heap_thread part = {.part = {NULL}};
    for (int i = index; i < EACH; i += THREADS)
        free_one(0, i, &part);
}

TEST_CASE(heap_ft, threads that never allocated may free)
{
    memset(&shared, 0, sizeof shared);
    CHECK_INT(heap_open(&shared.heap), WEFT_OK);
    CHECK_INT(heap_thread_attach(&shared.heap, &shared.parts[0]), WEFT_OK);
    for (int round = 0; round < 5; round++) {
        fill_part(0);
        test_threads(THREADS, free_all_as_first_deed, NULL);
        check_walk();
    }
    heap_close(&shared.heap);
}

TEST_CASE(heap_ft, a freed block keeps its second word while it is free)
{
    if (strncmp(heap_name(), "mimalloc", 8) != 0)
        SKIP("late readers only meet mimalloc");
    heap h;
    heap_thread part = {.part = {NULL}};
    CHECK_INT(heap_open(&h), WEFT_OK);
    CHECK_INT(heap_thread_attach(&h, &part), WEFT_OK);

    enum { COUNT = 100 };

    uint64_t *blocks[COUNT];
    for (size_t size = 16; size <= WEFT_SMALL_MAX; size += 16) {
        for (int i = 0; i < COUNT; i++) {
            blocks[i] = heap_block_alloc(&h, &part, HEAP_OBJECT, size);
            blocks[i][1] = WEFT_SHARED_MERGED;
        }
        for (int i = 1; i < COUNT; i++)
            heap_block_free(&h, &part, HEAP_OBJECT, blocks[i], size);
        for (int i = 1; i < COUNT; i++)
            CHECK_INT(*(volatile uint64_t *)&blocks[i][1], WEFT_SHARED_MERGED);
    }
    heap_close(&h);
}

/* ---- what it costs --------------------------------------------------------------------------------------------------- */

TEST_CASE(heap_ft, malloc stays the business of the C library)
{
    Dl_info where;
    if (strncmp(heap_name(), "mimalloc", 8) != 0)
        SKIP("mimalloc alone would replace it");
    REQUIRE(dladdr(dlsym(RTLD_DEFAULT, "malloc"), &where) != 0);
    CHECK(strstr(where.dli_fname, "mimalloc") == NULL);
}

TEST_CASE(heap_ft, a runtime with one object takes some hundred KiB)
{
    enum { COUNT = 32, MOST_KIB = 250 };

    if (strncmp(heap_name(), "mimalloc", 8) != 0 || resident() / 1024 == 0)
        SKIP("a sanitizer takes more, or the system does not tell");
    weft_runtime *runtimes[COUNT];
    size_t before = resident() / 1024;
    for (int i = 0; i < COUNT; i++) {
        runtimes[i] = weft_runtime_new(NULL);
        weft_thread *self = weft_thread_attach(runtimes[i]);
        weft_object *list = weft_list_new(self, 1);
        REQUIRE(list != NULL);
        weft_decref(self, list);
        CHECK_INT(weft_thread_detach(self), WEFT_OK);
    }
    size_t after = resident() / 1024;
    CHECK(after < before + COUNT * MOST_KIB);
    for (int i = 0; i < COUNT; i++)
        CHECK_INT(weft_runtime_free(runtimes[i]), WEFT_OK);
}

/* ---- what lock-free readers rely on ------------------------------------------------------------------------------------ */

typedef struct sized {
    weft_object object;
    uint64_t more[4];
} sized;

typedef struct reader {
    weft_runtime *runtime;
    uint32_t state; /* 1: attached, and not at a safepoint until it is 2; atomic */
} reader;

/* An attached thread that reaches no safepoint: it may be looking at any object. */
static void *stay_attached(void *arg)
{
    reader *r = arg;
    weft_thread *self = weft_thread_attach(r->runtime);
    if (self == NULL) {
        weft_store_release(&r->state, 3);
        return NULL;
    }
    weft_store_release(&r->state, 1);
    while (weft_load_acquire(&r->state) != 2)
        platform_yield();
    weft_safepoint(self);
    return weft_thread_detach(self) == WEFT_OK ? arg : NULL;
}

static int compare_pointers(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t) * (void *const *)a, y = (uintptr_t) * (void *const *)b;
    return x < y ? -1 : x > y;
}

TEST_CASE(heap_ft, blocks of dead objects stay dead objects while a reader may look)
{
    enum { OBJECTS = 5000 };

    static weft_object *objects[OBJECTS];
    static void *raw[OBJECTS];
    weft_runtime *runtime = weft_runtime_new(NULL);
    REQUIRE(runtime != NULL);
    weft_thread *self = weft_thread_attach(runtime);
    REQUIRE(self != NULL);
    weft_type_spec spec = {.name = "sized", .size = sizeof(sized)};
    const weft_type *type = weft_type_register(self, &spec);
    REQUIRE(type != NULL);
    reader r = {runtime, 0};
    pthread_t other;
    REQUIRE(pthread_create(&other, NULL, stay_attached, &r) == 0);
    while (weft_load_acquire(&r.state) == 0)
        platform_yield();

    for (int i = 0; i < OBJECTS; i++)
        objects[i] = weft_new(self, type);
    for (int i = 0; i < OBJECTS; i++)
        weft_decref(self, objects[i]);
    for (int i = 0; i < OBJECTS; i++)
        raw[i] = weft_mem_alloc(self, sizeof(sized));
    for (int i = 0; i < OBJECTS; i++)
        memset(raw[i], 0x5A, sizeof(sized));
    qsort(raw, OBJECTS, sizeof raw[0], compare_pointers);
    size_t reused = 0, alive = 0, taken = 0;
    for (int i = 0; i < OBJECTS; i++) {
        reused += bsearch(&objects[i], raw, OBJECTS, sizeof raw[0], compare_pointers) != NULL;
        alive += object_is_live(objects[i]);
        taken += weft_try_incref(self, objects[i]);
    }
    CHECK_INT(reused, 0);
    CHECK_INT(alive, 0);
    CHECK_INT(taken, 0);

    static weft_heap_stats stats;
    weft_store_release(&r.state, 2);
    void *ended = NULL;
    weft_block_begin(self); /* the other's safepoint may wait for this thread */
    pthread_join(other, &ended);
    weft_block_end(self);
    CHECK(ended != NULL);
    for (int i = 0; i < OBJECTS; i++)
        weft_mem_free(self, raw[i], sizeof(sized));
    CHECK_INT(weft_heap_statistics(self, &stats), WEFT_OK);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
    CHECK_INT(weft_runtime_free(runtime), WEFT_OK);
}

TEST_CASE(heap_ft, large memory that waits for readers is counted in bytes)
{
    enum { BLOCKS = 8, BYTES = 256 << 10 };

    static weft_heap_stats stats;
    weft_runtime *runtime = weft_runtime_new(NULL);
    weft_thread *self = runtime ? weft_thread_attach(runtime) : NULL;
    REQUIRE(self != NULL);
    reader r = {runtime, 0};
    pthread_t other;
    REQUIRE(pthread_create(&other, NULL, stay_attached, &r) == 0);
    while (weft_load_acquire(&r.state) == 0)
        platform_yield();
    void *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++)
        blocks[i] = weft_mem_alloc(self, BYTES);
    for (int i = 0; i < BLOCKS; i++)
        weft_mem_retire(self, blocks[i], BYTES);
    CHECK_INT(thread_of(self)->reclaim.bytes, (size_t)BLOCKS * BYTES);
    weft_store_release(&r.state, 2);
    weft_block_begin(self);
    pthread_join(other, NULL);
    weft_block_end(self);
    reclaim_poll(thread_of(self)); /* whoever of the two had it in the end, this one has it by now */
    CHECK_INT(weft_heap_statistics(self, &stats), WEFT_OK);
    CHECK_INT(stats.bytes_deferred, 0);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
    CHECK_INT(weft_runtime_free(runtime), WEFT_OK);
}

/* ---- the public face, in several threads ---------------------------------------------------------------------------- */

typedef struct exchange {
    weft_runtime *runtime;
    void *slots[64]; /* atomic: blocks on their way from one thread to another */
} exchange;

static void exchange_blocks(int index, void *arg)
{
    exchange *e = arg;
    weft_thread *self = weft_thread_attach(e->runtime);
    REQUIRE(self != NULL);
    uint64_t state = test_seed() + (uint64_t)index;
    for (int i = 0; i < test_scale(20000); i++) {
        uint64_t r = test_random(&state);
        size_t size = 16 + r % 40 * (r % 64 == 0 ? 500 : 16);
        size_t *block = weft_mem_alloc(self, size);
        REQUIRE(block != NULL);
        block[0] = size;
        block[size / sizeof *block - 1] = size;
        /* order: acq_rel - hands over what was written to the block, and takes over the other one's */
        size_t *other = __atomic_exchange_n(&e->slots[(r >> 20) % 64], (void *)block, __ATOMIC_ACQ_REL);
        if (other != NULL) {
            size_t its = other[0];
            CHECK_INT(other[its / sizeof *other - 1], its);
            weft_mem_free(self, other, its);
        }
        weft_safepoint(self);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(stress_heap_ft, blocks freed by other threads than those that allocated them)
{
    static exchange e;
    static weft_heap_stats stats;
    memset(&e, 0, sizeof e);
    e.runtime = weft_runtime_new(NULL);
    REQUIRE(e.runtime != NULL);
    for (int round = 0; round < 3; round++)
        test_threads(THREADS, exchange_blocks, &e);
    weft_thread *self = weft_thread_attach(e.runtime);
    REQUIRE(self != NULL);
    for (int i = 0; i < 64; i++) {
        if (e.slots[i])
            weft_mem_free(self, e.slots[i], *(size_t *)e.slots[i]);
    }
    CHECK_INT(weft_heap_statistics(self, &stats), WEFT_OK);
    CHECK_INT(stats.large_blocks, 0);
    CHECK_INT(stats.objects, 0);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
    CHECK_INT(weft_runtime_free(e.runtime), WEFT_OK);
}

static void allocate_while_switched(int index, void *arg)
{
    weft_thread *self = weft_thread_attach(*(weft_runtime **)arg);
    REQUIRE(self != NULL);
    for (int i = 0; i < test_scale(2000); i++) {
        if (index == 0 && i % 20 == 0)
            CHECK_INT(weft_fail_allocation(self, i % 40 ? 3 : 0, false), WEFT_OK);
        void *p = weft_mem_alloc(self, 48);
        weft_mem_free(self, p, 48);
        weft_safepoint(self);
    }
    if (index == 0)
        CHECK_INT(weft_fail_allocation(self, 0, false), WEFT_OK);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(stress_heap_ft, failing is switched on and off while others allocate)
{
    weft_runtime *runtime = weft_runtime_new(NULL);
    REQUIRE(runtime != NULL);
    test_threads(THREADS, allocate_while_switched, &runtime);
    CHECK_INT(weft_runtime_free(runtime), WEFT_OK);
}
