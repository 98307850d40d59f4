/* reclaim_ft.c - deferred reclamation by quiescent states (McKenney and Slingwine 1998; CPython's and FreeBSD's variant
 * with a global sequence).
 *
 * A global epoch counts up. A thread that retires memory closes a batch of it with a goal: the epoch after its own
 * increment. Every attached thread notes, at its quiescent points, the epoch it saw. The batch is free when each attached
 * thread has noted its goal or a later epoch; threads that are detached or stopped read nothing.
 *
 * Why no reader is missed (docs/reclaim.md has it in full). The retirer unlinks, increments the epoch, then reads the
 * slots' words, the last two seq_cst. A thread attaches by a seq_cst change of its word and then loads the epoch, seq_cst.
 * If the retirer saw the word detached, its increment comes first in the single order, so the thread's load sees it, and
 * with it, by release and acquire, that the memory is unlinked.
 *
 * Threads: retire, poll and hand-over by the attached thread on its own lists; orphans under the runtime's lock. */
#include <stdlib.h>

#include "core/reclaim_ft.h"
#include "refcount/refcount.h"

enum {
    RECLAIM_CLOSE_BYTES = 64 * 1024,      /* a batch is closed when it holds that much */
    RECLAIM_MOST_BYTES = 4 * 1024 * 1024, /* a thread with more waiting stops the world at its next safepoint */
    RECLAIM_AT_ONCE = 8,                  /* batches, some 10 microseconds */
    RECLAIM_SPINS = 100000
};

uint64_t reclaim_epoch_advance(thread *self)
{
    /* order: seq_cst - releases the unlinking to who loads the epoch (reclaim_quiesce), and comes before the scan of
     * the words in reclaim_grace_passed in the single order. */
    return __atomic_add_fetch(&self->head.runtime->world.epoch, 1, __ATOMIC_SEQ_CST);
}

void reclaim_quiesce(thread *self)
{
    id_slot *s = self->world.slot;
    world *w = &self->head.runtime->world;
    if (weft_load_relaxed(&s->word) & SLOT_QUIESCE)
        __atomic_fetch_and(&s->word, ~(uint32_t)SLOT_QUIESCE, __ATOMIC_RELAXED);
    /* order: the load seq_cst - see world_attach; acquire: what was unlinked before is seen as unlinked from here on.
     * The store release - pairs with reclaim_grace_passed: what this thread read before is read before it is freed. */
    weft_store_release(&s->epoch, weft_load_seq_cst(&w->epoch));
}

bool reclaim_grace_passed(thread *self, uint64_t goal)
{
    world *w = &self->head.runtime->world;
    uint32_t used = weft_load_seq_cst(&w->slots_used); /* order: see world_add_thread_locked */
    bool passed = true;
    for (uint32_t id = 1; id <= used; id++) {
        id_slot *s = &w->slots[id];
        uint32_t word = weft_load_seq_cst(&s->word); /* order: see world_attach */
        if (id == self->head.id || (word & SLOT_MODE) != SLOT_ATTACHED ||
            weft_load_acquire(&s->epoch) >= goal) /* order: acquire - pairs with reclaim_quiesce */
            continue;
        passed = false;
        if (!(word & SLOT_QUIESCE))
            __atomic_fetch_or(&s->word, (uint32_t)SLOT_QUIESCE, __ATOMIC_RELAXED);
    }
    return passed;
}

static void item_free(thread *self, void *block, size_t size)
{
    heap_kind kind = (heap_kind)(size % WEFT_BLOCK_ALIGN);
    heap_block_free(&self->head.runtime->heap, &self->heap, kind, block, size - kind);
}

/* The batch itself becomes the thread's spare, or is freed. */
static void batch_free(thread *self, reclaim_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++)
        item_free(self, batch->items[i].block, batch->items[i].size);
    batch->count = 0;
    batch->bytes = 0;
    if (self->reclaim.spare == NULL)
        self->reclaim.spare = batch;
    else
        free(batch);
}

