/* young_trim_ft.c - dead blocks that wait in limbo since they stand in a log: given back without a collection.
 *
 * A block may go back to the allocator when its address stands in no log any more. A collection sees to that, but who only
 * drops objects starts none. So a thread whose limbo is full takes the dead out of all logs, at its next safepoint and in a
 * stopped world: it costs a look at each block logged, and what lives stays young.
 * While no collections start by themselves nobody else would ever empty the logs: then they are given up as a whole.
 * Threads: the one with the full limbo; in the stopped world it goes through the logs and limbos of all. */
#include <stdlib.h>

#include "gc/schedule_ft.h"
#include "gc/young_ft.h"
#include "heap/limbo.h"

static young_state *state_of(weft_runtime *runtime)
{
    return &runtime->gc.flavour.young;
}

void young_limbo_is_full(thread *self)
{
    weft_store_relaxed(&state_of(self->head.runtime)->limbo_full, 1u);
    schedule_ask(self);
}

/* Takes the dead out of the log. */
static void chunk_trim(young_chunk *chunk, bool atomic)
{
    size_t kept = 0;
    for (size_t i = 0; i < chunk->count; i++) {
        weft_object *o = chunk->items[i];
        if (object_is_live(o))
            chunk->items[kept++] = o;
        else
            young_clear_logged(o, atomic);
    }
    chunk->count = kept;
}

/* What is left in it. */
static uint64_t log_trim_stopped(young_thread *y, bool atomic)
{
    uint64_t count = 0;
    for (young_chunk **link = &y->chunks; *link;) {
        young_chunk *chunk = *link;
        chunk_trim(chunk, atomic);
        count += chunk->count;
        if (chunk->count > 0 || chunk == y->chunks) {
            link = &chunk->next;
            continue;
        }
        *link = chunk->next;
        free(chunk);
    }
    if (y->chunks) {
        weft_store_relaxed(&y->next, y->chunks->items + y->chunks->count);
        weft_store_relaxed(&y->told, y->next);
        y->end = y->next;
    }
    return count;
}

/* Dead blocks that wait in limbo go back to the heap; living objects stay young. So who only drops objects starts no
 * collection. */
static void young_trim(thread *self)
{
    weft_runtime *runtime = self->head.runtime;
    young_state *state = state_of(runtime);
    uint64_t logged = 0;
    world_stop(self);
    young_settle_stopped(self);
    bool atomic = young_bits_change_stopped(self);
    for (thread *t = weft_load_acquire(&runtime->all); t; t = t->all_next) /* order: as in young_count */
        logged += log_trim_stopped(&t->young, atomic);
    for (thread *t = weft_load_acquire(&runtime->all); t; t = t->all_next) /* order: the same */
        limbo_release_stopped(self, t);
    weft_store_relaxed(&state->logged, logged);
    weft_store_relaxed(&state->limbo_full, 0u);
    world_start(self);
}

/* With collections switched off: whatever the logs hold counts as old from now on, and nothing more is logged: the next
 * collection is a full one. */
bool young_relieve(thread *self)
{
    young_state *state = state_of(self->head.runtime);
    if (self->destroying)
        return false;
    if (schedule_does_young(self->head.runtime)) {
        if (weft_load_relaxed(&state->limbo_full))
            young_trim(self);
        return false;
    }
    bool over = weft_load_relaxed(&state->limbo_full) ||
                (weft_load_relaxed(&state->incomplete) && weft_load_relaxed(&state->logged) > 0);
    if (!over)
        return false;
    world_set_collect(self, false);
    world_stop(self);
    young_forget_stopped(self);
    weft_store_relaxed(&state->incomplete, 1u);
    world_start(self);
    return true;
}
