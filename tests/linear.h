/* linear.h - is there an order in which the results of concurrent operations make sense?
 *
 * A few threads do a few operations each on one small object; each notes when it began, when it ended, and what it gave.
 * The results are those of an object whose operations are atomic if the operations can be put in a row in which each that
 * ended before another began comes before it, and in which a plain model gives the same results (Herlihy and Wing,
 * "Linearizability", 1990; the search is Wing and Gong's, "Testing and Verifying Concurrent Objects", 1993). */
#ifndef WEFT_TESTS_LINEAR_H
#define WEFT_TESTS_LINEAR_H

#include <stdio.h>

#include "values.h"

enum { LINEAR_THREADS = 2, LINEAR_EACH = 8, LINEAR_ROOM = 64, LINEAR_VALUES = 8, LINEAR_KEYS = 3 };

enum { LINEAR_NONE = -1, LINEAR_BUSY = -2 }; /* results: an error or nothing there; it did nothing, and said so */

typedef struct linear_op {
    int kind, a, b;      /* what; the meaning of a and b is the kind's */
    int64_t result;      /* a number, or the numbers folded into one */
    uint64_t begin, end; /* of one clock for all threads */
} linear_op;

/* What a plain model of the object holds. */
typedef struct linear_state {
    int size;
    int8_t items[LINEAR_ROOM];
} linear_state;

/* What the threads of one round share. */
typedef struct linear_game {
    weft_object *object;
    weft_object *values[LINEAR_VALUES]; /* made anew each round: ints from LINEAR_FIRST on */
    weft_object *keys[LINEAR_KEYS];
    linear_op ops[LINEAR_THREADS][LINEAR_EACH];
} linear_game;

enum { LINEAR_FIRST = 1000 };

typedef struct linear_subject {
    const char *name;
    int kinds;
    weft_object *(*make)(weft_thread *self, const linear_game *g);
    linear_state start; /* what it makes */
    /* Both set or return the result. `run` must do one call that may be seen by others, and no more. */
    void (*run)(weft_thread *self, linear_game *g, linear_op *op);
    int64_t (*model)(linear_state *state, const linear_op *op);
} linear_subject;

/* As a number. */
static inline int linear_item(const linear_state *s, int at)
{
    return s->items[at];
}

static inline int64_t linear_fold(int64_t folded, int64_t number)
{
    return (int64_t)(((uint64_t)folded * 1000003u + (uint64_t)number + 7) & INT64_MAX);
}

static inline bool linear_search(const linear_subject *subject, const linear_game *g, const int next[],
                                 const linear_state *state)
{
    uint64_t first_end = UINT64_MAX;
    bool left = false;
    for (int t = 0; t < LINEAR_THREADS; t++)
        if (next[t] < LINEAR_EACH) {
            left = true;
            if (g->ops[t][next[t]].end < first_end)
                first_end = g->ops[t][next[t]].end;
        }
    for (int t = 0; t < LINEAR_THREADS; t++) {
        if (next[t] == LINEAR_EACH || g->ops[t][next[t]].begin > first_end)
            continue;
        linear_state after = *state;
        int then[LINEAR_THREADS];
        memcpy(then, next, sizeof then);
        const linear_op *op = &g->ops[t][then[t]++];
        if ((op->result == LINEAR_BUSY || subject->model(&after, op) == op->result) &&
            linear_search(subject, g, then, &after))
            return true;
    }
    return !left;
}

static inline void linear_check(const linear_subject *subject, const linear_game *g)
{
    const int next[LINEAR_THREADS] = {0};
    if (CHECK(linear_search(subject, g, next, &subject->start)))
        return;
    for (int t = 0; t < LINEAR_THREADS; t++)
        for (int i = 0; i < LINEAR_EACH; i++) {
            const linear_op *op = &g->ops[t][i];
            fprintf(stderr, "%s, thread %d: kind %d (%d, %d) gave %lld from %llu to %llu\n", subject->name, t, op->kind,
                    op->a, op->b, (long long)op->result, (unsigned long long)op->begin, (unsigned long long)op->end);
        }
}

/* ---- the plain models' common parts ------------------------------------------------------------------------------ */

static inline void linear_put(linear_state *s, int at, int item)
{
    memmove(&s->items[at + 1], &s->items[at], (size_t)(s->size++ - at));
    s->items[at] = (int8_t)item;
}

static inline int linear_take(linear_state *s, int at)
{
    int item = s->items[at];
    memmove(&s->items[at], &s->items[at + 1], (size_t)(--s->size - at));
    return item;
}

static inline int64_t linear_content(const linear_state *s)
{
    int64_t folded = 0;
    for (int i = 0; i < s->size; i++)
        folded = linear_fold(folded, s->items[i]);
    return folded;
}

/* ---- what the real operations give --------------------------------------------------------------------------------- */

/* The number of a value, which is dropped; NULL is none, and clears the error. */
static inline int64_t linear_number(weft_thread *self, weft_object *stolen)
{
    int64_t value = 0;
    if (stolen == NULL) {
        weft_error_clear();
        return LINEAR_NONE;
    }
    CHECK_INT(weft_int_value(self, stolen, &value), WEFT_OK);
    weft_decref(self, stolen);
    return value - LINEAR_FIRST;
}

/* 0, or none for an error, which is cleared. */
static inline int64_t linear_status(int status)
{
    if (status >= 0)
        return status;
    weft_error_clear();
    return LINEAR_NONE;
}

/* Of a list, which is dropped; NULL as above. */
static inline int64_t linear_list_content(weft_thread *self, weft_object *stolen)
{
    if (stolen == NULL)
        return linear_number(self, NULL);
    int64_t folded = 0;
    for (int64_t i = 0; i < weft_list_size(self, stolen); i++)
        folded = linear_fold(folded, linear_number(self, weft_list_get(self, stolen, i)));
    weft_decref(self, stolen);
    return folded;
}

#endif
