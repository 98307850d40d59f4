/* test_dict.c - dicts: each operation, every size, a million random ones against a plain model with good and with bad
 * hashes, iteration under change, bad input, memory running out. test_dict_keys.c has keys whose equality does things;
 * test_containers_mt.c dicts that many threads use. */
#include <stdio.h>
#include <stdlib.h>

#include "values.h"

static void set_int(weft_thread *self, weft_object *dict, int64_t key, int64_t value)
{
    weft_object *k = weft_int_new(self, key), *x = weft_int_new(self, value);
    CHECK_INT(weft_dict_set(self, dict, k, x), WEFT_OK);
    weft_decref(self, k);
    weft_decref(self, x);
}

/* The value, or -1 if the key is not there. */
static int64_t get_int(weft_thread *self, weft_object *dict, int64_t key)
{
    weft_object *k = weft_int_new(self, key), *x = NULL;
    int64_t value = -1;
    int found = weft_dict_get(self, dict, k, &x);
    CHECK_INT(weft_dict_contains(self, dict, k), found);
    if (found == 1) {
        CHECK_INT(weft_int_value(self, x, &value), WEFT_OK);
        weft_decref(self, x);
    } else {
        CHECK_INT(found, 0);
        CHECK(x == NULL);
    }
    weft_decref(self, k);
    return value;
}

static bool pop_int(weft_thread *self, weft_object *dict, int64_t key)
{
    weft_object *k = weft_int_new(self, key);
    int found = weft_dict_pop(self, dict, k, NULL);
    CHECK(found >= 0);
    weft_decref(self, k);
    return found == 1;
}

TEST_CASE(dict, finds a str by its text and keeps the first key)
{
    values v = values_open();
    weft_object *dict = weft_dict_new(v.self), *key = values_str(v.self, "a longer key"), *got;
    weft_object *same = values_str(v.self, "a longer key"), *other = values_str(v.self, "another key");
    REQUIRE(dict != NULL && weft_is_dict(dict));
    CHECK_INT(weft_dict_size(v.self, dict), 0);
    CHECK_INT(weft_dict_get(v.self, dict, key, &got), 0);
    CHECK(got == NULL);
    CHECK_INT(weft_dict_set(v.self, dict, key, &weft_true), WEFT_OK);
    CHECK_INT(weft_dict_set(v.self, dict, same, &weft_false), WEFT_OK);
    CHECK_INT(weft_dict_size(v.self, dict), 1);
    CHECK_INT(weft_dict_get(v.self, dict, key, &got), 1);
    CHECK_PTR(got, &weft_false);
    CHECK_INT(weft_dict_contains(v.self, dict, same), 1);
    CHECK_INT(weft_dict_contains(v.self, dict, other), 0);
    CHECK_INT(weft_refcount(v.self, key), 2);
    CHECK_INT(weft_refcount(v.self, same), 1);
    CHECK_INT(weft_dict_pop(v.self, dict, same, &got), 1);
    CHECK_PTR(got, &weft_false);
    CHECK_INT(weft_refcount(v.self, key), 1);
    CHECK_INT(weft_dict_pop(v.self, dict, same, &got), 0);
    CHECK(got == NULL);
    CHECK_INT(weft_dict_size(v.self, dict), 0);
    weft_decref(v.self, key);
    weft_decref(v.self, same);
    weft_decref(v.self, other);
    weft_decref(v.self, dict);
    values_close(&v);
}

TEST_CASE(dict, keys of different types with one value are one key only if they are equal)
{
    values v = values_open();
    weft_object *dict = weft_dict_new(v.self), *str = values_str(v.self, "abc"),
                *bytes = weft_bytes_new(v.self, "abc", 3);
    weft_object *one = weft_int_new(v.self, 1), *one_point_0 = weft_float_new(v.self, 1), *got;
    weft_object *pair[] = {str, one}, *tuple = weft_tuple_new(v.self, pair, 2),
                *tuple2 = weft_tuple_new(v.self, pair, 2);
    CHECK_INT(weft_dict_set(v.self, dict, str, &weft_none), WEFT_OK);
    CHECK_INT(weft_dict_contains(v.self, dict, bytes), 0);
    CHECK_INT(weft_dict_set(v.self, dict, bytes, &weft_true), WEFT_OK);
    CHECK_INT(weft_dict_set(v.self, dict, one, &weft_true), WEFT_OK);
    CHECK_INT(weft_dict_contains(v.self, dict, one_point_0), weft_equal(v.self, one, one_point_0));
    CHECK_INT(weft_dict_set(v.self, dict, tuple, &weft_false), WEFT_OK);
    CHECK_INT(weft_dict_get(v.self, dict, tuple2, &got), 1);
    CHECK_PTR(got, &weft_false);
    CHECK_INT(weft_dict_size(v.self, dict), 4);
    weft_decref(v.self, str);
    weft_decref(v.self, bytes);
    weft_decref(v.self, one);
    weft_decref(v.self, one_point_0);
    weft_decref(v.self, tuple);
    weft_decref(v.self, tuple2);
    weft_decref(v.self, dict);
    values_close(&v);
}

