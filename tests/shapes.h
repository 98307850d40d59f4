/* shapes.h - object graphs for the tests of the collector, each with a model of it beside it in plain C: who refers to
 * whom, and whom the test itself holds. What must be alive follows from the model alone (shape_check), by a search that
 * knows nothing of counts. Deaths are seen by destroy callbacks: a knot's own, or that of the witness in a container. */
#ifndef WEFT_TESTS_SHAPES_H
#define WEFT_TESTS_SHAPES_H

#include <stdlib.h>

#include "values.h"

enum {
    SHAPE_KNOT, /* a registered type with any number of references */
    SHAPE_SOUL, /* the same, with a finalizer */
    SHAPE_LIST, /* the built-in types; item 0, or the like, is the witness */
    SHAPE_DICT,
    SHAPE_INSTANCE, /* up to SHAPE_SLOTS references */
    SHAPE_TUPLE,    /* shape_tuple only: refers to what was there before */
    SHAPE_KINDS
};

enum { SHAPE_SLOTS = 8, SHAPE_NO_EDGE = -1 };

typedef struct shape_node {
    weft_object *o; /* borrowed, but for the reference that `held` stands for; not to be touched once dead */
    int kind;
    bool held;
    int64_t *edges; /* ids, or SHAPE_NO_EDGE */
    size_t edge_count, edge_room;
} shape_node;

typedef struct shape {
    weft_runtime *runtime;
    weft_thread *self;
    const weft_type *knot, *soul, *witness, *instance;
    shape_node *nodes;
    size_t count, room;
    uint64_t random;
} shape;

typedef struct shape_knot {
    weft_var_object var;
    size_t id;
    weft_object *refs[];
} shape_knot;

typedef struct shape_witness {
    weft_object object;
    size_t id;
} shape_witness;

/* One shape at a time. What its objects tell, by id. */
static struct {
    shape *now;
    uint8_t *dead, *finalized;
    bool *rescue; /* the finalizer brings this one back: the test holds it from then on */
} shape_seen;

/* ---- the types ------------------------------------------------------------------------------------------------- */

static inline shape_knot *shape_knot_of(weft_object *o)
{
    return (shape_knot *)(void *)o;
}

static inline int shape_knot_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    const shape_knot *k = shape_knot_of(o);
    for (size_t i = 0; i < k->var.count; i++) {
        int result = k->refs[i] ? visit(k->refs[i], arg) : 0;
        if (result != 0)
            return result;
    }
    return 0;
}

static inline void shape_knot_clear(weft_thread *self, weft_object *o)
{
    shape_knot *k = shape_knot_of(o);
    for (size_t i = 0; i < k->var.count; i++) {
        weft_object *old = k->refs[i];
        k->refs[i] = NULL;
        weft_xdecref(self, old);
    }
}

static inline void shape_knot_destroy(weft_thread *self, weft_object *o)
{
    shape_seen.dead[shape_knot_of(o)->id]++;
    shape_knot_clear(self, o);
}

static inline void shape_witness_destroy(weft_thread *self, weft_object *o)
{
    (void)self;
    shape_seen.dead[((shape_witness *)(void *)o)->id]++;
}

static inline void shape_soul_finalize(weft_thread *self, weft_object *o)
{
    size_t id = shape_knot_of(o)->id;
    shape_seen.finalized[id]++;
    for (size_t i = 0; i < shape_seen.now->nodes[id].edge_count; i++) /* everything is still there */
        if (shape_seen.now->nodes[id].edges[i] != SHAPE_NO_EDGE)
            CHECK_PTR(shape_knot_of(o)->refs[i], shape_seen.now->nodes[shape_seen.now->nodes[id].edges[i]].o);
    if (shape_seen.rescue[id]) {
        shape_seen.now->nodes[id].held = true;
        weft_incref(self, o);
    }
}

