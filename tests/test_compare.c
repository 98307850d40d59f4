/* test_compare.c - the order of numbers, text, bytes and tuples. */
#include <math.h>

#include "values.h"

/* The sign of the order of a and b, checked both ways round. */
static int order_of(weft_thread *self, weft_object *a, weft_object *b)
{
    int order = 77, back = 77;
    CHECK_INT(weft_compare(self, a, b, &order), WEFT_OK);
    CHECK_INT(weft_compare(self, b, a, &back), WEFT_OK);
    CHECK_INT((order > 0) - (order < 0), (back < 0) - (back > 0));
    CHECK_INT(order == 0, weft_equal(self, a, b) == 1);
    return (order > 0) - (order < 0);
}

/* Every pair of objects is in the order in which they stand; all are dropped. */
static void check_sorted(weft_thread *self, weft_object **objects, int count)
{
    for (int i = 0; i < count; i++)
        for (int j = 0; j < count; j++)
            CHECK_INT(order_of(self, objects[i], objects[j]), (i > j) - (i < j));
    for (int i = 0; i < count; i++)
        weft_decref(self, objects[i]);
}

TEST_CASE(compare, ints and floats stand in the order of numbers)
{
    values v = values_open();
    weft_object *objects[] = {weft_float_new(v.self, -INFINITY), weft_float_new(v.self, -0x1p64),
                              weft_int_new(v.self, INT64_MIN),   weft_int_new(v.self, INT64_MIN + 1),
                              weft_float_new(v.self, -1.5),      weft_int_new(v.self, -1),
                              weft_float_new(v.self, -0.5),      weft_int_new(v.self, 0),
                              weft_float_new(v.self, 0.5),       weft_int_new(v.self, 1),
                              weft_float_new(v.self, 1.5),       weft_int_new(v.self, 2),
                              weft_float_new(v.self, 0x1p53),    weft_int_new(v.self, (INT64_C(1) << 53) + 1),
                              weft_int_new(v.self, INT64_MAX),   weft_float_new(v.self, 0x1p63),
                              weft_float_new(v.self, INFINITY)};
    check_sorted(v.self, objects, sizeof objects / sizeof *objects);
    weft_object *i = weft_int_new(v.self, 3), *f = weft_float_new(v.self, 3.0), *zero = weft_float_new(v.self, -0.0);
    CHECK_INT(order_of(v.self, i, f), 0);
    CHECK_INT(order_of(v.self, weft_int_new(v.self, 0), zero), 0);
    weft_decref(v.self, f);
    weft_decref(v.self, zero);
    values_close(&v);
}

TEST_CASE(compare, strings stand in the order of their code points)
{
    static const char *const texts[] = {"",
                                        "A",
                                        "AB",
                                        "a",
                                        "aa",
                                        "ab",
                                        "\x7F",
                                        "\xC2\x80",
                                        "\xDF\xBF",
                                        "\xE0\xA0\x80",
                                        "\xEF\xBF\xBD",
                                        "\xF0\x90\x80\x80",
                                        "\xF4\x8F\xBF\xBF"};

    enum { COUNT = sizeof texts / sizeof *texts };

    values v = values_open();
    weft_object *objects[COUNT];
    for (int i = 0; i < COUNT; i++)
        objects[i] = values_str(v.self, texts[i]);
    check_sorted(v.self, objects, COUNT);
    values_close(&v);
}

TEST_CASE(compare, bytes and tuples stand in the order of their items)
{
    values v = values_open();
    weft_object *bytes[] = {weft_bytes_new(v.self, "", 0), weft_bytes_new(v.self, "\0", 1),
                            weft_bytes_new(v.self, "\0\xFF", 2), weft_bytes_new(v.self, "\x7F", 1),
                            weft_bytes_new(v.self, "\x80", 1)};
    check_sorted(v.self, bytes, 5);
    weft_object *one = weft_int_new(v.self, 1), *two = weft_int_new(v.self, 2);
    weft_object *a[] = {one, two}, *b[] = {two, one}, *c[] = {one, &weft_none}, *d[] = {two, &weft_none};
    weft_object *tuples[] = {weft_tuple_new(v.self, NULL, 0), weft_tuple_new(v.self, a, 1),
                             weft_tuple_new(v.self, a, 2), weft_tuple_new(v.self, b, 1), weft_tuple_new(v.self, b, 2)};
    check_sorted(v.self, tuples, 5);
    weft_object *x = weft_tuple_new(v.self, c, 2), *y = weft_tuple_new(v.self, c, 2), *z = weft_tuple_new(v.self, d, 2);
    CHECK_INT(order_of(v.self, x, y), 0); /* none has no order, but is equal to itself */
    CHECK_INT(order_of(v.self, x, z), -1);
    weft_decref(v.self, x);
    weft_decref(v.self, y);
    weft_decref(v.self, z);
    values_close(&v);
}

