/* lock_ft.c - the object's lock, past the fast path: who waits for it and how it is given back to waiters. docs/locks.md
 * has the argument why no wake-up is lost. Attached threads. */
#include "core/lock_ft.h"

/* ---- spinning ------------------------------------------------------------------------------------------------------- */

/* A pause takes 10 to 45 ns. A spin: 1 + 2 + ... + 32 of them. A wait: steps that double to 128, unless they begin above that,
 * and make WAIT_MOST together or one step more: 20 us and more. */
enum { SPIN_LAST = 32, WAIT_LONGEST = 128, WAIT_MOST = 1500, WAIT_FIRST_MOST = 512, WAIT_AGAIN_NS = 5000 };

static void spin_pauses(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        platform_pause();
}

/* On one processor the holder cannot run while this thread spins. */
static bool spin_is_useful(void)
{
    static uint32_t cores; /* atomic, relaxed: every thread finds the same */
    uint32_t known = weft_load_relaxed(&cores);
    if (known == 0) {
        known = platform_cores();
        weft_store_relaxed(&cores, known);
    }
    return known > 1;
}

bool lock_spin_step(lock_spin *spin)
{
    if (spin->pauses == 0) {
        if (!spin_is_useful())
            return false;
        spin->pauses = 1;
    }
    if (spin->pauses > SPIN_LAST)
        return false;
    spin_pauses(spin->pauses);
    spin->pauses *= 2;
    return true;
}

/* Pauses before the first look. Who has to wait again within microseconds of the last time is one of several that do little
 * but use this lock. In turns they are slow: each turn moves the lock's line, and those of what it guards, from core to core.
 * So one of them stays away for longer, in which the other has all of it to itself, and they are faster one after the other
 * (Dice, "Malthusian Locks", EuroSys 2017). Two that meet by chance now and then look at once. */
static uint32_t wait_first(thread *t)
{
    uint32_t first = t->lock_patience.first;
    if (platform_now_ns() - t->lock_patience.ended_ns < WAIT_AGAIN_NS)
        first = first < WAIT_FIRST_MOST ? first * 2 : first;
    else
        first /= 2;
    t->lock_patience.first = first ? first : 1;
    return t->lock_patience.first;
}

/* Spinning as long as sleeping would cost is never worse than twice the best (Karlin, Manasse, McGeoch and Owicki, SODA 1990). */
bool lock_spin_wait(thread *t, lock_spin *spin)
{
    if (spin->pauses == 0) {
        if (!spin_is_useful())
            return false;
        spin->pauses = wait_first(t);
    }
    if (spin->made >= WAIT_MOST || (weft_load_relaxed(t->head.poll) & SLOT_STOP))
        return false;
    spin_pauses(spin->pauses);
    spin->made += spin->pauses;
    if (spin->pauses < WAIT_LONGEST)
        spin->pauses *= 2;
    return true;
}

void lock_spin_end(thread *t, const lock_spin *spin)
{
    if (spin->pauses != 0)
        t->lock_patience.ended_ns = platform_now_ns();
}

/* ---- waiting for it ----------------------------------------------------------------------------------------------------- */

/* Looks before it tries, so that who spins does not take the line away from the holder. */
static bool object_try_take(void *lock)
{
    weft_object *o = lock;
    return weft_load_relaxed(&o->lock) == 0 && weft_lock_try_(o);
}

static void object_give_back(void *lock)
{
    weft_lock_release_(lock);
}

static int64_t object_announce(void *lock)
{
    weft_object *o = lock;
    /* order: relaxed suffices for who finds the bit set; who sets it makes every thread pass a full barrier before it
     * looks at the lock (object_is_waited_for). Pairs with the looks in weft_lock_release_. */
    if (!(__atomic_fetch_or(&o->bits, (uint8_t)WEFT_BIT_LOCK_WAITERS, __ATOMIC_SEQ_CST) & WEFT_BIT_LOCK_WAITERS))
        platform_barrier();
    /* Without that barrier a release may have missed the bit; it will not for long. */
    return platform_has_barrier() ? -1 : LOCK_FAIR_NS;
}

static bool object_is_waited_for(void *lock)
{
    const weft_object *o = lock;
    return weft_load_seq_cst(&o->lock) != 0 && (weft_load_relaxed(&o->bits) & WEFT_BIT_LOCK_WAITERS);
}

const lock_kind lock_kind_object = {object_try_take, object_give_back, object_announce, object_is_waited_for};

weft_status weft_lock_slow(weft_thread *self, weft_object *o)
{
    assert(thread_check(self, "weft_lock") == WEFT_OK);
    if (critical_holds(thread_of(self), o))
        return weft_error_set(WEFT_ERROR_BUSY, "weft_lock: a critical section of this thread holds the object's lock");
    lock_take(thread_of(self), &lock_kind_object, o);
    return WEFT_OK;
}

/* ---- giving it back ------------------------------------------------------------------------------------------------------- */

/* Under the bucket's lock, and holding the object's. The bit goes before the lock: once that is free this thread has no
 * business with the object. */
static parking_result unlock_decide(void *arg, parking_first first)
{
    weft_object *o = arg;
    if (!first.more)
        __atomic_fetch_and(&o->bits, (uint8_t)~WEFT_BIT_LOCK_WAITERS, __ATOMIC_RELAXED);
    if (first.found && first.waited_ns >= LOCK_FAIR_NS)
        return PARKING_HANDED; /* the lock stays held: by the waiter */
    /* order: release - pairs with weft_lock_try_. */
    weft_store_release(&o->lock, (uint8_t)0);
    return PARKING_WOKEN;
}

/* `held`: the waiters bit was seen before the lock was given up. If not, it is taken again for the sake of the waiters,
 * or left to the one who has taken it meanwhile, who will see the bit. */
void weft_unlock_slow(weft_object *o, bool held)
{
    if (held || weft_lock_try_(o))
        parking_unpark_one(o, unlock_decide, o);
}
