/* test_iterate.c - iterators: over each container, while it changes, over each other, from callbacks that fail or misbehave,
 * and without memory. */
#include "sequences.h"

#define CHECK_ITEMS(self, iterator, text)                                                \
    do {                                                                                 \
        weft_object *it_ = (iterator), *all_ = NULL;                                     \
        if (CHECK(it_ != NULL) && CHECK((all_ = weft_list_from((self), it_)) != NULL)) { \
            CHECK_REPR((self), all_, (text));                                            \
            weft_object *item_ = it_;                                                    \
            CHECK_INT(weft_next((self), it_, &item_), 0);                                \
            CHECK(item_ == NULL);                                                        \
            weft_decref((self), all_);                                                   \
        }                                                                                \
        weft_xdecref((self), it_);                                                       \
    } while (0)

static weft_object *small_dict(weft_thread *self, int count)
{
    weft_object *dict = weft_dict_new(self);
    for (int i = 0; i < count; i++) {
        weft_object *key = weft_int_new(self, i), *value = weft_int_new(self, i * i);
        CHECK_INT(weft_dict_set(self, dict, key, value), WEFT_OK);
        weft_decref(self, key);
        weft_decref(self, value);
    }
    return dict;
}

TEST_CASE(iterate, every container gives its items in order and then ends for good)
{
    values v = values_open();
    weft_object *list = ints(v.self, 0, 3, 1), *dict = small_dict(v.self, 3), *set = weft_set_new(v.self, list);
    weft_object *frozen = weft_frozenset_new(v.self, list), *deque = weft_deque_new(v.self, -1);
    weft_object *items[2] = {&weft_true, &weft_none}, *tuple = weft_tuple_new(v.self, items, 2);
    weft_object *str = values_str(v.self, "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z"), *empty = values_str(v.self, "");
    weft_object *bytes = weft_bytes_new(v.self, "\0\x7f\xff", 3);
    CHECK_INT(weft_deque_extend(v.self, deque, WEFT_DEQUE_FRONT, list), WEFT_OK);
    CHECK_ITEMS(v.self, weft_iterate(v.self, list), "[0, 1, 2]");
    CHECK_ITEMS(v.self, weft_iterate(v.self, dict), "[0, 1, 2]");
    CHECK_ITEMS(v.self, weft_dict_iterate(v.self, dict, WEFT_DICT_VALUES), "[0, 1, 4]");
    CHECK_ITEMS(v.self, weft_dict_iterate(v.self, dict, WEFT_DICT_ITEMS), "[(0, 0), (1, 1), (2, 4)]");
    CHECK_ITEMS(v.self, weft_iterate(v.self, set), "[0, 1, 2]");
    CHECK_ITEMS(v.self, weft_iterate(v.self, frozen), "[0, 1, 2]");
    CHECK_ITEMS(v.self, weft_iterate(v.self, deque), "[2, 1, 0]");
    CHECK_ITEMS(v.self, weft_iterate(v.self, tuple), "[true, none]");
    CHECK_ITEMS(v.self, weft_iterate(v.self, str), "['a', '\xc3\xa9', '\xe2\x82\xac', '\xf0\x9f\x98\x80', 'z']");
    CHECK_ITEMS(v.self, weft_iterate(v.self, empty), "[]");
    CHECK_ITEMS(v.self, weft_iterate(v.self, bytes), "[0, 127, 255]");
    weft_object *all[] = {list, dict, set, frozen, deque, tuple, str, empty, bytes};
    for (size_t i = 0; i < 9; i++)
        weft_decref(v.self, all[i]);
    values_close(&v);
}

