/* Collections asked for by many threads at once are done once. Here, where threads really run at once. */
#include <pthread.h>

#include "gc/shared.h"
#include "knots.h"

typedef struct requests {
    weft_runtime *runtime;
    weft_gc_generation generation;
    int64_t attached, returned, found; /* atomic */
    int64_t all; /* ask when so many are attached: none is held up by the stop that the first asks for */
} requests;

static void ask(int index, void *arg)
{
    requests *r = arg;
    weft_thread *self = weft_thread_attach(r->runtime);
    (void)index;
    __atomic_fetch_add(&r->attached, 1, __ATOMIC_ACQ_REL);
    knots_await(NULL, &r->attached, r->all);
    int64_t found = weft_gc_collect(self, r->generation);
    __atomic_fetch_add(&r->found, found, __ATOMIC_ACQ_REL);
    __atomic_fetch_add(&r->returned, 1, __ATOMIC_ACQ_REL);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

static int joined(weft_thread *self)
{
    gc_shared *s = self->runtime->gc.shared;
    int count = 0;
    pthread_mutex_lock(&s->lock);
    for (gc_request *request = s->requests; request; request = request->next)
        count++;
    pthread_mutex_unlock(&s->lock);
    return count;
}

static void *requests_main(void *arg)
{
    requests *r = arg;
    test_threads((int)r->all, ask, r);
    return NULL;
}

/* As long as this thread reaches no safepoint, the first of them cannot look. */
static void await_joined(weft_thread *self, int count)
{
    for (int i = 0; i < 20000 && joined(self) < count; i++)
        test_sleep_ms(1);
    CHECK_INT(joined(self), count);
}

TEST_CASE(gc_requests, fifty threads that ask at once are served by one collection)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    knot_ring_drop(v.self, knots.quiet_type, 7);
    requests r = {.runtime = v.runtime, .generation = WEFT_GC_FULL, .all = 50};
    pthread_t id;
    REQUIRE(pthread_create(&id, NULL, requests_main, &r) == 0);
    await_joined(v.self, 49);
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    pthread_join(id, NULL);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    CHECK_INT(r.found, 50 * 7);
    weft_gc_stats stats;
    CHECK_INT(weft_gc_statistics(v.self, &stats), WEFT_OK);
    CHECK_INT(stats.collections[WEFT_GC_FULL], 1);
    CHECK_INT(knots_destroyed(), 7);
    values_close(&v);
}

static void ask_twice(int index, void *arg)
{
    requests *r = arg;
    weft_thread *self = weft_thread_attach(r->runtime);
    __atomic_fetch_add(&r->attached, 1, __ATOMIC_ACQ_REL);
    knots_await(NULL, &r->attached, 2);
    const gc_shared *s = r->runtime->gc.shared;
    while (index == 1 && !weft_load_relaxed(&s->under_way)) {}
    CHECK_INT(weft_gc_collect(self, index == 1 ? WEFT_GC_FULL : WEFT_GC_YOUNG), 0);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

static void *two_main(void *arg)
{
    test_threads(2, ask_twice, arg);
    return NULL;
}

TEST_CASE(gc_requests, who joins makes the collection do as much as it asks for)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    requests r = {.runtime = v.runtime};
    pthread_t id;
    REQUIRE(pthread_create(&id, NULL, two_main, &r) == 0);
    await_joined(v.self, 1);
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    pthread_join(id, NULL);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    weft_gc_stats stats;
    CHECK_INT(weft_gc_statistics(v.self, &stats), WEFT_OK);
    CHECK_INT(stats.last.number, 1);
    CHECK_INT(stats.last.asked, WEFT_GC_FULL);
    values_close(&v);
}

/* ---- who is joined gives up --------------------------------------------------------------------------------------------- */

static struct {
    pthread_t gatherer;
    int64_t inside, leave; /* atomic */
} ending;

static void exit_when_told(weft_thread *self, enum weft_gc_phase phase, const weft_gc_event *event, weft_object *o,
                           void *arg)
{
    (void)event;
    (void)o;
    (void)arg;
    if (phase != WEFT_GC_EVENT_START || __atomic_exchange_n(&ending.inside, 1, __ATOMIC_ACQ_REL))
        return;
    knots_await(self, &ending.leave, 1);
    pthread_exit(NULL);
}

static void *gather_and_end(void *arg)
{
    weft_thread *self = weft_thread_attach(arg);
    weft_gc_collect(self, WEFT_GC_FULL);
    CHECK(!"the thread has ended in its callback");
    return NULL;
}

TEST_CASE(gc_requests, threads that joined one that ends before it looks collect themselves)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    ending.inside = ending.leave = 0;
    knot_ring_drop(v.self, knots.quiet_type, 7);
    CHECK_INT(weft_gc_add_callback(v.self, exit_when_told, NULL), WEFT_OK);
    requests r = {.runtime = v.runtime, .generation = WEFT_GC_FULL, .all = 3};
    pthread_t gatherer, id;
    REQUIRE(pthread_create(&gatherer, NULL, gather_and_end, v.runtime) == 0);
    knots_await(v.self, &ending.inside, 1);
    REQUIRE(pthread_create(&id, NULL, requests_main, &r) == 0);
    knots_await(v.self, &r.attached, 3);
    __atomic_store_n(&ending.leave, 1, __ATOMIC_RELEASE);
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    pthread_join(gatherer, NULL);
    pthread_join(id, NULL);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    CHECK_INT(r.returned, 3);
    CHECK(r.found >= 7);
    CHECK_INT(knots_destroyed(), 7);
    values_close(&v);
}

/* ---- all at random -------------------------------------------------------------------------------------------------------- */

typedef struct storm {
    weft_runtime *runtime;
    int rounds;
} storm;

/* Attach, make garbage, collect, block, end: all at once. */
static void come_and_collect(int index, void *arg)
{
    storm *s = arg;
    uint64_t random = test_seed() + (uint64_t)index;
    for (int i = 0; i < s->rounds; i++) {
        weft_thread *self = weft_thread_attach(s->runtime);
        uint64_t what = test_random(&random);
        knot_ring_drop(self, what & 1 ? knots.type : knots.quiet_type, 1 + (int64_t)(what >> 8) % 5);
        if (what & 2)
            CHECK(weft_gc_collect(self, (weft_gc_generation)(what >> 16 & 1 ? WEFT_GC_FULL : WEFT_GC_YOUNG)) >= 0);
        if (what & 4) {
            CHECK_INT(weft_block_begin(self), WEFT_OK);
            CHECK_INT(weft_block_end(self), WEFT_OK);
        }
        if ((what & 0x18) == 0)
            weft_xdecref(self, weft_gc_objects(self, WEFT_GC_FULL));
        weft_safepoint(self);
        CHECK_INT(weft_thread_detach(self), WEFT_OK);
    }
}

TEST_CASE(stress_gc_requests, collections while threads attach and block and end and look around)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    storm s = {.runtime = v.runtime, .rounds = test_scale(2000)};
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(4, come_and_collect, &s);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    CHECK(weft_gc_collect(v.self, WEFT_GC_FULL) >= 0);
    values_close(&v);
}
