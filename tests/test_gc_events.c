/* Callbacks at the start and end of collections. */
#include <pthread.h>

#include "knots.h"

typedef struct seen {
    int starts, stops, objects;
    weft_gc_event last;
    bool remove_itself, add_another, raise;
    struct seen *another;
    weft_object *kept;
    bool keep;
} seen;

static void note(weft_thread *self, enum weft_gc_phase phase, const weft_gc_event *event, weft_object *o, void *arg)
{
    seen *s = arg;
    CHECK((o != NULL) == (phase == WEFT_GC_EVENT_OBJECT));
    s->starts += phase == WEFT_GC_EVENT_START;
    s->stops += phase == WEFT_GC_EVENT_STOP;
    s->objects += phase == WEFT_GC_EVENT_OBJECT;
    s->last = *event;
    CHECK_INT(weft_gc_collect(self, WEFT_GC_FULL), 0);
    if (s->keep && o != NULL && s->kept == NULL)
        s->kept = weft_ref(self, o);
    if (s->raise)
        weft_error_set(WEFT_ERROR_USER, "an error of a callback");
    if (s->remove_itself && phase == WEFT_GC_EVENT_START)
        CHECK_INT(weft_gc_remove_callback(self, note, s), WEFT_OK);
    if (s->add_another && phase == WEFT_GC_EVENT_START)
        CHECK_INT(weft_gc_add_callback(self, note, s->another), WEFT_OK);
}

TEST_CASE(gc_events, each collection is told at its start and at its end with what it came to)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    seen s = {0};
    CHECK_INT(weft_gc_add_callback(v.self, note, &s), WEFT_OK);
    knot_ring_drop(v.self, knots.type, 6);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 6);
    CHECK_INT(s.starts, 1);
    CHECK_INT(s.stops, 1);
    CHECK_INT(s.objects, 0);
    CHECK_INT(s.last.number, 1);
    CHECK_INT(s.last.asked, WEFT_GC_FULL);
    CHECK_INT(s.last.generation, WEFT_GC_FULL);
    CHECK(!s.last.automatic);
    CHECK_INT(s.last.status, WEFT_OK);
    CHECK_INT(s.last.found, 6);
    CHECK_INT(s.last.finalized, 6);
    CHECK_INT(s.last.freed, 6);
    CHECK(s.last.pause_ns > 0 && s.last.finalize_ns > 0 && s.last.clear_ns > 0);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_YOUNG), 0);
    CHECK_INT(s.last.number, 2);
    CHECK_INT(s.last.asked, WEFT_GC_YOUNG);
    CHECK_INT(weft_gc_remove_callback(v.self, note, &s), WEFT_OK);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 0);
    CHECK_INT(s.stops, 2);
    values_close(&v);
}

TEST_CASE(gc_events, the same pair is added once and removed once)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    seen a = {0}, b = {0};
    CHECK_INT(weft_gc_add_callback(v.self, NULL, &a), WEFT_ERROR_VALUE);
    CHECK_ERROR(WEFT_ERROR_VALUE, "NULL");
    CHECK_INT(weft_gc_add_callback(v.self, note, &a), WEFT_OK);
    CHECK_INT(weft_gc_add_callback(v.self, note, &b), WEFT_OK);
    CHECK_INT(weft_gc_add_callback(v.self, note, &a), WEFT_ERROR_VALUE);
    CHECK_ERROR(WEFT_ERROR_VALUE, "there already");
    CHECK_INT(weft_gc_remove_callback(v.self, note, &a), WEFT_OK);
    CHECK_INT(weft_gc_remove_callback(v.self, note, &a), WEFT_ERROR_KEY);
    CHECK_ERROR(WEFT_ERROR_KEY, "no such callback");
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 0);
    CHECK_INT(a.starts, 0);
    CHECK_INT(b.starts, 1);
    weft_fail_allocation(v.self, 1, false);
    CHECK_INT(weft_gc_add_callback(v.self, note, &a), WEFT_ERROR_MEMORY);
    weft_fail_allocation(v.self, 0, false);
    weft_error_clear();
    values_close(&v);
}

TEST_CASE(gc_events, callbacks add and remove callbacks while they are called)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    seen added = {0}, first = {.remove_itself = true}, second = {.add_another = true, .another = &added};
    CHECK_INT(weft_gc_add_callback(v.self, note, &first), WEFT_OK);
    CHECK_INT(weft_gc_add_callback(v.self, note, &second), WEFT_OK);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 0);
    CHECK_INT(first.starts, 1);
    CHECK_INT(first.stops, 0);
    CHECK_INT(second.starts, 1);
    CHECK_INT(second.stops, 1);
    CHECK_INT(added.starts, 0); /* it was not there when the round began */
    CHECK_INT(added.stops, 1);
    CHECK_INT(weft_gc_remove_callback(v.self, note, &first), WEFT_ERROR_KEY);
    weft_error_clear();
    values_close(&v); /* the others go with the runtime */
}

