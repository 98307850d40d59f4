/* Collections that start by themselves: at safepoints, in the finalizer thread, after a fork. */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "heap/tsan.h"
#include "knots.h"

static struct {
    pthread_t program;
    int64_t here, elsewhere, blocked, release; /* atomic */
} seen;

static uint64_t collections(weft_thread *self)
{
    weft_gc_stats stats;
    CHECK_INT(weft_gc_statistics(self, &stats), WEFT_OK);
    return stats.collections[0] + stats.collections[1] + stats.collections[2];
}

static void set_thresholds(weft_thread *self, bool finalizer_thread)
{
    weft_gc_settings settings;
    CHECK_INT(weft_gc_get_settings(self, &settings), WEFT_OK);
    settings.young = 300;
    settings.finalizer_thread = finalizer_thread;
    CHECK_INT(weft_gc_set_settings(self, &settings), WEFT_OK);
}

/* Makes garbage until `value` reaches `wanted`, but not for ever. */
static void litter_until(weft_thread *self, const weft_type *type, const int64_t *value, int64_t wanted)
{
    for (int i = 0; i < 200000 && __atomic_load_n(value, __ATOMIC_ACQUIRE) < wanted; i++) {
        knot_ring_drop(self, type, 5);
        weft_safepoint(self);
        if (i % 1000 == 999) { /* let others have their turn */
            CHECK_INT(weft_block_begin(self), WEFT_OK);
            test_sleep_ms(1);
            CHECK_INT(weft_block_end(self), WEFT_OK);
        }
    }
    CHECK(__atomic_load_n(value, __ATOMIC_ACQUIRE) >= wanted);
}

TEST_CASE(gc_automatic, they start at safepoints while switched on and not while switched off)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    set_thresholds(v.self, false);
    for (int i = 0; i < 1000; i++) {
        knot_ring_drop(v.self, knots.quiet_type, 5);
        weft_safepoint(v.self);
    }
    CHECK_INT(collections(v.self), 0);
    CHECK_INT(weft_gc_enable(v.self), WEFT_OK);
    litter_until(v.self, knots.quiet_type, &knots.destroyed, 10000);
    weft_gc_stats stats;
    CHECK_INT(weft_gc_statistics(v.self, &stats), WEFT_OK);
    CHECK(stats.last.automatic && stats.last.number > 1);
    CHECK(weft_gc_collect(v.self, WEFT_GC_FULL) >= 0);
    CHECK_INT(weft_gc_statistics(v.self, &stats), WEFT_OK);
    CHECK(!stats.last.automatic);
    values_close(&v);
}

/* In a destructor a safepoint starts none: the destructor's object is in no state to be looked at. */
static void safepoint_and_look(weft_thread *self, knot *k)
{
    (void)k;
    uint64_t before = collections(self);
    for (int i = 0; i < 100; i++) {
        weft_object *o = knot_ring(self, knots.quiet_type, 10);
        weft_object *next = knot_of(o)->next;
        knot_of(o)->next = NULL;
        weft_decref(self, next);
        weft_decref(self, o);
        weft_safepoint(self);
    }
    CHECK_INT(collections(self), before);
}

TEST_CASE(gc_automatic, none starts inside a finalizer of an object that dies by counts)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    set_thresholds(v.self, false);
    for (int i = 0; i < 200; i++)
        knot_ring_drop(v.self, knots.quiet_type, 5); /* one is due */
    knots.on_finalize = safepoint_and_look;
    CHECK_INT(weft_gc_enable(v.self), WEFT_OK);
    weft_decref(v.self, knot_new(v.self, knots.type, 1));
    CHECK_INT(knots_finalized(), 1);
    CHECK_INT(weft_gc_disable(v.self), WEFT_OK);
    CHECK(weft_gc_collect(v.self, WEFT_GC_FULL) >= 0);
    values_close(&v);
}

/* ---- when there is nothing to do -------------------------------------------------------------------------------------- */

typedef struct hoard {
    weft_runtime *runtime;
    weft_object **objects;
    int count;
} hoard;

