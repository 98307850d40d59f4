/* test_deque.c - deques: each operation, against a plain array, with and without a limit, and without memory. */
#include <stdlib.h>

#include "sequences.h"

TEST_CASE(deque, pushes and pops at both ends)
{
    values v = values_open();
    weft_object *deque = weft_deque_new(v.self, -1), *list = ints(v.self, 1, 3, 1), *item = NULL;
    REQUIRE(deque != NULL && weft_is_deque(deque));
    CHECK_INT(weft_deque_pop(v.self, deque, WEFT_DEQUE_BACK, &item), 0);
    CHECK(item == NULL);
    CHECK_INT(weft_deque_extend(v.self, deque, WEFT_DEQUE_BACK, list), WEFT_OK);
    CHECK_INT(weft_deque_extend(v.self, deque, WEFT_DEQUE_FRONT, list), WEFT_OK);
    CHECK_REPR(v.self, deque, "deque([3, 2, 1, 1, 2, 3])");
    CHECK_INT(weft_deque_push(v.self, deque, WEFT_DEQUE_FRONT, &weft_none), WEFT_OK);
    CHECK_INT(weft_deque_pop(v.self, deque, WEFT_DEQUE_BACK, &item), 1);
    CHECK_INT(int_of(v.self, item), 3);
    CHECK_INT(weft_deque_pop(v.self, deque, WEFT_DEQUE_FRONT, &item), 1);
    CHECK(weft_is_none(item));
    CHECK_INT(weft_deque_size(v.self, deque), 5);
    CHECK_INT(weft_deque_most(v.self, deque), -1);
    CHECK_INT(weft_deque_clear(v.self, deque), WEFT_OK);
    CHECK_REPR(v.self, deque, "deque([])");
    weft_decref(v.self, deque);
    weft_decref(v.self, list);
    values_close(&v);
}

TEST_CASE(deque, one with a limit pushes out at the other end)
{
    values v = values_open();
    weft_object *list = ints(v.self, 0, 10, 1), *deque = weft_deque_new(v.self, 3), *none = weft_deque_new(v.self, 0);
    CHECK_INT(weft_deque_extend(v.self, deque, WEFT_DEQUE_BACK, list), WEFT_OK);
    CHECK_REPR(v.self, deque, "deque([7, 8, 9])");
    CHECK_INT(weft_deque_push(v.self, deque, WEFT_DEQUE_BACK, &weft_true), WEFT_OK);
    CHECK_INT(weft_deque_push(v.self, deque, WEFT_DEQUE_FRONT, &weft_none), WEFT_OK);
    CHECK_REPR(v.self, deque, "deque([none, 8, 9])");
    CHECK_INT(weft_deque_extend(v.self, none, WEFT_DEQUE_BACK, list), WEFT_OK);
    CHECK_INT(weft_deque_push(v.self, none, WEFT_DEQUE_BACK, &weft_true), WEFT_OK);
    CHECK_INT(weft_deque_size(v.self, none), 0);
    CHECK_INT(weft_deque_most(v.self, none), 0);
    CHECK_NULL(weft_deque_new(v.self, -2), WEFT_ERROR_VALUE, "at most -2 items");
    weft_decref(v.self, deque);
    weft_decref(v.self, none);
    weft_decref(v.self, list);
    values_close(&v);
}

TEST_CASE(deque, rotates by any number of places)
{
    values v = values_open();
    weft_object *list = ints(v.self, 0, 7, 1), *deque = weft_deque_new(v.self, -1), *empty = weft_deque_new(v.self, -1);
    static const int64_t steps[] = {0, 1, -1, 3, -3, 4, 7, 8, -700, 1000001, INT64_MAX, INT64_MIN, INT64_MIN + 1};
    CHECK_INT(weft_deque_extend(v.self, deque, WEFT_DEQUE_BACK, list), WEFT_OK);
    int64_t turned = 0;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        CHECK_INT(weft_deque_rotate(v.self, deque, steps[i]), WEFT_OK);
        turned = ((turned + steps[i] % 7) % 7 + 7) % 7;
        for (int64_t at = 0; at < 7; at++)
            CHECK_INT(int_of(v.self, weft_deque_get(v.self, deque, at)), (at + 7 - turned) % 7);
    }
    CHECK_INT(weft_deque_rotate(v.self, empty, 5), WEFT_OK);
    weft_decref(v.self, list);
    weft_decref(v.self, deque);
    weft_decref(v.self, empty);
    values_close(&v);
}

