/* flavour_ft.h - the free-threaded flavour: biased reference counts (PEP 703; Choi, Shull, Torrellas 2018), one-byte
 * object locks. Included by flavour.h only.
 *
 * The protocol behind these fast paths is docs/counting.md. */
#ifndef WEFT_FLAVOUR_FT_H
#define WEFT_FLAVOUR_FT_H

#include "weft/base.h"
#include "weft/thread.h"

WEFT_BEGIN_DECLS

#define weft_flavour_tag weft_flavour_free_threaded
WEFT_API extern const char weft_flavour_free_threaded;

/* Who may touch what:
 *   local   owner thread, plainly; whoever has the owner's slot borrowed or the world stopped, when merging.
 *           Sharded objects: the index of the count, constant. Dying objects: part of the list's link.
 *   type    constant; dying objects: its top bits are the rest of that link
 *   shared  anyone, atomically: two low bits state, then a signed count of the references the owner does not count
 *   owner   anyone reads, relaxed; written by the owner, by who merges, and in a stopped world
 *   bits    atomically (WEFT_BIT_*)
 *   lock    atomically
 * A dead block keeps word 1 as (merged, 0), owner 0, bits 0 or LOGGED: late readers fail on it without writing. */
struct weft_object {
    uint32_t local;
    uint32_t type;
    int32_t shared;
    uint16_t owner;
    uint8_t bits;
    uint8_t lock;
};

WEFT_STATIC_ASSERT(sizeof(weft_object) == 16, "two words");
WEFT_STATIC_ASSERT(offsetof(weft_object, shared) == 8, "mimalloc writes the first word of a free block");

#define WEFT_LOCAL_FULL 0x80000000u

enum {
    WEFT_OWNER_NONE = 0,        /* merged: every reference is in `shared` */
    WEFT_OWNER_STATIC = 0xFFFF, /* immortal, or sharded if `local` is not 0: no thread has this id */

    WEFT_SHARED_DEFAULT = 0,
    WEFT_SHARED_PUBLISHED = 1,
    WEFT_SHARED_QUEUED = 2,
    WEFT_SHARED_MERGED = 3,
    WEFT_SHARED_STATE = 3, /* mask */
    WEFT_SHARED_ONE = 4,   /* one reference */

    WEFT_BIT_TRACKED = 1,
    WEFT_BIT_FINALIZED = 2,
    WEFT_BIT_INTERNED = 2, /* of a str, which has no finalizer: it stands in the table of core/types/intern.c */
    WEFT_BIT_FROZEN = 4,
    WEFT_BIT_LOGGED = 8, /* of the block, dead or alive: it stands in a log of young blocks (docs/young.md) */
    WEFT_BIT_DEFERRED = 16,
    WEFT_BIT_WEAK = 32,
    WEFT_BIT_LOCK_WAITERS = 64,
    WEFT_BIT_READERS = 128, /* a container that threads other than its owner have used: core/types/guard.h */
    WEFT_BIT_PEEKED = 2     /* a container whose items are used uncounted. Containers have no finalizers: so their
                               WEFT_BIT_FINALIZED is free to say it */
};

/* The bits of a slot's word that a safepoint looks at; the rest of the word is core/world_ft.h's. */
#define WEFT_POLL_MASK 0xF0u

/* A static immortal object of a built-in type: counts are never written. */
#define WEFT_STATIC_OBJECT(type_index)                               \
    {                                                                \
        0, (type_index), WEFT_SHARED_MERGED, WEFT_OWNER_STATIC, 0, 0 \
    }

WEFT_API void weft_incref_slow(weft_thread *self, weft_object *o);
WEFT_API void weft_decref_shared(weft_thread *self, weft_object *o);
/* The owner gives up the last reference that it counts: `local` is 1, and stays so in the block if the object dies at once. Or
 * it is full, and then nothing happens. */
WEFT_API void weft_decref_last(weft_thread *self, weft_object *o);
WEFT_API bool weft_try_incref_slow(weft_thread *self, weft_object *o);

static inline uint32_t weft_type_index(const weft_object *o)
{
    return o->type;
}

