/* test_weakref.c - weak references: what they give, when they are cleared, what is called, and deaths in other threads. */
#include <string.h>

#include "values.h"

typedef struct thing {
    weft_object object;
    weft_object *other;
    int64_t number;
} thing;

static weft_object *kept; /* by a finalizer */
static int finalized;

static int thing_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    thing *t = (thing *)(void *)o;
    return t->other ? visit(t->other, arg) : 0;
}

static void thing_clear(weft_thread *self, weft_object *o)
{
    thing *t = (thing *)(void *)o;
    weft_object *other = t->other;
    t->other = NULL;
    weft_xdecref(self, other);
}

static void keep(weft_thread *self, weft_object *o)
{
    finalized++;
    kept = weft_ref(self, o);
}

static const weft_type *thing_type(weft_thread *self, bool keeps)
{
    weft_type_spec spec = {.name = keeps ? "keeper" : "thing",
                           .size = sizeof(thing),
                           .traverse = thing_traverse,
                           .clear = thing_clear,
                           .destroy = thing_clear,
                           .finalize = keeps ? keep : NULL};
    const weft_type *type = weft_type_register(self, &spec);
    CHECK(type != NULL);
    return type;
}

static weft_object *thing_new(weft_thread *self, const weft_type *type, int64_t number)
{
    weft_object *o = weft_new(self, type);
    if (CHECK(o != NULL))
        ((thing *)(void *)o)->number = number;
    return o;
}

/* What was called, in order. */
typedef struct calls {
    int count;
    weft_object *weak[8];
    bool referent_gone;
    weft_object *drop; /* to be dropped in the callback */
} calls;

static void note(weft_thread *self, weft_object *weak, void *arg)
{
    calls *c = arg;
    if (c->count < 8)
        c->weak[c->count] = weak;
    c->count++;
    weft_object *o = weft_weak_get(self, weak);
    c->referent_gone = o == NULL;
    weft_xdecref(self, o);
    weft_object *drop = c->drop;
    c->drop = NULL;
    weft_xdecref(self, drop);
    (void)weft_error_set(WEFT_ERROR_USER, "nobody's");
}

TEST_CASE(weakref, it gives the referent as long as that lives)
{
    values v = values_open();
    weft_object *o = weft_list_new(v.self, 0);
    weft_object *weak = weft_weak_new(v.self, o, NULL, NULL);
    REQUIRE(o != NULL && weak != NULL);
    CHECK_INT(weft_weak_count(v.self, o), 1);
    CHECK_INT(weft_refcount(v.self, o), 1);
    weft_object *got = weft_weak_get(v.self, weak);
    CHECK_PTR(got, o);
    weft_decref(v.self, o);
    CHECK_INT(weft_list_size(v.self, got), 0);
    weft_decref(v.self, got);
    weft_error_clear();
    CHECK(weft_weak_get(v.self, weak) == NULL);
    CHECK_INT(weft_error_status(), WEFT_OK);
    weft_decref(v.self, weak);
    values_close(&v);
}

TEST_CASE(weakref, one without a callback is shared)
{
    values v = values_open();
    calls c = {0};
    weft_object *o = weft_int_new(v.self, 1234567);
    weft_object *a = weft_weak_new(v.self, o, NULL, NULL), *b = weft_weak_new(v.self, o, note, &c);
    weft_object *again = weft_weak_new(v.self, o, NULL, NULL);
    CHECK_PTR(again, a);
    CHECK(b != a);
    CHECK_INT(weft_weak_count(v.self, o), 2);
    weft_decref(v.self, a);
    weft_decref(v.self, again);
    CHECK_INT(weft_weak_count(v.self, o), 1);
    weft_decref(v.self, b);
    CHECK_INT(weft_weak_count(v.self, o), 0);
    weft_decref(v.self, o);
    CHECK_INT(c.count, 0);
    values_close(&v);
}

