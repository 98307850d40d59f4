/* test_open.c - instances that take any attribute: shared names, own dicts, many threads at once, bad input. */
#include <stdio.h>

#include "core/types/open.h"
#include "values.h"

/* The names that a type has learnt live as long as the runtime: they stay interned. */
static void close_with_names(values *v, int64_t names)
{
    CHECK_INT(values_live(v->self), names);
    CHECK_INT(weft_thread_detach(v->self), WEFT_OK);
    CHECK_INT(weft_runtime_free(v->runtime), WEFT_OK);
}

static const weft_type *thing(weft_thread *self)
{
    const weft_type *type = weft_open_type(self, "Thing");
    CHECK(type != NULL);
    return type;
}

static weft_status set_int(weft_thread *self, weft_object *o, const char *name, int64_t value)
{
    weft_object *n = values_str(self, name), *i = weft_int_new(self, value);
    weft_status status = weft_attribute_set(self, o, n, i);
    weft_decref(self, n);
    weft_xdecref(self, i);
    return status;
}

/* INT64_MIN if it is not there. */
static int64_t get_int(weft_thread *self, weft_object *o, const char *name)
{
    weft_object *n = values_str(self, name), *found = weft_attribute_get(self, o, n);
    int64_t value = found ? weft_int_get(found) : INT64_MIN;
    weft_xdecref(self, found);
    weft_decref(self, n);
    return value;
}

static weft_status delete_name(weft_thread *self, weft_object *o, const char *name)
{
    weft_object *n = values_str(self, name);
    weft_status status = weft_attribute_delete(self, o, n);
    weft_decref(self, n);
    return status;
}

TEST_CASE(open, attributes are set and found and deleted)
{
    values v = values_open();
    const weft_type *type = thing(v.self);
    weft_object *a = weft_instance_new(v.self, type), *b = weft_instance_new(v.self, type);
    REQUIRE(a != NULL && b != NULL);
    CHECK_INT(get_int(v.self, a, "size"), INT64_MIN);
    CHECK_ERROR(WEFT_ERROR_KEY, "Thing has no attribute size");
    CHECK_INT(set_int(v.self, a, "size", 1000), WEFT_OK);
    CHECK_INT(set_int(v.self, a, "weight", 2000), WEFT_OK);
    CHECK_INT(set_int(v.self, b, "weight", 3000), WEFT_OK);
    CHECK_INT(get_int(v.self, a, "size"), 1000);
    CHECK_INT(get_int(v.self, a, "weight"), 2000);
    CHECK_INT(get_int(v.self, b, "weight"), 3000);
    CHECK_INT(get_int(v.self, b, "size"), INT64_MIN); /* b's array is shorter, or has nothing there */
    CHECK_INT(set_int(v.self, a, "size", 1001), WEFT_OK);
    CHECK_INT(get_int(v.self, a, "size"), 1001);
    CHECK_INT(delete_name(v.self, a, "size"), WEFT_OK);
    CHECK_FAILS(delete_name(v.self, a, "size"), WEFT_ERROR_KEY, "no attribute size");
    CHECK_FAILS(delete_name(v.self, b, "size"), WEFT_ERROR_KEY, "no attribute size");
    CHECK_FAILS(delete_name(v.self, b, "shape"), WEFT_ERROR_KEY, "no attribute shape");
    CHECK_INT(get_int(v.self, a, "size"), INT64_MIN);
    CHECK_INT(get_int(v.self, a, "weight"), 2000);
    weft_decref(v.self, a);
    weft_decref(v.self, b);
    close_with_names(&v, 2);
}

