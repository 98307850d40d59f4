/* lock_ft.h - object locks of the free-threaded flavour: fast paths. Included by lock.h only.
 *
 * lock byte: 0 free, 1 held. WEFT_BIT_LOCK_WAITERS in `bits` says that a thread is parked on it. Taking is one
 * compare-and-swap; giving back is one plain store with a look at the waiters bit before and after. The look after it is
 * sound because a thread that is about to park sets the bit, makes every running thread pass a full barrier (membarrier),
 * and looks at the lock once more; the look before it is for fairness. docs/locks.md has the argument. */
#ifndef WEFT_LOCK_FT_H
#define WEFT_LOCK_FT_H

#include "weft/lock.h"

WEFT_BEGIN_DECLS

WEFT_API weft_status weft_lock_slow(weft_thread *self, weft_object *o);
WEFT_API void weft_unlock_slow(weft_object *o, bool held);
WEFT_API void weft_critical_slow(weft_thread *self, weft_critical *section);
WEFT_API void weft_critical_end_slow(weft_thread *self, weft_critical *section);

static inline bool weft_lock_try_(weft_object *o)
{
    uint8_t expected = 0;
    /* order: acquire - pairs with the release store in weft_lock_release_ of the last holder. */
    return __atomic_compare_exchange_n(&o->lock, &expected, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void weft_lock_release_(weft_object *o)
{
    /* Held until the first waiter is known, so that it can be handed over: nobody can come in between. */
    if (WEFT_UNLIKELY(weft_load_relaxed(&o->bits) & WEFT_BIT_LOCK_WAITERS)) {
        weft_unlock_slow(o, true);
        return;
    }
    /* order: release - pairs with weft_lock_try_. The load after it may be taken before the store by the processor, but
     * not by the compiler; the membarrier of who sets the bit (object_announce) makes up for the processor. */
    weft_store_release(&o->lock, (uint8_t)0);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (WEFT_UNLIKELY(weft_load_relaxed(&o->bits) & WEFT_BIT_LOCK_WAITERS))
        weft_unlock_slow(o, false);
}

static inline weft_status weft_lock(weft_thread *self, weft_object *o)
{
    return WEFT_LIKELY(weft_lock_try_(o)) ? WEFT_OK : weft_lock_slow(self, o);
}

static inline void weft_unlock(weft_thread *self, weft_object *o)
{
    (void)self;
    weft_lock_release_(o);
}

static inline void weft_critical_begin(weft_thread *self, weft_critical *section, weft_object *o)
{
    section->outer = self->critical;
    section->first = o;
    section->second = NULL;
    if (WEFT_LIKELY(weft_lock_try_(o)))
        self->critical = section;
    else
        weft_critical_slow(self, section);
}

static inline void weft_critical_begin2(weft_thread *self, weft_critical *section, weft_object *a, weft_object *b)
{
    if (a == b) {
        weft_critical_begin(self, section, a);
        return;
    }
    section->outer = self->critical;
    section->first = (uintptr_t)a < (uintptr_t)b ? a : b;
    section->second = (uintptr_t)a < (uintptr_t)b ? b : a;
    weft_critical_slow(self, section);
}

static inline void weft_critical_end(weft_thread *self, weft_critical *section)
{
    /* A low bit: the lock is an outer section's, or the outer section must be resumed. docs/locks.md */
    uintptr_t marks = ((uintptr_t)section->first | (uintptr_t)section->outer) & 1u;
    if (WEFT_LIKELY(marks == 0 && section->second == NULL)) {
        self->critical = section->outer;
        weft_lock_release_(section->first);
    } else {
        weft_critical_end_slow(self, section);
    }
}

WEFT_END_DECLS

#endif