TEST_CASE(weakref, callbacks are called once and the latest first)
{
    values v = values_open();
    calls c = {0};
    weft_object *o = weft_float_new(v.self, 1.5), *weak[3];
    for (int i = 0; i < 3; i++)
        weak[i] = weft_weak_new(v.self, o, note, &c);
    weft_error_clear();
    weft_decref(v.self, o);
    CHECK_INT(c.count, 3);
    CHECK(c.referent_gone);
    CHECK_INT(weft_error_status(), WEFT_OK); /* a callback's error is nobody's */
    for (int i = 0; i < 3; i++) {
        CHECK_PTR(c.weak[i], weak[2 - i]);
        CHECK(weft_weak_get(v.self, weak[i]) == NULL);
        weft_decref(v.self, weak[i]);
    }
    CHECK_INT(c.count, 3);
    values_close(&v);
}

TEST_CASE(weakref, one that has died is not called)
{
    values v = values_open();
    calls c = {0};
    weft_object *o = weft_list_new(v.self, 0);
    weft_object *dead = weft_weak_new(v.self, o, note, &c), *weak = weft_weak_new(v.self, o, note, &c);
    weft_decref(v.self, dead);
    weft_decref(v.self, o);
    CHECK_INT(c.count, 1);
    CHECK_PTR(c.weak[0], weak);
    weft_decref(v.self, weak);
    values_close(&v);
}

TEST_CASE(weakref, a callback may drop the next weak reference)
{
    values v = values_open();
    calls c = {0}, first = {0};
    weft_object *o = weft_list_new(v.self, 0);
    weft_object *early = weft_weak_new(v.self, o, note, &first), *late = weft_weak_new(v.self, o, note, &c);
    c.drop = early;
    weft_decref(v.self, o);
    CHECK_INT(c.count, 1);
    CHECK_INT(first.count, 1); /* alive when the referent died */
    weft_decref(v.self, late);
    values_close(&v);
}

TEST_CASE(weakref, a finalizer that brings the referent back keeps its weak references)
{
    values v = values_open();
    calls c = {0};
    finalized = 0;
    weft_object *o = thing_new(v.self, thing_type(v.self, true), 1);
    weft_object *weak = weft_weak_new(v.self, o, note, &c);
    weft_decref(v.self, o);
    CHECK_INT(finalized, 1);
    CHECK_INT(c.count, 0);
    weft_object *got = weft_weak_get(v.self, weak);
    CHECK_PTR(got, kept);
    weft_xdecref(v.self, got);
    weft_decref(v.self, kept);
    CHECK_INT(finalized, 1);
    CHECK_INT(c.count, 1);
    weft_decref(v.self, weak);
    values_close(&v);
}

TEST_CASE(weakref, constants and immortals are never gone)
{
    values v = values_open();
    calls c = {0};
    weft_object *late = weft_str_new(v.self, "immortal later", 14);
    weft_object *a = weft_weak_new(v.self, &weft_none, note, &c), *b = weft_weak_new(v.self, late, note, &c);
    CHECK_INT(weft_immortalize(v.self, late), WEFT_OK);
    weft_object *d = weft_weak_new(v.self, late, note, &c);
    CHECK_PTR(weft_weak_get(v.self, a), &weft_none);
    CHECK_PTR(weft_weak_get(v.self, b), late);
    CHECK_PTR(weft_weak_get(v.self, d), late);
    weft_decref(v.self, a);
    weft_decref(v.self, d);
    weft_decref(v.self, b);
    CHECK_INT(c.count, 0);
    CHECK_INT(values_live(v.self), 1);
    CHECK_INT(weft_thread_detach(v.self), WEFT_OK);
    CHECK_INT(weft_runtime_free(v.runtime), WEFT_OK);
}

