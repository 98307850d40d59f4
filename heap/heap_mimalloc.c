/* heap_mimalloc.c - the free-threaded heap: mimalloc >= 3.6, whose heaps are first-class objects.
 *
 * A runtime has a mi_heap_t for each kind of block, so that kinds never share a page. Each OS thread allocates
 * from its own part of them, a mi_theap_t, without a lock; anybody frees. mimalloc ends a theap when its OS thread ends
 * (a pthread-key destructor) and hands its pages to the others; so theaps are looked up again at every attach.
 *
 * Which calls may overlap: allocate and free, by any number of attached threads. The walk writes to page data without a
 * lock, so it overlaps with nothing. docs/heaps.md. */
#include <mimalloc.h>
#include <mimalloc-stats.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/platform/platform.h"
#include "heap/heap.h"
#include "heap/heap_mimalloc.h"
#include "heap/tsan.h"

typedef struct mimalloc_body {
    mi_heap_t *heaps[HEAP_KINDS]; /* constant */
} mimalloc_body;

enum {
    OBJECT_HEADER_BYTES = 16,
    SHRUNK_BYTES = 2 << 20 /* a thread that has freed so much more than it allocated gives free pages back */
};

static mi_heap_t *heap_of(const heap *h, heap_kind kind)
{
    return ((const mimalloc_body *)h->body)->heaps[kind];
}

weft_status heap_open(heap *h)
{
    weft_status status = mimalloc_check();
    if (status != WEFT_OK)
        return status;
    mimalloc_body *body = (mimalloc_body *)calloc(1, sizeof *body);
    if (body == NULL)
        goto no_memory;
    for (heap_kind kind = HEAP_OBJECT; kind < HEAP_KINDS; kind++) {
        body->heaps[kind] = mi_heap_new();
        if (body->heaps[kind] == NULL)
            goto no_heap;
    }
    /* A mimalloc built for debugging fills freed blocks; the header of a dead object must stay what it was. */
    for (heap_kind kind = HEAP_OBJECT; kind < HEAP_OBJECT_KINDS; kind++)
        mi_heap_set_debug_fill_preserve(body->heaps[kind], OBJECT_HEADER_BYTES);
    *h = (heap){body, HEAP_FAIL_NEVER, 0};
    return WEFT_OK;

no_heap:
    for (heap_kind kind = HEAP_OBJECT; kind < HEAP_KINDS && body->heaps[kind] != NULL; kind++)
        mi_heap_destroy(body->heaps[kind]);
    free(body);
no_memory:
    return weft_error_set(WEFT_ERROR_MEMORY, "out of memory: no heap for a runtime");
}

void heap_close(heap *h)
{
    mimalloc_body *body = (mimalloc_body *)h->body;
    if (body == NULL)
        return;
    for (heap_kind kind = HEAP_OBJECT; kind < HEAP_KINDS; kind++)
        mi_heap_destroy(body->heaps[kind]);
    free(body);
    h->body = NULL;
}

/* Allocates no block, since the world may be stopped and walked. Without memory for a theap mimalloc answers with one
 * that always fails; heap_alloc_slow asks again when it does. */
weft_status heap_thread_attach(heap *h, heap_thread *part)
{
    parts_begin();
    for (heap_kind kind = HEAP_OBJECT; kind < HEAP_KINDS; kind++)
        part->part[kind] = mi_heap_theap(heap_of(h, kind));
    parts_end();
    part->balance = 0;
    return WEFT_OK;
}

void heap_thread_detach(heap *h, heap_thread *part)
{
    (void)h;
    for (heap_kind kind = HEAP_OBJECT; kind < HEAP_KINDS; kind++)
        part->part[kind] = NULL;
}

void heap_thread_gone(heap *h, heap_thread *part)
{
    (void)h;
    for (heap_kind kind = HEAP_OBJECT; kind < HEAP_KINDS; kind++) {
        if (part->part[kind]) /* its pages are nobody's now, and may be taken by whoever frees or allocates in them */
            mi_theap_quiescent_abandon((mi_theap_t *)part->part[kind]);
        part->part[kind] = NULL;
    }
}

