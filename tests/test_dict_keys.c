/* test_dict_keys.c - dicts whose keys' equality runs code: it changes the dict, blocks, or fails. All these keys share one
 * hash, so that every search asks. */
#include "values.h"

/* What the next comparison does, beside comparing. */
typedef struct actor {
    void (*run)(weft_thread *self, struct actor *act);
    weft_object *dict;
    const weft_type *type;
    int64_t next; /* number of the next key that it puts in */
    int calls;    /* comparisons so far */
    int fail_at;  /* the call that fails, or 0 */
    int most;     /* of `calls`, in which it acts */
} actor;

typedef struct acting_key {
    weft_object object;
    int64_t number;
    actor *act;
} acting_key;

static acting_key *key_of(weft_object *o)
{
    return (acting_key *)(void *)o;
}

static weft_status acting_hash(weft_thread *self, weft_object *o, uint64_t *hash)
{
    (void)self;
    *hash = key_of(o)->number >= 0 ? 77 : 78;
    return WEFT_OK;
}

static int acting_equal(weft_thread *self, weft_object *a, weft_object *b)
{
    if (weft_type_index(a) != weft_type_index(b))
        return 0;
    actor *act = key_of(a)->act;
    if (++act->calls == act->fail_at)
        return weft_error_set(WEFT_ERROR_USER, "comparison %d failed", act->calls);
    if (act->run && act->calls <= act->most)
        act->run(self, act);
    return key_of(a)->number == key_of(b)->number;
}

static const weft_type_spec acting_spec = {
    .name = "acting_key", .size = sizeof(acting_key), .hash = acting_hash, .equal = acting_equal};

static weft_object *acting_new(weft_thread *self, actor *act, int64_t number)
{
    weft_object *o = weft_new(self, act->type);
    CHECK(o != NULL);
    key_of(o)->number = number;
    key_of(o)->act = act;
    return o;
}

static void put(weft_thread *self, actor *act, int64_t number)
{
    weft_object *key = acting_new(self, act, number), *value = weft_int_new(self, number * 1000);
    CHECK_INT(weft_dict_set(self, act->dict, key, value), WEFT_OK);
    weft_decref(self, key);
    weft_decref(self, value);
}

/* The value under `number` / 1000, or -1. */
static int64_t look(weft_thread *self, actor *act, int64_t number)
{
    weft_object *key = acting_new(self, act, number), *value = NULL;
    int64_t result = -1000;
    if (weft_dict_get(self, act->dict, key, &value) == 1) {
        CHECK_INT(weft_int_value(self, value, &result), WEFT_OK);
        weft_decref(self, value);
    }
    weft_decref(self, key);
    return result / 1000;
}

/* Opens a dict with `count` keys of one hash. */
static actor act_open(weft_thread *self, int count)
{
    actor a = {.dict = weft_dict_new(self), .type = weft_type_register(self, &acting_spec)};
    CHECK(a.type != NULL);
    for (int i = 0; i < count; i++)
        put(self, &a, i);
    a.calls = 0;
    a.most = 1000000;
    return a;
}

/* Points all keys in the dict to where `a` is now. */
static void act_moved(weft_thread *self, actor *a)
{
    size_t position = 0;
    weft_object *key;
    while (weft_dict_next(self, a->dict, &position, &key, NULL) == 1) {
        key_of(key)->act = a;
        weft_decref(self, key);
    }
}

#define OPEN(a, count)                   \
    values v = values_open();            \
    actor a = act_open(v.self, (count)); \
    act_moved(v.self, &a)

#define CLOSE(a)                 \
    a.run = NULL;                \
    weft_decref(v.self, a.dict); \
    values_close(&v)

TEST_CASE(dict_keys, keys of one hash are told apart by their equality)
{
    OPEN(a, 50);
    for (int i = 0; i < 50; i++)
        CHECK_INT(look(v.self, &a, i), i);
    CHECK_INT(look(v.self, &a, 50), -1);
    CHECK_INT(weft_dict_size(v.self, a.dict), 50);
    CLOSE(a);
}

