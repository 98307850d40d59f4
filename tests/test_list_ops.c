/* test_list_ops.c - lists as a whole: swap, reverse, extend, search, slices; against a plain array, with callbacks that
 * change the list, and without memory. */
#include <stdlib.h>

#include "sequences.h"

TEST_CASE(list_ops, two items change places)
{
    values v = values_open();
    weft_object *list = ints(v.self, 0, 5, 1);
    CHECK_INT(weft_list_swap(v.self, list, 0, 4), WEFT_OK);
    CHECK_INT(weft_list_swap(v.self, list, 2, 2), WEFT_OK);
    CHECK_REPR(v.self, list, "[4, 1, 2, 3, 0]");
    CHECK_FAILS(weft_list_swap(v.self, list, 0, 5), WEFT_ERROR_INDEX, "weft_list_swap: index 5 is outside a list of 5");
    CHECK_FAILS(weft_list_swap(v.self, list, -1, 0), WEFT_ERROR_INDEX, "index -1");
    CHECK_FAILS(weft_list_swap(v.self, &weft_none, 0, 0), WEFT_ERROR_TYPE, "list expected, got none");
    CHECK_REPR(v.self, list, "[4, 1, 2, 3, 0]");
    weft_decref(v.self, list);
    values_close(&v);
}

TEST_CASE(list_ops, reverse turns lists of any size round)
{
    values v = values_open();
    for (int64_t size = 0; size < 20; size++) {
        weft_object *list = ints(v.self, 0, size, 1), *other = ints(v.self, size - 1, size, -1);
        CHECK_INT(weft_list_reverse(v.self, list), WEFT_OK);
        CHECK_INT(weft_equal(v.self, list, other), 1);
        weft_decref(v.self, list);
        weft_decref(v.self, other);
    }
    CHECK_FAILS(weft_list_reverse(v.self, NULL), WEFT_ERROR_VALUE, "got NULL");
    values_close(&v);
}

TEST_CASE(list_ops, extend takes lists, tuples, itself, and whatever can be iterated)
{
    values v = values_open();
    weft_object *list = ints(v.self, 0, 2, 1), *more = ints(v.self, 2, 2, 1), *empty = weft_list_new(v.self, 0);
    weft_object *items[2] = {&weft_true, &weft_none}, *tuple = weft_tuple_new(v.self, items, 2);
    weft_object *range = weft_range(v.self, 7, 9, 1), *str = values_str(v.self, "ab");
    CHECK_INT(weft_list_extend(v.self, list, more), WEFT_OK);
    CHECK_INT(weft_list_extend(v.self, list, empty), WEFT_OK);
    CHECK_INT(weft_list_extend(v.self, list, tuple), WEFT_OK);
    CHECK_INT(weft_list_extend(v.self, list, range), WEFT_OK);
    CHECK_INT(weft_list_extend(v.self, list, str), WEFT_OK);
    CHECK_REPR(v.self, list, "[0, 1, 2, 3, true, none, 7, 8, 'a', 'b']");
    CHECK_INT(weft_list_extend(v.self, more, more), WEFT_OK);
    CHECK_REPR(v.self, more, "[2, 3, 2, 3]");
    CHECK_FAILS(weft_list_extend(v.self, list, &weft_none), WEFT_ERROR_TYPE, "none cannot be iterated");
    CHECK_FAILS(weft_list_extend(v.self, list, NULL), WEFT_ERROR_VALUE, "NULL");
    CHECK_INT(weft_list_size(v.self, list), 10);
    weft_object *all[] = {list, more, empty, tuple, range, str};
    for (size_t i = 0; i < 6; i++)
        weft_decref(v.self, all[i]);
    values_close(&v);
}

