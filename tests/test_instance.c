/* test_instance.c - instances with declared slots: types, slots, references, many threads at once, bad input. */
#include <stdio.h>

#include "values.h"

static const char *const point_slots[] = {"x", "y", "name"};

static const weft_type *point_type(weft_thread *self)
{
    const weft_type *type = weft_instance_type(self, "Point", point_slots, 3);
    CHECK(type != NULL);
    return type;
}

TEST_CASE(instance, slots start unset and hold what was set)
{
    values v = values_open();
    weft_object *o = weft_instance_new(v.self, point_type(v.self)), *i = weft_int_new(v.self, 1000);
    REQUIRE(o != NULL);
    for (int64_t slot = 0; slot < 3; slot++) {
        CHECK_NULL(weft_instance_get(v.self, o, slot), WEFT_ERROR_KEY, point_slots[slot]);
        CHECK_INT(weft_instance_set(v.self, o, slot, i), WEFT_OK);
        CHECK_INT(weft_refcount(v.self, i), 2 + slot);
        weft_object *found = weft_instance_get(v.self, o, slot);
        CHECK_PTR(found, i);
        weft_xdecref(v.self, found);
    }
    CHECK_INT(weft_instance_set(v.self, o, 0, o), WEFT_OK); /* replaces, and refers to itself */
    CHECK_INT(weft_refcount(v.self, i), 3);
    CHECK_INT(weft_instance_set(v.self, o, 0, NULL), WEFT_OK);
    CHECK_NULL(weft_instance_get(v.self, o, 0), WEFT_ERROR_KEY, "slot x of Point is unset");
    weft_decref(v.self, o);
    CHECK_INT(weft_refcount(v.self, i), 1);
    weft_decref(v.self, i);
    values_close(&v);
}

TEST_CASE(instance, setting a slot to what it holds keeps it alive)
{
    values v = values_open();
    weft_object *o = weft_instance_new(v.self, point_type(v.self)), *i = weft_int_new(v.self, 1000);
    CHECK_INT(weft_instance_set(v.self, o, 1, i), WEFT_OK);
    weft_decref(v.self, i);
    CHECK_INT(weft_instance_set(v.self, o, 1, i), WEFT_OK); /* the slot's is the only reference */
    CHECK_INT(weft_refcount(v.self, i), 1);
    CHECK_INT(weft_int_get(i), 1000);
    weft_decref(v.self, o);
    values_close(&v);
}

TEST_CASE(instance, slots are found by name)
{
    values v = values_open();
    const weft_type *type = point_type(v.self);
    for (int64_t slot = 0; slot < 3; slot++)
        CHECK_INT(weft_instance_slot(v.self, type, point_slots[slot]), slot);
    CHECK_FAILS(weft_instance_slot(v.self, type, "z"), WEFT_ERROR_KEY, "Point has no slot z");
    CHECK_FAILS(weft_instance_slot(v.self, type, ""), WEFT_ERROR_KEY, "Point has no slot");
    values_close(&v);
}

TEST_CASE(instance, the names are copied)
{
    char name[] = "Thing", first[] = "one", second[] = "two";
    const char *slots[] = {first, second};
    values v = values_open();
    const weft_type *type = weft_instance_type(v.self, name, slots, 2);
    REQUIRE(type != NULL);
    memset(name, '?', 5);
    memset(first, '?', 3);
    slots[1] = NULL;
    CHECK_STR(type->name, "Thing");
    CHECK_INT(weft_instance_slot(v.self, type, "one"), 0);
    CHECK_INT(weft_instance_slot(v.self, type, "two"), 1);
    values_close(&v);
}

TEST_CASE(instance, a type may have no slots or as many as the limit)
{
    static char text[WEFT_INSTANCE_SLOTS_MAX + 1][16];
    static const char *names[WEFT_INSTANCE_SLOTS_MAX + 1];
    values v = values_open();
    const weft_type *none = weft_instance_type(v.self, "None", NULL, 0);
    REQUIRE(none != NULL);
    weft_object *o = weft_instance_new(v.self, none);
    CHECK_NULL(weft_instance_get(v.self, o, 0), WEFT_ERROR_INDEX, "slot 0 of None, which has 0");
    CHECK_TEXT(v.self, weft_repr(v.self, o), "None()");
    weft_decref(v.self, o);
    for (int i = 0; i <= WEFT_INSTANCE_SLOTS_MAX; i++) {
        snprintf(text[i], sizeof text[i], "s%d", i);
        names[i] = text[i];
    }
    const weft_type *most = weft_instance_type(v.self, "Most", names, WEFT_INSTANCE_SLOTS_MAX);
    REQUIRE(most != NULL);
    o = weft_instance_new(v.self, most);
    CHECK_INT(weft_instance_set(v.self, o, WEFT_INSTANCE_SLOTS_MAX - 1, &weft_none), WEFT_OK);
    CHECK_TEXT(v.self, weft_repr(v.self, o), "Most(s4095=none)");
    weft_decref(v.self, o);
    CHECK_NULL(weft_instance_type(v.self, "More", names, WEFT_INSTANCE_SLOTS_MAX + 1), WEFT_ERROR_LIMIT, "4097");
    CHECK_NULL(weft_instance_type(v.self, "More", names, SIZE_MAX), WEFT_ERROR_LIMIT, "slots");
    values_close(&v);
}

