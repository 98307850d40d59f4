/* test_cell.c - cells: one reference, changed by many threads. */
#include "values.h"

TEST_CASE(cell, holds what was put in and nothing when empty)
{
    values v = values_open();
    weft_object *c = weft_cell_new(v.self, NULL), *i = weft_int_new(v.self, 1000), *old = i;
    REQUIRE(c != NULL);
    CHECK(weft_is_cell(c) && !weft_is_cell(i));
    CHECK_INT(weft_sizeof(c), weft_flavour_name()[0] == 'g' ? 48 : 32);
    CHECK_NULL(weft_cell_get(v.self, c), WEFT_ERROR_KEY, "empty");
    CHECK_INT(weft_cell_swap(v.self, c, i, &old), WEFT_OK);
    CHECK_PTR(old, NULL);
    CHECK_INT(weft_refcount(v.self, i), 2);
    weft_object *found = weft_cell_get(v.self, c);
    CHECK_PTR(found, i);
    weft_xdecref(v.self, found);
    CHECK_INT(weft_cell_set(v.self, c, &weft_none), WEFT_OK);
    CHECK_INT(weft_refcount(v.self, i), 1);
    CHECK_INT(weft_cell_set(v.self, c, i), WEFT_OK);
    CHECK_INT(weft_cell_swap(v.self, c, NULL, &old), WEFT_OK);
    CHECK_PTR(old, i);
    weft_xdecref(v.self, old);
    weft_decref(v.self, c);
    c = weft_cell_new(v.self, i);
    CHECK_INT(weft_refcount(v.self, i), 2);
    weft_decref(v.self, c);
    CHECK_INT(weft_refcount(v.self, i), 1);
    weft_decref(v.self, i);
    values_close(&v);
}

TEST_CASE(cell, a replacement happens only if the cell holds what is expected)
{
    values v = values_open();
    weft_object *a = weft_int_new(v.self, 1000), *b = weft_int_new(v.self, 1000), *c = weft_cell_new(v.self, NULL);
    CHECK_INT(weft_cell_replace(v.self, c, a, b), 0);
    CHECK_INT(weft_cell_replace(v.self, c, NULL, a), 1);
    CHECK_INT(weft_cell_replace(v.self, c, NULL, b), 0);
    CHECK_INT(weft_cell_replace(v.self, c, b, b), 0); /* equal is not the same */
    CHECK_INT(weft_refcount(v.self, a), 2);
    CHECK_INT(weft_cell_replace(v.self, c, a, b), 1);
    CHECK_INT(weft_refcount(v.self, a), 1);
    CHECK_INT(weft_refcount(v.self, b), 2);
    CHECK_INT(weft_cell_replace(v.self, c, b, NULL), 1);
    CHECK_NULL(weft_cell_get(v.self, c), WEFT_ERROR_KEY, "empty");
    weft_decref(v.self, a);
    weft_decref(v.self, b);
    weft_decref(v.self, c);
    values_close(&v);
}

TEST_CASE(cell, the text shows what it holds and turns back at itself)
{
    values v = values_open();
    weft_object *c = weft_cell_new(v.self, &weft_true);
    CHECK_TEXT(v.self, weft_repr(v.self, c), "cell(true)");
    CHECK_INT(weft_cell_set(v.self, c, c), WEFT_OK);
    CHECK_TEXT(v.self, weft_repr(v.self, c), "cell(...)");
    CHECK_INT(weft_cell_set(v.self, c, NULL), WEFT_OK);
    CHECK_TEXT(v.self, weft_repr(v.self, c), "cell()");
    uint64_t hash;
    CHECK_INT(weft_hash(v.self, c, &hash), WEFT_OK);
    weft_decref(v.self, c);
    values_close(&v);
}

static int count_child(weft_object *child, void *arg)
{
    (void)child;
    return ++*(int *)arg == 2 ? 99 : 0;
}

TEST_CASE(cell, traverse visits the value and clear drops it)
{
    values v = values_open();
    weft_object *i = weft_int_new(v.self, 1000), *c = weft_cell_new(v.self, i);
    const weft_type *type = weft_type_of(c);
    int count = 0;
    CHECK_INT(type->traverse(c, count_child, &count), 0);
    CHECK_INT(count, 1);
    CHECK_INT(type->traverse(c, count_child, &count), 99);
    type->clear(v.self, c);
    CHECK_INT(type->traverse(c, count_child, &count), 0);
    CHECK_INT(count, 2);
    CHECK_INT(weft_refcount(v.self, i), 1);
    weft_decref(v.self, c);
    weft_decref(v.self, i);
    values_close(&v);
}

static bool make(weft_thread *self, void *arg)
{
    weft_object *o = weft_cell_new(self, arg);
    weft_xdecref(self, o);
    return o != NULL;
}

