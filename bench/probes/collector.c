/* collector.c - what a collection of the whole heap costs an object, in graphs of one registered type: 48 bytes, two
 * references. Both flavours.
 *
 *   live    every object refers to two others at random and is referred to once from outside
 *   rooted  a binary tree, its nodes at random places in memory, one reference from outside, to the root
 *   pairs   objects that refer to each other in twos, and nothing else does: they are found and freed
 *
 * And growth: what all collections together that begin by themselves, on the default schedule, cost an object while a
 * heap grows from nothing. Its objects are made in twos that refer to each other and to an older one at random, and each
 * is referred to from outside: nothing is garbage, and nothing can be told from the order in which they were made. */
#include "probes/probes.h"

#include <stdlib.h>

#include "lib/statistics.h"
#include "lib/timing.h"

enum { COLLECTIONS = 7, MILLION = 1000 * 1000 };

typedef struct node {
    weft_object object;
    weft_object *refs[2];
    uint64_t unused[2];
} node;

_Static_assert(sizeof(node) == 48, "as the figures say");

typedef struct graph {
    const weft_type *type;
    size_t count;
    weft_object **nodes; /* all of them while it is built; then those that are held, others NULL */
} graph;

static node *node_of(weft_object *o)
{
    return (node *)(void *)o;
}

static int node_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    for (int i = 0; i < 2; i++) {
        weft_object *to = node_of(o)->refs[i];
        int result = to ? visit(to, arg) : 0;
        if (result)
            return result;
    }
    return 0;
}

static void node_clear(weft_thread *self, weft_object *o)
{
    for (int i = 0; i < 2; i++) {
        weft_object *to = node_of(o)->refs[i];
        node_of(o)->refs[i] = NULL;
        weft_xdecref(self, to);
    }
}

