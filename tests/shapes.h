/* shapes.h - object graphs for the tests of the collector, each with a model of it beside it in plain C: who refers to
 * whom, and whom the test itself holds. What must be alive follows from the model alone (shape_check), by a search that
 * knows nothing of counts. The kinds of objects: shape_kinds.h. */
#ifndef WEFT_TESTS_SHAPES_H
#define WEFT_TESTS_SHAPES_H

#include "shape_kinds.h"

static inline void shape_open(shape *s, size_t room)
{
    values v = values_open();
    *s = (shape){.runtime = v.runtime, .self = v.self, .room = room, .random = test_seed()};
    shape_types_register(s);
    s->nodes = calloc(room, sizeof *s->nodes);
    shape_seen.now = s;
    shape_seen.dead = calloc(room, 1);
    shape_seen.finalized = calloc(room, 1);
    shape_seen.rescue = calloc(room, sizeof(bool));
    CHECK(s->nodes && shape_seen.dead && shape_seen.finalized && shape_seen.rescue);
}

/* ---- building -------------------------------------------------------------------------------------------------- */

static inline size_t shape_add_node(shape *s, int kind, weft_object *o, size_t edges)
{
    size_t id = s->count++;
    s->nodes[id] = (shape_node){.o = o, .kind = kind, .held = true, .edge_room = edges};
    s->nodes[id].edges = edges ? malloc(edges * sizeof(int64_t)) : NULL;
    s->nodes[id].keys = edges && kind == SHAPE_WEAK ? malloc(edges * sizeof(int64_t)) : NULL;
    return id;
}

/* A new node that the test holds, with room for this many references. Returns its id. */
static inline size_t shape_add(shape *s, int kind, size_t edges)
{
    size_t id = s->count;
    CHECK(id < s->room);
    edges = shape_room(kind, edges);
    if (kind == SHAPE_KNOT || kind == SHAPE_SOUL) {
        weft_object *o = weft_new_var(s->self, kind == SHAPE_KNOT ? s->knot : s->soul, edges);
        if (CHECK(o != NULL))
            shape_knot_of(o)->id = id;
        return shape_add_node(s, kind, o, edges);
    }
    weft_object *witness = shape_new_witness(s, id);
    weft_object *o = shape_container(s, kind, witness);
    weft_decref(s->self, witness);
    return shape_add_node(s, kind, o, edges);
}

/* A table has one value for a key. */
static inline void shape_forget_key(shape *s, size_t from, size_t key)
{
    shape_node *n = &s->nodes[from];
    for (size_t i = 0; i < n->edge_count; i++)
        if (n->keys[i] == (int64_t)key)
            n->keys[i] = n->edges[i] = SHAPE_NO_EDGE; /* SHAPE_NO_KEY too */
}

/* `from`, a weak table, refers to `to` as long as `key` lives; false: it has no room. */
static inline bool shape_link_weak(shape *s, size_t from, int64_t key, size_t to)
{
    shape_node *n = &s->nodes[from];
    if (n->edge_count == n->edge_room)
        return false;
    if (key != SHAPE_NO_KEY)
        shape_forget_key(s, from, (size_t)key);
    n->keys[n->edge_count] = key;
    n->edges[n->edge_count++] = (int64_t)to;
    shape_store(s, from, n->edge_count - 1, s->nodes[to].o);
    return true;
}

/* `from` refers to `to`; false: it has no room. */
static inline bool shape_link(shape *s, size_t from, size_t to)
{
    shape_node *n = &s->nodes[from];
    if (n->kind == SHAPE_WEAK)
        return shape_link_weak(s, from, SHAPE_NO_KEY, to);
    if (n->kind >= SHAPE_FIXED || n->edge_count == n->edge_room)
        return false;
    n->edges[n->edge_count++] = (int64_t)to;
    shape_store(s, from, n->edge_count - 1, s->nodes[to].o);
    return true;
}

static inline void shape_unlink(shape *s, size_t from, size_t edge)
{
    shape_node *n = &s->nodes[from];
    if (n->kind >= SHAPE_FIXED || edge >= n->edge_count || n->edges[edge] == SHAPE_NO_EDGE)
        return;
    n->edges[edge] = SHAPE_NO_EDGE; /* first, since what dies now looks at the model */
    shape_store(s, from, edge, NULL);
}

