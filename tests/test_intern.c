/* test_intern.c - interned strings: one for each text, mortal and immortal, by many threads, while they die. */
#include <stdlib.h>

#include "values.h"

TEST_CASE(intern, there is one str for each text)
{
    values v = values_open();
    weft_object *a = values_str(v.self, "some text"), *b = values_str(v.self, "some text"),
                *c = values_str(v.self, "other");
    weft_object *x = weft_str_intern(v.self, a, false), *y = weft_str_intern(v.self, b, false);
    weft_object *z = weft_str_intern(v.self, c, false), *again = weft_str_intern(v.self, a, false);
    CHECK(x == a && y == a && again == a && z == c);
    CHECK_INT(weft_refcount(v.self, a), 4);
    CHECK_INT(weft_refcount(v.self, b), 1);
    weft_object *all[] = {a, b, c, x, y, z, again};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        weft_decref(v.self, all[i]);
    values_close(&v);
}

TEST_CASE(intern, a mortal one leaves when it dies and another takes its place)
{
    values v = values_open();
    size_t before = 0;
    for (int round = 0; round < 3000; round++) {
        before = round == 1000 ? values_bytes(v.self) : before;
        weft_object *a = weft_str_format(v.self, "text %d", round), *x = weft_str_intern(v.self, a, false);
        CHECK_PTR(x, a);
        weft_decref(v.self, a);
        weft_decref(v.self, x);
        CHECK_INT(values_live(v.self), 0);
    }
    CHECK(values_bytes(v.self) < before + 32768); /* places of the dead were used again */
    values_close(&v);
}

TEST_CASE(intern, an immortal one stays)
{
    values v = values_open();
    weft_object *a = values_str(v.self, "for good"), *b = values_str(v.self, "for good"),
                *c = values_str(v.self, "later");
    weft_object *x = weft_str_intern(v.self, a, true);
    CHECK(x == a && weft_is_immortal(a));
    weft_decref(v.self, a);
    weft_decref(v.self, x);
    CHECK_PTR(weft_str_intern(v.self, b, false), a);
    weft_decref(v.self, b);
    weft_object *y = weft_str_intern(v.self, c, false);
    CHECK(!weft_is_immortal(c));
    weft_decref(v.self, y);
    CHECK_PTR(weft_str_intern(v.self, c, true), c);
    CHECK(weft_is_immortal(c));
    CHECK_INT(values_live(v.self), 2);
    CHECK_INT(weft_thread_detach(v.self), WEFT_OK);
    CHECK_INT(weft_runtime_free(v.runtime), WEFT_OK);
}

TEST_CASE(intern, the strings that are shared anyway need no table)
{
    values v = values_open();
    weft_object *empty = values_str(v.self, ""), *one = values_str(v.self, "x");
    size_t before = values_bytes(v.self);
    CHECK_PTR(weft_str_intern(v.self, empty, false), empty);
    CHECK_PTR(weft_str_intern(v.self, one, true), one);
    CHECK_INT(values_bytes(v.self), before);
    values_close(&v);
}

enum { MANY = 5000 };

TEST_CASE(intern, the table grows and does not grow without need)
{
    static weft_object *strings[MANY];
    values v = values_open();
    size_t first = 0, later;
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < MANY; i++) {
            weft_object *o = weft_str_format(v.self, "%d/%d", round, i);
            strings[i] = weft_str_intern(v.self, o, false);
            CHECK_PTR(strings[i], o);
            weft_decref(v.self, o);
        }
        for (int i = 0; i < MANY; i += 7) {
            weft_object *o = weft_str_format(v.self, "%d/%d", round, i), *x = weft_str_intern(v.self, o, false);
            CHECK_PTR(x, strings[i]);
            weft_decref(v.self, o);
            weft_decref(v.self, x);
        }
        for (int i = 0; i < MANY; i++)
            weft_decref(v.self, strings[i]);
        weft_safepoint(v.self);
        later = values_bytes(v.self);
        if (round == 1)
            first = later;
    }
    CHECK(later <= first * 2);
    values_close(&v);
}