TEST_CASE(list_ops, slices read what a loop over the indexes reads)
{
    values v = values_open();
    weft_object *list = ints(v.self, 0, 9, 1);
    for (int64_t start = 0; start <= 9; start++) {
        for (int64_t end = start; end <= 9; end++) {
            for (int64_t step = 1; step <= 4; step++) {
                weft_object *slice = weft_list_slice(v.self, list, start, end, step);
                int64_t count = 0;
                for (int64_t i = start; i < end; i += step, count++)
                    CHECK_INT(int_of(v.self, weft_list_get(v.self, slice, count)), i);
                CHECK_INT(weft_list_size(v.self, slice), count);
                weft_decref(v.self, slice);
            }
        }
    }
    CHECK_NULL(weft_list_slice(v.self, list, 0, 10, 1), WEFT_ERROR_INDEX, "0 to 10 is outside a list of 9");
    CHECK_NULL(weft_list_slice(v.self, list, 3, 2, 1), WEFT_ERROR_INDEX, "no slice from 3 to 2");
    CHECK_NULL(weft_list_slice(v.self, list, -1, 2, 1), WEFT_ERROR_INDEX, "no slice from -1");
    CHECK_NULL(weft_list_slice(v.self, list, 0, INT64_MAX, 1), WEFT_ERROR_INDEX, "outside a list of 9");
    CHECK_NULL(weft_list_slice(v.self, list, 0, 2, 0), WEFT_ERROR_VALUE, "step 0");
    CHECK_NULL(weft_list_slice(v.self, list, 0, 2, -1), WEFT_ERROR_VALUE, "step -1");
    CHECK_NULL(weft_list_slice(v.self, &weft_none, 0, 2, 1), WEFT_ERROR_TYPE, "weft_list_slice: list expected");
    weft_decref(v.self, list);
    values_close(&v);
}

TEST_CASE(list_ops, a slice is replaced by fewer or more items or by as many)
{
    values v = values_open();
    weft_object *list = ints(v.self, 0, 6, 1), *two = ints(v.self, 10, 2, 1), *none = weft_list_new(v.self, 0);
    CHECK_INT(weft_list_slice_set(v.self, list, 1, 5, 1, two), WEFT_OK);
    CHECK_REPR(v.self, list, "[0, 10, 11, 5]");
    CHECK_INT(weft_list_slice_set(v.self, list, 1, 1, 1, list), WEFT_OK);
    CHECK_REPR(v.self, list, "[0, 0, 10, 11, 5, 10, 11, 5]");
    CHECK_INT(weft_list_slice_set(v.self, list, 6, 8, 1, none), WEFT_OK);
    CHECK_INT(weft_list_slice_set(v.self, list, 0, 6, 3, two), WEFT_OK);
    CHECK_REPR(v.self, list, "[10, 0, 10, 11, 5, 10]");
    CHECK_FAILS(weft_list_slice_set(v.self, list, 0, 5, 2, two), WEFT_ERROR_VALUE, "2 items for 3 places");
    CHECK_FAILS(weft_list_slice_set(v.self, list, 0, 7, 1, two), WEFT_ERROR_INDEX, "outside a list of 6");
    CHECK_FAILS(weft_list_slice_set(v.self, list, 0, INT64_MAX, 1, two), WEFT_ERROR_INDEX, "outside a list of 6");
    CHECK_FAILS(weft_list_slice_set(v.self, list, 0, 2, 1, &weft_none), WEFT_ERROR_TYPE, "cannot be iterated");
    CHECK_REPR(v.self, list, "[10, 0, 10, 11, 5, 10]");
    CHECK_INT(weft_list_slice_delete(v.self, list, 1, 6, 2), WEFT_OK);
    CHECK_REPR(v.self, list, "[10, 10, 5]");
    CHECK_INT(weft_list_slice_delete(v.self, list, 1, 1, 1), WEFT_OK);
    CHECK_FAILS(weft_list_slice_delete(v.self, list, 1, 4, 1), WEFT_ERROR_INDEX, "outside a list of 3");
    CHECK_INT(weft_list_slice_delete(v.self, list, 0, 3, 1), WEFT_OK);
    CHECK_REPR(v.self, list, "[]");
    CHECK_INT(weft_list_slice_delete(v.self, list, 0, 0, 3), WEFT_OK);
    weft_decref(v.self, list);
    weft_decref(v.self, two);
    weft_decref(v.self, none);
    values_close(&v);
}

