/* test_dict_ops.c - dicts: swap, pop the last, lists of parts, copy, update; and peeks, alone and while others write. */
#include "sequences.h"

static weft_object *number_dict(weft_thread *self, int first, int count)
{
    weft_object *dict = weft_dict_new(self);
    for (int i = first; i < first + count; i++) {
        weft_object *key = weft_int_new(self, i), *value = weft_int_new(self, i + 1000);
        CHECK_INT(weft_dict_set(self, dict, key, value), WEFT_OK);
        weft_decref(self, key);
        weft_decref(self, value);
    }
    return dict;
}

TEST_CASE(dict_ops, swap gives back what was there)
{
    values v = values_open();
    weft_object *dict = weft_dict_new(v.self), *old = dict, *value = weft_float_new(v.self, 1);
    CHECK_INT(weft_dict_swap(v.self, dict, &weft_none, value, &old), 0);
    CHECK(old == NULL);
    CHECK_INT(weft_dict_swap(v.self, dict, &weft_none, &weft_true, &old), 1);
    CHECK_PTR(old, value);
    CHECK_INT(weft_refcount(v.self, value), 2);
    weft_decref(v.self, old);
    CHECK_FAILS(weft_dict_swap(v.self, dict, &weft_none, NULL, &old), WEFT_ERROR_VALUE, "the value is NULL");
    CHECK_FAILS(weft_dict_swap(v.self, dict, dict, value, &old), WEFT_ERROR_TYPE, "dict is not hashable");
    CHECK_FAILS(weft_dict_swap(v.self, value, dict, value, &old), WEFT_ERROR_TYPE, "dict expected, got float");
    CHECK_REPR(v.self, dict, "{none: true}");
    weft_decref(v.self, dict);
    weft_decref(v.self, value);
    values_close(&v);
}

TEST_CASE(dict_ops, the last entry that came is popped first)
{
    values v = values_open();
    weft_object *dict = number_dict(v.self, 0, 5), *key, *value, *two = weft_int_new(v.self, 2);
    CHECK_INT(weft_dict_pop(v.self, dict, two, NULL), 1);
    for (int i = 4; i >= 0; i--) {
        if (i == 2)
            continue;
        CHECK_INT(weft_dict_pop_last(v.self, dict, &key, &value), 1);
        CHECK_INT(int_of(v.self, key), i);
        CHECK_INT(int_of(v.self, value), i + 1000);
        if (i == 3) {
            CHECK_INT(weft_dict_set(v.self, dict, two, two), WEFT_OK);
            CHECK_INT(weft_dict_pop_last(v.self, dict, &key, &value), 1);
            CHECK_INT(int_of(v.self, key), 2);
            CHECK_INT(int_of(v.self, value), 2);
        }
    }
    CHECK_INT(weft_dict_pop_last(v.self, dict, &key, &value), 0);
    CHECK(key == NULL && value == NULL);
    CHECK_FAILS(weft_dict_pop_last(v.self, dict, NULL, &value), WEFT_ERROR_VALUE, "key is NULL");
    weft_decref(v.self, dict);
    values_close(&v);
}

TEST_CASE(dict_ops, pops and inserts in any order keep what should be there)
{
    enum { KEYS = 60 };

    values v = values_open();
    uint64_t state = test_seed();
    weft_object *dict = weft_dict_new(v.self), *keys[KEYS], *key, *value;
    int order[KEYS], count = 0;
    for (int i = 0; i < KEYS; i++)
        keys[i] = weft_int_new(v.self, 1000 + i);
    for (int step = 0; step < test_scale(300000); step++) {
        uint64_t random = test_random(&state);
        int which = (int)(random % KEYS), at = 0;
        while (at < count && order[at] != which)
            at++;
        if (random >> 60 < 8) {
            CHECK_INT(weft_dict_swap(v.self, dict, keys[which], keys[which], &value), at < count);
            weft_xdecref(v.self, value);
            if (at == count)
                order[count++] = which;
        } else if (random >> 60 < 12) {
            CHECK_INT(weft_dict_pop(v.self, dict, keys[which], NULL), at < count);
            if (at < count) {
                memmove(order + at, order + at + 1, (size_t)(count - at - 1) * sizeof(int));
                count--;
            }
        } else {
            CHECK_INT(weft_dict_pop_last(v.self, dict, &key, &value), count > 0);
            if (count > 0) {
                CHECK_PTR(key, keys[order[--count]]);
                weft_xdecref(v.self, key);
                weft_xdecref(v.self, value);
            }
        }
        if (!CHECK_INT(weft_dict_size(v.self, dict), count))
            break;
    }
    weft_decref(v.self, dict);
    for (int i = 0; i < KEYS; i++) {
        CHECK_INT(weft_refcount(v.self, keys[i]), 1);
        weft_decref(v.self, keys[i]);
    }
    values_close(&v);
}