static bool intern(weft_thread *self, void *arg)
{
    weft_object *x = weft_str_intern(self, arg, false);
    weft_xdecref(self, x);
    return x != NULL;
}

TEST_CASE(intern, bad arguments and no memory are errors)
{
    values v = values_open();
    weft_object *i = weft_int_new(v.self, 1), *s = values_str(v.self, "text");
    CHECK_NULL(weft_str_intern(v.self, i, false), WEFT_ERROR_TYPE, "str expected, got int");
    CHECK_NULL(weft_str_intern(v.self, NULL, false), WEFT_ERROR_VALUE, "NULL");
    CHECK_NULL(weft_str_intern(NULL, s, false), WEFT_ERROR_THREAD, "weft_str_intern");
    CHECK_INT(values_exhaust(v.self, intern, s), 1);
    CHECK_INT(values_exhaust(v.self, intern, s), 0);
    CHECK_INT(weft_refcount(v.self, s), 1);
    weft_decref(v.self, s);
    values_close(&v);
}

/* ---- several threads ------------------------------------------------------------------------------------------- */

enum { TEXTS = 6, ROUNDS = 20000 };

typedef struct race {
    weft_runtime *runtime;
    weft_object *kept[TEXTS]; /* what every thread must find, NULL where strings come and go */
    uint64_t seed;
} race;

