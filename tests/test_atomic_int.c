/* test_atomic_int.c - the atomic int: its steps, overflow, and many threads at once. */
#include "values.h"

static int64_t number(weft_thread *self, weft_object *o)
{
    int64_t value = 77;
    CHECK_INT(weft_atomic_int_get(self, o, &value), WEFT_OK);
    return value;
}

TEST_CASE(atomic_int, each step tells the number before it)
{
    values v = values_open();
    weft_object *o = weft_atomic_int_new(v.self, 5);
    int64_t was = 0;
    REQUIRE(o != NULL);
    CHECK(weft_is_atomic_int(o) && !weft_is_int(o));
    CHECK_INT(number(v.self, o), 5);
    CHECK_INT(weft_atomic_int_add(v.self, o, 3, &was), WEFT_OK);
    CHECK_INT(was, 5);
    CHECK_INT(weft_atomic_int_add(v.self, o, -10, NULL), WEFT_OK);
    CHECK_INT(number(v.self, o), -2);
    CHECK_INT(weft_atomic_int_set(v.self, o, 9, &was), WEFT_OK);
    CHECK_INT(was, -2);
    CHECK_INT(weft_atomic_int_set(v.self, o, 10, NULL), WEFT_OK);
    CHECK_INT(weft_atomic_int_replace(v.self, o, 11, 12, &was), 0);
    CHECK_INT(was, 10);
    CHECK_INT(number(v.self, o), 10);
    CHECK_INT(weft_atomic_int_replace(v.self, o, 10, 12, &was), 1);
    CHECK_INT(was, 10);
    CHECK_INT(weft_atomic_int_replace(v.self, o, 12, 13, NULL), 1);
    CHECK_TEXT(v.self, weft_repr(v.self, o), "atomic_int(13)");
    weft_decref(v.self, o);
    values_close(&v);
}

TEST_CASE(atomic_int, an overflow changes nothing)
{
    values v = values_open();
    weft_object *most = weft_atomic_int_new(v.self, INT64_MAX), *least = weft_atomic_int_new(v.self, INT64_MIN);
    int64_t was = 77;
    CHECK_FAILS(weft_atomic_int_add(v.self, most, 1, &was), WEFT_ERROR_OVERFLOW, "weft_atomic_int_add");
    CHECK_FAILS(weft_atomic_int_add(v.self, least, -1, &was), WEFT_ERROR_OVERFLOW, "weft_atomic_int_add");
    CHECK_INT(was, 77);
    CHECK_INT(number(v.self, most), INT64_MAX);
    CHECK_INT(number(v.self, least), INT64_MIN);
    weft_decref(v.self, most);
    weft_decref(v.self, least);
    values_close(&v);
}

TEST_CASE(atomic_int, two are never equal and each has a hash)
{
    values v = values_open();
    weft_object *a = weft_atomic_int_new(v.self, 5), *b = weft_atomic_int_new(v.self, 5);
    uint64_t before = 0, after = 1;
    CHECK_INT(weft_equal(v.self, a, b), 0);
    CHECK_INT(weft_hash(v.self, a, &before), WEFT_OK);
    CHECK_INT(weft_atomic_int_set(v.self, a, 6, NULL), WEFT_OK);
    CHECK_INT(weft_hash(v.self, a, &after), WEFT_OK);
    CHECK(before == after);
    weft_decref(v.self, a);
    weft_decref(v.self, b);
    values_close(&v);
}

static bool make(weft_thread *self, void *arg)
{
    (void)arg;
    weft_object *o = weft_atomic_int_new(self, 1);
    weft_xdecref(self, o);
    return o != NULL;
}

