/* test_weak_dict.c - weak dicts: entries go with their weak side. */
#include "values.h"

static int64_t number(weft_thread *self, weft_object *o)
{
    int64_t value = -1;
    CHECK_INT(weft_int_value(self, o, &value), WEFT_OK);
    return value;
}

/* An int that is no constant. */
static weft_object *big(weft_thread *self, int64_t n)
{
    weft_object *o = weft_int_new(self, 1000000 + n);
    CHECK(o != NULL);
    return o;
}

TEST_CASE(weak_dict, a value that dies takes its entry along)
{
    values v = values_open();
    weft_object *d = weft_weak_dict_new(v.self, WEFT_WEAK_VALUES), *value = NULL;
    weft_object *a = big(v.self, 1), *b = big(v.self, 2), *key_a = values_str(v.self, "key a"),
                *key_b = values_str(v.self, "key b");
    REQUIRE(d != NULL);
    CHECK(weft_is_weak_dict(d));
    CHECK_INT(weft_weak_dict_set(v.self, d, key_a, a), WEFT_OK);
    CHECK_INT(weft_weak_dict_set(v.self, d, key_b, b), WEFT_OK);
    CHECK_INT(weft_weak_dict_size(v.self, d), 2);
    CHECK_INT(weft_weak_dict_get(v.self, d, key_a, &value), 1);
    CHECK_PTR(value, a);
    weft_xdecref(v.self, value);
    CHECK_INT(weft_refcount(v.self, key_a), 2);
    weft_decref(v.self, a);
    CHECK_INT(weft_refcount(v.self, key_a), 1); /* the entry is gone, not only empty */
    CHECK_INT(weft_weak_dict_size(v.self, d), 1);
    CHECK_INT(weft_weak_dict_get(v.self, d, key_a, &value), 0);
    CHECK(value == NULL);
    CHECK_INT(weft_weak_dict_pop(v.self, d, key_b, &value), 1);
    CHECK_INT(number(v.self, value), 1000002);
    weft_decref(v.self, value);
    CHECK_INT(weft_weak_dict_pop(v.self, d, key_b, NULL), 0);
    weft_decref(v.self, b);
    weft_decref(v.self, key_a);
    weft_decref(v.self, key_b);
    weft_decref(v.self, d);
    values_close(&v);
}

TEST_CASE(weak_dict, a key that dies takes its entry along)
{
    values v = values_open();
    weft_object *d = weft_weak_dict_new(v.self, WEFT_WEAK_KEYS), *value = NULL;
    weft_object *key = big(v.self, 1), *same = big(v.self, 1), *a = big(v.self, 7);
    CHECK_INT(weft_weak_dict_set(v.self, d, key, a), WEFT_OK);
    CHECK_INT(weft_weak_dict_get(v.self, d, same, &value), 1); /* by value */
    CHECK_PTR(value, a);
    weft_xdecref(v.self, value);
    CHECK_INT(weft_refcount(v.self, a), 2);
    CHECK_INT(weft_refcount(v.self, key), 1);
    weft_decref(v.self, key);
    CHECK_INT(weft_refcount(v.self, a), 1);
    CHECK_INT(weft_weak_dict_get(v.self, d, same, &value), 0);
    CHECK_INT(weft_weak_dict_size(v.self, d), 0);
    weft_decref(v.self, same);
    weft_decref(v.self, a);
    weft_decref(v.self, d);
    values_close(&v);
}