static void intern_and_drop(int index, void *arg)
{
    race *r = arg;
    uint64_t state = r->seed + (uint64_t)index;
    VALUES_THREAD(self, r->runtime);
    for (int i = 0; i < test_scale(ROUNDS); i++) {
        uint64_t k = test_random(&state) % TEXTS;
        weft_object *a = weft_str_format(self, "text %d", (int)k), *b = weft_str_format(self, "text %d", (int)k);
        weft_object *x = weft_str_intern(self, a, false), *y = weft_str_intern(self, b, false);
        REQUIRE(x != NULL && y != NULL);
        CHECK(x == y); /* we hold it, so there is no other */
        CHECK(r->kept[k] == NULL || x == r->kept[k]);
        CHECK_INT(weft_equal(self, x, a), 1);
        weft_decref(self, a);
        weft_decref(self, b);
        weft_decref(self, x);
        weft_decref(self, y);
        weft_safepoint(self);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

static void race_with(int threads, bool keep)
{
    values v = values_open();
    race r = {v.runtime, {NULL}, test_seed()};
    for (int k = 0; k < TEXTS && keep; k += 2) {
        weft_object *o = weft_str_format(v.self, "text %d", k);
        r.kept[k] = weft_str_intern(v.self, o, false);
        weft_decref(v.self, o);
    }
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(threads, intern_and_drop, &r);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    weft_safepoint(v.self);
    for (int k = 0; k < TEXTS; k++) {
        if (r.kept[k])
            CHECK_INT(weft_refcount(v.self, r.kept[k]), 1);
        weft_xdecref(v.self, r.kept[k]);
    }
    values_close(&v);
}

TEST_CASE(stress_intern, two threads intern strings that die at once)
{
    race_with(2, false);
}

TEST_CASE(stress_intern, eight threads intern strings of which some stay)
{
    race_with(8, true);
}

enum { WIDE = 3000 };

/* Each thread holds a changing half of many names, so that the table grows, is purged and shrinks under its readers. */
static void intern_many(int index, void *arg)
{
    race *r = arg;
    uint64_t state = r->seed + (uint64_t)index;
    VALUES_THREAD(self, r->runtime);
    weft_object **held = calloc(WIDE, sizeof *held);
    REQUIRE(held != NULL);
    for (int i = 0; i < test_scale(4 * WIDE); i++) {
        uint64_t k = test_random(&state) % WIDE;
        if (held[k] != NULL) {
            weft_object *o = weft_str_format(self, "name %d", (int)k), *x = weft_str_intern(self, o, false);
            CHECK_PTR(x, held[k]);
            weft_decref(self, o);
            weft_xdecref(self, x);
            weft_decref(self, held[k]);
            held[k] = NULL;
        } else {
            weft_object *o = weft_str_format(self, "name %d", (int)k);
            held[k] = weft_str_intern(self, o, false);
            CHECK(held[k] != NULL);
            weft_decref(self, o);
        }
        weft_safepoint(self);
    }
    for (int k = 0; k < WIDE; k++)
        weft_xdecref(self, held[k]);
    free(held);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(stress_intern, four threads make the table grow while they read it)
{
    values v = values_open();
    race r = {v.runtime, {NULL}, test_seed()};
    for (int round = 0; round < 3; round++) {
        CHECK_INT(weft_block_begin(v.self), WEFT_OK);
        test_threads(4, intern_many, &r);
        CHECK_INT(weft_block_end(v.self), WEFT_OK);
        weft_safepoint(v.self);
    }
    values_close(&v);
}

typedef struct immortal_race {
    weft_runtime *runtime;
    weft_object *found[4]; /* by each thread, of the same text */
} immortal_race;

static void intern_for_good(int index, void *arg)
{
    immortal_race *r = arg;
    VALUES_THREAD(self, r->runtime);
    weft_object *o = values_str(self, "for good, by all");
    r->found[index] = weft_str_intern(self, o, index % 2 == 0);
    weft_decref(self, o);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(stress_intern, threads that race to make a str immortal get the same one)
{
    for (int round = 0; round < test_scale(50); round++) {
        values v = values_open();
        immortal_race r = {v.runtime, {NULL}};
        CHECK_INT(weft_block_begin(v.self), WEFT_OK);
        test_threads(4, intern_for_good, &r);
        CHECK_INT(weft_block_end(v.self), WEFT_OK);
        weft_safepoint(v.self);
        for (int i = 0; i < 4; i++) {
            CHECK_PTR(r.found[i], r.found[0]);
            CHECK(weft_is_immortal(r.found[i]));
        }
        CHECK_INT(values_live(v.self), 1);
        CHECK_INT(weft_thread_detach(v.self), WEFT_OK);
        CHECK_INT(weft_runtime_free(v.runtime), WEFT_OK);
    }
}

/* The str is dying while this runs: it must not be found. */
static void intern_again(weft_thread *self, weft_object *weak, void *arg)
{
    (void)weak;
    weft_object *o = values_str(self, "watched"), *x = weft_str_intern(self, o, false);
    CHECK_PTR(x, o);
    weft_xdecref(self, o);
    *(weft_object **)arg = x;
}

TEST_CASE(intern, a str that dies while a weak reference to it calls back is not found)
{
    values v = values_open();
    weft_object *o = values_str(v.self, "watched"), *x = weft_str_intern(v.self, o, false), *found = NULL;
    weft_object *weak = weft_weak_new(v.self, o, intern_again, &found);
    REQUIRE(weak != NULL && x == o);
    weft_decref(v.self, x);
    weft_object *l = weft_list_new(v.self, 1); /* it dies within the death of the list */
    CHECK_INT(weft_list_append(v.self, l, o), WEFT_OK);
    weft_decref(v.self, o);
    weft_decref(v.self, l);
    REQUIRE(found != NULL);
    weft_object *again = values_str(v.self, "watched"), *y = weft_str_intern(v.self, again, false);
    CHECK_PTR(y, found);
    weft_decref(v.self, again);
    weft_xdecref(v.self, y);
    weft_decref(v.self, found);
    weft_decref(v.self, weak);
    for (int i = 0; i < 100; i++) { /* the table still knows how many are in it when it is replaced */
        o = weft_str_format(v.self, "other %d", i);
        x = weft_str_intern(v.self, o, false);
        CHECK_PTR(x, o);
        weft_decref(v.self, o);
        weft_xdecref(v.self, x);
    }
    values_close(&v);
}