static void *drop_hoard(void *arg)
{
    const hoard *h = arg;
    weft_thread *self = weft_thread_attach(h->runtime);
    for (int i = 0; CHECK(self != NULL) && i < h->count; i++) {
        weft_decref(self, h->objects[i]);
        weft_safepoint(self);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
    return NULL;
}

TEST_CASE(gc_automatic, a thread that only frees starts none, whoever made the objects)
{
    enum { COUNT = 40000 };

    static weft_object *objects[COUNT];
    values v = knots_open();
    REQUIRE(v.self != NULL);
    set_thresholds(v.self, false);
    CHECK_INT(weft_gc_enable(v.self), WEFT_OK);
    for (int i = 0; i < COUNT; i++) {
        objects[i] = knot_new(v.self, knots.quiet_type, i);
        weft_safepoint(v.self);
    }
    uint64_t before = collections(v.self);
    CHECK(before > 0);
    for (int i = 0; i < COUNT / 2; i++) {
        weft_decref(v.self, objects[i]);
        weft_safepoint(v.self);
    }
    hoard h = {v.runtime, objects + COUNT / 2, COUNT / 2};
    pthread_t id;
    REQUIRE(pthread_create(&id, NULL, drop_hoard, &h) == 0);
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    pthread_join(id, NULL);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    CHECK_INT(knots_destroyed(), COUNT);
    CHECK_INT(collections(v.self), before);
    values_close(&v);
}

/* ---- no storms -------------------------------------------------------------------------------------------------------- */

enum { STORM_THREADS = 4, STORM_ROUNDS = 10000, STORM_RING = 5 };

/* Cycles, and a safepoint after each: every thread comes to know at the same time that a collection is due. */
static void litter(int index, void *arg)
{
    weft_thread *self = weft_thread_attach(arg);
    (void)index;
    for (int i = 0; CHECK(self != NULL) && i < STORM_ROUNDS; i++) {
        knot_ring_drop(self, knots.quiet_type, STORM_RING);
        weft_safepoint(self);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(gc_automatic, many threads that find one due at once start no more than one for each threshold of objects)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    set_thresholds(v.self, false);
    CHECK_INT(weft_gc_enable(v.self), WEFT_OK);
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(STORM_THREADS, litter, v.runtime);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    uint64_t done = collections(v.self), made = STORM_THREADS * STORM_ROUNDS * STORM_RING;
    CHECK(done > 0);
    CHECK(done <= made / 300 + made / 3000); /* an increment or a full one beside every tenth */
    CHECK(knots_destroyed() >= (int64_t)made * 9 / 10);
    CHECK_INT(weft_gc_disable(v.self), WEFT_OK);
    CHECK(weft_gc_collect(v.self, WEFT_GC_FULL) >= 0);
    values_close(&v);
}

/* ---- the finalizer thread ----------------------------------------------------------------------------------------------- */

static void note_thread(weft_thread *self, knot *k)
{
    (void)k;
    (void)self;
    bool here = pthread_equal(seen.program, pthread_self());
    __atomic_fetch_add(here ? &seen.here : &seen.elsewhere, 1, __ATOMIC_ACQ_REL);
}

TEST_CASE(gc_automatic, a finalizer thread calls finalizers if the program wants one and ends with the runtime)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    seen.here = seen.elsewhere = 0;
    seen.program = pthread_self();
    knots.on_finalize = note_thread;
    set_thresholds(v.self, true);
    CHECK_INT(weft_gc_enable(v.self), WEFT_OK);
    litter_until(v.self, knots.type, &seen.elsewhere, 1000);
    CHECK(__atomic_load_n(&seen.elsewhere, __ATOMIC_ACQUIRE) >= 1000);
    CHECK_INT(__atomic_load_n(&seen.here, __ATOMIC_ACQUIRE), 0);
    CHECK_INT(weft_gc_disable(v.self), WEFT_OK);
    for (int i = 0; i < 1000 && values_live(v.self); i++) /* it may be busy with some */
        CHECK(weft_gc_collect(v.self, WEFT_GC_FULL) >= 0);
    values_close(&v);
}

static void block_first(weft_thread *self, knot *k)
{
    (void)k;
    if (__atomic_exchange_n(&seen.blocked, 1, __ATOMIC_ACQ_REL) == 0)
        knots_await(self, &seen.release, 1);
}

TEST_CASE(gc_automatic, a finalizer that blocks the finalizer thread does not hold up the program)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    seen.blocked = seen.release = 0;
    knots.on_finalize = block_first;
    set_thresholds(v.self, true);
    CHECK_INT(weft_gc_enable(v.self), WEFT_OK);
    litter_until(v.self, knots.type, &seen.blocked, 1);
    for (int i = 0; i < 1000; i++) {
        knot_ring_drop(v.self, knots.quiet_type, 5);
        weft_safepoint(v.self);
    }
    int64_t before = knots_destroyed();
    CHECK(weft_gc_collect(v.self, WEFT_GC_FULL) >= 4000); /* asked for, it is done here */
    CHECK(knots_destroyed() >= before + 4000);
    __atomic_store_n(&seen.release, 1, __ATOMIC_RELEASE);
    CHECK_INT(weft_gc_disable(v.self), WEFT_OK);
    for (int i = 0; i < 20000 && values_live(v.self); i++) {
        CHECK(weft_gc_collect(v.self, WEFT_GC_FULL) >= 0);
        CHECK_INT(weft_block_begin(v.self), WEFT_OK);
        test_sleep_ms(1);
        CHECK_INT(weft_block_end(v.self), WEFT_OK);
    }
    values_close(&v);
}

