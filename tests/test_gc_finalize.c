/* What is done with garbage: finalizers in every way they can behave. */
#include <pthread.h>

#include "knots.h"

static weft_object *saved[16]; /* what finalizers bring back */

static void drop_saved(weft_thread *self)
{
    for (int i = 0; i < 16; i++) {
        weft_object *o = saved[i];
        saved[i] = NULL;
        weft_xdecref(self, o);
    }
}

/* ---- without and with finalizers ------------------------------------------------------------------------------------ */

TEST_CASE(gc_finalize, garbage without finalizers is cleared and freed in one stop)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    knot_ring_drop(v.self, knots.quiet_type, 10);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 10);
    CHECK_INT(knots_destroyed(), 10);
    weft_gc_stats stats;
    CHECK_INT(weft_gc_statistics(v.self, &stats), WEFT_OK);
    CHECK_INT(stats.last.freed, 10);
    CHECK_INT(stats.last.finalized, 0);
    CHECK(stats.last.freed_bytes >= 10 * sizeof(knot));
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 0);
    values_close(&v);
}

TEST_CASE(gc_finalize, every finalizer runs once and before anything is cleared)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    knot_ring_drop(v.self, knots.type, 10);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 10);
    CHECK_INT(knots_finalized(), 10);
    CHECK_INT(knots_destroyed(), 10);
    values_close(&v);
}

static void check_whole(weft_thread *self, knot *k)
{
    (void)self;
    CHECK(k->next != NULL && knot_of(k->next)->next != NULL);
    CHECK_INT(knots_destroyed(), 0);
    CHECK(weft_gc_is_finalized(&k->object));
    CHECK(weft_gc_is_tracked(&k->object));
}

TEST_CASE(gc_finalize, a finalizer sees its object and all it refers to whole)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    knots.on_finalize = check_whole;
    knot_ring_drop(v.self, knots.type, 50);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 50);
    CHECK_INT(knots_destroyed(), 50);
    values_close(&v);
}

/* ---- resurrection --------------------------------------------------------------------------------------------------------- */

static void save_number_3(weft_thread *self, knot *k)
{
    if (k->number == 3)
        saved[0] = weft_ref(self, &k->object);
}

TEST_CASE(gc_finalize, one object brought back keeps what it leads to and is not finalized again)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    knots.on_finalize = save_number_3;
    knot_ring_drop(v.self, knots.type, 8);
    knot_ring_drop(v.self, knots.type, 3); /* another one, of which nothing comes back */
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 11);
    CHECK_INT(knots_finalized(), 11);
    CHECK_INT(knots_destroyed(), 3);
    weft_gc_stats stats;
    CHECK_INT(weft_gc_statistics(v.self, &stats), WEFT_OK);
    CHECK_INT(stats.last.resurrected, 8);
    CHECK_INT(stats.last.freed, 3);
    REQUIRE(saved[0] != NULL);
    CHECK_INT(weft_refcount(v.self, saved[0]), 2);
    CHECK(knot_of(saved[0])->next != NULL);
    drop_saved(v.self);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 8);
    CHECK_INT(knots_finalized(), 11);
    CHECK_INT(knots_destroyed(), 11);
    values_close(&v);
}

static void save_each(weft_thread *self, knot *k)
{
    saved[k->number] = weft_ref(self, &k->object);
}

TEST_CASE(gc_finalize, all objects of a cycle brought back live on)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    knots.on_finalize = save_each;
    knot_ring_drop(v.self, knots.type, 10);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 10);
    CHECK_INT(knots_destroyed(), 0);
    for (int i = 0; i < 10; i++)
        CHECK_INT(saved[i] ? weft_refcount(v.self, saved[i]) : 0, 2);
    drop_saved(v.self);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 10);
    CHECK_INT(knots_destroyed(), 10);
    values_close(&v);
}

/* Number 2 cuts the ring behind itself and saves itself: 0 and 1 lead to it, and it leads to nothing. */
static void cut_and_save(weft_thread *self, knot *k)
{
    if (k->number != 2)
        return;
    weft_object *rest = k->next;
    k->next = NULL;
    saved[0] = weft_ref(self, &k->object);
    weft_xdecref(self, rest);
}

TEST_CASE(gc_finalize, of half a cycle brought back the other half dies)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    knots.on_finalize = cut_and_save;
    knot_ring_drop(v.self, knots.type, 6);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 6);
    CHECK_INT(knots_finalized(), 6);
    CHECK_INT(knots_destroyed(), 5);
    REQUIRE(saved[0] != NULL);
    CHECK_INT(weft_refcount(v.self, saved[0]), 1);
    drop_saved(v.self);
    CHECK_INT(knots_destroyed(), 6);
    values_close(&v);
}

/* ---- what a finalizer may do --------------------------------------------------------------------------------------------------- */

