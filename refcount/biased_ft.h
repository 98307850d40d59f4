/* biased_ft.h - inline half of the biased counts. The protocol is docs/counting.md. */
#ifndef WEFT_REFCOUNT_BIASED_FT_H
#define WEFT_REFCOUNT_BIASED_FT_H

#include "refcount/refcount.h"

typedef weft_word_ object_word;

/* Word 1 of an object as one integer: shared, owner, bits, lock. */
static inline object_word *object_word1(weft_object *o)
{
    return (object_word *)(void *)&o->shared;
}

static inline object_word word1_make(uint32_t shared, uint16_t owner)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return (object_word)shared | (object_word)owner << 32;
#else
    return (object_word)shared << 32 | (object_word)owner << 16;
#endif
}

/* `bits` where they lie in word 1. */
static inline object_word word1_bits(uint8_t bits)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return (object_word)bits << 48;
#else
    return (object_word)bits << 8;
#endif
}

/* Word 1 of an object that `self` has made and nobody else has touched. */
static inline object_word word1_fresh(const thread *self)
{
    return *(const object_word *)(const void *)&self->head.zero;
}

static inline void header_init(thread *self, weft_object *o, uint32_t index)
{
    (void)weft_header_begin_(&self->head, o, index);
}

static inline void header_kill(weft_object *o)
{
    weft_store_relaxed(object_word1(o), word1_make(WEFT_SHARED_MERGED, WEFT_OWNER_NONE));
}

/* ---- the log of young blocks: gc/young_ft.c ------------------------------------------------------------------------ */

/* Notes the block when there is no room in the chunk. False: it is not noted, and counts as old. */
bool young_log_slow(thread *self, weft_object *o);

/* Notes the block of `o`, which is not in any log. The attached thread. */
static inline bool young_log(thread *self, weft_object *o)
{
    young_thread *y = &self->young;
    weft_object **next = y->next;
    if (WEFT_UNLIKELY(next == y->end))
        return young_log_slow(self, o);
    *next = o;
    weft_store_relaxed(&y->next, next + 1);
    return true;
}

/* What is left of a block's word 1 when the object in it goes: whether it stands in a log. */
static inline object_word word1_logged(weft_object *o)
{
    /* By its byte: a load of the whole word would have to wait until a store to `bits` just before it has left the core. */
    return word1_bits((uint8_t)(weft_load_relaxed(&o->bits) & WEFT_BIT_LOGGED));
}

/* The block's header is a dead one, as all in the container heap are that are not alive. */
static inline void header_init_container(thread *self, weft_object *o, uint32_t index)
{
    object_word logged = word1_logged(o);
    if (WEFT_UNLIKELY(logged == 0) && young_log(self, o))
        logged = word1_bits(WEFT_BIT_LOGGED);
    (void)weft_header_begin_marked_(o, index, word1_fresh(self) | logged);
}

static inline bool header_is_ready(weft_object *o)
{
    return WEFT_LIKELY(weft_load_relaxed(&o->bits) & WEFT_BIT_LOGGED);
}

static inline void header_init_ready(thread *self, weft_object *o, uint32_t index)
{
    (void)weft_header_begin_marked_(o, index, word1_fresh(self) | word1_bits(WEFT_BIT_LOGGED));
}

static inline void header_init_tracked(thread *self, weft_object *o, uint32_t index)
{
    (void)weft_header_begin_marked_(o, index, word1_fresh(self) | word1_bits(WEFT_BIT_LOGGED | WEFT_BIT_TRACKED));
}

static inline void header_bury(weft_object *o)
{
    weft_store_relaxed(object_word1(o), word1_make(WEFT_SHARED_MERGED, WEFT_OWNER_NONE) | word1_logged(o));
}

/* The same to its count, by its owner, and its bits stay: it may have been finalized, and a finalizer may bring it back. */
static inline void header_die(weft_object *o)
{
    o->local = 0;
    weft_store_relaxed(&o->owner, (uint16_t)WEFT_OWNER_NONE);
    weft_store_relaxed(&o->shared, (int32_t)WEFT_SHARED_MERGED);
}

/* Type and count in one look. */
typedef object_word object_last_word;

static inline object_last_word object_last_word_of(const weft_object *o)
{
    return *(const object_word *)(const void *)o;
}

static inline object_last_word object_last_word_make(uint32_t index)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return (object_word)index << 32 | 1;
#else
    return (object_word)1 << 32 | index;
#endif
}

static inline bool object_is_last(const weft_object *o)
{
    return o->local == 1;
}

enum { HEADER_FRONT = 0 };

static inline size_t header_front(const weft_type *type)
{
    (void)type;
    return 0;
}

static inline void header_front_init(void *block, size_t front)
{
    (void)block;
    (void)front;
}