/* Fills to `size`, looks at everything, empties; keys in steps of `step`. */
static void grow_and_shrink(weft_thread *self, int64_t size, int64_t step)
{
    weft_object *dict = weft_dict_new(self);
    for (int64_t i = 0; i < size; i++)
        set_int(self, dict, i * step, i);
    CHECK_INT(weft_dict_size(self, dict), size);
    for (int64_t i = 0; i < size; i++)
        CHECK_INT(get_int(self, dict, i * step), i);
    CHECK_INT(get_int(self, dict, size * step), -1);
    for (int64_t i = 0; i < size; i++) {
        CHECK(pop_int(self, dict, i * step));
        CHECK(!pop_int(self, dict, i * step));
        CHECK_INT(weft_dict_size(self, dict), size - i - 1);
        if (i + 1 < size)
            CHECK_INT(get_int(self, dict, (i + 1) * step), i + 1);
    }
    weft_decref(self, dict);
}

TEST_CASE(dict, holds what was put in at every size up to 700 and at the boundaries beyond)
{
    values v = values_open();
    for (int64_t size = 0; size < test_scale(7000) / 10; size += size < 50 ? 1 : 7)
        grow_and_shrink(v.self, size, 1);
    /* 2 thirds of 2^n, where the table is replaced; over 2^15 slots its index has 4 bytes a slot. */
    for (int64_t slots = 1024; slots <= test_scale(65536); slots *= 2)
        for (int64_t size = slots * 2 / 3 - 1; size <= slots * 2 / 3 + 1; size++)
            grow_and_shrink(v.self, size, 1 << 20);
    values_close(&v);
}

TEST_CASE(dict, remembers the order of insertion through growth and removal)
{
    enum { COUNT = 2000 };

    values v = values_open();
    weft_object *dict = weft_dict_new(v.self), *key;
    for (int64_t i = 0; i < COUNT; i++)
        set_int(v.self, dict, i * 7919 % COUNT, i);
    for (int64_t i = 0; i < COUNT; i += 3)
        CHECK(pop_int(v.self, dict, i * 7919 % COUNT));
    for (int64_t i = 0; i < COUNT; i += 3)
        set_int(v.self, dict, i * 7919 % COUNT, -i);
    size_t position = 0;
    int64_t seen = 0, value;
    int64_t expected = 1; /* those that stayed first, then those put in again */
    while (weft_dict_next(v.self, dict, &position, &key, NULL) == 1) {
        CHECK_INT(weft_int_value(v.self, key, &value), WEFT_OK);
        CHECK_INT(value, expected * 7919 % COUNT);
        weft_decref(v.self, key);
        bool stayed = seen++ < COUNT - (COUNT + 2) / 3;
        expected = stayed ? expected + (expected % 3 == 2 ? 2 : 1) : expected + 3;
        if (seen == COUNT - (COUNT + 2) / 3)
            expected = 0;
    }
    CHECK_INT(seen, COUNT);
    weft_decref(v.self, dict);
    values_close(&v);
}

TEST_CASE(dict, set_default stores once and gives what is there)
{
    values v = values_open();
    weft_object *dict = weft_dict_new(v.self), *key = values_str(v.self, "a longer key"), *got;
    weft_object *a = weft_float_new(v.self, 1), *b = weft_float_new(v.self, 2);
    CHECK_INT(weft_dict_set_default(v.self, dict, key, a, &got), 0);
    CHECK_PTR(got, a);
    CHECK_INT(weft_refcount(v.self, a), 3);
    weft_decref(v.self, got);
    CHECK_INT(weft_dict_set_default(v.self, dict, key, b, &got), 1);
    CHECK_PTR(got, a);
    weft_decref(v.self, got);
    CHECK_INT(weft_refcount(v.self, b), 1);
    CHECK_INT(weft_dict_clear(v.self, dict), WEFT_OK);
    CHECK_INT(weft_refcount(v.self, a), 1);
    CHECK_INT(weft_dict_size(v.self, dict), 0);
    CHECK_INT(weft_dict_set_default(v.self, dict, key, b, &got), 0);
    weft_decref(v.self, got);
    weft_decref(v.self, a);
    weft_decref(v.self, b);
    weft_decref(v.self, key);
    weft_decref(v.self, dict);
    values_close(&v);
}

