/* schedule_ft.c - when a collection is due, free-threaded.
 *
 * A young one: when so many blocks were logged as settings.young says. That is growth, not traffic: what is made and dropped
 * in the same blocks is logged once (docs/young.md). After it all of them are old or gone, and counting begins anew, so a
 * program that only grows pays for each object once. One that finds hardly anything makes the next one wait for twice as
 * many blocks, up to a part of the heap: a program that builds large things and drops them by counts then comes to use the
 * same blocks again before they are looked at. One that finds much takes that back. And threads that help in a collection
 * take as much longer between two as they are.
 * A full one: when the containers that the heap holds, or the bytes, have grown by settings.growth per cent of what the last
 * full one left, and by a floor. Both are counted where blocks come from the allocator and go back to it, so neither what
 * dies by counts nor what the allocator keeps of it makes one due; and the time for all of them is at most in proportion to
 * what was ever grown.
 * Threads: any attached; the numbers of others are read as they come. */
#include "gc/schedule_ft.h"

#include "gc/shared.h"
#include "gc/young_ft.h"
#include "heap/limbo.h"

enum {
    YOUNG_DEFAULT = 10000,
    GROWTH_DEFAULT = 100,
    FLOOR_DEFAULT = 100000,
    FLOOR_BYTES = 64 << 20,
    LOG_MOST = 1 << 19,     /* blocks: 6 MiB */
    PATIENCE_LEAST = 50000, /* blocks, some 13 ns each: the bound of patience in a small heap */
    PATIENCE_MOST = 300000, /* ... and in a large one, */
    PATIENCE_PART = 2,      /* of whose containers it may come to this part */
    STEP_PARTS = 16 /* a thread tells at least so many times on the way to the threshold, however long its chunks */
};

static schedule_state *state_of(weft_runtime *runtime)
{
    return &runtime->gc.flavour.schedule;
}

static void settings_take(weft_runtime *runtime)
{
    schedule_state *state = state_of(runtime);
    weft_gc_settings settings;
    gc_settings_read(runtime, &settings);
    state->patience = settings.young ? (uint64_t)settings.young : UINT64_MAX;
    weft_store_relaxed(&state->young, state->patience);
    weft_store_relaxed(&state->due, state->patience);
    weft_store_relaxed(&state->growth, (uint64_t)settings.growth);
    weft_store_relaxed(&state->floor, settings.floor);
    weft_store_relaxed(&state->enabled, (uint32_t)gc_is_enabled(runtime));
}

void gc_settings_default(weft_gc_settings *settings)
{
    *settings = (weft_gc_settings){.young = YOUNG_DEFAULT, .growth = GROWTH_DEFAULT, .floor = FLOOR_DEFAULT};
    uint32_t cores = platform_cores();
    settings->threads = cores < 8 ? cores : 8;
}

void schedule_open(weft_runtime *runtime)
{
    settings_take(runtime);
}

bool schedule_does_young(weft_runtime *runtime)
{
    return schedule_is_enabled(runtime) && weft_load_relaxed(&state_of(runtime)->young) != UINT64_MAX;
}

uint64_t schedule_log_most(weft_runtime *runtime)
{
    uint64_t due = weft_load_relaxed(&state_of(runtime)->due);
    return schedule_does_young(runtime) && due > LOG_MOST / 2 ? 2 * due : LOG_MOST;
}

/* ---- what the heap holds ------------------------------------------------------------------------------------------- */

typedef struct holdings {
    int64_t containers, bytes;
} holdings;

static holdings holdings_of(weft_runtime *runtime)
{
    holdings sum = {0, 0};
    for (thread *t = weft_load_acquire(&runtime->all); t;
         t = t->all_next) { /* order: pairs with thread_create_locked */
        sum.containers += weft_load_relaxed(&t->heap.tally.containers);
        sum.bytes += weft_load_relaxed(&t->heap.tally.bytes);
    }
    return sum;
}

static bool has_grown(int64_t now, int64_t then, uint64_t growth, uint64_t floor)
{
    if (now <= then)
        return false;
    uint64_t least = then > 0 ? (uint64_t)then / 100 * growth : 0;
    return (uint64_t)(now - then) >= (least > floor ? least : floor);
}

static bool full_is_due(weft_runtime *runtime)
{
    const schedule_state *state = state_of(runtime);
    uint64_t growth = weft_load_relaxed(&state->growth);
    holdings now = holdings_of(runtime);
    return has_grown(now.containers, weft_load_relaxed(&state->containers), growth, weft_load_relaxed(&state->floor)) ||
           has_grown(now.bytes, weft_load_relaxed(&state->bytes), growth, FLOOR_BYTES);
}

