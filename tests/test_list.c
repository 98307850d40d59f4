/* test_list.c - lists: each operation, every size, a million random ones against a plain array, bad input, memory
 * running out. Lists that many threads use are in test_containers_mt.c. */
#include <stdio.h>
#include <stdlib.h>

#include "values.h"

/* A list of the ints from 0 to count - 1. */
static weft_object *int_list(weft_thread *self, int64_t count)
{
    weft_object *list = weft_list_new(self, 0);
    CHECK(list != NULL);
    for (int64_t i = 0; i < count; i++) {
        weft_object *item = weft_int_new(self, i);
        CHECK_INT(weft_list_append(self, list, item), WEFT_OK);
        weft_decref(self, item);
    }
    return list;
}

static int64_t int_at(weft_thread *self, weft_object *list, int64_t index)
{
    weft_object *item = weft_list_get(self, list, index);
    int64_t value = -1;
    if (CHECK(item != NULL)) {
        CHECK_INT(weft_int_value(self, item, &value), WEFT_OK);
        weft_decref(self, item);
    }
    return value;
}

TEST_CASE(list, holds its items and counts them)
{
    values v = values_open();
    weft_object *list = weft_list_new(v.self, 0), *item = weft_float_new(v.self, 1.5);
    REQUIRE(list != NULL && weft_is_list(list));
    CHECK_INT(weft_list_size(v.self, list), 0);
    CHECK_INT(weft_list_append(v.self, list, item), WEFT_OK);
    CHECK_INT(weft_list_append(v.self, list, item), WEFT_OK);
    CHECK_INT(weft_list_size(v.self, list), 2);
    CHECK_INT(weft_refcount(v.self, item), 3);
    weft_object *got = weft_list_get(v.self, list, 1);
    CHECK_PTR(got, item);
    CHECK_INT(weft_refcount(v.self, item), 4);
    weft_decref(v.self, got);
    got = weft_list_pop(v.self, list, -1);
    CHECK_PTR(got, item);
    CHECK_INT(weft_refcount(v.self, item), 3);
    weft_decref(v.self, got);
    weft_decref(v.self, list);
    CHECK_INT(weft_refcount(v.self, item), 1);
    weft_decref(v.self, item);
    values_close(&v);
}

TEST_CASE(list, grows through every size and shrinks again with its items in place)
{
    enum { MOST = 3000 };

    values v = values_open();
    weft_object *list = weft_list_new(v.self, 0);
    for (int64_t size = 0; size < MOST; size++) {
        weft_object *item = weft_int_new(v.self, size);
        REQUIRE(weft_list_append(v.self, list, item) == WEFT_OK);
        weft_decref(v.self, item);
        CHECK_INT(weft_list_size(v.self, list), size + 1);
        CHECK_INT(int_at(v.self, list, 0), 0);
        CHECK_INT(int_at(v.self, list, size / 2), size / 2);
        CHECK_INT(int_at(v.self, list, size), size);
    }
    for (int64_t size = MOST; size-- > 0;) {
        weft_object *item = weft_list_pop(v.self, list, -1);
        int64_t value = -1;
        CHECK_INT(weft_int_value(v.self, item, &value), WEFT_OK);
        CHECK_INT(value, size);
        weft_decref(v.self, item);
        CHECK_INT(weft_list_size(v.self, list), size);
        if (size > 0)
            CHECK_INT(int_at(v.self, list, size - 1), size - 1);
    }
    weft_decref(v.self, list);
    values_close(&v);
}

TEST_CASE(list, an array that emptied gives its memory back)
{
    enum { COUNT = 100000 };

    values v = values_open();
    weft_heap_stats full, empty;
    weft_object *list = int_list(v.self, COUNT);
    CHECK_INT(weft_heap_statistics(v.self, &full), WEFT_OK);
    for (int64_t i = COUNT; i-- > 10;)
        weft_decref(v.self, weft_list_pop(v.self, list, -1));
    CHECK_INT(weft_heap_statistics(v.self, &empty), WEFT_OK);
    CHECK(full.large_bytes >= COUNT * sizeof(void *));
    CHECK(empty.large_bytes < 4096);
    weft_decref(v.self, list);
    values_close(&v);
}