TEST_CASE(open, names beyond those of the type are kept in a dict of the instance)
{
    enum { MANY = WEFT_OPEN_KEYS_MAX + 20 };

    char name[16];
    values v = values_open();
    const weft_type *type = thing(v.self);
    weft_object *a = weft_instance_new(v.self, type), *b = weft_instance_new(v.self, type);
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "name%d", i);
        CHECK_INT(set_int(v.self, a, name, 1000 + i), WEFT_OK);
        CHECK(open_of(a)->more == NULL || i >= WEFT_OPEN_KEYS_MAX);
    }
    CHECK(open_of(a)->more != NULL);
    for (int i = MANY; i-- > 0;) {
        snprintf(name, sizeof name, "name%d", i);
        CHECK_INT(get_int(v.self, a, name), 1000 + i);
        CHECK_INT(get_int(v.self, b, name), INT64_MIN);
        CHECK_INT(set_int(v.self, b, name, 5000 + i), WEFT_OK);
        CHECK_INT(get_int(v.self, b, name), 5000 + i);
    }
    for (int i = 0; i < MANY; i += 2) {
        snprintf(name, sizeof name, "name%d", i);
        CHECK_INT(delete_name(v.self, a, name), WEFT_OK);
        CHECK_FAILS(delete_name(v.self, a, name), WEFT_ERROR_KEY, name);
    }
    int seen = 0;
    size_t position = 0;
    weft_object *key, *value;
    while (weft_attribute_next(v.self, a, &position, &key, &value) == 1) {
        snprintf(name, sizeof name, "name%d", 2 * seen + 1);
        CHECK_STR(weft_str_utf8(v.self, key, NULL), name);
        CHECK_INT(weft_int_get(value), 1001 + 2 * seen);
        weft_decref(v.self, key);
        weft_decref(v.self, value);
        seen++;
    }
    CHECK_INT(seen, MANY / 2);
    position = 0;
    for (seen = 0; weft_attribute_next(v.self, a, &position, NULL, NULL) == 1; seen++) {}
    CHECK_INT(seen, MANY / 2);
    weft_decref(v.self, a);
    weft_decref(v.self, b);
    close_with_names(&v, WEFT_OPEN_KEYS_MAX);
}

TEST_CASE(open, an instance is small)
{
    values v = values_open();
    const weft_type *type = thing(v.self);
    weft_object *first = weft_instance_new(v.self, type);
    size_t front = weft_flavour_name()[0] == 'g' ? 16 : 0;
    CHECK_INT(weft_sizeof(first), 32 + front);
    for (const char *name = "abcdefghijklmno"; *name; name++)
        CHECK_INT(set_int(v.self, first, (char[]){*name, '\0'}, 1), WEFT_OK);
    CHECK_INT(open_of(first)->values->capacity, 15);
    /* The names are known: the first value makes room for all. */
    weft_object *second = weft_instance_new(v.self, type);
    CHECK_INT(set_int(v.self, second, "c", 1), WEFT_OK);
    CHECK_INT(open_of(second)->values->capacity, 15);
    /* Too many to make room for all. */
    CHECK_INT(set_int(v.self, first, "p", 1), WEFT_OK);
    weft_object *third = weft_instance_new(v.self, type);
    CHECK_INT(set_int(v.self, third, "c", 1), WEFT_OK);
    CHECK_INT(open_of(third)->values->capacity, 3);
    weft_decref(v.self, first);
    weft_decref(v.self, second);
    weft_decref(v.self, third);
    CHECK_INT(values_live(v.self), 0); /* one-byte names are static */
    values_close(&v);
}

TEST_CASE(open, names that are not interned are found by their text)
{
    values v = values_open();
    const weft_type *type = thing(v.self);
    weft_object *o = weft_instance_new(v.self, type), *wide = values_str(v.self, "gr\xC3\xB6\xC3\x9F"
                                                                                 "e");
    weft_object *again = values_str(v.self, "gr\xC3\xB6\xC3\x9F"
                                            "e");
    CHECK_INT(weft_attribute_set(v.self, o, wide, &weft_true), WEFT_OK);
    CHECK_PTR(weft_attribute_get(v.self, o, again), &weft_true);
    CHECK_PTR(weft_str_intern(v.self, again, false), wide); /* the type took the first */
    CHECK_TEXT(v.self, weft_repr(v.self, o),
               "Thing(gr\xC3\xB6\xC3\x9F"
               "e=true)");
    weft_decref(v.self, wide);
    weft_decref(v.self, wide);
    weft_decref(v.self, again);
    CHECK_INT(weft_attribute_set(v.self, o, o, &weft_true), WEFT_ERROR_TYPE);
    weft_decref(v.self, o);
    close_with_names(&v, 1);
}

