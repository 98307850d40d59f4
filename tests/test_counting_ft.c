/* The biased counts: each transition of an object's state by itself, then the races between them.
 *
 * Whatever the interleaving, an object dies exactly once, when its last reference goes and not before: the probes'
 * canaries, the number destroyed, and the heap's live objects say so. */
#include "probes.h"
#include "core/types/guard.h"
#include "refcount/refcount.h"

#include <sched.h>
#include <stdlib.h>

static int32_t state_of(const weft_object *o)
{
    return weft_load_relaxed(&o->shared) & WEFT_SHARED_STATE;
}

/* ---- another thread that does one thing at a time ---- */

typedef struct other {
    weft_runtime *runtime;
    weft_object *o;
    void (*run)(weft_thread *self, weft_object *o);
} other;

static void other_run(int index, void *arg)
{
    (void)index;
    other *x = arg;
    weft_thread *self = weft_thread_attach(x->runtime);
    x->run(self, x->o);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

/* Runs it on another thread while this one is attached and does not reach a safepoint. */
static void elsewhere(values *v, void (*run)(weft_thread *, weft_object *), weft_object *o)
{
    other x = {v->runtime, o, run};
    test_threads(1, other_run, &x);
}

/* The same while this one is in a blocking region. */
static void elsewhere_blocked(values *v, void (*run)(weft_thread *, weft_object *), weft_object *o)
{
    CHECK_INT(weft_block_begin(v->self), WEFT_OK);
    elsewhere(v, run, o);
    CHECK_INT(weft_block_end(v->self), WEFT_OK);
}

static void increment(weft_thread *self, weft_object *o)
{
    weft_incref(self, o);
}

static void decrement(weft_thread *self, weft_object *o)
{
    weft_decref(self, o);
}

static void try_fails(weft_thread *self, weft_object *o)
{
    CHECK(!weft_try_incref(self, o));
}

static void try_works(weft_thread *self, weft_object *o)
{
    CHECK(weft_try_incref(self, o));
}

static void publish(weft_thread *self, weft_object *o)
{
    weft_incref_published(self, o);
}

/* ---- the transitions ---- */

TEST_CASE(counting, the owner counts in its own word and others in the shared one)
{
    values v = values_open();
    const weft_type *type = probe_type(v.self, NULL);
    probes_reset();
    weft_object *o = probe_new(v.self, type);
    CHECK_INT(o->local, 1);
    CHECK_INT(o->owner, v.self->id);
    weft_incref(v.self, o);
    CHECK_INT(o->local, 2);
    CHECK_INT(o->shared, WEFT_SHARED_DEFAULT);
    elsewhere(&v, increment, o);
    CHECK_INT(o->local, 2);
    CHECK_INT(o->shared, WEFT_SHARED_ONE | WEFT_SHARED_DEFAULT);
    elsewhere(&v, decrement, o);
    CHECK_INT(o->shared, WEFT_SHARED_DEFAULT);
    weft_decref(v.self, o);
    CHECK_INT(probes_destroyed(), 0);
    weft_decref(v.self, o);
    CHECK_INT(probes_destroyed(), 1);
    values_close(&v);
}

TEST_CASE(counting, an object whose owner lets go first is merged and dies elsewhere)
{
    values v = values_open();
    const weft_type *type = probe_type(v.self, NULL);
    probes_reset();
    weft_object *o = probe_new(v.self, type);
    elsewhere(&v, increment, o);
    weft_decref(v.self, o);
    CHECK_INT(o->owner, WEFT_OWNER_NONE);
    CHECK_INT(o->local, 0);
    CHECK_INT(o->shared, WEFT_SHARED_ONE | WEFT_SHARED_MERGED);
    elsewhere(&v, decrement, o);
    CHECK_INT(probes_destroyed(), 1);
    values_close(&v);
}

TEST_CASE(counting, a count below zero queues the object and the owner merges it at its safepoint)
{
    values v = values_open();
    const weft_type *type = probe_type(v.self, NULL);
    probes_reset();
    weft_object *o = probe_new(v.self, type);
    weft_incref(v.self, o);
    elsewhere(&v, decrement, o);
    CHECK_INT(state_of(o), WEFT_SHARED_QUEUED);
    CHECK(weft_load_relaxed(v.self->poll) & SLOT_PENDING);
    CHECK_INT(weft_refcount(v.self, o), 2); /* the queue's and ours */
    weft_safepoint(v.self);
    CHECK_INT(o->owner, WEFT_OWNER_NONE);
    CHECK_INT(o->shared, WEFT_SHARED_ONE | WEFT_SHARED_MERGED);
    weft_decref(v.self, o);
    CHECK_INT(probes_destroyed(), 1);

    o = probe_new(v.self, type);
    elsewhere(&v, decrement, o); /* the only reference: given to the other thread, so to speak */
    CHECK_INT(probes_destroyed(), 1);
    weft_safepoint(v.self);
    CHECK_INT(probes_destroyed(), 2);
    values_close(&v);
}

TEST_CASE(counting, an object of a blocked owner is merged on its behalf at once)
{
    values v = values_open();
    const weft_type *type = probe_type(v.self, NULL);
    probes_reset();
    weft_object *o = probe_new(v.self, type);
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    elsewhere(&v, decrement, o);
    CHECK_INT(probes_destroyed(), 1);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    values_close(&v);
}

typedef struct drops {
    weft_runtime *runtime;
    weft_object **objects;
    int rounds;
    uint32_t ready, done; /* atomic */
} drops;

static void await_at_least(const uint32_t *count, uint32_t least)
{
    for (int i = 0; __atomic_load_n(count, __ATOMIC_ACQUIRE) < least; i++)
        if (i > 1000)
            sched_yield();
}

/* Two threads drop one object each, at the same time; then both must be gone, though nobody comes by any more. */
static void drop_together(int index, void *arg)
{
    drops *d = arg;
    int left = 0;
    weft_thread *self = weft_thread_attach(d->runtime);
    for (int i = 0; i < d->rounds; i++) {
        uint32_t both = 2 * (uint32_t)i + 2;
        __atomic_fetch_add(&d->ready, 1, __ATOMIC_ACQ_REL);
        await_at_least(&d->ready, both);
        weft_decref(self, d->objects[2 * i + index]);
        __atomic_fetch_add(&d->done, 1, __ATOMIC_ACQ_REL);
        await_at_least(&d->done, both);
        /* Counted before the next pair, which waits for this thread. */
        left += index == 0 && probes_destroyed() < both;
    }
    CHECK_INT(left, 0);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(counting, two threads that drop objects of a blocked owner at once leave none in its queue)
{
    values v = values_open();
    const weft_type *type = probe_type(v.self, NULL);
    probes_reset();
    drops d = {.runtime = v.runtime, .rounds = test_scale(20000)};
    int count = 2 * d.rounds;
    d.objects = malloc((size_t)count * sizeof(weft_object *));
    for (int i = 0; i < count; i++)
        d.objects[i] = probe_new(v.self, type);
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(2, drop_together, &d);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    free(d.objects);
    values_close(&v);
}

typedef struct leaving {
    weft_runtime *runtime;
    const weft_type *type;
    weft_object *o, *also;
    int rounds;
    uint32_t made, done, seen; /* atomic */
} leaving;

/* 0 makes an object and blocks while 1 drops it: it is merged by the one as it leaves or by the other on its behalf. */
static void leave_or_drop(int index, void *arg)
{
    leaving *l = arg;
    int left = 0;
    weft_thread *self = weft_thread_attach(l->runtime);
    for (uint32_t i = 0; i < (uint32_t)l->rounds; i++) {
        if (index == 0)
            l->o = probe_new(self, l->type);
        __atomic_fetch_add(&l->made, 1, __ATOMIC_ACQ_REL);
        await_at_least(&l->made, 2 * i + 2);
        if (index == 0) {
            CHECK_INT(weft_block_begin(self), WEFT_OK);
        } else {
            for (uint32_t pause = 0; pause < i % 400; pause++)
                __atomic_load_n(&l->made, __ATOMIC_ACQUIRE);
            weft_decref(self, l->o);
        }
        __atomic_fetch_add(&l->done, 1, __ATOMIC_ACQ_REL);
        await_at_least(&l->done, 2 * i + 2);
        left += index == 1 && probes_destroyed() < (int64_t)i + 1;
        __atomic_fetch_add(&l->seen, 1, __ATOMIC_ACQ_REL);
        await_at_least(&l->seen, 2 * i + 2);
        if (index == 0)
            CHECK_INT(weft_block_end(self), WEFT_OK);
    }
    CHECK_INT(left, 0);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(counting, an object that is dropped as its owner goes into a blocking region does not wait for it to come back)
{
    values v = values_open();
    leaving l = {.runtime = v.runtime, .type = probe_type(v.self, NULL), .rounds = test_scale(50000)};
    probes_reset();
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(2, leave_or_drop, &l);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    values_close(&v);
}

/* 0 makes an object and passes safepoints while 1 drops it. */
static void pass_or_drop(int index, void *arg)
{
    leaving *l = arg;
    int left = 0;
    weft_thread *self = weft_thread_attach(l->runtime);
    for (uint32_t i = 0; i < (uint32_t)l->rounds; i++) {
        if (index == 0) {
            l->o = probe_new(self, l->type);
            l->also = probe_new(self, l->type);
        }
        __atomic_fetch_add(&l->made, 1, __ATOMIC_ACQ_REL);
        await_at_least(&l->made, 2 * i + 2);
        if (index == 1) {
            weft_decref(self, l->also); /* gives the owner something to merge as the next one comes */
            for (uint32_t pause = 0; pause < i % 400; pause++)
                __atomic_load_n(&l->made, __ATOMIC_ACQUIRE);
            weft_decref(self, l->o);
        }
        for (int n = 0; index == 0 && n < 100; n++)
            weft_safepoint(self);
        __atomic_fetch_add(&l->done, 1, __ATOMIC_ACQ_REL);
        await_at_least(&l->done, 2 * i + 2);
        weft_safepoint(self);
        left += index == 0 && probes_destroyed() < 2 * ((int64_t)i + 1);
    }
    CHECK_INT(left, 0);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(counting, an object that is dropped as its owner passes a safepoint is gone after the next)
{
    values v = values_open();
    leaving l = {.runtime = v.runtime, .type = probe_type(v.self, NULL), .rounds = test_scale(50000)};
    probes_reset();
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(2, pass_or_drop, &l);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    values_close(&v);
}

/* 0 makes an object, 1 takes a reference, both let go at once; 1 makes another, which may get the block, and drops it. */
static void let_go_together(int index, void *arg)
{
    leaving *l = arg;
    weft_thread *self = weft_thread_attach(l->runtime);
    for (uint32_t i = 0; i < (uint32_t)l->rounds; i++) {
        if (index == 0)
            l->o = probe_new(self, l->type);
        __atomic_fetch_add(&l->made, 1, __ATOMIC_ACQ_REL);
        while (__atomic_load_n(&l->made, __ATOMIC_ACQUIRE) < 2 * i + 2) {
            weft_safepoint(self); /* the other may collect before it comes here, and stop us */
            sched_yield();
        }
        if (index == 1)
            weft_incref(self, l->o);
        __atomic_fetch_add(&l->seen, 1, __ATOMIC_ACQ_REL);
        await_at_least(&l->seen, 2 * i + 2);
        weft_decref(self, l->o);
        if (index == 1) {
            weft_object *next = probe_new(self, l->type);
            for (int pause = 0; pause < 100; pause++)
                __atomic_load_n(&l->seen, __ATOMIC_ACQUIRE);
            weft_decref(self, next);
        }
        __atomic_fetch_add(&l->done, 1, __ATOMIC_ACQ_REL);
        await_at_least(&l->done, 2 * i + 2);
        weft_safepoint(self);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
    if (index == 1)
        CHECK_INT(probes_destroyed(), 2 * l->rounds);
}

TEST_CASE(counting, an owner that lets go together with a stranger leaves alone what then gets the block)
{
    values v = values_open();
    leaving l = {.runtime = v.runtime, .type = probe_type(v.self, NULL), .rounds = test_scale(50000)};
    probes_reset();
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(2, let_go_together, &l);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    values_close(&v);
}

static weft_object *left_behind;

static void make_and_end(int index, void *arg)
{
    (void)index;
    values *v = arg;
    weft_thread *self = weft_thread_attach(v->runtime);
    left_behind = probe_new(self, probe_type(self, NULL));
    weft_incref(self, left_behind);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(counting, an object of an ended owner is merged at once)
{
    values v = values_open();
    probes_reset();
    test_threads(1, make_and_end, &v);
    CHECK(left_behind->owner != v.self->id && left_behind->owner != WEFT_OWNER_NONE);
    weft_decref(v.self, left_behind);
    CHECK_INT(left_behind->owner, WEFT_OWNER_NONE);
    CHECK_INT(left_behind->shared, WEFT_SHARED_ONE | WEFT_SHARED_MERGED);
    weft_decref(v.self, left_behind);
    CHECK_INT(probes_destroyed(), 1);
    values_close(&v);
}

static uint16_t heir_id;

static void inherit(weft_thread *self, weft_object *o)
{
    heir_id = self->id;
    CHECK_INT(o->owner, self->id);
    weft_incref(self, o); /* by the fast path: it owns the object now */
    CHECK_INT(o->local, 3);
    weft_decref(self, o);
    weft_decref(self, o);
    weft_decref(self, o);
}

TEST_CASE(counting, the next thread with an id inherits what the last one owned)
{
    values v = values_open();
    probes_reset();
    test_threads(1, make_and_end, &v);
    elsewhere(&v, inherit, left_behind);
    CHECK(heir_id != 0);
    CHECK_INT(probes_destroyed(), 1);
    values_close(&v);
}

TEST_CASE(counting, a try by a stranger fails until the object is published and never writes)
{
    values v = values_open();
    const weft_type *type = probe_type(v.self, NULL);
    probes_reset();
    weft_object *o = probe_new(v.self, type);
    CHECK(weft_try_incref(v.self, o));
    weft_decref(v.self, o);
    elsewhere(&v, try_fails, o);
    CHECK_INT(o->shared, WEFT_SHARED_DEFAULT);
    elsewhere(&v, publish, o);
    CHECK_INT(o->shared, WEFT_SHARED_ONE | WEFT_SHARED_PUBLISHED);
    elsewhere(&v, try_works, o);
    CHECK_INT(o->shared, 2 * WEFT_SHARED_ONE | WEFT_SHARED_PUBLISHED);
    elsewhere(&v, decrement, o);
    elsewhere(&v, decrement, o);
    elsewhere(&v, try_works, o); /* (published, 0) */
    elsewhere(&v, decrement, o);
    CHECK_INT(o->shared, WEFT_SHARED_PUBLISHED);
    CHECK_INT(weft_thread_detach(v.self), WEFT_OK);
    v.self = weft_thread_attach(v.runtime);
    elsewhere(&v, decrement, o);
    weft_safepoint(v.self);
    CHECK_INT(probes_destroyed(), 1);
    /* The dead block: whatever still looks at it is refused. */
    CHECK_INT(o->shared, WEFT_SHARED_MERGED);
    CHECK_INT(o->owner, WEFT_OWNER_NONE);
    elsewhere(&v, try_fails, o);
    CHECK_INT(o->shared, WEFT_SHARED_MERGED);
    values_close(&v);
}

TEST_CASE(counting, publishing keeps every later state)
{
    values v = values_open();
    const weft_type *type = probe_type(v.self, NULL);
    weft_object *o = probe_new(v.self, type);
    weft_incref(v.self, o);
    elsewhere(&v, decrement, o);
    CHECK_INT(state_of(o), WEFT_SHARED_QUEUED);
    elsewhere(&v, publish, o);
    CHECK_INT(state_of(o), WEFT_SHARED_QUEUED);
    weft_safepoint(v.self);
    CHECK_INT(state_of(o), WEFT_SHARED_MERGED);
    elsewhere(&v, publish, o);
    CHECK_INT(o->shared, 3 * WEFT_SHARED_ONE | WEFT_SHARED_MERGED);
    for (int i = 0; i < 3; i++)
        weft_decref(v.self, o);
    values_close(&v);
}

/* ---- saturation ---- */

TEST_CASE(counting, a full local count makes the object immortal instead of wrapping)
{
    values v = values_open();
    const weft_type *type = probe_type(v.self, NULL);
    probes_reset();
    weft_object *o = probe_new(v.self, type);
    o->local = INT32_MAX;
    CHECK(!weft_is_immortal(o));
    weft_incref(v.self, o);
    CHECK(weft_is_immortal(o));
    for (int i = 0; i < 10; i++)
        weft_decref(v.self, o); /* takes nothing off */
    CHECK(weft_is_immortal(o));
    o->local = UINT32_MAX; /* in each way that a count is made more */
    weft_incref(v.self, o);
    CHECK(o->local & WEFT_LOCAL_FULL);
    o->local = UINT32_MAX;
    CHECK(weft_try_incref(v.self, o) && (o->local & WEFT_LOCAL_FULL));
    o->local = UINT32_MAX;
    if (count_try_take(count_id_of(v.self), o))
        CHECK(o->local & WEFT_LOCAL_FULL);
    weft_object *places[] = {o};
    for (int few = 0; few < 2; few++) {
        o->local = UINT32_MAX;
        if (few ? ref_read_own(count_id_of(v.self), places, NULL, NULL, true)
                : ref_read_own(count_id_of(v.self), places, NULL, NULL, false))
            CHECK(o->local & WEFT_LOCAL_FULL);
    }
    void *array = places;
    o->local = UINT32_MAX;
    CHECK(ref_read(v.self, places, &array, places) == o && (o->local & WEFT_LOCAL_FULL));
    CHECK(weft_is_immortal(o));
    o->local = WEFT_LOCAL_FULL;
    CHECK(!count_try_drop(count_id_of(v.self), o) && (o->local & WEFT_LOCAL_FULL));
    elsewhere(&v, decrement, o); /* and its owner merges it */
    weft_safepoint(v.self);
    CHECK_INT(state_of(o), WEFT_SHARED_MERGED);
    CHECK(weft_is_immortal(o));
    for (int i = 0; i < 10; i++)
        weft_decref(v.self, o);
    CHECK(weft_is_immortal(o));
    CHECK_INT(probes_destroyed(), 0);
    CHECK_INT(weft_thread_detach(v.self), WEFT_OK);
    CHECK_INT(weft_runtime_free(v.runtime), WEFT_OK);
}

static void take_and_drop_much(weft_thread *self, weft_object *o)
{
    for (int i = 0; i < 1000; i++)
        weft_incref(self, o);
    for (int i = 0; i < 2000; i++)
        weft_decref(self, o);
}

TEST_CASE(counting, a full shared count stays full at both ends and through a merge)
{
    values v = values_open();
    const weft_type *type = probe_type(v.self, NULL);
    probes_reset();
    for (int sign = -1; sign <= 1; sign += 2) {
        weft_object *o = probe_new(v.self, type);
        /* As it would be after a quarter of a billion references: just inside the exact range. */
        o->shared = sign * (SHARED_SATURATED - 500) * WEFT_SHARED_ONE + WEFT_SHARED_QUEUED;
        elsewhere(&v, sign > 0 ? increment : decrement, o);
        CHECK(!weft_is_immortal(o));
        o->shared = sign * (SHARED_SATURATED - 1) * WEFT_SHARED_ONE + WEFT_SHARED_QUEUED;
        elsewhere(&v, sign > 0 ? increment : decrement, o);
        CHECK(weft_is_immortal(o));
        elsewhere(&v, take_and_drop_much, o);
        CHECK(weft_is_immortal(o));
        CHECK(!count_merge(o, -1));
        CHECK(weft_is_immortal(o));
    }
    weft_object *o = probe_new(v.self, type);
    o->local = UINT32_MAX; /* more than a merged count can hold */
    CHECK(!count_merge(o, 0));
    CHECK(weft_is_immortal(o));
    CHECK_INT(probes_destroyed(), 0);
    CHECK_INT(weft_thread_detach(v.self), WEFT_OK);
    CHECK_INT(weft_runtime_free(v.runtime), WEFT_OK);
}

/* ---- immortal and sharded ---- */

TEST_CASE(counting, counting an immortal object writes nothing)
{
    values v = values_open();
    weft_object *o = probe_new(v.self, probe_type(v.self, NULL));
    elsewhere(&v, increment, o);
    CHECK_INT(weft_immortalize(v.self, o), WEFT_OK);
    CHECK_INT(weft_immortalize(v.self, o), WEFT_OK);
    weft_object before = *o;
    weft_incref(v.self, o);
    elsewhere(&v, decrement, o);
    elsewhere(&v, try_works, o);
    weft_decref(v.self, o);
    weft_decref(v.self, o);
    weft_decref(v.self, o);
    CHECK(memcmp(&before, o, sizeof before) == 0);
    CHECK_INT(weft_refcount(v.self, o), INT64_MAX);
    CHECK_INT(weft_immortalize(v.self, NULL), WEFT_ERROR_VALUE);
    CHECK_INT(weft_thread_detach(v.self), WEFT_OK);
    CHECK_INT(weft_runtime_free(v.runtime), WEFT_OK);
}

TEST_CASE(counting, an object that waits in a queue may be made immortal)
{
    values v = values_open();
    weft_object *o = probe_new(v.self, probe_type(v.self, NULL));
    weft_incref(v.self, o);
    elsewhere(&v, decrement, o);
    CHECK_INT(weft_immortalize(v.self, o), WEFT_OK);
    weft_safepoint(v.self);
    CHECK_INT(o->owner, WEFT_OWNER_STATIC);
    CHECK(weft_is_immortal(o));
    CHECK_INT(weft_thread_detach(v.self), WEFT_OK);
    CHECK_INT(weft_runtime_free(v.runtime), WEFT_OK);
}

TEST_CASE(counting, a sharded object is counted in every thread and the counts are summed when it is unshared)
{
    values v = values_open();
    const weft_type *type = probe_type(v.self, NULL);
    probes_reset();
    weft_object *o = probe_new(v.self, type);
    elsewhere(&v, increment, o);
    CHECK_INT(weft_share(v.self, o), WEFT_OK);
    CHECK_INT(weft_share(v.self, o), WEFT_OK);
    CHECK(weft_is_shared(o));
    CHECK(!weft_is_immortal(o));
    weft_object before = *o;
    elsewhere(&v, decrement, o);
    elsewhere_blocked(&v, increment, o);
    elsewhere(&v, increment, o);
    weft_incref(v.self, o);
    CHECK(memcmp(&before, o, sizeof before) == 0);
    CHECK_INT(weft_refcount(v.self, o), 4);
    CHECK_INT(weft_unshare(v.self, o), WEFT_OK);
    CHECK(!weft_is_shared(o));
    CHECK_INT(o->shared, 4 * WEFT_SHARED_ONE | WEFT_SHARED_MERGED);
    CHECK_INT(weft_unshare(v.self, o), WEFT_OK);
    for (int i = 0; i < 4; i++)
        weft_decref(v.self, o);
    CHECK_INT(probes_destroyed(), 1);
    values_close(&v);
}

TEST_CASE(counting, sharing an object that waits in a queue loses no reference)
{
    values v = values_open();
    const weft_type *type = probe_type(v.self, NULL);
    probes_reset();
    weft_object *o = probe_new(v.self, type);
    weft_incref(v.self, o);
    elsewhere(&v, decrement, o);
    CHECK_INT(weft_share(v.self, o), WEFT_OK);
    CHECK_INT(weft_refcount(v.self, o), 1);
    CHECK_INT(weft_unshare(v.self, o), WEFT_OK);
    weft_safepoint(v.self);
    CHECK_INT(weft_refcount(v.self, o), 1);
    weft_decref(v.self, o);
    CHECK_INT(probes_destroyed(), 1);
    values_close(&v);
}

TEST_CASE(counting, indexes of sharded objects are used again and there is room for many)
{
    values v = values_open();
    const weft_type *type = probe_type(v.self, NULL);

    enum { MANY = 300 };

    weft_object *o[MANY];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < MANY; i++) {
            o[i] = probe_new(v.self, type);
            CHECK_INT(weft_share(v.self, o[i]), WEFT_OK);
            CHECK(o[i]->local <= MANY);
            for (int k = 0; k < i; k++)
                weft_incref(v.self, o[i]);
        }
        for (int i = 0; i < MANY; i++) {
            CHECK_INT(weft_refcount(v.self, o[i]), i + 1);
            CHECK_INT(weft_unshare(v.self, o[i]), WEFT_OK);
            for (int k = 0; k <= i; k++)
                weft_decref(v.self, o[i]);
        }
    }
    values_close(&v);
}

TEST_CASE(counting, sharing without memory changes nothing)
{
    values v = values_open();
    weft_object *o = probe_new(v.self, probe_type(v.self, NULL));
    CHECK_INT(weft_fail_allocation(v.self, 1, true), WEFT_OK);
    CHECK_INT(weft_share(v.self, o), WEFT_ERROR_MEMORY);
    CHECK_INT(weft_fail_allocation(v.self, 0, false), WEFT_OK);
    CHECK(!weft_is_shared(o));
    CHECK_INT(weft_refcount(v.self, o), 1);
    weft_decref(v.self, o);
    values_close(&v);
}

/* ---- no memory for a queue's entry ---- */

typedef struct no_memory {
    weft_runtime *runtime;
    weft_object *o; /* atomic */
    bool there;     /* atomic: the second thread is attached, which needs memory */
    bool done;      /* atomic */
} no_memory;

static void own_or_drop(int index, void *arg)
{
    no_memory *x = arg;
    weft_thread *self = weft_thread_attach(x->runtime);
    if (index == 0) {
        weft_object *o = probe_new(self, probe_type(self, NULL));
        weft_incref(self, o);
        while (!__atomic_load_n(&x->there, __ATOMIC_ACQUIRE))
            weft_safepoint(self);
        CHECK_INT(weft_fail_allocation(self, 1, true), WEFT_OK);
        __atomic_store_n(&x->o, o, __ATOMIC_RELEASE);
        while (!__atomic_load_n(&x->done, __ATOMIC_ACQUIRE))
            weft_safepoint(self);
        CHECK_INT(weft_fail_allocation(self, 0, false), WEFT_OK);
        CHECK_INT(o->shared, WEFT_SHARED_ONE | WEFT_SHARED_MERGED);
        weft_decref(self, o);
    } else {
        __atomic_store_n(&x->there, true, __ATOMIC_RELEASE);
        weft_object *o;
        while ((o = __atomic_load_n(&x->o, __ATOMIC_ACQUIRE)) == NULL)
            weft_safepoint(self);
        weft_decref(self, o);
        __atomic_store_n(&x->done, true, __ATOMIC_RELEASE);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(counting, without memory for a queue entry the object is merged in a stopped world)
{
    values v = values_open();
    probes_reset();
    no_memory x = {.runtime = v.runtime};
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(2, own_or_drop, &x);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    CHECK_INT(probes_destroyed(), 1);
    values_close(&v);
}

/* ---- races ---- */

enum { RACE_OBJECTS = 64 };

typedef struct race {
    weft_runtime *runtime;
    const weft_type *type;
    weft_object *objects[RACE_OBJECTS];
    int threads, rounds;
    uint32_t arrived; /* atomic */
    uint32_t round;   /* atomic */
    bool block, share, end;
} race;

/* All meet here; those who wait stay attached and pass safepoints, or block. */
static void meet(race *r, weft_thread *self, bool block)
{
    uint32_t round = __atomic_load_n(&r->round, __ATOMIC_ACQUIRE);
    if (__atomic_add_fetch(&r->arrived, 1, __ATOMIC_ACQ_REL) == (uint32_t)r->threads) {
        __atomic_store_n(&r->arrived, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&r->round, round + 1, __ATOMIC_RELEASE);
        return;
    }
    if (block)
        CHECK_INT(weft_block_begin(self), WEFT_OK);
    while (__atomic_load_n(&r->round, __ATOMIC_ACQUIRE) == round) {
        if (!block)
            weft_safepoint(self);
        sched_yield();
    }
    if (block)
        CHECK_INT(weft_block_end(self), WEFT_OK);
}

/* Thread 0 makes objects with one reference for each thread; then all take some more and drop all of theirs at once, the
 * owner running, blocking, or gone. */
static void race_run(int index, void *arg)
{
    race *r = arg;
    uint64_t random = test_seed() + (uint64_t)index;
    weft_thread *self = weft_thread_attach(r->runtime);
    for (int round = 0; round < r->rounds; round++) {
        if (index == 0)
            for (int i = 0; i < RACE_OBJECTS; i++) {
                r->objects[i] = probe_new(self, r->type);
                for (int k = 1; k < r->threads; k++)
                    weft_incref(self, r->objects[i]);
                if (r->share && i % 16 == 0) /* publishes, by way of the shared count */
                    CHECK_INT(weft_share(self, r->objects[i]), WEFT_OK);
            }
        meet(r, self, false);
        if (r->share && index == 1)
            for (int i = 0; i < RACE_OBJECTS; i += 16)
                CHECK_INT(weft_unshare(self, r->objects[i]), WEFT_OK);
        if (r->end && index == 0) {
            CHECK_INT(weft_thread_detach(self), WEFT_OK);
            self = weft_thread_attach(r->runtime); /* perhaps with another id */
        }
        for (int i = 0; i < RACE_OBJECTS; i++) {
            weft_object *o = r->objects[(i + index * 7) % RACE_OBJECTS];
            uint64_t extra = test_random(&random) % 3;
            for (uint64_t k = 0; k < extra; k++)
                weft_incref(self, o);
            if (test_random(&random) % 8 == 0) {
                weft_incref_published(self, o);
                weft_decref(self, o);
            }
            if (r->block && test_random(&random) % 16 == 0) {
                CHECK_INT(weft_block_begin(self), WEFT_OK);
                sched_yield();
                CHECK_INT(weft_block_end(self), WEFT_OK);
            }
            for (uint64_t k = 0; k <= extra; k++)
                weft_decref(self, o);
            if (test_random(&random) % 4 == 0)
                weft_safepoint(self);
        }
        meet(r, self, r->block);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

static void race_all(int threads, bool block, bool end, bool share)
{
    values v = values_open();
    race r = {.runtime = v.runtime,
              .type = probe_type(v.self, NULL),
              .threads = threads,
              .rounds = test_scale(200),
              .block = block,
              .end = end,
              .share = share};
    probes_reset();
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(threads, race_run, &r);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    CHECK_INT(probes_destroyed(), (int64_t)RACE_OBJECTS * r.rounds);
    values_close(&v);
}

TEST_CASE(counting, two threads drop the same objects while the owner runs)
{
    race_all(2, false, false, false);
}

TEST_CASE(counting, eight threads drop the same objects while the owner runs)
{
    race_all(8, false, false, false);
}

TEST_CASE(counting, two threads drop the same objects while the owner blocks now and then)
{
    race_all(2, true, false, false);
}

TEST_CASE(counting, eight threads drop the same objects while owners block now and then)
{
    race_all(8, true, false, false);
}

TEST_CASE(counting, eight threads drop the objects of an owner that ends and comes back)
{
    race_all(8, true, true, false);
}

TEST_CASE(counting, four threads share and unshare and drop the same objects)
{
    race_all(4, true, false, true);
}