TEST_CASE(weakref, a weak reference to a weak reference)
{
    values v = values_open();
    weft_object *o = weft_list_new(v.self, 0);
    weft_object *weak = weft_weak_new(v.self, o, NULL, NULL), *weaker = weft_weak_new(v.self, weak, NULL, NULL);
    weft_object *got = weft_weak_get(v.self, weaker);
    CHECK_PTR(got, weak);
    weft_decref(v.self, got);
    weft_decref(v.self, weak);
    CHECK(weft_weak_get(v.self, weaker) == NULL);
    CHECK_INT(weft_weak_count(v.self, o), 0);
    weft_decref(v.self, weaker);
    weft_decref(v.self, o);
    values_close(&v);
}

/* ---- in a collection -------------------------------------------------------------------------------------------- */

TEST_CASE(weakref, those to garbage are cleared and called unless they are garbage themselves)
{
    for (int generation = WEFT_GC_YOUNG; generation <= WEFT_GC_FULL; generation++) {
        values v = values_open();
        calls outside = {0}, inside = {0};
        weft_object *a = weft_list_new(v.self, 0), *b = weft_list_new(v.self, 0);
        weft_object *plain = weft_weak_new(v.self, a, NULL, NULL), *first = weft_weak_new(v.self, b, note, &outside);
        weft_object *second = weft_weak_new(v.self, b, note, &outside), *lost = weft_weak_new(v.self, a, note, &inside);
        CHECK_INT(weft_list_append(v.self, a, b), WEFT_OK);
        CHECK_INT(weft_list_append(v.self, b, a), WEFT_OK);
        CHECK_INT(weft_list_append(v.self, b, lost), WEFT_OK);
        weft_decref(v.self, lost);
        weft_decref(v.self, a);
        weft_decref(v.self, b);
        CHECK_INT(weft_gc_collect(v.self, (weft_gc_generation)generation), 3);
        CHECK(weft_weak_get(v.self, plain) == NULL);
        CHECK_INT(outside.count, 2);
        CHECK(outside.referent_gone);
        CHECK_INT(inside.count, 0);
        weft_gc_stats stats;
        CHECK_INT(weft_gc_statistics(v.self, &stats), WEFT_OK);
        CHECK_INT(stats.last.weak_cleared, 4);
        weft_decref(v.self, plain);
        weft_decref(v.self, first);
        weft_decref(v.self, second);
        values_close(&v);
    }
}

static struct {
    weft_object *before, *after; /* weak references: made before the finalizer, and by it */
    bool seen;                   /* the finalizer found its object through `before` */
    calls calls;
} looking;

static void look_around(weft_thread *self, weft_object *o)
{
    weft_object *found = weft_weak_get(self, looking.before);
    looking.seen = found != NULL;
    weft_xdecref(self, found);
    looking.after = weft_weak_new(self, o, note, &looking.calls);
    found = weft_weak_get(self, looking.after);
    CHECK_PTR(found, o); /* it is whole */
    weft_xdecref(self, found);
}

TEST_CASE(weakref, one that a finalizer makes to what dies then is cleared and called too)
{
    for (int generation = WEFT_GC_YOUNG; generation <= WEFT_GC_FULL; generation++) {
        values v = values_open();
        memset(&looking, 0, sizeof looking);
        weft_type_spec spec = {.name = "looker",
                               .size = sizeof(thing),
                               .traverse = thing_traverse,
                               .clear = thing_clear,
                               .destroy = thing_clear,
                               .finalize = look_around};
        weft_object *o = thing_new(v.self, weft_type_register(v.self, &spec), 1);
        ((thing *)(void *)o)->other = weft_ref(v.self, o);
        looking.before = weft_weak_new(v.self, o, NULL, NULL);
        weft_decref(v.self, o);
        CHECK_INT(weft_gc_collect(v.self, (weft_gc_generation)generation), 1);
        CHECK(!looking.seen); /* cleared before any finalizer runs */
        if (CHECK(looking.after != NULL)) {
            CHECK(weft_weak_get(v.self, looking.after) == NULL);
            CHECK_INT(looking.calls.count, 1);
            weft_decref(v.self, looking.after);
        }
        weft_decref(v.self, looking.before);
        values_close(&v);
    }
}