static inline void shape_open(shape *s, size_t room)
{
    static const char *const slots[SHAPE_SLOTS + 1] = {"witness", "a", "b", "c", "d", "e", "f", "g", "h"};
    weft_type_spec spec = {.name = "knot",
                           .flags = WEFT_TYPE_IDENTITY,
                           .size = sizeof(shape_knot),
                           .item_size = sizeof(weft_object *),
                           .traverse = shape_knot_traverse,
                           .clear = shape_knot_clear,
                           .destroy = shape_knot_destroy};
    weft_type_spec soul = spec;
    soul.name = "soul";
    soul.finalize = shape_soul_finalize;
    weft_type_spec witness = {.name = "witness",
                              .size = sizeof(shape_witness),
                              .flags = WEFT_TYPE_IDENTITY,
                              .destroy = shape_witness_destroy};
    values v = values_open();
    *s = (shape){.runtime = v.runtime, .self = v.self, .room = room, .random = test_seed()};
    s->knot = weft_type_register(s->self, &spec);
    s->soul = weft_type_register(s->self, &soul);
    s->witness = weft_type_register(s->self, &witness);
    s->instance = weft_instance_type(s->self, "node", slots, SHAPE_SLOTS + 1);
    CHECK(s->knot && s->soul && s->witness && s->instance);
    s->nodes = calloc(room, sizeof *s->nodes);
    shape_seen.now = s;
    shape_seen.dead = calloc(room, 1);
    shape_seen.finalized = calloc(room, 1);
    shape_seen.rescue = calloc(room, sizeof(bool));
    CHECK(s->nodes && shape_seen.dead && shape_seen.finalized && shape_seen.rescue);
}

/* ---- building -------------------------------------------------------------------------------------------------- */

static inline weft_object *shape_container(shape *s, int kind, weft_object *witness)
{
    weft_object *o = NULL;
    if (kind == SHAPE_LIST) {
        o = weft_list_new(s->self, 0);
        CHECK_INT(weft_list_append(s->self, o, witness), WEFT_OK);
    } else if (kind == SHAPE_DICT) {
        o = weft_dict_new(s->self);
        CHECK_INT(weft_dict_set(s->self, o, witness, witness), WEFT_OK);
    } else {
        o = weft_instance_new(s->self, s->instance);
        CHECK_INT(weft_instance_set(s->self, o, 0, witness), WEFT_OK);
    }
    return o;
}

static inline weft_object *shape_new_witness(shape *s, size_t id)
{
    weft_object *o = weft_new(s->self, s->witness);
    if (CHECK(o != NULL))
        ((shape_witness *)(void *)o)->id = id;
    return o;
}

static inline size_t shape_add_node(shape *s, int kind, weft_object *o, size_t edges)
{
    size_t id = s->count++;
    s->nodes[id] = (shape_node){.o = o, .kind = kind, .held = true, .edge_room = edges};
    s->nodes[id].edges = edges ? malloc(edges * sizeof(int64_t)) : NULL;
    return id;
}

/* A new node that the test holds, with room for this many references. Returns its id. */
static inline size_t shape_add(shape *s, int kind, size_t edges)
{
    size_t id = s->count;
    CHECK(id < s->room);
    if (kind == SHAPE_KNOT || kind == SHAPE_SOUL) {
        weft_object *o = weft_new_var(s->self, kind == SHAPE_KNOT ? s->knot : s->soul, edges);
        if (CHECK(o != NULL))
            shape_knot_of(o)->id = id;
        return shape_add_node(s, kind, o, edges);
    }
    weft_object *witness = shape_new_witness(s, id);
    weft_object *o = shape_container(s, kind, witness);
    weft_decref(s->self, witness);
    return shape_add_node(s, kind, o, kind == SHAPE_INSTANCE && edges > SHAPE_SLOTS ? SHAPE_SLOTS : edges);
}

static inline weft_object *shape_key(shape *s, size_t edge)
{
    weft_object *key = weft_int_new(s->self, (int64_t)edge);
    CHECK(key != NULL);
    return key;
}

