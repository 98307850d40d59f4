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

static size_t round_up(size_t bytes, size_t unit)
{
    return (bytes + unit - 1) & ~(unit - 1);
}

/* Of what a worker has, in the order of workers_fill: a whole number of buckets. */
static size_t worker_bytes(const gc_trace *t)
{
    size_t bucket = sizeof(uint16_t) << t->bucket_shift;
    size_t taken = ((size_t)1 << t->part_shift) / INDEX_WORD * sizeof(uint64_t);
    return round_up(t->parts_count * (bucket + sizeof(uint16_t *) + sizeof(uint16_t)) + taken, bucket);
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
        uint16_t *buckets = (uint16_t *)(void *)memory;
        w->trace = t;
        w->index = &t->index;
        w->part_shift = t->part_shift;
        w->bucket_bytes = (uint32_t)sizeof *buckets << t->bucket_shift;
        w->taken = (uint64_t *)(void *)(buckets + ((size_t)t->parts_count << t->bucket_shift));
        w->next = (uint16_t **)(void *)(w->taken + ((size_t)1 << t->part_shift) / INDEX_WORD);
        w->touched = (uint16_t *)(void *)(w->next + t->parts_count);
        for (uint32_t part = 0; part < t->parts_count; part++)
            w->next[part] = buckets + ((size_t)part << t->bucket_shift);
    }
}

weft_status gc_trace_open(gc_trace *t, weft_runtime *runtime, uint32_t workers)
{
    t->runtime = runtime;
    t->workers_count = workers;
    t->part_shift = choose_part_shift(t->index.size);
    t->bucket_shift = choose_bucket_shift(workers);
    t->parts_count = (uint32_t)(((uint64_t)t->index.size + ((uint64_t)1 << t->part_shift) - 1) >> t->part_shift);
    size_t workers_at = round_up((size_t)t->parts_count * sizeof *t->parts, 2 * sizeof *t->parts);
    size_t buckets_at = round_up(workers_at + workers * sizeof *t->workers, sizeof(uint16_t) << BUCKET_SHIFT_MOST);
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
