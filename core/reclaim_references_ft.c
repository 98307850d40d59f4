/* reclaim_references_ft.c - references that are dropped after a grace period: what leaves a container whose items other
 * threads use without counting them (docs/dict.md, "Reads that count nothing").
 *
 * As retired memory (reclaim_ft.c), in batches with a goal. But dropping a reference may run anything, so it is done at
 * safepoints only; and an object that has left its container should die soon, so a thread with references waiting comes to
 * every safepoint (it sets SLOT_QUIESCE for itself) until they are gone. A thread that goes away hands them over to one that
 * stays, and makes it come.
 *
 * Threads: the attached thread on its own lists; the handed-over ones under the runtime's lock. */
#include <stdlib.h>

#include "core/reclaim_ft.h"
#include "refcount/refcount.h"

/* Comes to reclaim_poll at the next safepoint. */
static void ask(id_slot *s)
{
    /* order: seq_cst - see hand_over and reclaim_references_enter. */
    __atomic_fetch_or(&s->word, (uint32_t)SLOT_QUIESCE, __ATOMIC_SEQ_CST);
}

static void queue_append(reclaim_queue *q, reclaim_batch *first, reclaim_batch *last)
{
    if (q->newest)
        q->newest->next = first;
    else
        q->oldest = first;
    q->newest = last;
}

static void close_open(thread *self)
{
    reclaim_queue *q = &self->reclaim.references;
    reclaim_batch *batch = q->open;
    if (batch == NULL)
        return;
    q->open = NULL;
    batch->next = NULL;
    batch->goal = reclaim_epoch_advance(self);
    queue_append(q, batch, batch);
}

/* Taken out of every list first: a destructor may retire references, and pass safepoints. */
static void batch_drop(thread *self, reclaim_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++)
        weft_decref(&self->head, (weft_object *)batch->items[i].block);
    free(batch);
}

static void drop_due(thread *self)
{
    reclaim_queue *q = &self->reclaim.references;
    while (q->oldest && reclaim_grace_passed(self, q->oldest->goal)) {
        reclaim_batch *batch = q->oldest;
        q->oldest = batch->next;
        if (q->oldest == NULL)
            q->newest = NULL;
        batch_drop(self, batch);
    }
}

/* Without memory to note it down: as retire_without_memory in reclaim_ft.c. */
static void retire_without_memory(thread *self, weft_object *o)
{
    if (reclaim_await_grace(self))
        weft_decref(&self->head, o);
}

void reclaim_retire_reference(thread *self, weft_object *o)
{
    reclaim_queue *q = &self->reclaim.references;
    if (q->open == NULL) {
        q->open = malloc(sizeof *q->open); /* not of the runtime's heap, whose statistics are about the program */
        if (q->open == NULL) {
            retire_without_memory(self, o);
            return;
        }
        q->open->count = 0;
        q->open->bytes = 0;
    }
    reclaim_batch *batch = q->open;
    batch->items[batch->count].block = o;
    batch->items[batch->count].size = 0;
    if (++batch->count == RECLAIM_BATCH)
        close_open(self);
    if (!(weft_load_relaxed(&self->world.slot->word) & SLOT_QUIESCE))
        ask(self->world.slot);
}

static void adopt_handed_over(thread *self)
{
    world *w = &self->head.runtime->world;
    if (weft_load_relaxed(&w->orphan_references) == NULL)
        return;
    pthread_mutex_lock(&self->head.runtime->lock);
    reclaim_batch *first = w->orphan_references, *last = first;
    weft_store_relaxed(&w->orphan_references, (reclaim_batch *)NULL);
    pthread_mutex_unlock(&self->head.runtime->lock);
    while (last && last->next)
        last = last->next;
    if (first) /* any order of goals is right, only lateness differs */
        queue_append(&self->reclaim.references, first, last);
}

void reclaim_references_poll(thread *self)
{
    adopt_handed_over(self);
    close_open(self);
    drop_due(self);
    if (self->reclaim.references.oldest)
        ask(self->world.slot);
}

/* Some thread that is attached, or the next to attach, must come for them. */
static void hand_over(thread *self)
{
    reclaim_queue *q = &self->reclaim.references;
    weft_runtime *runtime = self->head.runtime;
    world *w = &runtime->world;
    pthread_mutex_lock(&runtime->lock);
    q->newest->next = w->orphan_references;
    /* order: seq_cst - before the words are read: a thread whose word says that it is away loads this after it has
     * changed its word (reclaim_references_enter). */
    weft_store_seq_cst(&w->orphan_references, q->oldest);
    pthread_mutex_unlock(&runtime->lock);
    q->oldest = q->newest = NULL;
    uint32_t used = weft_load_seq_cst(&w->slots_used);
    for (uint32_t id = 1; id <= used; id++)
        if (id != self->head.id && (weft_load_seq_cst(&w->slots[id].word) & SLOT_MODE) == SLOT_ATTACHED)
            ask(&w->slots[id]);
}

void reclaim_references_leave(thread *self)
{
    reclaim_queue *q = &self->reclaim.references;
    while (q->open || q->oldest) {
        close_open(self);
        drop_due(self); /* destructors may have put in more */
        if (q->oldest)
            hand_over(self);
    }
}

void reclaim_references_enter(thread *self)
{
    /* order: seq_cst - after world_attach has changed the word, and pairs with hand_over. */
    if (self->reclaim.references.open || self->reclaim.references.oldest ||
        weft_load_seq_cst(&self->head.runtime->world.orphan_references))
        ask(self->world.slot);
}

void reclaim_references_take(thread *self, thread *of)
{
    reclaim_queue *q = &of->reclaim.references;
    if (q->open) {
        q->open->next = NULL;
        q->open->goal = 0;
        queue_append(q, q->open, q->open);
        q->open = NULL;
    }
    if (q->oldest == NULL)
        return;
    queue_append(&self->reclaim.references, q->oldest, q->newest);
    q->oldest = q->newest = NULL;
    ask(self->world.slot);
}

static void batches_discard(reclaim_batch *batch)
{
    while (batch) {
        reclaim_batch *next = batch->next;
        free(batch);
        batch = next;
    }
}

void reclaim_references_close(thread *t)
{
    reclaim_queue *q = &t->reclaim.references;
    world *w = &t->head.runtime->world;
    free(q->open);
    batches_discard(q->oldest);
    batches_discard(w->orphan_references);
    w->orphan_references = NULL;
}