TEST_CASE(open, the text turns back at itself)
{
    values v = values_open();
    weft_object *o = weft_instance_new(v.self, thing(v.self)), *x = values_str(v.self, "x"),
                *y = values_str(v.self, "y");
    CHECK_TEXT(v.self, weft_repr(v.self, o), "Thing()");
    CHECK_INT(weft_attribute_set(v.self, o, x, o), WEFT_OK);
    CHECK_INT(weft_attribute_set(v.self, o, y, &weft_none), WEFT_OK);
    CHECK_TEXT(v.self, weft_repr(v.self, o), "Thing(x=..., y=none)");
    CHECK_INT(weft_attribute_delete(v.self, o, x), WEFT_OK);
    weft_decref(v.self, o);
    values_close(&v);
}

static int count_child(weft_object *child, void *arg)
{
    (void)child;
    ++*(int *)arg;
    return 0;
}

TEST_CASE(open, traverse visits all values and clear drops them)
{
    char name[16];
    values v = values_open();
    weft_object *o = weft_instance_new(v.self, thing(v.self));
    int count = 0;
    CHECK_INT(weft_type_of(o)->traverse(o, count_child, &count), 0);
    CHECK_INT(count, 0);
    for (int i = 0; i < WEFT_OPEN_KEYS_MAX + 2; i++) {
        snprintf(name, sizeof name, "name%d", i);
        CHECK_INT(set_int(v.self, o, name, 1000), WEFT_OK);
    }
    CHECK_INT(weft_type_of(o)->traverse(o, count_child, &count), 0);
    CHECK_INT(count, WEFT_OPEN_KEYS_MAX + 1); /* the values, and the dict */
    weft_type_of(o)->clear(v.self, o);
    CHECK_INT(get_int(v.self, o, "name0"), INT64_MIN);
    CHECK_INT(values_live(v.self), 1 + WEFT_OPEN_KEYS_MAX);
    CHECK_INT(set_int(v.self, o, "name0", 7), WEFT_OK); /* it is whole */
    CHECK_INT(get_int(v.self, o, "name0"), 7);
    weft_decref(v.self, o);
    close_with_names(&v, WEFT_OPEN_KEYS_MAX);
}

typedef struct attempt {
    const weft_type *type;
    int names;
} attempt;

static bool make_and_fill(weft_thread *self, void *arg)
{
    const attempt *a = arg;
    weft_object *o = weft_instance_new(self, a->type);
    bool good = o != NULL;
    for (int i = 0; good && i < a->names; i++) {
        weft_object *name = weft_str_format(self, "name%d", i);
        good = name != NULL && weft_attribute_set(self, o, name, &weft_none) == WEFT_OK;
        weft_xdecref(self, name);
    }
    weft_xdecref(self, o);
    return good;
}

static bool make_type(weft_thread *self, void *arg)
{
    (void)arg;
    return weft_open_type(self, "Other") != NULL;
}

TEST_CASE(open, running out of memory is an error at each allocation)
{
    values v = values_open();
    attempt a = {thing(v.self), WEFT_OPEN_KEYS_MAX + 1};
    CHECK(make_and_fill(v.self, &a)); /* the type learns the names */
    CHECK(values_exhaust(v.self, make_and_fill, &a) > WEFT_OPEN_KEYS_MAX);
    CHECK_INT(values_exhaust(v.self, make_type, NULL), 2);
    close_with_names(&v, WEFT_OPEN_KEYS_MAX);
}

static void set_without_memory(weft_thread *self, weft_object *o, weft_object *name)
{
    CHECK_INT(weft_fail_allocation(self, 1, false), WEFT_OK);
    CHECK_FAILS(weft_attribute_set(self, o, name, &weft_none), WEFT_ERROR_MEMORY, "memory");
    CHECK_INT(weft_fail_allocation(self, 0, false), WEFT_OK);
    CHECK_NULL(weft_attribute_get(self, o, name), WEFT_ERROR_KEY, "no attribute name");
}