static void collect_inside(weft_thread *self, knot *k)
{
    (void)k;
    CHECK_INT(weft_gc_collect(self, WEFT_GC_FULL), 0);
    CHECK_INT(weft_thread_detach(self), WEFT_ERROR_BUSY);
}

TEST_CASE(gc_finalize, a collection started by a finalizer does nothing and detaching is refused)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    knots.on_finalize = collect_inside;
    knot_ring_drop(v.self, knots.type, 5);
    weft_error_clear();
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 5);
    CHECK_INT(knots_finalized(), 5);
    CHECK_INT(knots_destroyed(), 5);
    weft_gc_stats stats;
    CHECK_INT(weft_gc_statistics(v.self, &stats), WEFT_OK);
    CHECK_INT(stats.collections[WEFT_GC_FULL], 1);
    values_close(&v);
}

static void raise_error(weft_thread *self, knot *k)
{
    (void)self;
    weft_error_set(WEFT_ERROR_USER, "finalizer %d", (int)k->number);
}

TEST_CASE(gc_finalize, the error of a finalizer is nobodys)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    knots.on_finalize = raise_error;
    knot_ring_drop(v.self, knots.type, 5);
    weft_error_set(WEFT_ERROR_KEY, "the callers own");
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 5);
    CHECK_INT(weft_error_status(), WEFT_ERROR_KEY);
    CHECK_STR(weft_error_message(), "the callers own");
    weft_error_clear();
    values_close(&v);
}

static void exhaust_memory(weft_thread *self, knot *k)
{
    (void)k;
    CHECK_INT(weft_fail_allocation(self, 3, true), WEFT_OK);
    weft_object *o = weft_list_new(self, 0);
    for (int i = 0; i < 100 && o != NULL; i++) {
        weft_decref(self, o);
        o = weft_float_new(self, i);
    }
    weft_xdecref(self, o);
    CHECK_INT(weft_error_status(), WEFT_ERROR_MEMORY);
}

TEST_CASE(gc_finalize, finalizers that allocate until memory fails leave a collection that can be repeated)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    knots.on_finalize = exhaust_memory;
    knot_ring_drop(v.self, knots.type, 5);
    int64_t found = weft_gc_collect(v.self, WEFT_GC_FULL);
    CHECK(found == 5 || found == WEFT_ERROR_MEMORY);
    CHECK_INT(knots_finalized(), 5);
    CHECK_INT(weft_fail_allocation(v.self, 0, false), WEFT_OK);
    weft_error_clear();
    CHECK(weft_gc_collect(v.self, WEFT_GC_FULL) >= 0);
    CHECK_INT(knots_destroyed(), 5);
    CHECK_INT(knots_finalized(), 5);
    values_close(&v);
}

static void lock_and_allocate(weft_thread *self, knot *k)
{
    weft_critical section;
    weft_critical_begin(self, &section, k->next);
    knot_ring_drop(self, knots.quiet_type, 3);
    weft_safepoint(self);
    weft_critical_end(self, &section);
    weft_lock(self, &k->object);
    weft_unlock(self, &k->object);
}

TEST_CASE(gc_finalize, finalizers lock and make new garbage also when the collection began inside a section)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    knots.on_finalize = lock_and_allocate;
    weft_object *ring = knot_ring(v.self, knots.type, 4);
    weft_object *locked = knot_new(v.self, knots.quiet_type, 0);
    weft_critical section;
    weft_critical_begin(v.self, &section, locked);
    weft_decref(v.self, ring);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 4);
    weft_critical_end(v.self, &section);
    CHECK_INT(knots_destroyed(), 4);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 12);
    weft_decref(v.self, locked);
    values_close(&v);
}

/* ---- other threads --------------------------------------------------------------------------------------------------------------- */

static struct {
    weft_runtime *runtime;
    int64_t blocked, release; /* atomic */
    int64_t result;
} other;

static void block_until_released(weft_thread *self, knot *k)
{
    if (k->number != 0)
        return;
    __atomic_store_n(&other.blocked, 1, __ATOMIC_RELEASE);
    knots_await(self, &other.release, 1);
}

static void *collect_in_thread(void *arg)
{
    weft_thread *self = weft_thread_attach(other.runtime);
    (void)arg;
    if (CHECK(self != NULL)) {
        knot_ring_drop(self, knots.type, 4);
        other.result = weft_gc_collect(self, WEFT_GC_FULL);
        CHECK_INT(weft_thread_detach(self), WEFT_OK);
    }
    return NULL;
}

static void join(weft_thread *self, pthread_t id)
{
    CHECK_INT(weft_block_begin(self), WEFT_OK);
    pthread_join(id, NULL);
    CHECK_INT(weft_block_end(self), WEFT_OK);
}