TEST_CASE(deque, bad arguments are errors that change nothing)
{
    values v = values_open();
    weft_object *list = ints(v.self, 0, 3, 1), *deque = weft_deque_new(v.self, -1), *item = NULL;
    CHECK_INT(weft_deque_extend(v.self, deque, WEFT_DEQUE_BACK, list), WEFT_OK);
    CHECK_NULL(weft_deque_get(v.self, deque, 3), WEFT_ERROR_INDEX, "weft_deque_get: index 3 is outside a deque of 3");
    CHECK_NULL(weft_deque_get(v.self, deque, -1), WEFT_ERROR_INDEX, "index -1");
    CHECK_NULL(weft_deque_get(v.self, list, 0), WEFT_ERROR_TYPE, "deque expected, got list");
    CHECK_FAILS(weft_deque_set(v.self, deque, 3, list), WEFT_ERROR_INDEX, "index 3");
    CHECK_FAILS(weft_deque_set(v.self, deque, 0, NULL), WEFT_ERROR_VALUE, "the item is NULL");
    CHECK_FAILS(weft_deque_push(v.self, deque, (weft_deque_end)2, list), WEFT_ERROR_VALUE, "no end 2");
    CHECK_FAILS(weft_deque_push(v.self, deque, WEFT_DEQUE_BACK, NULL), WEFT_ERROR_VALUE, "the item is NULL");
    CHECK_FAILS(weft_deque_pop(v.self, deque, WEFT_DEQUE_BACK, NULL), WEFT_ERROR_VALUE, "item is NULL");
    CHECK_FAILS(weft_deque_pop(v.self, NULL, WEFT_DEQUE_BACK, &item), WEFT_ERROR_VALUE, "got NULL");
    CHECK_FAILS(weft_deque_extend(v.self, deque, WEFT_DEQUE_BACK, &weft_none), WEFT_ERROR_TYPE, "cannot be iterated");
    CHECK_FAILS(weft_deque_index(v.self, deque, list, 4, NULL), WEFT_ERROR_INDEX, "index 4");
    CHECK_FAILS(weft_deque_rotate(v.self, list, 4), WEFT_ERROR_TYPE, "got list");
    CHECK_FAILS(weft_deque_most(v.self, list), WEFT_ERROR_TYPE, "got list");
    CHECK_REPR(v.self, deque, "deque([0, 1, 2])");
    int64_t index = -1;
    weft_object *two = weft_int_new(v.self, 2);
    CHECK_INT(weft_deque_index(v.self, deque, two, 0, &index), 1);
    CHECK_INT(index, 2);
    CHECK_INT(weft_deque_index(v.self, deque, two, 3, &index), 0);
    CHECK_INT(weft_deque_index(v.self, deque, list, 0, &index), 0);
    weft_decref(v.self, list);
    weft_decref(v.self, deque);
    values_close(&v);
}

/* ---- against a plain array ------------------------------------------------------------------------------------------ */

enum { MODEL_ITEMS = 30, MODEL_MOST = 200 };

typedef struct model {
    weft_thread *self;
    weft_object *deque;
    weft_object *items[MODEL_ITEMS];
    int numbers[MODEL_MOST + 1], size, most;
} model;

static void model_push(model *m, bool front, int number)
{
    if (m->most == 0)
        return;
    if (m->size == m->most) {
        if (!front)
            memmove(m->numbers, m->numbers + 1, (size_t)(m->size - 1) * sizeof(int));
        m->size--;
    }
    if (front)
        memmove(m->numbers + 1, m->numbers, (size_t)m->size * sizeof(int));
    m->numbers[front ? 0 : m->size] = number;
    m->size++;
}

static void model_pop(model *m, weft_deque_end end)
{
    bool front = end == WEFT_DEQUE_FRONT;
    weft_object *item = NULL;
    CHECK_INT(weft_deque_pop(m->self, m->deque, end, &item), m->size > 0);
    if (m->size == 0)
        return;
    CHECK_PTR(item, m->items[m->numbers[front ? 0 : m->size - 1]]);
    weft_xdecref(m->self, item);
    m->size--;
    if (front)
        memmove(m->numbers, m->numbers + 1, (size_t)m->size * sizeof(int));
}

static void model_rotate(model *m, int by)
{
    int old[MODEL_MOST + 1];
    memcpy(old, m->numbers, sizeof old);
    CHECK_INT(weft_deque_rotate(m->self, m->deque, by), WEFT_OK);
    for (int i = 0; i < m->size; i++)
        m->numbers[((i + by) % m->size + m->size) % m->size] = old[i];
}

