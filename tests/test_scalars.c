/* test_scalars.c - none, bool, int and float: values, sharing, hash, equality, text, and bad input. */
#include <math.h>
#include <stdlib.h>

#include "core/number.h"
#include "core/types/number_text.h"
#include "values.h"

static uint64_t hash_of(weft_thread *self, weft_object *o)
{
    uint64_t hash = 0;
    CHECK_INT(weft_hash(self, o, &hash), WEFT_OK);
    return hash;
}

TEST_CASE(scalars, ints from - 5 to 256 are shared and immortal)
{
    values v = values_open();
    for (int64_t i = -10; i <= 300; i++) {
        weft_object *a = weft_int_new(v.self, i), *b = weft_int_new(v.self, i);
        REQUIRE(a != NULL && b != NULL);
        CHECK_INT(a == b, i >= WEFT_INT_CACHED_MIN && i <= WEFT_INT_CACHED_MAX);
        CHECK_INT(weft_is_immortal(a), a == b);
        CHECK_INT(weft_int_get(a), i);
        weft_decref(v.self, a);
        weft_decref(v.self, b);
    }
    values_close(&v);
}

TEST_CASE(scalars, an int holds any 64 - bit value)
{
    static const int64_t numbers[] = {INT64_MIN, INT64_MIN + 1, -6, -5, 0, 256, 257, INT32_MAX, INT64_MAX};
    values v = values_open();
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        weft_object *o = weft_int_new(v.self, numbers[i]);
        int64_t value = 1;
        CHECK_INT(weft_int_value(v.self, o, &value), WEFT_OK);
        CHECK_INT(value, numbers[i]);
        CHECK(weft_is_int(o) && !weft_is_float(o) && !weft_is_bool(o));
        weft_decref(v.self, o);
    }
    values_close(&v);
}

TEST_CASE(scalars, a float keeps its bits)
{
    static const double numbers[] = {0.0, -0.0, 1.5, -1e308, 5e-324, INFINITY, -INFINITY, NAN};
    values v = values_open();
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        weft_object *o = weft_float_new(v.self, numbers[i]);
        double value = 1;
        CHECK_INT(weft_float_value(v.self, o, &value), WEFT_OK);
        CHECK(memcmp(&value, &numbers[i], sizeof value) == 0);
        weft_decref(v.self, o);
    }
    values_close(&v);
}

TEST_CASE(scalars, none and the bools are themselves and nothing else)
{
    values v = values_open();
    weft_object *one = weft_int_new(v.self, 1);
    CHECK(weft_is_none(&weft_none) && weft_bool(true) == &weft_true && weft_bool(false) == &weft_false);
    CHECK(weft_is_bool(&weft_true) && !weft_is_int(&weft_true) && !weft_is_bool(&weft_none));
    CHECK_INT(weft_equal(v.self, &weft_true, &weft_true), 1);
    CHECK_INT(weft_equal(v.self, &weft_true, &weft_false), 0);
    CHECK_INT(weft_equal(v.self, &weft_true, one), 0);
    CHECK_INT(weft_equal(v.self, one, &weft_true), 0);
    CHECK_INT(weft_equal(v.self, &weft_none, &weft_false), 0);
    CHECK(hash_of(v.self, &weft_true) != hash_of(v.self, &weft_false));
    CHECK_TEXT(v.self, weft_repr(v.self, &weft_none), "none");
    CHECK_TEXT(v.self, weft_repr(v.self, &weft_true), "true");
    CHECK_TEXT(v.self, weft_repr(v.self, &weft_false), "false");
    for (int i = 0; i < 1000; i++)
        weft_decref(v.self, &weft_none);
    CHECK(weft_is_immortal(&weft_none));
    values_close(&v);
}

/* An int and a float that are given as such: are they equal, both ways round, and do the hashes agree if so? */
static void check_equal(values *v, int64_t i, double f, int expected)
{
    weft_object *a = weft_int_new(v->self, i), *b = weft_float_new(v->self, f);
    CHECK_INT(weft_equal(v->self, a, b), expected);
    CHECK_INT(weft_equal(v->self, b, a), expected);
    if (expected)
        CHECK(hash_of(v->self, a) == hash_of(v->self, b));
    weft_decref(v->self, a);
    weft_decref(v->self, b);
}

