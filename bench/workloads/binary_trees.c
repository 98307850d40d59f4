/* binary_trees.c - trees of small objects that come and go: nothing but allocation, reference counts, and destruction.
 *
 * One task builds a tree of depth `size` that stays until the end; the others build, walk and drop trees of a quarter of
 * the memory, `repeat` of them. After the shape of Boehm's GCBench (Ellis, Kovac and Boehm): the sizes differ, the idea
 * of a long-lived tree beside short-lived ones is theirs.
 *
 * The node is a type registered by the program, with two references and nothing else: the smallest object that can hold
 * any. A tree of depth d has 2^(d+1) - 1 nodes, which is the check. */
#include "bench.h"

#include <inttypes.h>
#include <stdlib.h>

typedef struct node {
    weft_object object;
    weft_object *left, *right; /* constant once built; both NULL in a leaf */
} node;

typedef struct trees {
    const weft_type *node_type;
    uint32_t depth;
    weft_object *long_lived; /* written by task 0, read after all tasks */
    uint64_t tasks;
} trees;

enum { LONG_LIVED_TASK = 0, SHORTER_BY = 2, DEPTH_MAX = 26 };

static node *node_of(weft_object *o)
{
    return (node *)(void *)o;
}

static int node_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    node *n = node_of(o);
    int result = n->left ? visit(n->left, arg) : 0;
    return result == 0 && n->right ? visit(n->right, arg) : result;
}

static void node_clear(weft_thread *self, weft_object *o)
{
    node *n = node_of(o);
    weft_object *left = n->left, *right = n->right;
    n->left = n->right = NULL;
    weft_xdecref(self, left);
    weft_xdecref(self, right);
}

/* A tree of the given depth, bottom up; new reference. */
static weft_object *build(weft_thread *self, const weft_type *type, uint32_t depth)
{
    weft_object *left = NULL, *right = NULL;
    weft_safepoint(self);
    if (depth > 0) {
        left = build(self, type, depth - 1);
        right = left ? build(self, type, depth - 1) : NULL;
        if (!right)
            goto failed;
    }
    weft_object *o = weft_new(self, type);
    if (!o)
        goto failed;
    node_of(o)->left = left;
    node_of(o)->right = right;
    return o;
failed:
    weft_xdecref(self, left);
    weft_xdecref(self, right);
    return NULL;
}

static uint64_t count_nodes(weft_object *o)
{
    const node *n = node_of(o);
    return n->left ? 1 + count_nodes(n->left) + count_nodes(n->right) : 1;
}

static uint64_t nodes_of_depth(uint32_t depth)
{
    return (UINT64_C(2) << depth) - 1;
}

static void *set_up(weft_thread *self, const bench_options *options, size_t *tasks)
{
    static const weft_type_spec spec = {
        .name = "node",
        .size = sizeof(node),
        .traverse = node_traverse,
        .clear = node_clear,
        .destroy = node_clear,
    };
    if (options->size < SHORTER_BY || options->size > DEPTH_MAX) {
        weft_error_set(WEFT_ERROR_VALUE, "--size is the depth of the tree: 2 to %d, got %" PRIu64, DEPTH_MAX,
                       options->size);
        return NULL;
    }
    trees *t = calloc(1, sizeof *t);
    if (!t) {
        weft_error_set(WEFT_ERROR_MEMORY, "no memory for the trees' state");
        return NULL;
    }
    t->node_type = weft_type_register(self, &spec);
    if (!t->node_type) {
        free(t);
        return NULL;
    }
    t->depth = (uint32_t)options->size;
    t->tasks = options->repeat + 1;
    *tasks = t->tasks;
    return t;
}

static weft_status run(weft_thread *self, void *state, size_t task, uint64_t *checksum)
{
    trees *t = state;
    uint32_t depth = task == LONG_LIVED_TASK ? t->depth : t->depth - SHORTER_BY;
    weft_object *tree = build(self, t->node_type, depth);
    if (!tree)
        return weft_error_status();
    *checksum += count_nodes(tree);
    if (task == LONG_LIVED_TASK)
        t->long_lived = tree;
    else
        weft_decref(self, tree);
    return WEFT_OK;
}

static weft_status check(weft_thread *self, void *state, uint64_t checksum)
{
    const trees *t = state;
    (void)self;
    uint64_t expected = nodes_of_depth(t->depth) + (t->tasks - 1) * nodes_of_depth(t->depth - SHORTER_BY);
    uint64_t kept = count_nodes(t->long_lived);
    if (checksum != expected || kept != nodes_of_depth(t->depth))
        return weft_error_set(WEFT_ERROR_USER,
                              "wrong answer: %" PRIu64 " nodes counted, %" PRIu64 " expected; %" PRIu64
                              " in the long-lived tree",
                              checksum, expected, kept);
    return WEFT_OK;
}

static void tear_down(weft_thread *self, void *state)
{
    trees *t = state;
    weft_xdecref(self, t->long_lived);
    free(t);
}

const workload workload_binary_trees = {
    .name = "binary_trees",
    .summary = "trees of two-reference objects built, walked and dropped beside one that stays",
    .units = "size: depth of the tree that stays; repeat: trees of a quarter of it",
    .size = 19,
    .repeat = 60,
    .set_up = set_up,
    .run = run,
    .check = check,
    .tear_down = tear_down,
};