TEST_CASE(dict_keys, a failing comparison is an error and changes nothing)
{
    OPEN(a, 20);
    weft_object *key = acting_new(v.self, &a, 19), *fresh = acting_new(v.self, &a, 20), *out = key;
    for (int at = 1; at <= 19; at++) {
        a.calls = 0;
        a.fail_at = at;
        CHECK_FAILS(weft_dict_get(v.self, a.dict, key, &out), WEFT_ERROR_USER, "failed");
        a.calls = 0;
        CHECK_FAILS(weft_dict_set(v.self, a.dict, fresh, key), WEFT_ERROR_USER, "failed");
        a.calls = 0;
        CHECK_FAILS(weft_dict_set(v.self, a.dict, key, key), WEFT_ERROR_USER, "failed");
        a.calls = 0;
        CHECK_FAILS(weft_dict_pop(v.self, a.dict, key, &out), WEFT_ERROR_USER, "failed");
        a.calls = 0;
        CHECK_FAILS(weft_dict_set_default(v.self, a.dict, fresh, key, &out), WEFT_ERROR_USER, "failed");
        a.calls = 0;
        CHECK_FAILS(weft_dict_replace(v.self, a.dict, fresh, NULL, key), WEFT_ERROR_USER, "failed");
        a.calls = 0;
        CHECK_FAILS(weft_dict_contains(v.self, a.dict, key), WEFT_ERROR_USER, "failed");
        CHECK_PTR(out, key);
    }
    a.fail_at = 0;
    CHECK_INT(weft_dict_size(v.self, a.dict), 20);
    for (int i = 0; i < 20; i++)
        CHECK_INT(look(v.self, &a, i), i);
    CHECK_INT(weft_refcount(v.self, key), 1);
    CHECK_INT(weft_refcount(v.self, fresh), 1);
    weft_decref(v.self, key);
    weft_decref(v.self, fresh);
    CLOSE(a);
}

static void insert_other(weft_thread *self, actor *act)
{
    weft_object *key = weft_int_new(self, 100000 + act->next++);
    CHECK_INT(weft_dict_set(self, act->dict, key, &weft_none), WEFT_OK);
    weft_decref(self, key);
}

TEST_CASE(dict_keys, a comparison that puts in a new key each time ends the search all the same)
{
    OPEN(a, 10);
    a.run = insert_other;
    CHECK_INT(look(v.self, &a, 9), 9);
    CHECK_INT(look(v.self, &a, 10), -1);
    put(v.self, &a, 10);
    CHECK_INT(look(v.self, &a, 10), 10);
    CHECK_INT(weft_dict_size(v.self, a.dict), 11 + a.next);
    CLOSE(a);
}

static void clear_all(weft_thread *self, actor *act)
{
    CHECK_INT(weft_dict_clear(self, act->dict), WEFT_OK);
}

TEST_CASE(dict_keys, a comparison that clears the dict leaves a whole dict)
{
    for (int i = 0; i < 4; i++) {
        OPEN(a, 10);
        a.run = clear_all;
        a.most = i;
        CHECK_INT(look(v.self, &a, 5), i == 0 ? 5 : -1);
        CHECK_INT(weft_dict_size(v.self, a.dict), i == 0 ? 10 : 0);
        a.run = NULL;
        put(v.self, &a, 3);
        CHECK_INT(look(v.self, &a, 3), 3);
        CLOSE(a);
    }
}

/* Takes out the keys and puts in equal ones, other objects. */
static void swap_keys(weft_thread *self, actor *act)
{
    act->run = NULL;
    for (int i = 0; i < 5; i++) {
        weft_object *key = acting_new(self, act, i);
        CHECK_INT(weft_dict_pop(self, act->dict, key, NULL), 1);
        weft_decref(self, key);
        put(self, act, i);
    }
    act->run = swap_keys;
}

TEST_CASE(dict_keys, a comparison that replaces the keys by equal ones does not make two of one)
{
    OPEN(a, 5);
    a.run = swap_keys;
    a.most = 3;
    put(v.self, &a, 4);
    CHECK_INT(weft_dict_size(v.self, a.dict), 5);
    a.calls = 0;
    put(v.self, &a, 5);
    CHECK_INT(weft_dict_size(v.self, a.dict), 6);
    a.run = NULL;
    for (int i = 0; i <= 5; i++)
        CHECK_INT(look(v.self, &a, i), i);
    CLOSE(a);
}

/* The very key that is being set goes in by another way. */
static void put_same(weft_thread *self, actor *act)
{
    act->run = NULL;
    put(self, act, act->next);
    act->run = put_same;
}

TEST_CASE(dict_keys, a key put in by the comparison is found by the search that caused it)
{
    OPEN(a, 5);
    a.run = put_same;
    a.next = 9;
    a.most = 1;
    weft_object *key = acting_new(v.self, &a, 9), *out = NULL;
    CHECK_INT(weft_dict_set_default(v.self, a.dict, key, &weft_true, &out), 1);
    CHECK(out != &weft_true && weft_is_int(out));
    CHECK_INT(weft_dict_size(v.self, a.dict), 6);
    weft_xdecref(v.self, out);
    weft_decref(v.self, key);
    CLOSE(a);
}

static void remove_found(weft_thread *self, actor *act)
{
    act->run = NULL;
    weft_object *key = acting_new(self, act, 3);
    CHECK(weft_dict_pop(self, act->dict, key, NULL) >= 0);
    weft_decref(self, key);
    act->run = remove_found;
}