TEST_CASE(weak_dict, setting again replaces)
{
    values v = values_open();
    for (int side = WEFT_WEAK_KEYS; side <= WEFT_WEAK_VALUES; side++) {
        weft_object *d = weft_weak_dict_new(v.self, (weft_weak_side)side), *value = NULL;
        weft_object *key = big(v.self, 1), *same = big(v.self, 1), *a = big(v.self, 7), *b = big(v.self, 8);
        CHECK_INT(weft_weak_dict_set(v.self, d, key, a), WEFT_OK);
        CHECK_INT(weft_weak_dict_set(v.self, d, same, b), WEFT_OK);
        CHECK_INT(weft_weak_dict_size(v.self, d), 1);
        CHECK_INT(weft_weak_dict_get(v.self, d, key, &value), 1);
        CHECK_PTR(value, b);
        weft_xdecref(v.self, value);
        weft_decref(v.self, a); /* the entry that was replaced takes nothing along */
        CHECK_INT(weft_weak_dict_size(v.self, d), 1);
        weft_decref(v.self, key);
        weft_decref(v.self, same);
        weft_decref(v.self, b);
        CHECK_INT(weft_weak_dict_size(v.self, d), 0);
        weft_decref(v.self, d);
    }
    values_close(&v);
}

TEST_CASE(weak_dict, it dies before its referents)
{
    values v = values_open();
    weft_object *d = weft_weak_dict_new(v.self, WEFT_WEAK_KEYS), *e = weft_weak_dict_new(v.self, WEFT_WEAK_VALUES);
    weft_object *a = big(v.self, 1), *b = big(v.self, 2);
    CHECK_INT(weft_weak_dict_set(v.self, d, a, b), WEFT_OK);
    CHECK_INT(weft_weak_dict_set(v.self, e, b, a), WEFT_OK);
    CHECK_FAILS(weft_weak_dict_set(v.self, d, d, a), WEFT_ERROR_TYPE, "hashable");
    weft_decref(v.self, d);
    weft_decref(v.self, e);
    CHECK_INT(weft_weak_count(v.self, a), 0);
    CHECK_INT(weft_refcount(v.self, b), 1);
    weft_decref(v.self, a);
    weft_decref(v.self, b);
    values_close(&v);
}

TEST_CASE(weak_dict, constants stay)
{
    values v = values_open();
    weft_object *d = weft_weak_dict_new(v.self, WEFT_WEAK_VALUES), *value = NULL;
    CHECK_INT(weft_weak_dict_set(v.self, d, &weft_none, &weft_true), WEFT_OK);
    CHECK_INT(weft_weak_dict_get(v.self, d, &weft_none, &value), 1);
    CHECK_PTR(value, &weft_true);
    weft_object *items = weft_weak_dict_items(v.self, d);
    CHECK_INT(weft_list_size(v.self, items), 1);
    weft_decref(v.self, items);
    weft_decref(v.self, d);
    values_close(&v);
}

TEST_CASE(weak_dict, against an array)
{
    values v = values_open();

    enum { KEYS = 300 };

    static weft_object *keys[KEYS], *held[KEYS];
    weft_object *d = weft_weak_dict_new(v.self, WEFT_WEAK_VALUES);
    uint64_t state = test_seed();
    for (int i = 0; i < KEYS; i++)
        keys[i] = big(v.self, i);
    int64_t size = 0;
    for (int n = test_scale(100000); n > 0; n--) {
        int i = (int)(test_random(&state) % KEYS);
        weft_object *value = NULL;
        CHECK_INT(weft_weak_dict_get(v.self, d, keys[i], &value), held[i] != NULL);
        CHECK_PTR(value, held[i]);
        weft_xdecref(v.self, value);
        if (held[i] != NULL) {
            weft_decref(v.self, held[i]);
            held[i] = NULL;
            size--;
        } else {
            held[i] = big(v.self, n);
            CHECK_INT(weft_weak_dict_set(v.self, d, keys[i], held[i]), WEFT_OK);
            size++;
        }
    }
    CHECK_INT(weft_weak_dict_size(v.self, d), size);
    for (int i = 0; i < KEYS; i++) {
        weft_decref(v.self, keys[i]);
        weft_xdecref(v.self, held[i]);
    }
    weft_decref(v.self, d);
    values_close(&v);
}

typedef struct setting {
    weft_object *dict, *key, *value;
} setting;