/* A new one, of a kind that does not change, that refers to these nodes. */
static inline size_t shape_fixed(shape *s, int kind, const size_t *to, size_t count)
{
    weft_object *children[SHAPE_SLOTS], *witness = shape_new_witness(s, s->count);
    for (size_t i = 0; i < count; i++)
        children[i] = s->nodes[to[i]].o;
    weft_object *items = shape_items(s, witness, children, count);
    weft_object *o = shape_fixed_object(s, kind, items);
    CHECK(o != NULL);
    weft_decref(s->self, witness);
    weft_decref(s->self, items);
    size_t id = shape_add_node(s, kind, o, count);
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

/* Marks what can be reached from what is on the stack; weak tables, as far as the keys are marked already. */
static inline void shape_search(const shape *s, uint8_t *seen, size_t *stack, size_t top)
{
    while (top > 0) {
        const shape_node *n = &s->nodes[stack[--top]];
        for (size_t i = 0; i < n->edge_count; i++) {
            bool waits = n->keys && n->keys[i] != SHAPE_NO_KEY && !seen[n->keys[i]];
            if (n->edges[i] == SHAPE_NO_EDGE || seen[n->edges[i]] || waits)
                continue;
            seen[n->edges[i]] = 1;
            stack[top++] = (size_t)n->edges[i];
        }
    }
}

/* Values whose keys have been marked since their table was looked at. */
static inline size_t shape_push_values(const shape *s, uint8_t *seen, size_t *stack)
{
    size_t top = 0;
    for (size_t id = 0; id < s->count; id++) {
        const shape_node *n = &s->nodes[id];
        for (size_t i = 0; n->keys && seen[id] && i < n->edge_count; i++) {
            if (n->edges[i] == SHAPE_NO_EDGE || seen[n->edges[i]] || n->keys[i] == SHAPE_NO_KEY || !seen[n->keys[i]])
                continue;
            seen[n->edges[i]] = 1;
            stack[top++] = (size_t)n->edges[i];
        }
    }
    return top;
}

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
    do
        shape_search(s, seen, stack, top);
    while ((top = shape_push_values(s, seen, stack)) > 0);
    free(stack);
    return seen;
}