TEST_CASE(dict_keys, a key removed while it is compared is not found)
{
    OPEN(a, 5);
    a.run = remove_found;
    a.most = 4; /* the search for 3 compares it with 0, 1, 2, and then it is gone */
    CHECK_INT(look(v.self, &a, 3), -1);
    CHECK_INT(weft_dict_size(v.self, a.dict), 4);
    a.calls = 0;
    put(v.self, &a, 3);
    CHECK_INT(weft_dict_size(v.self, a.dict), 5);
    CLOSE(a);
}

static void block(weft_thread *self, actor *act)
{
    (void)act;
    CHECK_INT(weft_block_begin(self), WEFT_OK);
    CHECK_INT(weft_block_end(self), WEFT_OK);
    weft_safepoint(self);
}

TEST_CASE(dict_keys, a comparison may block and pass safepoints)
{
    OPEN(a, 20);
    a.run = block;
    for (int i = 0; i < 20; i++)
        CHECK_INT(look(v.self, &a, i), i);
    put(v.self, &a, 30);
    CHECK_INT(look(v.self, &a, 30), 30);
    CLOSE(a);
}

/* Changes the dict at random at each comparison, not deeper than once. */
static void anything(weft_thread *self, actor *act)
{
    static uint64_t state;
    if (state == 0)
        state = test_seed();
    act->run = NULL;
    uint64_t random = test_random(&state);
    weft_object *key = acting_new(self, act, (int64_t)(random % 12)), *out = NULL;
    switch (random >> 61) {
    case 0:
        if (random >> 50 & 15)
            break;
        CHECK_INT(weft_dict_clear(self, act->dict), WEFT_OK);
        break;
    case 1:
    case 2:
        CHECK(weft_dict_pop(self, act->dict, key, NULL) >= 0);
        break;
    case 3:
    case 4:
        CHECK_INT(weft_dict_set(self, act->dict, key, &weft_none), WEFT_OK);
        break;
    case 5:
        CHECK(weft_dict_set_default(self, act->dict, key, &weft_true, &out) >= 0);
        weft_xdecref(self, out);
        break;
    default:
        insert_other(self, act);
    }
    weft_decref(self, key);
    act->run = anything;
}

/* Every key is there once. */
static void check_no_twins(weft_thread *self, weft_object *dict)
{
    bool seen[16] = {false};
    size_t position = 0;
    weft_object *key;
    int64_t count = 0;
    while (weft_dict_next(self, dict, &position, &key, NULL) == 1) {
        if (!weft_is_int(key)) {
            CHECK(!seen[key_of(key)->number]);
            seen[key_of(key)->number] = true;
        }
        weft_decref(self, key);
        count++;
    }
    CHECK_INT(weft_dict_size(self, dict), count);
}

TEST_CASE(dict_keys, comparisons that change the dict at random never leave a key twice)
{
    OPEN(a, 8);
    a.run = anything;
    uint64_t state = test_seed();
    for (int i = test_scale(20000); i-- > 0;) {
        uint64_t random = test_random(&state);
        weft_object *key = acting_new(v.self, &a, (int64_t)(random % 12)), *out = NULL;
        if (random >> 63)
            CHECK_INT(weft_dict_set(v.self, a.dict, key, &weft_none), WEFT_OK);
        else if (random >> 62 & 1)
            CHECK(weft_dict_pop(v.self, a.dict, key, NULL) >= 0);
        else
            CHECK(weft_dict_get(v.self, a.dict, key, &out) >= 0);
        weft_xdecref(v.self, out);
        weft_decref(v.self, key);
        check_no_twins(v.self, a.dict);
        if (weft_dict_size(v.self, a.dict) > 1000)
            CHECK_INT(weft_dict_clear(v.self, a.dict), WEFT_OK);
    }
    CLOSE(a);
}

TEST_CASE(dict_keys, a search that asks many keys may run out of memory and says so)
{
    OPEN(a, 60);
    weft_object *key = acting_new(v.self, &a, 59), *out = NULL;
    CHECK_INT(weft_fail_allocation(v.self, 1, true), WEFT_OK);
    CHECK_FAILS(weft_dict_get(v.self, a.dict, key, &out), WEFT_ERROR_MEMORY, "");
    CHECK_FAILS(weft_dict_set(v.self, a.dict, key, key), WEFT_ERROR_MEMORY, "");
    CHECK_INT(weft_fail_allocation(v.self, 0, false), WEFT_OK);
    CHECK(out == NULL);
    CHECK_INT(weft_refcount(v.self, key), 1);
    CHECK_INT(weft_dict_size(v.self, a.dict), 60);
    weft_decref(v.self, key);
    CLOSE(a);
}