TEST_CASE(iterate, an iterator iterates itself and anything else is an error)
{
    values v = values_open();
    weft_object *list = ints(v.self, 0, 3, 1), *it = weft_iterate(v.self, list), *same = weft_iterate(v.self, it);
    weft_object *item = NULL;
    CHECK_PTR(it, same);
    CHECK_NULL(weft_iterate(v.self, &weft_none), WEFT_ERROR_TYPE, "weft_iterate: none cannot be iterated");
    CHECK_NULL(weft_iterate(v.self, NULL), WEFT_ERROR_VALUE, "NULL");
    CHECK_NULL(weft_iterate(NULL, list), WEFT_ERROR_THREAD, "weft_iterate");
    CHECK_FAILS(weft_next(v.self, list, &item), WEFT_ERROR_TYPE, "weft_next: list is not an iterator");
    CHECK_FAILS(weft_next(v.self, NULL, &item), WEFT_ERROR_VALUE, "the iterator is NULL");
    CHECK_FAILS(weft_next(v.self, it, NULL), WEFT_ERROR_VALUE, "item is NULL");
    CHECK_NULL(weft_list_from(v.self, &weft_true), WEFT_ERROR_TYPE, "bool cannot be iterated");
    CHECK_NULL(weft_dict_iterate(v.self, list, WEFT_DICT_KEYS), WEFT_ERROR_TYPE, "dict expected, got list");
    weft_decref(v.self, same);
    weft_decref(v.self, it);
    weft_decref(v.self, list);
    values_close(&v);
}

TEST_CASE(iterate, a list that changes is gone through by index)
{
    values v = values_open();
    weft_object *list = ints(v.self, 0, 4, 1), *it = weft_iterate(v.self, list), *item;
    CHECK_INT(weft_next(v.self, it, &item), 1);
    CHECK_INT(int_of(v.self, item), 0);
    CHECK_INT(weft_list_insert(v.self, list, 0, &weft_none), WEFT_OK);
    CHECK_INT(weft_next(v.self, it, &item), 1);
    CHECK_INT(int_of(v.self, item), 0);
    CHECK_INT(weft_list_slice_delete(v.self, list, 2, 5, 1), WEFT_OK);
    CHECK_INT(weft_next(v.self, it, &item), 0);
    CHECK_INT(weft_list_extend(v.self, list, list), WEFT_OK);
    CHECK_INT(weft_next(v.self, it, &item), 0);
    weft_decref(v.self, it);
    weft_decref(v.self, list);
    values_close(&v);
}

TEST_CASE(iterate, a dict or set or deque that changes is an error and new values are none)
{
    values v = values_open();
    weft_object *dict = small_dict(v.self, 4), *item, *list = ints(v.self, 0, 4, 1), *set = weft_set_new(v.self, list);
    weft_object *deque = weft_deque_new(v.self, -1), *two = weft_int_new(v.self, 2);
    weft_object *it = weft_dict_iterate(v.self, dict, WEFT_DICT_VALUES);
    CHECK_INT(weft_next(v.self, it, &item), 1);
    CHECK_INT(int_of(v.self, item), 0);
    CHECK_INT(weft_dict_set(v.self, dict, two, &weft_none), WEFT_OK);
    CHECK_INT(weft_next(v.self, it, &item), 1);
    CHECK_INT(weft_next(v.self, it, &item), 1);
    CHECK(weft_is_none(item));
    CHECK_INT(weft_dict_pop(v.self, dict, two, NULL), 1);
    CHECK_FAILS(weft_next(v.self, it, &item), WEFT_ERROR_BUSY, "the dict was changed");
    CHECK_INT(weft_dict_set(v.self, dict, two, &weft_none), WEFT_OK); /* as many again, but not the same */
    CHECK_FAILS(weft_next(v.self, it, &item), WEFT_ERROR_BUSY, "the dict was changed");
    weft_decref(v.self, it);
    it = weft_iterate(v.self, dict);
    CHECK_INT(weft_dict_clear(v.self, dict), WEFT_OK);
    CHECK_FAILS(weft_next(v.self, it, &item), WEFT_ERROR_BUSY, "the dict was changed");
    weft_decref(v.self, it);

    it = weft_iterate(v.self, set);
    CHECK_INT(weft_set_add(v.self, set, &weft_none), 1);
    CHECK_FAILS(weft_next(v.self, it, &item), WEFT_ERROR_BUSY, "the set was changed");
    weft_decref(v.self, it);

    CHECK_INT(weft_deque_extend(v.self, deque, WEFT_DEQUE_BACK, list), WEFT_OK);
    it = weft_iterate(v.self, deque);
    CHECK_INT(weft_deque_set(v.self, deque, 0, &weft_none), WEFT_OK);
    CHECK_INT(weft_next(v.self, it, &item), 1);
    CHECK(weft_is_none(item));
    CHECK_INT(weft_deque_rotate(v.self, deque, 1), WEFT_OK);
    CHECK_FAILS(weft_next(v.self, it, &item), WEFT_ERROR_BUSY, "the deque was changed");
    weft_object *all[] = {it, dict, list, set, deque};
    for (size_t i = 0; i < 5; i++)
        weft_decref(v.self, all[i]);
    values_close(&v);
}