/* ---- forks -------------------------------------------------------------------------------------------------------------- */

/* Exits with the number of what failed. */
static int child_collects(weft_thread *self, int64_t held)
{
    if (weft_fork_after_child(self) != WEFT_OK)
        return 1;
    knots.on_finalize = NULL;
    int64_t before = knots_destroyed();
    if (weft_gc_collect(self, WEFT_GC_FULL) < held) /* what the other thread's collection held is garbage again */
        return 2;
    if (knots_destroyed() < before + held)
        return 3;
    before = knots_destroyed();
    for (int i = 0; i < 100000 && knots_destroyed() < before + 1000; i++) {
        knot_ring_drop(self, knots.quiet_type, 5);
        weft_safepoint(self);
    }
    return knots_destroyed() >= before + 1000 ? 0 : 4;
}

static void fork_and_check(weft_thread *self, int64_t held)
{
    CHECK_INT(weft_fork_before(self), WEFT_OK);
    pid_t pid = fork();
    if (pid == 0)
        _exit(child_collects(self, held));
    CHECK_INT(weft_fork_after_parent(self), WEFT_OK);
    int status = -1;
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
}

static void *collect_and_block(void *arg)
{
    weft_thread *self = weft_thread_attach(arg);
    if (CHECK(self != NULL)) {
        knot_ring_drop(self, knots.type, 20);
        CHECK_INT(weft_gc_collect(self, WEFT_GC_FULL), 20);
        CHECK_INT(weft_thread_detach(self), WEFT_OK);
    }
    return NULL;
}

TEST_CASE(gc_automatic, a forked child collects what a collection of a thread that is gone held)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    seen.blocked = seen.release = 0;
    knots.on_finalize = block_first;
    pthread_t id;
    REQUIRE(pthread_create(&id, NULL, collect_and_block, v.runtime) == 0);
    knots_await(v.self, &seen.blocked, 1);
    set_thresholds(v.self, false);
    CHECK_INT(weft_gc_enable(v.self), WEFT_OK);
    fork_and_check(v.self, 20);
    __atomic_store_n(&seen.release, 1, __ATOMIC_RELEASE);
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    pthread_join(id, NULL);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    CHECK_INT(knots_destroyed(), 20);
    values_close(&v);
}

TEST_CASE(gc_automatic, a forked child makes a finalizer thread of its own)
{
#ifdef HEAP_TSAN
    SKIP("TSan does not let the child of several threads start one");
#endif
    values v = knots_open();
    REQUIRE(v.self != NULL);
    seen.elsewhere = 0;
    knots.on_finalize = note_thread;
    set_thresholds(v.self, true);
    CHECK_INT(weft_gc_enable(v.self), WEFT_OK);
    litter_until(v.self, knots.type, &seen.elsewhere, 100);
    fork_and_check(v.self, 0);
    CHECK_INT(weft_gc_disable(v.self), WEFT_OK);
    knots.on_finalize = NULL;
    for (int i = 0; i < 1000 && values_live(v.self); i++)
        CHECK(weft_gc_collect(v.self, WEFT_GC_FULL) >= 0);
    values_close(&v);
}
