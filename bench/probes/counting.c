/* counting.c - what an increment and a decrement cost.
 *
 * Eight increments, then eight decrements, over 64 objects: a pair back to back on one object would measure how fast the
 * processor forwards a store to the next load. */
#include "probes/probes.h"

enum { OBJECTS = 64, GROUP = 8 };

typedef struct pairs {
    uint64_t rounds;  /* constant; each does OBJECTS pairs */
    weft_object *hot; /* constant; NULL: each thread counts objects of its own */
} pairs;

static weft_status make_floats(weft_thread *self, weft_object **objects, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        objects[i] = weft_float_new(self, (double)i);
        if (!objects[i]) {
            while (i > 0)
                weft_decref(self, objects[--i]);
            return weft_error_status();
        }
    }
    return WEFT_OK;
}

static void count_up_and_down(weft_thread *self, weft_object *const *objects)
{
    for (size_t group = 0; group < OBJECTS; group += GROUP) {
        for (size_t i = 0; i < GROUP; i++)
            weft_incref(self, objects[group + i]);
        for (size_t i = 0; i < GROUP; i++)
            weft_decref(self, objects[group + i]);
    }
}

static weft_status count_own(weft_thread *self, uint32_t index, void *arg)
{
    const pairs *p = arg;
    weft_object *objects[OBJECTS];
    (void)index;
    if (make_floats(self, objects, OBJECTS) < 0)
        return weft_error_status();
    for (uint64_t i = 0; i < p->rounds; i++) {
        count_up_and_down(self, objects);
        weft_safepoint(self);
    }
    for (size_t i = 0; i < OBJECTS; i++)
        weft_decref(self, objects[i]);
    return WEFT_OK;
}

static weft_status count_hot(weft_thread *self, uint32_t index, void *arg)
{
    const pairs *p = arg;
    weft_object *objects[OBJECTS];
    (void)index;
    for (size_t i = 0; i < OBJECTS; i++)
        objects[i] = p->hot;
    for (uint64_t i = 0; i < p->rounds; i++) {
        count_up_and_down(self, objects);
        weft_safepoint(self);
    }
    return WEFT_OK;
}

double probe_count_pair(weft_thread *self, uint32_t threads)
{
    pairs p = {.rounds = 5000};
    return probe_ns(self, threads, p.rounds * OBJECTS, count_own, &p);
}

/* One object with a count in every thread: weft_share. */
double probe_sharded_hot(weft_thread *self, uint32_t threads)
{
    pairs p = {.rounds = 4000, .hot = weft_float_new(self, 1)};
    if (!p.hot || weft_share(self, p.hot) < 0) {
        weft_xdecref(self, p.hot);
        return -1;
    }
    double ns = probe_ns(self, threads, p.rounds * OBJECTS, count_hot, &p);
    if (weft_unshare(self, p.hot) < 0)
        ns = -1;
    weft_decref(self, p.hot);
    return ns;
}

/* The same without weft_share, for comparison: the calling thread owns it, the others count atomically. */
double probe_counted_hot(weft_thread *self, uint32_t threads)
{
    pairs p = {.rounds = 5000, .hot = weft_float_new(self, 1)};
    if (!p.hot)
        return -1;
    double ns = probe_ns(self, threads, p.rounds * OBJECTS, count_hot, &p);
    weft_decref(self, p.hot);
    return ns;
}
