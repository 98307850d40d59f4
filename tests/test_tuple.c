/* test_tuple.c - tuples: contents, references, hash, equality, text, bad input. */
#include "values.h"

static weft_object *pair(weft_thread *self, weft_object *a, weft_object *b)
{
    weft_object *items[] = {a, b}, *tuple = weft_tuple_new(self, items, 2);
    CHECK(tuple != NULL);
    return tuple;
}

/* (a, b) of two ints. */
static weft_object *int_pair(weft_thread *self, int64_t a, int64_t b)
{
    weft_object *x = weft_int_new(self, a), *y = weft_int_new(self, b);
    weft_object *tuple = pair(self, x, y);
    weft_decref(self, x);
    weft_decref(self, y);
    return tuple;
}

TEST_CASE(tuple, holds its items and counts them)
{
    enum { MOST = 100 };

    values v = values_open();
    weft_object *items[MOST];
    for (int i = 0; i < MOST; i++)
        items[i] = weft_int_new(v.self, 1000 + i);
    for (int count = 0; count <= MOST; count++) {
        weft_object *tuple = weft_tuple_new(v.self, items, (size_t)count);
        REQUIRE(tuple != NULL);
        CHECK(weft_is_tuple(tuple));
        CHECK_INT(weft_tuple_size(v.self, tuple), count);
        for (int i = 0; i < count; i++) {
            CHECK_PTR(weft_tuple_get(v.self, tuple, i), items[i]);
            CHECK_INT(weft_refcount(v.self, items[i]), 2);
        }
        weft_decref(v.self, tuple);
    }
    for (int i = 0; i < MOST; i++) {
        CHECK_INT(weft_refcount(v.self, items[i]), 1);
        weft_decref(v.self, items[i]);
    }
    values_close(&v);
}

TEST_CASE(tuple, the empty one is shared and immortal)
{
    values v = values_open();
    weft_object *a = weft_tuple_new(v.self, NULL, 0), *b = weft_tuple_new(v.self, &a, 0);
    CHECK(a != NULL && a == b && weft_is_immortal(a));
    CHECK_INT(weft_tuple_size(v.self, a), 0);
    CHECK_NULL(weft_tuple_get(v.self, a, 0), WEFT_ERROR_INDEX, "index 0 of a tuple of 0");
    CHECK_TEXT(v.self, weft_repr(v.self, a), "()");
    values_close(&v);
}

TEST_CASE(tuple, an index outside is an error that names it)
{
    values v = values_open();
    weft_object *tuple = int_pair(v.self, 1, 2);
    CHECK_NULL(weft_tuple_get(v.self, tuple, 2), WEFT_ERROR_INDEX, "index 2 of a tuple of 2");
    CHECK_NULL(weft_tuple_get(v.self, tuple, -1), WEFT_ERROR_INDEX, "index -1");
    CHECK_NULL(weft_tuple_get(v.self, tuple, INT64_MAX), WEFT_ERROR_INDEX, "index 9223372036854775807");
    CHECK_NULL(weft_tuple_get(v.self, tuple, INT64_MIN), WEFT_ERROR_INDEX, "index -9223372036854775808");
    weft_decref(v.self, tuple);
    values_close(&v);
}

TEST_CASE(tuple, bad arguments are refused and nothing is counted)
{
    values v = values_open();
    weft_object *i = weft_int_new(v.self, 1000), *items[] = {i, NULL, i};
    CHECK_NULL(weft_tuple_new(v.self, items, 3), WEFT_ERROR_VALUE, "item 1 is NULL");
    CHECK_NULL(weft_tuple_new(v.self, NULL, 3), WEFT_ERROR_VALUE, "items is NULL");
    CHECK_NULL(weft_tuple_new(v.self, items, SIZE_MAX), WEFT_ERROR_OVERFLOW, "too many");
    CHECK_NULL(weft_tuple_new(v.self, items, SIZE_MAX / 8), WEFT_ERROR_OVERFLOW, "too many");
    CHECK_NULL(weft_tuple_new(NULL, items, 1), WEFT_ERROR_THREAD, "weft_tuple_new");
    CHECK_FAILS(weft_tuple_size(v.self, i), WEFT_ERROR_TYPE, "tuple expected, got int");
    CHECK_FAILS(weft_tuple_size(v.self, NULL), WEFT_ERROR_VALUE, "NULL");
    CHECK_FAILS(weft_tuple_size(NULL, i), WEFT_ERROR_THREAD, "weft_tuple_size");
    CHECK_NULL(weft_tuple_get(v.self, i, 0), WEFT_ERROR_TYPE, "tuple expected, got int");
    CHECK_NULL(weft_tuple_get(v.self, NULL, 0), WEFT_ERROR_VALUE, "NULL");
    CHECK_NULL(weft_tuple_get(NULL, i, 0), WEFT_ERROR_THREAD, "weft_tuple_get");
    CHECK_INT(weft_refcount(v.self, i), 1);
    weft_decref(v.self, i);
    values_close(&v);
}

