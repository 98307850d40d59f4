/* test_arith.c - arithmetic on ints against 128-bit arithmetic, and on floats; overflow, division, bad input. */
#include <math.h>

#include "values.h"

static const int64_t edges[] = {
    INT64_MIN, INT64_MIN + 1, -4294967297, -4294967296, -257,          -7,       -6, -5, -2, -1, 0, 1, 2, 3, 255, 256,
    257,       3037000499,    3037000500,  4294967296,  INT64_MAX - 1, INT64_MAX};

enum { EDGES = sizeof edges / sizeof *edges };

__extension__ typedef __int128 wide;

typedef weft_object *(*binary)(weft_thread *self, weft_object *a, weft_object *b);

/* The call gives `expected`, or WEFT_ERROR_OVERFLOW if that does not fit. */
static void check_int(weft_thread *self, binary f, int64_t x, int64_t y, wide expected)
{
    weft_object *a = weft_int_new(self, x), *b = weft_int_new(self, y), *result = f(self, a, b);
    if (expected < INT64_MIN || expected > INT64_MAX) {
        CHECK(result == NULL);
        CHECK_ERROR(WEFT_ERROR_OVERFLOW, "give a number of more than 64 bits");
    } else if (CHECK(result != NULL)) {
        CHECK_INT(weft_int_get(result), (int64_t)expected);
    }
    weft_xdecref(self, result);
    weft_decref(self, a);
    weft_decref(self, b);
}

static void check_pair(weft_thread *self, int64_t x, int64_t y)
{
    check_int(self, weft_int_add, x, y, (wide)x + y);
    check_int(self, weft_int_sub, x, y, (wide)x - y);
    check_int(self, weft_int_mul, x, y, (wide)x * y);
}

/* a == q * b + r, r between 0 and b. */
static void check_divmod(weft_thread *self, int64_t x, int64_t y)
{
    weft_object *a = weft_int_new(self, x), *b = weft_int_new(self, y), *q = NULL, *r = NULL;
    weft_status status = weft_int_divmod(self, a, b, &q, &r);
    if (y == 0) {
        CHECK_INT(status, WEFT_ERROR_VALUE);
        CHECK_ERROR(WEFT_ERROR_VALUE, "by 0");
    } else if (x == INT64_MIN && y == -1) {
        CHECK_INT(status, WEFT_ERROR_OVERFLOW);
        CHECK_ERROR(WEFT_ERROR_OVERFLOW, "weft_int_divmod");
    } else if (CHECK_INT(status, WEFT_OK)) {
        int64_t rest = weft_int_get(r);
        CHECK((wide)weft_int_get(q) * y + rest == x);
        CHECK(y > 0 ? rest >= 0 && rest < y : rest <= 0 && rest > y);
    }
    CHECK((q == NULL) == (status != WEFT_OK) && (r == NULL) == (status != WEFT_OK));
    weft_xdecref(self, q);
    weft_xdecref(self, r);
    weft_decref(self, a);
    weft_decref(self, b);
}

TEST_CASE(arith, ints give the exact result or an overflow)
{
    values v = values_open();
    for (int i = 0; i < EDGES; i++)
        for (int j = 0; j < EDGES; j++) {
            check_pair(v.self, edges[i], edges[j]);
            check_divmod(v.self, edges[i], edges[j]);
        }
    values_close(&v);
}

TEST_CASE(arith, random ints give the exact result or an overflow)
{
    values v = values_open();
    uint64_t state = test_seed();
    for (int i = 0; i < test_scale(20000); i++) {
        int64_t x = (int64_t)(test_random(&state) >> test_random(&state) % 64);
        int64_t y = (int64_t)(test_random(&state) >> test_random(&state) % 64);
        check_pair(v.self, x, -y);
        check_divmod(v.self, -x, y);
    }
    values_close(&v);
}

TEST_CASE(arith, quotient and remainder may be wanted alone)
{
    values v = values_open();
    weft_object *a = weft_int_new(v.self, -7), *b = weft_int_new(v.self, 2), *q = NULL, *r = NULL;
    CHECK_INT(weft_int_divmod(v.self, a, b, &q, NULL), WEFT_OK);
    CHECK_INT(weft_int_divmod(v.self, a, b, NULL, &r), WEFT_OK);
    CHECK_INT(weft_int_divmod(v.self, a, b, NULL, NULL), WEFT_OK);
    CHECK_INT(weft_int_get(q), -4);
    CHECK_INT(weft_int_get(r), 1);
    weft_decref(v.self, a);
    values_close(&v);
}

static void check_float(weft_thread *self, binary f, double x, double y, double expected)
{
    weft_object *a = weft_float_new(self, x), *b = weft_float_new(self, y), *result = f(self, a, b);
    if (CHECK(result != NULL)) {
        double found = weft_float_get(result);
        CHECK(isnan(expected) ? isnan(found) : memcmp(&found, &expected, sizeof found) == 0);
        weft_decref(self, result);
    }
    weft_decref(self, a);
    weft_decref(self, b);
}

