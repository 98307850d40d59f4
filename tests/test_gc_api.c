/* The collector's and weak references' public functions: what the schedule counts, generations as they are listed, roots
 * of threads and deferred objects, and that every function refuses a thread that is not the caller's. */
#include <pthread.h>

#include "knots.h"

/* ---- counts --------------------------------------------------------------------------------------------------------- */

static bool is_gil(void)
{
    return weft_flavour_name()[0] == 'g';
}

static weft_gc_counts counts_of(weft_thread *self)
{
    weft_gc_counts counts;
    memset(&counts, 0xFF, sizeof counts);
    CHECK_INT(weft_gc_get_counts(self, &counts), WEFT_OK);
    return counts;
}

TEST_CASE(gc_api, the counts follow what is made and what dies and what collections leave)
{
    enum { MANY = 200, SOME = 30 };

    values v = knots_open();
    REQUIRE(v.self != NULL);
    CHECK_FAILS(weft_gc_get_counts(v.self, NULL), WEFT_ERROR_VALUE, "counts is NULL");
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 0);
    weft_gc_counts counts = counts_of(v.self);
    CHECK_INT(counts.young + counts.old + counts.grown + counts.survived, 0);
    weft_object *ring = knot_ring(v.self, knots.quiet_type, MANY);
    counts = counts_of(v.self);
    CHECK_INT(counts.young, MANY);
    CHECK_INT(counts.grown, MANY);
    CHECK_INT(counts.survived, 0);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_YOUNG), 0);
    counts = counts_of(v.self);
    CHECK_INT(counts.young, 0);
    CHECK_INT(counts.old, 1);
    CHECK_INT(counts.grown, MANY);
    CHECK_INT(counts.survived, 0);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_YOUNG), 0);
    CHECK_INT(counts_of(v.self).old, 2);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 0);
    counts = counts_of(v.self);
    CHECK_INT(counts.young + counts.old + counts.grown, 0);
    CHECK_INT(counts.survived, MANY);
    knot_ring_drop(v.self, knots.quiet_type, SOME);
    CHECK_INT(counts_of(v.self).grown, SOME);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_YOUNG), SOME);
    CHECK(counts_of(v.self).grown <= (is_gil() ? 0 : SOME)); /* else with blocks that are kept at hand */
    weft_decref(v.self, ring);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), MANY);
    CHECK_INT(counts_of(v.self).survived, 0);
    values_close(&v);
}

/* Collections done so far. */
static uint64_t collections(weft_thread *self)
{
    weft_gc_stats stats;
    CHECK_INT(weft_gc_statistics(self, &stats), WEFT_OK);
    return stats.collections[0] + stats.collections[1] + stats.collections[2];
}

static void make_many(weft_thread *self, int count)
{
    for (int i = 0; i < count; i++) {
        knot_ring_drop(self, knots.quiet_type, 2);
        weft_safepoint(self);
    }
}

TEST_CASE(gc_api, the threshold of the young ones decides when collections begin and zero means never)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    weft_gc_settings settings;
    CHECK_INT(weft_gc_get_settings(v.self, &settings), WEFT_OK);
    CHECK_INT(settings.young, is_gil() ? 700 : 10000);
    settings.young = 0;
    settings.old = 0;
    settings.finalizer_thread = false;
    CHECK_INT(weft_gc_set_settings(v.self, &settings), WEFT_OK);
    CHECK_INT(weft_gc_enable(v.self), WEFT_OK);
    make_many(v.self, 12000);
    CHECK_INT(collections(v.self), 0);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 24000);
    settings.young = 100;
    CHECK_INT(weft_gc_set_settings(v.self, &settings), WEFT_OK);
    make_many(v.self, 45);
    CHECK_INT(collections(v.self), 1);
    make_many(v.self, 15);
    CHECK(collections(v.self) == 2 || !is_gil()); /* the other flavour looks at its count every few objects */
    make_many(v.self, 500);
    CHECK(collections(v.self) >= 6);
    CHECK(weft_gc_collect(v.self, WEFT_GC_FULL) >= 0);
    values_close(&v);
}

/* ---- generations ------------------------------------------------------------------------------------------------------ */