TEST_CASE(gc_events, the error of a callback is nobodys)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    seen s = {.raise = true};
    CHECK_INT(weft_gc_add_callback(v.self, note, &s), WEFT_OK);
    weft_error_clear();
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 0);
    CHECK_INT(weft_error_status(), WEFT_OK);
    values_close(&v);
}

TEST_CASE(gc_events, with the debug flag each object found is told and may be brought back)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    seen s = {.keep = true};
    CHECK_INT(weft_gc_add_callback(v.self, note, &s), WEFT_OK);
    CHECK_INT(weft_gc_set_debug(v.self, WEFT_GC_DEBUG_COLLECTABLE), WEFT_OK);
    knot_ring_drop(v.self, knots.quiet_type, 4);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 4);
    CHECK_INT(s.objects, 4);
    CHECK_INT(s.last.resurrected, 4);
    CHECK_INT(knots_destroyed(), 0);
    REQUIRE(s.kept != NULL);
    CHECK(knot_of(s.kept)->next != NULL);
    weft_decref(v.self, s.kept);
    CHECK_INT(weft_gc_set_debug(v.self, 0), WEFT_OK);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 4);
    CHECK_INT(s.objects, 4);
    CHECK_INT(knots_destroyed(), 4);
    values_close(&v);
}

/* ---- threads ---------------------------------------------------------------------------------------------------------- */

static struct {
    weft_runtime *runtime;
    int64_t begun, done; /* atomic */
} other;

static void exit_at_start(weft_thread *self, enum weft_gc_phase phase, const weft_gc_event *event, weft_object *o,
                          void *arg)
{
    (void)self;
    (void)event;
    (void)o;
    if (phase == WEFT_GC_EVENT_START && pthread_equal(pthread_self(), *(pthread_t *)arg))
        pthread_exit(NULL);
}

static pthread_t ending_id;

static void *collect_and_end(void *arg)
{
    weft_thread *self = weft_thread_attach(other.runtime);
    (void)arg;
    ending_id = pthread_self();
    CHECK_INT(weft_gc_add_callback(self, exit_at_start, &ending_id), WEFT_OK);
    weft_gc_collect(self, WEFT_GC_FULL);
    CHECK(!"the thread has ended in its callback");
    return NULL;
}

TEST_CASE(gc_events, a callback may end its thread and the next collection is as any other)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    other.runtime = v.runtime;
    pthread_t id;
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    REQUIRE(pthread_create(&id, NULL, collect_and_end, NULL) == 0);
    pthread_join(id, NULL);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    knot_ring_drop(v.self, knots.quiet_type, 4);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 4);
    CHECK_INT(knots_destroyed(), 4);
    values_close(&v);
}

/* Waits for the other thread's collection: which must not wait for this one's callback. */
static void wait_for_other(weft_thread *self, enum weft_gc_phase phase, const weft_gc_event *event, weft_object *o,
                           void *arg)
{
    (void)event;
    (void)o;
    (void)arg;
    if (phase != WEFT_GC_EVENT_START || __atomic_exchange_n(&other.begun, 1, __ATOMIC_ACQ_REL))
        return;
    knots_await(self, &other.done, 1);
}

static void *collect_beside(void *arg)
{
    weft_thread *self = weft_thread_attach(other.runtime);
    (void)arg;
    knots_await(self, &other.begun, 1);
    CHECK_INT(weft_gc_collect(self, WEFT_GC_FULL), 0);
    __atomic_store_n(&other.done, 1, __ATOMIC_RELEASE);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
    return NULL;
}

TEST_CASE(gc_events, a callback that waits for another threads collection is not waited for)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    other.runtime = v.runtime;
    other.begun = other.done = 0;
    CHECK_INT(weft_gc_add_callback(v.self, wait_for_other, NULL), WEFT_OK);
    pthread_t id;
    REQUIRE(pthread_create(&id, NULL, collect_beside, NULL) == 0);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 0);
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    pthread_join(id, NULL);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    values_close(&v);
}

typedef struct churn {
    weft_runtime *runtime;
    int64_t there; /* constant: what a call finds, even one that another thread is making as the callback is removed */
} churn;

static void count_call(weft_thread *self, enum weft_gc_phase phase, const weft_gc_event *event, weft_object *o,
                       void *arg)
{
    (void)self;
    (void)phase;
    (void)event;
    (void)o;
    CHECK_INT(*(int64_t *)arg, 1);
}

static void add_and_remove(int index, void *arg)
{
    churn *c = arg;
    weft_thread *self = weft_thread_attach(c->runtime);
    for (int i = 0; i < test_scale(300); i++) {
        if (index % 2 == 0) {
            CHECK_INT(weft_gc_add_callback(self, count_call, &c->there), WEFT_OK);
            CHECK(weft_gc_collect(self, WEFT_GC_YOUNG) >= 0);
            CHECK_INT(weft_gc_remove_callback(self, count_call, &c->there), WEFT_OK);
        } else {
            CHECK(weft_gc_collect(self, WEFT_GC_FULL) >= 0);
        }
        weft_safepoint(self);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(gc_events, callbacks come and go while other threads collect)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    churn c = {.runtime = v.runtime, .there = 1};
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(2, add_and_remove, &c);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    values_close(&v);
}