static void deque_change(weft_thread *self, weft_object *deque, int way)
{
    weft_object *item = NULL;
    switch (way) {
    case 0:
    case 1:
        CHECK_INT(weft_deque_push(self, deque, way ? WEFT_DEQUE_BACK : WEFT_DEQUE_FRONT, &weft_none), WEFT_OK);
        break;
    case 2:
    case 3:
        CHECK_INT(weft_deque_pop(self, deque, way == 2 ? WEFT_DEQUE_BACK : WEFT_DEQUE_FRONT, &item), 1);
        break;
    default:
        CHECK_INT(weft_deque_clear(self, deque), WEFT_OK);
    }
    weft_xdecref(self, item);
}

TEST_CASE(iterate, every way to change what is in a deque is noticed)
{
    values v = values_open();
    for (int way = 0; way < 5; way++) {
        weft_object *list = ints(v.self, 0, 4, 1), *deque = weft_deque_new(v.self, -1), *item = NULL;
        CHECK_INT(weft_deque_extend(v.self, deque, WEFT_DEQUE_BACK, list), WEFT_OK);
        weft_object *it = weft_iterate(v.self, deque);
        CHECK_INT(weft_next(v.self, it, &item), 1);
        weft_xdecref(v.self, item);
        deque_change(v.self, deque, way);
        CHECK_FAILS(weft_next(v.self, it, &item), WEFT_ERROR_BUSY, "the deque was changed");
        weft_decref(v.self, it);
        weft_decref(v.self, deque);
        weft_decref(v.self, list);
    }
    values_close(&v);
}

TEST_CASE(iterate, one that has ended stays there whatever comes to its source)
{
    values v = values_open();
    weft_object *list = ints(v.self, 0, 3, 1), *dict = small_dict(v.self, 3), *set = weft_set_new(v.self, list);
    weft_object *deque = weft_deque_new(v.self, -1), *item = NULL;
    CHECK_INT(weft_deque_extend(v.self, deque, WEFT_DEQUE_BACK, list), WEFT_OK);
    weft_object *all[] = {list, dict, set, deque}, *its[4];
    for (int i = 0; i < 4; i++) {
        its[i] = weft_iterate(v.self, all[i]);
        for (int k = 0; k < 3; k++) {
            CHECK_INT(weft_next(v.self, its[i], &item), 1);
            weft_xdecref(v.self, item);
        }
        CHECK_INT(weft_next(v.self, its[i], &item), 0);
    }
    CHECK_INT(weft_list_append(v.self, list, &weft_none), WEFT_OK);
    CHECK_INT(weft_dict_set(v.self, dict, &weft_none, &weft_none), WEFT_OK);
    CHECK_INT(weft_set_add(v.self, set, &weft_none), 1);
    CHECK_INT(weft_deque_push(v.self, deque, WEFT_DEQUE_BACK, &weft_none), WEFT_OK);
    for (int i = 0; i < 4; i++) {
        CHECK_INT(weft_next(v.self, its[i], &item), 0);
        weft_decref(v.self, its[i]);
        weft_decref(v.self, all[i]);
    }
    values_close(&v);
}

