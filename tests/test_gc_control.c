/* Control of the collector, and looking at objects through it. */
#include "knots.h"

/* ---- on, off, settings --------------------------------------------------------------------------------------------------- */

TEST_CASE(gc_control, collections by themselves are on at first and can be switched)
{
    values v = values_open();
    REQUIRE(v.self != NULL);
    CHECK_INT(weft_gc_is_enabled(v.self), 1);
    CHECK_INT(weft_gc_disable(v.self), WEFT_OK);
    CHECK_INT(weft_gc_is_enabled(v.self), 0);
    CHECK_INT(weft_gc_enable(v.self), WEFT_OK);
    CHECK_INT(weft_gc_is_enabled(v.self), 1);
    values_close(&v);
}

TEST_CASE(gc_control, settings out of range are refused by name and change nothing)
{
    values v = values_open();
    REQUIRE(v.self != NULL);
    weft_gc_settings first, now, wrong;
    CHECK_INT(weft_gc_get_settings(v.self, NULL), WEFT_ERROR_VALUE);
    CHECK_INT(weft_gc_set_settings(v.self, NULL), WEFT_ERROR_VALUE);
    CHECK_ERROR(WEFT_ERROR_VALUE, "settings is NULL");
    CHECK_INT(weft_gc_get_settings(v.self, &first), WEFT_OK);
    CHECK(first.young > 0 && first.threads >= 1 && !first.finalizer_thread);
    CHECK_INT(weft_gc_set_settings(v.self, &first), WEFT_OK); /* the defaults are in range */
    wrong = first;
    wrong.threads = 0;
    CHECK_INT(weft_gc_set_settings(v.self, &wrong), WEFT_ERROR_VALUE);
    CHECK_ERROR(WEFT_ERROR_VALUE, "threads is 0");
    wrong.threads = 65;
    CHECK_INT(weft_gc_set_settings(v.self, &wrong), WEFT_ERROR_VALUE);
    CHECK_ERROR(WEFT_ERROR_VALUE, "threads is 65");
    wrong = first;
    wrong.growth = 0;
    CHECK_INT(weft_gc_set_settings(v.self, &wrong), WEFT_ERROR_VALUE);
    CHECK_ERROR(WEFT_ERROR_VALUE, "growth is 0");
    CHECK_INT(weft_gc_get_settings(v.self, &now), WEFT_OK);
    CHECK_INT(now.threads, first.threads);
    CHECK_INT(now.growth, first.growth);
    values_close(&v);
}

TEST_CASE(gc_control, settings are kept)
{
    values v = values_open();
    REQUIRE(v.self != NULL);
    weft_gc_settings set = {
        .young = 5000, .old = 7, .growth = 50, .floor = 123, .threads = 2, .finalizer_thread = true};
    weft_gc_settings now;
    CHECK_INT(weft_gc_set_settings(v.self, &set), WEFT_OK);
    CHECK_INT(weft_gc_get_settings(v.self, &now), WEFT_OK);
    CHECK_INT(now.young, 5000);
    CHECK_INT(now.old, 7);
    CHECK_INT(now.growth, 50);
    CHECK_INT(now.floor, 123);
    CHECK_INT(now.threads, strcmp(weft_flavour_name(), "gil") == 0 ? 1 : 2);
    CHECK(now.finalizer_thread);
    values_close(&v);
}

TEST_CASE(gc_control, a collection is refused in a world that the caller has stopped and for no generation)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    CHECK_INT(weft_gc_collect(v.self, (weft_gc_generation)3), WEFT_ERROR_VALUE);
    CHECK_ERROR(WEFT_ERROR_VALUE, "generation 3");
    CHECK_INT(weft_gc_collect(NULL, WEFT_GC_FULL), WEFT_ERROR_THREAD);
    CHECK_INT(weft_world_stop(v.self), WEFT_OK);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), WEFT_ERROR_BUSY);
    CHECK_ERROR(WEFT_ERROR_BUSY, "stopped");
    CHECK_PTR(weft_gc_objects(v.self, WEFT_GC_FULL), NULL);
    CHECK_ERROR(WEFT_ERROR_BUSY, "stopped");
    CHECK_INT(weft_world_start(v.self), WEFT_OK);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 0);
    values_close(&v);
}

/* ---- debugging -------------------------------------------------------------------------------------------------------------- */