/* ---- what is due ------------------------------------------------------------------------------------------------------ */

bool gc_due(weft_runtime *runtime, weft_gc_generation *generation)
{
    const schedule_state *state = state_of(runtime);
    const young_state *young = &runtime->gc.flavour.young;
    if (!schedule_is_enabled(runtime))
        return false;
    bool incomplete = weft_load_relaxed(&young->incomplete) && schedule_does_young(runtime);
    if (incomplete || full_is_due(runtime)) {
        *generation = WEFT_GC_FULL;
        return true;
    }
    *generation = WEFT_GC_YOUNG;
    return young_count(runtime) >= weft_load_relaxed(&state->due);
}

void gc_grown(thread *self)
{
    if (schedule_is_enabled(self->head.runtime) && full_is_due(self->head.runtime))
        schedule_ask(self);
}

size_t schedule_step(weft_runtime *runtime)
{
    const schedule_state *state = state_of(runtime);
    uint64_t due = weft_load_relaxed(&state->due);
    if (!schedule_is_enabled(runtime) || due / STEP_PARTS >= YOUNG_CHUNK)
        return YOUNG_CHUNK;
    return (size_t)(due / STEP_PARTS) + 1;
}

void schedule_logged(thread *self, uint64_t logged)
{
    weft_runtime *runtime = self->head.runtime;
    if (!schedule_is_enabled(runtime))
        return;
    if (logged >= weft_load_relaxed(&state_of(runtime)->due) || full_is_due(runtime))
        schedule_ask(self);
}

/* `threads` share the work of a collection, and so its pause. */
static uint64_t patience_most(weft_runtime *runtime, uint32_t threads)
{
    int64_t part = holdings_of(runtime).containers / PATIENCE_PART;
    int64_t least = (int64_t)PATIENCE_LEAST * threads, most = (int64_t)PATIENCE_MOST * threads;
    return (uint64_t)(part < least ? least : part > most ? most : part);
}

/* After a young collection: when the next one is due. */
static void patience_learn(weft_runtime *runtime, const gc_run *run)
{
    schedule_state *state = state_of(runtime);
    uint64_t young = state->young, found = run->garbage.count + run->shared;
    if (young == UINT64_MAX)
        return;
    if (found * 4 > run->event.candidates) {
        state->patience = young;
    } else if (found * 16 < run->event.candidates && run->event.candidates * 2 > young) {
        uint64_t most = patience_most(runtime, run->event.threads);
        state->patience = state->patience * 2 < most ? state->patience * 2 : most;
    }
    uint64_t together = young * run->event.threads;
    uint64_t due = state->patience > together ? state->patience : together;
    weft_store_relaxed(&state->due, due > young ? due : young);
}

void schedule_collected_stopped(thread *self, const gc_run *run)
{
    schedule_state *state = state_of(self->head.runtime);
    if (run->event.generation != WEFT_GC_FULL) {
        state->young_collections++;
        patience_learn(self->head.runtime, run);
        return;
    }
    holdings now = holdings_of(self->head.runtime);
    weft_store_relaxed(&state->containers, now.containers - (int64_t)run->garbage.count);
    weft_store_relaxed(&state->bytes, now.bytes);
    weft_store_relaxed(&state->survived, run->event.candidates - run->garbage.count);
    weft_store_relaxed(&state->young_collections, (uint64_t)0);
}

/* One at a time, so that the last one takes the settings as they then are, all of them. */
void gc_settings_changed(thread *self)
{
    gc_shared *s = gc_shared_of(self);
    pthread_mutex_lock(&s->lock);
    settings_take(self->head.runtime);
    pthread_mutex_unlock(&s->lock);
    self->young.end = self->young.next; /* it asks again how far to go */
    weft_gc_generation generation;
    if (gc_due(self->head.runtime, &generation))
        schedule_ask(self);
}

void gc_counts(weft_runtime *runtime, weft_gc_counts *counts)
{
    const schedule_state *state = state_of(runtime);
    int64_t grown = holdings_of(runtime).containers - weft_load_relaxed(&state->containers);
    counts->young = young_count(runtime);
    counts->old = weft_load_relaxed(&state->young_collections);
    counts->grown = grown > 0 ? (uint64_t)grown : 0;
    counts->survived = weft_load_relaxed(&state->survived);
}