TEST_CASE(instance, types with bad names are refused)
{
    static const char *const twice[] = {"a", "b", "a"}, *const empty[] = {"a", ""}, *const null[] = {NULL},
                             *const malformed[] = {"a\xFF"};
    char longest[65];
    memset(longest, 'n', 64);
    longest[64] = '\0';
    values v = values_open();
    CHECK_NULL(weft_instance_type(v.self, "T", twice, 3), WEFT_ERROR_VALUE, "slots 0 and 2 are both named a");
    CHECK_NULL(weft_instance_type(v.self, "T", empty, 2), WEFT_ERROR_VALUE, "slot 1 is empty");
    CHECK_NULL(weft_instance_type(v.self, "T", null, 1), WEFT_ERROR_VALUE, "slot 0 is NULL");
    CHECK_NULL(weft_instance_type(v.self, "T", malformed, 1), WEFT_ERROR_VALUE, "malformed UTF-8 at byte 1");
    CHECK_NULL(weft_instance_type(v.self, "T", NULL, 1), WEFT_ERROR_VALUE, "slots is NULL");
    CHECK_NULL(weft_instance_type(v.self, NULL, point_slots, 3), WEFT_ERROR_VALUE, "name");
    CHECK_NULL(weft_instance_type(v.self, "", point_slots, 3), WEFT_ERROR_VALUE, "name");
    CHECK_NULL(weft_instance_type(v.self, longest, point_slots, 3), WEFT_ERROR_VALUE, "name");
    CHECK_NULL(weft_instance_type(v.self, "\xFF", point_slots, 3), WEFT_ERROR_VALUE, "name");
    CHECK_NULL(weft_instance_type(NULL, "T", point_slots, 3), WEFT_ERROR_THREAD, "weft_instance_type");
    values_close(&v);
}

TEST_CASE(instance, bad arguments are refused)
{
    values v = values_open(), other = {weft_runtime_new(NULL), NULL};
    other.self = weft_thread_attach(other.runtime);
    REQUIRE(other.self != NULL);
    const weft_type *type = point_type(v.self), *foreign = point_type(other.self);
    weft_object *o = weft_instance_new(v.self, type), *i = weft_int_new(v.self, 1000);
    CHECK_NULL(weft_instance_new(v.self, NULL), WEFT_ERROR_VALUE, "type is NULL");
    CHECK_NULL(weft_instance_new(v.self, weft_type_of(i)), WEFT_ERROR_TYPE, "int is not an instance type");
    CHECK_NULL(weft_instance_new(v.self, foreign), WEFT_ERROR_TYPE, "not an instance type of this runtime");
    CHECK_NULL(weft_instance_new(NULL, type), WEFT_ERROR_THREAD, "weft_instance_new");
    CHECK_FAILS(weft_instance_slot(v.self, NULL, "x"), WEFT_ERROR_VALUE, "type is NULL");
    CHECK_FAILS(weft_instance_slot(v.self, type, NULL), WEFT_ERROR_VALUE, "name is NULL");
    CHECK_FAILS(weft_instance_slot(v.self, weft_type_of(i), "x"), WEFT_ERROR_TYPE, "int is not an instance type");
    CHECK_FAILS(weft_instance_slot(NULL, type, "x"), WEFT_ERROR_THREAD, "weft_instance_slot");
    CHECK_NULL(weft_instance_get(v.self, NULL, 0), WEFT_ERROR_VALUE, "NULL");
    CHECK_NULL(weft_instance_get(v.self, i, 0), WEFT_ERROR_TYPE, "instance expected, got int");
    CHECK_NULL(weft_instance_get(v.self, o, 3), WEFT_ERROR_INDEX, "slot 3 of Point, which has 3");
    CHECK_NULL(weft_instance_get(v.self, o, -1), WEFT_ERROR_INDEX, "slot -1");
    CHECK_NULL(weft_instance_get(v.self, o, INT64_MAX), WEFT_ERROR_INDEX, "slot 9223372036854775807");
    CHECK_NULL(weft_instance_get(NULL, o, 0), WEFT_ERROR_THREAD, "weft_instance_get");
    CHECK_FAILS(weft_instance_set(v.self, NULL, 0, i), WEFT_ERROR_VALUE, "NULL");
    CHECK_FAILS(weft_instance_set(v.self, i, 0, i), WEFT_ERROR_TYPE, "instance expected, got int");
    CHECK_FAILS(weft_instance_set(v.self, o, 3, i), WEFT_ERROR_INDEX, "slot 3");
    CHECK_FAILS(weft_instance_set(v.self, o, INT64_MIN, i), WEFT_ERROR_INDEX, "slot -9223372036854775808");
    CHECK_FAILS(weft_instance_set(NULL, o, 0, i), WEFT_ERROR_THREAD, "weft_instance_set");
    CHECK_INT(weft_refcount(v.self, i), 1);
    weft_decref(v.self, o);
    weft_decref(v.self, i);
    values_close(&other);
    values_close(&v);
}