TEST_CASE(arith, floats follow IEEE 754)
{
    static const double numbers[] = {0.0, -0.0, 1.5, -3.25, 1e308, -1e308, 5e-324, INFINITY, -INFINITY, NAN};
    values v = values_open();
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        for (size_t j = 0; j < sizeof numbers / sizeof *numbers; j++) {
            volatile double x = numbers[i], y = numbers[j];
            check_float(v.self, weft_float_add, x, y, x + y);
            check_float(v.self, weft_float_sub, x, y, x - y);
            check_float(v.self, weft_float_mul, x, y, x * y);
            if (y != 0) /* the sanitizer objects to our own division by zero */
                check_float(v.self, weft_float_div, x, y, x / y);
        }
    check_float(v.self, weft_float_div, 1.0, 0.0, INFINITY);
    check_float(v.self, weft_float_div, 1.0, -0.0, -INFINITY);
    check_float(v.self, weft_float_div, 0.0, 0.0, NAN);
    values_close(&v);
}

TEST_CASE(arith, a float and an int give a float)
{
    values v = values_open();
    weft_object *i = weft_int_new(v.self, 3), *f = weft_float_new(v.self, 0.5);
    weft_object *results[] = {weft_float_add(v.self, i, f), weft_float_sub(v.self, f, i), weft_float_mul(v.self, i, i),
                              weft_float_div(v.self, i, f)};
    static const double expected[] = {3.5, -2.5, 9.0, 6.0};
    for (int k = 0; k < 4; k++) {
        REQUIRE(results[k] != NULL && weft_is_float(results[k]));
        CHECK(weft_float_get(results[k]) == expected[k]);
        weft_decref(v.self, results[k]);
    }
    weft_decref(v.self, f);
    values_close(&v);
}

TEST_CASE(arith, bad arguments are refused)
{
    static const binary ints[] = {weft_int_add, weft_int_sub, weft_int_mul};
    static const binary floats[] = {weft_float_add, weft_float_sub, weft_float_mul, weft_float_div};
    values v = values_open();
    weft_object *i = weft_int_new(v.self, 3), *f = weft_float_new(v.self, 0.5), *q = NULL;
    for (int k = 0; k < 3; k++) {
        CHECK_NULL(ints[k](v.self, i, f), WEFT_ERROR_TYPE, "int expected, got float");
        CHECK_NULL(ints[k](v.self, &weft_true, i), WEFT_ERROR_TYPE, "int expected, got bool");
        CHECK_NULL(ints[k](v.self, i, NULL), WEFT_ERROR_VALUE, "NULL");
        CHECK_NULL(ints[k](v.self, NULL, i), WEFT_ERROR_VALUE, "NULL");
        CHECK_NULL(ints[k](NULL, i, i), WEFT_ERROR_THREAD, "weft_int_");
    }
    for (int k = 0; k < 4; k++) {
        CHECK_NULL(floats[k](v.self, f, &weft_none), WEFT_ERROR_TYPE, "float expected, got none");
        CHECK_NULL(floats[k](v.self, &weft_none, f), WEFT_ERROR_TYPE, "float expected, got none");
        CHECK_NULL(floats[k](v.self, f, NULL), WEFT_ERROR_VALUE, "NULL");
        CHECK_NULL(floats[k](NULL, f, f), WEFT_ERROR_THREAD, "weft_float_");
    }
    CHECK_FAILS(weft_int_divmod(v.self, i, f, &q, &q), WEFT_ERROR_TYPE, "int expected, got float");
    CHECK_FAILS(weft_int_divmod(v.self, NULL, i, &q, &q), WEFT_ERROR_VALUE, "NULL");
    CHECK_FAILS(weft_int_divmod(NULL, i, i, &q, &q), WEFT_ERROR_THREAD, "weft_int_divmod");
    CHECK(q == NULL);
    weft_decref(v.self, f);
    values_close(&v);
}

static bool try_add(weft_thread *self, void *arg)
{
    weft_object *o = weft_int_add(self, arg, arg);
    weft_xdecref(self, o);
    return o != NULL;
}

static bool try_divmod(weft_thread *self, void *arg)
{
    weft_object *q = NULL, *r = NULL, *b = weft_int_new(self, 1000);
    bool succeeded = b && weft_int_divmod(self, arg, b, &q, &r) == WEFT_OK;
    CHECK((q != NULL) == succeeded && (r != NULL) == succeeded);
    weft_xdecref(self, q);
    weft_xdecref(self, r);
    weft_xdecref(self, b);
    return succeeded;
}

static bool try_float(weft_thread *self, void *arg)
{
    weft_object *o = weft_float_mul(self, arg, arg);
    weft_xdecref(self, o);
    return o != NULL;
}

TEST_CASE(arith, running out of memory is an error)
{
    values v = values_open();
    weft_object *i = weft_int_new(v.self, 999999);
    CHECK_INT(values_exhaust(v.self, try_add, i), 1);
    CHECK_INT(values_exhaust(v.self, try_divmod, i), 3);
    CHECK_INT(values_exhaust(v.self, try_float, i), 1);
    weft_decref(v.self, i);
    values_close(&v);
}
