/* growth.c - what all collections together that begin by themselves, on the default schedule, cost an object while a heap
 * grows from nothing. Both flavours.
 *
 * The objects are made in twos that refer to each other and to an older one at random, and each is referred to from
 * outside: nothing is garbage, and nothing can be told from the order in which they were made. */
#include "probes/probes.h"

#include <stdlib.h>

typedef struct node {
    weft_object object;
    weft_object *other, *older;
} node;

typedef struct heap_of_nodes {
    const weft_type *type;
    weft_object **nodes;
    size_t count;
} heap_of_nodes;

static node *node_of(weft_object *o)
{
    return (node *)(void *)o;
}

static int node_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    const node *n = node_of(o);
    int result = n->other ? visit(n->other, arg) : 0;
    return result == 0 && n->older ? visit(n->older, arg) : result;
}

static void node_clear(weft_thread *self, weft_object *o)
{
    node *n = node_of(o);
    weft_object *other = n->other, *older = n->older;
    n->other = n->older = NULL;
    weft_xdecref(self, other);
    weft_xdecref(self, older);
}

/* WEFT_GROWTH_OBJECTS is for a machine that has not 2 GB to spare, and to see that ten times as many cost ten times. */
static size_t final_count(void)
{
    const char *text = getenv("WEFT_GROWTH_OBJECTS");
    size_t count = text ? (size_t)strtoull(text, NULL, 10) : 0;
    return count ? count : probe_objects(20 * 1000 * 1000);
}

static bool grow(weft_thread *self, heap_of_nodes *h, size_t count)
{
    uint64_t random = 1;
    for (size_t i = 0; i < count; i++, h->count++) {
        weft_object *o = h->nodes[i] = weft_new(self, h->type);
        if (!o)
            return false;
        random = random * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
        if (i > 0)
            node_of(o)->older = weft_ref(self, h->nodes[(random >> 16) % i]);
        if (i % 2 == 1) {
            node_of(o)->other = weft_ref(self, h->nodes[i - 1]);
            node_of(h->nodes[i - 1])->other = weft_ref(self, o);
        }
        weft_safepoint(self);
    }
    return true;
}

/* Lets go of all of them; nobody collects what is left. */
static void drop(weft_thread *self, heap_of_nodes *h)
{
    (void)weft_gc_disable(self);
    for (size_t i = 0; i < h->count; i++) {
        node_clear(self, h->nodes[i]);
        weft_decref(self, h->nodes[i]);
    }
    free(h->nodes);
}

double probe_growth_total(weft_thread *self, uint32_t threads)
{
    const weft_type_spec spec = {
        .name = "node", .size = sizeof(node), .traverse = node_traverse, .clear = node_clear, .destroy = node_clear};
    size_t count = final_count();
    heap_of_nodes h = {.type = weft_type_register(self, &spec), .nodes = malloc(count * sizeof *h.nodes)};
    weft_gc_stats stats;
    double result = -1;
    (void)threads;
    if (!h.nodes)
        weft_error_set(WEFT_ERROR_MEMORY, "no memory for %zu references", count);
    if (h.type && h.nodes && grow(self, &h, count) && weft_gc_statistics(self, &stats) == WEFT_OK)
        result = (double)(stats.pause[0].sum + stats.pause[1].sum + stats.pause[2].sum) / (double)count;
    drop(self, &h);
    return result;
}