TEST_CASE(weakref, very many)
{
    values v = values_open();
    calls c = {0};

    enum { MANY = 5000 };

    static weft_object *objects[MANY], *weak[MANY];
    for (int i = 0; i < MANY; i++) {
        objects[i] = weft_float_new(v.self, i);
        weak[i] = weft_weak_new(v.self, objects[i], note, &c);
    }
    uint64_t state = test_seed();
    for (int i = 0; i < MANY; i++) { /* in any order, so that the table's gaps close in any order */
        int j = i + (int)(test_random(&state) % (uint64_t)(MANY - i));
        weft_object *o = objects[j], *w = weak[j];
        objects[j] = objects[i];
        weak[j] = weak[i];
        weft_object *got = weft_weak_get(v.self, w);
        CHECK_PTR(got, o);
        weft_xdecref(v.self, got);
        weft_decref(v.self, i % 3 ? o : w);
        weft_decref(v.self, i % 3 ? w : o);
    }
    CHECK_INT(c.count, MANY - (MANY + 2) / 3);
    values_close(&v);
}

TEST_CASE(weakref, bad arguments are errors)
{
    values v = values_open();
    weft_object *o = weft_list_new(v.self, 0);
    CHECK_NULL(weft_weak_new(v.self, NULL, NULL, NULL), WEFT_ERROR_VALUE, "o is NULL");
    CHECK_NULL(weft_weak_get(v.self, o), WEFT_ERROR_TYPE, "weakref expected, got list");
    CHECK_NULL(weft_weak_get(v.self, NULL), WEFT_ERROR_VALUE, "got NULL");
    CHECK_FAILS(weft_weak_count(v.self, NULL), WEFT_ERROR_VALUE, "o is NULL");
    CHECK_NULL(weft_weak_new(NULL, o, NULL, NULL), WEFT_ERROR_THREAD, "self is NULL");
    weft_decref(v.self, o);
    values_close(&v);
}

static bool make_weak(weft_thread *self, void *arg)
{
    weft_object *weak = weft_weak_new(self, arg, note, NULL);
    weft_xdecref(self, weak);
    return weak != NULL;
}

TEST_CASE(weakref, running out of memory)
{
    values v = values_open();
    int failures = 0;
    weft_object *o[8];
    for (int i = 0; i < 8; i++) {
        o[i] = weft_list_new(v.self, 0);
        failures += values_exhaust(v.self, make_weak, o[i]);
        CHECK_INT(weft_weak_count(v.self, o[i]), 0);
    }
    CHECK(failures > 8); /* each weak reference; the table once; stripes, of which some two may share one */
    for (int i = 0; i < 8; i++)
        weft_decref(v.self, o[i]);
    values_close(&v);
}

/* ---- several threads ------------------------------------------------------------------------------------------------- */

enum { THREADS = 4, SLOTS = 16 };

/* Each slot: an object, held by whoever swaps it out, and the weak reference to it, which everybody may ask. */
typedef struct ring {
    weft_runtime *runtime;
    const weft_type *type;
    weft_object *strong[SLOTS]; /* atomic */
    weft_object *list;          /* of weak references */
    int64_t called;             /* atomic */
    int64_t alive, gone;        /* atomic */
    int rounds;
} ring;

static void count_call(weft_thread *self, weft_object *weak, void *arg)
{
    ring *r = arg;
    weft_object *o = weft_weak_get(self, weak);
    CHECK(o == NULL);
    __atomic_add_fetch(&r->called, 1, __ATOMIC_RELAXED);
}

static void replace(weft_thread *self, ring *r, int i, int64_t number)
{
    weft_object *o = thing_new(self, r->type, number);
    weft_object *weak = weft_weak_new(self, o, count_call, r);
    REQUIRE(weak != NULL);
    CHECK_INT(weft_list_set(self, r->list, i, weak), WEFT_OK);
    weft_decref(self, weak);
    weft_object *was = __atomic_exchange_n(&r->strong[i], o, __ATOMIC_ACQ_REL);
    weft_xdecref(self, was);
}