TEST_CASE(list, a capacity asked for is there at once)
{
    values v = values_open();
    weft_object *list = weft_list_new(v.self, 1000), *item = weft_int_new(v.self, 7);
    REQUIRE(list != NULL);
    CHECK_INT(weft_list_size(v.self, list), 0);
    CHECK_INT(weft_fail_allocation(v.self, 1, true), WEFT_OK);
    for (int i = 0; i < 1000; i++)
        CHECK_INT(weft_list_append(v.self, list, item), WEFT_OK);
    CHECK_INT(weft_fail_allocation(v.self, 0, false), WEFT_OK);
    CHECK_INT(weft_list_size(v.self, list), 1000);
    weft_decref(v.self, list);
    CHECK_NULL(weft_list_new(v.self, SIZE_MAX), WEFT_ERROR_OVERFLOW, "18446744073709551615 items");
    CHECK_NULL(weft_list_new(v.self, SIZE_MAX / 8), WEFT_ERROR_OVERFLOW, "longer than memory");
    values_close(&v);
}

TEST_CASE(list, insert and pop at every index move the items behind)
{
    enum { SIZE = 40 };

    values v = values_open();
    for (int64_t at = 0; at <= SIZE; at++) {
        weft_object *list = int_list(v.self, SIZE), *item = weft_int_new(v.self, 1000);
        CHECK_INT(weft_list_insert(v.self, list, at, item), WEFT_OK);
        CHECK_INT(weft_list_size(v.self, list), SIZE + 1);
        for (int64_t i = 0; i <= SIZE; i++)
            CHECK_INT(int_at(v.self, list, i), i < at ? i : i == at ? 1000 : i - 1);
        weft_object *popped = weft_list_pop(v.self, list, at);
        CHECK_PTR(popped, item);
        for (int64_t i = 0; i < SIZE; i++)
            CHECK_INT(int_at(v.self, list, i), i);
        weft_decref(v.self, popped);
        weft_decref(v.self, item);
        weft_decref(v.self, list);
    }
    values_close(&v);
}

TEST_CASE(list, set replaces an item and lets go of the old one)
{
    values v = values_open();
    weft_object *list = int_list(v.self, 3), *a = weft_float_new(v.self, 1), *b = weft_float_new(v.self, 2);
    CHECK_INT(weft_list_set(v.self, list, 1, a), WEFT_OK);
    CHECK_INT(weft_refcount(v.self, a), 2);
    CHECK_INT(weft_list_set(v.self, list, 1, b), WEFT_OK);
    CHECK_INT(weft_refcount(v.self, a), 1);
    CHECK_INT(weft_refcount(v.self, b), 2);
    CHECK_INT(weft_list_set(v.self, list, 1, b), WEFT_OK);
    CHECK_INT(weft_refcount(v.self, b), 2);
    CHECK_INT(weft_list_clear(v.self, list), WEFT_OK);
    CHECK_INT(weft_refcount(v.self, b), 1);
    CHECK_INT(weft_list_size(v.self, list), 0);
    CHECK_INT(weft_list_append(v.self, list, a), WEFT_OK);
    CHECK_INT(weft_refcount(v.self, a), 2);
    weft_decref(v.self, a);
    weft_decref(v.self, b);
    weft_decref(v.self, list);
    values_close(&v);
}

