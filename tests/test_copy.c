/* test_copy.c - copies and deep copies: sharing, cycles, depth, types of the program, failures. */
#include "values.h"

/* A new list of the items, whose references it takes. */
static weft_object *list_of_items(weft_thread *self, weft_object *const *items, size_t count)
{
    weft_object *l = weft_list_new(self, count);
    for (size_t i = 0; i < count; i++) {
        CHECK_INT(weft_list_append(self, l, items[i]), WEFT_OK);
        weft_decref(self, items[i]);
    }
    return l;
}

/* Empties it, so that a cycle through it ends. */
static void drop_list(weft_thread *self, weft_object *l)
{
    CHECK_INT(weft_list_clear(self, l), WEFT_OK);
    weft_decref(self, l);
}

/* Item `i`, borrowed: the list keeps it. */
static weft_object *item(weft_thread *self, weft_object *l, int64_t i)
{
    weft_object *o = weft_list_get(self, l, i);
    weft_xdecref(self, o);
    return o;
}

static weft_object *give_nothing(weft_thread *self, weft_object *bound, weft_object *arguments)
{
    (void)self;
    (void)bound;
    (void)arguments;
    return &weft_none;
}

TEST_CASE(copy, what cannot change is its own copy)
{
    values v = values_open();
    weft_object *i = weft_int_new(v.self, 1000), *f = weft_float_new(v.self, 0.5), *s = values_str(v.self, "text"),
                *b = weft_bytes_new(v.self, "xyz", 3), *items[] = {i, s}, *t = weft_tuple_new(v.self, items, 2);
    weft_object *list = weft_list_new(v.self, 0), *bound = weft_tuple_new(v.self, &list, 1);
    weft_object *c = weft_closure_new(v.self, give_nothing, s, bound); /* though what it is bound to can change */
    weft_object *all[] = {i, f, s, b, t, c, &weft_none, &weft_true};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        weft_object *copy = weft_copy(v.self, all[k]), *deep = weft_deep_copy(v.self, all[k]);
        CHECK_PTR(copy, all[k]);
        CHECK_PTR(deep, all[k]);
        weft_xdecref(v.self, copy);
        weft_xdecref(v.self, deep);
    }
    for (int k = 0; k < 6; k++)
        weft_decref(v.self, all[k]);
    weft_decref(v.self, list);
    weft_decref(v.self, bound);
    values_close(&v);
}

TEST_CASE(copy, a list and a dict are copied and what they hold is not )
{
    values v = values_open();
    weft_object *inner = weft_list_new(v.self, 0), *d = weft_dict_new(v.self), *key = values_str(v.self, "key");
    CHECK_INT(weft_dict_set(v.self, d, key, inner), WEFT_OK);
    weft_object *items[] = {inner, d}, *l = list_of_items(v.self, items, 2);
    weft_object *copy = weft_copy(v.self, l), *d_copy = weft_copy(v.self, d);
    REQUIRE(copy != NULL && d_copy != NULL);
    CHECK(copy != l && d_copy != d);
    CHECK_INT(weft_list_size(v.self, copy), 2);
    CHECK_PTR(item(v.self, copy, 0), inner);
    CHECK_PTR(item(v.self, copy, 1), d);
    CHECK_INT(weft_equal(v.self, d, d_copy), 1);
    CHECK_INT(weft_refcount(v.self, inner), 4);
    CHECK_INT(weft_list_append(v.self, l, &weft_none), WEFT_OK);
    CHECK_INT(weft_list_size(v.self, copy), 2);
    weft_decref(v.self, l);
    weft_decref(v.self, copy);
    weft_decref(v.self, d_copy);
    weft_decref(v.self, key);
    values_close(&v);
}

