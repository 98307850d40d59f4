/* memory.c - the public face of the heap: raw memory, statistics, the walk of all live objects, and making allocations
 * fail on purpose. Any attached thread. */
#include <string.h>

#include "core/core.h"
#include "heap/block.h"
#include "heap/limbo.h"
#include "heap/magazine.h"

/* ---- raw memory ------------------------------------------------------------------------------------------------ */

static bool size_is_valid(size_t size, const char *function)
{
    if (WEFT_LIKELY(size - 1 < PTRDIFF_MAX)) /* 0 wraps around */
        return true;
    if (size == 0)
        (void)weft_error_set(WEFT_ERROR_VALUE, "%s: size 0", function);
    else
        (void)weft_error_set(WEFT_ERROR_OVERFLOW, "%s: %zu bytes are more than an object can have", function, size);
    return false;
}

void *weft_mem_alloc(weft_thread *self, size_t size)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (!size_is_valid(size, __func__))
        return NULL;
    return heap_alloc(thread_of(self), HEAP_RAW, size);
}

void weft_mem_free(weft_thread *self, void *p, size_t size)
{
    if (p == NULL || thread_check(self, __func__) != WEFT_OK)
        return;
    heap_free(thread_of(self), HEAP_RAW, p, size);
}

static void *realloc_by_copy(thread *t, void *p, size_t old_size, size_t new_size)
{
    void *grown = heap_alloc(t, HEAP_RAW, new_size);
    if (grown == NULL)
        return NULL;
    memcpy(grown, p, old_size < new_size ? old_size : new_size);
    heap_free(t, HEAP_RAW, p, old_size);
    return grown;
}

static void *realloc_large(thread *t, void *p, size_t old_size, size_t new_size)
{
    heap *h = &t->head.runtime->heap;
    void *grown = NULL;
    if (!heap_should_fail(h))
        grown = heap_block_realloc(h, &t->heap, p, heap_round(old_size), heap_round(new_size));
    if (grown != NULL && heap_grew(t, new_size))
        gc_grown(t);
    if (grown == NULL)
        (void)weft_error_set(WEFT_ERROR_MEMORY, "out of memory: %zu bytes were asked for", new_size);
    return grown;
}

void *weft_mem_realloc(weft_thread *self, void *p, size_t old_size, size_t new_size)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (p == NULL) {
        (void)weft_error_set(WEFT_ERROR_VALUE, "%s: no memory was given", __func__);
        return NULL;
    }
    if (!size_is_valid(old_size, __func__) || !size_is_valid(new_size, __func__))
        return NULL;
    if (heap_round(old_size) == heap_round(new_size))
        return p;
    if (old_size > WEFT_SMALL_MAX && new_size > WEFT_SMALL_MAX)
        return realloc_large(thread_of(self), p, old_size, new_size);
    return realloc_by_copy(thread_of(self), p, old_size, new_size);
}

void weft_mem_retire(weft_thread *self, void *p, size_t size)
{
    if (p == NULL || thread_check(self, __func__) != WEFT_OK)
        return;
    reclaim_retire(thread_of(self), HEAP_RAW, p, heap_round(size));
}

/* ---- all threads, in a stopped world --------------------------------------------------------------------------- */

/* Stops the world unless the caller has. True if it must be started again. */
static bool stop_unless_stopped(thread *t)
{
    if (world_is_stopped_by(t))
        return false;
    world_stop(t);
    return true;
}

static void each_thread_stopped(thread *self, void (*visit)(thread *self, thread *of, void *arg), void *arg)
{
    weft_runtime *runtime = self->head.runtime;
    pthread_mutex_lock(&runtime->lock);
    for (thread *of = runtime->all; of != NULL; of = of->all_next)
        visit(self, of, arg);
    pthread_mutex_unlock(&runtime->lock);
}

/* ---- statistics ------------------------------------------------------------------------------------------------ */