TEST_CASE(iterate, a zip that has ended takes nothing more from its sources)
{
    values v = values_open();
    weft_object *range = weft_range(v.self, 0, 10, 1), *two = ints(v.self, 0, 2, 1), *item = NULL;
    weft_object *sources[] = {range, two}, *zip = weft_zip(v.self, sources, 2);
    for (int i = 0; i < 6; i++) {
        CHECK_INT(weft_next(v.self, zip, &item), i < 2);
        weft_xdecref(v.self, i < 2 ? item : NULL);
    }
    CHECK_INT(weft_next(v.self, range, &item), 1);
    CHECK_INT(int_of(v.self, item), 3); /* one went with the end */
    weft_decref(v.self, zip);
    weft_decref(v.self, range);
    weft_decref(v.self, two);
    values_close(&v);
}

TEST_CASE(iterate, ranges)
{
    values v = values_open();
    CHECK_ITEMS(v.self, weft_range(v.self, 0, 4, 1), "[0, 1, 2, 3]");
    CHECK_ITEMS(v.self, weft_range(v.self, 4, 0, -1), "[4, 3, 2, 1]");
    CHECK_ITEMS(v.self, weft_range(v.self, 0, 10, 4), "[0, 4, 8]");
    CHECK_ITEMS(v.self, weft_range(v.self, 9, 0, -4), "[9, 5, 1]");
    CHECK_ITEMS(v.self, weft_range(v.self, 4, 4, 1), "[]");
    CHECK_ITEMS(v.self, weft_range(v.self, 4, 5, -1), "[]");
    CHECK_ITEMS(v.self, weft_range(v.self, INT64_MAX - 1, INT64_MAX, INT64_MAX), "[9223372036854775806]");
    CHECK_ITEMS(v.self, weft_range(v.self, INT64_MIN, INT64_MAX, INT64_MAX),
                "[-9223372036854775808, -1, 9223372036854775806]");
    CHECK_ITEMS(v.self, weft_range(v.self, INT64_MAX, INT64_MIN, INT64_MIN), "[9223372036854775807, -1]");
    CHECK_NULL(weft_range(v.self, 0, 1, 0), WEFT_ERROR_VALUE, "the step is 0");
    values_close(&v);
}

/* ---- lazy ones ------------------------------------------------------------------------------------------------------- */

static weft_object *square(weft_thread *self, weft_object *item, void *arg)
{
    int64_t value = weft_int_get(item);
    if (arg != NULL && value == *(int64_t *)arg) {
        (void)weft_error_set(WEFT_ERROR_USER, "no square of %lld", (long long)value);
        return NULL;
    }
    return weft_int_new(self, value * value);
}

static int is_odd(weft_thread *self, weft_object *item, void *arg)
{
    (void)self;
    int64_t value = weft_int_get(item);
    if (arg != NULL && value == *(int64_t *)arg)
        return weft_error_set(WEFT_ERROR_USER, "is %lld odd?", (long long)value);
    return value & 1;
}