TEST_CASE(copy, all other types have copies of their own)
{
    static const char *const slots[] = {"x", "y"};
    values v = values_open();
    weft_object *inner = weft_list_new(v.self, 0), *name = values_str(v.self, "x");
    weft_object *cell = weft_cell_new(v.self, inner), *empty = weft_cell_new(v.self, NULL);
    weft_object *instance = weft_instance_new(v.self, weft_instance_type(v.self, "Point", slots, 2));
    CHECK_INT(weft_instance_set(v.self, instance, 1, inner), WEFT_OK);
    weft_object *open = weft_instance_new(v.self, weft_open_type(v.self, "Thing"));
    CHECK_INT(weft_attribute_set(v.self, open, name, inner), WEFT_OK);
    weft_object *buffer = weft_buffer_new(v.self, 0), *counter = weft_atomic_int_new(v.self, 77);
    CHECK_INT(weft_buffer_append(v.self, buffer, "abc", 3), WEFT_OK);
    weft_object *all[] = {cell, empty, instance, open, buffer, counter};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        weft_object *copy = weft_copy(v.self, all[k]), *deep = weft_deep_copy(v.self, all[k]);
        REQUIRE(copy != NULL && deep != NULL);
        CHECK(copy != all[k] && deep != all[k] && copy != deep);
        CHECK_PTR(weft_type_of(copy), weft_type_of(all[k]));
        weft_object *text = weft_repr(v.self, all[k]), *copy_text = weft_repr(v.self, copy),
                    *deep_text = weft_repr(v.self, deep);
        if (k < 4) { /* the others show addresses, or the like */
            CHECK_INT(weft_equal(v.self, text, copy_text), 1);
            CHECK_INT(weft_equal(v.self, text, deep_text), 1);
        }
        weft_decref(v.self, text);
        weft_decref(v.self, copy_text);
        weft_decref(v.self, deep_text);
        weft_decref(v.self, copy);
        weft_decref(v.self, deep);
    }
    weft_object *copy = weft_copy(v.self, buffer), *bytes = weft_buffer_bytes(v.self, copy);
    CHECK_TEXT(v.self, weft_repr(v.self, bytes), "b'abc'");
    weft_decref(v.self, bytes);
    weft_decref(v.self, copy);
    int64_t value;
    copy = weft_deep_copy(v.self, counter);
    CHECK_INT(weft_atomic_int_get(v.self, copy, &value), WEFT_OK);
    CHECK_INT(value, 77);
    weft_decref(v.self, copy);
    copy = weft_copy(v.self, cell);
    weft_object *shared = weft_cell_get(v.self, copy);
    CHECK_PTR(shared, inner);
    weft_decref(v.self, shared);
    weft_decref(v.self, copy);
    copy = weft_deep_copy(v.self, cell);
    shared = weft_cell_get(v.self, copy);
    CHECK(shared != inner);
    weft_decref(v.self, shared);
    weft_decref(v.self, copy);
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        weft_decref(v.self, all[k]);
    weft_decref(v.self, inner);
    weft_decref(v.self, name);
    values_close(&v);
}

TEST_CASE(copy, sharing and cycles are in a deep copy as they were)
{
    values v = values_open();
    weft_object *shared = weft_list_new(v.self, 0), *l = weft_list_new(v.self, 0), *d = weft_dict_new(v.self);
    weft_object *t = weft_tuple_new(v.self, &l, 1); /* a cycle through a tuple */
    weft_object *outer = weft_tuple_new(v.self, (weft_object *[]){t, shared, t}, 3);
    weft_object *hashed = weft_tuple_new(v.self, (weft_object *[]){&weft_none}, 1);
    CHECK_INT(weft_dict_set(v.self, d, hashed, l), WEFT_OK);
    weft_object *all[] = {shared, shared, l, t, outer, d, hashed};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        CHECK_INT(weft_list_append(v.self, l, all[k]), WEFT_OK);
    weft_object *copy = weft_deep_copy(v.self, l);
    REQUIRE(copy != NULL && copy != l);
    CHECK_INT(weft_list_size(v.self, copy), 7);
    CHECK(item(v.self, copy, 0) != shared);
    CHECK_PTR(item(v.self, copy, 1), item(v.self, copy, 0));
    CHECK_PTR(item(v.self, copy, 2), copy);
    weft_object *t_copy = item(v.self, copy, 3), *outer_copy = item(v.self, copy, 4);
    CHECK(t_copy != t && outer_copy != outer);
    CHECK_PTR(weft_tuple_get(v.self, t_copy, 0), copy);
    CHECK_PTR(weft_tuple_get(v.self, outer_copy, 0), t_copy);
    CHECK_PTR(weft_tuple_get(v.self, outer_copy, 1), item(v.self, copy, 0));
    CHECK_PTR(weft_tuple_get(v.self, outer_copy, 2), t_copy);
    CHECK_PTR(item(v.self, copy, 6), hashed);
    weft_object *found = NULL;
    CHECK_INT(weft_dict_get(v.self, item(v.self, copy, 5), hashed, &found), 1);
    CHECK_PTR(found, copy);
    weft_xdecref(v.self, found);
    drop_list(v.self, copy);
    drop_list(v.self, l);
    weft_decref(v.self, shared);
    weft_decref(v.self, t);
    weft_decref(v.self, outer);
    weft_decref(v.self, hashed);
    weft_decref(v.self, d);
    values_close(&v);
}