TEST_CASE(dict, replace stores only over what was expected)
{
    values v = values_open();
    weft_object *dict = weft_dict_new(v.self), *key = values_str(v.self, "a longer key"), *got;
    weft_object *a = weft_float_new(v.self, 1), *b = weft_float_new(v.self, 2);
    CHECK_INT(weft_dict_replace(v.self, dict, key, a, b), 0);
    CHECK_INT(weft_dict_size(v.self, dict), 0);
    CHECK_INT(weft_dict_replace(v.self, dict, key, NULL, a), 1);
    CHECK_INT(weft_dict_replace(v.self, dict, key, NULL, b), 0);
    CHECK_INT(weft_dict_replace(v.self, dict, key, b, b), 0);
    CHECK_INT(weft_dict_get(v.self, dict, key, &got), 1);
    CHECK_PTR(got, a);
    weft_decref(v.self, got);
    CHECK_INT(weft_dict_replace(v.self, dict, key, a, b), 1);
    CHECK_INT(weft_refcount(v.self, a), 1);
    CHECK_INT(weft_refcount(v.self, b), 2);
    weft_decref(v.self, a);
    weft_decref(v.self, b);
    weft_decref(v.self, key);
    weft_decref(v.self, dict);
    values_close(&v);
}

TEST_CASE(dict, iteration gives each entry once and survives any change)
{
    values v = values_open();
    weft_object *dict = weft_dict_new(v.self), *key, *value;
    size_t position = 0;
    CHECK_INT(weft_dict_next(v.self, dict, &position, &key, &value), 0);
    for (int64_t i = 0; i < 5; i++)
        set_int(v.self, dict, 1000 + i, i);
    int steps = 0;
    while (weft_dict_next(v.self, dict, &position, &key, &value) == 1) {
        weft_object *same = NULL;
        CHECK_INT(weft_dict_pop(v.self, dict, key, &same), 1);
        CHECK_PTR(same, value);
        weft_decref(v.self, same);
        weft_decref(v.self, key);
        weft_decref(v.self, value);
        steps++;
    }
    CHECK_INT(steps, 5);
    CHECK_INT(weft_dict_size(v.self, dict), 0);
    for (int64_t i = 0; i < 100; i++)
        set_int(v.self, dict, 1000 + i, i);
    position = 50;
    CHECK_INT(weft_dict_clear(v.self, dict), WEFT_OK);
    CHECK_INT(weft_dict_next(v.self, dict, &position, &key, &value), 0);
    position = SIZE_MAX;
    set_int(v.self, dict, 1, 1);
    CHECK_INT(weft_dict_next(v.self, dict, &position, &key, &value), 0);
    position = 0;
    CHECK_INT(weft_dict_next(v.self, dict, &position, NULL, NULL), 1);
    CHECK_INT(weft_dict_next(v.self, dict, &position, NULL, NULL), 0);
    weft_decref(v.self, dict);
    values_close(&v);
}

TEST_CASE(dict, a value replaced while it is iterated over is seen once)
{
    values v = values_open();
    weft_object *dict = weft_dict_new(v.self), *key, *value;
    for (int64_t i = 0; i < 20; i++)
        set_int(v.self, dict, 1000 + i, i);
    size_t position = 0;
    int steps = 0;
    while (weft_dict_next(v.self, dict, &position, &key, &value) == 1 && steps < 100) {
        CHECK_INT(weft_dict_set(v.self, dict, key, &weft_none), WEFT_OK);
        weft_decref(v.self, key);
        weft_decref(v.self, value);
        steps++;
    }
    CHECK_INT(steps, 20);
    weft_decref(v.self, dict);
    values_close(&v);
}

