/* find_ft.c - the free-threaded flavour: which objects nothing reaches.
 *
 * A full collection numbers all blocks of the containers' heap (index_ft.c), subtracts what they refer to from the counts
 * of what they refer to (subtract_ft.c), and marks from what has references left (mark_ft.c); the rest is garbage.
 * Whether finalizers have brought some of it back is found out in the same way, over the garbage alone.
 * All memory that this takes is there before the first object is written to, and only garbage is written to. The thread that
 * has the world stopped, with its crew (crew_ft.c). docs/collector.md. */
#include "gc/adopt_ft.h"
#include "gc/crew_ft.h"
#include "gc/schedule_ft.h"
#include "gc/trace_ft.h"
#include "gc/young_ft.h"

weft_status gc_flavour_open(weft_runtime *runtime)
{
    schedule_open(runtime);
    return WEFT_OK;
}

void gc_flavour_close(weft_runtime *runtime)
{
    gc_crew_close(runtime);
    young_close(runtime);
}

void gc_flavour_thread_ends(thread *self)
{
    young_thread_ends(self);
}

void gc_flavour_after_fork_child(thread *self)
{
    gc_crew_after_fork_child(self->head.runtime);
    young_after_fork_child(self);
}

void gc_visit_roots_stopped(weft_runtime *runtime, weft_visit_fn visit, void *arg)
{
    /* order: acquire - pairs with thread_create_locked. */
    for (thread *t = weft_load_acquire(&runtime->all); t; t = t->all_next)
        if (t->gc.roots)
            (void)t->gc.roots(&t->head, visit, arg, t->gc.roots_arg);
}

/* ---- white objects ------------------------------------------------------------------------------------------------ */

static size_t white_count(const gc_index *ix)
{
    size_t count = 0;
    for (size_t i = 0; i < ix->size / INDEX_WORD; i++)
        count += (size_t)__builtin_popcountll(ix->white[i]);
    return count;
}

enum { PREFETCH_BYTES = 1024 }; /* garbage comes in the order of the heap */

static void take_white(thread *self, const gc_index *ix, const gc_area *area, gc_run *run)
{
    const uint64_t *words = ix->white + area->first / INDEX_WORD;
    for (uint32_t i = 0; i < area->count; i += INDEX_WORD) {
        for (uint64_t word = words[i / INDEX_WORD]; word; word &= word - 1) {
            weft_object *o = gc_area_object(area, i + (uint32_t)__builtin_ctzll(word));
            __builtin_prefetch((const char *)o + PREFETCH_BYTES, 1);
            gc_garbage_add_stopped(self, run, o);
        }
    }
}

/* ---- sharded objects ---------------------------------------------------------------------------------------------- */

/* A sharded object that holds no references, or is not tracked, is not in the index; but nobody else ever finds that its
 * count is 0. The others are garbage like any object. */
static bool is_dropped(weft_runtime *runtime, const weft_object *o)
{
    return !(object_bits(o) & (WEFT_BIT_TRACKED | WEFT_BIT_FROZEN)) && shard_sum(runtime, o) == 0;
}

static size_t dropped_count(weft_runtime *runtime)
{
    const world *w = &runtime->world;
    size_t count = 0;
    for (uint32_t i = 1; i <= w->shards_used; i++)
        count += w->shards_of[i] && is_dropped(runtime, w->shards_of[i]);
    return count;
}

static void take_dropped(thread *self, gc_run *run)
{
    weft_runtime *runtime = self->head.runtime;
    const world *w = &runtime->world;
    for (uint32_t i = 1; i <= w->shards_used; i++)
        if (w->shards_of[i] && is_dropped(runtime, w->shards_of[i]))
            gc_garbage_add_stopped(self, run, w->shards_of[i]);
}

/* ---- a full collection ----------------------------------------------------------------------------------------------- */

static weft_status take_garbage(thread *self, const gc_trace *t, gc_run *run)
{
    weft_runtime *runtime = self->head.runtime;
    size_t count = white_count(&t->index) + dropped_count(runtime);
    if (!gc_array_reserve(runtime, &run->garbage, count))
        return weft_error_set(WEFT_ERROR_MEMORY, "out of memory: a list of %zu unreachable objects", count);
    run->finalizers = run->weak = false;
    for (size_t a = 0; a < t->index.areas_count; a++)
        take_white(self, &t->index, &t->index.areas[a], run);
    take_dropped(self, run);
    return WEFT_OK;
}

/* Since *at; which is now afterwards. */
static uint64_t lap(uint64_t *at)
{
    uint64_t before = *at;
    *at = platform_now_ns();
    return *at - before;
}