TEST_CASE(cell, bad arguments and no memory are errors)
{
    values v = values_open();
    weft_object *c = weft_cell_new(v.self, NULL), *i = weft_int_new(v.self, 1000), *old = i;
    CHECK_NULL(weft_cell_get(v.self, i), WEFT_ERROR_TYPE, "cell expected, got int");
    CHECK_NULL(weft_cell_get(v.self, NULL), WEFT_ERROR_VALUE, "NULL");
    CHECK_NULL(weft_cell_get(NULL, c), WEFT_ERROR_THREAD, "weft_cell_get");
    CHECK_NULL(weft_cell_new(NULL, c), WEFT_ERROR_THREAD, "weft_cell_new");
    CHECK_FAILS(weft_cell_set(v.self, i, i), WEFT_ERROR_TYPE, "cell expected");
    CHECK_FAILS(weft_cell_set(NULL, c, i), WEFT_ERROR_THREAD, "weft_cell_set");
    CHECK_FAILS(weft_cell_swap(v.self, i, i, &old), WEFT_ERROR_TYPE, "cell expected");
    CHECK_FAILS(weft_cell_swap(v.self, c, i, NULL), WEFT_ERROR_VALUE, "old is NULL");
    CHECK_FAILS(weft_cell_swap(NULL, c, i, &old), WEFT_ERROR_THREAD, "weft_cell_swap");
    CHECK_FAILS(weft_cell_replace(v.self, NULL, i, i), WEFT_ERROR_VALUE, "NULL");
    CHECK_FAILS(weft_cell_replace(NULL, c, i, i), WEFT_ERROR_THREAD, "weft_cell_replace");
    CHECK_PTR(old, i);
    CHECK_INT(weft_refcount(v.self, i), 1);
    CHECK_INT(values_exhaust(v.self, make, i), 1);
    weft_decref(v.self, c);
    weft_decref(v.self, i);
    values_close(&v);
}

/* ---- several threads ------------------------------------------------------------------------------------------- */

enum { ROUNDS = 20000, THREADS = 4 };

typedef struct race {
    weft_runtime *runtime;
    weft_object *cell;
    int64_t sum; /* atomic */
} race;

/* What is swapped in comes out once. */
static void swap_tokens(int index, void *arg)
{
    race *r = arg;
    VALUES_THREAD(self, r->runtime);
    int64_t sum = 0;
    for (int i = 0; i < test_scale(ROUNDS); i++) {
        int64_t number = 1000 + (int64_t)index * ROUNDS + i;
        weft_object *o = weft_int_new(self, number), *old = NULL;
        CHECK_INT(weft_cell_swap(self, r->cell, o, &old), WEFT_OK);
        weft_decref(self, o);
        sum += number;
        if (old != NULL)
            sum -= weft_int_get(old);
        weft_xdecref(self, old);
        weft_safepoint(self);
    }
    __atomic_fetch_add(&r->sum, sum, __ATOMIC_RELAXED);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

/* A counter made of immutable ints: no step is lost. */
static void count_up(int index, void *arg)
{
    race *r = arg;
    (void)index;
    VALUES_THREAD(self, r->runtime);
    for (int i = 0; i < test_scale(ROUNDS); i++) {
        int stored = 0;
        while (stored == 0) {
            weft_object *old = weft_cell_get(self, r->cell);
            REQUIRE(old != NULL);
            weft_object *next = weft_int_new(self, weft_int_get(old) + 1);
            stored = weft_cell_replace(self, r->cell, old, next);
            weft_decref(self, old);
            weft_decref(self, next);
            weft_safepoint(self);
        }
        CHECK_INT(stored, 1);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

static void run(values *v, void (*body)(int index, void *arg), race *r)
{
    CHECK_INT(weft_block_begin(v->self), WEFT_OK);
    test_threads(THREADS, body, r);
    CHECK_INT(weft_block_end(v->self), WEFT_OK);
    weft_safepoint(v->self);
}

TEST_CASE(stress_cell, what threads swap in comes out exactly once)
{
    values v = values_open();
    race r = {v.runtime, weft_cell_new(v.self, NULL), 0};
    run(&v, swap_tokens, &r);
    weft_object *last = weft_cell_get(v.self, r.cell);
    REQUIRE(last != NULL);
    CHECK_INT(r.sum, weft_int_get(last));
    weft_decref(v.self, last);
    weft_decref(v.self, r.cell);
    values_close(&v);
}

TEST_CASE(stress_cell, no step of a counter is lost)
{
    values v = values_open();
    weft_object *start = weft_int_new(v.self, 1000);
    race r = {v.runtime, weft_cell_new(v.self, start), 0};
    weft_decref(v.self, start);
    run(&v, count_up, &r);
    weft_object *last = weft_cell_get(v.self, r.cell);
    REQUIRE(last != NULL);
    CHECK_INT(weft_int_get(last), 1000 + THREADS * test_scale(ROUNDS));
    weft_decref(v.self, last);
    weft_decref(v.self, r.cell);
    values_close(&v);
}