TEST_CASE(list_ops, searches find the first that is equal)
{
    values v = values_open();
    weft_object *list = ints(v.self, 1000, 5, 1), *item = weft_int_new(v.self, 1003),
                *other = weft_float_new(v.self, 2);
    int64_t index = -1;
    CHECK_INT(weft_list_extend(v.self, list, list), WEFT_OK);
    CHECK_INT(weft_list_index(v.self, list, item, 0, &index), 1);
    CHECK_INT(index, 3);
    CHECK_INT(weft_list_index(v.self, list, item, 4, &index), 1);
    CHECK_INT(index, 8);
    CHECK_INT(weft_list_index(v.self, list, item, 9, &index), 0);
    CHECK_INT(weft_list_index(v.self, list, item, 10, NULL), 0);
    CHECK_FAILS(weft_list_index(v.self, list, item, 11, NULL), WEFT_ERROR_INDEX, "start 11");
    CHECK_FAILS(weft_list_index(v.self, list, item, -1, NULL), WEFT_ERROR_INDEX, "start -1");
    CHECK_FAILS(weft_list_index(v.self, list, NULL, 0, NULL), WEFT_ERROR_VALUE, "the item is NULL");
    CHECK_INT(index, 8);
    CHECK_INT(weft_list_contains(v.self, list, item), 1);
    CHECK_INT(weft_list_contains(v.self, list, other), 0);
    CHECK_INT(weft_list_count(v.self, list, item), 2);
    CHECK_INT(weft_list_count(v.self, list, other), 0);
    CHECK_FAILS(weft_list_count(v.self, other, item), WEFT_ERROR_TYPE, "got float");
    CHECK_INT(weft_list_remove(v.self, list, item), 1);
    CHECK_INT(weft_list_remove(v.self, list, item), 1);
    CHECK_INT(weft_list_remove(v.self, list, item), 0);
    CHECK_REPR(v.self, list, "[1000, 1001, 1002, 1004, 1000, 1001, 1002, 1004]");
    weft_decref(v.self, list);
    weft_decref(v.self, item);
    weft_decref(v.self, other);
    values_close(&v);
}

TEST_CASE(list_ops, a search whose comparison fails says so and changes nothing)
{
    values v = values_open();
    const weft_type *type = odd_type(v.self);
    weft_object *list = odds(v.self, type, 5), *item = odd_new(v.self, type, 4);
    odd_now.fail_at = 3;
    CHECK_FAILS(weft_list_index(v.self, list, item, 0, NULL), WEFT_ERROR_USER, "comparison 3");
    odd_now.calls = 0;
    CHECK_FAILS(weft_list_remove(v.self, list, item), WEFT_ERROR_USER, "comparison 3");
    odd_now.calls = 0;
    CHECK_FAILS(weft_list_count(v.self, list, item), WEFT_ERROR_USER, "comparison 3");
    odd_now.calls = 0;
    CHECK_FAILS(weft_list_contains(v.self, list, item), WEFT_ERROR_USER, "comparison 3");
    CHECK_INT(weft_list_size(v.self, list), 5);
    weft_decref(v.self, list);
    weft_decref(v.self, item);
    values_close(&v);
}

static void clear_it(weft_thread *self, void *arg)
{
    CHECK_INT(weft_list_clear(self, arg), WEFT_OK);
}

static void put_in_front(weft_thread *self, void *arg)
{
    CHECK_INT(weft_list_insert(self, arg, 0, &weft_none), WEFT_OK);
}

static void block(weft_thread *self, void *arg)
{
    (void)arg;
    CHECK_INT(weft_block_begin(self), WEFT_OK);
    CHECK_INT(weft_block_end(self), WEFT_OK);
}

TEST_CASE(list_ops, a search whose comparison changes the list ends with what is there then)
{
    values v = values_open();
    const weft_type *type = odd_type(v.self);
    weft_object *list = odds(v.self, type, 5), *item = odd_new(v.self, type, 3);
    odd_now.run = block;
    CHECK_INT(weft_list_index(v.self, list, item, 0, NULL), 1);
    odd_now.arg = list;
    odd_now.run = put_in_front; /* so each next step looks at the same item again */
    weft_object *first = odd_new(v.self, type, 0);
    CHECK_INT(weft_list_remove(v.self, list, first), 1); /* though it has moved */
    CHECK_INT(weft_list_size(v.self, list), 5);
    odd_now.run = clear_it;
    CHECK_INT(weft_list_remove(v.self, list, item), 0);
    CHECK_INT(weft_list_size(v.self, list), 0);
    odd_now.run = NULL;
    weft_decref(v.self, list);
    weft_decref(v.self, item);
    weft_decref(v.self, first);
    values_close(&v);
}

/* ---- against a plain array ----------------------------------------------------------------------------------------- */

enum { MODEL_MOST = 150, MODEL_ITEMS = 40 };

