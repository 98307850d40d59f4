/* test_set.c - sets and frozen sets: each operation, against plain arrays of bits, with keys whose equality acts, and
 * without memory. */
#include <stdlib.h>

#include "sequences.h"

TEST_CASE(set, adds and takes out and keeps the order)
{
    values v = values_open();
    weft_object *set = weft_set_new(v.self, NULL), *list = ints(v.self, 1000, 3, 1), *item = weft_int_new(v.self, 1001);
    REQUIRE(set != NULL && weft_is_set(set) && !weft_is_frozenset(set));
    CHECK_REPR(v.self, set, "set()");
    CHECK_INT(weft_set_add(v.self, set, item), 1);
    CHECK_INT(weft_set_add(v.self, set, item), 0);
    CHECK_INT(weft_refcount(v.self, item), 2);
    CHECK_INT(weft_set_update(v.self, set, list), WEFT_OK);
    CHECK_REPR(v.self, set, "{1001, 1000, 1002}");
    CHECK_INT(weft_set_size(v.self, set), 3);
    CHECK_INT(weft_set_contains(v.self, set, item), 1);
    CHECK_INT(weft_set_remove(v.self, set, item), 1);
    CHECK_INT(weft_set_remove(v.self, set, item), 0);
    CHECK_INT(weft_set_contains(v.self, set, item), 0);
    CHECK_INT(weft_refcount(v.self, item), 1);
    weft_object *popped = NULL;
    CHECK_INT(weft_set_pop(v.self, set, &popped), 1);
    CHECK_INT(int_of(v.self, popped), 1002);
    size_t position = 0;
    CHECK_INT(weft_set_next(v.self, set, &position, &popped), 1);
    CHECK_INT(int_of(v.self, popped), 1000);
    CHECK_INT(weft_set_next(v.self, set, &position, &popped), 0);
    CHECK_INT(weft_set_clear(v.self, set), WEFT_OK);
    CHECK_INT(weft_set_pop(v.self, set, &popped), 0);
    CHECK(popped == NULL);
    weft_decref(v.self, set);
    weft_decref(v.self, list);
    weft_decref(v.self, item);
    values_close(&v);
}

TEST_CASE(set, popping all of a large one takes no longer than adding)
{
    enum { COUNT = 100000 };

    values v = values_open();
    for (int shared = 0; shared < 2; shared++) {
        weft_object *range = weft_range(v.self, 0, COUNT, 1), *set = weft_set_new(v.self, range);
        if (shared) { /* as one that other threads use: its entries are not used again */
            weft_object *dict = weft_dict_new(v.self), *value;
            CHECK_INT(weft_dict_peek(v.self, dict, &weft_none, &value), 0);
            for (size_t position = 0; weft_set_next(v.self, set, &position, &value) == 1;) {
                CHECK_INT(weft_dict_set(v.self, dict, value, value), WEFT_OK);
                weft_decref(v.self, value);
            }
            weft_object *key;
            for (int i = COUNT; i-- > 0;) {
                CHECK_INT(weft_dict_pop_last(v.self, dict, &key, &value), 1);
                weft_decref(v.self, value);
                if (!CHECK_INT(int_of(v.self, key), i))
                    break;
            }
            CHECK_INT(weft_dict_pop_last(v.self, dict, &key, &value), 0);
            weft_decref(v.self, dict);
        }
        weft_object *item;
        for (int i = COUNT; i-- > 0;) {
            CHECK_INT(weft_set_pop(v.self, set, &item), 1);
            if (!CHECK_INT(int_of(v.self, item), i))
                break;
        }
        weft_decref(v.self, set);
        weft_decref(v.self, range);
    }
    for (int i = 0; i < 3; i++)
        weft_safepoint(v.self);
    values_close(&v);
}

