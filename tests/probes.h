/* probes.h - objects for the tests of the core: they hold up to two references, check a canary, and count how many of
 * them were finalized and destroyed. */
#ifndef WEFT_TESTS_PROBES_H
#define WEFT_TESTS_PROBES_H

#include "values.h"

enum { PROBE_CANARY = 0x57656674 };

typedef struct probe {
    weft_object object;
    weft_object *first, *second;
    uint64_t canary;
} probe;

typedef struct probe_counts {
    int64_t destroyed; /* atomic */
    int64_t finalized; /* atomic */
} probe_counts;

/* One set a test file: its tests run one after another. */
static probe_counts probe_seen;

static inline probe *probe_of(weft_object *o)
{
    return (probe *)(void *)o;
}

static inline int64_t probes_destroyed(void)
{
    return __atomic_load_n(&probe_seen.destroyed, __ATOMIC_ACQUIRE);
}

static inline int probe_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    probe *p = probe_of(o);
    int result = p->first ? visit(p->first, arg) : 0;
    return result == 0 && p->second ? visit(p->second, arg) : result;
}

static inline void probe_destroy(weft_thread *self, weft_object *o)
{
    probe *p = probe_of(o);
    CHECK_INT(p->canary, PROBE_CANARY); /* a second destruction finds 0 */
    p->canary = 0;
    __atomic_fetch_add(&probe_seen.destroyed, 1, __ATOMIC_ACQ_REL);
    weft_xdecref(self, p->first);
    weft_xdecref(self, p->second);
}

/* A type of probes, with `finalize` or NULL. */
static inline const weft_type *probe_type(weft_thread *self, weft_finalize_fn finalize)
{
    weft_type_spec spec = {.name = "probe",
                           .size = sizeof(probe),
                           .traverse = probe_traverse,
                           .destroy = probe_destroy,
                           .finalize = finalize};
    const weft_type *type = weft_type_register(self, &spec);
    CHECK(type != NULL);
    return type;
}

/* A new one, owned by self. */
static inline weft_object *probe_new(weft_thread *self, const weft_type *type)
{
    weft_object *o = weft_new(self, type);
    if (CHECK(o != NULL))
        probe_of(o)->canary = PROBE_CANARY;
    return o;
}

static inline void probes_reset(void)
{
    probe_seen.destroyed = probe_seen.finalized = 0;
}

#endif
