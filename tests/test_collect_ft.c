/* Full collections of the free-threaded flavour: every state that a count can be in, every way from an address to a
 * number, any number of collector threads; what is found is compared with what plain C says. */
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

TEST_CASE(collect_ft, a pair that nothing refers to is found and one that is held is not )
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

enum { GRAPH = 3000 };

typedef struct graph {
    weft_object *nodes[GRAPH];
    int first[GRAPH], second[GRAPH]; /* -1: none */
    bool held[GRAPH], reached[GRAPH];
} graph;

static int graph_edge(graph *g, uint64_t *random, weft_thread *self, weft_object **slot)
{
    if (test_random(random) % 4 == 0)
        return -1;
    int to = (int)(test_random(random) % GRAPH);
    *slot = weft_ref(self, g->nodes[to]);
    return to;
}

static int64_t graph_unreached(graph *g)
{
    static int stack[GRAPH];
    int depth = 0;
    for (int i = 0; i < GRAPH; i++)
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
    for (int i = 0; i < GRAPH; i++)
        count += !g->reached[i];
    return count;
}

TEST_CASE(collect_ft, of a random graph exactly what plain C does not reach is found)
{
    static graph g;
    uint64_t random = test_seed();
    for (int round = 0; round < 20; round++) {
        scene s = scene_open();
        uint64_t held_in_100 = test_random(&random) % 30;
        for (int i = 0; i < GRAPH; i++)
            g.nodes[i] = probe_new(s.self, s.type);
        for (int i = 0; i < GRAPH; i++) {
            g.first[i] = graph_edge(&g, &random, s.self, &probe_of(g.nodes[i])->first);
            g.second[i] = graph_edge(&g, &random, s.self, &probe_of(g.nodes[i])->second);
            g.held[i] = test_random(&random) % 100 < held_in_100;
        }
        for (int i = 0; i < GRAPH; i++)
            if (!g.held[i])
                weft_decref(s.self, g.nodes[i]);
        CHECK(weft_gc_collect(s.self, WEFT_GC_FULL) >= 0);
        CHECK_INT(probes_destroyed(), graph_unreached(&g)); /* by counts or by the collection */
        for (int i = 0; i < GRAPH; i++)
            if (g.held[i])
                weft_decref(s.self, g.nodes[i]);
        CHECK(weft_gc_collect(s.self, WEFT_GC_FULL) >= 0);
        CHECK_INT(probes_destroyed(), GRAPH);
        values_close(&s.v);
    }
}
