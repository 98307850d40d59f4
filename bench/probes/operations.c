/* operations.c - what single operations on the built-in types cost one thread, which made all the objects involved.
 *
 * The value is that of the least disturbed of many short batches: whatever else the machine does can only add to it, and
 * these figures become ratios of the two flavours. References that an operation hands out are dropped again. */
#include "probes/probes.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/timing.h"

enum { ITEMS = 256, ROUNDS = 32, BATCHES = 300, TEXT = 32 };

/* What the operations work on: made before, dropped after. */
typedef struct fixture {
    weft_object *floats[ITEMS];
    weft_object *ints[ITEMS]; /* none of them from the cache */
    weft_object *strs[ITEMS];
    weft_object *list;              /* the floats */
    weft_object *by_str, *by_int;   /* the floats by the others */
    weft_object *instance;          /* the first four floats */
    char texts[ITEMS][TEXT];        /* of strs */
    const weft_type *instance_type; /* of `instance` */
} fixture;

enum { SLOTS = 4 };

/* A batch's part: ITEMS operations, or an error. */
typedef weft_status (*operation)(weft_thread *self, fixture *f);

static weft_status fill_containers(weft_thread *self, fixture *f)
{
    weft_status status = WEFT_OK;
    for (size_t i = 0; status == WEFT_OK && i < ITEMS; i++) {
        status = weft_list_append(self, f->list, f->floats[i]);
        if (status == WEFT_OK)
            status = weft_dict_set(self, f->by_str, f->strs[i], f->floats[i]);
        if (status == WEFT_OK)
            status = weft_dict_set(self, f->by_int, f->ints[i], f->floats[i]);
    }
    for (int64_t i = 0; status == WEFT_OK && i < SLOTS; i++)
        status = weft_instance_set(self, f->instance, i, f->floats[i]);
    return status;
}

static weft_status fixture_make(weft_thread *self, fixture *f)
{
    static const char *const slots[SLOTS] = {"a", "b", "c", "d"};
    for (size_t i = 0; i < ITEMS; i++) {
        int size = snprintf(f->texts[i], TEXT, "the key number %zu", i);
        f->floats[i] = weft_float_new(self, (double)i);
        f->ints[i] = weft_int_new(self, (int64_t)(i * 7919 + 100000));
        f->strs[i] = weft_str_new(self, f->texts[i], (size_t)size);
        if (!f->floats[i] || !f->ints[i] || !f->strs[i])
            return weft_error_status();
    }
    f->list = weft_list_new(self, 0);
    f->by_str = weft_dict_new(self);
    f->by_int = weft_dict_new(self);
    f->instance_type = weft_instance_type(self, "four", slots, SLOTS);
    f->instance = f->instance_type ? weft_instance_new(self, f->instance_type) : NULL;
    if (!f->list || !f->by_str || !f->by_int || !f->instance)
        return weft_error_status();
    return fill_containers(self, f);
}

static void fixture_drop(weft_thread *self, fixture *f)
{
    for (size_t i = 0; i < ITEMS; i++) {
        weft_xdecref(self, f->floats[i]);
        weft_xdecref(self, f->ints[i]);
        weft_xdecref(self, f->strs[i]);
    }
    weft_xdecref(self, f->list);
    weft_xdecref(self, f->by_str);
    weft_xdecref(self, f->by_int);
    weft_xdecref(self, f->instance);
}

/* The best of many batches in ns an operation. */
static double best_batch(weft_thread *self, fixture *f, operation run)
{
    double best = -1;
    for (int i = 0; i < BATCHES; i++) {
        double start = seconds_now();
        for (int round = 0; round < ROUNDS; round++)
            if (run(self, f) < 0)
                return -1;
        double ns = (seconds_now() - start) * 1e9 / ROUNDS / ITEMS;
        if (best < 0 || ns < best)
            best = ns;
        weft_safepoint(self);
    }
    return best;
}

static double measure(weft_thread *self, operation run)
{
    double ns = -1;
    fixture *f = calloc(1, sizeof *f);
    if (!f)
        return weft_error_set(WEFT_ERROR_MEMORY, "no memory for the operands");
    if (fixture_make(self, f) == WEFT_OK)
        ns = best_batch(self, f, run);
    fixture_drop(self, f);
    free(f);
    return ns;
}