TEST_CASE(instance, the text shows what is set and turns back at itself)
{
    values v = values_open();
    weft_object *o = weft_instance_new(v.self, point_type(v.self)), *s = values_str(v.self, "\xC3\xA9");
    CHECK_TEXT(v.self, weft_repr(v.self, o), "Point()");
    CHECK_INT(weft_instance_set(v.self, o, 2, s), WEFT_OK);
    CHECK_TEXT(v.self, weft_repr(v.self, o), "Point(name='\xC3\xA9')");
    CHECK_INT(weft_instance_set(v.self, o, 0, o), WEFT_OK);
    CHECK_TEXT(v.self, weft_repr(v.self, o), "Point(x=..., name='\xC3\xA9')");
    CHECK_INT(weft_instance_set(v.self, o, 0, NULL), WEFT_OK);
    weft_decref(v.self, o);
    weft_decref(v.self, s);
    values_close(&v);
}

TEST_CASE(instance, a chain of a million is dropped on a small stack)
{
    values v = values_open();
    const weft_type *type = point_type(v.self);
    weft_object *head = NULL;
    for (int i = 0; i < test_scale(1000000); i++) {
        weft_object *o = weft_instance_new(v.self, type);
        REQUIRE(o != NULL);
        CHECK_INT(weft_instance_set(v.self, o, 0, head), WEFT_OK);
        weft_xdecref(v.self, head);
        head = o;
    }
    weft_decref(v.self, head);
    values_close(&v);
}

static int count_child(weft_object *child, void *arg)
{
    (void)child;
    return ++*(int *)arg == 2 ? 99 : 0;
}

TEST_CASE(instance, traverse visits what is set and stops when told)
{
    values v = values_open();
    const weft_type *type = point_type(v.self);
    weft_object *o = weft_instance_new(v.self, type);
    int count = 0;
    CHECK_INT(type->traverse(o, count_child, &count), 0);
    CHECK_INT(count, 0);
    CHECK_INT(weft_instance_set(v.self, o, 1, &weft_none), WEFT_OK);
    CHECK_INT(type->traverse(o, count_child, &count), 0);
    CHECK_INT(count, 1);
    CHECK_INT(weft_instance_set(v.self, o, 0, &weft_none), WEFT_OK);
    CHECK_INT(weft_instance_set(v.self, o, 2, &weft_none), WEFT_OK);
    count = 0;
    CHECK_INT(type->traverse(o, count_child, &count), 99);
    CHECK_INT(count, 2);
    weft_decref(v.self, o);
    values_close(&v);
}

TEST_CASE(instance, clear unsets every slot)
{
    values v = values_open();
    const weft_type *type = point_type(v.self);
    weft_object *o = weft_instance_new(v.self, type), *i = weft_int_new(v.self, 1000);
    for (int64_t slot = 0; slot < 3; slot++)
        CHECK_INT(weft_instance_set(v.self, o, slot, i), WEFT_OK);
    type->clear(v.self, o);
    CHECK_INT(weft_refcount(v.self, i), 1);
    CHECK_TEXT(v.self, weft_repr(v.self, o), "Point()");
    weft_decref(v.self, o);
    weft_decref(v.self, i);
    values_close(&v);
}

static bool make(weft_thread *self, void *arg)
{
    weft_object *o = weft_instance_new(self, arg);
    weft_xdecref(self, o);
    return o != NULL;
}

static bool make_type(weft_thread *self, void *arg)
{
    (void)arg;
    return weft_instance_type(self, "Point", point_slots, 3) != NULL;
}

static bool show(weft_thread *self, void *arg)
{
    weft_object *o = weft_repr(self, arg);
    weft_xdecref(self, o);
    return o != NULL;
}

TEST_CASE(instance, running out of memory is an error at each allocation)
{
    values v = values_open();
    const weft_type *type = point_type(v.self);
    weft_object *o = weft_instance_new(v.self, type), *s = values_str(v.self, "something");
    CHECK_INT(weft_instance_set(v.self, o, 0, s), WEFT_OK);
    CHECK_INT(values_exhaust(v.self, make, (void *)(uintptr_t)type), 1);
    CHECK(values_exhaust(v.self, make_type, NULL) >= 2);
    CHECK(values_exhaust(v.self, show, o) >= 3);
    weft_decref(v.self, o);
    CHECK_INT(weft_refcount(v.self, s), 1);
    weft_decref(v.self, s);
    values_close(&v);
}

