/* collector.c - what a collection of the whole heap costs an object, in graphs of one registered type: 48 bytes, two
 * references. Both flavours.
 *
 *   live    every object refers to two others at random and is referred to once from outside
 *   rooted  a binary tree, its nodes at random places in memory, one reference from outside, to the root
 *   pairs   objects that refer to each other in twos, and nothing else does: they are found and freed
 *
 * And what it costs in memory: the tables beside the objects, and the pages that a forked child makes its own. */
#include "probes/probes.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* Nodes of `size` bytes. Collections do not start by themselves. */
static bool graph_open_sized(weft_thread *self, graph *g, size_t count, size_t size)
{
    const weft_type_spec spec = {
        .name = "node", .size = size, .traverse = node_traverse, .clear = node_clear, .destroy = node_clear};
    (void)weft_gc_disable(self);
    g->count = 0;
    g->nodes = malloc(count * sizeof *g->nodes);
    g->type = g->nodes ? weft_type_register(self, &spec) : NULL;
    if (!g->nodes)
        weft_error_set(WEFT_ERROR_MEMORY, "no memory for a graph of %zu objects", count);
    if (!g->type)
        return false;
    for (; g->count < count; g->count++)
        if ((g->nodes[g->count] = weft_new(self, g->type)) == NULL)
            return false;
    return true;
}

static bool graph_open(weft_thread *self, graph *g, size_t count)
{
    return graph_open_sized(self, g, count, sizeof(node));
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

static bool use_threads(weft_thread *self, uint32_t threads)
{
    weft_gc_settings settings;
    if (weft_gc_get_settings(self, &settings) < 0)
        return false;
    settings.threads = threads;
    return weft_gc_set_settings(self, &settings) == WEFT_OK;
}

/* The median of a few collections, by `threads` threads, of a graph that stays, an object. */
static double graph_live_ns(weft_thread *self, uint32_t threads, size_t count,
                            void (*connect)(weft_thread *self, graph *g))
{
    graph g;
    double ns[COLLECTIONS], result = -1;
    if (graph_open(self, &g, count) && use_threads(self, threads)) {
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
    return graph_live_ns(self, threads, probe_objects(MILLION), connect_live);
}

double probe_full_rooted_1m(weft_thread *self, uint32_t threads)
{
    return graph_live_ns(self, threads, probe_objects(MILLION), connect_rooted);
}

double probe_full_live_5m(weft_thread *self, uint32_t threads)
{
    return graph_live_ns(self, threads, probe_objects(5 * MILLION), connect_live);
}

double probe_full_rooted_5m(weft_thread *self, uint32_t threads)
{
    return graph_live_ns(self, threads, probe_objects(5 * MILLION), connect_rooted);
}

double probe_garbage_pair(weft_thread *self, uint32_t threads)
{
    double ns[COLLECTIONS], result = use_threads(self, threads) ? 0 : -1;
    for (int i = 0; i < COLLECTIONS && result >= 0; i++) {
        graph g;
        bool made = graph_open(self, &g, probe_objects(MILLION));
        if (made)
            connect_pairs(self, &g);
        result = made ? collect_ns(self) : -1;
        ns[i] = result / (double)probe_objects(MILLION);
        graph_close(self, &g);
    }
    return result < 0 ? result : spread_of(ns, COLLECTIONS).median;
}

/* ---- memory ---------------------------------------------------------------------------------------------------------- */

static void keep_side_bytes(weft_thread *self, enum weft_gc_phase phase, const weft_gc_event *event, weft_object *o,
                            void *arg)
{
    (void)self;
    (void)o;
    if (phase == WEFT_GC_EVENT_STOP)
        *(double *)arg = (double)event->side_bytes;
}

double probe_side_bytes(weft_thread *self, uint32_t threads)
{
    graph g;
    double bytes = -1;
    bool made = graph_open(self, &g, probe_objects(MILLION)) && use_threads(self, threads);
    if (made)
        connect_live(self, &g);
    if (made && weft_gc_add_callback(self, keep_side_bytes, &bytes) == WEFT_OK) {
        made = collect_ns(self) >= 0;
        (void)weft_gc_remove_callback(self, keep_side_bytes, &bytes);
    }
    graph_close(self, &g);
    return made ? bytes / (double)probe_objects(MILLION) : -1;
}

enum {
    FORK_NODE_BYTES = 256, /* fewer objects, so that the heap is there within a second or two */
    FORK_NODES = (1 << 30) / FORK_NODE_BYTES
};

/* Of the calling process, in bytes; negative: the system does not say. */
static double private_dirty(void)
{
    char line[256];
    long kilobytes = -1;
    FILE *f = fopen("/proc/self/smaps_rollup", "r");
    while (f && kilobytes < 0 && fgets(line, sizeof line, f))
        if (sscanf(line, "Private_Dirty: %ld kB", &kilobytes) != 1)
            kilobytes = -1;
    if (f)
        fclose(f);
    return kilobytes < 0 ? -1 : (double)kilobytes * 1024;
}

/* What a forked child has to itself after a full collection. It does not come back. */
static void dirty_child(weft_thread *self, int to)
{
    double dirty = -1;
    if (weft_fork_after_child(self) == WEFT_OK && weft_gc_collect(self, WEFT_GC_FULL) == 0)
        dirty = private_dirty();
    _exit(write(to, &dirty, sizeof dirty) == sizeof dirty ? 0 : 1);
}

static double fork_dirty_bytes(weft_thread *self)
{
    int ends[2];
    double dirty = -1;
    if (pipe(ends) != 0 || weft_fork_before(self) < 0)
        return -1;
    pid_t child = fork();
    if (child == 0)
        dirty_child(self, ends[1]);
    (void)weft_fork_after_parent(self);
    close(ends[1]);
    if (child < 0 || read(ends[0], &dirty, sizeof dirty) != sizeof dirty)
        dirty = -1;
    close(ends[0]);
    if (child > 0)
        (void)waitpid(child, NULL, 0);
    return dirty;
}

double probe_fork_dirty(weft_thread *self, uint32_t threads)
{
    graph g;
    double dirty = -1;
    if (graph_open_sized(self, &g, probe_objects(FORK_NODES), FORK_NODE_BYTES) && use_threads(self, threads)) {
        connect_live(self, &g);
        dirty = fork_dirty_bytes(self);
        if (dirty < 0)
            weft_error_set(WEFT_ERROR_SYSTEM, "a forked child could not collect, or tell what it had to itself");
    }
    graph_close(self, &g);
    return dirty < 0 ? -1 : dirty / ((double)probe_objects(FORK_NODES) * FORK_NODE_BYTES);
}