static inline void shape_store(shape *s, size_t from, size_t edge, weft_object *child)
{
    shape_node *n = &s->nodes[from];
    weft_status status = WEFT_OK;
    if (n->kind == SHAPE_KNOT || n->kind == SHAPE_SOUL) {
        weft_object *old = shape_knot_of(n->o)->refs[edge];
        shape_knot_of(n->o)->refs[edge] = child ? weft_ref(s->self, child) : NULL;
        weft_xdecref(s->self, old);
    } else if (n->kind == SHAPE_LIST) {
        weft_object *item = child ? child : &weft_none;
        bool there = (int64_t)edge + 1 < weft_list_size(s->self, n->o);
        status = there ? weft_list_set(s->self, n->o, (int64_t)edge + 1, item) : weft_list_append(s->self, n->o, item);
    } else if (n->kind == SHAPE_DICT) {
        weft_object *key = shape_key(s, edge);
        status = child ? weft_dict_set(s->self, n->o, key, child)
                       : (weft_status)(weft_dict_pop(s->self, n->o, key, NULL) == 1 ? WEFT_OK : WEFT_ERROR_KEY);
        weft_decref(s->self, key);
    } else {
        status = weft_instance_set(s->self, n->o, (int64_t)edge + 1, child);
    }
    CHECK_INT(status, WEFT_OK);
}

/* `from` refers to `to`; false: it has no room. */
static inline bool shape_link(shape *s, size_t from, size_t to)
{
    shape_node *n = &s->nodes[from];
    if (n->kind == SHAPE_TUPLE || n->edge_count == n->edge_room)
        return false;
    n->edges[n->edge_count++] = (int64_t)to;
    shape_store(s, from, n->edge_count - 1, s->nodes[to].o);
    return true;
}

static inline void shape_unlink(shape *s, size_t from, size_t edge)
{
    shape_node *n = &s->nodes[from];
    if (n->kind == SHAPE_TUPLE || edge >= n->edge_count || n->edges[edge] == SHAPE_NO_EDGE)
        return;
    n->edges[edge] = SHAPE_NO_EDGE; /* first, since what dies now looks at the model */
    shape_store(s, from, edge, NULL);
}

/* A new tuple of nodes. */
static inline size_t shape_tuple(shape *s, const size_t *to, size_t count)
{
    weft_object *items[SHAPE_SLOTS + 1];
    size_t id = s->count;
    items[0] = shape_new_witness(s, id);
    for (size_t i = 0; i < count; i++)
        items[i + 1] = s->nodes[to[i]].o;
    weft_object *o = weft_tuple_new(s->self, items, count + 1);
    CHECK(o != NULL);
    weft_decref(s->self, items[0]);
    shape_add_node(s, SHAPE_TUPLE, o, count);
    for (size_t i = 0; i < count; i++)
        s->nodes[id].edges[s->nodes[id].edge_count++] = (int64_t)to[i];
    return id;
}

/* The test lets go of it. */
static inline void shape_drop(shape *s, size_t id)
{
    if (!s->nodes[id].held)
        return;
    s->nodes[id].held = false;
    weft_decref(s->self, s->nodes[id].o);
}

static inline void shape_drop_all(shape *s)
{
    for (size_t i = 0; i < s->count; i++)
        shape_drop(s, i);
}

/* ---- the oracle ------------------------------------------------------------------------------------------------ */

/* seen[id]: can be reached from what the test holds. */
static inline uint8_t *shape_reachable(const shape *s)
{
    uint8_t *seen = calloc(s->count + 1, 1);
    size_t *stack = malloc((s->count + 1) * sizeof *stack), top = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (s->nodes[i].held) {
            seen[i] = 1;
            stack[top++] = i;
        }
    }
    while (top > 0) {
        const shape_node *n = &s->nodes[stack[--top]];
        for (size_t i = 0; i < n->edge_count; i++) {
            if (n->edges[i] == SHAPE_NO_EDGE || seen[n->edges[i]])
                continue;
            seen[n->edges[i]] = 1;
            stack[top++] = (size_t)n->edges[i];
        }
    }
    free(stack);
    return seen;
}

