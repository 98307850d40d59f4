/* Full collections of the free-threaded flavour: every state that a count can be in, what threads refer to without
 * counting, weak tables, and any number of collector threads; what is found is compared with what plain C says. */
#include <pthread.h>

#include "probes.h"
#include "refcount/refcount.h"

/* ---- probes that can be cleared --------------------------------------------------------------------------------- */

static void clear(weft_thread *self, weft_object *o)
{
    probe *p = probe_of(o);
    weft_object *first = p->first, *second = p->second;
    p->first = p->second = NULL;
    weft_xdecref(self, first);
    weft_xdecref(self, second);
}

static const weft_type *linked_type(weft_thread *self, weft_finalize_fn finalize)
{
    weft_type_spec spec = {.name = "linked",
                           .flags = WEFT_TYPE_IDENTITY,
                           .size = sizeof(probe),
                           .traverse = probe_traverse,
                           .clear = clear,
                           .destroy = probe_destroy,
                           .finalize = finalize};
    const weft_type *type = weft_type_register(self, &spec);
    CHECK(type != NULL);
    return type;
}

typedef struct scene {
    values v;
    weft_thread *self;
    const weft_type *type;
} scene;

static scene scene_open(void)
{
    scene s = {.v = values_open()};
    s.self = s.v.self;
    s.type = linked_type(s.self, NULL);
    probes_reset();
    return s;
}

/* Collections do not start by themselves, and use so many threads. */
static void use_threads(scene *s, uint32_t threads)
{
    weft_gc_settings settings;
    CHECK_INT(weft_gc_disable(s->self), WEFT_OK);
    CHECK_INT(weft_gc_get_settings(s->self, &settings), WEFT_OK);
    settings.threads = threads;
    CHECK_INT(weft_gc_set_settings(s->self, &settings), WEFT_OK);
}

/* Two that refer to each other; the caller has a reference to the first. */
static weft_object *pair_new(scene *s)
{
    weft_object *a = probe_new(s->self, s->type), *b = probe_new(s->self, s->type);
    probe_of(a)->first = b;
    probe_of(b)->first = weft_ref(s->self, a);
    return a;
}

static void expect_found(scene *s, int64_t found)
{
    int64_t before = probes_destroyed();
    CHECK_INT(weft_gc_collect(s->self, WEFT_GC_FULL), found);
    CHECK_INT(probes_destroyed() - before, found);
}

TEST_CASE(find_ft, a pair that nothing refers to is found and one that is held is not )
{
    scene s = scene_open();
    weft_object *kept = pair_new(&s), *lost = pair_new(&s);
    weft_decref(s.self, lost);
    expect_found(&s, 2);
    weft_decref(s.self, kept);
    expect_found(&s, 2);
    expect_found(&s, 0);
    values_close(&s.v);
}

/* ---- random graphs ------------------------------------------------------------------------------------------------ */

enum { GRAPH_MOST = 270000 }; /* enough for eight threads */

typedef struct graph {
    int count;
    weft_object *nodes[GRAPH_MOST];
    int first[GRAPH_MOST], second[GRAPH_MOST]; /* -1: none */
    bool held[GRAPH_MOST], reached[GRAPH_MOST];
} graph;

static int graph_edge(graph *g, uint64_t *random, weft_thread *self, weft_object **slot)
{
    if (test_random(random) % 4 == 0)
        return -1;
    int to = (int)(test_random(random) % (uint64_t)g->count);
    *slot = weft_ref(self, g->nodes[to]);
    return to;
}

static int64_t graph_unreached(graph *g)
{
    static int stack[GRAPH_MOST];
    int depth = 0;
    for (int i = 0; i < g->count; i++)
        if ((g->reached[i] = g->held[i]))
            stack[depth++] = i;
    while (depth) {
        int from = stack[--depth], to[2] = {g->first[from], g->second[from]};
        for (int i = 0; i < 2; i++) {
            if (to[i] >= 0 && !g->reached[to[i]]) {
                g->reached[to[i]] = true;
                stack[depth++] = to[i];
            }
        }
    }
    int64_t count = 0;
    for (int i = 0; i < g->count; i++)
        count += !g->reached[i];
    return count;
}