TEST_CASE(dict, bad arguments are errors that name them and change nothing)
{
    values v = values_open();
    weft_thread *self = v.self;
    weft_object *dict = weft_dict_new(self), *list = weft_list_new(self, 0), *key = values_str(self, "key");
    weft_object *out = dict;
    size_t position = 0;
    CHECK_NULL(weft_dict_new(NULL), WEFT_ERROR_THREAD, "weft_dict_new");
    CHECK_FAILS(weft_dict_size(self, list), WEFT_ERROR_TYPE, "weft_dict_size: dict expected, got list");
    CHECK_FAILS(weft_dict_size(self, NULL), WEFT_ERROR_VALUE, "got NULL");
    CHECK_FAILS(weft_dict_size(NULL, dict), WEFT_ERROR_THREAD, "weft_dict_size");
    CHECK_FAILS(weft_dict_get(self, list, key, &out), WEFT_ERROR_TYPE, "weft_dict_get: dict expected, got list");
    CHECK_FAILS(weft_dict_get(self, NULL, key, &out), WEFT_ERROR_VALUE, "got NULL");
    CHECK_FAILS(weft_dict_get(self, dict, NULL, &out), WEFT_ERROR_VALUE, "weft_dict_get: the key is NULL");
    CHECK_FAILS(weft_dict_get(self, dict, key, NULL), WEFT_ERROR_VALUE, "weft_dict_get: value is NULL");
    CHECK_FAILS(weft_dict_get(self, dict, list, &out), WEFT_ERROR_TYPE, "list is not hashable");
    CHECK_FAILS(weft_dict_get(NULL, dict, key, &out), WEFT_ERROR_THREAD, "weft_dict_get");
    CHECK_FAILS(weft_dict_set(self, list, key, key), WEFT_ERROR_TYPE, "weft_dict_set: dict expected");
    CHECK_FAILS(weft_dict_set(self, NULL, key, key), WEFT_ERROR_VALUE, "got NULL");
    CHECK_FAILS(weft_dict_set(self, dict, NULL, key), WEFT_ERROR_VALUE, "the key is NULL");
    CHECK_FAILS(weft_dict_set(self, dict, key, NULL), WEFT_ERROR_VALUE, "weft_dict_set: the value is NULL");
    CHECK_FAILS(weft_dict_set(self, dict, list, key), WEFT_ERROR_TYPE, "list is not hashable");
    CHECK_FAILS(weft_dict_set(self, dict, dict, key), WEFT_ERROR_TYPE, "dict is not hashable");
    CHECK_FAILS(weft_dict_set(NULL, dict, key, key), WEFT_ERROR_THREAD, "weft_dict_set");
    CHECK_FAILS(weft_dict_pop(self, list, key, &out), WEFT_ERROR_TYPE, "weft_dict_pop: dict expected");
    CHECK_FAILS(weft_dict_pop(self, NULL, key, &out), WEFT_ERROR_VALUE, "got NULL");
    CHECK_FAILS(weft_dict_pop(self, dict, NULL, &out), WEFT_ERROR_VALUE, "the key is NULL");
    CHECK_FAILS(weft_dict_pop(self, dict, list, &out), WEFT_ERROR_TYPE, "list is not hashable");
    CHECK_FAILS(weft_dict_pop(NULL, dict, key, &out), WEFT_ERROR_THREAD, "weft_dict_pop");
    CHECK_FAILS(weft_dict_set_default(self, list, key, key, &out), WEFT_ERROR_TYPE,
                "weft_dict_set_default: dict expected");
    CHECK_FAILS(weft_dict_set_default(self, NULL, key, key, &out), WEFT_ERROR_VALUE, "got NULL");
    CHECK_FAILS(weft_dict_set_default(self, dict, NULL, key, &out), WEFT_ERROR_VALUE, "the key is NULL");
    CHECK_FAILS(weft_dict_set_default(self, dict, key, NULL, &out), WEFT_ERROR_VALUE, "the fallback is NULL");
    CHECK_FAILS(weft_dict_set_default(self, dict, key, key, NULL), WEFT_ERROR_VALUE, "value is NULL");
    CHECK_FAILS(weft_dict_set_default(self, dict, list, key, &out), WEFT_ERROR_TYPE, "list is not hashable");
    CHECK_FAILS(weft_dict_set_default(NULL, dict, key, key, &out), WEFT_ERROR_THREAD, "weft_dict_set_default");
    CHECK_FAILS(weft_dict_replace(self, list, key, NULL, key), WEFT_ERROR_TYPE, "weft_dict_replace: dict expected");
    CHECK_FAILS(weft_dict_replace(self, NULL, key, NULL, key), WEFT_ERROR_VALUE, "got NULL");
    CHECK_FAILS(weft_dict_replace(self, dict, NULL, NULL, key), WEFT_ERROR_VALUE, "the key is NULL");
    CHECK_FAILS(weft_dict_replace(self, dict, key, NULL, NULL), WEFT_ERROR_VALUE, "the value is NULL");
    CHECK_FAILS(weft_dict_replace(self, dict, list, NULL, key), WEFT_ERROR_TYPE, "list is not hashable");
    CHECK_FAILS(weft_dict_replace(NULL, dict, key, NULL, key), WEFT_ERROR_THREAD, "weft_dict_replace");
    CHECK_FAILS(weft_dict_contains(self, list, key), WEFT_ERROR_TYPE, "weft_dict_contains: dict expected");
    CHECK_FAILS(weft_dict_contains(self, NULL, key), WEFT_ERROR_VALUE, "got NULL");
    CHECK_FAILS(weft_dict_contains(self, dict, NULL), WEFT_ERROR_VALUE, "the key is NULL");
    CHECK_FAILS(weft_dict_contains(self, dict, list), WEFT_ERROR_TYPE, "list is not hashable");
    CHECK_FAILS(weft_dict_contains(NULL, dict, key), WEFT_ERROR_THREAD, "weft_dict_contains");
    CHECK_FAILS(weft_dict_clear(self, list), WEFT_ERROR_TYPE, "weft_dict_clear: dict expected");
    CHECK_FAILS(weft_dict_clear(self, NULL), WEFT_ERROR_VALUE, "got NULL");
    CHECK_FAILS(weft_dict_clear(NULL, dict), WEFT_ERROR_THREAD, "weft_dict_clear");
    CHECK_FAILS(weft_dict_next(self, list, &position, &out, &out), WEFT_ERROR_TYPE, "weft_dict_next: dict expected");
    CHECK_FAILS(weft_dict_next(self, NULL, &position, &out, &out), WEFT_ERROR_VALUE, "got NULL");
    CHECK_FAILS(weft_dict_next(self, dict, NULL, &out, &out), WEFT_ERROR_VALUE, "weft_dict_next: position is NULL");
    CHECK_FAILS(weft_dict_next(NULL, dict, &position, &out, &out), WEFT_ERROR_THREAD, "weft_dict_next");
    CHECK_PTR(out, dict);
    CHECK_INT(weft_refcount(self, key), 1);
    CHECK_INT(weft_dict_size(self, dict), 0);
    weft_decref(self, dict);
    weft_decref(self, list);
    weft_decref(self, key);
    values_close(&v);
}