static void copy_deep_list(void *arg)
{
    weft_runtime *runtime = arg;
    VALUES_THREAD(self, runtime);
    weft_object *l = weft_list_new(self, 0);
    int depth = test_scale(200000), found = 0;
    for (int i = 0; i < depth; i++)
        l = list_of_items(self, &l, 1);
    weft_object *copy = weft_deep_copy(self, l);
    CHECK(copy != NULL);
    weft_decref(self, l);
    while (copy != NULL) {
        weft_object *inner = weft_list_size(self, copy) ? weft_list_get(self, copy, 0) : NULL;
        weft_decref(self, copy);
        copy = inner;
        found++;
    }
    CHECK_INT(found, depth + 1);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(copy, lists nested very deep are copied on a small stack)
{
    values v = values_open();
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_thread_with_stack(64 * 1024, copy_deep_list, v.runtime);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    values_close(&v);
}

TEST_CASE(copy, tuples nested too deep are an error)
{
    values v = values_open();
    weft_object *t = weft_list_new(v.self, 0);
    for (int i = 0; i < 300; i++) {
        weft_object *outer = weft_tuple_new(v.self, &t, 1);
        weft_decref(v.self, t);
        t = outer;
        if (i == 150) {
            weft_object *copy = weft_deep_copy(v.self, t);
            CHECK(copy != NULL && copy != t);
            weft_xdecref(v.self, copy);
        }
    }
    CHECK_NULL(weft_deep_copy(v.self, t), WEFT_ERROR_LIMIT, "weft_deep_copy");
    weft_object *copy = weft_copy(v.self, t);
    CHECK_PTR(copy, t);
    weft_decref(v.self, copy);
    weft_decref(v.self, t);
    values_close(&v);
}

/* ---- types of the program -------------------------------------------------------------------------------------- */

typedef struct link {
    weft_object object;
    weft_object *next;
    int64_t number;
} link;

static link *link_of(weft_object *o)
{
    return (link *)(void *)o;
}

static int link_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    return link_of(o)->next ? visit(link_of(o)->next, arg) : 0;
}

static void link_clear(weft_thread *self, weft_object *o)
{
    weft_object *next = link_of(o)->next;
    link_of(o)->next = NULL;
    weft_xdecref(self, next);
}

static weft_object *link_copy(weft_thread *self, weft_object *o)
{
    weft_object *copy = weft_new(self, weft_type_of(o));
    if (copy != NULL)
        link_of(copy)->number = link_of(o)->number;
    return copy;
}

static weft_status link_fill(weft_thread *self, weft_object *to, weft_object *from, weft_copy_child_fn map, void *arg)
{
    if (link_of(from)->number == -1)
        return weft_error_set(WEFT_ERROR_USER, "this link is not copied");
    if (link_of(from)->next == NULL)
        return WEFT_OK;
    link_of(to)->next = map(self, link_of(from)->next, arg);
    return link_of(to)->next ? WEFT_OK : weft_error_status();
}

static const weft_type_spec link_spec = {.name = "link",
                                         .size = sizeof(link),
                                         .traverse = link_traverse,
                                         .clear = link_clear,
                                         .destroy = link_clear,
                                         .copy = link_copy,
                                         .copy_fill = link_fill};

