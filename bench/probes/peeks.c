/* peeks.c - tables that several threads read without counting, and sorting. */
#include "probes/probes.h"

#include <stdlib.h>
#include <time.h>

enum { ENTRIES = 100000, STEPS = 50000, SORTED = 1000000, SORTS = 5 };

/* ---- peeks ----------------------------------------------------------------------------------------------------- */

typedef struct table {
    weft_object *dict;  /* constant; of ints and floats */
    weft_object **keys; /* ENTRIES; constant */
} table;

/* A random row of numbers below `range`, another for each seed. */
static inline size_t next_below(uint64_t *state, size_t range)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)((*state >> 32) * range >> 32);
}

static weft_status table_fill(weft_thread *self, const table *t)
{
    for (size_t i = 0; i < ENTRIES; i++) {
        t->keys[i] = weft_int_new(self, (int64_t)(1000 + i));
        weft_object *value = t->keys[i] ? weft_float_new(self, (double)i) : NULL;
        weft_status status = value ? weft_dict_set(self, t->dict, t->keys[i], value) : weft_error_status();
        weft_xdecref(self, value);
        if (status < 0)
            return status;
    }
    return WEFT_OK;
}

static weft_status peek_among(weft_thread *self, const table *t, uint32_t index, size_t range)
{
    uint64_t state = index + 1;
    for (size_t i = 0; i < STEPS; i++) {
        weft_object *value;
        int found = weft_dict_peek(self, t->dict, t->keys[next_below(&state, range)], &value);
        if (found != 1)
            return found < 0 ? (weft_status)found : weft_error_set(WEFT_ERROR_USER, "a key is missing");
        if (i % 256 == 0)
            weft_safepoint(self);
    }
    return WEFT_OK;
}

static weft_status peek_random(weft_thread *self, uint32_t index, void *arg)
{
    return peek_among(self, arg, index, ENTRIES);
}

static weft_status peek_hot(weft_thread *self, uint32_t index, void *arg)
{
    return peek_among(self, arg, index, 1);
}

static double measure(weft_thread *self, uint32_t threads, bench_body body)
{
    table t = {.dict = weft_dict_new(self), .keys = calloc(ENTRIES, sizeof *t.keys)};
    double ns = -1;
    if (t.keys == NULL)
        weft_error_set(WEFT_ERROR_MEMORY, "no memory for %d keys", ENTRIES);
    else if (t.dict != NULL && table_fill(self, &t) == WEFT_OK)
        ns = probe_ns(self, threads, STEPS, body, &t);
    for (size_t i = 0; t.keys != NULL && i < ENTRIES; i++)
        weft_xdecref(self, t.keys[i]);
    free(t.keys);
    weft_xdecref(self, t.dict);
    return ns;
}

double probe_dict_random_peek(weft_thread *self, uint32_t threads)
{
    return measure(self, threads, peek_random);
}

double probe_dict_hot_peek(weft_thread *self, uint32_t threads)
{
    return measure(self, threads, peek_hot);
}

/* ---- sorting --------------------------------------------------------------------------------------------------- */

/* A million ints in random order; made in that order, so that their places in memory say nothing. */
static weft_object *ints_new(weft_thread *self)
{
    weft_object *list = weft_list_new(self, SORTED);
    uint64_t state = 1;
    for (size_t i = 0; list != NULL && i < SORTED; i++) {
        weft_object *item = weft_int_new(self, (int64_t)next_below(&state, UINT32_MAX));
        if (item == NULL || weft_list_append(self, list, item) < 0) {
            weft_decref(self, list);
            list = NULL;
        }
        weft_xdecref(self, item);
    }
    return list;
}

static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The best of a few, in ns of processor time an item: a copy of the list is sorted each time. */
double probe_op_sort(weft_thread *self, uint32_t threads)
{
    (void)threads;
    weft_object *list = ints_new(self);
    double best = list ? 0 : -1;
    for (int i = 0; list != NULL && i < SORTS; i++) {
        weft_object *copy = weft_list_slice(self, list, 0, SORTED, 1);
        double start = processor_seconds();
        weft_status status = copy ? weft_list_sort(self, copy, NULL, NULL) : weft_error_status();
        double ns = (processor_seconds() - start) * 1e9 / SORTED;
        weft_xdecref(self, copy);
        if (status < 0) {
            best = -1;
            break;
        }
        if (i == 0 || ns < best)
            best = ns;
    }
    weft_xdecref(self, list);
    return best;
}