static int64_t listed(weft_thread *self, weft_gc_generation generation, const weft_object *o)
{
    weft_object *list = weft_gc_objects(self, generation);
    if (!CHECK(list != NULL))
        return -1;
    int64_t count = 0;
    for (int64_t i = 0; i < weft_list_size(self, list); i++) {
        weft_object *item = weft_list_get(self, list, i);
        count += item == o || o == NULL;
        weft_xdecref(self, item);
    }
    weft_decref(self, list);
    return count;
}

TEST_CASE(gc_api, objects are listed by generation and frozen ones only among all)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    weft_object *old = knot_new(v.self, knots.type, 0);
    CHECK_INT(listed(v.self, WEFT_GC_YOUNG, old), 1);
    CHECK_INT(listed(v.self, WEFT_GC_INCREMENT, NULL), 0);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_YOUNG), 0);
    weft_object *young = knot_new(v.self, knots.type, 1);
    CHECK_INT(listed(v.self, WEFT_GC_YOUNG, young), 1);
    CHECK_INT(listed(v.self, WEFT_GC_YOUNG, old), 0);
    CHECK_INT(listed(v.self, WEFT_GC_INCREMENT, young), 0);
    CHECK_INT(listed(v.self, WEFT_GC_INCREMENT, old), 1);
    CHECK_INT(listed(v.self, WEFT_GC_FULL, young) + listed(v.self, WEFT_GC_FULL, old), 2);
    CHECK_INT(weft_gc_freeze(v.self), WEFT_OK);
    CHECK_INT(weft_gc_frozen_count(v.self), 2);
    CHECK_INT(weft_gc_freeze(v.self), WEFT_OK); /* again: the same */
    CHECK_INT(weft_gc_frozen_count(v.self), 2);
    CHECK_INT(listed(v.self, WEFT_GC_YOUNG, NULL) + listed(v.self, WEFT_GC_INCREMENT, NULL), 0);
    CHECK_INT(listed(v.self, WEFT_GC_FULL, young) + listed(v.self, WEFT_GC_FULL, old), 2);
    CHECK(weft_gc_is_tracked(old));
    knot_of(old)->next = weft_ref(v.self, young);
    weft_object *list = weft_gc_referrers(v.self, &young, 1);
    CHECK_INT(weft_list_size(v.self, list), 1);
    weft_xdecref(v.self, list);
    CHECK_INT(weft_gc_unfreeze(v.self), WEFT_OK);
    CHECK_INT(weft_gc_unfreeze(v.self), WEFT_OK);
    CHECK_INT(weft_gc_frozen_count(v.self), 0);
    CHECK_INT(listed(v.self, WEFT_GC_INCREMENT, NULL), 2); /* given back as old ones */
    weft_decref(v.self, young);
    weft_decref(v.self, old);
    values_close(&v);
}

TEST_CASE(gc_api, freezing in a world that the caller has stopped leaves it stopped)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    weft_object *ring = knot_ring(v.self, knots.quiet_type, 3);
    CHECK_INT(weft_world_stop(v.self), WEFT_OK);
    CHECK_INT(weft_gc_freeze(v.self), WEFT_OK);
    CHECK_INT(weft_gc_frozen_count(v.self), 3);
    CHECK_INT(weft_gc_unfreeze(v.self), WEFT_OK);
    CHECK_INT(weft_gc_frozen_count(v.self), 0);
    CHECK_FAILS(weft_world_stop(v.self), WEFT_ERROR_BUSY, "stopped it already");
    CHECK_INT(weft_world_start(v.self), WEFT_OK);
    weft_decref(v.self, ring);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 3);
    values_close(&v);
}

/* ---- roots and deferred objects ------------------------------------------------------------------------------------------ */

typedef struct roots {
    weft_runtime *runtime;
    weft_object *object; /* not counted */
    weft_thread *asked;  /* whose roots were asked for last */
    int64_t calls, step; /* atomic */
} roots;

static int visit_roots(weft_thread *self, weft_visit_fn visit, void *visit_arg, void *arg)
{
    roots *r = arg;
    r->asked = self;
    __atomic_fetch_add(&r->calls, 1, __ATOMIC_RELAXED);
    return r->object ? visit(r->object, visit_arg) : 0;
}