TEST_CASE(atomic_int, bad arguments and no memory are errors)
{
    values v = values_open();
    weft_object *i = weft_int_new(v.self, 1), *o = weft_atomic_int_new(v.self, 1);
    int64_t was = 77;
    CHECK_FAILS(weft_atomic_int_get(v.self, i, &was), WEFT_ERROR_TYPE, "atomic_int expected, got int");
    CHECK_FAILS(weft_atomic_int_get(v.self, o, NULL), WEFT_ERROR_VALUE, "value is NULL");
    CHECK_FAILS(weft_atomic_int_get(v.self, NULL, &was), WEFT_ERROR_VALUE, "NULL");
    CHECK_FAILS(weft_atomic_int_get(NULL, o, &was), WEFT_ERROR_THREAD, "weft_atomic_int_get");
    CHECK_FAILS(weft_atomic_int_set(v.self, i, 1, &was), WEFT_ERROR_TYPE, "atomic_int expected");
    CHECK_FAILS(weft_atomic_int_set(NULL, o, 1, &was), WEFT_ERROR_THREAD, "weft_atomic_int_set");
    CHECK_FAILS(weft_atomic_int_add(v.self, i, 1, &was), WEFT_ERROR_TYPE, "atomic_int expected");
    CHECK_FAILS(weft_atomic_int_add(NULL, o, 1, &was), WEFT_ERROR_THREAD, "weft_atomic_int_add");
    CHECK_FAILS(weft_atomic_int_replace(v.self, i, 1, 2, &was), WEFT_ERROR_TYPE, "atomic_int expected");
    CHECK_FAILS(weft_atomic_int_replace(NULL, o, 1, 2, &was), WEFT_ERROR_THREAD, "weft_atomic_int_replace");
    CHECK_INT(was, 77);
    CHECK_INT(values_exhaust(v.self, make, NULL), 1);
    weft_decref(v.self, o);
    values_close(&v);
}

/* ---- several threads ------------------------------------------------------------------------------------------- */

enum { THREADS = 8, ROUNDS = 20000 };

typedef struct counting {
    weft_runtime *runtime;
    weft_object *by_add, *by_replace, *capped;
} counting;

static void count(int index, void *arg)
{
    counting *c = arg;
    (void)index;
    VALUES_THREAD(self, c->runtime);
    for (int i = 0; i < test_scale(ROUNDS); i++) {
        CHECK_INT(weft_atomic_int_add(self, c->by_add, 1, NULL), WEFT_OK);
        int64_t was = 0;
        while (weft_atomic_int_replace(self, c->by_replace, was, was + 1, &was) == 0)
            weft_safepoint(self);
        if (weft_atomic_int_add(self, c->capped, INT64_MAX / 4, NULL) == WEFT_OK)
            CHECK_INT(weft_atomic_int_add(self, c->capped, -(INT64_MAX / 4), NULL), WEFT_OK);
        else
            CHECK_INT(weft_error_status(), WEFT_ERROR_OVERFLOW);
        weft_safepoint(self);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

static void only_add(int index, void *arg)
{
    counting *c = arg;
    VALUES_THREAD(self, c->runtime);
    for (int i = 0; i < 20 * test_scale(ROUNDS); i++)
        (void)weft_atomic_int_add(self, c->by_add, index % 2 ? 3 : -1, NULL);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(atomic_int, no addition is lost that threads make as fast as they can)
{
    values v = values_open();
    counting c = {v.runtime, weft_atomic_int_new(v.self, 0), NULL, NULL};
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(2, only_add, &c);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    CHECK_INT(number(v.self, c.by_add), 2 * 20 * test_scale(ROUNDS));
    weft_decref(v.self, c.by_add);
    values_close(&v);
}

TEST_CASE(atomic_int, no step of eight threads is lost)
{
    values v = values_open();
    counting c = {v.runtime, weft_atomic_int_new(v.self, 0), weft_atomic_int_new(v.self, 0),
                  weft_atomic_int_new(v.self, INT64_MAX / 2)};
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(THREADS, count, &c);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    CHECK_INT(number(v.self, c.by_add), THREADS * test_scale(ROUNDS));
    CHECK_INT(number(v.self, c.by_replace), THREADS * test_scale(ROUNDS));
    CHECK_INT(number(v.self, c.capped), INT64_MAX / 2);
    weft_decref(v.self, c.by_add);
    weft_decref(v.self, c.by_replace);
    weft_decref(v.self, c.capped);
    values_close(&v);
}