/* A ring of three, and a list that holds the first. */
static weft_object *ring(weft_thread *self, const weft_type *type)
{
    weft_object *o[3];
    for (int i = 0; i < 3; i++) {
        o[i] = weft_new(self, type);
        link_of(o[i])->number = i;
    }
    for (int i = 0; i < 3; i++)
        link_of(o[i])->next = o[(i + 1) % 3]; /* takes the reference */
    weft_object *l = weft_list_new(self, 1);
    CHECK_INT(weft_list_append(self, l, o[0]), WEFT_OK);
    return l;
}

static void drop_ring(weft_thread *self, weft_object *l)
{
    link_clear(self, item(self, l, 0));
    weft_decref(self, l);
}

TEST_CASE(copy, a type of the program is copied by its callbacks)
{
    values v = values_open();
    const weft_type *type = weft_type_register(v.self, &link_spec);
    REQUIRE(type != NULL);
    weft_object *l = ring(v.self, type), *copy = weft_deep_copy(v.self, l);
    REQUIRE(copy != NULL);
    weft_object *o = item(v.self, copy, 0), *first = item(v.self, l, 0);
    for (int i = 0; i < 3; i++) {
        CHECK(o != first);
        CHECK_INT(link_of(o)->number, i);
        o = link_of(o)->next;
    }
    CHECK_PTR(o, item(v.self, copy, 0));
    weft_object *shallow = weft_copy(v.self, first);
    REQUIRE(shallow != NULL);
    CHECK_PTR(link_of(shallow)->next, link_of(first)->next);
    weft_decref(v.self, shallow);
    drop_ring(v.self, copy);
    drop_ring(v.self, l);
    values_close(&v);
}

/* A link is what its `next` is; one without is not complete. */
static weft_status link_hash(weft_thread *self, weft_object *o, uint64_t *hash)
{
    if (link_of(o)->next == NULL)
        return weft_error_set(WEFT_ERROR_USER, "asked for the hash of a link that is not filled");
    return weft_hash(self, link_of(o)->next, hash);
}

static int link_equal(weft_thread *self, weft_object *a, weft_object *b)
{
    return weft_type_of(a) == weft_type_of(b) ? weft_equal(self, link_of(a)->next, link_of(b)->next) : 0;
}

TEST_CASE(copy, keys and items are complete when a deep copy asks for their hashes)
{
    values v = values_open();
    weft_type_spec spec = link_spec;
    spec.hash = link_hash;
    spec.equal = link_equal;
    const weft_type *type = weft_type_register(v.self, &spec);
    weft_object *set = weft_set_new(v.self, NULL), *dict = weft_dict_new(v.self), *all[] = {set, dict};
    for (int i = 0; i < 20; i++) {
        weft_object *o = weft_new(v.self, type);
        link_of(o)->next = weft_int_new(v.self, 1000 + i);
        CHECK_INT(weft_set_add(v.self, set, o), 1);
        CHECK_INT(weft_dict_set(v.self, dict, o, set), WEFT_OK);
        weft_decref(v.self, o);
    }
    weft_object *both = weft_tuple_new(v.self, all, 2), *copy = weft_deep_copy(v.self, both);
    if (CHECK(copy != NULL)) {
        CHECK_INT(weft_equal(v.self, weft_tuple_get(v.self, copy, 0), set), 1);
        CHECK_INT(weft_dict_size(v.self, weft_tuple_get(v.self, copy, 1)), 20);
        weft_decref(v.self, copy);
    }
    weft_decref(v.self, both);
    weft_decref(v.self, set);
    weft_decref(v.self, dict);
    values_close(&v);
}