/* At most so many batches: who stops the world must not wait for all of a large structure. False: there may be more. */
static bool free_due(thread *self, uint32_t most)
{
    reclaim_thread *r = &self->reclaim;
    for (; r->oldest && reclaim_grace_passed(self, r->oldest->goal); most--) {
        if (most == 0)
            return false;
        reclaim_batch *batch = r->oldest;
        r->oldest = batch->next;
        if (r->oldest == NULL)
            r->newest = NULL;
        r->bytes -= batch->bytes;
        batch_free(self, batch);
    }
    return true;
}

/* This thread comes to reclaim_poll at its next safepoint. */
static void poll_soon(thread *self)
{
    __atomic_fetch_or(&self->world.slot->word, (uint32_t)SLOT_QUIESCE,
                      __ATOMIC_RELAXED); /* order: none - only it asks */
}

static void close_open(thread *self)
{
    reclaim_thread *r = &self->reclaim;
    reclaim_batch *batch = r->open;
    if (batch == NULL)
        return;
    r->open = NULL;
    batch->next = NULL;
    batch->goal = reclaim_epoch_advance(self);
    if (r->newest)
        r->newest->next = batch;
    else
        r->oldest = batch;
    r->newest = batch;
}

static reclaim_batch *batch_new(thread *self)
{
    reclaim_batch *batch = self->reclaim.spare;
    if (batch)
        self->reclaim.spare = NULL;
    else
        batch = malloc(sizeof *batch); /* not of the runtime's heap, whose statistics are about the program */
    if (batch) {
        batch->count = 0;
        batch->bytes = 0;
    }
    return batch;
}

bool reclaim_await_grace(thread *self)
{
    uint64_t goal = reclaim_epoch_advance(self);
    for (int i = 0; i < RECLAIM_SPINS; i++) {
        if (reclaim_grace_passed(self, goal))
            return true;
        platform_yield();
    }
    return false;
}

/* Without memory to note the block down: wait for its grace period here. The others are asked to pass a safepoint; one
 * that does not in all that time, perhaps because it waits here as well, costs the block, which then lives until the
 * runtime is freed. */
static __attribute__((noinline)) void retire_without_memory(thread *self, void *block, size_t size)
{
    if (reclaim_await_grace(self))
        item_free(self, block, size);
}

static __attribute__((noinline)) void open_is_full(thread *self)
{
    close_open(self);
    (void)free_due(self, RECLAIM_AT_ONCE);
    if (self->reclaim.bytes > RECLAIM_MOST_BYTES) /* come to reclaim_poll at the next safepoint */
        poll_soon(self);
}

static __attribute__((noinline)) reclaim_batch *open_new(thread *self)
{
    return self->reclaim.open = batch_new(self);
}

void reclaim_retire(thread *self, heap_kind kind, void *block, size_t size)
{
    reclaim_thread *r = &self->reclaim;
    reclaim_batch *batch = r->open;
    if (WEFT_UNLIKELY(batch == NULL) && (batch = open_new(self)) == NULL) {
        retire_without_memory(self, block, size | kind);
        return;
    }
    uint32_t count = batch->count++;
    batch->items[count].block = block;
    batch->items[count].size = size | kind;
    batch->bytes += size;
    r->bytes += size;
    if (WEFT_UNLIKELY(count == RECLAIM_BATCH - 1) || WEFT_UNLIKELY(batch->bytes >= RECLAIM_CLOSE_BYTES))
        open_is_full(self);
}

