/* shape_kinds.h - the objects of shapes.h: what each kind of node is made of, how it holds what the model says it holds, and
 * how that is looked up again. Every object has a witness, whose destroy callback tells of its death, or tells itself. */
#ifndef WEFT_TESTS_SHAPE_KINDS_H
#define WEFT_TESTS_SHAPE_KINDS_H

#include <stdio.h>
#include <stdlib.h>

#include "values.h"

enum {
    SHAPE_KNOT, /* a registered type with any number of references */
    SHAPE_SOUL, /* the same, with a finalizer */
    SHAPE_LIST, /* the built-in types; item 0, or the like, is the witness */
    SHAPE_DICT,
    SHAPE_INSTANCE, /* up to SHAPE_SLOTS references */
    SHAPE_OPEN,     /* any attributes: some in the array, some in a dict of its own */
    SHAPE_CELL,     /* one reference */
    SHAPE_DEQUE,
    SHAPE_SET,   /* of boxes */
    SHAPE_CACHE, /* a weak dict whose values are constants: it keeps its keys, which are boxes */
    SHAPE_WEAK, /* a weak dict with weak keys: an edge counts while its key lives, or always if the key is a constant */
    SHAPE_FIXED, /* kinds from here on refer to what was there before, and never change: shape_fixed only */
    SHAPE_TUPLE = SHAPE_FIXED,
    SHAPE_CLOSURE,
    SHAPE_FROZENSET, /* of boxes */
    SHAPE_ITERATOR,
    SHAPE_DICT_ITERATOR,
    SHAPE_MAP,
    SHAPE_FILTER,
    SHAPE_ENUMERATE,
    SHAPE_ZIP,
    SHAPE_GENERATOR,
    SHAPE_KINDS
};

enum { SHAPE_SLOTS = 8, SHAPE_NAMES = 48, SHAPE_NO_EDGE = -1, SHAPE_NO_KEY = -1 };

typedef struct shape_node {
    weft_object *o; /* borrowed, but for the reference that `held` stands for; not to be touched once dead */
    int kind;
    bool held;
    int64_t *edges; /* ids, or SHAPE_NO_EDGE */
    int64_t *keys;  /* SHAPE_WEAK: the ids of the edges' keys, or SHAPE_NO_KEY: that one is a constant */
    size_t edge_count, edge_room;
} shape_node;

typedef struct shape {
    weft_runtime *runtime;
    weft_thread *self;
    const weft_type *knot, *soul, *witness, *box, *instance, *open;
    weft_object *names[SHAPE_NAMES]; /* of attributes, when they are needed; the first is the witness's */
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

/* Hashable, unlike what it holds. */
typedef struct shape_box {
    weft_object object;
    int64_t edge;
    weft_object *ref;
} shape_box;

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

static inline shape_box *shape_box_of(weft_object *o)
{
    return (shape_box *)(void *)o;
}

static inline int shape_box_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    return shape_box_of(o)->ref ? visit(shape_box_of(o)->ref, arg) : 0;
}

static inline void shape_box_clear(weft_thread *self, weft_object *o)
{
    weft_object *old = shape_box_of(o)->ref;
    shape_box_of(o)->ref = NULL;
    weft_xdecref(self, old);
}

