/* heap_mimalloc_check.c - does the mimalloc that we run with do what Weft needs? A program links whatever library its
 * system has; older ones lose blocks when they are walked, which would make the collector free live objects.
 *
 * Once a process: two threads, one of which then ends, fill a heap with blocks of all kinds of pages; some are freed by
 * the thread that did not allocate them; one walk must then see every live block exactly once and nothing else. */
#include <mimalloc.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/platform/platform.h"
#include "heap/heap.h"
#include "heap/heap_mimalloc.h"
#include "heap/tsan.h"

#if MI_MALLOC_VERSION < 30600
#error "Weft needs mimalloc 3.6 or newer"
#endif

#ifdef HEAP_TSAN
char tsan_any_given, tsan_large_given;
#endif

enum {
    CHECK_VERSION = 30600,
    CHECK_SMALL = 3000, /* blocks of 48 bytes: more than two pages full, one half full */
    CHECK_OTHERS = 4,   /* one for each further kind of page, see check_sizes */
    CHECK_BLOCKS = CHECK_SMALL + CHECK_OTHERS,
    CHECK_EVERY = 3 /* every third small block of the ended thread is freed by the other */
};

static const size_t check_sizes[CHECK_OTHERS] = {2048, 64 << 10, 512 << 10, 5 << 20};

typedef struct check {
    mi_heap_t *heap;
    void *blocks[2][CHECK_BLOCKS]; /* by thread: each writes its own, the first reads all when the second has ended */
    uint32_t missing;              /* set by the walk */
    uint32_t strangers;
} check;

/* The first two words of each block: where its address is kept. */
typedef struct check_mark {
    uint64_t thread;
    uint64_t index;
} check_mark;

static bool check_fill(check *c, unsigned who)
{
    for (unsigned i = 0; i < CHECK_BLOCKS; i++) {
        size_t size = i < CHECK_SMALL ? 48 : check_sizes[i - CHECK_SMALL];
        void *block = mi_heap_malloc(c->heap, size);
        if (block == NULL)
            return false;
        *(check_mark *)block = (check_mark){who, i};
        c->blocks[who][i] = block;
    }
    return true;
}

static void *check_second_thread(void *arg)
{
    return check_fill((check *)arg, 1) ? arg : NULL;
}

static bool check_visit(const mi_heap_t *mi, const mi_heap_area_t *area, void *block, size_t size, void *arg)
{
    (void)mi;
    (void)area;
    if (block == NULL)
        return true;
    check *c = (check *)arg;
    check_mark mark = *(check_mark *)block;
    if (size < sizeof mark || mark.thread > 1 || mark.index >= CHECK_BLOCKS ||
        c->blocks[mark.thread][mark.index] != block) {
        c->strangers++; /* a freed block, or one that was seen before */
        return true;
    }
    c->blocks[mark.thread][mark.index] = NULL;
    c->missing--;
    return true;
}

/* Fills, frees, walks. A negative status without an error set if there is no memory or no thread to be had. */
static weft_status check_run(check *c)
{
    pthread_t second;
    void *filled = NULL;
    if (pthread_create(&second, NULL, check_second_thread, c) != 0)
        return WEFT_ERROR_MEMORY;
    bool filled_first = check_fill(c, 0);
    if (pthread_join(second, &filled) != 0 || filled == NULL || !filled_first)
        return WEFT_ERROR_MEMORY;
    c->missing = 2 * CHECK_BLOCKS;
    for (unsigned i = 0; i < CHECK_SMALL; i += CHECK_EVERY) {
        mi_free(c->blocks[1][i]);
        c->blocks[1][i] = NULL;
        c->missing--;
    }
    if (!mi_heap_visit_blocks(c->heap, true, check_visit, c))
        return WEFT_ERROR_SYSTEM;
    return c->missing == 0 && c->strangers == 0 ? WEFT_OK : WEFT_ERROR_SYSTEM;
}

static weft_status check_with_heap(uint32_t *missing, uint32_t *strangers)
{
    weft_status status = WEFT_ERROR_MEMORY;
    check *c = (check *)platform_map(sizeof *c); /* not calloc'ed, so that nothing of it stays resident */
    if (c == NULL)
        return status;
    c->heap = mi_heap_new();
    if (c->heap == NULL)
        goto no_heap;
    status = check_run(c);
    *missing = c->missing;
    *strangers = c->strangers;
    mi_heap_destroy(c->heap);
    mi_collect(true); /* what was touched goes back to the system: 0.7 MB */
no_heap:
    platform_release(c, sizeof *c);
    return status;
}

/* The lock protects `passed` and is held through a check, so that runtimes made at once check once. */
static pthread_mutex_t check_lock = PTHREAD_MUTEX_INITIALIZER;
static bool passed;

static weft_status check_locked(void)
{
    uint32_t missing = 0, strangers = 0;
    if (passed)
        return WEFT_OK;
    if (mi_version() < CHECK_VERSION)
        return weft_error_set(WEFT_ERROR_SYSTEM,
                              "%s is too old: 3.6 or newer is needed, older ones lose blocks when the heap is walked",
                              mimalloc_name());
    weft_status status = check_with_heap(&missing, &strangers);
    if (status == WEFT_ERROR_SYSTEM)
        return weft_error_set(status,
                              "%s failed its start-up test: a walk of %u blocks missed %u and saw %u that are not live",
                              mimalloc_name(), 2u * CHECK_BLOCKS, missing, strangers);
    if (status != WEFT_OK)
        return weft_error_set(status, "out of memory, or of threads, in the start-up test of the heap");
    passed = true;
    return WEFT_OK;
}

weft_status mimalloc_check(void)
{
    pthread_mutex_lock(&check_lock);
    weft_status status = check_locked();
    pthread_mutex_unlock(&check_lock);
    return status;
}

/* The name is made, and four of mimalloc's defaults changed, at load time: before anybody can race, and before there is an
 * arena if nobody allocates in constructors. MIMALLOC_ALLOW_THP, MIMALLOC_ARENA_RESERVE, MIMALLOC_PAGE_FULL_RETAIN and
 * MIMALLOC_ARENA_PURGE_IMMEDIATE_SIZE in the environment win. docs/heaps.md has the figures.
 *
 * Huge pages: mimalloc asks for them behind its arenas, and each of its areas, one for every range of block sizes, then
 * costs two megabytes from the first block on. This is about its own arenas only.
 * Large ranges that were freed: mimalloc keeps them for seconds unless they have this size; malloc of glibc, which the
 * GIL flavour uses for them, gives such ranges back at once.
 * Arenas: a heap's first page in an arena costs it tables of 160 bytes a MiB of arena, all of which are written to; a
 * runtime has three heaps. mimalloc makes later arenas larger by itself.
 * Full pages: a thread would keep two of each size, and a program that replaces what it has take 5 % more memory. */
enum { PURGE_AT_ONCE_KIB = 4 << 10, ARENA_KIB = 128 << 10 };

static char name[32];

__attribute__((constructor)) static void set_up_at_load(void)
{
    int version = mi_version();
    (void)snprintf(name, sizeof name, "mimalloc %d.%d.%d", version / 10000, version / 100 % 100, version % 100);
    mi_option_set_default(mi_option_allow_thp, 0);
    mi_option_set_default(mi_option_arena_purge_immediate_size, PURGE_AT_ONCE_KIB);
    mi_option_set_default(mi_option_arena_reserve, ARENA_KIB);
    mi_option_set_default(mi_option_page_full_retain, 0);
    parts_set_up();
}

const char *mimalloc_name(void)
{
    return name;
}