TEST_CASE(set, algebra)
{
    values v = values_open();
    weft_object *a_items = ints(v.self, 0, 5, 1), *b_items = ints(v.self, 3, 4, 1);
    weft_object *a = weft_set_new(v.self, a_items), *b = weft_frozenset_new(v.self, b_items);
    CHECK_MADE(v.self, weft_set_union(v.self, a, b), "{0, 1, 2, 3, 4, 5, 6}");
    CHECK_MADE(v.self, weft_set_intersection(v.self, a, b_items), "{3, 4}");
    CHECK_MADE(v.self, weft_set_difference(v.self, a, b), "{0, 1, 2}");
    CHECK_MADE(v.self, weft_set_exclusive(v.self, a, b), "{0, 1, 2, 5, 6}");
    CHECK_MADE(v.self, weft_set_union(v.self, b, a_items), "frozenset({3, 4, 5, 6, 0, 1, 2})");
    CHECK_MADE(v.self, weft_set_difference(v.self, b, b), "frozenset()");
    CHECK_MADE(v.self, weft_set_exclusive(v.self, a, a), "set()");
    CHECK_INT(weft_set_is_subset(v.self, a, b), 0);
    CHECK_INT(weft_set_is_disjoint(v.self, a, b), 0);
    weft_object *both = weft_set_intersection(v.self, a, b);
    CHECK_INT(weft_set_is_subset(v.self, both, a_items), 1);
    CHECK_INT(weft_set_is_superset(v.self, a, both), 1);
    CHECK_INT(weft_set_is_superset(v.self, both, a), 0);
    CHECK_INT(weft_set_subtract(v.self, a, both), WEFT_OK);
    CHECK_REPR(v.self, a, "{0, 1, 2}");
    CHECK_INT(weft_set_is_disjoint(v.self, a, b_items), 1);
    CHECK_INT(weft_set_update(v.self, a, b), WEFT_OK);
    CHECK_INT(weft_set_keep(v.self, a, b_items), WEFT_OK);
    CHECK_INT(weft_equal(v.self, a, b), 1);
    CHECK_INT(weft_equal(v.self, b, a), 1);
    CHECK_INT(weft_set_subtract(v.self, a, a), WEFT_OK);
    CHECK_INT(weft_equal(v.self, a, b), 0);
    CHECK_INT(weft_set_size(v.self, a), 0);
    weft_object *all[] = {a, b, a_items, b_items, both};
    for (size_t i = 0; i < 5; i++)
        weft_decref(v.self, all[i]);
    values_close(&v);
}

TEST_CASE(set, frozen sets with the same items are the same key whatever the order)
{
    values v = values_open();
    weft_object *up = ints(v.self, 0, 50, 1), *down = ints(v.self, 49, 50, -1), *dict = weft_dict_new(v.self), *value;
    weft_object *a = weft_frozenset_new(v.self, up), *b = weft_frozenset_new(v.self, down);
    weft_object *empty = weft_frozenset_new(v.self, NULL), *plain = weft_set_new(v.self, up);
    uint64_t x = 1, y = 2;
    CHECK_INT(weft_hash(v.self, a, &x), WEFT_OK);
    CHECK_INT(weft_hash(v.self, b, &y), WEFT_OK);
    CHECK(x == y);
    CHECK_INT(weft_dict_set(v.self, dict, a, &weft_true), WEFT_OK);
    CHECK_INT(weft_dict_get(v.self, dict, b, &value), 1);
    CHECK_INT(weft_dict_get(v.self, dict, empty, &value), 0);
    CHECK_FAILS(weft_hash(v.self, plain, &x), WEFT_ERROR_TYPE, "set is not hashable");
    CHECK_FAILS(weft_set_add(v.self, a, &weft_none), WEFT_ERROR_TYPE, "set that can change expected, got frozenset");
    CHECK_FAILS(weft_set_clear(v.self, a), WEFT_ERROR_TYPE, "got frozenset");
    CHECK_FAILS(weft_set_remove(v.self, a, &weft_none), WEFT_ERROR_TYPE, "got frozenset");
    CHECK_FAILS(weft_set_keep(v.self, a, b), WEFT_ERROR_TYPE, "got frozenset");
    CHECK_FAILS(weft_set_update(v.self, a, b), WEFT_ERROR_TYPE, "got frozenset");
    CHECK_INT(weft_set_size(v.self, a), 50);
    weft_object *all[] = {up, down, dict, a, b, empty, plain};
    for (size_t i = 0; i < 7; i++)
        weft_decref(v.self, all[i]);
    values_close(&v);
}