TEST_CASE(dict_ops, lists of parts and copies and updates)
{
    values v = values_open();
    weft_object *dict = number_dict(v.self, 0, 3), *other = number_dict(v.self, 2, 3), *empty = weft_dict_new(v.self);
    CHECK_MADE(v.self, weft_dict_list(v.self, dict, WEFT_DICT_KEYS), "[0, 1, 2]");
    CHECK_MADE(v.self, weft_dict_list(v.self, dict, WEFT_DICT_VALUES), "[1000, 1001, 1002]");
    CHECK_MADE(v.self, weft_dict_list(v.self, dict, WEFT_DICT_ITEMS), "[(0, 1000), (1, 1001), (2, 1002)]");
    CHECK_MADE(v.self, weft_dict_list(v.self, empty, WEFT_DICT_ITEMS), "[]");
    CHECK_MADE(v.self, weft_dict_copy(v.self, empty), "{}");
    weft_object *copy = weft_dict_copy(v.self, dict);
    CHECK_INT(weft_equal(v.self, copy, dict), 1);
    CHECK_INT(weft_dict_update(v.self, copy, other), WEFT_OK);
    CHECK_REPR(v.self, copy, "{0: 1000, 1: 1001, 2: 1002, 3: 1003, 4: 1004}");
    CHECK_INT(weft_dict_update(v.self, copy, copy), WEFT_OK);
    CHECK_INT(weft_dict_update(v.self, copy, empty), WEFT_OK);
    CHECK_INT(weft_dict_size(v.self, copy), 5);
    CHECK_INT(weft_dict_size(v.self, dict), 3);
    CHECK_FAILS(weft_dict_update(v.self, copy, &weft_none), WEFT_ERROR_TYPE, "dict expected, got none");
    CHECK_NULL(weft_dict_copy(v.self, &weft_none), WEFT_ERROR_TYPE, "weft_dict_copy: dict expected");
    CHECK_NULL(weft_dict_list(v.self, dict, (weft_dict_part)3), WEFT_ERROR_VALUE, "no part 3");
    weft_object *all[] = {dict, other, empty, copy};
    for (size_t i = 0; i < 4; i++)
        weft_decref(v.self, all[i]);
    values_close(&v);
}

static bool try_copies(weft_thread *self, void *arg)
{
    weft_object *copy = weft_dict_copy(self, arg), *list = NULL, *other = NULL;
    if (copy != NULL)
        list = weft_dict_list(self, copy, WEFT_DICT_ITEMS);
    if (list != NULL)
        other = weft_dict_new(self);
    bool made = other != NULL && weft_dict_update(self, other, copy) == WEFT_OK;
    weft_xdecref(self, copy);
    weft_xdecref(self, list);
    weft_xdecref(self, other);
    return made;
}

TEST_CASE(dict_ops, every allocation may fail and nothing is left behind)
{
    values v = values_open();
    weft_object *dict = number_dict(v.self, 0, 20);
    CHECK(values_exhaust(v.self, try_copies, dict) >= 10);
    weft_decref(v.self, dict);
    values_close(&v);
}

/* ---- peeks ------------------------------------------------------------------------------------------------------------- */