static void ask(weft_thread *self, ring *r, int i)
{
    weft_object *weak = weft_list_get(self, r->list, i);
    REQUIRE(weak != NULL);
    weft_object *o = weak == &weft_none ? NULL : weft_weak_get(self, weak);
    if (o != NULL)
        CHECK(((thing *)(void *)o)->number >= 0);
    __atomic_add_fetch(o ? &r->alive : &r->gone, 1, __ATOMIC_RELAXED);
    weft_xdecref(self, o);
    weft_decref(self, weak);
}

static void ring_run(int index, void *arg)
{
    ring *r = arg;
    uint64_t state = test_seed() + (uint64_t)index;
    VALUES_THREAD(self, r->runtime);
    for (int round = 0; round < r->rounds; round++) {
        int i = (int)(test_random(&state) % SLOTS);
        if (test_random(&state) % 4 == 0)
            replace(self, r, i, round);
        else
            ask(self, r, i);
        weft_safepoint(self);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(stress_weakref, a get beside the death of the referent gives it whole or nothing)
{
    values v = values_open();
    ring r = {.runtime = v.runtime, .type = thing_type(v.self, false), .rounds = test_scale(40000)};
    r.list = weft_list_new(v.self, SLOTS);
    for (int i = 0; i < SLOTS; i++)
        CHECK_INT(weft_list_append(v.self, r.list, &weft_none), WEFT_OK);
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(THREADS, ring_run, &r);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    CHECK(r.alive > 0);
    for (int i = 0; i < SLOTS; i++)
        weft_xdecref(v.self, r.strong[i]);
    weft_decref(v.self, r.list);
    for (int i = 0; i < 3; i++)
        weft_safepoint(v.self);
    values_close(&v);
}

/* All threads make and drop weak references to one object, and the last of them drops it. */
typedef struct crowd {
    weft_runtime *runtime;
    weft_object *o;
    weft_object *mine[THREADS]; /* dropped at the end: one dropped as soon as it gives nothing may not be called */
    int64_t called;             /* atomic */
    int rounds;
} crowd;

static void crowd_call(weft_thread *self, weft_object *weak, void *arg)
{
    (void)self;
    (void)weak;
    __atomic_add_fetch(&((crowd *)arg)->called, 1, __ATOMIC_RELAXED);
}

static void crowd_run(int index, void *arg)
{
    crowd *c = arg;
    VALUES_THREAD(self, c->runtime);
    weft_object *mine = c->mine[index] = weft_weak_new(self, c->o, crowd_call, c);
    for (int i = 0; i < c->rounds; i++) {
        weft_object *shared = weft_weak_new(self, c->o, NULL, NULL);
        weft_object *own = weft_weak_new(self, c->o, crowd_call, c);
        weft_object *got = weft_weak_get(self, shared);
        CHECK_PTR(got, c->o);
        weft_xdecref(self, got);
        weft_xdecref(self, i & 1 ? own : shared);
        weft_xdecref(self, i & 1 ? shared : own);
        weft_safepoint(self);
    }
    weft_decref(self, c->o); /* this thread's */
    weft_safepoint(self);
    for (weft_object *o; (o = weft_weak_get(self, mine)) != NULL; weft_safepoint(self))
        weft_decref(self, o);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(stress_weakref, a crowd around one object)
{
    values v = values_open();
    crowd c = {.runtime = v.runtime, .rounds = test_scale(3000)};
    c.o = weft_list_new(v.self, 0);
    for (int i = 1; i < THREADS; i++)
        weft_incref(v.self, c.o);
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(THREADS, crowd_run, &c);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    CHECK_INT(c.called, THREADS);
    for (int i = 0; i < THREADS; i++)
        weft_decref(v.self, c.mine[i]);
    for (int i = 0; i < 3; i++)
        weft_safepoint(v.self);
    values_close(&v);
}