typedef struct model {
    weft_thread *self;
    weft_object *list, *more;
    weft_object *items[MODEL_ITEMS];
    int numbers[2 * MODEL_MOST], size;
} model;

static uint64_t below(uint64_t *state, int64_t limit)
{
    return test_random(state) % (uint64_t)limit;
}

/* Fills m->more with random items. */
static int model_more(model *m, int most, int *numbers, uint64_t *state)
{
    int count = (int)below(state, most + 1);
    CHECK_INT(weft_list_clear(m->self, m->more), WEFT_OK);
    for (int i = 0; i < count; i++) {
        numbers[i] = (int)below(state, MODEL_ITEMS);
        CHECK_INT(weft_list_append(m->self, m->more, m->items[numbers[i]]), WEFT_OK);
    }
    return count;
}

static void model_splice(model *m, int start, int end, const int *numbers, int count)
{
    int tail[2 * MODEL_MOST], tail_count = m->size - end;
    memcpy(tail, m->numbers + end, (size_t)tail_count * sizeof(int));
    memcpy(m->numbers + start, numbers, (size_t)count * sizeof(int));
    memcpy(m->numbers + start + count, tail, (size_t)tail_count * sizeof(int));
    m->size = start + count + tail_count;
}

static void model_slice(model *m, uint64_t *state, unsigned what)
{
    int numbers[MODEL_MOST];
    int start = (int)below(state, m->size + 1), end = start + (int)below(state, m->size - start + 1);
    int step = 1 + (int)below(state, 4);
    if (what == 0) { /* replace, of step 1 */
        int count = model_more(m, MODEL_MOST - m->size < 20 ? MODEL_MOST - m->size : 20, numbers, state);
        CHECK_INT(weft_list_slice_set(m->self, m->list, start, end, 1, m->more), WEFT_OK);
        model_splice(m, start, end, numbers, count);
    } else if (what == 1) { /* replace each of some */
        CHECK_INT(weft_list_clear(m->self, m->more), WEFT_OK);
        for (int i = start; i < end; i += step) {
            m->numbers[i] = (int)below(state, MODEL_ITEMS);
            CHECK_INT(weft_list_append(m->self, m->more, m->items[m->numbers[i]]), WEFT_OK);
        }
        CHECK_INT(weft_list_slice_set(m->self, m->list, start, end, step, m->more), WEFT_OK);
    } else { /* delete */
        CHECK_INT(weft_list_slice_delete(m->self, m->list, start, end, step), WEFT_OK);
        int kept = 0;
        for (int i = 0; i < m->size; i++)
            if (i < start || i >= end || (i - start) % step != 0)
                m->numbers[kept++] = m->numbers[i];
        m->size = kept;
    }
}

static void model_whole(model *m, uint64_t *state, unsigned what)
{
    int numbers[MODEL_MOST], copy[2 * MODEL_MOST];
    if (what == 0) {
        CHECK_INT(weft_list_reverse(m->self, m->list), WEFT_OK);
        memcpy(copy, m->numbers, sizeof copy);
        for (int i = 0; i < m->size; i++)
            m->numbers[i] = copy[m->size - 1 - i];
    } else if (what == 1 && m->size > 0) {
        int i = (int)below(state, m->size), j = (int)below(state, m->size), number = m->numbers[i];
        CHECK_INT(weft_list_swap(m->self, m->list, i, j), WEFT_OK);
        m->numbers[i] = m->numbers[j];
        m->numbers[j] = number;
    } else if (what == 2) {
        int count = model_more(m, MODEL_MOST - m->size, numbers, state);
        CHECK_INT(weft_list_extend(m->self, m->list, m->more), WEFT_OK);
        model_splice(m, m->size, m->size, numbers, count);
    } else if (what == 3) {
        int number = (int)below(state, MODEL_ITEMS), at = 0;
        while (at < m->size && m->numbers[at] != number)
            at++;
        CHECK_INT(weft_list_remove(m->self, m->list, m->items[number]), at < m->size);
        if (at < m->size)
            model_splice(m, at, at + 1, numbers, 0);
    }
}

static void model_check(model *m)
{
    CHECK_INT(weft_list_size(m->self, m->list), m->size);
    for (int i = 0; i < m->size; i++) {
        weft_object *got = weft_list_get(m->self, m->list, i);
        CHECK_PTR(got, m->items[m->numbers[i]]);
        weft_xdecref(m->self, got);
    }
}

