/* young_ft.c - the logs of young blocks: growing, emptying, fork. See young_ft.h; docs/young.md has the states of a block.
 * Threads: each fills its own; who has the world stopped may do anything. */
#include "gc/young_ft.h"

#include <stdlib.h>

#include "gc/schedule_ft.h"
#include "heap/limbo.h"

enum { SPARE_MOST = 64 /* chunks that a thread keeps: a quarter of a MiB */ };

static young_state *state_of(weft_runtime *runtime)
{
    return &runtime->gc.flavour.young;
}

static void chunks_free(young_chunk *chunk)
{
    while (chunk) {
        young_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
}

void young_close(weft_runtime *runtime)
{
    for (thread *t = runtime->all; t; t = t->all_next) {
        chunks_free(t->young.chunks);
        chunks_free(t->young.spare);
        t->young = (young_thread){0};
    }
    chunks_free(state_of(runtime)->inherited);
}

void young_thread_ends(thread *self)
{
    chunks_free(self->young.spare);
    self->young.spare = NULL;
}

/* ---- growing ------------------------------------------------------------------------------------------------------ */

/* Adds what was logged since the last time to the runtime's count. */
static uint64_t tell(thread *self)
{
    young_thread *y = &self->young;
    uint64_t more = (uint64_t)(y->next - y->told);
    weft_store_relaxed(&y->told, y->next);
    return __atomic_add_fetch(&state_of(self->head.runtime)->logged, more, __ATOMIC_RELAXED); /* a statistic */
}

/* Lets the thread fill its chunk further, as far as the schedule wants to hear of it. False: the chunk is full. */
static bool extend(thread *self)
{
    young_thread *y = &self->young;
    size_t room = y->chunks ? (size_t)(y->chunks->items + YOUNG_CHUNK - y->next) : 0;
    size_t step = schedule_step(self->head.runtime);
    y->end = y->next + (room < step ? room : step);
    return room > 0;
}

/* Not of the runtime's heap, as the collector's tables. */
static young_chunk *chunk_new(young_thread *y)
{
    young_chunk *chunk = y->spare;
    if (chunk == NULL)
        return (young_chunk *)malloc(sizeof *chunk);
    y->spare = chunk->next;
    return chunk;
}

static bool chunk_add(thread *self)
{
    young_thread *y = &self->young;
    young_chunk *chunk = heap_should_fail(&self->head.runtime->heap) ? NULL : chunk_new(y);
    if (chunk == NULL)
        return false;
    if (y->chunks)
        y->chunks->count = YOUNG_CHUNK;
    chunk->next = y->chunks;
    chunk->count = 0;
    y->chunks = chunk;
    weft_store_relaxed(&y->next, chunk->items);
    weft_store_relaxed(&y->told, chunk->items);
    return extend(self);
}

bool young_log_slow(thread *self, weft_object *o)
{
    young_state *state = state_of(self->head.runtime);
    if (weft_load_relaxed(&state->incomplete))
        return false;
    uint64_t logged = tell(self);
    schedule_logged(self, logged);
    if (logged >= schedule_log_most(self->head.runtime) || (!extend(self) && !chunk_add(self))) {
        self->young.end = self->young.next;
        weft_store_relaxed(&state->incomplete, 1u);
        schedule_ask(self);
        return false;
    }
    return young_log(self, o);
}

uint64_t young_count(weft_runtime *runtime)
{
    uint64_t count = weft_load_relaxed(&state_of(runtime)->logged);
    for (thread *t = weft_load_acquire(&runtime->all); t;
         t = t->all_next) { /* order: pairs with thread_create_locked */
        uint64_t untold = (uint64_t)(weft_load_relaxed(&t->young.next) - weft_load_relaxed(&t->young.told));
        count += untold <= YOUNG_CHUNK ? untold : 0; /* two loads: they may be of two chunks */
    }
    return count;
}

/* ---- emptying ------------------------------------------------------------------------------------------------------ */

static void each_chunk(young_chunk *chunk, young_chunk_fn visit, void *arg)
{
    for (; chunk; chunk = chunk->next)
        visit(chunk, arg);
}

void young_settle_stopped(thread *self)
{
    for (thread *t = weft_load_acquire(&self->head.runtime->all); t; t = t->all_next) /* order: as in young_count */
        if (t->young.chunks)
            t->young.chunks->count = (size_t)(t->young.next - t->young.chunks->items);
}

void young_each_chunk_stopped(thread *self, bool inherited, young_chunk_fn visit, void *arg)
{
    weft_runtime *runtime = self->head.runtime;
    for (thread *t = weft_load_acquire(&runtime->all); t; t = t->all_next) /* order: as in young_count */
        each_chunk(t->young.chunks, visit, arg);
    if (inherited)
        each_chunk(state_of(runtime)->inherited, visit, arg);
}

/* Keeps a chunk to fill, and of the others what is likely to be wanted again. */
static void log_empty_stopped(young_thread *y)
{
    young_chunk *last = y->chunks;
    if (last == NULL)
        return;
    for (int i = 0; i < SPARE_MOST && last->next != NULL; i++)
        last = last->next;
    chunks_free(last->next);
    chunks_free(y->spare);
    last->next = NULL;
    y->spare = y->chunks->next;
    y->chunks->next = NULL;
    y->next = y->told = y->end = y->chunks->items; /* the next block asks how far to fill it */
}

/* The bits of what was in the logs are cleared. */
static void logs_reset_stopped(thread *self)
{
    weft_runtime *runtime = self->head.runtime;
    young_state *state = state_of(runtime);
    for (thread *t = weft_load_acquire(&runtime->all); t; t = t->all_next) { /* order: as in young_count */
        log_empty_stopped(&t->young);
        limbo_release_stopped(self, t);
    }
    weft_store_relaxed(&state->logged, (uint64_t)0);
    weft_store_relaxed(&state->incomplete, 0u);
    weft_store_relaxed(&state->limbo_full, 0u);
}

void young_reset_stopped(thread *self)
{
    chunks_free(state_of(self->head.runtime)->inherited);
    state_of(self->head.runtime)->inherited = NULL;
    logs_reset_stopped(self);
}

bool young_bits_change_stopped(thread *self)
{
    /* order: acquire - pairs with thread_create_locked; and with lock_sleep, which says so before it leaves the world. */
    for (thread *t = weft_load_acquire(&self->head.runtime->all); t; t = t->all_next)
        if (weft_load_acquire(&t->waiting) != NULL)
            return true;
    return false;
}

static void chunk_forget(young_chunk *chunk, void *arg)
{
    bool atomic = *(const bool *)arg;

    enum { AHEAD = 8 };

    for (size_t i = 0; i < chunk->count; i++) {
        weft_object *o = chunk->items[i];
        if (i + AHEAD < chunk->count)
            __builtin_prefetch(chunk->items[i + AHEAD], 1);
        young_clear_logged(o, atomic);
    }
}

void young_forget_stopped(thread *self)
{
    young_settle_stopped(self);
    bool atomic = young_bits_change_stopped(self);
    young_each_chunk_stopped(self, false, chunk_forget, &atomic);
    logs_reset_stopped(self);
}

typedef struct object_visit {
    int (*visit)(weft_object *o, void *arg);
    void *arg;
    int result;
} object_visit;

static void chunk_visit(young_chunk *chunk, void *arg)
{
    object_visit *v = (object_visit *)arg;
    for (size_t i = 0; i < chunk->count && v->result == 0; i++) {
        weft_object *o = chunk->items[i];
        if ((object_bits(o) & (WEFT_BIT_TRACKED | WEFT_BIT_FROZEN)) == WEFT_BIT_TRACKED && object_is_live(o))
            v->result = v->visit(o, v->arg);
    }
}

int young_visit_stopped(thread *self, int (*visit)(weft_object *o, void *arg), void *arg)
{
    object_visit v = {visit, arg, 0};
    young_settle_stopped(self);
    young_each_chunk_stopped(self, true, chunk_visit, &v);
    return v.result;
}

/* ---- fork ------------------------------------------------------------------------------------------------------------ */

void young_after_fork_child(thread *self)
{
    weft_runtime *runtime = self->head.runtime;
    young_state *state = state_of(runtime);
    young_settle_stopped(self);
    for (thread *t = runtime->all; t; t = t->all_next) {
        young_chunk *chunk = t->young.chunks;
        while (chunk) {
            young_chunk *next = chunk->next;
            chunk->next = state->inherited;
            state->inherited = chunk;
            chunk = next;
        }
        chunks_free(t->young.spare);
        t->young = (young_thread){0};
    }
    weft_store_relaxed(&state->logged, (uint64_t)0);
}