static inline uint8_t object_bits(const weft_object *o)
{
    return weft_load_relaxed(&o->bits);
}

/* Bits are independent facts; what they are about is ordered by other means (locks, stopped worlds). */
static inline void object_set_bits(weft_object *o, uint8_t bits)
{
    __atomic_fetch_or(&o->bits, bits, __ATOMIC_RELAXED);
}

static inline void object_clear_bits(weft_object *o, uint8_t bits)
{
    __atomic_fetch_and(&o->bits, (uint8_t)~bits, __ATOMIC_RELAXED);
}

static inline void object_track(thread *self, weft_object *o)
{
    object_word word = weft_load_relaxed(object_word1(o));
    (void)self;
    assert((word & ~word1_bits(0xFF)) == word1_fresh(self));
    /* Nobody else has seen the object yet, so nobody changes the word. It is written whole, since a store of a byte of it
     * would hold up the next load of the whole. order: release - as header_init's. */
    weft_store_release(object_word1(o), word | word1_bits(WEFT_BIT_TRACKED));
}

static inline void object_untrack(thread *self, weft_object *o)
{
    (void)self;
    if (weft_load_relaxed(&o->bits) & WEFT_BIT_TRACKED)
        object_clear_bits(o, WEFT_BIT_TRACKED);
}

/* Is nobody but `self`, its owner, counting it or holding its lock, and is no bit set but perhaps TRACKED and LOGGED? */
static inline bool header_is_plain(const thread *self, weft_object *o)
{
    const object_word allowed = word1_bits(WEFT_BIT_TRACKED | WEFT_BIT_LOGGED);
    /* order: acquire - pairs with the release of the others' last decrements: their use of the object is over. */
    object_word word = weft_load_acquire(object_word1(o));
    return WEFT_LIKELY(word == word1_fresh(self)) || WEFT_LIKELY((word | allowed) == (word1_fresh(self) | allowed));
}

/* Such an object is dead from now on, and no longer tracked. */
static inline void header_die_plain(thread *self, weft_object *o)
{
    (void)self;
    header_bury(o);
}

/* And now its block is free: a late reader knows already. */
static inline void header_free_plain(weft_object *o)
{
    (void)o;
}

/* The same for an object that is dead: no other thread changes its bits any more. */
static inline void object_untrack_dying(thread *self, weft_object *o)
{
    (void)self;
    weft_store_relaxed(&o->bits, (uint8_t)(weft_load_relaxed(&o->bits) & ~WEFT_BIT_TRACKED));
}

static inline bool object_is_live(const weft_object *o)
{
    return weft_load_relaxed(&o->owner) != WEFT_OWNER_NONE || weft_load_relaxed(&o->shared) != WEFT_SHARED_MERGED;
}

/* Lets threads other than its owner take references by count_try_ref from now on. The caller holds one. */
static inline void object_publish(weft_object *o)
{
    int32_t s = weft_load_relaxed(&o->shared);
    while ((s & WEFT_SHARED_STATE) == WEFT_SHARED_DEFAULT && weft_load_relaxed(&o->owner) != WEFT_OWNER_STATIC)
        /* order: acq_rel - as every change of `shared` (biased_ft.c). */
        if (__atomic_compare_exchange_n(&o->shared, &s, s | WEFT_SHARED_PUBLISHED, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED))
            return;
}

/* A reference to a published object that may be dying; the memory is still a block of the object heap. */
static inline bool count_try_ref(thread *self, weft_object *o)
{
    return weft_try_incref(&self->head, o);
}

typedef uint16_t count_id;

static inline count_id count_id_of(const weft_thread *self)
{
    return self->id;
}

static inline bool count_try_take(count_id id, weft_object *o)
{
    uint32_t more;
    if (WEFT_LIKELY(weft_owner_is_(o, id)) && WEFT_LIKELY(!__builtin_add_overflow(o->local, 1u, &more))) {
        o->local = more;
        return true;
    }
    return weft_is_constant_(o);
}

static inline bool count_try_drop(count_id id, weft_object *o)
{
    if (WEFT_LIKELY(weft_owner_is_(o, id)) && WEFT_LIKELY((int32_t)o->local > 1)) {
        o->local -= 1;
        return true;
    }
    return weft_is_constant_(o);
}

static inline bool count_is_last(const thread *self, const weft_object *o)
{
    return weft_load_relaxed(&o->owner) == self->head.id && o->local == 1;
}

static inline void count_resurrect(weft_object *o)
{
    /* Late readers may now succeed on it; their second look at the slot fails and they give the reference back. */
    weft_store_relaxed(&o->shared, WEFT_SHARED_MERGED | WEFT_SHARED_ONE);
}

/* ---- word 0 of a dying object: address / 16 of the next one in 44 bits ------------------------------------------- */

enum { DYING_TYPE_BITS = 20, DYING_TYPE_MASK = (1 << DYING_TYPE_BITS) - 1 };