TEST_CASE(open, a new name without memory is an error)
{
    values v = values_open();
    weft_object *o = weft_instance_new(v.self, thing(v.self)), *name = values_str(v.self, "name");
    set_without_memory(v.self, o, name); /* for the table of interned strs */
    CHECK_INT(weft_refcount(v.self, name), 1);
    weft_object *interned = weft_str_intern(v.self, name, false);
    weft_decref(v.self, interned);
    set_without_memory(v.self, o, name); /* for the instance's values; the type has learnt the name */
    CHECK_INT(weft_refcount(v.self, name), 2);
    CHECK_INT(weft_attribute_set(v.self, o, name, &weft_none), WEFT_OK);
    weft_decref(v.self, name);
    weft_decref(v.self, o);
    close_with_names(&v, 1);
}

TEST_CASE(open, bad arguments are refused)
{
    values v = values_open(), other = {weft_runtime_new(NULL), NULL};
    other.self = weft_thread_attach(other.runtime);
    REQUIRE(other.self != NULL);
    const weft_type *type = thing(v.self), *foreign = thing(other.self);
    weft_object *o = weft_instance_new(v.self, type), *i = weft_int_new(v.self, 1000), *n = values_str(v.self, "name");
    size_t position = 0;
    CHECK_NULL(weft_open_type(v.self, NULL), WEFT_ERROR_VALUE, "name");
    CHECK_NULL(weft_open_type(v.self, ""), WEFT_ERROR_VALUE, "name");
    CHECK_NULL(weft_open_type(v.self, "\xFF"), WEFT_ERROR_VALUE, "weft_open_type");
    CHECK_NULL(weft_open_type(NULL, "Thing"), WEFT_ERROR_THREAD, "weft_open_type");
    CHECK_NULL(weft_instance_new(v.self, foreign), WEFT_ERROR_TYPE, "not an instance type of this runtime");
    CHECK_NULL(weft_instance_get(v.self, o, 0), WEFT_ERROR_TYPE, "instance expected");
    CHECK_NULL(weft_attribute_get(v.self, i, n), WEFT_ERROR_TYPE, "got int");
    CHECK_NULL(weft_attribute_get(v.self, NULL, n), WEFT_ERROR_VALUE, "NULL");
    CHECK_NULL(weft_attribute_get(v.self, o, i), WEFT_ERROR_TYPE, "str expected, got int");
    CHECK_NULL(weft_attribute_get(v.self, o, NULL), WEFT_ERROR_VALUE, "NULL");
    CHECK_NULL(weft_attribute_get(NULL, o, n), WEFT_ERROR_THREAD, "weft_attribute_get");
    CHECK_FAILS(weft_attribute_set(v.self, i, n, i), WEFT_ERROR_TYPE, "got int");
    CHECK_FAILS(weft_attribute_set(v.self, o, i, i), WEFT_ERROR_TYPE, "str expected");
    CHECK_FAILS(weft_attribute_set(v.self, o, n, NULL), WEFT_ERROR_VALUE, "value is NULL");
    CHECK_FAILS(weft_attribute_set(NULL, o, n, i), WEFT_ERROR_THREAD, "weft_attribute_set");
    CHECK_FAILS(weft_attribute_delete(v.self, i, n), WEFT_ERROR_TYPE, "got int");
    CHECK_FAILS(weft_attribute_delete(v.self, o, NULL), WEFT_ERROR_VALUE, "NULL");
    CHECK_FAILS(weft_attribute_delete(NULL, o, n), WEFT_ERROR_THREAD, "weft_attribute_delete");
    CHECK_FAILS(weft_attribute_next(v.self, i, &position, NULL, NULL), WEFT_ERROR_TYPE, "got int");
    CHECK_FAILS(weft_attribute_next(v.self, o, NULL, NULL, NULL), WEFT_ERROR_VALUE, "position");
    CHECK_FAILS(weft_attribute_next(NULL, o, &position, NULL, NULL), WEFT_ERROR_THREAD, "weft_attribute_next");
    CHECK_INT(weft_refcount(v.self, n), 1);
    weft_decref(v.self, o);
    weft_decref(v.self, i);
    weft_decref(v.self, n);
    values_close(&other);
    values_close(&v);
}