TEST_CASE(tuple, equality and hash are those of the items in their order)
{
    values v = values_open();
    weft_object *a = int_pair(v.self, 1000, 2000), *b = int_pair(v.self, 1000, 2000), *c = int_pair(v.self, 2000, 1000);
    weft_object *one = weft_int_new(v.self, 1000), *single = weft_tuple_new(v.self, &one, 1);
    weft_object *f = weft_float_new(v.self, 1000.0), *g = weft_float_new(v.self, 2000.0), *d = pair(v.self, f, g);
    uint64_t ha = 0, hb = 1, hc = 0, hd = 2;
    CHECK_INT(weft_hash(v.self, a, &ha), WEFT_OK);
    CHECK_INT(weft_hash(v.self, b, &hb), WEFT_OK);
    CHECK_INT(weft_hash(v.self, c, &hc), WEFT_OK);
    CHECK_INT(weft_hash(v.self, d, &hd), WEFT_OK);
    CHECK(ha == hb && ha == hd && ha != hc);
    CHECK_INT(weft_equal(v.self, a, b), 1);
    CHECK_INT(weft_equal(v.self, a, d), 1);
    CHECK_INT(weft_equal(v.self, a, c), 0);
    CHECK_INT(weft_equal(v.self, a, single), 0);
    CHECK_INT(weft_equal(v.self, single, a), 0);
    CHECK_INT(weft_equal(v.self, a, one), 0);
    weft_object *all[] = {a, b, c, d, one, single, f, g};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        weft_decref(v.self, all[i]);
    values_close(&v);
}

TEST_CASE(tuple, the text shows the items)
{
    values v = values_open();
    weft_object *a = int_pair(v.self, 1, 2), *single = weft_tuple_new(v.self, &a, 1);
    weft_object *s = values_str(v.self, "\xC3\xA9"), *both = pair(v.self, s, single);
    CHECK_TEXT(v.self, weft_repr(v.self, a), "(1, 2)");
    CHECK_TEXT(v.self, weft_repr(v.self, single), "((1, 2),)");
    weft_object *repr = weft_repr(v.self, both);
    CHECK_INT(weft_str_length(v.self, repr), 16);
    CHECK_TEXT(v.self, repr, "('\xC3\xA9', ((1, 2),))");
    weft_decref(v.self, both);
    weft_decref(v.self, s);
    weft_decref(v.self, single);
    weft_decref(v.self, a);
    values_close(&v);
}

TEST_CASE(tuple, the text has room for items of any size)
{
    values v = values_open();
    for (int size = 1; size < 3000; size = size * 3 / 2 + 1) {
        weft_object *s = weft_str_format(v.self, "%*d", size, 1), *items[] = {s, s, s};
        weft_object *tuple = weft_tuple_new(v.self, items, 3), *repr = weft_repr(v.self, tuple);
        weft_object *expected = weft_str_format(v.self, "('%*d', '%*d', '%*d')", size, 1, size, 1, size, 1);
        CHECK_INT(weft_equal(v.self, repr, expected), 1);
        weft_decref(v.self, expected);
        weft_decref(v.self, repr);
        weft_decref(v.self, tuple);
        weft_decref(v.self, s);
    }
    values_close(&v);
}

TEST_CASE(tuple, an item that cannot be hashed makes the tuple unhashable)
{
    values v = values_open();
    weft_object *list = weft_list_new(v.self, 0), *tuple = pair(v.self, &weft_none, list);
    uint64_t hash = 77;
    CHECK_FAILS(weft_hash(v.self, tuple, &hash), WEFT_ERROR_TYPE, "list is not hashable");
    CHECK_INT(hash, 77);
    weft_decref(v.self, tuple);
    weft_decref(v.self, list);
    values_close(&v);
}

/* A tuple in a tuple, `depth` deep. */
static weft_object *nest(weft_thread *self, int depth)
{
    weft_object *o = weft_tuple_new(self, NULL, 0);
    for (int i = 0; i < depth && o; i++) {
        weft_object *outer = weft_tuple_new(self, &o, 1);
        CHECK(outer != NULL);
        weft_decref(self, o);
        o = outer;
    }
    return o;
}