TEST_CASE(set, bad arguments are errors that change nothing)
{
    values v = values_open();
    weft_object *set = weft_set_new(v.self, NULL), *list = weft_list_new(v.self, 0), *item;
    CHECK_FAILS(weft_set_add(v.self, set, list), WEFT_ERROR_TYPE, "list is not hashable");
    CHECK_FAILS(weft_set_add(v.self, set, NULL), WEFT_ERROR_VALUE, "weft_set_add: the item is NULL");
    CHECK_FAILS(weft_set_add(v.self, list, set), WEFT_ERROR_TYPE, "got list");
    CHECK_FAILS(weft_set_contains(v.self, NULL, set), WEFT_ERROR_VALUE, "set expected, got NULL");
    CHECK_FAILS(weft_set_contains(v.self, set, set), WEFT_ERROR_TYPE, "set is not hashable");
    CHECK_FAILS(weft_set_size(v.self, list), WEFT_ERROR_TYPE, "set expected, got list");
    CHECK_FAILS(weft_set_pop(v.self, set, NULL), WEFT_ERROR_VALUE, "item is NULL");
    CHECK_FAILS(weft_set_next(v.self, set, NULL, &item), WEFT_ERROR_VALUE, "position is NULL");
    CHECK_FAILS(weft_set_update(v.self, set, NULL), WEFT_ERROR_VALUE, "NULL");
    CHECK_INT(weft_list_append(v.self, list, set), WEFT_OK);
    CHECK_NULL(weft_set_new(v.self, list), WEFT_ERROR_TYPE, "set is not hashable");
    CHECK_NULL(weft_set_union(v.self, list, set), WEFT_ERROR_TYPE, "weft_set_union: set expected, got list");
    CHECK_NULL(weft_set_union(v.self, set, list), WEFT_ERROR_TYPE, "set is not hashable");
    CHECK_NULL(weft_set_intersection(v.self, set, &weft_none), WEFT_ERROR_TYPE, "none cannot be iterated");
    CHECK_INT(weft_set_size(v.self, set), 0);
    weft_decref(v.self, list);
    weft_decref(v.self, set);
    values_close(&v);
}

static void clear_it(weft_thread *self, void *arg)
{
    CHECK_INT(weft_set_clear(self, arg), WEFT_OK);
}

TEST_CASE(set, items whose equality fails or changes the set)
{
    values v = values_open();
    const weft_type *type = odd_type(v.self);
    weft_object *list = odds(v.self, type, 6), *set = weft_set_new(v.self, list), *item = odd_new(v.self, type, 9);
    REQUIRE(set != NULL);
    CHECK_INT(weft_set_size(v.self, set), 6);
    odd_now = (odd_acts){0, 4, NULL, NULL};
    CHECK_FAILS(weft_set_add(v.self, set, item), WEFT_ERROR_USER, "comparison 4");
    odd_now.calls = 0;
    CHECK_FAILS(weft_set_contains(v.self, set, item), WEFT_ERROR_USER, "comparison 4");
    odd_now.calls = 0;
    CHECK_FAILS(weft_set_remove(v.self, set, item), WEFT_ERROR_USER, "comparison 4");
    odd_now.calls = 0;
    weft_object *other = weft_list_new(v.self, 0);
    CHECK_INT(weft_list_append(v.self, other, item), WEFT_OK);
    CHECK_NULL(weft_set_union(v.self, set, other), WEFT_ERROR_USER, "comparison 4");
    odd_now.calls = 0;
    CHECK_NULL(weft_set_difference(v.self, set, other), WEFT_ERROR_USER, "comparison 4");
    CHECK_INT(weft_set_size(v.self, set), 6);
    odd_now = (odd_acts){0, 0, clear_it, set};
    CHECK_INT(weft_set_add(v.self, set, item), 1);
    CHECK_INT(weft_set_size(v.self, set), 1);
    odd_now.run = NULL;
    weft_object *all[] = {list, set, item, other};
    for (size_t i = 0; i < 4; i++)
        weft_decref(v.self, all[i]);
    values_close(&v);
}

