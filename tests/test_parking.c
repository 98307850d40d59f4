/* The parking lot by itself: no Weft thread is needed. */
#include "core/parking.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/platform/platform.h"
#include "harness.h"
#include "weft/base.h"

enum { MS = 1000000 };

static bool yes(void *arg)
{
    (void)arg;
    return true;
}

static bool no(void *arg)
{
    (void)arg;
    return false;
}

static parking_first seen;

static parking_result wake(void *arg, parking_first first)
{
    if (arg)
        *(parking_first *)arg = first;
    return PARKING_WOKEN;
}

static parking_result hand(void *arg, parking_first first)
{
    *(parking_first *)arg = first;
    return PARKING_HANDED;
}

/* One sleeper, and what became of it. */
typedef struct sleeper {
    const void *key;
    uint64_t since;
    int64_t timeout;
    parking_waiter waiter;
    uint32_t queued; /* atomic */
    uint32_t result; /* atomic; UINT32_MAX while it sleeps */
    pthread_t os;
} sleeper;

static bool say_queued(void *arg)
{
    weft_store_release(&((sleeper *)arg)->queued, 1u);
    return true;
}

static void *sleeper_run(void *arg)
{
    sleeper *s = arg;
    parking_result result = parking_park(&s->waiter, s->key, s->since, say_queued, s, s->timeout);
    weft_store_release(&s->result, (uint32_t)result);
    return NULL;
}

/* Returns when it is queued. */
static void sleeper_start(sleeper *s, const void *key, uint64_t since)
{
    *s = (sleeper){.key = key, .since = since, .timeout = -1, .result = UINT32_MAX};
    pthread_create(&s->os, NULL, sleeper_run, s);
    while (!weft_load_acquire(&s->queued) || parking_count(key) == 0)
        platform_yield();
}

static bool sleeper_ended(sleeper *s)
{
    for (int i = 0; i < 2000; i++) {
        if (weft_load_acquire(&s->result) != UINT32_MAX)
            return true;
        test_sleep_ms(1);
    }
    return false;
}

static bool sleeper_sleeps(sleeper *s)
{
    test_sleep_ms(5);
    return weft_load_acquire(&s->result) == UINT32_MAX;
}

TEST_CASE(parking, nobody sleeps when there is nothing to wait for any more)
{
    parking_waiter waiter = {0};
    CHECK_INT(parking_park(&waiter, &waiter, 0, no, NULL, -1), PARKING_INVALID);
}

TEST_CASE(parking, a sleep ends when its time is up)
{
    parking_waiter waiter;
    uint64_t begin = platform_now_ns();
    CHECK_INT(parking_park(&waiter, &waiter, begin, yes, NULL, 20 * MS), PARKING_TIMEOUT);
    CHECK(platform_now_ns() - begin >= 20 * MS);
    parking_unpark_one(&waiter, wake, &seen); /* and it is out of the queue */
    CHECK(!seen.found);
}

TEST_CASE(parking, waking finds nobody where nobody waits)
{
    int key = 0;
    seen.found = true;
    parking_unpark_one(&key, wake, &seen);
    CHECK(!seen.found);
    CHECK_INT(parking_unpark_all(&key), 0);
}

TEST_CASE(parking, a sleeper is told whether it was woken or handed what it waits for)
{
    int key = 0;
    sleeper s;
    sleeper_start(&s, &key, platform_now_ns());
    CHECK(!parking_was_handed(&s.waiter));
    parking_unpark_one(&key, hand, &seen);
    REQUIRE(sleeper_ended(&s));
    CHECK(seen.found && !seen.more);
    CHECK_INT(s.result, PARKING_HANDED);
    CHECK(parking_was_handed(&s.waiter));
    pthread_join(s.os, NULL);

    sleeper_start(&s, &key, platform_now_ns());
    parking_unpark_one(&key, wake, &seen);
    REQUIRE(sleeper_ended(&s));
    CHECK_INT(s.result, PARKING_WOKEN);
    pthread_join(s.os, NULL);
}