TEST_CASE(iterate, map and filter and enumerate and zip)
{
    values v = values_open();
    weft_object *list = ints(v.self, 0, 5, 1), *str = values_str(v.self, "abc");
    CHECK_ITEMS(v.self, weft_map(v.self, list, square, NULL, NULL), "[0, 1, 4, 9, 16]");
    CHECK_ITEMS(v.self, weft_filter(v.self, list, is_odd, NULL, NULL), "[1, 3]");
    CHECK_ITEMS(v.self, weft_enumerate(v.self, str, 7), "[(7, 'a'), (8, 'b'), (9, 'c')]");
    weft_object *sources[] = {list, str, list, str, list, str, list, str, list};
    CHECK_ITEMS(v.self, weft_zip(v.self, sources, 2), "[(0, 'a'), (1, 'b'), (2, 'c')]");
    CHECK_ITEMS(v.self, weft_zip(v.self, sources, 0), "[]");
    weft_object *zip = weft_zip(v.self, sources, 9), *item = NULL;
    CHECK_INT(weft_next(v.self, zip, &item), 1);
    CHECK_INT(weft_tuple_size(v.self, item), 9);
    weft_decref(v.self, item);
    weft_decref(v.self, zip);
    sources[1] = &weft_none;
    CHECK_NULL(weft_zip(v.self, sources, 9), WEFT_ERROR_TYPE, "none cannot be iterated");
    CHECK_NULL(weft_zip(v.self, NULL, 1), WEFT_ERROR_VALUE, "sources is NULL");
    CHECK_NULL(weft_map(v.self, list, NULL, NULL, NULL), WEFT_ERROR_VALUE, "weft_map: the callback is NULL");
    CHECK_NULL(weft_map(v.self, &weft_none, square, NULL, NULL), WEFT_ERROR_TYPE, "none cannot be iterated");
    CHECK_NULL(weft_generator(v.self, NULL, NULL, NULL), WEFT_ERROR_VALUE, "weft_generator: the callback is NULL");
    weft_object *inner = weft_filter(v.self, list, is_odd, NULL, NULL);
    CHECK_ITEMS(v.self, weft_map(v.self, inner, square, NULL, NULL), "[1, 9]");
    weft_decref(v.self, inner);
    weft_object *last = weft_enumerate(v.self, str, INT64_MAX);
    CHECK_FAILS(weft_next(v.self, last, &item), WEFT_ERROR_OVERFLOW, "no more numbers");
    weft_decref(v.self, last);
    weft_decref(v.self, list);
    weft_decref(v.self, str);
    values_close(&v);
}

TEST_CASE(iterate, a callback that fails is the error and the next call goes on)
{
    values v = values_open();
    weft_object *list = ints(v.self, 0, 4, 1), *item;
    int64_t bad = 1;
    weft_object *map = weft_map(v.self, list, square, &bad, NULL);
    CHECK_INT(weft_next(v.self, map, &item), 1);
    CHECK_FAILS(weft_next(v.self, map, &item), WEFT_ERROR_USER, "no square of 1");
    CHECK_INT(weft_next(v.self, map, &item), 1);
    CHECK_INT(int_of(v.self, item), 4);
    weft_object *filter = weft_filter(v.self, list, is_odd, &bad, NULL);
    CHECK_FAILS(weft_next(v.self, filter, &item), WEFT_ERROR_USER, "is 1 odd?");
    CHECK_INT(weft_next(v.self, filter, &item), 1);
    CHECK_INT(int_of(v.self, item), 3);
    weft_decref(v.self, map);
    map = weft_map(v.self, list, square, &bad, NULL);
    CHECK_NULL(weft_list_from(v.self, map), WEFT_ERROR_USER, "no square of 1");
    weft_decref(v.self, map);
    weft_decref(v.self, filter);
    weft_decref(v.self, list);
    values_close(&v);
}

/* A generator that counts down, and asks itself for more when it is at `again`. */
typedef struct countdown {
    int64_t left, again;
    weft_object *self_object;
    int calls;
} countdown;

static int count_down(weft_thread *self, void *arg, weft_object **item)
{
    countdown *c = arg;
    c->calls++;
    if (c->left == c->again) {
        weft_object *other = NULL;
        CHECK_FAILS(weft_next(self, c->self_object, &other), WEFT_ERROR_BUSY, "the generator is running");
    }
    if (c->left == 0)
        return 0;
    *item = weft_int_new(self, c->left--);
    return *item ? 1 : WEFT_ERROR_MEMORY;
}

TEST_CASE(iterate, a generator gives what its callback gives and holds what it is told to)
{
    values v = values_open();
    weft_object *held = weft_float_new(v.self, 1.5);
    countdown c = {.left = 3, .again = 2};
    weft_object *generator = c.self_object = weft_generator(v.self, count_down, &c, held);
    CHECK_INT(weft_refcount(v.self, held), 2);
    CHECK_ITEMS(v.self, weft_ref(v.self, generator), "[3, 2, 1]");
    CHECK_INT(c.calls, 4); /* not again after the end */
    weft_decref(v.self, generator);
    CHECK_INT(weft_refcount(v.self, held), 1);
    weft_decref(v.self, held);
    values_close(&v);
}