static void adopt_orphans(thread *self)
{
    weft_runtime *runtime = self->head.runtime;
    if (weft_load_relaxed(&runtime->world.orphans) == NULL)
        return;
    pthread_mutex_lock(&runtime->lock);
    reclaim_batch *batch = runtime->world.orphans;
    weft_store_relaxed(&runtime->world.orphans, (reclaim_batch *)NULL);
    pthread_mutex_unlock(&runtime->lock);
    reclaim_thread *r = &self->reclaim;
    while (batch) { /* in front: any order of goals is right, only lateness differs */
        reclaim_batch *next = batch->next;
        batch->next = r->oldest;
        r->oldest = batch;
        if (r->newest == NULL)
            r->newest = batch;
        r->bytes += batch->bytes;
        batch = next;
    }
}

void reclaim_poll(thread *self)
{
    reclaim_thread *r = &self->reclaim;
    adopt_orphans(self);
    if (!free_due(self, RECLAIM_AT_ONCE)) /* the rest at the next safepoint */
        poll_soon(self);
    if (r->bytes > RECLAIM_MOST_BYTES) {
        world_stop(self);
        reclaim_all_stopped(self);
        world_start(self);
    }
    reclaim_references_poll(self);
}

void reclaim_hand_over(thread *self)
{
    reclaim_thread *r = &self->reclaim;
    reclaim_references_leave(self); /* first: what dies there may retire memory */
    close_open(self);
    adopt_orphans(self); /* this thread may be the one for which they waited */
    if (r->oldest == NULL)
        return;
    (void)free_due(self, UINT32_MAX);
    if (r->oldest == NULL)
        return;
    weft_runtime *runtime = self->head.runtime;
    pthread_mutex_lock(&runtime->lock);
    r->newest->next = runtime->world.orphans;
    weft_store_relaxed(&runtime->world.orphans, r->oldest);
    pthread_mutex_unlock(&runtime->lock);
    r->oldest = r->newest = NULL;
    r->bytes = 0;
}

/* order: relaxed throughout - the stop itself has ordered everything. */
void reclaim_all_stopped(thread *self)
{
    weft_runtime *runtime = self->head.runtime;
    for (thread *t = weft_load_acquire(&runtime->all); t;
         t = t->all_next) { /* order: pairs with thread_create_locked */
        reclaim_thread *r = &t->reclaim;
        if (r->open) {
            batch_free(self, r->open);
            r->open = NULL;
        }
        while (r->oldest) {
            reclaim_batch *batch = r->oldest;
            r->oldest = batch->next;
            batch_free(self, batch);
        }
        r->newest = NULL;
        r->bytes = 0;
    }
    while (runtime->world.orphans) {
        reclaim_batch *batch = runtime->world.orphans;
        runtime->world.orphans = batch->next;
        batch_free(self, batch);
    }
}

size_t reclaim_bytes_stopped(weft_runtime *runtime)
{
    size_t bytes = 0;
    for (thread *t = weft_load_acquire(&runtime->all); t; t = t->all_next) /* order: as above */
        bytes += t->reclaim.bytes;
    for (reclaim_batch *batch = runtime->world.orphans; batch; batch = batch->next)
        bytes += batch->bytes;
    return bytes;
}

static void batches_discard(reclaim_batch *batch)
{
    while (batch) {
        reclaim_batch *next = batch->next;
        free(batch);
        batch = next;
    }
}

/* Who comes takes over what those who left could not free: else it would pile up where all threads come and go, and none
 * ever polls. */
void reclaim_enter(thread *self)
{
    reclaim_quiesce(self);
    adopt_orphans(self);
    if (self->reclaim.bytes > RECLAIM_MOST_BYTES) /* as reclaim_retire */
        poll_soon(self);
    reclaim_references_enter(self);
}

void reclaim_after_fork_child(thread *self, thread *gone)
{
    reclaim_references_take(self, gone);
}

void reclaim_close(thread *t)
{
    reclaim_references_close(t);
    reclaim_thread *r = &t->reclaim;
    free(r->open);
    free(r->spare);
    batches_discard(r->oldest);
    batches_discard(t->head.runtime->world.orphans);
    t->head.runtime->world.orphans = NULL;
}
