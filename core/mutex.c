/* mutex.c - weft_mutex: a one-byte mutex for the program's own data, in both flavours.
 *
 * It stands in memory that the next holder may free as soon as it has it, so a release is the last touch: no look at a
 * waiters bit afterwards, as the object's lock has it, but one compare-and-swap on a byte that holds both. In the GIL
 * flavour, waiting releases the GIL, as thread_leave does. docs/locks.md. Attached threads, but for try_lock. */
#include "core/lock.h"

enum { MUTEX_HELD = 1, MUTEX_WAITERS = 2 }; /* waiters: set by who will park; cleared under the bucket's lock */

static bool mutex_try_take(void *lock)
{
    weft_mutex *mutex = lock;
    uint8_t state = weft_load_relaxed(&mutex->state);
    while (!(state & MUTEX_HELD)) {
        /* order: acquire - pairs with the release in weft_mutex_unlock and mutex_decide. */
        if (__atomic_compare_exchange_n(&mutex->state, &state, (uint8_t)(state | MUTEX_HELD), false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return true;
    }
    return false;
}

static void mutex_give_back(void *lock)
{
    weft_mutex_unlock(lock);
}

/* One byte holds both, so whoever releases it sees the mark: no barrier needed. */
static int64_t mutex_announce(void *lock)
{
    weft_mutex *mutex = lock;
    __atomic_fetch_or(&mutex->state, (uint8_t)MUTEX_WAITERS, __ATOMIC_RELAXED);
    return -1;
}

static bool mutex_is_waited_for(void *lock)
{
    const weft_mutex *mutex = lock;
    return weft_load_relaxed(&mutex->state) == (MUTEX_HELD | MUTEX_WAITERS);
}

static const lock_kind kind_mutex = {mutex_try_take, mutex_give_back, mutex_announce, mutex_is_waited_for};

weft_status weft_mutex_lock(weft_thread *self, weft_mutex *mutex)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (WEFT_UNLIKELY(mutex == NULL))
        return weft_error_set(WEFT_ERROR_VALUE, "weft_mutex_lock: mutex is NULL");
    lock_take(thread_of(self), &kind_mutex, mutex);
    return WEFT_OK;
}

bool weft_mutex_try_lock(weft_mutex *mutex)
{
    return mutex != NULL && mutex_try_take(mutex);
}

/* Under the bucket's lock, and holding the mutex: its last touch. */
static parking_result mutex_decide(void *arg, parking_first first)
{
    weft_mutex *mutex = arg;
    bool hand = first.found && first.waited_ns >= LOCK_FAIR_NS;
    /* order: release - pairs with mutex_try_take. */
    weft_store_release(&mutex->state, (uint8_t)((hand ? MUTEX_HELD : 0) | (first.more ? MUTEX_WAITERS : 0)));
    return hand ? PARKING_HANDED : PARKING_WOKEN;
}

void weft_mutex_unlock(weft_mutex *mutex)
{
    if (WEFT_UNLIKELY(mutex == NULL))
        return;
    uint8_t state = MUTEX_HELD;
    /* order: release - pairs with mutex_try_take. */
    if (!__atomic_compare_exchange_n(&mutex->state, &state, 0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        parking_unpark_one(mutex, mutex_decide, mutex);
}