/* With `shared`, as a list that other threads have used. */
static void model_run(bool shared)
{
    values v = values_open();
    model m = {.self = v.self, .list = weft_list_new(v.self, 0), .more = weft_list_new(v.self, 0)};
    uint64_t state = test_seed();
    for (int i = 0; i < MODEL_ITEMS; i++)
        m.items[i] = weft_float_new(v.self, i);
    if (shared) { /* a peek opens it to all */
        CHECK(weft_list_peek(v.self, m.list, 0) == NULL);
        CHECK_ERROR(WEFT_ERROR_INDEX, "outside a list of 0");
    }
    int steps = test_scale(1000000);
    for (int step = 0; step < steps; step++) {
        unsigned what = (unsigned)below(&state, 8);
        if (what < 3)
            model_slice(&m, &state, what);
        else
            model_whole(&m, &state, what - 3);
        if (step % 16 == 0)
            model_check(&m);
        weft_safepoint(v.self);
    }
    model_check(&m);
    CHECK_INT(weft_list_clear(v.self, m.list), WEFT_OK);
    CHECK_INT(weft_list_clear(v.self, m.more), WEFT_OK);
    for (int i = 0; i < 3; i++)
        weft_safepoint(v.self);
    for (int i = 0; i < MODEL_ITEMS; i++) {
        CHECK_INT(weft_refcount(v.self, m.items[i]), 1);
        weft_decref(v.self, m.items[i]);
    }
    weft_decref(v.self, m.list);
    weft_decref(v.self, m.more);
    values_close(&v);
}

TEST_CASE(list_ops, a million random operations do what they do to a plain array)
{
    model_run(false);
}

TEST_CASE(list_ops, a million random operations on a list that others may read do what they do to a plain array)
{
    model_run(true);
}

/* ---- without memory ------------------------------------------------------------------------------------------------ */

static bool try_slice(weft_thread *self, void *arg)
{
    weft_object *slice = weft_list_slice(self, arg, 1, 30, 2);
    weft_xdecref(self, slice);
    return slice != NULL;
}

static bool try_slice_set(weft_thread *self, void *arg)
{
    int64_t size = weft_list_size(self, arg);
    if (weft_list_slice_set(self, arg, 0, 1, 1, arg) == WEFT_OK)
        return true;
    CHECK_INT(weft_list_size(self, arg), size);
    return false;
}

static bool try_extend(weft_thread *self, void *arg)
{
    weft_object *list = weft_list_new(self, 0);
    bool extended = list != NULL && weft_list_extend(self, list, arg) == WEFT_OK;
    if (list != NULL)
        CHECK_INT(weft_list_size(self, list), extended ? weft_list_size(self, arg) : 0);
    weft_xdecref(self, list);
    return extended;
}

static bool try_delete(weft_thread *self, void *arg)
{
    int64_t size = weft_list_size(self, arg);
    if (weft_list_slice_delete(self, arg, 1, 30, 3) == WEFT_OK)
        return true;
    CHECK_INT(weft_list_size(self, arg), size);
    return false;
}

static bool try_sort(weft_thread *self, void *arg)
{
    if (weft_list_sort(self, arg, NULL, NULL) == WEFT_OK)
        return true;
    CHECK_INT(int_of(self, weft_list_get(self, arg, 0)), 40);
    return false;
}

static bool try_list_from(weft_thread *self, void *arg)
{
    weft_object *list = weft_list_from(self, arg);
    weft_xdecref(self, list);
    return list != NULL;
}

TEST_CASE(list_ops, every allocation may fail and nothing changes)
{
    values v = values_open();
    weft_object *list = ints(v.self, 40, 40, -1), *str = values_str(v.self, "twenty characters in"); /* cached ints */
    CHECK(values_exhaust(v.self, try_list_from, str) >= 3);
    weft_decref(v.self, str);
    CHECK(values_exhaust(v.self, try_slice, list) >= 2);
    CHECK(values_exhaust(v.self, try_extend, list) >= 3);
    CHECK(values_exhaust(v.self, try_sort, list) >= 2);
    CHECK(values_exhaust(v.self, try_slice_set, list) >= 1);
    CHECK(values_exhaust(v.self, try_delete, list) >= 1);
    weft_decref(v.self, list);
    values_close(&v);
}
