/* sequences.h - for the tests of lists, sets, deques and iterators: lists of ints written out, and what repr makes of
 * an object; and objects whose equality does something. */
#ifndef WEFT_TESTS_SEQUENCES_H
#define WEFT_TESTS_SEQUENCES_H

#include "values.h"

#define CHECK_REPR(self, o, text) CHECK_TEXT((self), weft_repr((self), (o)), (text))

/* The same of an object that is dropped. */
#define CHECK_MADE(self, made, text)                              \
    do {                                                          \
        weft_object *made_ = (made);                              \
        if (CHECK(made_ != NULL)) {                               \
            CHECK_TEXT((self), weft_repr((self), made_), (text)); \
            weft_decref((self), made_);                           \
        }                                                         \
    } while (0)

/* A list of `count` ints from `first` on, `step` apart. */
static inline weft_object *ints(weft_thread *self, int64_t first, int64_t count, int64_t step)
{
    weft_object *list = weft_list_new(self, 0);
    CHECK(list != NULL);
    for (int64_t i = 0; i < count; i++) {
        weft_object *item = weft_int_new(self, first + i * step);
        CHECK_INT(weft_list_append(self, list, item), WEFT_OK);
        weft_decref(self, item);
    }
    return list;
}

static inline int64_t int_of(weft_thread *self, weft_object *stolen)
{
    int64_t value = INT64_MIN;
    if (CHECK(stolen != NULL)) {
        CHECK_INT(weft_int_value(self, stolen, &value), WEFT_OK);
        weft_decref(self, stolen);
    }
    return value;
}

/* An object that is equal to others of its number; its hash is the same for all. Each comparison is counted, may fail,
 * and may run something. */
typedef struct odd_acts {
    int calls, fail_at; /* comparisons so far; the one that fails, or 0 */
    void (*run)(weft_thread *self, void *arg);
    void *arg;
} odd_acts;

static odd_acts odd_now; /* the tests of a file run one after another */

typedef struct odd {
    weft_object object;
    int64_t number;
} odd;

static inline int odd_equal(weft_thread *self, weft_object *a, weft_object *b)
{
    if (weft_type_index(a) != weft_type_index(b))
        return 0;
    int64_t x = ((odd *)(void *)a)->number, y = ((odd *)(void *)b)->number;
    if (++odd_now.calls == odd_now.fail_at)
        return weft_error_set(WEFT_ERROR_USER, "comparison %d failed", odd_now.calls);
    if (odd_now.run)
        odd_now.run(self, odd_now.arg);
    return x == y;
}

static inline weft_status odd_hash(weft_thread *self, weft_object *o, uint64_t *hash)
{
    (void)self;
    (void)o;
    *hash = 5;
    return WEFT_OK;
}

static inline const weft_type *odd_type(weft_thread *self)
{
    static const weft_type_spec spec = {.name = "odd", .size = sizeof(odd), .hash = odd_hash, .equal = odd_equal};
    const weft_type *type = weft_type_register(self, &spec);
    CHECK(type != NULL);
    odd_now = (odd_acts){0, 0, NULL, NULL};
    return type;
}

static inline weft_object *odd_new(weft_thread *self, const weft_type *type, int64_t number)
{
    weft_object *o = weft_new(self, type);
    if (CHECK(o != NULL))
        ((odd *)(void *)o)->number = number;
    return o;
}

/* A list of odds with the numbers from 0 to count - 1. */
static inline weft_object *odds(weft_thread *self, const weft_type *type, int64_t count)
{
    weft_object *list = weft_list_new(self, 0);
    for (int64_t i = 0; i < count; i++) {
        weft_object *item = odd_new(self, type, i);
        CHECK_INT(weft_list_append(self, list, item), WEFT_OK);
        weft_decref(self, item);
    }
    return list;
}

#endif