TEST_CASE(list, bad arguments are errors that name them and change nothing)
{
    values v = values_open();
    weft_thread *self = v.self;
    weft_object *list = int_list(self, 3), *str = values_str(self, "text"), *one = weft_int_new(self, 1);
    CHECK_NULL(weft_list_get(self, list, 3), WEFT_ERROR_INDEX, "weft_list_get: index 3 is outside a list of 3");
    CHECK_NULL(weft_list_get(self, list, -1), WEFT_ERROR_INDEX, "index -1 is outside a list of 3");
    CHECK_NULL(weft_list_get(self, list, INT64_MIN), WEFT_ERROR_INDEX, "index -9223372036854775808");
    CHECK_NULL(weft_list_get(self, list, INT64_MAX), WEFT_ERROR_INDEX, "index 9223372036854775807");
    CHECK_NULL(weft_list_get(self, str, 0), WEFT_ERROR_TYPE, "weft_list_get: list expected, got str");
    CHECK_NULL(weft_list_get(self, NULL, 0), WEFT_ERROR_VALUE, "list expected, got NULL");
    CHECK_NULL(weft_list_get(NULL, list, 0), WEFT_ERROR_THREAD, "weft_list_get");
    CHECK_NULL(weft_list_new(NULL, 0), WEFT_ERROR_THREAD, "weft_list_new");
    CHECK_FAILS(weft_list_size(self, str), WEFT_ERROR_TYPE, "weft_list_size: list expected, got str");
    CHECK_FAILS(weft_list_size(self, NULL), WEFT_ERROR_VALUE, "got NULL");
    CHECK_FAILS(weft_list_size(NULL, list), WEFT_ERROR_THREAD, "weft_list_size");
    CHECK_FAILS(weft_list_set(self, list, 3, one), WEFT_ERROR_INDEX, "weft_list_set: index 3 is outside a list of 3");
    CHECK_FAILS(weft_list_set(self, list, -1, one), WEFT_ERROR_INDEX, "index -1");
    CHECK_FAILS(weft_list_set(self, list, 0, NULL), WEFT_ERROR_VALUE, "weft_list_set: the item is NULL");
    CHECK_FAILS(weft_list_set(self, str, 0, one), WEFT_ERROR_TYPE, "got str");
    CHECK_FAILS(weft_list_set(self, NULL, 0, one), WEFT_ERROR_VALUE, "got NULL");
    CHECK_FAILS(weft_list_set(NULL, list, 0, one), WEFT_ERROR_THREAD, "weft_list_set");
    CHECK_FAILS(weft_list_append(self, list, NULL), WEFT_ERROR_VALUE, "weft_list_append: the item is NULL");
    CHECK_FAILS(weft_list_append(self, str, one), WEFT_ERROR_TYPE, "got str");
    CHECK_FAILS(weft_list_append(self, NULL, one), WEFT_ERROR_VALUE, "got NULL");
    CHECK_FAILS(weft_list_append(NULL, list, one), WEFT_ERROR_THREAD, "weft_list_append");
    CHECK_FAILS(weft_list_insert(self, list, 4, one), WEFT_ERROR_INDEX,
                "weft_list_insert: index 4 is outside a list of 3");
    CHECK_FAILS(weft_list_insert(self, list, -1, one), WEFT_ERROR_INDEX, "index -1");
    CHECK_FAILS(weft_list_insert(self, list, 0, NULL), WEFT_ERROR_VALUE, "the item is NULL");
    CHECK_FAILS(weft_list_insert(self, str, 0, one), WEFT_ERROR_TYPE, "got str");
    CHECK_FAILS(weft_list_insert(self, NULL, 0, one), WEFT_ERROR_VALUE, "got NULL");
    CHECK_FAILS(weft_list_insert(NULL, list, 0, one), WEFT_ERROR_THREAD, "weft_list_insert");
    CHECK_NULL(weft_list_pop(self, list, 3), WEFT_ERROR_INDEX, "weft_list_pop: index 3 is outside a list of 3");
    CHECK_NULL(weft_list_pop(self, list, -2), WEFT_ERROR_INDEX, "index -2");
    CHECK_NULL(weft_list_pop(self, str, 0), WEFT_ERROR_TYPE, "got str");
    CHECK_NULL(weft_list_pop(self, NULL, 0), WEFT_ERROR_VALUE, "got NULL");
    CHECK_NULL(weft_list_pop(NULL, list, 0), WEFT_ERROR_THREAD, "weft_list_pop");
    CHECK_FAILS(weft_list_clear(self, str), WEFT_ERROR_TYPE, "got str");
    CHECK_FAILS(weft_list_clear(self, NULL), WEFT_ERROR_VALUE, "got NULL");
    CHECK_FAILS(weft_list_clear(NULL, list), WEFT_ERROR_THREAD, "weft_list_clear");
    CHECK_TEXT(self, weft_repr(self, list), "[0, 1, 2]");
    CHECK_INT(weft_list_clear(self, list), WEFT_OK);
    CHECK_NULL(weft_list_pop(self, list, -1), WEFT_ERROR_INDEX, "index -1 is outside a list of 0");
    CHECK_NULL(weft_list_get(self, list, 0), WEFT_ERROR_INDEX, "index 0 is outside a list of 0");
    uint64_t hash = 42;
    CHECK_FAILS(weft_hash(self, list, &hash), WEFT_ERROR_TYPE, "list is not hashable");
    CHECK_INT((intmax_t)hash, 42);
    weft_decref(self, list);
    weft_decref(self, str);
    weft_decref(self, one);
    values_close(&v);
}

