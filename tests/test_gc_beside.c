/* Collections beside everything else: without memory, with other threads that come, go, look and hold locks. */
#include <pthread.h>

#include "knots.h"

/* ---- without memory ----------------------------------------------------------------------------------------------------- */

static int64_t called; /* atomic: callbacks of weak references */

static void count_call(weft_thread *self, weft_object *weak, void *arg)
{
    (void)arg;
    CHECK_PTR(weft_weak_get(self, weak), NULL);
    __atomic_fetch_add(&called, 1, __ATOMIC_ACQ_REL);
}

/* A finalizer that brings back every third. */
static weft_object *rescued;

static void rescue_some(weft_thread *self, knot *k)
{
    if (k->number % 3 == 0 && rescued)
        (void)weft_list_append(self, rescued, &k->object); /* may fail for want of memory */
}

/* A ring with finalizers, and a weak reference with a callback to each that is outside of it. */
static void make_garbage(weft_thread *self, weft_object **weak, int count)
{
    weft_object *first = knot_ring(self, knots.type, count), *o = first;
    for (int i = 0; i < count; i++) {
        weak[i] = weft_weak_new(self, o, count_call, NULL);
        CHECK(weak[i] != NULL);
        o = knot_of(o)->next;
    }
    weft_decref(self, first);
}

enum { RING = 12 };

/* True: the nth allocation was not reached any more. */
static bool collect_failing_at(weft_thread *self, uint64_t n)
{
    weft_object *weak[RING];
    make_garbage(self, weak, RING);
    knots.destroyed = knots.finalized = called = 0;
    CHECK_INT(weft_fail_allocation(self, n, false), WEFT_OK);
    int64_t found = weft_gc_collect(self, WEFT_GC_FULL);
    bool reached = weft_fail_allocation(self, 0, false) == WEFT_OK && found == WEFT_ERROR_MEMORY;
    if (reached) {
        CHECK_ERROR(WEFT_ERROR_MEMORY, "given up");
        CHECK(knots_finalized() == 0 || knots_finalized() == RING);
        CHECK_INT(knots_destroyed(), 0);
        weft_error_clear();
    }
    rescued = NULL; /* the next one brings nothing back */
    CHECK(weft_gc_collect(self, WEFT_GC_FULL) >= 0);
    CHECK_INT(knots_finalized(), RING);
    CHECK_INT(called, RING);
    for (int i = 0; i < RING; i++)
        weft_decref(self, weak[i]);
    return !reached && n > 40;
}

TEST_CASE(gc_beside, without memory for any allocation nothing is lost and nothing is called twice)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    knots.on_finalize = rescue_some;
    bool over = false;
    for (uint64_t n = 1; n < 200 && !over; n++) {
        weft_object *list = weft_list_new(v.self, 0);
        rescued = list;
        over = collect_failing_at(v.self, n);
        weft_decref(v.self, list);
        CHECK(weft_gc_collect(v.self, WEFT_GC_FULL) >= 0);
        CHECK_INT(knots_destroyed(), RING);
    }
    CHECK(over);
    values_close(&v);
}

/* ---- locks -------------------------------------------------------------------------------------------------------------- */

static struct {
    weft_runtime *runtime;
    weft_object *locked;         /* by the other thread, which stands at safepoints with it */
    int64_t has_it, wanted, got; /* atomic */
} lock;

static void *hold_lock(void *arg)
{
    weft_thread *self = weft_thread_attach(lock.runtime);
    (void)arg;
    weft_lock(self, lock.locked);
    __atomic_store_n(&lock.has_it, 1, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&lock.wanted, __ATOMIC_ACQUIRE)) /* parked here, while the world is stopped */
        weft_safepoint(self);
    for (int i = 0; i < 1000; i++)
        weft_safepoint(self);
    CHECK_INT(__atomic_load_n(&lock.got, __ATOMIC_ACQUIRE), 0);
    weft_unlock(self, lock.locked);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
    return NULL;
}

static void want_lock(weft_thread *self, knot *k)
{
    (void)k;
    __atomic_store_n(&lock.wanted, 1, __ATOMIC_RELEASE);
    weft_lock(self, lock.locked);
    __atomic_store_n(&lock.got, 1, __ATOMIC_RELEASE);
    weft_unlock(self, lock.locked);
}