TEST_CASE(set, a hundred ints take no more memory than in CPython)
{
    values v = values_open();
    weft_object *list = ints(v.self, 0, 100, 1); /* cached ints, so all new memory is the set's */
    size_t before = values_bytes(v.self);
    weft_object *set = weft_set_new(v.self, NULL);
    for (int64_t i = 0; i < 100; i++) {
        weft_object *item = weft_list_get(v.self, list, i);
        CHECK_INT(weft_set_add(v.self, set, item), 1);
        weft_decref(v.self, item);
    }
    CHECK(values_bytes(v.self) - before <= 8408);
    weft_decref(v.self, list);
    weft_decref(v.self, set);
    values_close(&v);
}

/* ---- against bits ------------------------------------------------------------------------------------------------ */

enum { UNIVERSE = 64, SETS = 4 };

typedef struct model {
    weft_thread *self;
    weft_object *items[UNIVERSE];
    weft_object *sets[SETS];
    uint64_t bits[SETS];
} model;

static void model_check(model *m, weft_object *set, uint64_t bits)
{
    CHECK_INT(weft_set_size(m->self, set), __builtin_popcountll(bits));
    for (int i = 0; i < UNIVERSE; i++)
        CHECK_INT(weft_set_contains(m->self, set, m->items[i]), bits >> i & 1);
}

static void model_made(model *m, weft_object *set, uint64_t bits)
{
    if (CHECK(set != NULL)) {
        model_check(m, set, bits);
        weft_decref(m->self, set);
    }
}

static void model_pair(model *m, unsigned what, int i, int j)
{
    weft_thread *self = m->self;
    weft_object *a = m->sets[i], *b = m->sets[j];
    uint64_t x = m->bits[i], y = m->bits[j];
    switch (what) {
    case 0:
        CHECK_INT(weft_set_update(self, a, b), WEFT_OK);
        m->bits[i] |= y;
        break;
    case 1:
        CHECK_INT(weft_set_keep(self, a, b), WEFT_OK);
        m->bits[i] &= y;
        break;
    case 2:
        CHECK_INT(weft_set_subtract(self, a, b), WEFT_OK);
        m->bits[i] &= ~y;
        break;
    case 3:
        model_made(m, weft_set_union(self, a, b), x | y);
        break;
    case 4:
        model_made(m, weft_set_intersection(self, a, b), x & y);
        break;
    case 5:
        model_made(m, weft_set_difference(self, a, b), x & ~y);
        break;
    case 6:
        model_made(m, weft_set_exclusive(self, a, b), x ^ y);
        break;
    default:
        CHECK_INT(weft_set_is_subset(self, a, b), (x & ~y) == 0);
        CHECK_INT(weft_set_is_superset(self, a, b), (y & ~x) == 0);
        CHECK_INT(weft_set_is_disjoint(self, a, b), (x & y) == 0);
        CHECK_INT(weft_equal(self, a, b), x == y);
        break;
    }
}