TEST_CASE(parking, the one who has waited longest comes first even if it parked last)
{
    int key = 0;
    uint64_t now = platform_now_ns();
    sleeper middle, young, old;
    sleeper_start(&middle, &key, now - 20 * MS);
    sleeper_start(&young, &key, now - 10 * MS);
    sleeper_start(&old, &key, now - 30 * MS);
    parking_unpark_one(&key, wake, &seen);
    CHECK(sleeper_ended(&old));
    CHECK(seen.more);
    CHECK(seen.waited_ns >= 30 * MS);
    CHECK(sleeper_sleeps(&middle) && sleeper_sleeps(&young));
    parking_unpark_one(&key, wake, &seen);
    CHECK(sleeper_ended(&middle));
    CHECK(seen.more);
    CHECK(sleeper_sleeps(&young));
    parking_unpark_one(&key, wake, &seen);
    CHECK(sleeper_ended(&young));
    CHECK(!seen.more);
    pthread_join(middle.os, NULL);
    pthread_join(young.os, NULL);
    pthread_join(old.os, NULL);
}

TEST_CASE(parking, keys that share a bucket do not take each others wakes)
{
    /* More keys than buckets: some share one. */
    enum { KEYS = 600, SLEEPERS = 8 };

    static char keys[KEYS];
    sleeper sleepers[SLEEPERS];
    for (int i = 0; i < SLEEPERS; i++)
        sleeper_start(&sleepers[i], &keys[i], platform_now_ns());
    for (int i = SLEEPERS; i < KEYS; i++) {
        parking_unpark_one(&keys[i], wake, &seen);
        CHECK(!seen.found);
        CHECK_INT(parking_unpark_all(&keys[i]), 0);
    }
    for (int i = 0; i < SLEEPERS; i++) {
        CHECK(weft_load_acquire(&sleepers[i].result) == UINT32_MAX);
        parking_unpark_one(&keys[i], wake, &seen);
        CHECK(seen.found && !seen.more);
        pthread_join(sleepers[i].os, NULL);
    }
}

TEST_CASE(parking, all who wait for a key are woken at once)
{
    enum { SLEEPERS = 6 };

    int key = 0, other = 0;
    sleeper sleepers[SLEEPERS], apart;
    for (int i = 0; i < SLEEPERS; i++)
        sleeper_start(&sleepers[i], &key, platform_now_ns());
    sleeper_start(&apart, &other, platform_now_ns());
    CHECK_INT(parking_unpark_all(&key), SLEEPERS);
    for (int i = 0; i < SLEEPERS; i++) {
        pthread_join(sleepers[i].os, NULL);
        CHECK_INT(sleepers[i].result, PARKING_WOKEN);
    }
    CHECK(sleeper_sleeps(&apart));
    CHECK_INT(parking_unpark_all(&other), 1);
    pthread_join(apart.os, NULL);
}

/* ---- many threads ----------------------------------------------------------------------------------------------------- */

/* Tokens that threads take and give: a semaphore built on the lot, so that a lost wake-up is a hang and a doubled one a
 * wrong count. Some waits have limits, so that leaving the queue races with being woken. */
typedef struct tokens {
    int32_t free; /* atomic; negative: that many take part in waiting */
    uint32_t rounds;
    uint32_t timeouts; /* atomic */
} tokens;

static bool tokens_none(void *arg)
{
    return weft_load_relaxed(&((tokens *)arg)->free) == 0;
}

static parking_result token_give(void *arg, parking_first first)
{
    tokens *t = arg;
    if (first.found)
        return PARKING_HANDED;
    __atomic_fetch_add(&t->free, 1, __ATOMIC_RELEASE);
    return PARKING_WOKEN;
}