TEST_CASE(list, equal lists have equal items)
{
    values v = values_open();
    weft_object *a = int_list(v.self, 300), *b = int_list(v.self, 300), *c = int_list(v.self, 299);
    CHECK_INT(weft_equal(v.self, a, b), 1);
    CHECK_INT(weft_equal(v.self, a, c), 0);
    CHECK_INT(weft_equal(v.self, a, &weft_none), 0);
    CHECK_INT(weft_list_set(v.self, b, 299, &weft_none), WEFT_OK);
    CHECK_INT(weft_equal(v.self, a, b), 0);
    weft_decref(v.self, a);
    weft_decref(v.self, b);
    weft_decref(v.self, c);
    values_close(&v);
}

TEST_CASE(list, a list in itself prints and compares without end being reached)
{
    values v = values_open();
    weft_object *a = int_list(v.self, 1), *b = int_list(v.self, 1);
    CHECK_INT(weft_list_append(v.self, a, a), WEFT_OK);
    CHECK_INT(weft_list_append(v.self, b, b), WEFT_OK);
    CHECK_TEXT(v.self, weft_repr(v.self, a), "[0, ...]");
    CHECK_FAILS(weft_equal(v.self, a, b), WEFT_ERROR_LIMIT, "nested");
    CHECK_INT(weft_list_clear(v.self, a), WEFT_OK);
    CHECK_INT(weft_list_clear(v.self, b), WEFT_OK);
    weft_decref(v.self, a);
    weft_decref(v.self, b);
    values_close(&v);
}

static void drop_chain(void *arg)
{
    (void)arg;
    values v = values_open();
    weft_object *outer = weft_list_new(v.self, 0);
    for (int i = 0; i < 100000; i++) {
        weft_object *next = weft_list_new(v.self, 0);
        CHECK_INT(weft_list_append(v.self, next, outer), WEFT_OK);
        weft_decref(v.self, outer);
        outer = next;
    }
    weft_decref(v.self, outer);
    values_close(&v);
}

TEST_CASE(list, a chain of a hundred thousand lists dies on a small stack)
{
    test_thread_with_stack(64 * 1024, drop_chain, NULL);
}

static bool attempt_grow(weft_thread *self, void *arg)
{
    weft_object *list = weft_list_new(self, 2);
    bool grown = list != NULL;
    for (int i = 0; grown && i < 100; i++) {
        int64_t size = weft_list_size(self, list);
        grown = (i & 1 ? weft_list_append(self, list, arg) : weft_list_insert(self, list, i / 2, arg)) == WEFT_OK;
        CHECK_INT(weft_list_size(self, list), size + grown);
    }
    if (list)
        weft_decref(self, list);
    return grown;
}

static bool attempt_repr(weft_thread *self, void *arg)
{
    weft_object *text = weft_repr(self, arg);
    weft_xdecref(self, text);
    return text != NULL;
}

TEST_CASE(list, running out of memory leaves the list as it was)
{
    values v = values_open();
    weft_object *item = weft_int_new(v.self, 5000), *list = int_list(v.self, 500);
    CHECK(values_exhaust(v.self, attempt_grow, item) > 5);
    CHECK(values_exhaust(v.self, attempt_repr, list) > 1);
    CHECK_INT(weft_list_size(v.self, list), 500);
    /* Popping needs no memory, and sets no error if less is not to be had. */
    CHECK_INT(weft_fail_allocation(v.self, 1, true), WEFT_OK);
    for (int i = 0; i < 500; i++)
        weft_decref(v.self, weft_list_pop(v.self, list, 0));
    CHECK_INT(weft_error_status(), WEFT_OK);
    CHECK_INT(weft_fail_allocation(v.self, 0, false), WEFT_OK);
    CHECK_INT(weft_list_size(v.self, list), 0);
    weft_decref(v.self, list);
    CHECK_INT(weft_refcount(v.self, item), 1);
    weft_decref(v.self, item);
    values_close(&v);
}