static void graph_check(uint64_t *random, int count, uint64_t held_in_1000, uint32_t threads)
{
    static graph g;
    scene s = scene_open();
    use_threads(&s, threads);
    g.count = count;
    for (int i = 0; i < count; i++)
        g.nodes[i] = probe_new(s.self, s.type);
    for (int i = 0; i < count; i++) {
        g.first[i] = graph_edge(&g, random, s.self, &probe_of(g.nodes[i])->first);
        g.second[i] = graph_edge(&g, random, s.self, &probe_of(g.nodes[i])->second);
        g.held[i] = test_random(random) % 1000 < held_in_1000;
    }
    for (int i = 0; i < count; i++)
        if (!g.held[i])
            weft_decref(s.self, g.nodes[i]);
    CHECK(weft_gc_collect(s.self, WEFT_GC_FULL) >= 0);
    CHECK_INT(probes_destroyed(), graph_unreached(&g)); /* by counts or by the collection */
    for (int i = 0; i < count; i++)
        if (g.held[i])
            weft_decref(s.self, g.nodes[i]);
    CHECK(weft_gc_collect(s.self, WEFT_GC_FULL) >= 0);
    CHECK_INT(probes_destroyed(), count);
    values_close(&s.v);
}

TEST_CASE(find_ft, of a random graph exactly what plain C does not reach is found)
{
    uint64_t random = test_seed();
    for (int round = 0; round < 20; round++)
        graph_check(&random, 3000, test_random(&random) % 300, 1);
}

/* Not scaled down: a small heap is one thread's. */
TEST_CASE(find_ft, of a large random graph any number of threads finds exactly what plain C does not reach)
{
    static const uint32_t threads[] = {1, 2, 3, 8};
    uint64_t random = test_seed();
    for (int i = 0; i < 4; i++) {
        int count = 33000 * (int)threads[i] + 5000;
        graph_check(&random, count, 300, threads[i]);
        graph_check(&random, count, 1, threads[i]);
    }
}

/* ---- shapes that one thread has to itself --------------------------------------------------------------------------- */

static weft_object *chain_new(scene *s, int count)
{
    weft_object *head = NULL;
    for (int i = 0; i < count; i++) {
        weft_object *o = probe_new(s->self, s->type);
        probe_of(o)->first = head;
        head = o;
    }
    return head;
}

TEST_CASE(find_ft, a long chain and a wide list are kept whole and found whole by any number of threads)
{
    enum { MANY = 150000 };

    for (uint32_t threads = 1; threads <= 5; threads += 2) {
        int many = threads == 1 ? test_scale(MANY) : MANY;
        scene s = scene_open();
        use_threads(&s, threads);
        weft_object *ring = chain_new(&s, many), *last = ring, *wide = weft_list_new(s.self, 0);
        while (probe_of(last)->first)
            last = probe_of(last)->first;
        probe_of(last)->first = weft_ref(s.self, ring);
        for (int i = 0; i < many; i++) {
            weft_object *o = probe_new(s.self, s.type);
            probe_of(o)->first = weft_ref(s.self, wide);
            CHECK_INT(weft_list_append(s.self, wide, o), WEFT_OK);
            weft_decref(s.self, o);
        }
        expect_found(&s, 0);
        weft_decref(s.self, ring);
        expect_found(&s, many);
        weft_decref(s.self, wide);
        CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), many + 1); /* and the list */
        CHECK_INT(probes_destroyed(), 2 * many);
        values_close(&s.v);
    }
}

/* ---- the states of a count -------------------------------------------------------------------------------------------- */