static bool token_try(tokens *t)
{
    int32_t free = weft_load_relaxed(&t->free);
    while (free > 0)
        if (__atomic_compare_exchange_n(&t->free, &free, free - 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return true;
    return false;
}

static void tokens_run(int index, void *arg)
{
    tokens *t = arg;
    uint64_t random = test_seed() + (uint64_t)index;
    for (uint32_t i = 0; i < t->rounds; i++) {
        while (!token_try(t)) {
            parking_waiter waiter;
            int64_t timeout = test_random(&random) % 4 == 0 ? (int64_t)(test_random(&random) % 50000) : -1;
            parking_result result = parking_park(&waiter, t, platform_now_ns(), tokens_none, t, timeout);
            if (result == PARKING_HANDED)
                break;
            if (result == PARKING_TIMEOUT)
                __atomic_fetch_add(&t->timeouts, 1, __ATOMIC_RELAXED);
        }
        if (test_random(&random) % 8 == 0)
            platform_yield();
        parking_unpark_one(t, token_give, t);
    }
}

TEST_CASE(parking, no wake is lost or doubled when waits time out while they are woken)
{
    tokens t = {.free = 2, .rounds = (uint32_t)test_scale(20000)};
    test_threads(6, tokens_run, &t);
    CHECK_INT(t.free, 2);
}

/* ---- fork ------------------------------------------------------------------------------------------------------------------ */

TEST_CASE(parking, in a forked child nobody waits and the lot works)
{
    int key = 0;
    sleeper s;
    sleeper_start(&s, &key, platform_now_ns());
    pid_t child = fork();
    if (child == 0) {
        parking_after_fork_child();
        parking_first first = {.found = true};
        parking_unpark_one(&key, wake, &first);
        parking_waiter waiter;
        parking_result result = parking_park(&waiter, &key, platform_now_ns(), yes, NULL, MS);
        _exit(first.found || result != PARKING_TIMEOUT);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
    CHECK(weft_load_acquire(&s.result) == UINT32_MAX); /* the parent's waiter still waits */
    CHECK_INT(parking_unpark_all(&key), 1);
    pthread_join(s.os, NULL);
}

/* ---- the platform ------------------------------------------------------------------------------------------------------------ */

TEST_CASE(platform, a wait on a word that has changed returns at once and a limit is kept)
{
    uint32_t word = 1;
    platform_wait(&word, 0, -1);
    uint64_t begin = platform_now_ns();
    for (int i = 0; i < 100 && platform_now_ns() - begin < 10 * MS; i++)
        platform_wait(&word, 1, 10 * MS); /* may return early */
    CHECK(platform_now_ns() - begin >= 10 * MS);
    CHECK(platform_cores() >= 1);
}

TEST_CASE(platform, reserved address space is zero where it is committed and gives way to nothing)
{
    size_t bytes = (size_t)1 << 36;
    char *p = platform_reserve(bytes);
    REQUIRE(p != NULL);
    char *middle = p + bytes / 2;
    REQUIRE(platform_commit(middle, 1 << 20));
    CHECK_INT(middle[0], 0);
    middle[0] = 1;
    REQUIRE(platform_commit(middle, 1 << 20)); /* twice is harmless */
    CHECK_INT(middle[0], 1);
    CHECK_INT(middle[(1 << 20) - 1], 0);
    platform_release(p, bytes);
    CHECK(platform_reserve((size_t)1 << 62) == NULL);
}

/* Store-buffering: each side stores its own and loads the other's; without a barrier on either side both may load 0. */
typedef struct dekker {
    uint32_t light __attribute__((aligned(64)));
    uint32_t heavy __attribute__((aligned(64)));
    uint32_t light_saw, heavy_saw;
    uint32_t round __attribute__((aligned(64))); /* atomic: 2n: round n may begin; each side answers by done + 1 */
    uint32_t done;
    uint32_t rounds;
} dekker;

static void dekker_side(int side, void *arg)
{
    dekker *d = arg;
    for (uint32_t i = 1; i <= d->rounds; i++) {
        for (uint32_t spins = 1; weft_load_acquire(&d->round) < i; spins++)
            if (spins % 1024 == 0) /* the other side is not running */
                platform_yield();
        if (side == 0) {
            weft_store_relaxed(&d->light, i);
            __atomic_signal_fence(__ATOMIC_SEQ_CST);
            d->light_saw = weft_load_relaxed(&d->heavy);
        } else {
            weft_store_relaxed(&d->heavy, i);
            platform_barrier();
            d->heavy_saw = weft_load_relaxed(&d->light);
        }
        if (__atomic_add_fetch(&d->done, 1, __ATOMIC_ACQ_REL) == 2 * i) {
            CHECK(d->light_saw == i || d->heavy_saw == i);
            weft_store_release(&d->round, i + 1);
        }
    }
}

TEST_CASE(platform, after a barrier what other threads stored before their loads is visible)
{
    if (!platform_has_barrier())
        SKIP("the system has no such barrier");
    if (platform_cores() < 2)
        SKIP("one processor");
    static dekker d;
    d = (dekker){.round = 1, .rounds = (uint32_t)test_scale(30000)};
    test_threads(2, dekker_side, &d);
}

TEST_CASE(platform, a forked child has its barrier)
{
    bool has = platform_has_barrier();
    pid_t child = fork();
    if (child == 0) {
        platform_barrier();
        _exit(platform_has_barrier() != has);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
}