/* Against a plain array. */
TEST_CASE(open, a random sequence of operations does what it should)
{
    enum { NAMES = WEFT_OPEN_KEYS_MAX + 16, INSTANCES = 3 };

    int64_t model[INSTANCES][NAMES];
    weft_object *names[NAMES], *o[INSTANCES];
    uint64_t state = test_seed();
    values v = values_open();
    const weft_type *type = thing(v.self);
    for (int i = 0; i < INSTANCES; i++)
        o[i] = weft_instance_new(v.self, type);
    for (int k = 0; k < NAMES; k++) {
        names[k] = weft_str_format(v.self, "n%d", k);
        for (int i = 0; i < INSTANCES; i++)
            model[i][k] = INT64_MIN;
    }
    for (int step = 0; step < test_scale(300000); step++) {
        uint64_t r = test_random(&state);
        int i = (int)(r % INSTANCES), k = (int)(r / 16 % NAMES);
        int64_t *expected = &model[i][k];
        switch (r / 4096 % 4) {
        case 0: {
            weft_object *value = weft_int_new(v.self, 1000 + step);
            CHECK_INT(weft_attribute_set(v.self, o[i], names[k], value), WEFT_OK);
            weft_decref(v.self, value);
            *expected = 1000 + step;
            break;
        }
        case 1:
            CHECK_INT(weft_attribute_delete(v.self, o[i], names[k]), *expected == INT64_MIN ? WEFT_ERROR_KEY : WEFT_OK);
            *expected = INT64_MIN;
            break;
        default: {
            weft_object *found = weft_attribute_get(v.self, o[i], names[k]);
            CHECK_INT(found ? weft_int_get(found) : INT64_MIN, *expected);
            weft_xdecref(v.self, found);
        }
        }
    }
    for (int i = 0; i < INSTANCES; i++) {
        int there = 0;
        size_t position = 0;
        for (int k = 0; k < NAMES; k++)
            there += model[i][k] != INT64_MIN;
        while (weft_attribute_next(v.self, o[i], &position, NULL, NULL) == 1)
            there--;
        CHECK_INT(there, 0);
        weft_decref(v.self, o[i]);
    }
    for (int k = 0; k < NAMES; k++)
        weft_decref(v.self, names[k]);
    close_with_names(&v, WEFT_OPEN_KEYS_MAX);
}

/* ---- several threads ------------------------------------------------------------------------------------------- */

enum { THREADS = 4, SHARED_NAMES = WEFT_OPEN_KEYS_MAX + 8, ROUNDS = 20000 };

typedef struct race {
    weft_runtime *runtime;
    const weft_type *type;
    weft_object *shared;
    weft_object *fresh[400];
    uint64_t seed;
} race;

