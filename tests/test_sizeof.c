/* test_sizeof.c - how much memory objects take, alone and with all that can be reached. */
#include "values.h"

static int64_t round_up(size_t size)
{
    return (int64_t)((size + 15) / 16 * 16);
}

/* How many bytes dropping it frees. */
static int64_t bytes_freed(weft_thread *self, weft_object *o)
{
    size_t before = values_bytes(self);
    weft_decref(self, o);
    return (int64_t)(before - values_bytes(self));
}

TEST_CASE(sizeof, the raw memory of an object is what its death gives back)
{
    values v = values_open();
    weft_object *l = weft_list_new(v.self, 0), *d = weft_dict_new(v.self), *b = weft_buffer_new(v.self, 0);
    weft_object *thing = weft_instance_new(v.self, weft_open_type(v.self, "Thing"));
    CHECK_INT(weft_sizeof_full(v.self, l), weft_sizeof(l));
    CHECK_INT(weft_sizeof_full(v.self, d), weft_sizeof(d));
    CHECK_INT(weft_sizeof_full(v.self, b), weft_sizeof(b));
    CHECK_INT(weft_sizeof_full(v.self, thing), weft_sizeof(thing));
    char name[2] = "a";
    for (int i = 0; i < 20; i++, name[0]++) {
        weft_object *key = values_str(v.self, name); /* static */
        CHECK_INT(weft_list_append(v.self, l, key), WEFT_OK);
        CHECK_INT(weft_dict_set(v.self, d, key, key), WEFT_OK);
        CHECK_INT(weft_buffer_append(v.self, b, "0123456789abcdef", 16), WEFT_OK);
        CHECK_INT(weft_attribute_set(v.self, thing, key, key), WEFT_OK);
    }
    weft_object *all[] = {l, d, b, thing};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        int64_t full = weft_sizeof_full(v.self, all[k]);
        CHECK(full > (int64_t)weft_sizeof(all[k]) + 20 * 8);
        int64_t freed = bytes_freed(v.self, all[k]);
        CHECK(freed >= full && freed <= full + full / 4 + 16); /* the allocator may have taken a larger block */
    }
    weft_object *i = weft_int_new(v.self, 1000);
    CHECK_INT(weft_sizeof_full(v.self, i), round_up(sizeof(weft_int_object)));
    CHECK_INT(weft_sizeof_deep(v.self, i), round_up(sizeof(weft_int_object)));
    weft_decref(v.self, i);
    values_close(&v);
}

TEST_CASE(sizeof, a deep size counts each object once and ends on cycles)
{
    values v = values_open();
    weft_object *l = weft_list_new(v.self, 0), *i = weft_int_new(v.self, 1000), *pair[] = {i, l};
    weft_object *t = weft_tuple_new(v.self, pair, 2);
    for (int k = 0; k < 5; k++) {
        CHECK_INT(weft_list_append(v.self, l, l), WEFT_OK);
        CHECK_INT(weft_list_append(v.self, l, t), WEFT_OK);
        CHECK_INT(weft_list_append(v.self, l, i), WEFT_OK);
    }
    int64_t sum = weft_sizeof_full(v.self, l) + (int64_t)weft_sizeof(t) + (int64_t)weft_sizeof(i);
    CHECK_INT(weft_sizeof_deep(v.self, l), sum);
    CHECK_INT(weft_sizeof_deep(v.self, t), sum);
    CHECK_INT(weft_world_stop(v.self), WEFT_OK); /* allowed */
    CHECK_INT(weft_sizeof_deep(v.self, l), sum);
    CHECK_INT(weft_sizeof_full(v.self, t), weft_sizeof(t));
    CHECK_INT(weft_world_start(v.self), WEFT_OK);
    CHECK_INT(weft_list_clear(v.self, l), WEFT_OK);
    weft_decref(v.self, l);
    weft_decref(v.self, t);
    weft_decref(v.self, i);
    values_close(&v);
}

