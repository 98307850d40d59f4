/* sharded_ft.c - objects with a count in every thread.
 *
 * An object that many threads count all the time makes them fight for the cache line of its header. A sharded object has
 * an index instead, in `local`, and every slot an array of counts: counting it touches the counting thread's own array.
 * `owner` is WEFT_OWNER_STATIC, which no thread's id equals, so the fast paths need not know. A thread's count alone means
 * nothing and may be negative; the sum over all slots, taken in a stopped world, is the number of references. Slots keep
 * their counts when their thread ends.
 * Threads: shard_add by an attached thread on its own slot; the rest with the world stopped. */
#include <stdlib.h>
#include <string.h>

#include "refcount/refcount.h"

enum { SHARDS_LEAST = 64 };

static bool slot_grow(id_slot *s, size_t capacity)
{
    if (s->shards_capacity >= capacity)
        return true;
    int64_t *shards = realloc(s->shards, capacity * sizeof *shards);
    if (shards == NULL)
        return false;
    memset(shards + s->shards_capacity, 0, (capacity - s->shards_capacity) * sizeof *shards);
    s->shards = shards;
    s->shards_capacity = capacity;
    return true;
}

/* Room for indexes below `capacity` in every slot, and in the list of free indexes. Growing is not undone on failure:
 * room does no harm. */
static bool shards_reserve_stopped(world *w, size_t capacity)
{
    if (w->shards_free_capacity < capacity) {
        uint32_t *list = realloc(w->shards_free, capacity * sizeof *list);
        if (list == NULL)
            return false;
        w->shards_free = list;
        w->shards_free_capacity = (uint32_t)capacity;
    }
    weft_object **of = realloc(w->shards_of, capacity * sizeof *of);
    if (of == NULL)
        return false;
    memset(of + w->shards_capacity, 0, (capacity - w->shards_capacity) * sizeof *of);
    w->shards_of = of;
    for (uint32_t id = 1; id <= w->slots_used; id++)
        if (!slot_grow(&w->slots[id], capacity))
            return false;
    w->shards_capacity = (uint32_t)capacity;
    return true;
}

bool shards_add_slot_locked(world *w, id_slot *s)
{
    return slot_grow(s, w->shards_capacity);
}

void shards_close(world *w)
{
    for (uint32_t id = 1; id <= w->slots_used; id++)
        free(w->slots[id].shards);
    free(w->shards_free);
    free(w->shards_of);
}

/* An index, 0 if memory is short. 0 is never given out: it means immortal. */
static uint32_t shard_take_stopped(thread *self)
{
    weft_runtime *runtime = self->head.runtime;
    world *w = &runtime->world;
    if (heap_should_fail(&runtime->heap))
        return 0;
    if (w->shards_free_count)
        return w->shards_free[--w->shards_free_count];
    uint32_t index = w->shards_used + 1;
    if (index >= w->shards_capacity) {
        size_t capacity = w->shards_capacity ? (size_t)w->shards_capacity * 2 : SHARDS_LEAST;
        if (capacity > UINT32_MAX)
            return 0;
        pthread_mutex_lock(&runtime->lock); /* a new thread's slot is given the present capacity under it */
        bool room = shards_reserve_stopped(w, capacity);
        pthread_mutex_unlock(&runtime->lock);
        if (!room)
            return 0;
    }
    w->shards_used = index;
    return index;
}

int64_t shard_sum(weft_runtime *runtime, const weft_object *o)
{
    int64_t sum = 0;
    for (uint32_t id = 1; id <= weft_load_acquire(&runtime->world.slots_used); id++)
        sum += weft_load_relaxed(&runtime->world.slots[id].shards[o->local]);
    return sum;
}

int64_t shard_drop_stopped(thread *self, weft_object *o)
{
    world *w = &self->head.runtime->world;
    if (weft_load_relaxed(&o->owner) != WEFT_OWNER_STATIC || o->local == 0)
        return 0;
    int64_t sum = shard_sum(self->head.runtime, o);
    uint32_t used = weft_load_acquire(&w->slots_used); /* order: pairs with world_add_thread_locked */
    for (uint32_t id = 1; id <= used; id++)
        w->slots[id].shards[o->local] = 0;
    w->shards_free[w->shards_free_count++] = o->local;
    w->shards_of[o->local] = NULL;
    o->local = 0;
    return sum;
}

bool weft_is_shared(const weft_object *o)
{
    return o && weft_load_relaxed(&o->owner) == WEFT_OWNER_STATIC && o->local != 0;
}

static bool share_stopped(thread *self, weft_object *o)
{
    uint32_t index = shard_take_stopped(self);
    if (index == 0)
        return false;
    /* No queue may still hold the object: an entry that is drained after a later unshare would be counted twice. */
    world_drain_stopped(self);
    int64_t count = (int64_t)(weft_load_relaxed(&o->shared) >> 2) + o->local - count_surcharge(o);
    weft_store_relaxed(&o->shared, WEFT_SHARED_MERGED);
    weft_store_relaxed(&o->owner, WEFT_OWNER_STATIC);
    o->local = index;
    self->world.slot->shards[index] = count;
    self->head.runtime->world.shards_of[index] = o;
    return true;
}

weft_status weft_share(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (o == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_share: o is NULL");
    thread *t = thread_of(self);
    bool stop = !world_is_stopped_by(t);
    if (stop)
        world_stop(t);
    bool done = weft_is_shared(o) || weft_is_immortal(o) || share_stopped(t, o);
    if (stop) {
        world_start(t);
        object_die_pending(t);
    }
    return done ? WEFT_OK : weft_error_set(WEFT_ERROR_MEMORY, "weft_share: out of memory");
}

weft_status weft_unshare(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (o == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_unshare: o is NULL");
    thread *t = thread_of(self);
    bool stop = !world_is_stopped_by(t);
    if (stop)
        world_stop(t);
    if (weft_is_shared(o)) {
        int64_t count = shard_drop_stopped(t, o) + count_surcharge(o);
        weft_store_relaxed(&o->owner, WEFT_OWNER_NONE);
        weft_store_relaxed(&o->shared, shared_make(count, WEFT_SHARED_MERGED)); /* above zero: the caller's reference */
    }
    if (stop)
        world_start(t);
    return WEFT_OK;
}