TEST_CASE(compare, what has no order is an error)
{
    values v = values_open();
    weft_object *i = weft_int_new(v.self, 1), *s = values_str(v.self, "a"), *nan = weft_float_new(v.self, NAN);
    weft_object *f = weft_float_new(v.self, 1), *list = weft_list_new(v.self, 0), *other = weft_list_new(v.self, 0);
    weft_object *x = weft_tuple_new(v.self, &list, 1), *y = weft_tuple_new(v.self, &i, 1);
    int order = 77;
    CHECK_FAILS(weft_compare(v.self, i, s, &order), WEFT_ERROR_TYPE, "int and str have no order");
    CHECK_FAILS(weft_compare(v.self, s, i, &order), WEFT_ERROR_TYPE, "str and int have no order");
    CHECK_FAILS(weft_compare(v.self, y, s, &order), WEFT_ERROR_TYPE, "tuple and str have no order");
    CHECK_FAILS(weft_compare(v.self, &weft_none, &weft_none, &order), WEFT_ERROR_TYPE, "none and none have no order");
    CHECK_FAILS(weft_compare(v.self, &weft_true, i, &order), WEFT_ERROR_TYPE, "bool and int have no order");
    CHECK_FAILS(weft_compare(v.self, list, other, &order), WEFT_ERROR_TYPE, "list and list have no order");
    CHECK_FAILS(weft_compare(v.self, x, y, &order), WEFT_ERROR_TYPE, "list and int have no order");
    CHECK_FAILS(weft_compare(v.self, nan, i, &order), WEFT_ERROR_VALUE, "nan");
    CHECK_FAILS(weft_compare(v.self, i, nan, &order), WEFT_ERROR_VALUE, "nan");
    CHECK_FAILS(weft_compare(v.self, f, nan, &order), WEFT_ERROR_VALUE, "nan");
    CHECK_FAILS(weft_compare(v.self, NULL, i, &order), WEFT_ERROR_VALUE, "the first object is NULL");
    CHECK_FAILS(weft_compare(v.self, i, NULL, &order), WEFT_ERROR_VALUE, "the second object is NULL");
    CHECK_FAILS(weft_compare(v.self, i, i, NULL), WEFT_ERROR_VALUE, "order is NULL");
    CHECK_FAILS(weft_compare(NULL, i, i, &order), WEFT_ERROR_THREAD, "weft_compare");
    CHECK_INT(order, 77);
    weft_object *all[] = {nan, f, x, y, list, other};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        weft_decref(v.self, all[k]);
    values_close(&v);
}

TEST_CASE(compare, levels are given back)
{
    values v = values_open();
    weft_object *one = weft_int_new(v.self, 1), *two = weft_int_new(v.self, 2);
    weft_object *a = weft_tuple_new(v.self, &one, 1), *b = weft_tuple_new(v.self, &two, 1);
    for (int i = 0; i < 1000; i++)
        CHECK_INT(order_of(v.self, a, b), -1);
    weft_decref(v.self, a);
    weft_decref(v.self, b);
    values_close(&v);
}

TEST_CASE(compare, tuples nested too deep are an error)
{
    values v = values_open();
    weft_object *a = weft_int_new(v.self, 1), *b = weft_int_new(v.self, 2);
    int order;
    for (int i = 0; i < 150; i++) {
        weft_object *x = weft_tuple_new(v.self, &a, 1), *y = weft_tuple_new(v.self, &b, 1);
        weft_decref(v.self, a);
        weft_decref(v.self, b);
        a = x;
        b = y;
        if (i == 50)
            CHECK_INT(order_of(v.self, a, b), -1);
    }
    for (int i = 0; i < 100; i++) {
        weft_object *x = weft_tuple_new(v.self, &a, 1), *y = weft_tuple_new(v.self, &b, 1);
        weft_decref(v.self, a);
        weft_decref(v.self, b);
        a = x;
        b = y;
    }
    CHECK_FAILS(weft_compare(v.self, a, b, &order), WEFT_ERROR_LIMIT, "nested");
    weft_decref(v.self, a);
    weft_decref(v.self, b);
    values_close(&v);
}