TEST_CASE(instance, one with three slots takes a block of 48)
{
    values v = values_open();
    weft_object *o = weft_instance_new(v.self, point_type(v.self));
    CHECK(weft_sizeof(o) <= 48 + (strcmp(weft_flavour_name(), "gil") == 0 ? 16 : 0));
    weft_decref(v.self, o);
    values_close(&v);
}

/* ---- several threads ------------------------------------------------------------------------------------------- */

enum { MOST_THREADS = 8, SHARED = 4, ROUNDS = 40000 };

typedef struct hammer {
    weft_runtime *runtime;
    const weft_type *type;
    weft_object *o;              /* whose slots everybody reads and writes */
    weft_object *values[SHARED]; /* long-lived, put in and taken out again and again */
    uint64_t seed;
} hammer;

/* What a slot may hold: one of the shared ints, or a young int of a value that tells. */
static bool plausible(const weft_object *found)
{
    return weft_is_int(found) && weft_int_get(found) >= 1000 && weft_int_get(found) < 1000 + SHARED + ROUNDS;
}

static void hammer_slots(int index, void *arg)
{
    hammer *h = arg;
    uint64_t state = h->seed + (uint64_t)index;
    VALUES_THREAD(self, h->runtime);
    for (int i = 0; i < test_scale(ROUNDS); i++) {
        uint64_t r = test_random(&state);
        int64_t slot = (int64_t)(r % 3);
        if ((r >> 8) % 4 == 0) {
            CHECK_INT(weft_instance_set(self, h->o, slot, h->values[(r >> 16) % SHARED]), WEFT_OK);
        } else if ((r >> 8) % 4 == 1) { /* a value that dies as soon as it is replaced */
            weft_object *young = weft_int_new(self, 1000 + SHARED + i);
            REQUIRE(young != NULL);
            CHECK_INT(weft_instance_set(self, h->o, slot, young), WEFT_OK);
            weft_decref(self, young);
        } else if ((r >> 8) % 64 == 2) {
            CHECK_INT(weft_instance_set(self, h->o, slot, NULL), WEFT_OK);
        } else {
            weft_object *found = weft_instance_get(self, h->o, slot);
            if (found != NULL) {
                CHECK(plausible(found));
                weft_decref(self, found);
            } else {
                CHECK_INT(weft_error_status(), WEFT_ERROR_KEY);
            }
        }
        weft_safepoint(self);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

static void hammer_with(int threads)
{
    values v = values_open();
    hammer h = {v.runtime, point_type(v.self), NULL, {NULL}, test_seed()};
    h.o = weft_instance_new(v.self, h.type);
    for (int i = 0; i < SHARED; i++)
        h.values[i] = weft_int_new(v.self, 1000 + i);
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(threads, hammer_slots, &h);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    weft_decref(v.self, h.o);
    weft_safepoint(v.self);
    for (int i = 0; i < SHARED; i++) {
        CHECK_INT(weft_refcount(v.self, h.values[i]), 1);
        weft_decref(v.self, h.values[i]);
    }
    values_close(&v); /* nothing is left */
}

TEST_CASE(stress_instance, two threads get and set the slots of one instance)
{
    hammer_with(2);
}

TEST_CASE(stress_instance, eight threads get and set the slots of one instance)
{
    hammer_with(MOST_THREADS);
}

/* Threads pass one long-lived object through a slot by swapping roles: the writer's own objects, read by another. */
static void read_while_owner_replaces(int index, void *arg)
{
    hammer *h = arg;
    VALUES_THREAD(self, h->runtime);
    for (int i = 0; i < test_scale(ROUNDS); i++) {
        if (index == 0) { /* the only writer: it owns every object it puts in */
            weft_object *young = weft_int_new(self, 1000 + SHARED + i);
            REQUIRE(young != NULL);
            CHECK_INT(weft_instance_set(self, h->o, 0, young), WEFT_OK);
            weft_decref(self, young);
        } else {
            weft_object *found = weft_instance_get(self, h->o, 0);
            if (found != NULL) {
                CHECK(plausible(found));
                weft_decref(self, found);
            }
        }
        weft_safepoint(self);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(stress_instance, threads read what its owner keeps replacing)
{
    values v = values_open();
    hammer h = {v.runtime, point_type(v.self), NULL, {NULL}, 0};
    h.o = weft_instance_new(v.self, h.type);
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(3, read_while_owner_replaces, &h);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    weft_decref(v.self, h.o);
    weft_safepoint(v.self);
    values_close(&v);
}