TEST_CASE(sizeof, many objects in a deep chain are counted)
{
    values v = values_open();
    weft_object *l = weft_list_new(v.self, 1);
    int64_t one = 0;
    int depth = test_scale(100000);
    for (int i = 0; i < depth; i++) {
        weft_object *outer = weft_list_new(v.self, 1);
        CHECK_INT(weft_list_append(v.self, outer, l), WEFT_OK);
        weft_decref(v.self, l);
        l = outer;
        one = i == 0 ? weft_sizeof_full(v.self, l) : one;
    }
    CHECK_INT(weft_sizeof_deep(v.self, l), one * (depth + 1)); /* the innermost has an array, too */
    weft_decref(v.self, l);
    values_close(&v);
}

typedef struct sized {
    weft_object object;
    size_t raw;
} sized;

static size_t sized_raw(const weft_object *o)
{
    return ((const sized *)(const void *)o)->raw;
}

TEST_CASE(sizeof, a type of the program says how much raw memory it holds)
{
    values v = values_open();
    const weft_type *type =
        weft_type_register(v.self, &(weft_type_spec){.name = "sized", .size = sizeof(sized), .raw_size = sized_raw});
    weft_object *o = weft_new(v.self, type);
    REQUIRE(o != NULL);
    ((sized *)(void *)o)->raw = 12345;
    CHECK_INT(weft_sizeof_full(v.self, o), 12345 + weft_sizeof(o));
    CHECK_INT(weft_sizeof_deep(v.self, o), 12345 + weft_sizeof(o));
    weft_decref(v.self, o);
    values_close(&v);
}

static bool measure(weft_thread *self, void *arg)
{
    return weft_sizeof_deep(self, arg) > 0;
}

TEST_CASE(sizeof, bad arguments and no memory are errors)
{
    values v = values_open();
    weft_object *l = weft_list_new(v.self, 0);
    for (int i = 0; i < 1000; i++) {
        weft_object *inner = weft_list_new(v.self, 0);
        CHECK_INT(weft_list_append(v.self, l, inner), WEFT_OK);
        weft_decref(v.self, inner);
    }
    CHECK_FAILS(weft_sizeof_full(v.self, NULL), WEFT_ERROR_VALUE, "NULL");
    CHECK_FAILS(weft_sizeof_deep(v.self, NULL), WEFT_ERROR_VALUE, "NULL");
    CHECK_FAILS(weft_sizeof_full(NULL, l), WEFT_ERROR_THREAD, "weft_sizeof_full");
    CHECK_FAILS(weft_sizeof_deep(NULL, l), WEFT_ERROR_THREAD, "weft_sizeof_deep");
    CHECK_INT(values_exhaust(v.self, measure, l), 4); /* 128, 256, 512, 1024 objects */
    weft_decref(v.self, l);
    values_close(&v);
}

typedef struct race {
    weft_runtime *runtime;
    weft_object *list;
} race;

static void change_or_measure(int index, void *arg)
{
    race *r = arg;
    VALUES_THREAD(self, r->runtime);
    for (int i = 0; i < test_scale(2000); i++) {
        if (index == 0) {
            CHECK(weft_sizeof_deep(self, r->list) > 0);
            CHECK(weft_sizeof_full(self, r->list) > 0);
        } else if (i % 100 < 60) {
            weft_object *inner = weft_list_new(self, 3);
            CHECK_INT(weft_list_append(self, r->list, inner), WEFT_OK);
            weft_decref(self, inner);
        } else {
            weft_object *popped = weft_list_pop(self, r->list, -1);
            weft_xdecref(self, popped);
        }
        weft_safepoint(self);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(stress_sizeof, sizes are taken while others change what is measured)
{
    values v = values_open();
    race r = {v.runtime, weft_list_new(v.self, 0)};
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(3, change_or_measure, &r);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    weft_decref(v.self, r.list);
    weft_safepoint(v.self);
    values_close(&v);
}