static void node_refer(weft_thread *self, const graph *g, size_t from, int slot, size_t to)
{
    node_of(g->nodes[from])->refs[slot] = weft_ref(self, g->nodes[to]);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

/* ---- building ------------------------------------------------------------------------------------------------------- */

/* With room for `room` nodes, `count` of which are made. */
static bool graph_open(weft_thread *self, graph *g, size_t count, size_t room)
{
    const weft_type_spec spec = {
        .name = "node", .size = sizeof(node), .traverse = node_traverse, .clear = node_clear, .destroy = node_clear};
    g->count = 0;
    g->nodes = malloc(room * sizeof *g->nodes);
    g->type = g->nodes ? weft_type_register(self, &spec) : NULL;
    if (!g->nodes)
        weft_error_set(WEFT_ERROR_MEMORY, "no memory for a graph of %zu objects", room);
    if (!g->type)
        return false;
    for (; g->count < count; g->count++)
        if ((g->nodes[g->count] = weft_new(self, g->type)) == NULL)
            return false;
    return true;
}

static void graph_let_go(weft_thread *self, graph *g, size_t first)
{
    for (size_t i = first; i < g->count; i++) {
        weft_xdecref(self, g->nodes[i]);
        g->nodes[i] = NULL;
    }
}

static void graph_close(weft_thread *self, graph *g)
{
    graph_let_go(self, g, 0);
    (void)weft_gc_collect(self, WEFT_GC_FULL);
    free(g->nodes);
}

static void connect_live(weft_thread *self, graph *g)
{
    uint64_t random = 88172645463325252u;
    for (size_t i = 0; i < g->count; i++)
        for (int slot = 0; slot < 2; slot++)
            node_refer(self, g, i, slot, next_random(&random) % g->count);
}

static void connect_rooted(weft_thread *self, graph *g)
{
    uint64_t random = 88172645463325252u;
    for (size_t i = g->count - 1; i > 0; i--) {
        size_t j = next_random(&random) % (i + 1);
        weft_object *o = g->nodes[i];
        g->nodes[i] = g->nodes[j];
        g->nodes[j] = o;
    }
    for (size_t i = 1; i < g->count; i++)
        node_refer(self, g, (i - 1) / 2, i % 2 == 0, i);
    graph_let_go(self, g, 1);
}

static void connect_pairs(weft_thread *self, graph *g)
{
    for (size_t i = 0; i < g->count; i++)
        node_refer(self, g, i, 0, i ^ 1);
    graph_let_go(self, g, 0);
}

/* ---- measuring ------------------------------------------------------------------------------------------------------ */

static double collect_ns(weft_thread *self)
{
    double begin = seconds_now();
    int64_t found = weft_gc_collect(self, WEFT_GC_FULL);
    return found < 0 ? -1 : (seconds_now() - begin) * 1e9;
}

/* The median of a few collections of a graph that stays, an object. */
static double graph_live_ns(weft_thread *self, size_t count, void (*connect)(weft_thread *self, graph *g))
{
    graph g;
    double ns[COLLECTIONS], result = -1;
    if (graph_open(self, &g, count, count)) {
        connect(self, &g);
        result = collect_ns(self); /* does not count */
        for (int i = 0; i < COLLECTIONS && result >= 0; i++)
            result = ns[i] = collect_ns(self) / (double)count;
        if (result >= 0)
            result = spread_of(ns, COLLECTIONS).median;
    }
    graph_close(self, &g);
    return result;
}

double probe_full_live_1m(weft_thread *self, uint32_t threads)
{
    (void)threads;
    return graph_live_ns(self, MILLION, connect_live);
}

double probe_full_rooted_1m(weft_thread *self, uint32_t threads)
{
    (void)threads;
    return graph_live_ns(self, MILLION, connect_rooted);
}

double probe_full_live_5m(weft_thread *self, uint32_t threads)
{
    (void)threads;
    return graph_live_ns(self, 5 * MILLION, connect_live);
}

double probe_full_rooted_5m(weft_thread *self, uint32_t threads)
{
    (void)threads;
    return graph_live_ns(self, 5 * MILLION, connect_rooted);
}

double probe_garbage_pair(weft_thread *self, uint32_t threads)
{
    double ns[COLLECTIONS], result = 0;
    (void)threads;
    for (int i = 0; i < COLLECTIONS && result >= 0; i++) {
        graph g;
        bool made = graph_open(self, &g, MILLION, MILLION);
        if (made)
            connect_pairs(self, &g);
        result = made ? collect_ns(self) : -1;
        ns[i] = result / MILLION;
        graph_close(self, &g);
    }
    return result < 0 ? result : spread_of(ns, COLLECTIONS).median;
}

/* ---- growing -------------------------------------------------------------------------------------------------------- */

/* WEFT_GROWTH_OBJECTS is for a machine that has not 2 GB to spare, and to see that ten times as many cost ten times. */
static size_t growth_objects(void)
{
    const char *text = getenv("WEFT_GROWTH_OBJECTS");
    size_t count = text ? (size_t)strtoull(text, NULL, 10) & ~(size_t)1 : 0;
    return count ? count : 20 * (size_t)MILLION;
}

static bool grow(weft_thread *self, graph *g, size_t count)
{
    uint64_t random = 88172645463325252u;
    for (; g->count < count; g->count++) {
        weft_object *o = g->nodes[g->count] = weft_new(self, g->type);
        if (!o)
            return false;
        if (g->count > 0)
            node_refer(self, g, g->count, 1, next_random(&random) % g->count);
        if (g->count % 2 == 1) {
            node_refer(self, g, g->count, 0, g->count - 1);
            node_refer(self, g, g->count - 1, 0, g->count);
        }
        weft_safepoint(self);
    }
    return true;
}

double probe_growth_total(weft_thread *self, uint32_t threads)
{
    graph g = {0};
    weft_gc_stats stats;
    size_t count = growth_objects();
    double result = -1;
    (void)threads;
    bool grown = graph_open(self, &g, 0, count) && grow(self, &g, count);
    if (grown && weft_gc_statistics(self, &stats) == WEFT_OK)
        result = (double)(stats.pause[0].sum + stats.pause[1].sum + stats.pause[2].sum) / (double)count;
    graph_close(self, &g);
    return result;
}