/* What `local`, `shared` and `owner` were before a collection, they are after it. */
static void expect_kept(scene *s, weft_object *o)
{
    weft_object before = *o;
    expect_found(s, 0);
    CHECK_INT(o->local, before.local);
    CHECK_INT(o->shared, before.shared);
    CHECK_INT(o->owner, before.owner);
    CHECK_INT(o->bits & WEFT_BIT_DEFERRED, before.bits & WEFT_BIT_DEFERRED);
}

/* A pair, its first in some state, with one reference of the caller's. */
static void expect_kept_then_found(scene *s, weft_object *o)
{
    expect_kept(s, o);
    weft_decref(s->self, o);
    expect_found(s, 2);
}

TEST_CASE(find_ft, published and shared and saturated and immortal counts are honoured)
{
    scene s = scene_open();
    weft_object *published = pair_new(&s);
    object_publish(published);
    expect_kept_then_found(&s, published);

    weft_object *sharded = pair_new(&s);
    CHECK_INT(weft_share(s.self, sharded), WEFT_OK);
    expect_kept_then_found(&s, sharded);

    weft_object *stuck = pair_new(&s);
    int32_t shared = stuck->shared;
    stuck->shared = shared_make(SHARED_SATURATED, WEFT_SHARED_PUBLISHED);
    weft_decref(s.self, stuck);
    expect_kept(&s, stuck);
    stuck->shared = shared;
    expect_found(&s, 2);

    weft_object *immortal = pair_new(&s), *kept_by_it = pair_new(&s);
    CHECK_INT(weft_immortalize(s.self, immortal), WEFT_OK);
    probe_of(immortal)->second = kept_by_it;
    expect_kept(&s, immortal);
    CHECK_INT(weft_thread_detach(s.self), WEFT_OK);
    CHECK_INT(weft_runtime_free(s.v.runtime), WEFT_OK);
}

TEST_CASE(find_ft, a sharded object that is not tracked and that nobody refers to is found)
{
    scene s = scene_open();
    weft_object *o = weft_str_new(s.self, "not tracked, and its count is sharded", 37);
    REQUIRE(o != NULL);
    CHECK_INT(weft_share(s.self, o), WEFT_OK);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), 0);
    weft_decref(s.self, o);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), 1);
    values_close(&s.v);
}

TEST_CASE(find_ft, frozen objects are not looked at and keep what they refer to)
{
    scene s = scene_open();
    weft_object *frozen = pair_new(&s);
    CHECK_INT(weft_gc_freeze(s.self), WEFT_OK);
    weft_object *referred = pair_new(&s);
    probe_of(frozen)->second = referred;
    weft_decref(s.self, frozen);
    expect_found(&s, 0);
    CHECK_INT(weft_gc_unfreeze(s.self), WEFT_OK);
    expect_found(&s, 4);
    values_close(&s.v);
}

/* Another thread that makes a pair, holds its first twice, and does what it is told. */
typedef struct other_thread {
    scene *s;
    weft_object *pair;
    int made, told; /* atomic */
    bool stays;     /* attached, until it is told; else it ends at once */
} other_thread;

static void *other_main(void *arg)
{
    other_thread *other = (other_thread *)arg;
    scene s = *other->s;
    s.self = weft_thread_attach(other->s->v.runtime);
    if (!CHECK(s.self != NULL))
        return NULL;
    other->pair = weft_ref(s.self, pair_new(&s));
    weft_store_release(&other->made, 1);
    while (other->stays && !weft_load_acquire(&other->told))
        platform_yield(); /* no safepoint */
    while (other->stays && weft_load_acquire(&other->told) == 1)
        weft_safepoint(s.self);
    CHECK_INT(weft_thread_detach(s.self), WEFT_OK);
    return NULL;
}

static pthread_t other_start(other_thread *other)
{
    pthread_t id;
    CHECK_INT(pthread_create(&id, NULL, other_main, other), 0);
    while (!weft_load_acquire(&other->made))
        platform_yield();
    return id;
}