enum { MODEL_MOST = 2000, MODEL_ITEMS = 64 };

typedef struct model {
    weft_thread *self;
    weft_object *list;
    weft_object *items[MODEL_ITEMS]; /* what it is filled from */
    int values[MODEL_MOST];          /* what should be in it: numbers of items */
    int size;
} model;

static void model_insert(model *m, int at, int item)
{
    memmove(&m->values[at + 1], &m->values[at], (size_t)(m->size - at) * sizeof(int));
    m->values[at] = item;
    m->size++;
}

static void model_remove(model *m, int at)
{
    memmove(&m->values[at], &m->values[at + 1], (size_t)(m->size - at - 1) * sizeof(int));
    m->size--;
}

static void model_pop(model *m, bool last, int at)
{
    weft_object *popped = weft_list_pop(m->self, m->list, last ? -1 : at);
    if (m->size == 0) {
        CHECK(popped == NULL);
        CHECK_ERROR(WEFT_ERROR_INDEX, "");
        return;
    }
    at = last ? m->size - 1 : at;
    if (CHECK_PTR(popped, m->items[m->values[at]]))
        weft_decref(m->self, popped);
    model_remove(m, at);
}

static void model_step(model *m, uint64_t random)
{
    int item = (int)(random % MODEL_ITEMS), at = m->size ? (int)(random / 64 % (unsigned)m->size) : 0;
    unsigned what = (unsigned)(random >> 54); /* of 1024 */
    if (what == 0) {
        CHECK_INT(weft_list_clear(m->self, m->list), WEFT_OK);
        m->size = 0;
    } else if (what < 500 && m->size < MODEL_MOST) {
        CHECK_INT(weft_list_append(m->self, m->list, m->items[item]), WEFT_OK);
        m->values[m->size++] = item;
    } else if (what < 600 && m->size < MODEL_MOST) {
        CHECK_INT(weft_list_insert(m->self, m->list, at, m->items[item]), WEFT_OK);
        model_insert(m, at, item);
    } else if (what < 850) {
        model_pop(m, what < 750, at);
    } else if (m->size > 0 && what < 900) {
        CHECK_INT(weft_list_set(m->self, m->list, at, m->items[item]), WEFT_OK);
        m->values[at] = item;
    } else if (m->size > 0) {
        weft_object *got = weft_list_get(m->self, m->list, at);
        if (CHECK_PTR(got, m->items[m->values[at]]))
            weft_decref(m->self, got);
    }
}

TEST_CASE(list, a million random operations do what they do to a plain array)
{
    values v = values_open();
    static model m;
    uint64_t state = test_seed();
    m.self = v.self;
    m.list = weft_list_new(v.self, 0);
    m.size = 0;
    for (int i = 0; i < MODEL_ITEMS; i++)
        m.items[i] = weft_float_new(v.self, i);
    int steps = test_scale(1000000);
    for (int step = 0; step < steps; step++) {
        model_step(&m, test_random(&state));
        if (!CHECK_INT(weft_list_size(v.self, m.list), m.size))
            break;
    }
    int counts[MODEL_ITEMS] = {0};
    for (int i = 0; i < m.size; i++) {
        weft_object *got = weft_list_get(v.self, m.list, i);
        CHECK_PTR(got, m.items[m.values[i]]);
        weft_decref(v.self, got);
        counts[m.values[i]]++;
    }
    for (int i = 0; i < MODEL_ITEMS; i++) {
        CHECK_INT(weft_refcount(v.self, m.items[i]), counts[i] + 1);
        weft_decref(v.self, m.items[i]);
    }
    weft_decref(v.self, m.list);
    values_close(&v);
}

TEST_CASE(list, an empty one takes a block of 48 bytes at most)
{
    values v = values_open();
    weft_object *list = weft_list_new(v.self, 0);
    CHECK(weft_sizeof(list) <= 48);
    weft_decref(v.self, list);
    values_close(&v);
}
