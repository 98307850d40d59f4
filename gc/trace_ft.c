/* trace_ft.c - the memory of a trace: the parts of the numbers, and what each worker has. One mapping, made before
 * anything is decided. Who has the world stopped. */
#include "gc/trace_ft.h"

#include <string.h>

static uint32_t choose_part_shift(uint32_t numbers)
{
    uint32_t shift = PART_SHIFT_LEAST;
    while (shift < PART_SHIFT_MOST && numbers >> shift >= PARTS_WISHED)
        shift++;
    return shift;
}

static uint32_t choose_bucket_shift(uint32_t workers)
{
    uint32_t shift = BUCKET_SHIFT_MOST;
    while (shift > BUCKET_SHIFT_LEAST && workers << shift > BUCKETS_MOST)
        shift--;
    return shift;
}

static void *table_map(weft_runtime *runtime, size_t bytes)
{
    void *p = heap_should_fail(&runtime->heap) ? NULL : platform_map(bytes);
    if (p == NULL)
        (void)weft_error_set(WEFT_ERROR_MEMORY, "out of memory: %zu bytes of tables for a collection", bytes);
    return p;
}

/* Of what a worker has, in the order of workers_fill. */
static size_t worker_bytes(const gc_trace *t)
{
    size_t taken = ((size_t)1 << t->part_shift) / INDEX_WORD * sizeof(uint64_t);
    size_t buckets = (size_t)t->parts_count * (((size_t)1 << t->bucket_shift) + 2) * sizeof(uint16_t);
    return taken + ((buckets + 63) & ~(size_t)63);
}

static void parts_fill(gc_trace *t)
{
    const gc_index *ix = &t->index;
    size_t a = 0;
    for (uint32_t part = 0; part < t->parts_count; part++) {
        uint64_t low = (uint64_t)part << t->part_shift;
        while (a < ix->areas_count && (uint64_t)ix->areas[a].first + ix->areas[a].count <= low)
            a++;
        t->parts[part].area = (uint32_t)a;
    }
}

static void workers_fill(gc_trace *t, char *memory)
{
    size_t bytes = worker_bytes(t);
    for (uint32_t i = 0; i < t->workers_count; i++, memory += bytes) {
        gc_worker *w = &t->workers[i];
        w->trace = t;
        w->index = &t->index;
        w->taken = (uint64_t *)(void *)memory;
        w->buckets = (uint16_t *)(void *)(w->taken + ((size_t)1 << t->part_shift) / INDEX_WORD);
        w->part_shift = t->part_shift;
        w->bucket_shift = t->bucket_shift;
        w->filled = w->buckets + ((size_t)t->parts_count << t->bucket_shift);
        w->touched = w->filled + t->parts_count;
    }
}

weft_status gc_trace_open(gc_trace *t, weft_runtime *runtime, uint32_t workers)
{
    t->runtime = runtime;
    t->workers_count = workers;
    t->part_shift = choose_part_shift(t->index.size);
    t->bucket_shift = choose_bucket_shift(workers);
    t->parts_count = (uint32_t)(((uint64_t)t->index.size + ((uint64_t)1 << t->part_shift) - 1) >> t->part_shift);
    size_t workers_at = ((size_t)t->parts_count * sizeof *t->parts + 127) & ~(size_t)127;
    size_t buckets_at = workers_at + workers * sizeof *t->workers;
    t->memory_bytes = buckets_at + workers * worker_bytes(t);
    t->memory = table_map(runtime, t->memory_bytes);
    if (t->memory == NULL)
        return weft_error_status();
    t->parts = (gc_part *)t->memory;
    t->workers = (gc_worker *)(void *)((char *)t->memory + workers_at);
    parts_fill(t);
    workers_fill(t, (char *)t->memory + buckets_at);
    return WEFT_OK;
}

weft_status gc_trace_reserve(gc_trace *t)
{
    uint64_t ephemerons = 0;
    for (uint32_t i = 0; i < t->workers_count; i++)
        ephemerons += t->workers[i].ephemerons;
    if (ephemerons == 0)
        return WEFT_OK;
    t->ephemerons_bytes = ephemerons * sizeof *t->ephemerons;
    t->ephemerons = (weft_object **)table_map(t->runtime, t->ephemerons_bytes);
    return t->ephemerons ? WEFT_OK : weft_error_status();
}

void gc_trace_close(gc_trace *t)
{
    if (t->memory)
        platform_release(t->memory, t->memory_bytes);
    if (t->ephemerons)
        platform_release(t->ephemerons, t->ephemerons_bytes);
}

size_t gc_trace_bytes(const gc_trace *t)
{
    return gc_index_bytes(&t->index) + t->memory_bytes + (t->ephemerons ? t->ephemerons_bytes : 0);
}