TEST_CASE(peek, what is peeked at is what is there and has no reference more)
{
    values v = values_open();
    weft_object *dict = weft_dict_new(v.self), *list = weft_list_new(v.self, 0), *item = weft_float_new(v.self, 3);
    weft_object *key = weft_int_new(v.self, 5000), *same = weft_int_new(v.self, 5000), *found = dict;
    CHECK_INT(weft_dict_peek(v.self, dict, key, &found), 0);
    CHECK(found == NULL);
    CHECK_INT(weft_dict_set(v.self, dict, key, item), WEFT_OK);
    CHECK_INT(weft_list_append(v.self, list, item), WEFT_OK);
    CHECK_INT(weft_dict_peek(v.self, dict, key, &found), 1);
    CHECK_PTR(found, item);
    CHECK_INT(weft_dict_peek(v.self, dict, same, &found), 1);
    CHECK_PTR(found, item);
    CHECK_PTR(weft_list_peek(v.self, list, 0), item);
    CHECK_INT(weft_refcount(v.self, item), 3);
    CHECK_NULL(weft_list_peek(v.self, list, 1), WEFT_ERROR_INDEX, "weft_list_peek: index 1 is outside a list of 1");
    CHECK_NULL(weft_list_peek(v.self, dict, 1), WEFT_ERROR_TYPE, "list expected, got dict");
    CHECK_FAILS(weft_dict_peek(v.self, list, key, &found), WEFT_ERROR_TYPE, "dict expected, got list");
    CHECK_FAILS(weft_dict_peek(v.self, dict, list, &found), WEFT_ERROR_TYPE, "list is not hashable");
    CHECK_FAILS(weft_dict_peek(v.self, dict, NULL, &found), WEFT_ERROR_VALUE, "the key is NULL");
    CHECK_FAILS(weft_dict_peek(v.self, dict, key, NULL), WEFT_ERROR_VALUE, "value is NULL");
    weft_object *all[] = {dict, list, item, key, same};
    for (size_t i = 0; i < 5; i++)
        weft_decref(v.self, all[i]);
    for (int i = 0; i < 3; i++)
        weft_safepoint(v.self);
    values_close(&v);
}

TEST_CASE(peek, keys that only weft_equal can compare are found)
{
    values v = values_open();
    const weft_type *type = odd_type(v.self);
    weft_object *dict = weft_dict_new(v.self), *keys[5], *found = NULL;
    for (int i = 0; i < 5; i++) {
        keys[i] = odd_new(v.self, type, i);
        CHECK_INT(weft_dict_set(v.self, dict, keys[i], keys[i]), WEFT_OK);
    }
    weft_object *three = odd_new(v.self, type, 3), *nine = odd_new(v.self, type, 9);
    CHECK_INT(weft_dict_peek(v.self, dict, three, &found), 1);
    CHECK_PTR(found, keys[3]);
    CHECK_INT(weft_dict_peek(v.self, dict, nine, &found), 0);
    odd_now = (odd_acts){.fail_at = 2};
    CHECK_FAILS(weft_dict_peek(v.self, dict, three, &found), WEFT_ERROR_USER, "comparison 2");
    weft_decref(v.self, dict);
    for (int i = 0; i < 3; i++)
        weft_safepoint(v.self);
    for (int i = 0; i < 5; i++) {
        CHECK_INT(weft_refcount(v.self, keys[i]), 1);
        weft_decref(v.self, keys[i]);
    }
    weft_decref(v.self, three);
    weft_decref(v.self, nine);
    values_close(&v);
}

/* Peekers check that what they find is whole, as long as they pass no safepoint; writers replace, remove, move and clear. */
enum { PEEKED = 16, HOLD = 8, THREADS = 4 };

typedef struct stage {
    weft_runtime *runtime;
    weft_object *dict, *list;
    weft_object *keys[PEEKED];
    int rounds;
} stage;

/* A str of 40 characters, so that its memory is filled with something else when it is freed. */
static weft_object *whole_new(weft_thread *self, int number)
{
    return weft_str_format(self, "%020d%020d", number, number);
}

static void check_whole(weft_thread *self, const weft_object *o)
{
    size_t size = 0;
    const char *text = weft_str_utf8(self, o, &size);
    CHECK(text != NULL && size == 40 && memcmp(text, text + 20, 20) == 0);
}

static void peeker(weft_thread *self, stage *s, uint64_t *state)
{
    for (int round = 0; round < s->rounds; round++) {
        weft_object *held[HOLD];
        int count = 0;
        while (count < HOLD) {
            weft_object *found = NULL;
            if (test_random(state) & 1) {
                CHECK(weft_dict_peek(self, s->dict, s->keys[test_random(state) % PEEKED], &found) >= 0);
            } else if ((found = weft_list_peek(self, s->list, (int64_t)(test_random(state) % PEEKED))) == NULL) {
                weft_error_clear();
            }
            held[count++] = found;
        }
        for (int i = 0; i < HOLD; i++)
            if (held[i] != NULL)
                check_whole(self, held[i]);
        weft_safepoint(self);
    }
}