/* ---- huge pages for what is large ------------------------------------------------------------------------------- */

enum {
    CHUNK_SHIFT = 25, /* mimalloc fills its arenas in chunks of 32 MiB */
    CHUNKS = 1 << (47 - CHUNK_SHIFT),
    SMALL_PAGE_CHUNKS = 2 /* a process that has no more stays with small pages: docs/heaps.md */
};

static uint64_t chunks_seen[CHUNKS / 64]; /* atomic; bits by address. Of the process, as mimalloc's arenas are */
static uint32_t chunks_count;             /* atomic */

static __attribute__((noinline, cold)) void see_chunk(uintptr_t chunk, uint64_t *word, uint64_t bit)
{
    if (__atomic_fetch_or(word, bit, __ATOMIC_RELAXED) & bit) /* order: relaxed - who sets it does the rest */
        return;
    if (__atomic_fetch_add(&chunks_count, 1, __ATOMIC_RELAXED) >= SMALL_PAGE_CHUNKS)
        platform_prefer_huge((void *)(chunk << CHUNK_SHIFT), (size_t)1 << CHUNK_SHIFT);
}

/* A block has come from somewhere: from a chunk that is new, whose pages have hardly been touched? */
static inline void look_at_chunk(const void *block)
{
    uintptr_t chunk = (uintptr_t)block >> CHUNK_SHIFT;
    uint64_t *word = &chunks_seen[chunk / 64 % (CHUNKS / 64)], bit = (uint64_t)1 << chunk % 64;
    if (WEFT_UNLIKELY(!(weft_load_relaxed(word) & bit)) && block)
        see_chunk(chunk, word, bit);
}

void *heap_block_alloc(heap *h, heap_thread *part, heap_kind kind, size_t size)
{
    (void)h;
    int64_t balance = part->balance + (int64_t)size;
    part->balance = balance < 0 ? balance : 0;
    mi_theap_t *theap = (mi_theap_t *)part->part[kind];
    void *block = size <= MI_SMALL_SIZE_MAX ? mi_theap_malloc_small(theap, size) : mi_theap_malloc(theap, size);
    heap_tally_add(&part->tally, kind, 1, (int64_t)size);
    tsan_block_taken(block, size);
    look_at_chunk(block);
    return block;
}

/* mimalloc gives free pages back after seconds, and may meanwhile touch others: docs/heaps.md. */
static __attribute__((noinline, cold)) void give_pages_back(heap_thread *part)
{
    part->balance = 0;
    mi_arenas_purge();
}

void heap_block_free(heap *h, heap_thread *part, heap_kind kind, void *block, size_t size)
{
    (void)h;
    tsan_block_given(block, size);
    heap_tally_add(&part->tally, kind, -1, -(int64_t)size);
    part->balance -= (int64_t)size;
    if (WEFT_UNLIKELY(part->balance < -SHRUNK_BYTES))
        give_pages_back(part);
    /* The short way is for what mi_theap_malloc_small gave. Above WEFT_SMALL_MAX a block may have been reallocated, and
     * then its size does not tell what it came from. */
    if (size <= WEFT_SMALL_MAX)
        mi_free_small_nonnull(block);
    else
        mi_free(block);
}

void *heap_block_realloc(heap *h, heap_thread *part, void *block, size_t old_size, size_t new_size)
{
    (void)h;
    tsan_block_given(block, old_size);
    void *grown = mi_theap_realloc((mi_theap_t *)part->part[HEAP_RAW], block, new_size);
    tsan_block_taken(grown, new_size);
    if (grown != NULL)
        heap_tally_add(&part->tally, HEAP_RAW, 0, (int64_t)(new_size - old_size));
    return grown;
}

/* ---- the walk --------------------------------------------------------------------------------------------------- */

typedef struct walk {
    heap_visit_fn visit;
    void *arg;
    int result;
} walk;