/* Does the object refer to what the model says? */
static inline bool shape_edge_is(shape *s, const shape_node *n, size_t edge)
{
    int64_t to = n->edges[edge];
    weft_object *expected = to == SHAPE_NO_EDGE ? NULL : s->nodes[to].o, *found = NULL;
    switch (n->kind) {
    case SHAPE_KNOT:
    case SHAPE_SOUL:
        return shape_knot_of(n->o)->refs[edge] == expected;
    case SHAPE_TUPLE:
        return weft_tuple_get(s->self, n->o, (int64_t)edge + 1) == expected;
    case SHAPE_LIST:
        found = weft_list_get(s->self, n->o, (int64_t)edge + 1);
        expected = expected ? expected : &weft_none;
        break;
    case SHAPE_DICT: {
        weft_object *key = shape_key(s, edge);
        (void)weft_dict_get(s->self, n->o, key, &found);
        weft_decref(s->self, key);
        break;
    }
    default:
        found = weft_instance_get(s->self, n->o, (int64_t)edge + 1);
        weft_error_clear();
    }
    weft_xdecref(s->self, found);
    return found == expected;
}

static inline bool shape_intact(shape *s, size_t id)
{
    for (size_t i = 0; i < s->nodes[id].edge_count; i++)
        if (!shape_edge_is(s, &s->nodes[id], i))
            return false;
    return true;
}

/* Everything reachable lives and is whole; of the rest nothing died twice, and if `exact`, everything once. */
static inline void shape_check(shape *s, bool exact)
{
    uint8_t *seen = shape_reachable(s);
    int64_t died = 0, broken = 0, left = 0, twice = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (seen[i]) {
            died += shape_seen.dead[i] != 0;
            broken += shape_seen.dead[i] == 0 && !shape_intact(s, i);
        } else {
            left += shape_seen.dead[i] == 0;
            twice += shape_seen.dead[i] > 1;
        }
        twice += shape_seen.finalized[i] > 1;
    }
    free(seen);
    CHECK_INT(died, 0);   /* reachable, and died */
    CHECK_INT(broken, 0); /* reachable, and not as it was */
    CHECK_INT(twice, 0);  /* destroyed, or finalized, more than once */
    if (exact)
        CHECK_INT(left, 0); /* unreachable, and lives */
}

static inline int64_t shape_dead(const shape *s)
{
    int64_t dead = 0;
    for (size_t i = 0; i < s->count; i++)
        dead += shape_seen.dead[i];
    return dead;
}

/* Everything must die now. */
static inline void shape_close(shape *s)
{
    shape_drop_all(s);
    CHECK(weft_gc_collect(s->self, WEFT_GC_FULL) >= 0);
    shape_check(s, true);
    for (size_t i = 0; i < s->count; i++)
        free(s->nodes[i].edges);
    free(s->nodes);
    free(shape_seen.dead);
    free(shape_seen.finalized);
    free(shape_seen.rescue);
    values v = {s->runtime, s->self};
    values_close(&v);
}

/* ---- shapes: all nodes of one kind, held ----------------------------------------------------------------------- */

static inline size_t shape_random(shape *s, size_t below)
{
    return (size_t)(test_random(&s->random) % below);
}

static inline void shape_add_many(shape *s, int kind, size_t count, size_t edges)
{
    for (size_t i = 0; i < count; i++)
        shape_add(s, kind, edges);
}

static inline void shape_ring(shape *s, int kind, size_t count)
{
    size_t first = s->count;
    shape_add_many(s, kind, count, 1);
    for (size_t i = 0; i < count; i++)
        shape_link(s, first + i, first + (i + 1) % count);
}

