/* parking.h - the parking lot: threads that sleep until another thread says that what they wait for has happened.
 *
 * A process-wide table of queues, chosen by the address waited for, so that a lock can be one byte: the queue exists
 * only while somebody waits. Waiters lie on the stacks of their threads, so nothing is allocated and nothing can fail.
 * The caller decides, under the lock of the queue's bucket, what a wake means; docs/locks.md has the uses. The idea is
 * WebKit's (ParkingLot). Any thread; one that is attached leaves the world before it parks (core/lock.c does). */
#ifndef WEFT_CORE_PARKING_H
#define WEFT_CORE_PARKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum parking_result {
    PARKING_INVALID, /* validate said no: it did not sleep */
    PARKING_TIMEOUT,
    PARKING_WOKEN, /* try again */
    PARKING_HANDED /* what it waited for is its own */
} parking_result;

enum { PARKING_WAITING = 4 }; /* parking_waiter.state before there is a result */

/* Alive from before parking_park until it returned. */
typedef struct parking_waiter {
    const void *key;             /* constant while queued */
    uint64_t since_ns;           /* constant while queued */
    struct parking_waiter *next; /* the bucket's lock */
    struct parking_waiter *prev; /* the bucket's lock */
    uint32_t state;              /* atomic, futex: a parking_result; written under the bucket's lock */
} parking_waiter;

/* Called under the bucket's lock: is there still something to wait for? Must not park, wait or lock. */
typedef bool (*parking_validate_fn)(void *arg);

/* Sleeps until somebody unparks `key`, at most timeout_ns (negative: no limit), if validate(arg) agrees. Waiters are
 * queued in the order of since_ns: when the caller began to wait, by platform_now_ns, however often it parks. */
parking_result parking_park(parking_waiter *waiter, const void *key, uint64_t since_ns, parking_validate_fn validate,
                            void *arg, int64_t timeout_ns);

/* What parking_unpark_one found: whether anybody waits for the key, since when, and whether others wait behind. */
typedef struct parking_first {
    bool found;
    bool more;
    uint64_t waited_ns;
} parking_first;

/* Called under the bucket's lock: PARKING_WOKEN or PARKING_HANDED, for the first waiter if there is one. */
typedef parking_result (*parking_decide_fn)(void *arg, parking_first first);

/* Takes the first waiter for `key` out of the queue with what decide(arg) makes of it. decide is called once in any
 * case. What it changes is not touched afterwards. */
void parking_unpark_one(const void *key, parking_decide_fn decide, void *arg);

/* Everybody who waits for `key` gets PARKING_WOKEN. Returns how many. */
size_t parking_unpark_all(const void *key);

/* How many wait for `key` at this moment: for tests. */
size_t parking_count(const void *key);

/* What the waiter was told, if it was: for who finds it in a forked child. */
static inline bool parking_was_handed(const parking_waiter *waiter);

/* In a forked child, before anything else of this module: nobody waits any more. */
void parking_after_fork_child(void);

static inline bool parking_was_handed(const parking_waiter *waiter)
{
    /* order: acquire - pairs with the release store in waiter_tell. */
    return __atomic_load_n(&waiter->state, __ATOMIC_ACQUIRE) == PARKING_HANDED;
}

#endif