static bool walk_block(const mi_heap_t *mi, const mi_heap_area_t *area, void *block, size_t size, void *arg)
{
    (void)mi;
    (void)area;
    walk *w = (walk *)arg;
    if (block != NULL) /* NULL once for each page */
        w->result = w->visit(block, size, w->arg);
    return w->result == 0;
}

int heap_walk_stopped(heap *h, heap_kind kind, heap_visit_fn visit, void *arg)
{
    walk w = {visit, arg, 0};
    (void)mi_heap_visit_blocks(heap_of(h, kind), true, walk_block, &w);
    return w.result;
}

typedef struct area_walk {
    heap_area_fn area;
    heap_visit_fn visit;
    void *arg;
    int result;
    bool all_used; /* the area whose blocks come */
} area_walk;

static bool walk_area(const mi_heap_t *mi, const mi_heap_area_t *area, void *block, size_t size, void *arg)
{
    (void)mi;
    area_walk *w = (area_walk *)arg;
    if (WEFT_LIKELY(block != NULL)) {
        if (WEFT_LIKELY(w->all_used))
            return true;
        w->result = w->visit(block, size, w->arg);
    } else {
        size_t count = area->committed / area->full_block_size;
        heap_area a = {(char *)area->blocks, area->full_block_size, count, area->used == count};
        w->all_used = a.all_used;
        w->result = w->area(&a, w->arg);
    }
    return w->result == 0;
}

int heap_areas_stopped(heap *h, heap_kind kind, heap_area_fn area, heap_visit_fn visit, void *arg)
{
    area_walk w = {area, visit, arg, 0, true};
    (void)mi_heap_visit_blocks(heap_of(h, kind), visit != NULL, walk_area, &w);
    return w.result;
}

/* mimalloc's pages begin in slices of this size and fill them alone. */
bool heap_areas_own_slices(void)
{
    return true;
}

/* ---- statistics -------------------------------------------------------------------------------------------------- */

typedef struct tally {
    weft_heap_stats *stats;
    weft_size_stats *classes;
} tally;

static void tally_page(tally *t, const mi_heap_area_t *area)
{
    t->stats->bytes_reserved += area->reserved;
    if (area->block_size > WEFT_SMALL_MAX)
        return;
    weft_size_stats *class = &t->classes[heap_class_of(area->block_size)];
    class->block_size = area->block_size;
    class->pages++;
    class->blocks_free += area->reserved / area->full_block_size;
}

static bool tally_block(const mi_heap_t *mi, const mi_heap_area_t *area, void *block, size_t size, void *arg)
{
    (void)mi;
    tally *t = (tally *)arg;
    if (block == NULL) {
        tally_page(t, area);
        return true;
    }
    t->stats->bytes_used += size;
    if (size <= WEFT_SMALL_MAX) {
        weft_size_stats *class = &t->classes[heap_class_of(size)];
        class->blocks_used++;
        class->blocks_free--;
    } else {
        t->stats->large_blocks++;
        t->stats->large_bytes += size;
    }
    return true;
}

static void name_classes(weft_size_stats *classes)
{
    for (uint32_t class = 1; class < WEFT_SIZE_CLASSES; class ++)
        classes[class].block_size = class * (size_t)WEFT_BLOCK_ALIGN;
}

void heap_statistics_stopped(heap *h, weft_heap_stats *stats)
{
    stats->classes = WEFT_SIZE_CLASSES;
    name_classes(stats->objects_by_class);
    name_classes(stats->raw_by_class);
    for (heap_kind kind = HEAP_OBJECT; kind < HEAP_KINDS; kind++) {
        tally t = {stats, kind == HEAP_RAW ? stats->raw_by_class : stats->objects_by_class};
        (void)mi_heap_visit_blocks(heap_of(h, kind), true, tally_block, &t);
    }
}

size_t heap_block_size(size_t size)
{
    return mi_good_size(size);
}

size_t heap_magazine_bytes(void)
{
    return 8192;
}

const char *heap_name(void)
{
    return mimalloc_name();
}