typedef struct deep {
    weft_runtime *runtime;
    int depth;
} deep;

static void use_deep(void *arg)
{
    deep *d = arg;
    VALUES_THREAD(self, d->runtime);
    weft_object *a = nest(self, d->depth), *b = nest(self, d->depth);
    uint64_t hash = 77;
    bool too_deep = d->depth > 500;
    CHECK_INT(weft_hash(self, a, &hash), too_deep ? WEFT_ERROR_LIMIT : WEFT_OK);
    CHECK_INT(weft_equal(self, a, b), too_deep ? WEFT_ERROR_LIMIT : 1);
    weft_object *repr = weft_repr(self, a);
    REQUIRE(repr != NULL);
    CHECK_INT(strstr(weft_str_utf8(self, repr, NULL), "...") != NULL, too_deep);
    weft_decref(self, repr);
    weft_error_clear();
    /* And again, for something shallow: the levels were given back. */
    weft_object *shallow = nest(self, 50);
    CHECK_INT(weft_hash(self, shallow, &hash), WEFT_OK);
    weft_decref(self, shallow);
    weft_decref(self, a);
    weft_decref(self, b);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(tuple, nesting may be deep and too deep is an error even on a small stack)
{
    static const int depths[] = {100, 1000, 100000};
    values v = values_open();
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
        deep d = {v.runtime, depths[i]};
        CHECK_INT(weft_block_begin(v.self), WEFT_OK);
        bool instrumented = test_scale(100) != 100; /* a sanitizer's frames are several times as large */
        test_thread_with_stack(instrumented ? 1024 * 1024 : 64 * 1024, use_deep, &d);
        CHECK_INT(weft_block_end(v.self), WEFT_OK);
        weft_safepoint(v.self);
    }
    values_close(&v);
}

static bool make(weft_thread *self, void *arg)
{
    weft_object *o = weft_tuple_new(self, arg, 3);
    weft_xdecref(self, o);
    return o != NULL;
}

static bool show(weft_thread *self, void *arg)
{
    weft_object *o = weft_repr(self, arg);
    weft_xdecref(self, o);
    return o != NULL;
}

TEST_CASE(tuple, running out of memory is an error at each allocation)
{
    values v = values_open();
    weft_object *s = values_str(v.self, "a text that does not fit into the first size of the buffer for the repr");
    weft_object *items[] = {s, s, s}, *tuple = weft_tuple_new(v.self, items, 3);
    CHECK_INT(values_exhaust(v.self, make, items), 1);
    CHECK(values_exhaust(v.self, show, tuple) >= 5);
    weft_decref(v.self, tuple);
    CHECK_INT(weft_refcount(v.self, s), 1);
    weft_decref(v.self, s);
    values_close(&v);
}

TEST_CASE(tuple, one of two items takes a block of 48)
{
    values v = values_open();
    weft_object *tuple = int_pair(v.self, 1, 2);
    CHECK(weft_sizeof(tuple) <= 48 + (strcmp(weft_flavour_name(), "gil") == 0 ? 16 : 0));
    weft_decref(v.self, tuple);
    values_close(&v);
}

/* ---- several threads ------------------------------------------------------------------------------------------- */

enum { THREADS = 4, ROUNDS = 20000 };

typedef struct sharing {
    weft_runtime *runtime;
    weft_object *tuple;
} sharing;

static void read_items(int index, void *arg)
{
    sharing *s = arg;
    VALUES_THREAD(self, s->runtime);
    for (int i = 0; i < test_scale(ROUNDS); i++) {
        weft_object *item = weft_tuple_get(self, s->tuple, (i + index) % 2);
        weft_object *other = pair(self, item, s->tuple);
        CHECK_INT(weft_int_get(weft_tuple_get(self, other, 0)), 1000 + (i + index) % 2);
        weft_decref(self, other);
        weft_safepoint(self);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(tuple, threads read and keep the items of one tuple)
{
    values v = values_open();
    sharing s = {v.runtime, int_pair(v.self, 1000, 1001)};
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(THREADS, read_items, &s);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    weft_safepoint(v.self);
    CHECK_INT(weft_refcount(v.self, s.tuple), 1);
    CHECK_INT(weft_refcount(v.self, weft_tuple_get(v.self, s.tuple, 0)), 1);
    weft_decref(v.self, s.tuple);
    values_close(&v);
}