TEST_CASE(copy, a type without callbacks and a callback that fails are errors that leave nothing)
{
    values v = values_open();
    const weft_type *type = weft_type_register(v.self, &link_spec);
    const weft_type *plain =
        weft_type_register(v.self, &(weft_type_spec){.name = "plain", .size = sizeof(weft_object)});
    weft_object *l = ring(v.self, type), *p = weft_new(v.self, plain);
    link_of(link_of(item(v.self, l, 0))->next)->number = -1;
    CHECK_NULL(weft_deep_copy(v.self, l), WEFT_ERROR_USER, "not copied");
    CHECK_NULL(weft_copy(v.self, p), WEFT_ERROR_TYPE, "plain cannot be copied");
    CHECK_INT(weft_list_append(v.self, l, p), WEFT_OK);
    CHECK_NULL(weft_deep_copy(v.self, l), WEFT_ERROR_TYPE, "plain cannot be copied");
    weft_object *shallow = weft_copy(v.self, l);
    CHECK(shallow != NULL);
    weft_decref(v.self, shallow);
    weft_decref(v.self, p);
    CHECK_INT(values_live(v.self), 5);
    drop_ring(v.self, l);
    CHECK_NULL(weft_copy(v.self, NULL), WEFT_ERROR_VALUE, "NULL");
    CHECK_NULL(weft_deep_copy(v.self, NULL), WEFT_ERROR_VALUE, "NULL");
    CHECK_NULL(weft_copy(NULL, &weft_none), WEFT_ERROR_THREAD, "weft_copy");
    CHECK_NULL(weft_deep_copy(NULL, &weft_none), WEFT_ERROR_THREAD, "weft_deep_copy");
    values_close(&v);
}

TEST_CASE(copy, an immutable type of the program is shared and specs that make no sense are refused)
{
    values v = values_open();
    weft_type_spec spec = {.name = "fixed", .size = sizeof(weft_object), .flags = WEFT_TYPE_IMMUTABLE};
    weft_object *o = weft_new(v.self, weft_type_register(v.self, &spec)), *copy = weft_copy(v.self, o);
    CHECK_PTR(copy, o);
    weft_xdecref(v.self, copy);
    copy = weft_deep_copy(v.self, o);
    CHECK_PTR(copy, o);
    weft_xdecref(v.self, copy);
    weft_decref(v.self, o);
    spec.copy = link_copy;
    CHECK_NULL(weft_type_register(v.self, &spec), WEFT_ERROR_VALUE, "immutable");
    spec = link_spec;
    spec.copy_fill = NULL;
    CHECK_NULL(weft_type_register(v.self, &spec), WEFT_ERROR_VALUE, "copy_fill");
    spec = link_spec;
    spec.copy = NULL;
    CHECK_NULL(weft_type_register(v.self, &spec), WEFT_ERROR_VALUE, "copy_fill");
    values_close(&v);
}

/* ---- memory, threads ------------------------------------------------------------------------------------------- */

static bool copy_deep(weft_thread *self, void *arg)
{
    weft_object *copy = weft_deep_copy(self, arg);
    if (copy != NULL)
        drop_list(self, copy);
    return copy != NULL;
}

TEST_CASE(copy, running out of memory is an error at each allocation and leaves nothing)
{
    values v = values_open();
    weft_object *l = weft_list_new(v.self, 0), *d = weft_dict_new(v.self);
    weft_object *thing = weft_instance_new(v.self, weft_open_type(v.self, "Thing")), *x = values_str(v.self, "x");
    CHECK_INT(weft_attribute_set(v.self, thing, x, l), WEFT_OK);
    weft_object *items[20];
    for (int i = 0; i < 20; i++)
        items[i] = i == 19 ? thing : l;
    weft_object *t = weft_tuple_new(v.self, items, 20);
    CHECK_INT(weft_dict_set(v.self, d, x, t), WEFT_OK);
    for (int i = 0; i < 10; i++) {
        weft_object *cell = weft_cell_new(v.self, d);
        CHECK_INT(weft_list_append(v.self, l, cell), WEFT_OK);
        weft_decref(v.self, cell);
    }
    CHECK(values_exhaust(v.self, copy_deep, l) > 20);
    drop_list(v.self, l);
    weft_decref(v.self, thing);
    weft_decref(v.self, t);
    weft_decref(v.self, d);
    weft_decref(v.self, x);
    values_close(&v);
}

typedef struct race {
    weft_runtime *runtime;
    weft_object *list;
    uint64_t seed;
} race;