TEST_CASE(gc_control, debug flags are kept and unknown ones refused)
{
    values v = values_open();
    REQUIRE(v.self != NULL);
    CHECK_INT(weft_gc_get_debug(v.self), 0);
    CHECK_INT(weft_gc_set_debug(v.self, 1u << 10), WEFT_ERROR_VALUE);
    CHECK_ERROR(WEFT_ERROR_VALUE, "0x400");
    CHECK_INT(weft_gc_set_debug(v.self, WEFT_GC_DEBUG_SAVE_ALL), WEFT_OK);
    CHECK_INT(weft_gc_get_debug(v.self), WEFT_GC_DEBUG_SAVE_ALL);
    values_close(&v);
}

TEST_CASE(gc_control, what is saved instead of freed is whole and stands in the garbage list)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    CHECK_INT(weft_gc_set_debug(v.self, WEFT_GC_DEBUG_SAVE_ALL), WEFT_OK);
    knot_ring_drop(v.self, knots.type, 5);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 5);
    CHECK_INT(knots_destroyed(), 0);
    CHECK_INT(knots_finalized(), 5);
    weft_object *garbage = weft_gc_garbage(v.self);
    CHECK_INT(weft_list_size(v.self, garbage), 5);
    weft_object *o = weft_list_get(v.self, garbage, 0);
    CHECK(o != NULL && knot_of(o)->next != NULL);
    weft_xdecref(v.self, o);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 0);
    CHECK_INT(weft_gc_set_debug(v.self, 0), WEFT_OK);
    CHECK_INT(weft_list_clear(v.self, garbage), WEFT_OK);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 5);
    CHECK_INT(knots_destroyed(), 5);
    weft_object *again = weft_gc_garbage(v.self);
    CHECK_PTR(again, garbage);
    weft_xdecref(v.self, again);
    weft_xdecref(v.self, garbage);
    CHECK_INT(values_live(v.self), 1); /* the list: it goes with the runtime */
    CHECK_INT(weft_thread_detach(v.self), WEFT_OK);
    CHECK_INT(weft_runtime_free(v.runtime), WEFT_OK);
}

TEST_CASE(gc_control, a garbage list without memory is an error)
{
    values v = values_open();
    REQUIRE(v.self != NULL);
    CHECK_INT(weft_fail_allocation(v.self, 1, true), WEFT_OK);
    CHECK_PTR(weft_gc_garbage(v.self), NULL);
    CHECK_ERROR(WEFT_ERROR_MEMORY, "memory");
    CHECK_INT(weft_fail_allocation(v.self, 0, false), WEFT_OK);
    values_close(&v);
}

/* ---- freezing ---------------------------------------------------------------------------------------------------------------- */

TEST_CASE(gc_control, frozen objects are not collected until they are given back)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    CHECK_INT(weft_gc_frozen_count(v.self), 0);
    weft_object *ring = knot_ring(v.self, knots.quiet_type, 5);
    weft_object *lone = knot_new(v.self, knots.quiet_type, 0);
    CHECK_INT(weft_gc_freeze(v.self), WEFT_OK);
    CHECK_INT(weft_gc_frozen_count(v.self), 6);
    weft_decref(v.self, ring);
    knot_ring_drop(v.self, knots.quiet_type, 2);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 2);
    weft_decref(v.self, lone); /* dies by its count */
    CHECK_INT(knots_destroyed(), 3);
    CHECK_INT(weft_gc_frozen_count(v.self), 5);
    CHECK_INT(weft_gc_unfreeze(v.self), WEFT_OK);
    CHECK_INT(weft_gc_frozen_count(v.self), 0);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 5);
    values_close(&v);
}

/* ---- looking ----------------------------------------------------------------------------------------------------------------- */

static int64_t count_in(weft_thread *self, weft_object *list, const weft_object *o)
{
    int64_t count = 0;
    for (int64_t i = 0; i < weft_list_size(self, list); i++) {
        weft_object *item = weft_list_get(self, list, i);
        count += item == o;
        weft_xdecref(self, item);
    }
    return count;
}