WEFT_STATIC_ASSERT((int)WEFT_TYPE_MAX == 1 << DYING_TYPE_BITS, "the link uses the type's other bits");

static inline void dying_set_link(weft_object *o, weft_object *next)
{
    uint64_t link = (uint64_t)(uintptr_t)next >> 4;
    assert(link >> 44 == 0); /* user addresses have 47 or 48 bits */
    o->local = (uint32_t)link;
    o->type = (o->type & DYING_TYPE_MASK) | (uint32_t)(link >> 32) << DYING_TYPE_BITS;
}

/* Returns the link and makes the type whole again. */
static inline weft_object *dying_take_link(weft_object *o)
{
    uint64_t link = (uint64_t)(o->type >> DYING_TYPE_BITS) << 32 | o->local;
    o->type &= DYING_TYPE_MASK;
    o->local = 0;
    return (weft_object *)(uintptr_t)(link << 4);
}

/* ---- merging: biased_ft.c ---------------------------------------------------------------------------------------- */

/* Counts beyond this are no longer exact, and stay: the object lives for good. */
#define SHARED_SATURATED (1 << 28)
#define SHARED_SATURATED_AT ((1 << 28) + (1 << 27))

static inline bool shared_is_saturated(int32_t shared)
{
    int32_t count = shared >> 2;
    return count >= SHARED_SATURATED || count <= -SHARED_SATURATED;
}

static inline int32_t shared_make(int64_t count, int32_t state)
{
    if (count >= SHARED_SATURATED || count <= -SHARED_SATURATED)
        count = SHARED_SATURATED_AT;
    return (int32_t)count * WEFT_SHARED_ONE + state;
}

/* What weft_gc_defer adds to `shared`, so that counts alone never free the object; sharded objects, which only a collection
 * frees anyway, do without. Far from saturation. */
#define COUNT_DEFERRED (1 << 26)

static inline int64_t count_surcharge(const weft_object *o)
{
    return object_bits(o) & WEFT_BIT_DEFERRED ? COUNT_DEFERRED : 0;
}

/* Makes `o` ownerless: every reference in `shared`, `extra` added. True if that leaves none: the caller owns its death.
 * The owner attached, who has the owner's slot borrowed, or who has the world stopped. */
bool count_merge(weft_object *o, int64_t extra);

/* ---- queues: queue_ft.c ------------------------------------------------------------------------------------------ */

typedef struct queue_node {
    struct queue_node *next;
    weft_object *object;
} queue_node;

/* Hands `o`, with the reference that its QUEUED state stands for, to thread `owner`. Never fails. */
void queue_push(thread *self, uint16_t owner, weft_object *o);

/* Merges what threads want to queue and found no memory for. World stopped. */
void queue_drain_waiting_stopped(thread *self);

/* Merges everything in the slot's queue; what dies goes on self's list of dying objects. PENDING was cleared before. */
void queue_drain(thread *self, id_slot *s);

/* ---- sharded counts: sharded_ft.c -------------------------------------------------------------------------------- */

/* One reference more or less to an object whose owner is WEFT_OWNER_STATIC; `local` says whether it is sharded. */
static inline void shard_add(thread *self, const weft_object *o, int64_t n)
{
    uint32_t index = o->local;
    if (index != 0) { /* written by this thread alone; others read it for statistics */
        int64_t *count = &self->world.slot->shards[index];
        weft_store_relaxed(count, weft_load_relaxed(count) + n);
    }
}

static inline bool count_drop_resurrected(thread *self, weft_object *o)
{
    /* Its finalizer has handed it out, and it was shared or made immortal: `shared` counts nothing any more. */
    if (WEFT_UNLIKELY(weft_load_relaxed(&o->owner) == WEFT_OWNER_STATIC)) {
        shard_add(self, o, -1);
        return false;
    }
    /* order: acq_rel - as every decrement: release what this thread wrote, acquire what the others did if it dies. The
     * value that this very operation leaves decides who frees. */
    return __atomic_sub_fetch(&o->shared, WEFT_SHARED_ONE, __ATOMIC_ACQ_REL) == WEFT_SHARED_MERGED;
}

/* Sum over all slots: exact in a stopped world. */
int64_t shard_sum(weft_runtime *runtime, const weft_object *o);

/* Gives the index of a sharded object back and returns its sum; 0 if it is not sharded. World stopped. */
int64_t shard_drop_stopped(thread *self, weft_object *o);

/* Room for all present indexes in a new slot. */
bool shards_add_slot_locked(world *w, id_slot *s);
void shards_close(world *w);

/* ---- world_ft.c -------------------------------------------------------------------------------------------------- */

/* Merges on behalf of an id that is away: after a push to its queue met it so. */
void world_service(thread *self, id_slot *s);

#endif
