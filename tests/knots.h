/* knots.h - objects for the tests of the collector's shared half: they hold up to two references, count how many of them
 * were finalized and destroyed, and do in their finalizer what the test wants. */
#ifndef WEFT_TESTS_KNOTS_H
#define WEFT_TESTS_KNOTS_H

#include "values.h"

typedef struct knot {
    weft_object object;
    weft_object *next, *other;
    int64_t number;
    int64_t finalized; /* times */
} knot;

/* One set a test file: its tests run one after another. */
static struct {
    int64_t destroyed, finalized;                    /* atomic */
    void (*on_finalize)(weft_thread *self, knot *k); /* NULL: nothing */
    void (*on_clear)(weft_thread *self, knot *k);
    const weft_type *type, *quiet_type; /* with a finalizer, without */
} knots;

static inline knot *knot_of(weft_object *o)
{
    return (knot *)(void *)o;
}

static inline int knot_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    knot *k = knot_of(o);
    int result = k->next ? visit(k->next, arg) : 0;
    return result == 0 && k->other ? visit(k->other, arg) : result;
}

static inline void knot_clear(weft_thread *self, weft_object *o)
{
    knot *k = knot_of(o);
    weft_object *next = k->next, *other = k->other;
    k->next = k->other = NULL;
    weft_xdecref(self, next);
    weft_xdecref(self, other);
    if (knots.on_clear)
        knots.on_clear(self, k);
}

static inline void knot_destroy(weft_thread *self, weft_object *o)
{
    knot *k = knot_of(o);
    __atomic_fetch_add(&knots.destroyed, 1, __ATOMIC_ACQ_REL);
    weft_xdecref(self, k->next);
    weft_xdecref(self, k->other);
}

static inline void knot_finalize(weft_thread *self, weft_object *o)
{
    CHECK_INT(++knot_of(o)->finalized, 1);
    __atomic_fetch_add(&knots.finalized, 1, __ATOMIC_ACQ_REL);
    if (knots.on_finalize)
        knots.on_finalize(self, knot_of(o));
}

static inline int64_t knots_destroyed(void)
{
    return __atomic_load_n(&knots.destroyed, __ATOMIC_ACQUIRE);
}

static inline int64_t knots_finalized(void)
{
    return __atomic_load_n(&knots.finalized, __ATOMIC_ACQUIRE);
}

/* A runtime with the two types, where collections do not start by themselves. */
static inline values knots_open(void)
{
    values v = values_open();
    weft_type_spec spec = {.name = "quiet knot",
                           .size = sizeof(knot),
                           .traverse = knot_traverse,
                           .clear = knot_clear,
                           .destroy = knot_destroy};
    knots.destroyed = knots.finalized = 0;
    knots.on_finalize = knots.on_clear = NULL;
    if (v.self == NULL)
        return v;
    CHECK_INT(weft_gc_disable(v.self), WEFT_OK);
    knots.quiet_type = weft_type_register(v.self, &spec);
    spec.name = "knot";
    spec.finalize = knot_finalize;
    knots.type = weft_type_register(v.self, &spec);
    CHECK(knots.quiet_type != NULL && knots.type != NULL);
    return v;
}

static inline weft_object *knot_new(weft_thread *self, const weft_type *type, int64_t number)
{
    weft_object *o = weft_new(self, type);
    if (CHECK(o != NULL))
        knot_of(o)->number = number;
    return o;
}

/* A ring of `count`, numbered from 0; the caller holds the one reference to the first. */
static inline weft_object *knot_ring(weft_thread *self, const weft_type *type, int64_t count)
{
    weft_object *first = knot_new(self, type, 0), *last = first;
    for (int64_t i = 1; i < count; i++) {
        weft_object *o = knot_new(self, type, i);
        knot_of(last)->next = o;
        last = o;
    }
    knot_of(last)->next = weft_ref(self, first);
    return first;
}

static inline void knot_ring_drop(weft_thread *self, const weft_type *type, int64_t count)
{
    weft_decref(self, knot_ring(self, type, count));
}

/* Waits, in a blocking region, until *value is at least `wanted`, but not for ever. */
static inline bool knots_await(weft_thread *self, const int64_t *value, int64_t wanted)
{
    bool reached = false;
    if (self)
        CHECK_INT(weft_block_begin(self), WEFT_OK);
    for (int i = 0; i < 20000 && !reached; i++) {
        reached = __atomic_load_n(value, __ATOMIC_ACQUIRE) >= wanted;
        if (!reached)
            test_sleep_ms(1);
    }
    if (self)
        CHECK_INT(weft_block_end(self), WEFT_OK);
    return CHECK(reached);
}

#endif