static inline void shape_types_register(shape *s)
{
    static const char *const slots[SHAPE_SLOTS + 1] = {"witness", "a", "b", "c", "d", "e", "f", "g", "h"};
    weft_type_spec spec = {.name = "knot",
                           .size = sizeof(shape_knot),
                           .item_size = sizeof(weft_object *),
                           .flags = WEFT_TYPE_IDENTITY,
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
    weft_type_spec box = {.name = "box",
                          .size = sizeof(shape_box),
                          .flags = WEFT_TYPE_IDENTITY,
                          .traverse = shape_box_traverse,
                          .clear = shape_box_clear,
                          .destroy = shape_box_clear};
    s->knot = weft_type_register(s->self, &spec);
    s->soul = weft_type_register(s->self, &soul);
    s->witness = weft_type_register(s->self, &witness);
    s->box = weft_type_register(s->self, &box);
    s->instance = weft_instance_type(s->self, "node", slots, SHAPE_SLOTS + 1);
    s->open = weft_open_type(s->self, "open");
    CHECK(s->knot && s->soul && s->witness && s->box && s->instance && s->open);
}

/* ---- what a kind can do ------------------------------------------------------------------------------------------ */

/* At most so many references. */
static inline size_t shape_room(int kind, size_t wanted)
{
    size_t most = kind == SHAPE_INSTANCE ? SHAPE_SLOTS
                  : kind == SHAPE_CELL   ? 1
                  : kind == SHAPE_OPEN   ? SHAPE_NAMES - 1
                  : kind == SHAPE_WEAK   ? 200
                                         : SIZE_MAX; /* constant keys: small ints */
    return wanted < most ? wanted : most;
}

/* Can be a key, equal to nothing else. */
static inline bool shape_is_key(int kind)
{
    return kind == SHAPE_KNOT || kind == SHAPE_SOUL || kind == SHAPE_INSTANCE || kind == SHAPE_OPEN ||
           kind == SHAPE_CELL || kind == SHAPE_CLOSURE;
}

/* Does a young collection find it? The free-threaded flavour's leaves weak dicts to full ones. */
static inline bool shape_is_found_young(int kind)
{
    return weft_flavour_name()[0] == 'g' || (kind != SHAPE_WEAK && kind != SHAPE_CACHE);
}

/* ---- making ------------------------------------------------------------------------------------------------------ */

static inline weft_object *shape_new_witness(shape *s, size_t id)
{
    weft_object *o = weft_new(s->self, s->witness);
    if (CHECK(o != NULL))
        ((shape_witness *)(void *)o)->id = id;
    return o;
}

static inline weft_object *shape_new_box(shape *s, size_t edge, weft_object *child)
{
    weft_object *o = weft_new(s->self, s->box);
    if (CHECK(o != NULL)) {
        shape_box_of(o)->edge = (int64_t)edge;
        shape_box_of(o)->ref = weft_ref(s->self, child);
    }
    return o;
}

static inline weft_object *shape_name_at(shape *s, size_t i)
{
    char name[16];
    if (s->names[i] == NULL)
        s->names[i] = weft_str_new(s->self, name, (size_t)snprintf(name, sizeof name, "name%zu", i));
    return s->names[i];
}

/* The name of a node's attribute: each node has a few of all. */
static inline weft_object *shape_name(shape *s, size_t id, size_t edge)
{
    return shape_name_at(s, 1 + (id * 5 + edge) % (SHAPE_NAMES - 1));
}

/* In a cell, and in whatever never changes. */
static inline weft_object *shape_items(shape *s, weft_object *witness, weft_object *const *children, size_t count)
{
    weft_object *items[SHAPE_SLOTS + 1] = {witness};
    for (size_t i = 0; i < count; i++)
        items[i + 1] = children[i];
    weft_object *o = weft_tuple_new(s->self, items, count + 1);
    CHECK(o != NULL);
    return o;
}

/* One of those that refer to nothing but the witness at first. */
static inline weft_object *shape_container(shape *s, int kind, weft_object *witness)
{
    weft_object *o = NULL, *items;
    weft_status status = WEFT_OK;
    switch (kind) {
    case SHAPE_LIST:
        o = weft_list_new(s->self, 0);
        status = weft_list_append(s->self, o, witness);
        break;
    case SHAPE_DICT:
        o = weft_dict_new(s->self);
        status = weft_dict_set(s->self, o, witness, witness);
        break;
    case SHAPE_INSTANCE:
        o = weft_instance_new(s->self, s->instance);
        status = weft_instance_set(s->self, o, 0, witness);
        break;
    case SHAPE_OPEN:
        o = weft_instance_new(s->self, s->open);
        status = weft_attribute_set(s->self, o, shape_name_at(s, 0), witness);
        break;
    case SHAPE_CELL:
        items = shape_items(s, witness, NULL, 0);
        o = weft_cell_new(s->self, items);
        weft_decref(s->self, items);
        break;
    case SHAPE_DEQUE:
        o = weft_deque_new(s->self, -1);
        status = weft_deque_push(s->self, o, WEFT_DEQUE_BACK, witness);
        break;
    case SHAPE_SET:
        o = weft_set_new(s->self, NULL);
        CHECK_INT(weft_set_add(s->self, o, witness), 1);
        break;
    case SHAPE_CACHE:
        o = weft_weak_dict_new(s->self, WEFT_WEAK_VALUES);
        status = weft_weak_dict_set(s->self, o, witness, &weft_none);
        break;
    default:
        o = weft_weak_dict_new(s->self, WEFT_WEAK_KEYS);
        status = weft_weak_dict_set(s->self, o, &weft_none, witness);
    }
    CHECK_INT(status, WEFT_OK);
    return o;
}

static inline weft_object *shape_same(weft_thread *self, weft_object *item, void *arg)
{
    (void)arg;
    return weft_ref(self, item);
}

static inline int shape_yes(weft_thread *self, weft_object *item, void *arg)
{
    (void)self;
    (void)item;
    (void)arg;
    return 1;
}

static inline int shape_generate(weft_thread *self, void *arg, weft_object **item)
{
    (void)self;
    (void)arg;
    *item = NULL;
    return 0;
}

static inline weft_object *shape_call(weft_thread *self, weft_object *bound, weft_object *arguments)
{
    (void)arguments;
    return weft_ref(self, bound);
}

static inline weft_object *shape_frozenset(shape *s, weft_object *items, size_t count)
{
    weft_object *boxes = weft_list_new(s->self, 0), *o = NULL;
    CHECK_INT(weft_list_append(s->self, boxes, weft_tuple_get(s->self, items, 0)), WEFT_OK);
    for (size_t i = 0; i < count; i++) {
        weft_object *box = shape_new_box(s, i, weft_tuple_get(s->self, items, (int64_t)i + 1));
        CHECK_INT(weft_list_append(s->self, boxes, box), WEFT_OK);
        weft_decref(s->self, box);
    }
    o = weft_frozenset_new(s->self, boxes);
    weft_decref(s->self, boxes);
    return o;
}

static inline weft_object *shape_dict_iterator(shape *s, weft_object *items)
{
    weft_object *dict = weft_dict_new(s->self), *o;
    for (int64_t i = 0; i < weft_tuple_size(s->self, items); i++) {
        weft_object *key = weft_int_new(s->self, i);
        CHECK_INT(weft_dict_set(s->self, dict, key, weft_tuple_get(s->self, items, i)), WEFT_OK);
        weft_decref(s->self, key);
    }
    o = weft_dict_iterate(s->self, dict, WEFT_DICT_VALUES);
    weft_decref(s->self, dict);
    return o;
}

/* One that holds these items for good. */
static inline weft_object *shape_fixed_object(shape *s, int kind, weft_object *items)
{
    weft_object *two[2] = {items, items}, *source, *o;
    size_t count = (size_t)weft_tuple_size(s->self, items) - 1;
    switch (kind) {
    case SHAPE_TUPLE:
        return weft_ref(s->self, items);
    case SHAPE_CLOSURE:
        source = values_str(s->self, "closure");
        o = weft_closure_new(s->self, shape_call, source, items);
        weft_decref(s->self, source);
        return o;
    case SHAPE_FROZENSET:
        return shape_frozenset(s, items, count);
    case SHAPE_ITERATOR:
        source = count % 2 ? weft_ref(s->self, items) : weft_list_from(s->self, items);
        o = weft_iterate(s->self, source);
        weft_decref(s->self, source);
        return o;
    case SHAPE_DICT_ITERATOR:
        return shape_dict_iterator(s, items);
    case SHAPE_MAP:
        return weft_map(s->self, items, shape_same, NULL, NULL);
    case SHAPE_FILTER:
        source = weft_range(s->self, 0, 10, 1);
        o = weft_filter(s->self, source, shape_yes, NULL, items);
        weft_decref(s->self, source);
        return o;
    case SHAPE_ENUMERATE:
        return weft_enumerate(s->self, items, 0);
    case SHAPE_ZIP:
        return weft_zip(s->self, two, 2);
    default:
        return weft_generator(s->self, shape_generate, NULL, items);
    }
}

/* ---- one reference ------------------------------------------------------------------------------------------------ */

/* A new reference to what an int stands for; borrowed for small ones. */
static inline weft_object *shape_int(shape *s, size_t edge)
{
    weft_object *key = weft_int_new(s->self, (int64_t)edge);
    CHECK(key != NULL);
    return key;
}

/* A new reference to the box of this edge. */
static inline weft_object *shape_box_in_set(shape *s, weft_object *set, size_t edge)
{
    weft_object *item;
    for (size_t position = 0; weft_set_next(s->self, set, &position, &item) == 1; weft_decref(s->self, item))
        if (weft_type_of(item) == s->box && shape_box_of(item)->edge == (int64_t)edge)
            return item;
    return NULL;
}

static inline weft_object *shape_box_in_cache(shape *s, weft_object *cache, size_t edge)
{
    weft_object *pairs = weft_weak_dict_items(s->self, cache), *found = NULL;
    for (int64_t i = 0; i < weft_list_size(s->self, pairs) && found == NULL; i++) {
        weft_object *pair = weft_list_get(s->self, pairs, i), *key = weft_tuple_get(s->self, pair, 0);
        if (weft_type_of(key) == s->box && shape_box_of(key)->edge == (int64_t)edge)
            found = weft_ref(s->self, key);
        weft_decref(s->self, pair);
    }
    weft_decref(s->self, pairs);
    return found;
}

static inline void shape_store_cell(shape *s, weft_object *cell, weft_object *child)
{
    weft_object *old = weft_cell_get(s->self, cell);
    weft_object *items = shape_items(s, weft_tuple_get(s->self, old, 0), &child, child != NULL);
    weft_decref(s->self, old);
    CHECK_INT(weft_cell_set(s->self, cell, items), WEFT_OK);
    weft_decref(s->self, items);
}

static inline void shape_store_boxed(shape *s, const shape_node *n, size_t edge, weft_object *child)
{
    bool set = n->kind == SHAPE_SET;
    weft_object *box = child ? shape_new_box(s, edge, child)
                       : set ? shape_box_in_set(s, n->o, edge)
                             : shape_box_in_cache(s, n->o, edge);
    if (!CHECK(box != NULL))
        return;
    if (set)
        CHECK_INT(child ? weft_set_add(s->self, n->o, box) : weft_set_remove(s->self, n->o, box), 1);
    else if (child)
        CHECK_INT(weft_weak_dict_set(s->self, n->o, box, &weft_none), WEFT_OK);
    else
        CHECK_INT(weft_weak_dict_pop(s->self, n->o, box, NULL), 1);
    weft_decref(s->self, box);
}

/* The key of a weak table's edge: a new reference, or NULL if it has died. */
static inline weft_object *shape_weak_key(shape *s, const shape_node *n, size_t edge)
{
    if (n->keys[edge] == SHAPE_NO_KEY)
        return shape_int(s, edge);
    return shape_seen.dead[n->keys[edge]] ? NULL : weft_ref(s->self, s->nodes[n->keys[edge]].o);
}

static inline void shape_store_weak(shape *s, const shape_node *n, size_t edge, weft_object *child)
{
    weft_object *key = shape_weak_key(s, n, edge);
    if (key == NULL)
        return; /* the entry went with it */
    if (child)
        CHECK_INT(weft_weak_dict_set(s->self, n->o, key, child), WEFT_OK);
    else
        CHECK_INT(weft_weak_dict_pop(s->self, n->o, key, NULL), 1);
    weft_decref(s->self, key);
}

static inline weft_status shape_store_indexed(shape *s, const shape_node *n, int64_t at, weft_object *item)
{
    if (n->kind == SHAPE_LIST)
        return at < weft_list_size(s->self, n->o) ? weft_list_set(s->self, n->o, at, item)
                                                  : weft_list_append(s->self, n->o, item);
    return at < weft_deque_size(s->self, n->o) ? weft_deque_set(s->self, n->o, at, item)
                                               : weft_deque_push(s->self, n->o, WEFT_DEQUE_BACK, item);
}

static inline weft_status shape_store_keyed(shape *s, const shape_node *n, size_t edge, weft_object *child)
{
    weft_object *key = shape_int(s, edge);
    weft_status status = child ? weft_dict_set(s->self, n->o, key, child)
                               : (weft_status)(weft_dict_pop(s->self, n->o, key, NULL) == 1 ? WEFT_OK : WEFT_ERROR_KEY);
    weft_decref(s->self, key);
    return status;
}

/* `child` NULL: no longer. */
static inline void shape_store(shape *s, size_t from, size_t edge, weft_object *child)
{
    const shape_node *n = &s->nodes[from];
    weft_status status = WEFT_OK;
    switch (n->kind) {
    case SHAPE_KNOT:
    case SHAPE_SOUL: {
        weft_object *old = shape_knot_of(n->o)->refs[edge];
        shape_knot_of(n->o)->refs[edge] = child ? weft_ref(s->self, child) : NULL;
        weft_xdecref(s->self, old);
        break;
    }
    case SHAPE_LIST:
    case SHAPE_DEQUE:
        status = shape_store_indexed(s, n, (int64_t)edge + 1, child ? child : &weft_none);
        break;
    case SHAPE_DICT:
        status = shape_store_keyed(s, n, edge, child);
        break;
    case SHAPE_INSTANCE:
        status = weft_instance_set(s->self, n->o, (int64_t)edge + 1, child);
        break;
    case SHAPE_OPEN:
        status = child ? weft_attribute_set(s->self, n->o, shape_name(s, from, edge), child)
                       : weft_attribute_delete(s->self, n->o, shape_name(s, from, edge));
        break;
    case SHAPE_CELL:
        shape_store_cell(s, n->o, child);
        break;
    case SHAPE_WEAK:
        shape_store_weak(s, n, edge, child);
        break;
    default:
        shape_store_boxed(s, n, edge, child);
    }
    CHECK_INT(status, WEFT_OK);
}

/* ---- looking it up ------------------------------------------------------------------------------------------------- */

static inline weft_object *shape_unboxed(shape *s, weft_object *box)
{
    weft_object *found = box ? weft_ref(s->self, shape_box_of(box)->ref) : NULL;
    weft_xdecref(s->self, box);
    return found;
}

static inline weft_object *shape_load_keyed(shape *s, const shape_node *n, size_t edge)
{
    weft_object *key = n->kind == SHAPE_DICT ? shape_int(s, edge) : shape_weak_key(s, n, edge), *found = NULL;
    if (n->kind == SHAPE_DICT)
        (void)weft_dict_get(s->self, n->o, key, &found);
    else if (key)
        (void)weft_weak_dict_get(s->self, n->o, key, &found);
    weft_xdecref(s->self, key);
    return found;
}

static inline weft_object *shape_load_cell(shape *s, weft_object *cell)
{
    weft_object *items = weft_cell_get(s->self, cell);
    weft_object *child = weft_tuple_size(s->self, items) > 1 ? weft_tuple_get(s->self, items, 1) : NULL;
    weft_xincref(s->self, child);
    weft_decref(s->self, items);
    return child;
}

/* A new reference to what the object refers to there, or NULL. Iterators do not tell. */
static inline weft_object *shape_load(shape *s, size_t from, size_t edge)
{
    const shape_node *n = &s->nodes[from];
    weft_object *o = n->o;
    switch (n->kind) {
    case SHAPE_KNOT:
    case SHAPE_SOUL:
        weft_xincref(s->self, shape_knot_of(o)->refs[edge]);
        return shape_knot_of(o)->refs[edge];
    case SHAPE_TUPLE:
        return weft_ref(s->self, weft_tuple_get(s->self, o, (int64_t)edge + 1));
    case SHAPE_CLOSURE:
        return weft_ref(s->self, weft_tuple_get(s->self, weft_closure_bound(s->self, o), (int64_t)edge + 1));
    case SHAPE_LIST:
        return weft_list_get(s->self, o, (int64_t)edge + 1);
    case SHAPE_DEQUE:
        return weft_deque_get(s->self, o, (int64_t)edge + 1);
    case SHAPE_DICT:
    case SHAPE_WEAK:
        return shape_load_keyed(s, n, edge);
    case SHAPE_INSTANCE:
        return weft_instance_get(s->self, o, (int64_t)edge + 1);
    case SHAPE_OPEN:
        return weft_attribute_get(s->self, o, shape_name(s, from, edge));
    case SHAPE_CELL:
        return shape_load_cell(s, o);
    case SHAPE_SET:
    case SHAPE_FROZENSET:
        return shape_unboxed(s, shape_box_in_set(s, o, edge));
    default:
        return shape_unboxed(s, shape_box_in_cache(s, o, edge));
    }
}

/* Does the object refer to what the model says? */
static inline bool shape_edge_is(shape *s, size_t from, size_t edge)
{
    const shape_node *n = &s->nodes[from];
    if (n->kind >= SHAPE_ITERATOR ||
        (n->kind == SHAPE_WEAK && n->keys[edge] != SHAPE_NO_KEY && shape_seen.dead[n->keys[edge]]))
        return true;
    int64_t to = n->edges[edge];
    weft_object *expected = to == SHAPE_NO_EDGE ? NULL : s->nodes[to].o, *found = shape_load(s, from, edge);
    if (expected == NULL && (n->kind == SHAPE_LIST || n->kind == SHAPE_DEQUE))
        expected = &weft_none;
    weft_error_clear();
    weft_xdecref(s->self, found);
    return found == expected;
}

#endif
