/* test_list_sort.c - sorting: every kind of item, every pattern, stability, callbacks that fail, block, and change the list. */
#include <stdio.h>
#include <stdlib.h>

#include "sequences.h"

/* In order, and level items in the order of their second number: lists of tuples (key, place). */
static int key_less(weft_thread *self, weft_object *a, weft_object *b, void *arg)
{
    ++*(int64_t *)arg;
    return weft_int_get(weft_tuple_get(self, a, 0)) < weft_int_get(weft_tuple_get(self, b, 0));
}

static void append_pair(weft_thread *self, weft_object *list, int64_t key, int64_t place)
{
    weft_object *both[2] = {weft_int_new(self, key), weft_int_new(self, place)};
    weft_object *pair = weft_tuple_new(self, both, 2);
    CHECK_INT(weft_list_append(self, list, pair), WEFT_OK);
    weft_decref(self, pair);
    weft_decref(self, both[0]);
    weft_decref(self, both[1]);
}

static void check_stable(weft_thread *self, weft_object *list, int64_t count)
{
    CHECK_INT(weft_list_size(self, list), count);
    int64_t last_key = INT64_MIN, last_place = -1, sum = 0;
    for (int64_t i = 0; i < count; i++) {
        weft_object *pair = weft_list_get(self, list, i);
        int64_t key = weft_int_get(weft_tuple_get(self, pair, 0)), place = weft_int_get(weft_tuple_get(self, pair, 1));
        if (!CHECK(key > last_key || (key == last_key && place > last_place)))
            i = count;
        last_key = key;
        last_place = place;
        sum += place;
        weft_decref(self, pair);
    }
    CHECK_INT(sum, count * (count - 1) / 2);
}

typedef int64_t (*pattern)(int64_t i, int64_t count, uint64_t *state);

static int64_t p_random(int64_t i, int64_t count, uint64_t *state)
{
    (void)i;
    (void)count;
    return (int64_t)(test_random(state) >> 1);
}

static int64_t p_few(int64_t i, int64_t count, uint64_t *state)
{
    (void)i;
    (void)count;
    return (int64_t)(test_random(state) % 5);
}

static int64_t p_up(int64_t i, int64_t count, uint64_t *state)
{
    (void)count;
    (void)state;
    return i;
}

static int64_t p_down(int64_t i, int64_t count, uint64_t *state)
{
    (void)state;
    return count - i;
}

static int64_t p_steps(int64_t i, int64_t count, uint64_t *state)
{
    (void)count;
    (void)state;
    return i / 7;
}

static int64_t p_steps_down(int64_t i, int64_t count, uint64_t *state)
{
    (void)state;
    return (count - i) / 3;
}

static int64_t p_saw(int64_t i, int64_t count, uint64_t *state)
{
    (void)count;
    (void)state;
    return i % 97;
}

static int64_t p_two_runs(int64_t i, int64_t count, uint64_t *state)
{
    (void)state;
    return i < count / 2 ? 2 * i : 2 * (i - count / 2) + 1;
}

static int64_t p_nearly(int64_t i, int64_t count, uint64_t *state)
{
    (void)count;
    return test_random(state) % 50 == 0 ? (int64_t)(test_random(state) % 1000) : i;
}

static int64_t p_blocks(int64_t i, int64_t count, uint64_t *state)
{
    (void)state;
    return (i / 40 % 2 ? count : 0) + i;
}

static const pattern patterns[] = {p_random,     p_few, p_up,       p_down,   p_steps,
                                   p_steps_down, p_saw, p_two_runs, p_nearly, p_blocks};

enum { PATTERNS = sizeof patterns / sizeof patterns[0] };

TEST_CASE(list_sort, every pattern at every small size and some large ones is sorted stably)
{
    values v = values_open();
    uint64_t state = test_seed();
    for (int p = 0; p < PATTERNS; p++) {
        for (int64_t count = 0; count < 3000; count = count < 80 ? count + 1 : count * 2 - 7) {
            weft_object *list = weft_list_new(v.self, 0);
            for (int64_t i = 0; i < count; i++)
                append_pair(v.self, list, patterns[p](i, count, &state), i);
            int64_t calls = 0;
            CHECK_INT(weft_list_sort(v.self, list, key_less, &calls), WEFT_OK);
            check_stable(v.self, list, count);
            weft_decref(v.self, list);
        }
    }
    values_close(&v);
}

TEST_CASE(list_sort, what is in order takes one comparison an item)
{
    enum { COUNT = 10000 };

    values v = values_open();
    for (int p = 2; p <= 3; p++) {
        uint64_t state = 1;
        int64_t calls = 0;
        weft_object *list = weft_list_new(v.self, 0);
        for (int64_t i = 0; i < COUNT; i++)
            append_pair(v.self, list, patterns[p](i, COUNT, &state), i);
        CHECK_INT(weft_list_sort(v.self, list, key_less, &calls), WEFT_OK);
        CHECK_INT(calls, COUNT - 1);
        weft_decref(v.self, list);
    }
    values_close(&v);
}