/* Copies a list that all threads change; what it finds is whole, and no reference is lost. */
static void change_or_copy(int index, void *arg)
{
    race *r = arg;
    VALUES_THREAD(self, r->runtime);
    for (int i = 0; i < test_scale(3000); i++) {
        weft_object *copy = index == 0 ? weft_copy(self, r->list) : weft_deep_copy(self, r->list);
        REQUIRE(copy != NULL);
        CHECK(weft_list_size(self, copy) <= 40);
        weft_decref(self, copy);
        weft_object *inner = weft_list_new(self, 0);
        if (weft_list_size(self, r->list) < 20)
            CHECK_INT(weft_list_append(self, r->list, inner), WEFT_OK);
        weft_decref(self, inner);
        if (i % 3 == index % 3) {
            weft_object *popped = weft_list_pop(self, r->list, 0);
            weft_xdecref(self, popped);
        }
        weft_safepoint(self);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(stress_copy, lists are copied while others change them)
{
    values v = values_open();
    race r = {v.runtime, weft_list_new(v.self, 0), test_seed()};
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(4, change_or_copy, &r);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    weft_decref(v.self, r.list);
    weft_safepoint(v.self);
    values_close(&v);
}

TEST_CASE(copy, sets and deques are copied and frozen sets share what cannot change)
{
    values v = values_open();
    weft_object *set = weft_set_new(v.self, NULL), *deque = weft_deque_new(v.self, 5);
    weft_object *cell = weft_cell_new(v.self, NULL), *i = weft_int_new(v.self, 1000);
    weft_object *both[] = {cell, i}, *t = weft_tuple_new(v.self, both, 2);
    weft_object *plain = weft_frozenset_new(v.self, NULL);
    weft_object *frozen = weft_frozenset_new(v.self, t);
    CHECK_INT(weft_set_add(v.self, set, i), 1);
    CHECK_INT(weft_set_add(v.self, set, frozen), 1);
    CHECK_INT(weft_set_add(v.self, set, plain), 1);
    CHECK_INT(weft_deque_push(v.self, deque, WEFT_DEQUE_BACK, set), WEFT_OK);
    CHECK_INT(weft_deque_push(v.self, deque, WEFT_DEQUE_FRONT, frozen), WEFT_OK);
    weft_object *shallow = weft_copy(v.self, set);
    CHECK_INT(weft_equal(v.self, shallow, set), 1);
    CHECK(shallow != set);
    weft_decref(v.self, shallow);
    shallow = weft_copy(v.self, frozen);
    CHECK_PTR(shallow, frozen);
    weft_decref(v.self, shallow);
    shallow = weft_deep_copy(v.self, plain);
    CHECK_PTR(shallow, plain);
    weft_decref(v.self, shallow);
    shallow = weft_copy(v.self, deque);
    CHECK_INT(weft_equal(v.self, shallow, deque), 1);
    CHECK_INT(weft_deque_most(v.self, shallow), 5);
    weft_decref(v.self, shallow);
    CHECK_INT(weft_cell_set(v.self, cell, deque), WEFT_OK); /* a cycle through all of them */
    weft_object *deep = weft_deep_copy(v.self, deque);
    REQUIRE(deep != NULL && deep != deque);
    weft_object *deep_frozen = weft_deque_get(v.self, deep, 0), *deep_set = weft_deque_get(v.self, deep, 1);
    CHECK(deep_frozen != frozen && deep_set != set);
    CHECK_INT(weft_set_size(v.self, deep_set), 3);
    CHECK_INT(weft_set_contains(v.self, deep_set, deep_frozen), 1);
    CHECK_INT(weft_set_contains(v.self, deep_set, plain), 1);
    CHECK_INT(weft_set_contains(v.self, deep_set, frozen), 0);
    CHECK_INT(weft_deque_clear(v.self, deep), WEFT_OK);
    CHECK_INT(weft_cell_set(v.self, cell, NULL), WEFT_OK);
    weft_object *all[] = {deep_frozen, deep_set, deep, deque, set, frozen, plain, t, cell, i};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        weft_decref(v.self, all[k]);
    CHECK(weft_gc_collect(v.self, WEFT_GC_FULL) >= 0); /* the copied cell and what it holds */
    values_close(&v);
}
