/* biased_ft.c - biased reference counts: everything but the owner's fast path.
 *
 * An object's references are counted in two places: the owner's in `local`, plainly; everyone else's in `shared`, by
 * compare-and-swap, with two bits of state. States only go up: default, published, queued, merged.
 *
 *   default    `shared` is 0 unless others hold references
 *   published  a lock-free reader has asked for it: try-increments by others may succeed
 *   queued     others gave back more than they took, so the owner's count must be looked at: the object stands in the
 *              owner's queue, which holds one reference
 *   merged     no owner any more; `shared` counts everything; 0 is dead
 *
 * The transitions, their orders, and why nothing is lost or freed twice: docs/counting.md; checked in tests/models.
 * Threads: any attached one that holds the reference it counts. */
#include "refcount/refcount.h"

static bool shared_change(weft_object *o, int32_t *expected, int32_t desired)
{
    /* order: acq_rel - release: what this thread did with the object comes before its death; acquire: whoever brings it
     * to (merged, 0) has seen what all others did. The value this leaves, never a later load, decides who frees. */
    return __atomic_compare_exchange_n(&o->shared, expected, desired, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static int32_t shared_state(int32_t shared)
{
    return shared & WEFT_SHARED_STATE;
}

/* Counts that have left the exact range are put in the middle of the saturated one, where they stay. */
static void shared_saturate(weft_object *o)
{
    int32_t s = weft_load_relaxed(&o->shared);
    while (!shared_change(o, &s, shared_make(SHARED_SATURATED_AT, shared_state(s)))) {}
}

static void shared_incref(weft_object *o)
{
    if (WEFT_UNLIKELY(shared_is_saturated(weft_load_relaxed(&o->shared))))
        return;
    /* order: relaxed - the caller holds a reference, so the object cannot die meanwhile. */
    int32_t s = __atomic_add_fetch(&o->shared, WEFT_SHARED_ONE, __ATOMIC_RELAXED);
    if (WEFT_UNLIKELY(shared_is_saturated(s)))
        shared_saturate(o);
}

void weft_incref_slow(weft_thread *self, weft_object *o)
{
    uint16_t owner = weft_load_relaxed(&o->owner);
    if (owner == WEFT_OWNER_STATIC) {
        shard_add(thread_of(self), o, 1);
    } else if (owner == self->id) {
        o->local = weft_local_more_(o->local);
    } else {
        shared_incref(o);
    }
}

void weft_incref_published(weft_thread *self, weft_object *o)
{
    uint16_t owner = weft_load_relaxed(&o->owner);
    if (owner == self->id || owner == WEFT_OWNER_STATIC) {
        weft_incref(self, o);
        return;
    }
    int32_t s = weft_load_relaxed(&o->shared);
    int32_t next;
    do {
        if (shared_is_saturated(s))
            return;
        int32_t state = shared_state(s) == WEFT_SHARED_DEFAULT ? WEFT_SHARED_PUBLISHED : shared_state(s);
        next = shared_make((int64_t)(s >> 2) + 1, state);
    } while (!shared_change(o, &s, next));
}

bool weft_try_incref_slow(weft_thread *self, weft_object *o)
{
    uint16_t owner = weft_load_relaxed(&o->owner);
    if (owner == self->id || owner == WEFT_OWNER_STATIC) {
        weft_incref_slow(self, o);
        return true;
    }
    int32_t s = weft_load_relaxed(&o->shared);
    do {
        /* (default, 0): being built, or nobody but its owner has it. (merged, 0): dead. Nothing is written to either. */
        if (s == WEFT_SHARED_DEFAULT || s == WEFT_SHARED_MERGED)
            return false;
        if (shared_is_saturated(s))
            return true;
        /* order: acquire, within acq_rel - pairs with header_init's release store through the release sequence that the
         * increments on it continue: the caller's second look at the slot sees what came before the object's birth. */
    } while (!shared_change(o, &s, shared_make((int64_t)(s >> 2) + 1, shared_state(s))));
    return true;
}

void weft_decref_shared(weft_thread *self, weft_object *o)
{
    thread *t = thread_of(self);
    if (weft_load_relaxed(&o->owner) == WEFT_OWNER_STATIC) {
        shard_add(t, o, -1);
        return;
    }
    int32_t s = weft_load_relaxed(&o->shared);
    int32_t next;
    bool queue;
    do {
        if (shared_is_saturated(s))
            return;
        /* The first that would go below zero: the queue gets this reference instead. */
        queue = s == WEFT_SHARED_DEFAULT || s == WEFT_SHARED_PUBLISHED;
        next = queue ? WEFT_SHARED_QUEUED : shared_make((int64_t)(s >> 2) - 1, shared_state(s));
    } while (!shared_change(o, &s, next));

    if (queue) {
        uint16_t owner = weft_load_relaxed(&o->owner);
        if (owner == WEFT_OWNER_STATIC)
            return;
        if (owner != WEFT_OWNER_NONE) {
            queue_push(t, owner, o);
            return;
        }
        /* Its owner is about to merge it and does not look at queues any more: an ordinary decrement after all. */
        next = __atomic_sub_fetch(&o->shared, WEFT_SHARED_ONE, __ATOMIC_ACQ_REL); /* order: as shared_change */
    }
    if (next == WEFT_SHARED_MERGED)
        object_die(t, o);
}

bool count_merge(weft_object *o, int64_t extra)
{
    if (weft_load_relaxed(&o->owner) == WEFT_OWNER_STATIC)
        return false; /* made immortal while it was queued */
    int64_t local = o->local;
    /* Both before the merged count is published: from then on another thread may free the object. */
    o->local = 0;
    /* order: release - pairs with guard_take (core/types/guard_ft.c): what the owner did to a container without its lock
     * is seen by who finds that it has no owner any more. */
    weft_store_release(&o->owner, WEFT_OWNER_NONE);
    int32_t s = weft_load_relaxed(&o->shared);
    int32_t next;
    do {
        int64_t count = shared_is_saturated(s) ? SHARED_SATURATED_AT : (int64_t)(s >> 2) + local + extra;
        next = shared_make(count, WEFT_SHARED_MERGED);
    } while (!shared_change(o, &s, next));
    return next == WEFT_SHARED_MERGED;
}

void weft_decref_last(weft_thread *self, weft_object *o)
{
    thread *t = thread_of(self);
    if (WEFT_LIKELY(header_is_plain(t, o))) {
        object_die_by_type(t, o);
        return;
    }
    if (WEFT_UNLIKELY(o->local != 1))
        return; /* full */
    o->local = 0;
    /* order: acquire - pairs with the release of the others' last decrements: their use of the object is over. */
    if (weft_load_acquire(&o->shared) == WEFT_SHARED_DEFAULT)
        header_die(o);
    else if (!count_merge(o, 0))
        return;
    object_die(t, o);
}

/* ---- immortality --------------------------------------------------------------------------------------------------- */

/* `local` is its owner's, and nobody else may look at it: to others a full one shows when it has been merged. */
static bool is_full(const weft_object *o)
{
    return weft_load_relaxed(&o->owner) == thread_current->id && (o->local & WEFT_LOCAL_FULL);
}

bool weft_is_immortal(const weft_object *o)
{
    if (o == NULL)
        return false;
    if (weft_load_relaxed(&o->owner) == WEFT_OWNER_STATIC)
        return o->local == 0;
    return shared_is_saturated(weft_load_relaxed(&o->shared)) || is_full(o);
}

weft_status weft_immortalize(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (o == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_immortalize: o is NULL");
    if (weft_is_immortal(o))
        return WEFT_OK;
    thread *t = thread_of(self);
    /* With the world stopped no thread is between reading `owner` and acting on it. A queue that holds the object finds
     * it static and leaves it alone. */
    bool stop = !world_is_stopped_by(t);
    if (stop)
        world_stop(t);
    shard_drop_stopped(t, o);
    weft_store_relaxed(&o->shared, WEFT_SHARED_MERGED);
    o->local = 0;
    weft_store_relaxed(&o->owner, WEFT_OWNER_STATIC);
    if (stop)
        world_start(t);
    return WEFT_OK;
}

int64_t weft_refcount(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (o == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_refcount: o is NULL");
    if (weft_is_immortal(o))
        return INT64_MAX;
    if (weft_load_relaxed(&o->owner) == WEFT_OWNER_STATIC)
        return shard_sum(self->runtime, o);
    int64_t count = (weft_load_relaxed(&o->shared) >> 2) - count_surcharge(o);
    return weft_load_relaxed(&o->owner) == WEFT_OWNER_NONE ? count : count + weft_load_relaxed(&o->local);
}

/* ---- deferred objects ---------------------------------------------------------------------------------------------- */

void count_defer(thread *self, weft_object *o)
{
    (void)self;
    /* Who sets the bit adds the surcharge, and no stopped world comes between the two. */
    if (__atomic_fetch_or(&o->bits, (uint8_t)WEFT_BIT_DEFERRED, __ATOMIC_RELAXED) & WEFT_BIT_DEFERRED)
        return;
    if (weft_load_relaxed(&o->owner) == WEFT_OWNER_STATIC)
        return;
    int32_t s = weft_load_relaxed(&o->shared);
    int32_t next;
    do {
        if (shared_is_saturated(s))
            return;
        next = shared_make((int64_t)(s >> 2) + COUNT_DEFERRED, shared_state(s));
    } while (!shared_change(o, &s, next));
}