TEST_CASE(gc_beside, a finalizer gets a lock that a thread held while the world was stopped)
{
    if (strcmp(weft_flavour_name(), "gil") == 0)
        SKIP("locks of objects are nothing in the GIL flavour");
    values v = knots_open();
    REQUIRE(v.self != NULL);
    lock.has_it = lock.wanted = lock.got = 0;
    lock.runtime = v.runtime;
    lock.locked = knot_new(v.self, knots.quiet_type, 0);
    knots.on_finalize = want_lock;
    pthread_t id;
    REQUIRE(pthread_create(&id, NULL, hold_lock, NULL) == 0);
    knots_await(v.self, &lock.has_it, 1);
    knot_ring_drop(v.self, knots.type, 1);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 1);
    CHECK_INT(lock.got, 1);
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    pthread_join(id, NULL);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    weft_decref(v.self, lock.locked);
    values_close(&v);
}

/* ---- looking ------------------------------------------------------------------------------------------------------------ */

static int64_t listed;

static void list_objects(weft_thread *self, knot *k)
{
    weft_object *all = weft_gc_objects(self, WEFT_GC_FULL), *target = &k->object;
    weft_object *referrers = weft_gc_referrers(self, &target, 1);
    CHECK(all != NULL && referrers != NULL);
    listed += weft_list_size(self, all) + weft_list_size(self, referrers);
    weft_xdecref(self, all);
    weft_xdecref(self, referrers);
}

TEST_CASE(gc_beside, a finalizer that lists all objects sees no garbage and brings none back)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    weft_object *alive = knot_new(v.self, knots.quiet_type, 0);
    listed = 0;
    knots.on_finalize = list_objects;
    knot_ring_drop(v.self, knots.type, 9);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 9);
    CHECK_INT(listed, 9); /* the one that lives, nine times */
    CHECK_INT(knots_destroyed(), 9);
    weft_decref(v.self, alive);
    values_close(&v);
}

/* ---- many requests ------------------------------------------------------------------------------------------------------ */

enum { REQUESTERS = 4, SLEEPERS = 3, REATTACHMENTS = 50 };

typedef struct crowd {
    weft_runtime *runtime;
    int64_t awake; /* atomic: sleepers that are not done */
} crowd;

static void request_in_a_loop(weft_thread *self, crowd *c, int index)
{
    while (__atomic_load_n(&c->awake, __ATOMIC_ACQUIRE) > 0) {
        knot_ring_drop(self, knots.type, 3);
        CHECK(weft_gc_collect(self, (weft_gc_generation)(index % 3)) >= 0);
    }
}

static void sleep_and_attach(crowd *c)
{
    for (int i = 0; i < REATTACHMENTS; i++) {
        weft_thread *self = weft_thread_attach(c->runtime);
        REQUIRE(self != NULL);
        CHECK_INT(weft_block_begin(self), WEFT_OK);
        test_sleep_ms(1);
        CHECK_INT(weft_block_end(self), WEFT_OK);
        knot_ring_drop(self, knots.quiet_type, 3);
        CHECK_INT(weft_thread_detach(self), WEFT_OK);
    }
}

static void crowd_member(int index, void *arg)
{
    crowd *c = arg;
    if (index >= REQUESTERS) {
        sleep_and_attach(c);
        __atomic_fetch_sub(&c->awake, 1, __ATOMIC_ACQ_REL);
        return;
    }
    weft_thread *self = weft_thread_attach(c->runtime);
    REQUIRE(self != NULL);
    request_in_a_loop(self, c, index);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(gc_beside, collections in a tight loop by several threads do not starve those that attach)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    crowd c = {.runtime = v.runtime, .awake = SLEEPERS};
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    uint64_t begin = test_now_ns();
    test_threads(REQUESTERS + SLEEPERS, crowd_member, &c);
    CHECK(test_now_ns() - begin < UINT64_C(60) * 1000000000);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    CHECK(weft_gc_collect(v.self, WEFT_GC_FULL) >= 0);
    values_close(&v);
}