static void other_join(other_thread *other, pthread_t id)
{
    CHECK_INT(weft_block_begin(other->s->self), WEFT_OK);
    pthread_join(id, NULL);
    CHECK_INT(weft_block_end(other->s->self), WEFT_OK);
}

TEST_CASE(find_ft, counts of a thread that has ended are honoured and merged ones too)
{
    scene s = scene_open();
    other_thread other = {.s = &s};
    other_join(&other, other_start(&other));
    expect_kept(&s, other.pair);
    weft_decref(s.self, other.pair); /* not the owner: merged on behalf of the thread that is gone */
    CHECK_INT(other.pair->owner, WEFT_OWNER_NONE);
    expect_kept_then_found(&s, other.pair);
    values_close(&s.v);
}

TEST_CASE(find_ft, counts of a running thread are honoured and queued ones are merged first)
{
    scene s = scene_open();
    other_thread other = {.s = &s, .stays = true};
    pthread_t id = other_start(&other);
    weft_decref(s.self, other.pair);
    CHECK_INT(other.pair->shared & WEFT_SHARED_STATE, WEFT_SHARED_QUEUED); /* its owner has come to no safepoint */
    weft_store_release(&other.told, 1);
    expect_found(&s, 0);
    CHECK_INT(other.pair->shared & WEFT_SHARED_STATE, WEFT_SHARED_MERGED);
    weft_decref(s.self, other.pair);
    expect_found(&s, 2);
    weft_store_release(&other.told, 2);
    other_join(&other, id);
    values_close(&s.v);
}

/* ---- deferred objects, and what threads refer to without counting ----------------------------------------------------- */

static int visit_one(weft_thread *self, weft_visit_fn visit, void *visit_arg, void *arg)
{
    (void)self;
    weft_object *o = *(weft_object **)arg;
    return o ? visit(o, visit_arg) : 0;
}

TEST_CASE(find_ft,
          a deferred object lives while it is counted or a root of a thread and only a full collection frees it)
{
    scene s = scene_open();
    weft_object *root = pair_new(&s);
    CHECK_INT(weft_gc_defer(s.self, root), WEFT_OK);
    CHECK_INT(weft_gc_set_roots(s.self, visit_one, &root), WEFT_OK);
    expect_kept(&s, root);
    weft_decref(s.self, root);
    expect_kept(&s, root);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_YOUNG), 0);
    root = NULL;
    CHECK_INT(probes_destroyed(), 0);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_YOUNG), 0);
    expect_found(&s, 2);
    values_close(&s.v);
}

static weft_object *rescued; /* the finalizer's reference */

static void rescue(weft_thread *self, weft_object *o)
{
    rescued = weft_ref(self, o);
}

TEST_CASE(find_ft, a deferred object that its finalizer brings back is deferred again)
{
    scene s = scene_open();
    weft_object *o = probe_new(s.self, linked_type(s.self, rescue));
    CHECK_INT(weft_gc_defer(s.self, o), WEFT_OK);
    weft_decref(s.self, o);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), 1);
    CHECK_INT(probes_destroyed(), 0);
    CHECK_PTR(rescued, o);
    CHECK(o->bits & WEFT_BIT_DEFERRED);
    weft_decref(s.self, rescued);
    CHECK_INT(probes_destroyed(), 0); /* not by its count */
    expect_found(&s, 1);
    values_close(&s.v);
}

/* ---- ephemerons --------------------------------------------------------------------------------------------------------- */

/* tables[i] maps keys[i] to keys[i + 1], which refers back to keys[i]: each is kept by the one before it. */
enum { LINKS = 50 };