/* Sorts random ints, floats and strs: the same order as weft_compare's, for each pair of neighbours. */
static void check_ordered(weft_thread *self, weft_object *list)
{
    int64_t size = weft_list_size(self, list);
    weft_object *before = NULL;
    for (int64_t i = 0; i < size; i++) {
        weft_object *item = weft_list_get(self, list, i);
        int order = -1;
        if (before != NULL)
            CHECK_INT(weft_compare(self, before, item, &order), WEFT_OK);
        if (!CHECK(order <= 0))
            i = size;
        weft_xdecref(self, before);
        before = item;
    }
    weft_xdecref(self, before);
}

static weft_object *random_item(weft_thread *self, int kind, uint64_t *state)
{
    uint64_t r = test_random(state);
    char text[24];
    size_t size = r % 20;
    if (kind == 0)
        return weft_int_new(self, (int64_t)r);
    if (kind == 1)
        return weft_float_new(self, ((double)(int64_t)r) / 1e18 * (r % 3 == 0 ? 0.0 : r % 5 == 0 ? 1e-300 : 1));
    if (kind == 2) {
        for (size_t i = 0; i < size; i++)
            text[i] = (char)("\0ab"[test_random(state) % 3]);
        return weft_str_new(self, text, size);
    }
    if (kind == 3)
        return weft_str_new(self, "\xc3\xa9zA\xe2\x82\xac", size % 2 ? 2 : size % 3 ? 4 : 7);
    return r % 2 ? weft_int_new(self, (int64_t)(r % 1000)) : weft_float_new(self, (double)(r % 10000) / 7);
}

TEST_CASE(list_sort, numbers and strings come in the order of weft_compare)
{
    values v = values_open();
    uint64_t state = test_seed();
    for (int kind = 0; kind < 5; kind++) {
        for (int count = 2; count < 5000; count *= 3) {
            weft_object *list = weft_list_new(v.self, 0);
            for (int i = 0; i < count; i++) {
                weft_object *item = random_item(v.self, kind, &state);
                CHECK_INT(weft_list_append(v.self, list, item), WEFT_OK);
                weft_decref(v.self, item);
            }
            CHECK_INT(weft_list_sort(v.self, list, NULL, NULL), WEFT_OK);
            CHECK_INT(weft_list_size(v.self, list), count);
            check_ordered(v.self, list);
            weft_decref(v.self, list);
        }
    }
    values_close(&v);
}

TEST_CASE(list_sort, a million ints)
{
    enum { COUNT = 1000000 };

    values v = values_open();
    uint64_t state = test_seed();
    int count = test_scale(COUNT);
    weft_object *list = weft_list_new(v.self, (size_t)count);
    for (int i = 0; i < count; i++) {
        weft_object *item = weft_int_new(v.self, (int64_t)test_random(&state));
        CHECK_INT(weft_list_append(v.self, list, item), WEFT_OK);
        weft_decref(v.self, item);
    }
    uint64_t begin = test_now_ns();
    CHECK_INT(weft_list_sort(v.self, list, NULL, NULL), WEFT_OK);
    uint64_t end = test_now_ns();
    printf("sorted %d ints in %.1f ms\n", count, (double)(end - begin) / 1e6);
    check_ordered(v.self, list);
    begin = test_now_ns();
    CHECK_INT(weft_list_sort(v.self, list, NULL, NULL), WEFT_OK);
    end = test_now_ns();
    printf("again in %.1f ms\n", (double)(end - begin) / 1e6);
    weft_decref(v.self, list);
    values_close(&v);
}

TEST_CASE(list_sort, items without an order are an error and stay as they were)
{
    values v = values_open();
    weft_object *list = ints(v.self, 10, 3, -1), *nan = weft_float_new(v.self, __builtin_nan(""));
    CHECK_INT(weft_list_append(v.self, list, &weft_none), WEFT_OK);
    CHECK_FAILS(weft_list_sort(v.self, list, NULL, NULL), WEFT_ERROR_TYPE, "have no order");
    CHECK_REPR(v.self, list, "[10, 9, 8, none]");
    CHECK_INT(weft_list_set(v.self, list, 3, nan), WEFT_OK);
    CHECK_FAILS(weft_list_sort(v.self, list, NULL, NULL), WEFT_ERROR_VALUE, "nan has no place");
    CHECK_INT(int_of(v.self, weft_list_get(v.self, list, 0)), 10);
    CHECK_FAILS(weft_list_sort(v.self, nan, NULL, NULL), WEFT_ERROR_TYPE, "weft_list_sort: list expected");
    CHECK_FAILS(weft_list_sort(v.self, NULL, NULL, NULL), WEFT_ERROR_VALUE, "got NULL");
    weft_decref(v.self, list);
    weft_decref(v.self, nan);
    values_close(&v);
}

