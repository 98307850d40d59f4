/* parking.c - the buckets of the parking lot, their locks, and the sleep itself. */
#include "core/parking.h"

#include "core/platform/platform.h"
#include "weft/base.h"

enum { BUCKET_BITS = 8 };

/* The lock is held for a few dozen instructions, and never while anything but the system is waited for; innermost. Its
 * holder may be detached, so a stop of the world does not wait for it and need not. */
typedef struct bucket {
    uint32_t lock;        /* atomic, futex: 0 free, 1 held, 2 held and somebody may sleep for it */
    parking_waiter *head; /* lock; ordered by since_ns among those with the same key */
    parking_waiter *tail; /* lock */
} __attribute__((aligned(64))) bucket;

static bucket buckets[1u << BUCKET_BITS];

static bucket *bucket_of(const void *key)
{
    uint64_t mixed = (uint64_t)(uintptr_t)key * UINT64_C(0x9E3779B97F4A7C15);
    return &buckets[mixed >> (64 - BUCKET_BITS)];
}

static void bucket_lock(bucket *b)
{
    uint32_t expected = 0;
    /* order: acquire - pairs with the release in bucket_unlock. */
    if (WEFT_LIKELY(__atomic_compare_exchange_n(&b->lock, &expected, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
        return;
    while (__atomic_exchange_n(&b->lock, 2, __ATOMIC_ACQUIRE) != 0)
        platform_wait(&b->lock, 2, -1);
}

static void bucket_unlock(bucket *b)
{
    /* order: release - pairs with bucket_lock. */
    if (WEFT_UNLIKELY(__atomic_exchange_n(&b->lock, 0, __ATOMIC_RELEASE) == 2))
        platform_wake_one(&b->lock);
}

/* ---- the queue: all under the bucket's lock ----------------------------------------------------------------------- */

/* Behind everybody who has waited longer. Who parks for the first time walks past nobody. */
static void bucket_insert(bucket *b, parking_waiter *waiter)
{
    parking_waiter *before = b->tail;
    while (before && before->since_ns > waiter->since_ns)
        before = before->prev;
    waiter->prev = before;
    waiter->next = before ? before->next : b->head;
    *(waiter->next ? &waiter->next->prev : &b->tail) = waiter;
    *(before ? &before->next : &b->head) = waiter;
}

static void bucket_remove(bucket *b, parking_waiter *waiter)
{
    *(waiter->prev ? &waiter->prev->next : &b->head) = waiter->next;
    *(waiter->next ? &waiter->next->prev : &b->tail) = waiter->prev;
}

static parking_waiter *waiter_find(parking_waiter *from, const void *key)
{
    while (from && from->key != key)
        from = from->next;
    return from;
}

/* After this the waiter may be gone at any moment; its state's address is used only to wake whoever sleeps there. */
static const uint32_t *waiter_tell(parking_waiter *waiter, parking_result result)
{
    /* order: release - pairs with the acquire loads in waiter_sleep and parking_was_handed: who is handed a lock sees
     * what was written under it. */
    weft_store_release(&waiter->state, (uint32_t)result);
    return &waiter->state;
}

/* ---- parking -------------------------------------------------------------------------------------------------------- */

/* Until told, or until the time is up; returns the state. */
static uint32_t waiter_sleep(parking_waiter *waiter, int64_t timeout_ns)
{
    uint64_t until = timeout_ns < 0 ? 0 : platform_now_ns() + (uint64_t)timeout_ns;
    int64_t left = timeout_ns;
    for (;;) {
        /* order: acquire - pairs with waiter_tell. */
        uint32_t state = weft_load_acquire(&waiter->state);
        if (state != PARKING_WAITING)
            return state;
        platform_wait(&waiter->state, PARKING_WAITING, left);
        if (timeout_ns < 0)
            continue;
        uint64_t now = platform_now_ns();
        if (now >= until)
            return weft_load_acquire(&waiter->state);
        left = (int64_t)(until - now);
    }
}

parking_result parking_park(parking_waiter *waiter, const void *key, uint64_t since_ns, parking_validate_fn validate,
                            void *arg, int64_t timeout_ns)
{
    bucket *b = bucket_of(key);
    *waiter = (parking_waiter){.key = key, .since_ns = since_ns, .state = PARKING_WAITING};
    bucket_lock(b);
    if (!validate(arg)) {
        bucket_unlock(b);
        return PARKING_INVALID;
    }
    bucket_insert(b, waiter);
    bucket_unlock(b);

    uint32_t state = waiter_sleep(waiter, timeout_ns);
    if (state == PARKING_WAITING) {
        /* Told or still queued: the bucket's lock decides. */
        bucket_lock(b);
        state = weft_load_relaxed(&waiter->state);
        if (state == PARKING_WAITING) {
            bucket_remove(b, waiter);
            state = PARKING_TIMEOUT;
        }
        bucket_unlock(b);
    }
    return (parking_result)state;
}

void parking_unpark_one(const void *key, parking_decide_fn decide, void *arg)
{
    bucket *b = bucket_of(key);
    const uint32_t *sleeper = NULL;
    bucket_lock(b);
    parking_waiter *waiter = waiter_find(b->head, key);
    if (waiter == NULL) {
        decide(arg, (parking_first){.found = false});
    } else {
        uint64_t now = platform_now_ns();
        parking_first first = {.found = true,
                               .more = waiter_find(waiter->next, key) != NULL,
                               .waited_ns = now > waiter->since_ns ? now - waiter->since_ns : 0};
        bucket_remove(b, waiter);
        sleeper = waiter_tell(waiter, decide(arg, first));
    }
    bucket_unlock(b);
    if (sleeper)
        platform_wake_one(sleeper);
}

/* Woken under the bucket's lock: the way to the next waiter leads through ones that may be gone once they are told. */
size_t parking_unpark_all(const void *key)
{
    bucket *b = bucket_of(key);
    size_t count = 0;
    bucket_lock(b);
    parking_waiter *waiter = waiter_find(b->head, key);
    while (waiter) {
        parking_waiter *next = waiter_find(waiter->next, key);
        bucket_remove(b, waiter);
        platform_wake_one(waiter_tell(waiter, PARKING_WOKEN));
        count++;
        waiter = next;
    }
    bucket_unlock(b);
    return count;
}

size_t parking_count(const void *key)
{
    bucket *b = bucket_of(key);
    size_t count = 0;
    bucket_lock(b);
    for (parking_waiter *waiter = waiter_find(b->head, key); waiter; waiter = waiter_find(waiter->next, key))
        count++;
    bucket_unlock(b);
    return count;
}

void parking_after_fork_child(void)
{
    for (size_t i = 0; i < sizeof buckets / sizeof buckets[0]; i++)
        buckets[i] = (bucket){0};
}