TEST_CASE(dict, equal dicts have equal values under the same keys in any order)
{
    values v = values_open();
    weft_object *a = weft_dict_new(v.self), *b = weft_dict_new(v.self);
    for (int64_t i = 0; i < 300; i++) {
        set_int(v.self, a, 1000 + i, i);
        set_int(v.self, b, 1299 - i, 299 - i);
    }
    CHECK_INT(weft_equal(v.self, a, b), 1);
    set_int(v.self, b, 1000, 1);
    CHECK_INT(weft_equal(v.self, a, b), 0);
    set_int(v.self, b, 1000, 0);
    CHECK(pop_int(v.self, b, 1001));
    CHECK_INT(weft_equal(v.self, a, b), 0);
    set_int(v.self, b, 5, 1);
    CHECK_INT(weft_equal(v.self, a, b), 0);
    CHECK_INT(weft_equal(v.self, a, &weft_none), 0);
    weft_decref(v.self, a);
    weft_decref(v.self, b);
    values_close(&v);
}

TEST_CASE(dict, a dict in itself prints and compares without end being reached)
{
    values v = values_open();
    weft_object *a = weft_dict_new(v.self), *b = weft_dict_new(v.self), *key = values_str(v.self, "k");
    CHECK_TEXT(v.self, weft_repr(v.self, a), "{}");
    set_int(v.self, a, 1, 2);
    CHECK_TEXT(v.self, weft_repr(v.self, a), "{1: 2}");
    set_int(v.self, b, 1, 2);
    CHECK_INT(weft_dict_set(v.self, a, key, a), WEFT_OK);
    CHECK_INT(weft_dict_set(v.self, b, key, b), WEFT_OK);
    CHECK_TEXT(v.self, weft_repr(v.self, a), "{1: 2, 'k': ...}");
    CHECK_FAILS(weft_equal(v.self, a, b), WEFT_ERROR_LIMIT, "nested");
    CHECK_INT(weft_dict_clear(v.self, a), WEFT_OK);
    CHECK_INT(weft_dict_clear(v.self, b), WEFT_OK);
    weft_decref(v.self, key);
    weft_decref(v.self, a);
    weft_decref(v.self, b);
    values_close(&v);
}