/* ---- callbacks ------------------------------------------------------------------------------------------------- */

typedef struct acting {
    weft_object *list;
    int calls, act_at;
    void (*run)(weft_thread *self, weft_object *list);
} acting;

static int acting_less(weft_thread *self, weft_object *a, weft_object *b, void *arg)
{
    acting *act = arg;
    if (++act->calls == act->act_at) {
        if (act->run == NULL)
            return weft_error_set(WEFT_ERROR_USER, "call %d failed", act->calls);
        act->run(self, act->list);
    }
    return weft_int_get(a) < weft_int_get(b);
}

static weft_object *shuffled(weft_thread *self, int64_t count)
{
    weft_object *list = weft_list_new(self, 0);
    for (int64_t i = 0; i < count; i++) {
        weft_object *item = weft_int_new(self, 1000 + i * 37 % count);
        CHECK_INT(weft_list_append(self, list, item), WEFT_OK);
        weft_decref(self, item);
    }
    return list;
}

TEST_CASE(list_sort, a callback that fails at any call leaves the list as it was)
{
    enum { COUNT = 101 };

    values v = values_open();
    weft_object *list = shuffled(v.self, COUNT), *as_was = weft_list_slice(v.self, list, 0, COUNT, 1);
    int failed = 0;
    for (int at = 1;; at++, failed++) {
        acting act = {.list = list, .act_at = at};
        if (weft_list_sort(v.self, list, acting_less, &act) == WEFT_OK)
            break;
        CHECK_ERROR(WEFT_ERROR_USER, "failed");
        if (!CHECK_INT(weft_equal(v.self, list, as_was), 1))
            break;
    }
    CHECK(failed > COUNT);
    weft_decref(v.self, list);
    weft_decref(v.self, as_was);
    values_close(&v);
}

static void append_one(weft_thread *self, weft_object *list)
{
    CHECK_INT(weft_list_append(self, list, &weft_none), WEFT_OK);
}

static void clear_all(weft_thread *self, weft_object *list)
{
    CHECK_INT(weft_list_clear(self, list), WEFT_OK);
}

static void swap_two(weft_thread *self, weft_object *list)
{
    CHECK_INT(weft_list_swap(self, list, 0, 1), WEFT_OK);
}

static void sort_within(weft_thread *self, weft_object *list)
{
    CHECK_INT(weft_list_sort(self, list, NULL, NULL), WEFT_OK);
}

static void block_here(weft_thread *self, weft_object *list)
{
    (void)list;
    CHECK_INT(weft_block_begin(self), WEFT_OK);
    CHECK_INT(weft_block_end(self), WEFT_OK);
}

TEST_CASE(list_sort, a callback that changes the list makes the sort fail and its change stays)
{
    enum { COUNT = 60 };

    static void (*const changes[])(weft_thread *, weft_object *) = {append_one, clear_all, swap_two, sort_within};
    static const int64_t sizes[] = {COUNT + 1, 0, COUNT, COUNT};
    values v = values_open();
    for (int i = 0; i < 4; i++) {
        weft_object *list = shuffled(v.self, COUNT);
        acting act = {.list = list, .act_at = 70, .run = changes[i]};
        CHECK_FAILS(weft_list_sort(v.self, list, acting_less, &act), WEFT_ERROR_BUSY, "the list was changed");
        CHECK_INT(weft_list_size(v.self, list), sizes[i]);
        weft_decref(v.self, list);
    }
    weft_object *list = shuffled(v.self, COUNT);
    acting act = {.list = list, .act_at = 70, .run = block_here};
    CHECK_INT(weft_list_sort(v.self, list, acting_less, &act), WEFT_OK);
    check_ordered(v.self, list);
    weft_decref(v.self, list);
    values_close(&v);
}

/* Lies: items come before each other in any order. Nothing must be lost or there twice. */
static int random_less(weft_thread *self, weft_object *a, weft_object *b, void *arg)
{
    (void)self;
    (void)a;
    (void)b;
    return (int)(test_random(arg) & 1);
}

TEST_CASE(list_sort, an order that is none loses nothing)
{
    enum { COUNT = 2000 };

    values v = values_open();
    uint64_t state = test_seed();
    for (int round = 0; round < 20; round++) {
        weft_object *list = shuffled(v.self, COUNT);
        CHECK_INT(weft_list_sort(v.self, list, random_less, &state), WEFT_OK);
        CHECK_INT(weft_list_sort(v.self, list, NULL, NULL), WEFT_OK);
        for (int64_t i = 0; i < COUNT; i++)
            if (!CHECK_INT(int_of(v.self, weft_list_get(v.self, list, i)), 1000 + i))
                break;
        weft_decref(v.self, list);
    }
    values_close(&v);
}