/* Attribute k holds only numbers whose remainder is k. */
static void use_shared(int index, void *arg)
{
    race *r = arg;
    uint64_t state = r->seed + (uint64_t)index;
    VALUES_THREAD(self, r->runtime);
    for (int i = 0; i < test_scale(ROUNDS); i++) {
        uint64_t random = test_random(&state);
        int64_t k = (int64_t)(random % SHARED_NAMES);
        weft_object *name = weft_str_format(self, "name%d", (int)k);
        if (random / 1024 % 8 == 0) {
            weft_object *value = weft_int_new(self, 1000 * SHARED_NAMES + (int64_t)(i * SHARED_NAMES) + k);
            CHECK_INT(weft_attribute_set(self, r->shared, name, value), WEFT_OK);
            weft_decref(self, value);
        } else if (random / 1024 % 8 == 1) {
            weft_status status = weft_attribute_delete(self, r->shared, name);
            CHECK(status == WEFT_OK || status == WEFT_ERROR_KEY);
        } else {
            weft_object *found = weft_attribute_get(self, r->shared, name);
            if (found != NULL)
                CHECK_INT(weft_int_get(found) % SHARED_NAMES, k);
            weft_xdecref(self, found);
        }
        weft_decref(self, name);
        weft_safepoint(self);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

/* Each thread sets attributes of its own on the same new instances, while their arrays and the type's names grow. */
static void grow_together(int index, void *arg)
{
    race *r = arg;
    VALUES_THREAD(self, r->runtime);
    for (size_t i = 0; i < sizeof r->fresh / sizeof *r->fresh; i++) {
        for (int k = 0; k < 10; k++) {
            weft_object *name = weft_str_format(self, "t%d.%d", index, k);
            weft_object *value = weft_int_new(self, 1000 * index + k);
            CHECK_INT(weft_attribute_set(self, r->fresh[i], name, value), WEFT_OK);
            weft_decref(self, name);
            weft_decref(self, value);
        }
        weft_safepoint(self);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

static void run(values *v, void (*body)(int index, void *arg), race *r)
{
    CHECK_INT(weft_block_begin(v->self), WEFT_OK);
    test_threads(THREADS, body, r);
    CHECK_INT(weft_block_end(v->self), WEFT_OK);
    weft_safepoint(v->self);
}

TEST_CASE(stress_open, four threads set and read and delete attributes of one instance)
{
    values v = values_open();
    static race r;
    r = (race){.runtime = v.runtime, .type = thing(v.self), .seed = test_seed()};
    r.shared = weft_instance_new(v.self, r.type);
    run(&v, use_shared, &r);
    weft_decref(v.self, r.shared);
    weft_safepoint(v.self);
    close_with_names(&v, WEFT_OPEN_KEYS_MAX);
}

/* One round; returns the bytes in use afterwards. */
static size_t grow_and_drop(values *v, race *r)
{
    char name[16];
    for (size_t i = 0; i < sizeof r->fresh / sizeof *r->fresh; i++)
        r->fresh[i] = weft_instance_new(v->self, r->type);
    run(v, grow_together, r);
    for (size_t i = 0; i < sizeof r->fresh / sizeof *r->fresh; i++) {
        for (int k = 0; k < THREADS * 10; k++) {
            snprintf(name, sizeof name, "t%d.%d", k / 10, k % 10);
            CHECK_INT(get_int(v->self, r->fresh[i], name), 1000 * (k / 10) + k % 10);
        }
        weft_decref(v->self, r->fresh[i]);
    }
    weft_safepoint(v->self);
    return values_bytes(v->self);
}

TEST_CASE(stress_open, no attribute is lost while four threads make instances grow)
{
    values v = values_open();
    static race r;
    r = (race){.runtime = v.runtime, .type = thing(v.self), .seed = 0};
    size_t first = grow_and_drop(&v, &r);
    for (int round = 0; round < 3; round++)
        CHECK(grow_and_drop(&v, &r) < first + 100000); /* arrays that were replaced are given back */
    close_with_names(&v, WEFT_OPEN_KEYS_MAX);
}

/* All threads bring the same names at once. */
static void same_names(int index, void *arg)
{
    race *r = arg;
    VALUES_THREAD(self, r->runtime);
    for (int k = 0; k < 30; k++) {
        weft_object *name = weft_str_format(self, "name%d", k), *value = weft_int_new(self, 1000 * index + k);
        CHECK_INT(weft_attribute_set(self, r->fresh[index], name, value), WEFT_OK);
        weft_decref(self, name);
        weft_decref(self, value);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(stress_open, a name that four threads bring at once is learnt once)
{
    char name[16];
    values v = values_open();
    static race r;
    for (int round = 0; round < test_scale(300); round++) {
        r = (race){.runtime = v.runtime, .type = thing(v.self)};
        for (int i = 0; i < THREADS; i++)
            r.fresh[i] = weft_instance_new(v.self, r.type);
        run(&v, same_names, &r);
        CHECK_INT(open_keys_of(r.fresh[0])->count, 30);
        for (int i = 0; i < THREADS; i++) {
            for (int k = 0; k < 30; k++) {
                snprintf(name, sizeof name, "name%d", k);
                CHECK_INT(get_int(v.self, r.fresh[i], name), 1000 * i + k);
            }
            weft_decref(v.self, r.fresh[i]);
        }
    }
    weft_safepoint(v.self);
    close_with_names(&v, 30);
}