typedef struct fill {
    weft_object *keys[100];
    weft_object *dict; /* to be copied into another, or NULL */
} fill;

static bool attempt_fill(weft_thread *self, void *arg)
{
    fill *f = arg;
    weft_object *dict = weft_dict_new(self);
    bool filled = dict != NULL;
    for (int i = 0; filled && i < 100; i++) {
        weft_object *out = NULL;
        if (i % 3 == 0)
            filled = weft_dict_set(self, dict, f->keys[i], f->keys[i]) == WEFT_OK;
        else if (i % 3 == 1)
            filled = weft_dict_set_default(self, dict, f->keys[i], f->keys[i], &out) == 0;
        else
            filled = weft_dict_replace(self, dict, f->keys[i], NULL, f->keys[i]) == 1;
        weft_xdecref(self, out);
        CHECK_INT(weft_dict_size(self, dict), i + filled);
        for (int j = 0; j <= i; j++)
            CHECK_INT(weft_dict_contains(self, dict, f->keys[j]), j < i || filled);
    }
    weft_xdecref(self, dict);
    return filled;
}

static bool attempt_repr(weft_thread *self, void *arg)
{
    weft_object *text = weft_repr(self, ((fill *)arg)->dict);
    weft_xdecref(self, text);
    return text != NULL;
}

TEST_CASE(dict, running out of memory leaves the dict as it was)
{
    values v = values_open();
    fill f = {.dict = weft_dict_new(v.self)};
    for (int i = 0; i < 100; i++) {
        f.keys[i] = weft_float_new(v.self, i + 0.5);
        CHECK_INT(weft_dict_set(v.self, f.dict, f.keys[i], f.keys[i]), WEFT_OK);
    }
    CHECK(values_exhaust(v.self, attempt_fill, &f) >= 6);
    CHECK(values_exhaust(v.self, attempt_repr, &f) > 1);
    weft_decref(v.self, f.dict);
    for (int i = 0; i < 100; i++) {
        CHECK_INT(weft_refcount(v.self, f.keys[i]), 1);
        weft_decref(v.self, f.keys[i]);
    }
    values_close(&v);
}

TEST_CASE(dict, the table of a dict that takes in and gives out stays small)
{
    values v = values_open();
    weft_heap_stats stats;
    weft_object *dict = weft_dict_new(v.self);
    int steps = test_scale(1000000);
    for (int64_t i = 0; i < steps; i++) {
        set_int(v.self, dict, i, i);
        if (i >= 10)
            CHECK(pop_int(v.self, dict, i - 10));
    }
    CHECK_INT(weft_dict_size(v.self, dict), 10);
    CHECK_INT(weft_heap_statistics(v.self, &stats), WEFT_OK);
    CHECK(stats.large_bytes < 100000);
    weft_decref(v.self, dict);
    values_close(&v);
}

/* Bytes in use more than before for a dict with `keys` str keys, whose keys and values are not counted. */
static size_t dict_bytes(weft_thread *self, int keys)
{
    weft_heap_stats before, after;
    weft_object *key[16];
    for (int i = 0; i < keys; i++)
        key[i] = weft_str_format(self, "key number %d", i);
    CHECK_INT(weft_heap_statistics(self, &before), WEFT_OK);
    weft_object *dict = weft_dict_new(self);
    for (int i = 0; i < keys; i++)
        CHECK_INT(weft_dict_set(self, dict, key[i], &weft_none), WEFT_OK);
    CHECK_INT(weft_heap_statistics(self, &after), WEFT_OK);
    weft_decref(self, dict);
    for (int i = 0; i < keys; i++)
        weft_decref(self, key[i]);
    return after.bytes_used - before.bytes_used;
}

TEST_CASE(dict, five str keys take 250 bytes at most and none only the object)
{
    values v = values_open();
    size_t none = dict_bytes(v.self, 0), five = dict_bytes(v.self, 5);
    CHECK(none <= 48);
    CHECK(five <= 250);
    values_close(&v);
}

/* ---- a million operations against a plain model --------------------------------------------------------------- */

