/* guard_ft.h - guards of the free-threaded flavour. See guard.h for what they promise.
 *
 * Taking a lock is an atomic read-modify-write, which costs more than most operations on a list or a dict; and nearly
 * all containers are used by one thread only, the one that made them and owns their count. So the owner uses its
 * container without its lock until another thread first touches it (as biased locks do: Kawachiya, Koseki and Onodera,
 * "Lock Reservation", OOPSLA 2002).
 *
 *   owner    writes the container's address to its `guarded`, then looks, in one load, whether the lock is free and
 *            WEFT_BIT_READERS clear. If so it works, and writes NULL. If not it writes NULL and takes the lock, as everybody
 *            else.
 *   another  takes the object's lock; finds WEFT_BIT_READERS clear, makes every running thread pass a full barrier, and
 *            waits while the owner's `guarded` is this container. Then it sets the bit, which is never cleared, and works.
 *
 * Either the owner's look comes after the barrier, and finds the lock taken, or the bit set that is set before the lock is
 * given back; or its write of `guarded` came
 * before it, and the other thread waits for the owner to be done. The owner waits for nothing while `guarded` is set, so
 * that is soon. A barrier costs some microseconds: an owner from whom many containers were taken is told to take the lock
 * always (`guard_id`), and then no more barriers are needed on its account.
 *
 * With the bit come readers without a lock; the owner is one always. So an array may be freed at once only by the owner,
 * and while the bit is clear; and the bit is set only when no owner is at work that has found it clear. */
#ifndef WEFT_CORE_TYPES_GUARD_FT_H
#define WEFT_CORE_TYPES_GUARD_FT_H

typedef struct guard {
    thread *own;           /* this thread, if it needs no lock; else NULL */
    weft_critical section; /* if not `own` */
} guard;

void guard_take(weft_thread *self, weft_object *o);
void guard_enter_slow(weft_thread *self, guard *g, weft_object *o);
void guard_open_to_peeks(weft_thread *self, weft_object *o);
weft_object *ref_read_shared(weft_thread *self, weft_object *o, weft_object *const *place, void *const *origin,
                             const void *array);

/* The header's owner, bits and lock as one integer, which is loaded at once; masks for the owner and WEFT_BIT_READERS, and
 * for these and the lock. GUARD_WORD of GUARDS_NONE is that of a lock in a state that no lock is ever in. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define GUARD_WORD(owner) ((uint32_t)(owner))
#define GUARD_OWNER (0xFFFFu | (uint32_t)WEFT_BIT_READERS << 16)
#define GUARD_LOCK 0xFF000000u
#else
#define GUARD_WORD(owner) ((uint32_t)(owner) << 16 | (uint32_t)(owner) >> 24)
#define GUARD_OWNER (0xFFFF0000u | (uint32_t)WEFT_BIT_READERS << 8)
#define GUARD_LOCK 0xFFu
#endif

WEFT_STATIC_ASSERT(offsetof(weft_object, owner) == 12 && offsetof(weft_object, bits) == 14 &&
                       offsetof(weft_object, lock) == 15,
                   "one word");

static inline uint32_t guard_word_load(const weft_object *o)
{
    typedef uint32_t __attribute__((may_alias)) word;
    /* order: acquire - pairs with the release of the lock by the thread that set the bit. */
    return weft_load_acquire((const word *)(const void *)&o->owner);
}

/* Also outside a guard, for the owner, if it has loaded what it wants to read before: then no other thread has come by the
 * time of these loads, so what they found belongs together. Who comes later leaves it where it is (docs/dict.md). */
static inline bool guard_alone_id(count_id id, const weft_object *o)
{
    return WEFT_LIKELY(((guard_word_load(o) ^ GUARD_WORD(id)) & GUARD_OWNER) == 0);
}

static inline bool guard_alone(const weft_thread *self, const weft_object *o)
{
    return guard_alone_id(count_id_of(self), o);
}

static inline bool guard_readable(const weft_thread *self, const weft_object *o)
{
    /* order: acquire - pairs with guard_take: who sees the bit does not find an array that was freed before it was set. */
    return WEFT_LIKELY(weft_owner_is_(o, self->id)) || (weft_load_acquire(&o->bits) & WEFT_BIT_READERS);
}

static inline bool guard_is_free(void)
{
    return false;
}

/* Is the thread the owner, the lock free, and the bit clear? `guarded` is written. All three are looked at in one
 * load: a thread that comes holds the lock until the bit is set, so who looked at the bit first and then at the lock could
 * miss both. */
static inline bool guard_is_own(const weft_object *o, const thread *t)
{
    return WEFT_LIKELY((guard_word_load(o) & (GUARD_OWNER | GUARD_LOCK)) ==
                       GUARD_WORD(weft_load_relaxed(&t->world.guard_id)));
}

/* A guard that was had without a lock. */
typedef thread guard_pass;

static inline guard_pass *guard_announce(weft_thread *self, weft_object *o)
{
    thread *t = thread_of(self);
    /* order: release - guard_take may read this instead of the NULL before it. The processor may do the load that follows
     * before this store; the barrier in guard_take makes up for that. */
    weft_store_release(&t->world.guarded, o);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return t;
}

static inline void guard_end(guard_pass *t)
{
    /* order: release - pairs with guard_take: what was done to the container */
    weft_store_release(&t->world.guarded, (weft_object *)NULL);
}

