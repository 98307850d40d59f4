/* young_find_ft.c - the young collection: trial deletion among the objects in the logs, with the world stopped.
 *
 * Candidates are the live tracked objects in the logs. Their references are counted; then one is taken off for each that
 * comes from another candidate. Who has some left is referenced from outside - from older objects, from threads, whatever it
 * is: counts say so, and no write barrier is needed - and lives, with all it refers to. The rest is garbage.
 *
 * The working counts stand in the candidates' own `local`, whose true value is kept aside, in the order of the logs. So a
 * child is looked up by looking at its header, which the collector has to read anyway to see whether it is young: one
 * cache line a reference, no table. Only young objects are written to, and they have been written lately.
 * All memory is reserved before anything is changed, and there is no recursion: marked objects wait in run->garbage, which
 * is empty until all are marked. Time follows the logs, not the heap. The thread that has the world stopped. */
#include <stdlib.h>

#include "core/error.h"
#include "gc/adopt_ft.h"
#include "gc/young_ft.h"

enum {
    CANDIDATE_BITS = WEFT_BIT_TRACKED | WEFT_BIT_LOGGED, /* of these and FROZEN */
    AHEAD = 8                                            /* headers fetched before they are needed */
};

/* What `local` says meanwhile: a count, or one of these. */
#define COUNT_ROOT 0x80000000u   /* many: not counted down */
#define COUNT_MARKED 0xFFFFFFFFu /* reachable */

typedef struct young_run {
    thread *self;
    gc_run *run;
    uint32_t *saved; /* local of each candidate, in the order of the logs */
    size_t candidates;
    size_t logged;
    bool atomic; /* young_bits_change_stopped */
} young_run;

static inline bool is_candidate(const weft_object *o)
{
    return (object_bits(o) & (CANDIDATE_BITS | WEFT_BIT_FROZEN)) == CANDIDATE_BITS;
}

/* ---- before anything is changed -------------------------------------------------------------------------------------- */

static void chunk_count(young_chunk *chunk, void *arg)
{
    ((young_run *)arg)->logged += chunk->count;
}

static bool saved_reserve(young_state *state, weft_runtime *runtime, size_t count)
{
    if (count <= state->saved_capacity)
        return true;
    uint32_t *saved = heap_should_fail(&runtime->heap) ? NULL : (uint32_t *)malloc(count * sizeof *saved);
    if (saved == NULL)
        return false;
    free(state->saved);
    state->saved = saved;
    state->saved_capacity = count;
    return true;
}

static weft_status reserve(young_run *y)
{
    weft_runtime *runtime = y->self->head.runtime;
    young_state *state = &runtime->gc.flavour.young;
    young_settle_stopped(y->self);
    young_each_chunk_stopped(y->self, true, chunk_count, y);
    if (!saved_reserve(state, runtime, y->logged) || !gc_array_reserve(runtime, &y->run->garbage, y->logged))
        return weft_error_set(WEFT_ERROR_MEMORY, "out of memory: no young collection");
    y->saved = state->saved;
    return WEFT_OK;
}

/* ---- references ------------------------------------------------------------------------------------------------------ */

/* More than any number of references that is counted exactly: the object is held by something that does not count. */
#define REFERENCES_UNKNOWN ((int64_t)1 << 40)

/* Of a live object: every reference to it, or REFERENCES_UNKNOWN (immortal, saturated, deferred). */
static inline int64_t references_of(weft_runtime *runtime, const weft_object *o)
{
    if (WEFT_UNLIKELY(object_bits(o) & WEFT_BIT_DEFERRED))
        return REFERENCES_UNKNOWN;
    int32_t shared = weft_load_relaxed(&o->shared);
    uint16_t owner = weft_load_relaxed(&o->owner);
    if (WEFT_UNLIKELY(owner == WEFT_OWNER_STATIC))
        return o->local == 0 ? REFERENCES_UNKNOWN : shard_sum(runtime, o);
    if (WEFT_UNLIKELY(shared_is_saturated(shared)))
        return REFERENCES_UNKNOWN;
    return (int64_t)(shared >> 2) + (owner == WEFT_OWNER_NONE ? 0 : o->local);
}

/* ---- counting -------------------------------------------------------------------------------------------------------- */

static inline uint32_t working_count(weft_runtime *runtime, const weft_object *o)
{
    int64_t references = references_of(runtime, o);
    return references < COUNT_ROOT ? (uint32_t)references : COUNT_ROOT;
}