TEST_CASE(scalars, an int and a float are equal exactly when they are the same number)
{
    values v = values_open();
    check_equal(&v, 1, 1.0, 1);
    check_equal(&v, 0, -0.0, 1);
    check_equal(&v, -7, -7.0, 1);
    check_equal(&v, 1, 1.5, 0);
    check_equal(&v, INT64_C(1) << 53, 0x1p53, 1);
    check_equal(&v, (INT64_C(1) << 53) + 1, 0x1p53, 0); /* as doubles the two would look alike */
    check_equal(&v, INT64_MAX, 0x1p63, 0);
    check_equal(&v, INT64_MIN, -0x1p63, 1);
    check_equal(&v, INT64_MAX, INFINITY, 0);
    check_equal(&v, 0, NAN, 0);
    values_close(&v);
}

TEST_CASE(scalars, equal floats have equal hashes and a NaN is equal only to itself)
{
    values v = values_open();
    weft_object *zero = weft_float_new(v.self, 0.0), *minus = weft_float_new(v.self, -0.0);
    weft_object *nan1 = weft_float_new(v.self, NAN), *nan2 = weft_float_new(v.self, NAN);
    CHECK_INT(weft_equal(v.self, zero, minus), 1);
    CHECK(hash_of(v.self, zero) == hash_of(v.self, minus));
    CHECK_INT(weft_equal(v.self, nan1, nan1), 1);
    CHECK_INT(weft_equal(v.self, nan1, nan2), 0);
    CHECK(hash_of(v.self, nan1) != hash_of(v.self, nan2));
    weft_decref(v.self, zero);
    weft_decref(v.self, minus);
    weft_decref(v.self, nan1);
    weft_decref(v.self, nan2);
    values_close(&v);
}

TEST_CASE(scalars, hashes of neighbouring ints fill a table evenly)
{
    enum { SLOTS = 1024 };

    values v = values_open();
    static uint32_t low[SLOTS], high[SLOTS];
    memset(low, 0, sizeof low);
    memset(high, 0, sizeof high);
    for (int64_t i = 0; i < SLOTS * 16; i++) {
        weft_object *o = weft_int_new(v.self, i * 4096);
        uint64_t hash = hash_of(v.self, o);
        low[hash % SLOTS]++;
        high[hash >> 54]++;
        weft_decref(v.self, o);
    }
    uint32_t most = 0;
    for (int i = 0; i < SLOTS; i++) {
        most = low[i] > most ? low[i] : most;
        most = high[i] > most ? high[i] : most;
    }
    CHECK(most < 48); /* 16 expected; 48 is 8 standard deviations away */
    values_close(&v);
}

static const struct {
    double number;
    const char *text;
} float_texts[] = {{0.0, "0.0"},
                   {-0.0, "-0.0"},
                   {1.0, "1.0"},
                   {0.1, "0.1"},
                   {-2.5, "-2.5"},
                   {1e100, "1e+100"},
                   {1e15, "1e+15"},
                   {123456789012345.0, "123456789012345.0"},
                   {1.0 / 3, "0.3333333333333333"},
                   {5e-324, "5e-324"},
                   {1.7976931348623157e308, "1.7976931348623157e+308"},
                   {0.30000000000000004, "0.30000000000000004"},
                   {INFINITY, "inf"},
                   {-INFINITY, "-inf"},
                   {NAN, "nan"}};

TEST_CASE(scalars, the text of a float is the shortest that reads back)
{
    values v = values_open();
    for (size_t i = 0; i < sizeof float_texts / sizeof *float_texts; i++) {
        weft_object *o = weft_float_new(v.self, float_texts[i].number);
        CHECK_TEXT(v.self, weft_repr(v.self, o), float_texts[i].text);
        weft_decref(v.self, o);
    }
    uint64_t state = test_seed();
    for (int i = 0; i < test_scale(20000); i++) {
        uint64_t bits = test_random(&state);
        double number;
        memcpy(&number, &bits, sizeof number);
        char text[NUMBER_TEXT_MAX];
        size_t size = number_float_text(number, text);
        CHECK_INT(size, strlen(text));
        if (isfinite(number) && strtod(text, NULL) != number)
            CHECK_STR(text, "a text that reads back");
    }
    values_close(&v);
}