TEST_CASE(iterate, too many levels are an error and dropping them needs no stack)
{
    enum { LEVELS = 100000 };

    values v = values_open();
    weft_object *list = ints(v.self, 1, 3, 1), *it = weft_iterate(v.self, list), *item = NULL;
    for (int i = 0; i < LEVELS; i++) {
        weft_object *outer = weft_map(v.self, it, square, NULL, NULL);
        weft_decref(v.self, it);
        it = outer;
    }
    CHECK_FAILS(weft_next(v.self, it, &item), WEFT_ERROR_LIMIT, "deep");
    weft_decref(v.self, it);
    weft_decref(v.self, list);
    values_close(&v);
}

/* ---- types of the program ------------------------------------------------------------------------------------------------ */

static weft_object *iterate_wrongly(weft_thread *self, weft_object *o)
{
    (void)self;
    (void)o;
    return &weft_none;
}

static weft_object *iterate_rightly(weft_thread *self, weft_object *o)
{
    (void)o;
    return weft_range(self, 1, 3, 1);
}

static int next_always(weft_thread *self, weft_object *o, weft_object **item)
{
    (void)self;
    (void)o;
    *item = &weft_true;
    return 1;
}

TEST_CASE(iterate, types may bring their own)
{
    values v = values_open();
    weft_type_spec spec = {.name = "mine", .size = sizeof(weft_object), .iterate = iterate_rightly};
    weft_object *o = weft_new(v.self, weft_type_register(v.self, &spec)), *item = NULL;
    CHECK_ITEMS(v.self, weft_iterate(v.self, o), "[1, 2]");
    spec.iterate = iterate_wrongly;
    weft_object *wrong = weft_new(v.self, weft_type_register(v.self, &spec));
    CHECK_NULL(weft_iterate(v.self, wrong), WEFT_ERROR_TYPE, "iterating a mine gave a none");
    spec.iterate = NULL;
    spec.next = next_always;
    weft_object *it = weft_new(v.self, weft_type_register(v.self, &spec)), *same = weft_iterate(v.self, it);
    CHECK_PTR(it, same);
    CHECK_INT(weft_next(v.self, same, &item), 1);
    CHECK(item == &weft_true);
    weft_object *all[] = {o, wrong, it, same};
    for (size_t i = 0; i < 4; i++)
        weft_decref(v.self, all[i]);
    values_close(&v);
}

/* ---- without memory ---------------------------------------------------------------------------------------------------------- */

static bool try_lazily(weft_thread *self, void *arg)
{
    weft_object *map = weft_map(self, arg, square, NULL, NULL), *filter = NULL, *zip = NULL, *count = NULL, *all = NULL;
    if (map != NULL)
        filter = weft_filter(self, map, is_odd, NULL, NULL);
    weft_object *sources[9] = {filter, arg, arg, arg, arg, arg, arg, arg, arg};
    if (filter != NULL)
        zip = weft_zip(self, sources, 9);
    if (zip != NULL)
        count = weft_enumerate(self, zip, 1000);
    if (count != NULL)
        all = weft_list_from(self, count);
    weft_object *made[] = {map, filter, zip, count, all};
    for (size_t i = 0; i < 5; i++)
        weft_xdecref(self, made[i]);
    return all != NULL;
}

static bool try_dict(weft_thread *self, void *arg)
{
    weft_object *it = weft_dict_iterate(self, arg, WEFT_DICT_ITEMS), *all = it ? weft_list_from(self, it) : NULL;
    weft_xdecref(self, it);
    weft_xdecref(self, all);
    return all != NULL;
}

TEST_CASE(iterate, every allocation may fail and nothing is left behind)
{
    values v = values_open();
    weft_object *list = ints(v.self, 100, 6, 1), *dict = small_dict(v.self, 6);
    CHECK(values_exhaust(v.self, try_lazily, list) >= 10);
    CHECK(values_exhaust(v.self, try_dict, dict) >= 6);
    weft_decref(v.self, list);
    weft_decref(v.self, dict);
    values_close(&v);
}