static bool start(values *v, pthread_t *id, void *(*run)(void *))
{
    other.runtime = v->runtime;
    other.blocked = other.release = other.result = 0;
    return CHECK_INT(pthread_create(id, NULL, run, NULL), 0);
}

TEST_CASE(gc_finalize, while a finalizer blocks other threads collect and leave its objects alone)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    knots.on_finalize = block_until_released;
    pthread_t id;
    REQUIRE(start(&v, &id, collect_in_thread));
    knots_await(v.self, &other.blocked, 1);
    knot_ring_drop(v.self, knots.quiet_type, 7);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 7);
    CHECK_INT(knots_destroyed(), 7);
    weft_object *all = weft_gc_objects(v.self, WEFT_GC_FULL); /* what is being finalized is its collection's alone */
    CHECK_INT(weft_list_size(v.self, all), 0);
    weft_xdecref(v.self, all);
    __atomic_store_n(&other.release, 1, __ATOMIC_RELEASE);
    join(v.self, id);
    CHECK_INT(other.result, 4);
    CHECK_INT(knots_destroyed(), 11);
    values_close(&v);
}

static void end_thread(weft_thread *self, knot *k)
{
    (void)self;
    if (k->number == 2)
        pthread_exit(NULL);
}

TEST_CASE(gc_finalize, a finalizer that ends its thread leaves the rest to the next collection)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    knots.on_finalize = end_thread;
    pthread_t id;
    REQUIRE(start(&v, &id, collect_in_thread));
    join(v.self, id);
    CHECK_INT(other.result, 0);
    CHECK_INT(knots_destroyed(), 0);
    knots.on_finalize = NULL;
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 4);
    CHECK_INT(knots_finalized(), 4);
    CHECK_INT(knots_destroyed(), 4);
    values_close(&v);
}

static void end_thread_blocked(weft_thread *self, knot *k)
{
    if (k->number != 1)
        return;
    CHECK_INT(weft_block_begin(self), WEFT_OK);
    pthread_exit(NULL);
}

TEST_CASE(gc_finalize, a finalizer may end its thread inside a blocking region)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    knots.on_finalize = end_thread_blocked;
    pthread_t id;
    REQUIRE(start(&v, &id, collect_in_thread));
    join(v.self, id);
    knots.on_finalize = NULL;
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 4);
    CHECK_INT(knots_finalized(), 4);
    CHECK_INT(knots_destroyed(), 4);
    values_close(&v);
}

static int64_t cleared;

static void end_thread_in_clear(weft_thread *self, knot *k)
{
    (void)self;
    if (k->number == 1)
        pthread_exit(NULL);
    cleared++;
}

TEST_CASE(gc_finalize, a clear that ends its thread loses nothing)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    knots.on_clear = end_thread_in_clear;
    cleared = 0;
    pthread_t id;
    REQUIRE(start(&v, &id, collect_in_thread));
    join(v.self, id);
    knots.on_clear = NULL;
    weft_gc_stats stats;
    CHECK_INT(weft_gc_statistics(v.self, &stats), WEFT_OK);
    CHECK_INT(stats.freed, cleared);
    CHECK(cleared > 0 ? stats.freed_bytes >= (uint64_t)cleared * sizeof(knot) : stats.freed_bytes == 0);
    CHECK(weft_gc_collect(v.self, WEFT_GC_FULL) >= 0);
    CHECK_INT(knots_finalized(), 4);
    CHECK_INT(knots_destroyed(), 4);
    values_close(&v);
}

/* ---- what others see of garbage that is being cleared ------------------------------------------------------------------ */

static weft_object *outside; /* refers to no garbage, nor does garbage to it */

static void look_around_in_clear(weft_thread *self, knot *k)
{
    if (k->number % 97 != 0)
        return;
    weft_object *all = weft_gc_objects(self, WEFT_GC_FULL);
    if (!CHECK(all != NULL))
        return;
    CHECK_INT(weft_list_size(self, all), 1);
    weft_object *first = weft_list_get(self, all, 0);
    CHECK_PTR(first, outside);
    weft_xdecref(self, first);
    weft_decref(self, all);
}

TEST_CASE(gc_finalize, garbage is seen by nobody from the moment it is found until it is gone)
{
    enum { RING = 1000 }; /* several batches, and references from each to the next and to the one before */

    values v = knots_open();
    REQUIRE(v.self != NULL);
    outside = knot_new(v.self, knots.quiet_type, -1);
    weft_object *first = knot_ring(v.self, knots.quiet_type, RING), *last = first;
    for (weft_object *o = knot_of(first)->next; o != first; last = o, o = knot_of(o)->next)
        knot_of(o)->other = weft_ref(v.self, last);
    weft_decref(v.self, first);
    knots.on_clear = look_around_in_clear;
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), RING);
    knots.on_clear = NULL;
    CHECK_INT(knots_destroyed(), RING);
    weft_decref(v.self, outside);
    values_close(&v);
}