static void model_step(model *m, uint64_t random)
{
    int i = (int)(random % SETS), j = (int)(random / SETS % SETS), at = (int)(random / 64 % UNIVERSE);
    unsigned what = (unsigned)(random >> 56);
    uint64_t bit = UINT64_C(1) << at;
    if (what < 90) {
        CHECK_INT(weft_set_add(m->self, m->sets[i], m->items[at]), !(m->bits[i] & bit));
        m->bits[i] |= bit;
    } else if (what < 180) {
        CHECK_INT(weft_set_remove(m->self, m->sets[i], m->items[at]), !!(m->bits[i] & bit));
        m->bits[i] &= ~bit;
    } else if (what < 200) {
        weft_object *item = NULL;
        CHECK_INT(weft_set_pop(m->self, m->sets[i], &item), m->bits[i] != 0);
        if (item != NULL) {
            int which = 0;
            while (m->items[which] != item)
                which++;
            CHECK(m->bits[i] >> which & 1);
            m->bits[i] &= ~(UINT64_C(1) << which);
            weft_decref(m->self, item);
        }
    } else if (what < 240) {
        CHECK_INT(weft_set_contains(m->self, m->sets[i], m->items[at]), !!(m->bits[i] & bit));
    } else {
        model_pair(m, what % 8, i, j);
    }
}

TEST_CASE(set, a million random operations do what they do to bits)
{
    values v = values_open();
    model m = {.self = v.self};
    uint64_t state = test_seed();
    for (int i = 0; i < UNIVERSE; i++)
        m.items[i] = i % 2 ? weft_int_new(v.self, 1000 + i) : weft_str_format(v.self, "item %d", i);
    for (int i = 0; i < SETS; i++)
        m.sets[i] = weft_set_new(v.self, NULL);
    int steps = test_scale(1000000);
    for (int step = 0; step < steps; step++) {
        model_step(&m, test_random(&state));
        if (step % 1000 == 0)
            model_check(&m, m.sets[step / 1000 % SETS], m.bits[step / 1000 % SETS]);
    }
    for (int i = 0; i < SETS; i++) {
        model_check(&m, m.sets[i], m.bits[i]);
        weft_decref(v.self, m.sets[i]);
    }
    for (int i = 0; i < UNIVERSE; i++) {
        CHECK_INT(weft_refcount(v.self, m.items[i]), 1);
        weft_decref(v.self, m.items[i]);
    }
    values_close(&v);
}

/* ---- without memory ------------------------------------------------------------------------------------------------ */

static bool try_new(weft_thread *self, void *arg)
{
    weft_object *set = weft_set_new(self, arg);
    weft_xdecref(self, set);
    return set != NULL;
}

static bool try_frozen(weft_thread *self, void *arg)
{
    weft_object *set = weft_frozenset_new(self, arg);
    weft_xdecref(self, set);
    return set != NULL;
}

typedef weft_object *(*binary)(weft_thread *, weft_object *, weft_object *);

static binary binary_now;

static bool try_binary(weft_thread *self, void *arg)
{
    weft_object **both = arg, *made = binary_now(self, both[0], both[1]);
    weft_xdecref(self, made);
    return made != NULL;
}

TEST_CASE(set, every allocation may fail and nothing changes)
{
    static const binary all[] = {weft_set_union, weft_set_intersection, weft_set_difference, weft_set_exclusive};
    values v = values_open();
    weft_object *list = ints(v.self, 0, 40, 1), *few = ints(v.self, 30, 40, 1);
    CHECK(values_exhaust(v.self, try_new, list) >= 5);
    CHECK(values_exhaust(v.self, try_frozen, list) >= 5);
    weft_object *both[2] = {weft_frozenset_new(v.self, list), weft_set_new(v.self, few)};
    weft_object *mixed[2] = {both[1], list};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        binary_now = all[i];
        CHECK(values_exhaust(v.self, try_binary, both) >= 3);
        CHECK(values_exhaust(v.self, try_binary, mixed) >= 3);
    }
    CHECK_INT(weft_set_size(v.self, both[0]), 40);
    CHECK_INT(weft_set_size(v.self, both[1]), 40);
    weft_decref(v.self, both[0]);
    weft_decref(v.self, both[1]);
    weft_decref(v.self, list);
    weft_decref(v.self, few);
    values_close(&v);
}