static void model_step(model *m, uint64_t random)
{
    int number = (int)(random % MODEL_ITEMS), at = m->size ? (int)(random / 64 % (unsigned)m->size) : 0;
    weft_deque_end end = random >> 20 & 1 ? WEFT_DEQUE_FRONT : WEFT_DEQUE_BACK;
    unsigned what = (unsigned)(random >> 56);
    if (what < 110 && (m->size < MODEL_MOST || m->most >= 0)) {
        CHECK_INT(weft_deque_push(m->self, m->deque, end, m->items[number]), WEFT_OK);
        model_push(m, end == WEFT_DEQUE_FRONT, number);
    } else if (what < 200) {
        model_pop(m, end);
    } else if (what < 215) {
        model_rotate(m, (int)(random >> 32 & 511) - 256);
    } else if (what < 218) {
        CHECK_INT(weft_deque_clear(m->self, m->deque), WEFT_OK);
        m->size = 0;
    } else if (what < 235 && m->size > 0) {
        CHECK_INT(weft_deque_set(m->self, m->deque, at, m->items[number]), WEFT_OK);
        m->numbers[at] = number;
    } else if (m->size > 0) {
        weft_object *got = weft_deque_get(m->self, m->deque, at);
        CHECK_PTR(got, m->items[m->numbers[at]]);
        weft_xdecref(m->self, got);
    }
}

TEST_CASE(deque, a million random operations do what they do to a plain array)
{
    static const int limits[] = {-1, 0, 1, 17, MODEL_MOST};
    values v = values_open();
    uint64_t state = test_seed();
    for (size_t limit = 0; limit < sizeof limits / sizeof limits[0]; limit++) {
        model m = {.self = v.self, .deque = weft_deque_new(v.self, limits[limit]), .most = limits[limit]};
        for (int i = 0; i < MODEL_ITEMS; i++)
            m.items[i] = weft_float_new(v.self, i);
        int steps = test_scale(200000);
        for (int step = 0; step < steps; step++) {
            model_step(&m, test_random(&state));
            if (!CHECK_INT(weft_deque_size(v.self, m.deque), m.size))
                break;
        }
        weft_decref(v.self, m.deque);
        for (int i = 0; i < MODEL_ITEMS; i++) {
            CHECK_INT(weft_refcount(v.self, m.items[i]), 1);
            weft_decref(v.self, m.items[i]);
        }
    }
    values_close(&v);
}

TEST_CASE(deque, one that gets shorter gives its memory back)
{
    enum { MANY = 10000, FEW = 10 };

    values v = values_open();
    weft_object *deque = weft_deque_new(v.self, -1), *item;
    int64_t empty = weft_sizeof_full(v.self, deque);
    for (int end = 0; end < 2; end++) {
        for (int i = 0; i < MANY; i++)
            CHECK_INT(weft_deque_push(v.self, deque, WEFT_DEQUE_BACK, &weft_none), WEFT_OK);
        CHECK(weft_sizeof_full(v.self, deque) >= empty + MANY * (int64_t)sizeof item);
        while (weft_deque_size(v.self, deque) > FEW) {
            CHECK_INT(weft_deque_pop(v.self, deque, end ? WEFT_DEQUE_BACK : WEFT_DEQUE_FRONT, &item), 1);
            weft_xdecref(v.self, item);
        }
        CHECK(weft_sizeof_full(v.self, deque) <= empty + 4 * FEW * (int64_t)sizeof item);
        CHECK_INT(weft_deque_clear(v.self, deque), WEFT_OK);
        CHECK_INT(weft_sizeof_full(v.self, deque), empty);
    }
    weft_decref(v.self, deque);
    values_close(&v);
}

static bool try_extend(weft_thread *self, void *arg)
{
    weft_object *deque = weft_deque_new(self, 12);
    if (deque == NULL)
        return false;
    bool made = weft_deque_extend(self, deque, WEFT_DEQUE_BACK, arg) == WEFT_OK &&
                weft_deque_push(self, deque, WEFT_DEQUE_FRONT, &weft_none) == WEFT_OK &&
                weft_deque_extend(self, deque, WEFT_DEQUE_FRONT, arg) == WEFT_OK;
    weft_decref(self, deque);
    return made;
}

TEST_CASE(deque, every allocation may fail and nothing changes)
{
    values v = values_open();
    weft_object *list = ints(v.self, 0, 10, 1);
    CHECK(values_exhaust(v.self, try_extend, list) >= 5);
    weft_decref(v.self, list);
    values_close(&v);
}