static inline bool shape_intact(shape *s, size_t id)
{
    for (size_t i = 0; i < s->nodes[id].edge_count; i++)
        if (!shape_edge_is(s, id, i))
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

/* Names that the type of open instances has met it keeps. */
static inline int64_t shape_names_kept(shape *s)
{
    int64_t kept = 0;
    for (int i = 0; i < SHAPE_NAMES; i++) {
        kept += s->names[i] != NULL;
        weft_xdecref(s->self, s->names[i]);
    }
    return kept < WEFT_OPEN_KEYS_MAX ? kept : WEFT_OPEN_KEYS_MAX;
}

/* Everything must die now. */
static inline void shape_close(shape *s)
{
    shape_drop_all(s);
    CHECK(weft_gc_collect(s->self, WEFT_GC_FULL) >= 0);
    shape_check(s, true);
    for (size_t i = 0; i < s->count; i++) {
        free(s->nodes[i].edges);
        free(s->nodes[i].keys);
    }
    free(s->nodes);
    free(shape_seen.dead);
    free(shape_seen.finalized);
    free(shape_seen.rescue);
    int64_t names = shape_names_kept(s);
    CHECK_INT(values_live(s->self), names);
    CHECK_INT(weft_thread_detach(s->self), WEFT_OK);
    CHECK_INT(weft_runtime_free(s->runtime), WEFT_OK);
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

/* Every kind in one ring, one that changes and one that does not in turn. */
static inline void shape_mixed(shape *s, int kind, size_t count)
{
    size_t last = shape_add(s, kind, 1), first = last;
    for (size_t i = 0; i < count; i++) {
        size_t fixed = shape_fixed(s, SHAPE_FIXED + (int)i % (SHAPE_KINDS - SHAPE_FIXED), &last, 1);
        last = shape_add(s, (int)i % SHAPE_FIXED, 1);
        shape_link(s, last, fixed);
    }
    shape_link(s, first, last);
}

/* Held by the test: a weak table, and keys, each of which leads to the next through its value in the table only; the
 * last one's value leads to the first. */
static inline void shape_ephemerons(shape *s, int kind, size_t count)
{
    size_t table = shape_add(s, SHAPE_WEAK, count), first = s->count;
    for (size_t i = 0; i < count; i++) {
        shape_add(s, SHAPE_KNOT, 1);
        shape_add(s, kind, 2);
    }
    for (size_t i = 0; i < count; i++) {
        size_t key = first + 2 * i, value = key + 1;
        shape_link_weak(s, table, (int64_t)key, value);
        shape_link(s, value, first + 2 * ((i + 1) % count));
    }
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

static inline bool shape_has_key(const shape_node *n, size_t key)
{
    for (size_t i = 0; i < n->edge_count; i++)
        if (n->keys[i] == (int64_t)key)
            return true;
    return false;
}

/* A key that the table does not have. */
static inline int64_t shape_any_key(shape *s, const uint8_t *seen, size_t count, size_t table)
{
    for (int tries = 0; tries < 64; tries++) {
        size_t id = shape_any(s, seen, count);
        if (id != SIZE_MAX && shape_is_key(s->nodes[id].kind) && !shape_has_key(&s->nodes[table], id))
            return (int64_t)id;
    }
    return SHAPE_NO_KEY;
}

/* References between nodes that can be reached leave what can be reached as it is. */
static inline void shape_link_some(shape *s, const uint8_t *seen, size_t count)
{
    for (int i = 0; i < 16; i++) {
        size_t from = shape_any(s, seen, count), to = shape_any(s, seen, count);
        if (from == SIZE_MAX || to == SIZE_MAX || s->count == s->room)
            return;
        if (shape_random(s, 8) == 0)
            (void)shape_fixed(s, SHAPE_FIXED + (int)shape_random(s, SHAPE_KINDS - SHAPE_FIXED), (size_t[]){from, to},
                              2);
        else if (s->nodes[from].kind == SHAPE_WEAK && shape_random(s, 4))
            (void)shape_link_weak(s, from, shape_any_key(s, seen, count, from), to);
        else
            (void)shape_link(s, from, to);
    }
}

/* `count` nodes of random kinds, linked at random, of which the test goes on to hold a few. */
static inline void shape_tangle(shape *s, size_t count)
{
    while (s->count < count) {
        int fixed = SHAPE_FIXED + (int)shape_random(s, SHAPE_KINDS - SHAPE_FIXED);
        if (s->count > 10 && shape_random(s, 4) == 0)
            (void)shape_fixed(s, fixed, (size_t[]){shape_random(s, s->count), shape_random(s, s->count)}, 2);
        else
            (void)shape_add(s, (int)shape_random(s, SHAPE_FIXED), 1 + shape_random(s, 3));
    }
    for (size_t i = 0; i < s->count; i++) {
        size_t from = shape_random(s, s->count), key = shape_random(s, s->count);
        size_t to =
            shape_random(s, 3) ? (from + s->count + shape_random(s, 5) - 2) % s->count : shape_random(s, s->count);
        if (s->nodes[from].kind == SHAPE_WEAK && shape_is_key(s->nodes[key].kind))
            (void)shape_link_weak(s, from, (int64_t)key, to);
        else
            (void)shape_link(s, from, to);
    }
    for (size_t i = 0; i < s->count; i++)
        if (shape_random(s, 1000))
            shape_drop(s, i);
}

/* Adds `count` nodes of random kinds, then links, unlinks and drops at random among what can be reached. */
static inline void shape_mutate(shape *s, size_t count)
{
    for (size_t i = 0; i < count; i++)
        shape_add(s, (int)shape_random(s, SHAPE_FIXED), 1 + shape_random(s, 6));
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

/* What the collector says of a heap that has grown to `count` objects in rings, with nothing but the default schedule. */
static inline weft_gc_stats shape_grow_by_itself(size_t count)
{
    shape s;
    weft_gc_stats stats;
    shape_open(&s, count);
    for (size_t i = 0; i < count; i++) {
        shape_add(&s, SHAPE_KNOT, 2);
        shape_link(&s, i, i - i % 5);
        shape_link(&s, i - i % 5, i);
        shape_link(&s, i, shape_random(&s, i + 1));
        weft_safepoint(s.self);
    }
    CHECK_INT(weft_gc_statistics(s.self, &stats), WEFT_OK);
    shape_close(&s);
    return stats;
}

#endif