static void change_dict(weft_thread *self, stage *s, uint64_t random, weft_object *value)
{
    weft_object *key = s->keys[random % PEEKED], *other = NULL, *old = NULL;
    switch (random >> 8 & 15) {
    case 0:
        CHECK_INT(weft_dict_clear(self, s->dict), WEFT_OK);
        break;
    case 1:
    case 2:
        CHECK(weft_dict_pop(self, s->dict, key, &old) >= 0);
        break;
    case 3:
        CHECK(weft_dict_pop_last(self, s->dict, &other, &old) >= 0);
        break;
    case 4:
    case 5:
        CHECK(weft_dict_swap(self, s->dict, key, value, &old) >= 0);
        break;
    case 6:
        CHECK(weft_dict_pop(self, s->dict, key, NULL) >= 0);
        break;
    default:
        CHECK_INT(weft_dict_set(self, s->dict, key, value), WEFT_OK);
        break;
    }
    weft_xdecref(self, other);
    weft_xdecref(self, old);
}

static void change_list(weft_thread *self, stage *s, uint64_t random, weft_object *value)
{
    int64_t at = (int64_t)(random >> 16 & 15);
    weft_object *old = NULL;
    switch (random >> 8 & 15) {
    case 0:
        CHECK_INT(weft_list_clear(self, s->list), WEFT_OK);
        break;
    case 1:
        old = weft_list_pop(self, s->list, -1);
        break;
    case 2:
        old = weft_list_pop(self, s->list, at);
        break;
    case 3:
        (void)weft_list_slice_delete(self, s->list, at / 2, at, 1 + at % 2);
        break;
    case 4:
        (void)weft_list_sort(self, s->list, NULL, NULL);
        break;
    case 5:
        CHECK_INT(weft_list_reverse(self, s->list), WEFT_OK);
        break;
    case 6:
        (void)weft_list_swap(self, s->list, at, at / 2);
        break;
    case 7:
    case 8:
        (void)weft_list_insert(self, s->list, at, value);
        break;
    case 9:
        (void)weft_list_set(self, s->list, at, value);
        break;
    default:
        if (weft_list_size(self, s->list) < 2 * PEEKED)
            CHECK_INT(weft_list_append(self, s->list, value), WEFT_OK);
        break;
    }
    weft_error_clear();
    weft_xdecref(self, old);
}

static void writer(weft_thread *self, stage *s, uint64_t *state)
{
    for (int round = 0; round < s->rounds; round++) {
        uint64_t random = test_random(state);
        weft_object *value = whole_new(self, (int)(random >> 40 & 0xFFFF));
        if (random >> 63)
            change_dict(self, s, random, value);
        else
            change_list(self, s, random, value);
        weft_decref(self, value);
        weft_safepoint(self);
    }
}

static void peek_or_write(int index, void *arg)
{
    stage *s = arg;
    uint64_t state = test_seed() + (uint64_t)index;
    VALUES_THREAD(self, s->runtime);
    if (index % 2 == 0)
        peeker(self, s, &state);
    else
        writer(self, s, &state);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(stress_peek, what was peeked at stays whole until the next safepoint whatever others do)
{
    values v = values_open();
    stage s = {.runtime = v.runtime, .rounds = test_scale(60000)};
    s.dict = weft_dict_new(v.self);
    s.list = weft_list_new(v.self, 0);
    for (int i = 0; i < PEEKED; i++)
        s.keys[i] = i % 2 ? weft_int_new(v.self, 1000 + i) : weft_str_format(v.self, "key %d", i);
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(THREADS, peek_or_write, &s);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    weft_decref(v.self, s.dict);
    weft_decref(v.self, s.list);
    for (int i = 0; i < PEEKED; i++)
        weft_decref(v.self, s.keys[i]);
    for (int i = 0; i < 5; i++)
        weft_safepoint(v.self);
    values_close(&v);
}