static bool set_once(weft_thread *self, void *arg)
{
    setting *s = arg;
    weft_object *d = weft_weak_dict_new(self, WEFT_WEAK_KEYS);
    bool set = d != NULL && weft_weak_dict_set(self, d, s->key, s->value) == WEFT_OK;
    weft_object *items = set ? weft_weak_dict_items(self, d) : NULL;
    weft_xdecref(self, items);
    weft_xdecref(self, d);
    return items != NULL;
}

TEST_CASE(weak_dict, running out of memory)
{
    values v = values_open();
    setting s = {NULL, big(v.self, 1), big(v.self, 2)};
    weft_object *warm = weft_weak_new(v.self, s.key, NULL, NULL);
    CHECK(values_exhaust(v.self, set_once, &s) >= 5);
    weft_decref(v.self, warm);
    weft_decref(v.self, s.key);
    weft_decref(v.self, s.value);
    values_close(&v);
}

TEST_CASE(weak_dict, bad arguments are errors)
{
    values v = values_open();
    weft_object *d = weft_weak_dict_new(v.self, WEFT_WEAK_KEYS), *list = weft_list_new(v.self, 0), *value = NULL;
    CHECK_NULL(weft_weak_dict_new(v.self, (weft_weak_side)2), WEFT_ERROR_VALUE, "side is 2");
    CHECK_FAILS(weft_weak_dict_set(v.self, list, list, list), WEFT_ERROR_TYPE, "weak_dict expected, got list");
    CHECK_FAILS(weft_weak_dict_set(v.self, d, NULL, list), WEFT_ERROR_VALUE, "key is NULL");
    CHECK_FAILS(weft_weak_dict_set(v.self, d, &weft_none, NULL), WEFT_ERROR_VALUE, "value is NULL");
    CHECK_FAILS(weft_weak_dict_set(v.self, d, list, &weft_none), WEFT_ERROR_TYPE, "hashable");
    CHECK_FAILS(weft_weak_dict_get(v.self, d, list, &value), WEFT_ERROR_TYPE, "hashable");
    CHECK_FAILS(weft_weak_dict_pop(v.self, d, NULL, &value), WEFT_ERROR_VALUE, "key is NULL");
    CHECK_FAILS((int)weft_weak_dict_size(v.self, list), WEFT_ERROR_TYPE, "weak_dict expected");
    weft_decref(v.self, list);
    weft_decref(v.self, d);
    values_close(&v);
}

/* ---- several threads ------------------------------------------------------------------------------------------------- */

typedef struct cache {
    weft_runtime *runtime;
    weft_object *dict;
    int rounds;
} cache;

/* A cache as programs use it: look, or make and enter. */
static void cache_run(int index, void *arg)
{
    cache *c = arg;
    uint64_t state = test_seed() + (uint64_t)index;
    VALUES_THREAD(self, c->runtime);
    for (int i = 0; i < c->rounds; i++) {
        int64_t n = (int64_t)(test_random(&state) % 32);
        weft_object *key = big(self, n), *value = NULL;
        int there = weft_weak_dict_get(self, c->dict, key, &value);
        if (there == 0) {
            value = big(self, n + 500);
            CHECK_INT(weft_weak_dict_set(self, c->dict, key, value), WEFT_OK);
        }
        CHECK_INT(number(self, value), 1000500 + n);
        weft_decref(self, value);
        weft_decref(self, key);
        weft_safepoint(self);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(stress_weak_dict, a cache of several threads)
{
    values v = values_open();
    cache c = {v.runtime, weft_weak_dict_new(v.self, WEFT_WEAK_VALUES), test_scale(20000)};
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(4, cache_run, &c);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    for (int i = 0; i < 3; i++)
        weft_safepoint(v.self);
    CHECK_INT(weft_weak_dict_size(v.self, c.dict), 0);
    weft_decref(v.self, c.dict);
    values_close(&v);
}