TEST_CASE(scalars, the decimal point of any locale becomes a point)
{
    static const struct {
        const char *from, *to;
    } cases[] = {{"1,5", "1.5"},
                 {"-12,25e+10", "-12.25e+10"},
                 {"1\xD9\xAB"
                  "5",
                  "1.5"},
                 {"1.5", "1.5"},
                 {"12", "12"},
                 {"1e-7", "1e-7"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[NUMBER_TEXT_MAX];
        strcpy(text, cases[i].from);
        size_t size = number_set_point(text);
        CHECK_STR(text, cases[i].to);
        CHECK_INT(size, strlen(cases[i].to));
    }
}

TEST_CASE(scalars, the text of an int is its decimal digits)
{
    static const struct {
        int64_t number;
        const char *text;
    } cases[] = {{0, "0"},
                 {7, "7"},
                 {-1, "-1"},
                 {10, "10"},
                 {-1234567890, "-1234567890"},
                 {INT64_MAX, "9223372036854775807"},
                 {INT64_MIN, "-9223372036854775808"}};

    values v = values_open();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weft_object *o = weft_int_new(v.self, cases[i].number);
        CHECK_TEXT(v.self, weft_repr(v.self, o), cases[i].text);
        weft_decref(v.self, o);
    }
    values_close(&v);
}

TEST_CASE(scalars, a value of another type or a null is refused)
{
    values v = values_open();
    weft_object *i = weft_int_new(v.self, 1000), *f = weft_float_new(v.self, 1.5);
    int64_t int_value = 77;
    double float_value = 77;
    CHECK_FAILS(weft_int_value(v.self, f, &int_value), WEFT_ERROR_TYPE, "int expected, got float");
    CHECK_FAILS(weft_int_value(v.self, &weft_true, &int_value), WEFT_ERROR_TYPE, "got bool");
    CHECK_FAILS(weft_int_value(v.self, NULL, &int_value), WEFT_ERROR_VALUE, "NULL");
    CHECK_FAILS(weft_int_value(v.self, i, NULL), WEFT_ERROR_VALUE, "NULL");
    CHECK_FAILS(weft_float_value(v.self, i, &float_value), WEFT_ERROR_TYPE, "float expected, got int");
    CHECK_FAILS(weft_float_value(v.self, NULL, &float_value), WEFT_ERROR_VALUE, "NULL");
    CHECK_FAILS(weft_float_value(v.self, f, NULL), WEFT_ERROR_VALUE, "NULL");
    CHECK_INT(int_value, 77);
    CHECK(float_value == 77);
    CHECK_NULL(weft_int_new(NULL, 1000), WEFT_ERROR_THREAD, "weft_int_new");
    CHECK_NULL(weft_float_new(NULL, 1), WEFT_ERROR_THREAD, "weft_float_new");
    CHECK_FAILS(weft_int_value(NULL, i, &int_value), WEFT_ERROR_THREAD, "weft_int_value");
    CHECK_FAILS(weft_float_value(NULL, f, &float_value), WEFT_ERROR_THREAD, "weft_float_value");
    weft_decref(v.self, i);
    weft_decref(v.self, f);
    values_close(&v);
}

static bool make_int(weft_thread *self, void *arg)
{
    (void)arg;
    weft_object *o = weft_int_new(self, 1000);
    weft_xdecref(self, o);
    return o != NULL;
}

static bool make_float(weft_thread *self, void *arg)
{
    (void)arg;
    weft_object *o = weft_float_new(self, 1000);
    weft_xdecref(self, o);
    return o != NULL;
}

static bool make_repr(weft_thread *self, void *arg)
{
    weft_object *o = weft_repr(self, arg);
    weft_xdecref(self, o);
    return o != NULL;
}

TEST_CASE(scalars, running out of memory is an error)
{
    values v = values_open();
    CHECK_INT(values_exhaust(v.self, make_int, NULL), 1);
    CHECK_INT(values_exhaust(v.self, make_float, NULL), 1);
    weft_object *f = weft_float_new(v.self, 1.25);
    CHECK_INT(values_exhaust(v.self, make_repr, f), 1);
    CHECK_INT(values_exhaust(v.self, make_repr, &weft_none), 1);
    weft_decref(v.self, f);
    values_close(&v);
}

TEST_CASE(scalars, an int and a float take a block of 32 bytes)
{
    values v = values_open();
    weft_object *i = weft_int_new(v.self, 1000), *f = weft_float_new(v.self, 1);
    CHECK(weft_sizeof(i) <= 32 && weft_sizeof(f) <= 32);
    weft_decref(v.self, i);
    weft_decref(v.self, f);
    values_close(&v);
}