#define OPERATION(name)                                           \
    static weft_status run_##name(weft_thread *self, fixture *f); \
    double probe_op_##name(weft_thread *self, uint32_t threads)   \
    {                                                             \
        (void)threads;                                            \
        return measure(self, run_##name);                         \
    }                                                             \
    static weft_status run_##name(weft_thread *self, fixture *f)

/* ---- list ------------------------------------------------------------------------------------------------------- */

/* In an order that no loop over the list has. */
OPERATION(list_get)
{
    for (size_t i = 0; i < ITEMS; i++) {
        weft_object *item = weft_list_get(self, f->list, (int64_t)(i * 37 % ITEMS));
        if (!item)
            return weft_error_status();
        weft_decref(self, item);
    }
    return WEFT_OK;
}

OPERATION(list_set)
{
    for (size_t i = 0; i < ITEMS; i++) {
        weft_status status = weft_list_set(self, f->list, (int64_t)i, f->floats[i]);
        if (status < 0)
            return status;
    }
    return WEFT_OK;
}

/* A list from nothing: its making, its growth and its end are in the figure, spread over the items. */
OPERATION(list_append)
{
    weft_object *list = weft_list_new(self, 0);
    weft_status status = list ? WEFT_OK : weft_error_status();
    for (size_t i = 0; status == WEFT_OK && i < ITEMS; i++)
        status = weft_list_append(self, list, f->floats[i]);
    weft_xdecref(self, list);
    return status;
}

OPERATION(list_iterate)
{
    for (int64_t i = 0; i < weft_list_size(self, f->list); i++) {
        weft_object *item = weft_list_get(self, f->list, i);
        if (!item)
            return weft_error_status();
        weft_decref(self, item);
    }
    return WEFT_OK;
}

/* ---- dict ------------------------------------------------------------------------------------------------------- */

static inline weft_status get_all(weft_thread *self, weft_object *dict, weft_object *const *keys)
{
    for (size_t i = 0; i < ITEMS; i++) {
        weft_object *value;
        int found = weft_dict_get(self, dict, keys[i], &value);
        if (found != 1)
            return found < 0 ? (weft_status)found : weft_error_set(WEFT_ERROR_USER, "a key is missing");
        weft_decref(self, value);
    }
    return WEFT_OK;
}

static inline weft_status set_all(weft_thread *self, weft_object *dict, weft_object *const *keys,
                                  weft_object *const *values)
{
    for (size_t i = 0; i < ITEMS; i++) {
        weft_status status = weft_dict_set(self, dict, keys[i], values[i]);
        if (status < 0)
            return status;
    }
    return WEFT_OK;
}

static inline weft_status iterate(weft_thread *self, weft_object *dict)
{
    size_t position = 0;
    weft_object *key, *value;
    int more;
    while ((more = weft_dict_next(self, dict, &position, &key, &value)) == 1) {
        weft_decref(self, key);
        weft_decref(self, value);
    }
    return (weft_status)more;
}

OPERATION(dict_get_str)
{
    return get_all(self, f->by_str, f->strs);
}

OPERATION(dict_get_int)
{
    return get_all(self, f->by_int, f->ints);
}

OPERATION(dict_set_str)
{
    return set_all(self, f->by_str, f->strs, f->floats);
}

OPERATION(dict_set_int)
{
    return set_all(self, f->by_int, f->ints, f->floats);
}

OPERATION(dict_iterate_str)
{
    return iterate(self, f->by_str);
}

OPERATION(dict_iterate_int)
{
    return iterate(self, f->by_int);
}

/* ---- str -------------------------------------------------------------------------------------------------------- */

OPERATION(str_concat)
{
    for (size_t i = 0; i < ITEMS; i++) {
        weft_object *both = weft_str_concat(self, f->strs[i], f->strs[ITEMS - 1 - i]);
        if (!both)
            return weft_error_status();
        weft_decref(self, both);
    }
    return WEFT_OK;
}

/* Of a fresh str: the hash of one that was asked before is only fetched. */
OPERATION(str_hash)
{
    for (size_t i = 0; i < ITEMS; i++) {
        uint64_t hash;
        weft_object *str = weft_str_new(self, f->texts[i], TEXT / 2);
        weft_status status = str ? weft_hash(self, str, &hash) : weft_error_status();
        weft_xdecref(self, str);
        if (status < 0)
            return status;
    }
    return WEFT_OK;
}

/* ---- instance, float -------------------------------------------------------------------------------------------- */

OPERATION(slot_get)
{
    for (size_t i = 0; i < ITEMS; i++) {
        weft_object *value = weft_instance_get(self, f->instance, (int64_t)(i % SLOTS));
        if (!value)
            return weft_error_status();
        weft_decref(self, value);
    }
    return WEFT_OK;
}

OPERATION(slot_set)
{
    for (size_t i = 0; i < ITEMS; i++) {
        weft_status status = weft_instance_set(self, f->instance, (int64_t)(i % SLOTS), f->floats[i]);
        if (status < 0)
            return status;
    }
    return WEFT_OK;
}

OPERATION(float_add)
{
    for (size_t i = 0; i < ITEMS; i++) {
        weft_object *sum = weft_float_add(self, f->floats[i], f->floats[ITEMS - 1 - i]);
        if (!sum)
            return weft_error_status();
        weft_decref(self, sum);
    }
    return WEFT_OK;
}
