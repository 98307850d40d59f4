/* micro_heap.c - what an allocation and a free cost: 48-byte blocks, through the magazines and past them.
 *
 *   batch   64 blocks allocated, then freed, over and over: the figure alloc_free_48_ns
 *   pair    one block allocated and freed, over and over: measures store forwarding as well
 *   spill   20,000 blocks allocated, then freed: magazines run empty and full all the time
 *   random  a table of 4,096 places, one of which is freed and allocated anew, sizes 16 to 512
 * Prints one line a measurement: its name, the heap, the kind of block, and the nanoseconds of one allocation and its
 * free: the best of many rounds (what an idle core does) and their median. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/core.h"
#include "heap/magazine.h"

enum { BLOCK = 48, BATCH = 64, SPILL = 20000, TABLE = 4096, ROUNDS = 41 };

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void *blocks[SPILL];
static uint16_t sizes[TABLE];

/* Keeps the compiler from pairing an allocation with its free. */
#define OPAQUE(p) __asm__ volatile("" : "+r"(p)::"memory")

static void kill_block(void *block)
{
    ((uint64_t *)block)[1] = 3; /* an object dies with word 1 written; here as in life */
}

static double batch_cached(thread *t, heap_kind kind)
{
    enum { TIMES = 2000 };

    double start = now_ns();
    for (int n = 0; n < TIMES; n++) {
        for (int i = 0; i < BATCH; i++) {
            void *block = heap_alloc_small(t, kind, BLOCK);
            OPAQUE(block);
            blocks[i] = block;
        }
        for (int i = 0; i < BATCH; i++)
            heap_free_small(t, kind, blocks[i], BLOCK);
    }
    return (now_ns() - start) / (TIMES * BATCH);
}

static double batch_body(thread *t, heap_kind kind)
{
    enum { TIMES = 2000 };

    heap *h = &t->head.runtime->heap;
    double start = now_ns();
    for (int n = 0; n < TIMES; n++) {
        for (int i = 0; i < BATCH; i++)
            blocks[i] = heap_block_alloc(h, &t->heap, kind, BLOCK);
        for (int i = 0; i < BATCH; i++)
            heap_block_free(h, &t->heap, kind, blocks[i], BLOCK);
    }
    return (now_ns() - start) / (TIMES * BATCH);
}

static double pair_cached(thread *t, heap_kind kind)
{
    enum { TIMES = 100000 };

    double start = now_ns();
    for (int n = 0; n < TIMES; n++) {
        void *block = heap_alloc_small(t, kind, BLOCK);
        OPAQUE(block);
        heap_free_small(t, kind, block, BLOCK);
    }
    return (now_ns() - start) / TIMES;
}

static double pair_body(thread *t, heap_kind kind)
{
    enum { TIMES = 100000 };

    heap *h = &t->head.runtime->heap;
    double start = now_ns();
    for (int n = 0; n < TIMES; n++) {
        void *block = heap_block_alloc(h, &t->heap, kind, BLOCK);
        OPAQUE(block);
        heap_block_free(h, &t->heap, kind, block, BLOCK);
    }
    return (now_ns() - start) / TIMES;
}

static double spill_cached(thread *t, heap_kind kind)
{
    enum { TIMES = 4 };

    double start = now_ns();
    for (int n = 0; n < TIMES; n++) {
        for (int i = 0; i < SPILL; i++) {
            blocks[i] = heap_alloc_small(t, kind, BLOCK);
            kill_block(blocks[i]);
        }
        for (int i = 0; i < SPILL; i++)
            heap_free_small(t, kind, blocks[i], BLOCK);
    }
    return (now_ns() - start) / (TIMES * SPILL);
}

static double spill_body(thread *t, heap_kind kind)
{
    enum { TIMES = 4 };

    heap *h = &t->head.runtime->heap;
    double start = now_ns();
    for (int n = 0; n < TIMES; n++) {
        for (int i = 0; i < SPILL; i++) {
            blocks[i] = heap_block_alloc(h, &t->heap, kind, BLOCK);
            kill_block(blocks[i]);
        }
        for (int i = 0; i < SPILL; i++)
            heap_block_free(h, &t->heap, kind, blocks[i], BLOCK);
    }
    return (now_ns() - start) / (TIMES * SPILL);
}

static uint32_t random_next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static double random_any(thread *t, heap_kind kind, bool cached)
{
    enum { TIMES = 100000 };

    static uint32_t state = 12345;
    heap *h = &t->head.runtime->heap;
    double start = now_ns();
    for (int n = 0; n < TIMES; n++) {
        uint32_t r = random_next(&state);
        uint32_t i = r % TABLE;
        size_t size = (r >> 12) % 32 * 16 + 16;
        if (cached) {
            if (blocks[i])
                heap_free(t, kind, blocks[i], sizes[i]);
            blocks[i] = heap_alloc(t, kind, size);
        } else {
            if (blocks[i])
                heap_block_free(h, &t->heap, kind, blocks[i], sizes[i]);
            blocks[i] = heap_block_alloc(h, &t->heap, kind, size);
        }
        sizes[i] = (uint16_t)size;
        kill_block(blocks[i]);
    }
    return (now_ns() - start) / TIMES;
}

static void random_empty(thread *t, heap_kind kind, bool cached)
{
    for (int i = 0; i < TABLE; i++) {
        if (blocks[i] && cached)
            heap_free(t, kind, blocks[i], sizes[i]);
        else if (blocks[i])
            heap_block_free(&t->head.runtime->heap, &t->heap, kind, blocks[i], sizes[i]);
        blocks[i] = NULL;
    }
}

static double random_cached(thread *t, heap_kind kind)
{
    return random_any(t, kind, true);
}

static double random_body(thread *t, heap_kind kind)
{
    return random_any(t, kind, false);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void measure(const char *name, double (*run)(thread *, heap_kind), thread *t, heap_kind kind)
{
    double results[ROUNDS];
    for (int i = 0; i < ROUNDS; i++)
        results[i] = run(t, kind);
    qsort(results, ROUNDS, sizeof results[0], compare);
    printf("%-14s %-16s %-6s %6.2f %6.2f\n", name, heap_name(), kind == HEAP_OBJECT ? "object" : "raw", results[0],
           results[ROUNDS / 2]);
}

int main(void)
{
    weft_runtime *runtime = weft_runtime_new(NULL);
    weft_thread *self = runtime ? weft_thread_attach(runtime) : NULL;
    if (self == NULL) {
        fprintf(stderr, "micro_heap: %s\n", weft_error_message());
        return 1;
    }
    thread *t = thread_of(self);
    for (heap_kind kind = HEAP_OBJECT; kind < HEAP_KINDS; kind++) {
        measure("batch", batch_cached, t, kind);
        measure("batch_body", batch_body, t, kind);
        measure("pair", pair_cached, t, kind);
        measure("pair_body", pair_body, t, kind);
        measure("spill", spill_cached, t, kind);
        measure("spill_body", spill_body, t, kind);
        memset(blocks, 0, sizeof blocks);
        measure("random", random_cached, t, kind);
        random_empty(t, kind, true);
        measure("random_body", random_body, t, kind);
        random_empty(t, kind, false);
    }
    return weft_thread_detach(self) != WEFT_OK || weft_runtime_free(runtime) != WEFT_OK;
}