/* Each refers to two children and its parent. */
static inline void shape_tree(shape *s, int kind, size_t count)
{
    size_t first = s->count;
    shape_add_many(s, kind, count, 3);
    for (size_t i = 1; i < count; i++) {
        shape_link(s, first + (i - 1) / 2, first + i);
        shape_link(s, first + i, first + (i - 1) / 2);
    }
}

static inline void shape_clique(shape *s, int kind, size_t count)
{
    size_t first = s->count;
    shape_add_many(s, kind, count, count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++)
            shape_link(s, first + i, first + j);
}

/* Two chains, one each way, with rungs both ways. */
static inline void shape_ladder(shape *s, int kind, size_t rungs)
{
    size_t first = s->count;
    shape_add_many(s, kind, 2 * rungs, 2);
    for (size_t i = 0; i < rungs; i++) {
        size_t left = first + 2 * i, right = left + 1;
        shape_link(s, left, right);
        shape_link(s, right, left);
        if (i + 1 < rungs)
            shape_link(s, left, left + 2);
        if (i > 0)
            shape_link(s, right, right - 2);
    }
}

/* One refers to many, which refer back. */
static inline void shape_wide(shape *s, int kind, size_t count)
{
    size_t hub = shape_add(s, kind, count);
    for (size_t i = 0; i < count && s->nodes[hub].edge_count < s->nodes[hub].edge_room; i++) {
        size_t leaf = shape_add(s, SHAPE_KNOT, 1);
        shape_link(s, hub, leaf);
        shape_link(s, leaf, hub);
    }
}

static inline void shape_selves(shape *s, int kind, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t id = shape_add(s, kind, 2);
        shape_link(s, id, id);
        shape_link(s, id, id);
    }
}

/* Every kind of container in one ring, with a tuple between each two. */
static inline void shape_mixed(shape *s, int kind, size_t count)
{
    static const int kinds[] = {SHAPE_LIST, SHAPE_DICT, SHAPE_INSTANCE, SHAPE_KNOT};
    size_t last = shape_add(s, kind, 1), first = last;
    for (size_t i = 0; i < count; i++) {
        size_t tuple = shape_tuple(s, &last, 1);
        last = shape_add(s, kinds[i % 4], 1);
        shape_link(s, last, tuple);
    }
    shape_link(s, first, last);
}

/* One of the first `count` nodes that can be reached, or SIZE_MAX: no other may be touched. */
static inline size_t shape_any(shape *s, const uint8_t *seen, size_t count)
{
    for (int tries = 0; tries < 64; tries++) {
        size_t id = shape_random(s, count);
        if (seen[id])
            return id;
    }
    return SIZE_MAX;
}

/* References between nodes that can be reached leave what can be reached as it is. */
static inline void shape_link_some(shape *s, const uint8_t *seen, size_t count)
{
    for (int i = 0; i < 16; i++) {
        size_t from = shape_any(s, seen, count), to = shape_any(s, seen, count);
        if (from == SIZE_MAX || to == SIZE_MAX || s->count == s->room)
            return;
        if (shape_random(s, 8) == 0)
            (void)shape_tuple(s, (size_t[]){from, to}, 2);
        else
            (void)shape_link(s, from, to);
    }
}

/* Adds `count` nodes of random kinds, then links, unlinks and drops at random among what can be reached. */
static inline void shape_mutate(shape *s, size_t count)
{
    for (size_t i = 0; i < count; i++)
        shape_add(s, (int)shape_random(s, SHAPE_TUPLE), 1 + shape_random(s, 6));
    for (size_t i = 0; i < count; i++) {
        uint8_t *seen = shape_reachable(s);
        size_t known = s->count, from = shape_any(s, seen, known);
        if (i % 4 == 0)
            shape_link_some(s, seen, known);
        if (from != SIZE_MAX && s->nodes[from].edge_count > 0)
            shape_unlink(s, from, shape_random(s, s->nodes[from].edge_count));
        free(seen);
        shape_drop(s, shape_random(s, s->count));
    }
}

#endif