static void ephemerons_check(uint32_t threads, bool backwards)
{
    scene s = scene_open();
    use_threads(&s, threads);
    weft_object *others = threads > 1 ? chain_new(&s, 100000) : NULL; /* so that there is work for so many */
    weft_object *tables[LINKS], *keys[LINKS + 1];
    for (int i = 0; i <= LINKS; i++)
        keys[i] = probe_new(s.self, s.type);
    for (int i = 0; i < LINKS; i++)
        tables[i] = weft_weak_dict_new(s.self, WEFT_WEAK_KEYS);
    for (int i = 0; i < LINKS; i++) {
        int table = backwards ? LINKS - 1 - i : i;
        CHECK_INT(weft_weak_dict_set(s.self, tables[table], keys[i], keys[i + 1]), WEFT_OK);
        probe_of(keys[i + 1])->first = weft_ref(s.self, keys[i]);
    }
    for (int i = 1; i <= LINKS; i++)
        weft_decref(s.self, keys[i]);
    expect_found(&s, 0);
    for (int i = 0; i < LINKS; i++)
        CHECK_INT(weft_weak_dict_size(s.self, tables[i]), 1);
    weft_decref(s.self, keys[0]);
    expect_found(&s, LINKS + 1);
    for (int i = 0; i < LINKS; i++) {
        CHECK_INT(weft_weak_dict_size(s.self, tables[i]), 0);
        weft_decref(s.self, tables[i]);
    }
    weft_xdecref(s.self, others);
    values_close(&s.v);
}

TEST_CASE(find_ft, a value of a weak table dies with its key although it refers to it and chains of tables are followed)
{
    ephemerons_check(1, false);
    ephemerons_check(1, true);
    ephemerons_check(2, true);
    ephemerons_check(3, false);
}

/* ---- what several threads share ------------------------------------------------------------------------------------------- */

/* Probes that count how often they are traversed. */
static int counted_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    __atomic_fetch_add(&probe_of(o)->canary, (uint64_t)1 << 32, __ATOMIC_RELAXED);
    return probe_traverse(o, visit, arg);
}

static void counted_destroy(weft_thread *self, weft_object *o)
{
    probe_of(o)->canary &= UINT32_MAX;
    probe_destroy(self, o);
}

TEST_CASE(find_ft, an object is traversed twice however many refer to it and however many threads there are)
{
    enum { MANY = 150000 };

    for (uint32_t threads = 1; threads <= 3; threads++) {
        scene s = scene_open();
        use_threads(&s, threads);
        weft_type_spec spec = {.name = "counted",
                               .size = sizeof(probe),
                               .traverse = counted_traverse,
                               .clear = clear,
                               .destroy = counted_destroy};
        const weft_type *type = weft_type_register(s.self, &spec);
        weft_object *root = weft_list_new(s.self, 0), *hub = probe_new(s.self, type), *last = hub;
        for (int i = 0; i < MANY; i++) {
            weft_object *o = probe_new(s.self, type);
            probe_of(o)->first = weft_ref(s.self, hub);
            probe_of(o)->second = weft_ref(s.self, last);
            CHECK_INT(weft_list_append(s.self, root, o), WEFT_OK);
            weft_decref(s.self, o);
            last = o;
        }
        CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), 0); /* once for what it takes off counts, once to mark */
        int64_t wrong = 0;
        for (int64_t i = 0; i < weft_list_size(s.self, root); i++) {
            weft_object *o = weft_list_get(s.self, root, i);
            wrong += probe_of(o)->canary >> 32 != 2;
            weft_decref(s.self, o);
        }
        CHECK_INT(wrong, 0);
        weft_decref(s.self, hub);
        weft_decref(s.self, root);
        CHECK(weft_gc_collect(s.self, WEFT_GC_FULL) >= 0);
        CHECK_INT(probes_destroyed(), MANY + 1);
        values_close(&s.v);
    }
}

static void keep_event(weft_thread *self, enum weft_gc_phase phase, const weft_gc_event *event, weft_object *o,
                       void *arg)
{
    (void)self;
    (void)o;
    if (phase == WEFT_GC_EVENT_STOP)
        *(weft_gc_event *)arg = *event;
}