/* A key with a hash of the test's choosing; equal by `number`. Not known to the dict, so it asks the type. */
typedef struct number_key {
    weft_object object;
    uint64_t hash;
    int64_t number;
} number_key;

static weft_status number_hash(weft_thread *self, weft_object *o, uint64_t *hash)
{
    (void)self;
    *hash = ((number_key *)(void *)o)->hash;
    return WEFT_OK;
}

static int number_equal(weft_thread *self, weft_object *a, weft_object *b)
{
    (void)self;
    return weft_type_index(a) == weft_type_index(b) &&
           ((number_key *)(void *)a)->number == ((number_key *)(void *)b)->number;
}

static const weft_type *number_type(weft_thread *self)
{
    static const weft_type_spec spec = {
        .name = "number_key", .size = sizeof(number_key), .hash = number_hash, .equal = number_equal};
    const weft_type *type = weft_type_register(self, &spec);
    CHECK(type != NULL);
    return type;
}

static weft_object *number_new(weft_thread *self, const weft_type *type, int64_t number, uint64_t hash)
{
    weft_object *o = weft_new(self, type);
    CHECK(o != NULL);
    ((number_key *)(void *)o)->hash = hash;
    ((number_key *)(void *)o)->number = number;
    return o;
}

enum { MODEL_KEYS = 512 };

typedef struct model {
    weft_thread *self;
    weft_object *dict;
    weft_object *keys[MODEL_KEYS], *twins[MODEL_KEYS]; /* two equal objects of each */
    int value[MODEL_KEYS];                             /* number of the key that is stored as its value, or -1 */
    uint64_t stamp[MODEL_KEYS];                        /* when it was put in: gives the order */
    uint64_t clock;
    int keys_used, size;
    bool peeked; /* constant: the dict was peeked at, and half of the gets are peeks */
} model;

static void model_put(model *m, int key, int value)
{
    if (m->value[key] < 0) {
        m->size++;
        m->stamp[key] = ++m->clock;
    }
    m->value[key] = value;
}

static void model_iterate(model *m)
{
    size_t position = 0;
    weft_object *key, *value;
    uint64_t last = 0;
    int seen = 0;
    while (weft_dict_next(m->self, m->dict, &position, &key, &value) == 1) {
        int number = 0;
        while (number < m->keys_used && m->keys[number] != key && m->twins[number] != key)
            number++;
        if (CHECK(number < m->keys_used) && CHECK(m->value[number] >= 0)) {
            CHECK_PTR(value, m->keys[m->value[number]]);
            CHECK(m->stamp[number] > last);
            last = m->stamp[number];
        }
        weft_decref(m->self, key);
        weft_decref(m->self, value);
        seen++;
    }
    CHECK_INT(seen, m->size);
}

static void model_write(model *m, int key, int value, unsigned what, weft_object *k)
{
    weft_object *x = m->keys[value], *out = NULL;
    bool there = m->value[key] >= 0;
    if (what < 300) {
        CHECK_INT(weft_dict_set(m->self, m->dict, k, x), WEFT_OK);
        model_put(m, key, value);
    } else if (what < 400) {
        CHECK_INT(weft_dict_set_default(m->self, m->dict, k, x, &out), there);
        if (!there)
            model_put(m, key, value);
        CHECK_PTR(out, m->keys[m->value[key]]);
    } else if (what < 450) {
        weft_object *expected = there && what & 1 ? m->keys[m->value[key]] : what & 2 ? NULL : m->keys[0];
        bool stores = there ? expected == m->keys[m->value[key]] : expected == NULL;
        CHECK_INT(weft_dict_replace(m->self, m->dict, k, expected, x), stores);
        if (stores)
            model_put(m, key, value);
    } else {
        CHECK_INT(weft_dict_pop(m->self, m->dict, k, what & 1 ? &out : NULL), there);
        if (what & 1)
            CHECK_PTR(out, there ? m->keys[m->value[key]] : NULL);
        m->size -= there;
        m->value[key] = -1;
    }
    weft_xdecref(m->self, out);
}