static weft_status trace_heap(thread *self, gc_trace *t, gc_run *run)
{
    uint64_t at = platform_now_ns();
    gc_trace_subtract(t);
    weft_status status = gc_trace_reserve(t);
    run->event.subtract_ns += lap(&at);
    if (status != WEFT_OK)
        return status;
    gc_trace_mark(t);
    run->event.mark_ns += lap(&at);
    status = take_garbage(self, t, run);
    run->event.sweep_ns += lap(&at);
    run->event.candidates = t->candidates;
    run->event.marked = t->candidates - (run->garbage.count < t->candidates ? run->garbage.count : t->candidates);
    run->event.threads = t->workers_count;
    run->event.side_bytes = gc_trace_bytes(t);
    return status;
}

enum { WORKER_NUMBERS = 1 << 15 }; /* a thread more for so many: waking it takes as long as looking at a few thousand */

static uint32_t gather_workers(weft_runtime *runtime, const gc_index *ix)
{
    weft_gc_settings settings;
    gc_settings_read(runtime, &settings);
    uint32_t useful = 1 + ix->size / WORKER_NUMBERS;
    return gc_crew_gather(runtime, settings.threads < useful ? settings.threads : useful);
}

static weft_status find_full_stopped(thread *self, gc_run *run)
{
    weft_runtime *runtime = self->head.runtime;
    gc_trace t = {.held = 0};
    uint64_t at = platform_now_ns();
    weft_status status = gc_index_open(&t.index, runtime, HEAP_CONTAINER);
    if (status != WEFT_OK)
        return status;
    status = gc_trace_open(&t, runtime, gather_workers(runtime, &t.index));
    run->event.index_ns += lap(&at);
    if (status == WEFT_OK)
        status = trace_heap(self, &t, run);
    gc_trace_close(&t);
    gc_index_close(&t.index);
    return status;
}

weft_status gc_find_stopped(thread *self, gc_run *run)
{
    bool young = run->event.asked != WEFT_GC_FULL && young_is_complete(self->head.runtime);
    run->event.generation = young ? WEFT_GC_YOUNG : WEFT_GC_FULL;
    weft_status status = young ? young_find_stopped(self, run) : find_full_stopped(self, run);
    if (status != WEFT_OK)
        return status;
    if (!young)
        young_forget_stopped(self);
    schedule_collected_stopped(self, run);
    return WEFT_OK;
}

/* ---- after finalizers -------------------------------------------------------------------------------------------------- */

/* What is white stays garbage, the rest goes to run->resurrected, where there is room. */
static void move_resurrected(thread *self, const gc_index *ix, gc_run *run)
{
    gc_array *garbage = &run->garbage;
    size_t kept = 0;
    for (size_t i = 0; i < garbage->count; i++) {
        uint32_t number = INDEX_WORD + (uint32_t)i;
        if (ix->white[number / INDEX_WORD] >> number % INDEX_WORD & 1) {
            garbage->items[kept++] = garbage->items[i];
            continue;
        }
        gc_array_push(&run->resurrected, garbage->items[i]);
        if (i < run->deferred)
            count_defer(self, garbage->items[i]);
    }
    garbage->count = kept;
    run->deferred = 0;
}

/* It is not known what lives: all does. */
static void defer_all_again(thread *self, gc_run *run)
{
    for (size_t i = 0; i < run->deferred; i++)
        count_defer(self, run->garbage.items[i]);
    run->deferred = 0;
}

static weft_status trace_garbage(gc_trace *t, gc_run *run)
{
    gc_trace_subtract(t);
    weft_status status = gc_trace_reserve(t);
    if (status != WEFT_OK)
        return status;
    gc_trace_mark(t);
    size_t reached = run->garbage.count - white_count(&t->index);
    if (!gc_array_reserve(t->runtime, &run->resurrected, reached))
        return weft_error_set(WEFT_ERROR_MEMORY, "out of memory: a list of %zu resurrected objects", reached);
    return WEFT_OK;
}

weft_status gc_find_resurrected_stopped(thread *self, gc_run *run)
{
    weft_runtime *runtime = self->head.runtime;
    gc_trace t = {.held = 1, .listed = true};
    weft_status status = gc_index_open_list(&t.index, runtime, run->garbage.items, run->garbage.count);
    if (status != WEFT_OK)
        goto no_index;
    status = gc_trace_open(&t, runtime, gather_workers(runtime, &t.index));
    if (status == WEFT_OK)
        status = trace_garbage(&t, run);
    if (status == WEFT_OK)
        move_resurrected(self, &t.index, run);
    gc_trace_close(&t);
    gc_index_close(&t.index);
no_index:
    if (status != WEFT_OK)
        defer_all_again(self, run);
    return status;
}