TEST_CASE(find_ft, the tables stay within five bytes a block with any number of threads)
{
    enum { MANY = 1000000 };

    if (!heap_areas_own_slices())
        SKIP("this heap's blocks are found by a hash table");
    scene s = scene_open();
    weft_gc_event event = {0};
    weft_object *chain = chain_new(&s, MANY);
    CHECK_INT(weft_gc_add_callback(s.self, keep_event, &event), WEFT_OK);
    for (uint32_t threads = 1; threads <= 9; threads += 2) {
        use_threads(&s, threads);
        expect_found(&s, 0);
        CHECK_INT(event.threads, threads);
        CHECK(event.side_bytes <= (uint64_t)MANY * 5);
    }
    weft_decref(s.self, chain);
    values_close(&s.v);
}

TEST_CASE(find_ft, a collection by several threads that runs out of memory at any allocation changes nothing)
{
    enum { MANY = 100000 };

    scene s = scene_open();
    use_threads(&s, 3);
    weft_object *tables[3], *key = probe_new(s.self, s.type), *chain = chain_new(&s, MANY), *last = chain;
    while (probe_of(last)->first)
        last = probe_of(last)->first;
    probe_of(last)->first = weft_ref(s.self, chain);
    for (int i = 0; i < 3; i++) {
        tables[i] = weft_weak_dict_new(s.self, WEFT_WEAK_KEYS);
        CHECK_INT(weft_weak_dict_set(s.self, tables[i], key, tables[i]), WEFT_OK);
        weft_decref(s.self, tables[i]);
    }
    weft_decref(s.self, chain);
    int failures = -1;
    int64_t found = WEFT_ERROR_MEMORY;
    while (found == WEFT_ERROR_MEMORY && failures < 20) {
        failures++;
        weft_error_clear();
        CHECK_INT(weft_fail_allocation(s.self, (uint64_t)failures + 1, false), WEFT_OK);
        found = weft_gc_collect(s.self, WEFT_GC_FULL);
        CHECK_INT(weft_fail_allocation(s.self, 0, false), WEFT_OK);
        if (found == WEFT_ERROR_MEMORY)
            CHECK_INT(probes_destroyed(), 0);
    }
    CHECK(failures >= 4); /* the index, the workers, the ephemerons, the list of garbage */
    CHECK(found >= MANY);
    CHECK_INT(probes_destroyed(), MANY);
    weft_decref(s.self, key);
    CHECK(weft_gc_collect(s.self, WEFT_GC_FULL) >= 0);
    values_close(&s.v);
}

/* ---- threads that come and go ------------------------------------------------------------------------------------------- */

static void come_and_go(int index, void *arg)
{
    scene *shared = (scene *)arg;
    for (int round = 0; round < test_scale(100); round++) {
        scene s = *shared;
        s.self = weft_thread_attach(shared->v.runtime);
        REQUIRE(s.self != NULL);
        for (int i = 0; i < 1000; i++)
            weft_decref(s.self, pair_new(&s));
        if (index == 0)
            CHECK(weft_gc_collect(s.self, WEFT_GC_FULL) >= 0);
        weft_safepoint(s.self);
        CHECK_INT(weft_thread_detach(s.self), WEFT_OK);
    }
}

TEST_CASE(stress_find_ft, full collections while threads attach and detach find all that they leave)
{
    scene s = scene_open();
    use_threads(&s, 3);
    CHECK_INT(weft_block_begin(s.self), WEFT_OK);
    test_threads(3, come_and_go, &s);
    CHECK_INT(weft_block_end(s.self), WEFT_OK);
    CHECK(weft_gc_collect(s.self, WEFT_GC_FULL) >= 0);
    CHECK_INT(probes_destroyed(), 3 * test_scale(100) * 2000);
    values_close(&s.v);
}