TEST_CASE(gc_control, tracked objects are listed without the list itself)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    weft_object *a = knot_new(v.self, knots.type, 0), *number = weft_float_new(v.self, 1.5);
    weft_object *list = weft_list_new(v.self, 0);
    CHECK(weft_gc_is_tracked(a) && weft_gc_is_tracked(list) && !weft_gc_is_tracked(number));
    CHECK(!weft_gc_is_tracked(NULL) && !weft_gc_is_finalized(NULL) && !weft_gc_is_finalized(a));
    weft_object *all = weft_gc_objects(v.self, WEFT_GC_FULL);
    CHECK_INT(weft_list_size(v.self, all), 2);
    CHECK_INT(count_in(v.self, all, a), 1);
    CHECK_INT(count_in(v.self, all, list), 1);
    CHECK_INT(count_in(v.self, all, all), 0);
    CHECK_INT(weft_refcount(v.self, a), 2);
    weft_xdecref(v.self, all);
    CHECK_INT(weft_refcount(v.self, a), 1);
    CHECK_PTR(weft_gc_objects(v.self, (weft_gc_generation)3), NULL);
    CHECK_ERROR(WEFT_ERROR_VALUE, "generation 3");
    weft_decref(v.self, a);
    weft_decref(v.self, number);
    weft_decref(v.self, list);
    values_close(&v);
}

TEST_CASE(gc_control, referrers and referents are the direct ones)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    weft_object *a = knot_new(v.self, knots.type, 0), *b = knot_new(v.self, knots.type, 1);
    weft_object *c = knot_new(v.self, knots.type, 2), *number = weft_float_new(v.self, 1.5);
    knot_of(a)->next = weft_ref(v.self, b);
    knot_of(b)->next = weft_ref(v.self, c);
    knot_of(b)->other = weft_ref(v.self, number);
    weft_object *list = weft_gc_referrers(v.self, &b, 1);
    CHECK_INT(weft_list_size(v.self, list), 1);
    CHECK_INT(count_in(v.self, list, a), 1);
    weft_xdecref(v.self, list);
    weft_object *targets[] = {c, number, b};
    list = weft_gc_referrers(v.self, targets, 3);
    CHECK_INT(weft_list_size(v.self, list), 2);
    CHECK_INT(count_in(v.self, list, a) + count_in(v.self, list, b), 2);
    weft_xdecref(v.self, list);
    weft_object *sources[] = {b, number};
    list = weft_gc_referents(v.self, sources, 2);
    CHECK_INT(weft_list_size(v.self, list), 2);
    CHECK_INT(count_in(v.self, list, c) + count_in(v.self, list, number), 2);
    weft_xdecref(v.self, list);
    list = weft_gc_referents(v.self, NULL, 0);
    CHECK_INT(weft_list_size(v.self, list), 0);
    weft_xdecref(v.self, list);
    CHECK_PTR(weft_gc_referrers(v.self, NULL, 1), NULL);
    CHECK_ERROR(WEFT_ERROR_VALUE, "objects is NULL");
    weft_decref(v.self, a);
    weft_decref(v.self, b);
    weft_decref(v.self, c);
    weft_decref(v.self, number);
    values_close(&v);
}

TEST_CASE(gc_control, looking without memory is an error that leaves all references as they were)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    weft_object *ring = knot_ring(v.self, knots.quiet_type, 200);
    int failures = 0;
    for (uint64_t n = 1; n < 40; n++) {
        CHECK_INT(weft_fail_allocation(v.self, n, true), WEFT_OK);
        weft_object *all = weft_gc_objects(v.self, WEFT_GC_FULL);
        weft_object *some = weft_gc_referrers(v.self, &ring, 1);
        weft_object *more = weft_gc_referents(v.self, &ring, 1);
        failures += !all + !some + !more;
        CHECK_INT(weft_fail_allocation(v.self, 0, false), WEFT_OK);
        weft_xdecref(v.self, all);
        weft_xdecref(v.self, some);
        weft_xdecref(v.self, more);
        CHECK_INT(weft_refcount(v.self, ring), 2);
    }
    CHECK(failures > 3);
    weft_error_clear();
    weft_decref(v.self, ring);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 200);
    values_close(&v);
}

TEST_CASE(gc_control, a thread may set and unset its roots)
{
    values v = values_open();
    REQUIRE(v.self != NULL);
    CHECK_INT(weft_gc_set_roots(v.self, NULL, NULL), WEFT_OK);
    CHECK_INT(weft_gc_set_roots(NULL, NULL, NULL), WEFT_ERROR_THREAD);
    weft_error_clear();
    values_close(&v);
}