/* The blocks of all kinds that hold objects. */
static int walk_objects_stopped(heap *h, heap_visit_fn visit, void *arg)
{
    int result = 0;
    for (heap_kind kind = HEAP_OBJECT; kind < HEAP_OBJECT_KINDS && result == 0; kind++)
        result = heap_walk_stopped(h, kind, visit, arg);
    return result;
}

static int count_live(void *block, size_t size, void *arg)
{
    (void)size;
    *(size_t *)arg += object_is_live(block_object(block));
    return 0;
}

/* Books the blocks in a magazine, which the body takes for used, under the class that the body has for their size. */
static void book_cached(weft_size_stats *classes, const weft_magazine *magazines, size_t *bytes_used)
{
    for (uint32_t class = 1; class < WEFT_SIZE_CLASSES; class ++) {
        size_t block_size = heap_block_size(class * (size_t)WEFT_BLOCK_ALIGN);
        weft_size_stats *stats = &classes[heap_class_of(block_size)];
        stats->blocks_cached += magazines[class].count;
        stats->blocks_used -= magazines[class].count;
        *bytes_used -= magazines[class].count * block_size;
    }
}

static void book_thread(thread *self, thread *of, void *arg)
{
    (void)self;
    weft_heap_stats *stats = (weft_heap_stats *)arg;
    for (heap_kind kind = HEAP_OBJECT; kind < HEAP_KINDS; kind++) {
        weft_size_stats *classes = kind == HEAP_RAW ? stats->raw_by_class : stats->objects_by_class;
        book_cached(classes, heap_magazines_of(&of->head, kind), &stats->bytes_used);
    }
    heap_limbo_book_stopped(of, stats);
}

weft_status weft_heap_statistics(weft_thread *self, weft_heap_stats *stats)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (stats == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: nowhere to put the statistics", __func__);
    thread *t = thread_of(self);
    memset(stats, 0, sizeof *stats);
    bool stopped = stop_unless_stopped(t);
    heap_statistics_stopped(&self->runtime->heap, stats);
    (void)walk_objects_stopped(&self->runtime->heap, count_live, &stats->objects);
    each_thread_stopped(t, book_thread, stats);
    stats->bytes_deferred = reclaim_bytes_stopped(self->runtime);
    if (stopped)
        world_start(t);
    return WEFT_OK;
}

/* ---- the walk of live objects ---------------------------------------------------------------------------------- */

typedef struct live_visit {
    int (*visit)(weft_object *o, void *arg);
    void *arg;
} live_visit;

static int visit_live(void *block, size_t size, void *arg)
{
    (void)size;
    const live_visit *v = (const live_visit *)arg;
    weft_object *o = block_object(block);
    return object_is_live(o) ? v->visit(o, v->arg) : 0;
}

int weft_heap_walk(weft_thread *self, int (*visit)(weft_object *o, void *arg), void *arg)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (visit == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: no function to call", __func__);
    if (!world_is_stopped_by(thread_of(self)))
        return weft_error_set(WEFT_ERROR_BUSY, "%s: the caller has not stopped the world", __func__);
    live_visit v = {visit, arg};
    return walk_objects_stopped(&self->runtime->heap, visit_live, &v);
}

/* ---- failure injection ----------------------------------------------------------------------------------------- */

static void empty_magazines(thread *self, thread *of, void *arg)
{
    (void)arg;
    heap_magazines_flush_stopped(self, of);
    heap_magazines_init(of);
}

weft_status weft_fail_allocation(weft_thread *self, uint64_t n, bool repeat)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (n > INT64_MAX)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: %llu allocations are too many to count", __func__,
                              (unsigned long long)n);
    thread *t = thread_of(self);
    heap *h = &self->runtime->heap;
    bool stopped = stop_unless_stopped(t);
    weft_store_relaxed(&h->fail, (uint32_t)(n == 0 ? HEAP_FAIL_NEVER : repeat ? HEAP_FAIL_FROM : HEAP_FAIL_ONCE));
    weft_store_relaxed(&h->fail_after, (int64_t)n);
    each_thread_stopped(t, empty_magazines, NULL);
    if (stopped)
        world_start(t);
    return WEFT_OK;
}