TEST_CASE(gc_api, a deferred object and what it leads to stay as long as the roots of a thread visit it)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    weft_object *o = knot_new(v.self, knots.quiet_type, 0), *number = weft_float_new(v.self, 1.5);
    roots r = {.object = o};
    knot_of(o)->next = knot_ring(v.self, knots.quiet_type, 2);
    CHECK_FAILS(weft_gc_defer(v.self, NULL), WEFT_ERROR_VALUE, "o is NULL");
    CHECK_FAILS(weft_gc_defer(v.self, number), WEFT_ERROR_VALUE, "float is not tracked");
    CHECK_INT(weft_gc_defer(v.self, o), WEFT_OK);
    CHECK_INT(weft_gc_defer(v.self, o), WEFT_OK); /* is already */
    CHECK_INT(weft_gc_set_roots(v.self, visit_roots, &r), WEFT_OK);
    CHECK_INT(weft_refcount(v.self, o), 1);
    weft_decref(v.self, o);
    weft_safepoint(v.self);
    CHECK_INT(knots_destroyed(), 0);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 0);
    CHECK_INT(r.calls, 1); /* once a collection */
    CHECK_PTR(r.asked, v.self);
    CHECK_INT(knots_destroyed(), 0);
    weft_incref(v.self, o); /* counted again, and not */
    weft_decref(v.self, o);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 0);
    r.object = NULL;
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 3);
    CHECK_INT(knots_destroyed(), 3);
    CHECK_INT(weft_gc_set_roots(v.self, NULL, NULL), WEFT_OK);
    int64_t calls = r.calls;
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 0);
    CHECK_INT(r.calls, calls);
    weft_decref(v.self, number);
    values_close(&v);
}

static void *rooted_thread(void *arg)
{
    roots *r = arg;
    weft_thread *self = weft_thread_attach(r->runtime);
    if (!CHECK(self != NULL))
        return NULL;
    CHECK_INT(weft_gc_set_roots(self, visit_roots, r), WEFT_OK);
    CHECK_INT(weft_block_begin(self), WEFT_OK);
    __atomic_store_n(&r->step, 1, __ATOMIC_RELEASE);
    CHECK(knots_await(NULL, &r->step, 2));
    CHECK_INT(weft_block_end(self), WEFT_OK);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
    return NULL;
}

TEST_CASE(gc_api, the roots of a thread that is blocked count and go when it detaches)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    roots r = {.runtime = v.runtime, .object = knot_new(v.self, knots.quiet_type, 0)};
    pthread_t other;
    CHECK_INT(weft_gc_defer(v.self, r.object), WEFT_OK);
    weft_decref(v.self, r.object);
    REQUIRE(pthread_create(&other, NULL, rooted_thread, &r) == 0);
    CHECK(knots_await(v.self, &r.step, 1));
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 0);
    CHECK_INT(r.calls, 1);
    CHECK(r.asked != NULL && r.asked != v.self);
    __atomic_store_n(&r.step, 2, __ATOMIC_RELEASE);
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    pthread_join(other, NULL);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 1);
    CHECK_INT(r.calls, 1);
    CHECK_INT(knots_destroyed(), 1);
    values_close(&v);
}

/* ---- threads that may not call ---------------------------------------------------------------------------------------------- */

static void told(weft_thread *self, enum weft_gc_phase phase, const weft_gc_event *event, weft_object *o, void *arg)
{
    (void)self;
    (void)phase;
    (void)event;
    (void)o;
    ++*(int *)arg;
}

typedef struct subjects {
    weft_object *o, *weak, *dict;
} subjects;