/* Keeps the candidates of a chunk; everything else in it is young no longer. */
static void chunk_gather(young_chunk *chunk, void *arg)
{
    young_run *y = (young_run *)arg;
    weft_runtime *runtime = y->self->head.runtime;
    size_t kept = 0;
    for (size_t i = 0; i < chunk->count; i++) {
        weft_object *o = chunk->items[i];
        if (i + AHEAD < chunk->count)
            __builtin_prefetch(chunk->items[i + AHEAD], 1);
        if (!is_candidate(o) || !object_is_live(o)) {
            young_clear_logged(o, y->atomic);
            continue;
        }
        uint32_t count = working_count(runtime, o);
        y->saved[y->candidates++] = o->local;
        o->local = count;
        chunk->items[kept++] = o;
    }
    chunk->count = kept;
}

static int visit_subtract(weft_object *child, void *arg)
{
    (void)arg;
    if (is_candidate(child) && child->local - 1 < COUNT_ROOT - 1) /* 0 and roots stay what they are */
        child->local--;
    return 0;
}

static void chunk_subtract(young_chunk *chunk, void *arg)
{
    (void)arg;
    for (size_t i = 0; i < chunk->count; i++) {
        weft_object *o = chunk->items[i];
        const weft_type *type = weft_type_of(o);
        if (i + AHEAD < chunk->count)
            __builtin_prefetch(chunk->items[i + AHEAD]);
        /* Ephemerons are left to full collections: what they refer to counts as referenced from outside. */
        if (WEFT_LIKELY(!(type->flags & WEFT_TYPE_EPHEMERON)))
            (void)type->traverse(o, visit_subtract, NULL);
    }
}

/* ---- marking --------------------------------------------------------------------------------------------------------- */

static int visit_mark(weft_object *child, void *arg)
{
    if (is_candidate(child) && child->local != COUNT_MARKED) {
        child->local = COUNT_MARKED;
        gc_array_push((gc_array *)arg, child);
    }
    return 0;
}

static void chunk_mark(young_chunk *chunk, void *arg)
{
    young_run *y = (young_run *)arg;
    gc_array *marked = &y->run->garbage;
    for (size_t i = 0; i < chunk->count; i++) {
        weft_object *o = chunk->items[i];
        if (i + AHEAD < chunk->count)
            __builtin_prefetch(chunk->items[i + AHEAD]);
        if (o->local == 0 || o->local == COUNT_MARKED)
            continue;
        o->local = COUNT_MARKED;
        for (;;) {
            (void)weft_type_of(o)->traverse(o, visit_mark, marked);
            if (marked->count == 0)
                break;
            o = marked->items[--marked->count];
        }
    }
}

/* ---- the verdict ------------------------------------------------------------------------------------------------------ */

static void chunk_sweep(young_chunk *chunk, void *arg)
{
    young_run *y = (young_run *)arg;
    for (size_t i = 0; i < chunk->count; i++) {
        weft_object *o = chunk->items[i];
        bool marked = o->local == COUNT_MARKED;
        if (i + AHEAD < chunk->count)
            __builtin_prefetch(chunk->items[i + AHEAD], 1);
        o->local = *y->saved++;
        young_clear_logged(o, y->atomic);
        if (marked)
            continue;
        gc_adopt_stopped(y->self, o);
        gc_array_push(&y->run->garbage, o);
    }
}

weft_status young_find_stopped(thread *self, gc_run *run)
{
    young_run y = {.self = self, .run = run, .atomic = young_bits_change_stopped(self)};
    assert(run->garbage.count == 0);
    if (reserve(&y) != WEFT_OK)
        return WEFT_ERROR_MEMORY;
    uint64_t start = platform_now_ns();
    young_each_chunk_stopped(self, true, chunk_gather, &y);
    uint64_t gathered = platform_now_ns();
    young_each_chunk_stopped(self, true, chunk_subtract, &y);
    uint64_t subtracted = platform_now_ns();
    young_each_chunk_stopped(self, true, chunk_mark, &y);
    uint64_t marked = platform_now_ns();
    young_each_chunk_stopped(self, true, chunk_sweep, &y);
    young_reset_stopped(self);
    run->event.generation = WEFT_GC_YOUNG;
    run->event.threads = 1;
    run->event.candidates = y.candidates;
    run->event.marked = y.candidates - run->garbage.count;
    run->event.side_bytes = y.logged * (sizeof *y.saved + sizeof *run->garbage.items);
    run->event.index_ns = gathered - start;
    run->event.subtract_ns = subtracted - gathered;
    run->event.mark_ns = marked - subtracted;
    run->event.sweep_ns = platform_now_ns() - marked;
    return WEFT_OK;
}