static inline guard_pass *guard_try(weft_thread *self, weft_object *o)
{
    guard_pass *t = guard_announce(self, o);
    if (t == NULL)
        __builtin_unreachable(); /* so that callers test once, not twice */
    if (WEFT_LIKELY(guard_is_own(o, t)))
        return t;
    guard_end(t);
    return NULL;
}

static inline void guard_enter(weft_thread *self, guard *g, weft_object *o)
{
    g->own = guard_announce(self, o);
    if (WEFT_UNLIKELY(!guard_is_own(o, g->own)))
        guard_enter_slow(self, g, o);
}

/* Takes the lock at once, without the owner's look at the header, which would fetch its line twice from a processor that
 * writes there too: to read, and then to write. Whoever holds the lock is in the guard, the owner as anybody. */
static inline void guard_enter_shared(weft_thread *self, guard *g, weft_object *o)
{
    g->own = NULL;
    weft_critical_begin(self, &g->section, o);
    if (WEFT_UNLIKELY(!guard_readable(self, o)))
        guard_take(self, o);
}

static inline void guard_leave(weft_thread *self, guard *g)
{
    if (WEFT_LIKELY(g->own != NULL))
        guard_end(g->own);
    else
        weft_critical_end(self, &g->section);
}

/* Who is at work without the lock has found WEFT_BIT_READERS clear, and then the other bit is clear too. */
static inline bool guard_is_peeked(const guard *g, const weft_object *o)
{
    return WEFT_UNLIKELY(g->own == NULL) && WEFT_UNLIKELY(weft_load_relaxed(&o->bits) & WEFT_BIT_PEEKED);
}

static inline bool object_is_peeked(const weft_object *o)
{
    return WEFT_UNLIKELY(weft_load_relaxed(&o->bits) & WEFT_BIT_PEEKED);
}

/* May items be used uncounted, without a lock? */
static inline bool guard_peekable(const weft_object *o)
{
    /* order: acquire - pairs with guard_open_to_peeks: what was taken out before the bit was set is not found. */
    return WEFT_LIKELY(weft_load_acquire(&o->bits) & WEFT_BIT_PEEKED);
}

/* Only for an object that nobody else has seen yet and that never changes. */
static inline void guard_open_to_readers(weft_object *o)
{
    object_set_bits(o, WEFT_BIT_READERS);
}

static inline void ref_drop(weft_thread *self, weft_object *o, bool peeked)
{
    if (WEFT_UNLIKELY(peeked))
        reclaim_retire_reference(thread_of(self), o);
    else
        weft_decref(self, o);
}

static inline void ref_linger(weft_thread *self, weft_object *o)
{
    weft_incref(self, o);
    reclaim_retire_reference(thread_of(self), o);
}

static inline bool ref_lend(weft_thread *self, weft_object *o)
{
    reclaim_retire_reference(thread_of(self), o);
    return true;
}

static inline bool ref_array_is(void *const *origin, const void *array)
{
    /* order: acquire - of the loads before this one, so that they come before; pairs with writers' release stores. */
    return WEFT_LIKELY(weft_load_acquire(origin) == array);
}

/* For an object of one's own, or a constant one. The former was alive when it was in `place`, and it is us who would have
 * freed it since, so it needs no second look. A constant one needs it: what was there may have died, and become constant
 * as another object. `origin` NULL: the place is not in an array that may be replaced. few_branches, a constant: for a
 * function that branches as often as the processor can, but does little else. */
static inline weft_object *ref_read_own(count_id id, weft_object *const *place, void *const *origin, const void *array,
                                        bool few_branches)
{
    /* order: acquire - pairs with the release store of the place, so that the object is seen as it was put in. */
    weft_object *o = weft_load_acquire(place);
    if (WEFT_UNLIKELY(o == NULL))
        return NULL;
    if (few_branches && WEFT_LIKELY(weft_owner_is_(o, id))) {
        uint32_t local = o->local;
        o->local = (local + 1) | (local & WEFT_LOCAL_FULL); /* weft_local_more_ the longer way */
        return o;
    }
    uint32_t more;
    if (!few_branches && WEFT_LIKELY(weft_owner_is_(o, id)) &&
        WEFT_LIKELY(!__builtin_add_overflow(o->local, 1u, &more))) {
        o->local = more;
        return o;
    }
    bool still =
        weft_is_constant_(o) && weft_load_acquire(place) == o && (origin == NULL || weft_load_acquire(origin) == array);
    return still ? o : NULL;
}

/* A new reference to what `place`, which is in `array`, held at some moment since the array was read from *origin; NULL
 * if it held nothing or cannot be told: take the guard and look again. */
static inline weft_object *ref_read(weft_thread *self, weft_object *const *place, void *const *origin,
                                    const void *array)
{
    /* order: acquire - pairs with the release store of the place, so that the object is seen as it was put in. */
    weft_object *o = weft_load_acquire(place);
    if (WEFT_UNLIKELY(o == NULL))
        return NULL;
    /* An object that we own was alive when it was there, and it is us who would have freed it since. So it needs no
     * second look. */
    uint32_t more;
    if (WEFT_LIKELY(weft_owner_is_(o, self->id)) && WEFT_LIKELY(!__builtin_add_overflow(o->local, 1u, &more))) {
        o->local = more;
        return o;
    }
    return ref_read_shared(self, o, place, origin, array);
}

static inline weft_object *ref_read_guarded(weft_thread *self, weft_object *o)
{
    weft_incref_published(self, o);
    return o;
}

#endif