/* Every function that takes a thread: fails, with an error that names it. Returns how many did not. */
static int refused(weft_thread *self, const subjects *s)
{
    int accepted = 0, calls = 0;
    weft_object *value = NULL;
    weft_gc_settings settings;
    weft_gc_counts counts;
    weft_gc_stats stats;

    const struct {
        const char *function;
        bool failed;
        weft_status status;
        bool named;
    } all[] = {

#define REFUSED(name, call) \
    {#name, (weft_error_clear(), (call)), weft_error_status(), strstr(weft_error_message(), #name) != NULL}
        REFUSED(weft_gc_collect, weft_gc_collect(self, WEFT_GC_FULL) < 0),
        REFUSED(weft_gc_enable, weft_gc_enable(self) < 0),
        REFUSED(weft_gc_disable, weft_gc_disable(self) < 0),
        REFUSED(weft_gc_is_enabled, weft_gc_is_enabled(self) < 0),
        REFUSED(weft_gc_get_settings, weft_gc_get_settings(self, &settings) < 0),
        REFUSED(weft_gc_set_settings, weft_gc_set_settings(self, &settings) < 0),
        REFUSED(weft_gc_get_counts, weft_gc_get_counts(self, &counts) < 0),
        REFUSED(weft_gc_freeze, weft_gc_freeze(self) < 0),
        REFUSED(weft_gc_unfreeze, weft_gc_unfreeze(self) < 0),
        REFUSED(weft_gc_frozen_count, weft_gc_frozen_count(self) < 0),
        REFUSED(weft_gc_set_debug, weft_gc_set_debug(self, 0) < 0),
        REFUSED(weft_gc_get_debug, weft_gc_get_debug(self) == 0),
        REFUSED(weft_gc_garbage, weft_gc_garbage(self) == NULL),
        REFUSED(weft_gc_objects, weft_gc_objects(self, WEFT_GC_FULL) == NULL),
        REFUSED(weft_gc_referrers, weft_gc_referrers(self, &s->o, 1) == NULL),
        REFUSED(weft_gc_referents, weft_gc_referents(self, &s->o, 1) == NULL),
        REFUSED(weft_gc_set_roots, weft_gc_set_roots(self, NULL, NULL) < 0),
        REFUSED(weft_gc_defer, weft_gc_defer(self, s->o) < 0),
        REFUSED(weft_gc_add_callback, weft_gc_add_callback(self, told, &calls) < 0),
        REFUSED(weft_gc_remove_callback, weft_gc_remove_callback(self, told, &calls) < 0),
        REFUSED(weft_gc_statistics, weft_gc_statistics(self, &stats) < 0),
        REFUSED(weft_weak_new, weft_weak_new(self, s->o, NULL, NULL) == NULL),
        REFUSED(weft_weak_get, weft_weak_get(self, s->weak) == NULL),
        REFUSED(weft_weak_count, weft_weak_count(self, s->o) < 0),
        REFUSED(weft_weak_dict_new, weft_weak_dict_new(self, WEFT_WEAK_KEYS) == NULL),
        REFUSED(weft_weak_dict_get, weft_weak_dict_get(self, s->dict, s->o, &value) < 0),
        REFUSED(weft_weak_dict_set, weft_weak_dict_set(self, s->dict, s->o, s->o) < 0),
        REFUSED(weft_weak_dict_pop, weft_weak_dict_pop(self, s->dict, s->o, &value) < 0),
        REFUSED(weft_weak_dict_size, weft_weak_dict_size(self, s->dict) < 0),
        REFUSED(weft_weak_dict_items, weft_weak_dict_items(self, s->dict) == NULL),
#undef REFUSED
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (!all[i].failed || all[i].status != WEFT_ERROR_THREAD || !all[i].named)
            CHECK_STR("refused", all[i].function);
        accepted += !all[i].failed;
    }
    weft_error_clear();
    CHECK(value == NULL && calls == 0);
    return accepted;
}

typedef struct strangers {
    weft_thread *self;
    subjects s;
} strangers;

static void *call_with_anothers(void *arg)
{
    strangers *s = arg;
    CHECK_INT(refused(s->self, &s->s), 0);
    return NULL;
}

TEST_CASE(gc_api, every function refuses no thread and another one and a blocked one)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    weft_object *o = weft_cell_new(v.self, NULL);
    strangers s = {v.self, {o, weft_weak_new(v.self, o, NULL, NULL), weft_weak_dict_new(v.self, WEFT_WEAK_KEYS)}};
    CHECK(o != NULL && s.s.weak != NULL && s.s.dict != NULL);
    CHECK_INT(refused(NULL, &s.s), 0);
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    CHECK_INT(refused(v.self, &s.s), 0);
    pthread_t other;
    REQUIRE(pthread_create(&other, NULL, call_with_anothers, &s) == 0);
    pthread_join(other, NULL);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    REQUIRE(pthread_create(&other, NULL, call_with_anothers, &s) == 0); /* while it runs */
    pthread_join(other, NULL);
    CHECK_INT(weft_weak_count(v.self, o), 1);
    CHECK_INT(weft_weak_dict_size(v.self, s.s.dict), 0);
    weft_decref(v.self, s.s.dict);
    weft_decref(v.self, s.s.weak);
    weft_decref(v.self, o);
    values_close(&v);
}
