/* allocation.c - what it costs to make and drop a small object, or a block of raw memory, of 48 bytes. Eight are made,
 * then eight dropped, over 64 places. */
#include "probes/probes.h"

#include <stddef.h>

enum { PLACES = 64, GROUP = 8, BYTES = 48 };

typedef struct allocations {
    const weft_type *type; /* constant; of objects of BYTES bytes, header included */
    uint64_t rounds;       /* constant; each does PLACES pairs */
} allocations;

typedef struct sized {
    weft_object object;
    char rest[BYTES - sizeof(weft_object)];
} sized;

/* A group is always given back whole: dropping NULL does nothing. */
static bool make_and_drop(weft_thread *self, const weft_type *type, weft_object **places)
{
    bool ok = true;
    for (size_t i = 0; i < GROUP; i++)
        ok = (places[i] = weft_new(self, type)) != NULL && ok;
    for (size_t i = 0; i < GROUP; i++)
        weft_xdecref(self, places[i]);
    return ok;
}

static weft_status churn_objects(weft_thread *self, uint32_t index, void *arg)
{
    const allocations *a = arg;
    weft_object *places[PLACES];
    (void)index;
    for (uint64_t i = 0; i < a->rounds; i++) {
        for (size_t group = 0; group < PLACES; group += GROUP)
            if (!make_and_drop(self, a->type, places + group))
                return weft_error_status();
        weft_safepoint(self);
    }
    return WEFT_OK;
}

double probe_alloc_free_48(weft_thread *self, uint32_t threads)
{
    const weft_type_spec spec = {.name = "sized", .size = sizeof(sized)};
    allocations a = {.type = weft_type_register(self, &spec), .rounds = 2000};
    return a.type ? probe_ns(self, threads, a.rounds * PLACES, churn_objects, &a) : -1;
}

static bool take_and_give(weft_thread *self, void **places)
{
    bool ok = true;
    for (size_t i = 0; i < GROUP; i++)
        ok = (places[i] = weft_mem_alloc(self, BYTES)) != NULL && ok;
    for (size_t i = 0; i < GROUP; i++)
        weft_mem_free(self, places[i], BYTES);
    return ok;
}

static weft_status churn_raw(weft_thread *self, uint32_t index, void *arg)
{
    const allocations *a = arg;
    void *places[PLACES];
    (void)index;
    for (uint64_t i = 0; i < a->rounds; i++) {
        for (size_t group = 0; group < PLACES; group += GROUP)
            if (!take_and_give(self, places + group))
                return weft_error_status();
        weft_safepoint(self);
    }
    return WEFT_OK;
}

double probe_raw_48(weft_thread *self, uint32_t threads)
{
    allocations a = {.rounds = 2000};
    return probe_ns(self, threads, a.rounds * PLACES, churn_raw, &a);
}