static void model_step(model *m, uint64_t random)
{
    int key = (int)(random % (unsigned)m->keys_used), value = (int)(random / MODEL_KEYS % (unsigned)m->keys_used);
    unsigned what = (unsigned)(random >> 54); /* of 1024 */
    weft_object *k = random >> 40 & 1 ? m->keys[key] : m->twins[key];
    if (what < 750) {
        model_write(m, key, value, what, k);
    } else if (what == 750 && random >> 41 & 1) {
        CHECK_INT(weft_dict_clear(m->self, m->dict), WEFT_OK);
        m->size = 0;
        for (int i = 0; i < m->keys_used; i++)
            m->value[i] = -1;
    } else if (what == 751) {
        model_iterate(m);
    } else {
        weft_object *got = NULL;
        bool peeks = m->peeked && what & 1;
        int found = (peeks ? weft_dict_peek : weft_dict_get)(m->self, m->dict, k, &got);
        CHECK_INT(found, m->value[key] >= 0);
        if (peeks)
            weft_xincref(m->self, got);
        CHECK_PTR(got, m->value[key] >= 0 ? m->keys[m->value[key]] : NULL);
        weft_xdecref(m->self, got);
    }
}

static void model_run(weft_thread *self, model *m, int steps)
{
    uint64_t state = test_seed();
    weft_object *none;
    m->self = self;
    m->dict = weft_dict_new(self);
    if (m->peeked)
        CHECK_INT(weft_dict_peek(self, m->dict, m->keys[0], &none), 0);
    m->size = 0;
    m->clock = 0;
    for (int i = 0; i < m->keys_used; i++)
        m->value[i] = -1;
    for (int step = 0; step < steps; step++) {
        model_step(m, test_random(&state));
        weft_safepoint(self);
        if (!CHECK_INT(weft_dict_size(self, m->dict), m->size))
            break;
    }
    model_iterate(m);
    weft_decref(self, m->dict);
    for (int i = 0; i < 3; i++)
        weft_safepoint(self);
    for (int i = 0; i < m->keys_used; i++) {
        CHECK_INT(weft_refcount(self, m->keys[i]), 1);
        CHECK_INT(weft_refcount(self, m->twins[i]), 1);
        weft_decref(self, m->keys[i]);
        weft_decref(self, m->twins[i]);
    }
}

/* The static model of each test is its own, so `peeked` is false unless it is set. */
TEST_CASE(dict, a million random operations on a dict that was peeked at do what they do to a plain model)
{
    values v = values_open();
    static model m;
    m.peeked = true;
    m.keys_used = 200;
    for (int i = 0; i < m.keys_used; i++) {
        m.keys[i] = i % 2 ? weft_int_new(v.self, 1000 + i) : weft_str_format(v.self, "key number %d", i);
        m.twins[i] = i % 2 ? weft_int_new(v.self, 1000 + i) : weft_str_format(v.self, "key number %d", i);
    }
    model_run(v.self, &m, test_scale(1000000));
    values_close(&v);
}

TEST_CASE(dict, a million random operations with str keys do what they do to a plain model)
{
    values v = values_open();
    static model m;
    m.keys_used = MODEL_KEYS;
    for (int i = 0; i < m.keys_used; i++) {
        m.keys[i] = weft_str_format(v.self, "key number %d", i);
        m.twins[i] = weft_str_format(v.self, "key number %d", i);
    }
    model_run(v.self, &m, test_scale(1000000));
    values_close(&v);
}

TEST_CASE(dict, a million random operations with int keys do what they do to a plain model)
{
    values v = values_open();
    static model m;
    m.keys_used = 300;
    for (int i = 0; i < m.keys_used; i++) {
        m.keys[i] = weft_int_new(v.self, 1000 + (int64_t)i * i * i);
        m.twins[i] = weft_int_new(v.self, 1000 + (int64_t)i * i * i);
    }
    model_run(v.self, &m, test_scale(1000000));
    values_close(&v);
}

TEST_CASE(dict, random operations with colliding hashes do what they do to a plain model)
{
    /* Distinct hashes; all in one chain of slots; a few hashes; one. */
    static const uint64_t mask[] = {UINT64_MAX, 0xFFF00, 7, 0};
    values v = values_open();
    const weft_type *type = number_type(v.self);
    static model m;
    for (int kind = 0; kind < 4; kind++) {
        m.keys_used = kind < 2 ? 400 : 40;
        for (int i = 0; i < m.keys_used; i++) {
            uint64_t hash = (uint64_t)i * (kind == 1 ? 256 : 1) & mask[kind];
            m.keys[i] = number_new(v.self, type, i, hash);
            m.twins[i] = number_new(v.self, type, i, hash);
        }
        model_run(v.self, &m, test_scale(200000));
    }
    values_close(&v);
}
