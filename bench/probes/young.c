/* young.c - young collections: their pause over a large heap, and two threads that make and drop cycles. */
#include "probes/probes.h"

#include <stdlib.h>

#include "lib/statistics.h"
#include "lib/timing.h"

typedef struct node {
    weft_object object;
    weft_object *left, *right;
} node;

static int node_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    const node *n = (const node *)(void *)o;
    int result = n->left ? visit(n->left, arg) : 0;
    return result == 0 && n->right ? visit(n->right, arg) : result;
}

static void node_clear(weft_thread *self, weft_object *o)
{
    node *n = (node *)(void *)o;
    weft_object *left = n->left, *right = n->right;
    n->left = n->right = NULL;
    weft_xdecref(self, left);
    weft_xdecref(self, right);
}

static const weft_type *node_type(weft_thread *self)
{
    const weft_type_spec spec = {
        .name = "node", .size = sizeof(node), .traverse = node_traverse, .clear = node_clear, .destroy = node_clear};
    return weft_type_register(self, &spec);
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* Objects first .. first + count, each with references to two that were there before. */
static bool make_nodes(weft_thread *self, const weft_type *type, weft_object **nodes, size_t first, size_t count)
{
    static uint64_t random = 1;
    for (size_t i = first; i < first + count; i++) {
        node *n = (node *)(void *)weft_new(self, type);
        if (n == NULL)
            return false;
        if (i > 0) {
            n->left = nodes[i - 1];
            n->right = nodes[next_random(&random) % i];
            weft_incref(self, n->left);
            weft_incref(self, n->right);
        }
        nodes[i] = &n->object;
    }
    return true;
}

/* ---- 10,000 new objects on top of 5 million old ones ---------------------------------------------------------------- */

enum { YOUNG = 10000, ROUNDS = 41 };

static double measure_young(weft_thread *self, const weft_type *type, weft_object **nodes, size_t *made)
{
    double ms[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        if (!make_nodes(self, type, nodes, *made, YOUNG))
            return -1;
        *made += YOUNG;
        double start = seconds_now();
        if (weft_gc_collect(self, WEFT_GC_YOUNG) != 0)
            return -1;
        ms[i] = (seconds_now() - start) * 1e3;
    }
    return spread_of(ms, ROUNDS).median;
}

/* The time of a whole call, its stop of the world included, in ms: everything survives. */
double probe_young_10k_on_5m(weft_thread *self, uint32_t threads)
{
    (void)threads;
    const weft_type *type = node_type(self);
    size_t old = probe_objects(5000000), made = old;
    weft_object **nodes = malloc((old + ROUNDS * YOUNG) * sizeof *nodes);
    double ms = -1;
    if (type && nodes && make_nodes(self, type, nodes, 0, old) && weft_gc_collect(self, WEFT_GC_FULL) == 0)
        ms = measure_young(self, type, nodes, &made);
    for (size_t i = made; nodes && ms >= 0 && i > 0;)
        weft_decref(self, nodes[--i]);
    free(nodes);
    return ms;
}

/* ---- cycles made and dropped ------------------------------------------------------------------------------------------ */

/* A list of three lists, each of which refers back to it: four objects that only the collector frees. */
static weft_status make_cycle(weft_thread *self)
{
    weft_object *parent = weft_list_new(self, 0);
    weft_status status = parent ? WEFT_OK : weft_error_status();
    for (int i = 0; status == WEFT_OK && i < 3; i++) {
        weft_object *child = weft_list_new(self, 0);
        status = child ? weft_list_append(self, child, parent) : weft_error_status();
        if (status == WEFT_OK)
            status = weft_list_append(self, parent, child);
        weft_xdecref(self, child);
    }
    weft_xdecref(self, parent);
    return status;
}

static weft_status churn(weft_thread *self, uint32_t index, void *arg)
{
    const uint64_t *rounds = arg;
    (void)index;
    for (uint64_t i = 0; i < *rounds; i++) {
        weft_status status = make_cycle(self);
        if (status < 0)
            return status;
        weft_safepoint(self);
    }
    return WEFT_OK;
}

/* ns an object; the collector on its default schedule. */
double probe_cyclic_churn(weft_thread *self, uint32_t threads)
{
    uint64_t rounds = 50000; /* some forty collections a batch */
    return probe_ns(self, threads, rounds * 4, churn, &rounds);
}