/* What a header is at first: one reference, that of the thread whose id is in `word1`. Returns `o`. */
static inline weft_object *weft_header_begin_marked_(void *block, uint32_t type, weft_word_ word1)
{
    weft_object *o = (weft_object *)block;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    *(weft_word_ *)block = (weft_word_)type << 32 | 1;
#else
    *(weft_word_ *)block = (weft_word_)1 << 32 | type;
#endif
    /* order: release - the first of the release sequence of the new object's `shared`: a late reader whose
     * try-increment (acquire) lands on the new object then sees that the slot it came from no longer holds it. */
    weft_store_release((weft_word_ *)(void *)&o->shared, word1);
    return o;
}

static inline weft_object *weft_header_begin_(weft_thread *self, void *block, uint32_t type)
{
    return weft_header_begin_marked_(block, type, *(const weft_word_ *)(const void *)&self->zero);
}

WEFT_STATIC_ASSERT(offsetof(weft_thread, id) - offsetof(weft_thread, zero) ==
                       offsetof(weft_object, owner) - offsetof(weft_object, shared),
                   "word 1 of a new object stands in the thread");

/* Does the thread with this id own `o`? If so, that is true until the thread's next call: only the thread itself, who has
 * its slot borrowed, and who has the world stopped give the object another owner. */
static inline bool weft_owner_is_(const weft_object *o, uint16_t id)
{
#if WEFT_ASM_X86_64_
    /* A relaxed load too. But gcc makes an instruction of its own of each that it knows about, and loads the id anew
     * behind it; this stands in every count. It may use an answer twice as long as nothing is called or written to `o`. */
    bool same;
    __asm__("cmpw %2, %1" : "=@cce"(same) : "m"(o->owner), "r"(id));
    return same;
#else
    return weft_load_relaxed(&o->owner) == id;
#endif
}

/* One more. A count with its highest bit set is full: it keeps the bit whatever is added, and nothing is taken off; so the
 * object lives for good. Without a branch, since it is those that counting spends its time on. */
static inline uint32_t weft_local_more_(uint32_t local)
{
    uint32_t more;
    bool over = __builtin_add_overflow(local, 1u, &more);
    return more - over;
}

/* Immortal: none, true, small ints ... are too common for a call. `local` of a static object is constant. */
static inline bool weft_is_constant_(const weft_object *o)
{
    return weft_load_relaxed(&o->owner) == WEFT_OWNER_STATIC && o->local == 0;
}

/* One more reference to an object that the caller knows to be alive. */
static inline void weft_incref(weft_thread *self, weft_object *o)
{
    if (WEFT_LIKELY(weft_owner_is_(o, self->id))) {
        o->local = weft_local_more_(o->local);
        return;
    }
    if (!weft_is_constant_(o))
        weft_incref_slow(self, o);
}

/* One reference less; the caller's is gone. The object may die in this call. */
static inline void weft_decref(weft_thread *self, weft_object *o)
{
    if (WEFT_LIKELY(weft_owner_is_(o, self->id))) {
        uint32_t local = o->local;
        if (WEFT_LIKELY((int32_t)local > 1)) /* not the last, and not full */
            o->local = local - 1;
        else
            weft_decref_last(self, o);
        return;
    }
    if (!weft_is_constant_(o))
        weft_decref_shared(self, o);
}

/* One more reference to an object read from a slot without a lock, if it is surely not dying: the memory at `o` must
 * be a block of the object heap since the caller's last safepoint. On true the caller must load the slot again and
 * drop the reference if it no longer holds `o`. False: take the container's lock, then weft_incref_published. */
static inline bool weft_try_incref(weft_thread *self, weft_object *o)
{
    if (WEFT_LIKELY(weft_owner_is_(o, self->id))) {
        o->local = weft_local_more_(o->local);
        return true;
    }
    return weft_is_constant_(o) || weft_try_incref_slow(self, o);
}

/* As weft_incref, for an object held by a container whose lock the caller holds: makes later weft_try_incref by
 * non-owners succeed. */
WEFT_API void weft_incref_published(weft_thread *self, weft_object *o);

WEFT_END_DECLS

#endif
