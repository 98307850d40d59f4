/* test_str_ops.c - slices, search, split, join, and numbers as text. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/types/str.h"

#include "values.h"

static const char *const texts[] = {"",
                                    "a",
                                    "hello, world",
                                    "na\xC3\xAFve caf\xC3\xA9",
                                    "\xF0\x9F\x98\x80\xE2\x82\xAC!",
                                    "aaaa",
                                    "ab\303\251ab\303\251ab"};

enum { TEXTS = sizeof texts / sizeof *texts };

TEST_CASE(str_ops, the slices of a string put together again are the string)
{
    values v = values_open();
    for (int t = 0; t < TEXTS; t++) {
        weft_object *o = values_str(v.self, texts[t]);
        int64_t length = weft_str_length(v.self, o);
        for (int64_t i = 0; i <= length; i++) {
            for (int64_t j = i; j <= length; j++) {
                weft_object *a = weft_str_slice(v.self, o, 0, i), *b = weft_str_slice(v.self, o, i, j);
                weft_object *c = weft_str_slice(v.self, o, j, length);
                REQUIRE(a != NULL && b != NULL && c != NULL);
                CHECK_INT(weft_str_length(v.self, b), j - i);
                CHECK_INT(str_is_wide(str_of(b)), (int64_t)str_size(str_of(b)) != j - i);
                weft_object *ab = weft_str_concat(v.self, a, b), *abc = weft_str_concat(v.self, ab, c);
                CHECK_INT(weft_equal(v.self, abc, o), 1);
                weft_object *all[] = {a, b, c, ab, abc};
                for (int k = 0; k < 5; k++)
                    weft_decref(v.self, all[k]);
            }
        }
        weft_decref(v.self, o);
    }
    values_close(&v);
}

TEST_CASE(str_ops, a part is found at its first place)
{
    static const char *const parts[] = {"",         "a",          "b",  "l",  "world",
                                        "\xC3\xA9", "\303\251ab", "aa", "zz", "\xE2\x82\xAC!"};
    values v = values_open();
    for (int t = 0; t < TEXTS; t++) {
        weft_object *o = values_str(v.self, texts[t]);
        int64_t length = weft_str_length(v.self, o);
        for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
            weft_object *part = values_str(v.self, parts[p]);
            int64_t size = weft_str_length(v.self, part);
            for (int64_t start = 0; start <= length; start++) {
                int64_t expected = -1, index = -1;
                for (int64_t i = start; i + size <= length && expected < 0; i++) {
                    weft_object *piece = weft_str_slice(v.self, o, i, i + size);
                    if (weft_equal(v.self, piece, part) == 1)
                        expected = i;
                    weft_decref(v.self, piece);
                }
                CHECK_INT(weft_str_find(v.self, o, part, start, &index), expected >= 0);
                CHECK_INT(index, expected);
                CHECK_INT(weft_str_find(v.self, o, part, start, NULL), expected >= 0);
            }
            weft_decref(v.self, part);
        }
        weft_decref(v.self, o);
    }
    values_close(&v);
}

TEST_CASE(str_ops, what was split is joined again)
{
    static const struct {
        const char *text, *separator;
        int64_t pieces;
    } cases[] = {{"", ",", 1},
                 {",", ",", 2},
                 {"a,b,c", ",", 3},
                 {",a,,", ",", 4},
                 {"abc", ",", 1},
                 {"aaa", "aa", 2},
                 {"x\xC3\xA9y\xC3\xA9", "\xC3\xA9", 3},
                 {"\xE2\x82\xAC--\xE2\x82\xAC", "--", 2}};

    values v = values_open();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weft_object *o = values_str(v.self, cases[i].text), *separator = values_str(v.self, cases[i].separator);
        weft_object *list = weft_str_split(v.self, o, separator);
        REQUIRE(list != NULL);
        CHECK_INT(weft_list_size(v.self, list), cases[i].pieces);
        weft_object *joined = weft_str_join(v.self, separator, list), *items[8];
        for (int64_t k = 0; k < cases[i].pieces; k++)
            items[k] = weft_list_get(v.self, list, k);
        weft_object *tuple = weft_tuple_new(v.self, items, (size_t)cases[i].pieces);
        CHECK_TEXT(v.self, weft_str_join(v.self, separator, tuple), cases[i].text);
        CHECK_INT(weft_equal(v.self, joined, o), 1);
        for (int64_t k = 0; k < cases[i].pieces; k++)
            weft_decref(v.self, items[k]);
        weft_decref(v.self, tuple);
        weft_decref(v.self, joined);
        weft_decref(v.self, list);
        weft_decref(v.self, separator);
        weft_decref(v.self, o);
    }
    weft_object *nothing = weft_tuple_new(v.self, NULL, 0), *comma = values_str(v.self, ",");
    CHECK_TEXT(v.self, weft_str_join(v.self, comma, nothing), "");
    values_close(&v);
}

TEST_CASE(str_ops, ints are formatted in any base)
{
    values v = values_open();
    CHECK_TEXT(v.self, weft_str_from_int(v.self, 0, 10, 0), "0");
    CHECK_TEXT(v.self, weft_str_from_int(v.self, -255, 16, 0), "-ff");
    CHECK_TEXT(v.self, weft_str_from_int(v.self, 5, 2, 8), "00000101");
    CHECK_TEXT(v.self, weft_str_from_int(v.self, -5, 10, 3), "-005");
    CHECK_TEXT(v.self, weft_str_from_int(v.self, 35, 36, 1), "z");
    for (int base = 2; base <= 36; base++) {
        for (int k = 0; k < 3; k++) {
            int64_t number = k == 0 ? INT64_MIN : k == 1 ? INT64_MAX : -123456789;
            weft_object *o = weft_str_from_int(v.self, number, base, 64);
            const char *text = weft_str_utf8(v.self, o, NULL);
            CHECK_INT(strlen(text), number < 0 ? 65 : 64);
            CHECK_INT(strtoll(text, NULL, base), number);
            weft_decref(v.self, o);
        }
    }
    values_close(&v);
}

TEST_CASE(str_ops, floats are formatted in each style)
{
    values v = values_open();
    CHECK_TEXT(v.self, weft_str_from_float(v.self, 1234.5678, 'f', 2), "1234.57");
    CHECK_TEXT(v.self, weft_str_from_float(v.self, 1234.5678, 'e', 3), "1.235e+03");
    CHECK_TEXT(v.self, weft_str_from_float(v.self, 1234.5678, 'g', 3), "1.23e+03");
    CHECK_TEXT(v.self, weft_str_from_float(v.self, 0.1, 'r', -5), "0.1");
    CHECK_TEXT(v.self, weft_str_from_float(v.self, -2.0, 'f', 0), "-2");
    CHECK_TEXT(v.self, weft_str_from_float(v.self, INFINITY, 'f', 1), "inf");
    CHECK_TEXT(v.self, weft_str_from_float(v.self, NAN, 'e', 1), "nan");
    weft_object *o = weft_str_from_float(v.self, -1.7976931348623157e308, 'f', 100);
    CHECK_INT(weft_str_length(v.self, o), 1 + 309 + 1 + 100);
    weft_decref(v.self, o);
    values_close(&v);
}

TEST_CASE(str_ops, bad arguments are refused)
{
    values v = values_open();
    weft_object *s = values_str(v.self, "abc"), *i = weft_int_new(v.self, 1), *list = weft_list_new(v.self, 0);
    weft_object *empty = values_str(v.self, ""), *mixed[] = {s, i}, *tuple = weft_tuple_new(v.self, mixed, 2);
    int64_t index = 77;
    CHECK_NULL(weft_str_slice(v.self, s, -1, 1), WEFT_ERROR_INDEX, "code points -1 to 1 of 3");
    CHECK_NULL(weft_str_slice(v.self, s, 2, 1), WEFT_ERROR_INDEX, "code points 2 to 1");
    CHECK_NULL(weft_str_slice(v.self, s, 0, 4), WEFT_ERROR_INDEX, "code points 0 to 4");
    CHECK_NULL(weft_str_slice(v.self, s, INT64_MAX, INT64_MAX), WEFT_ERROR_INDEX, "of 3");
    CHECK_NULL(weft_str_slice(v.self, i, 0, 0), WEFT_ERROR_TYPE, "str expected, got int");
    CHECK_NULL(weft_str_slice(NULL, s, 0, 0), WEFT_ERROR_THREAD, "weft_str_slice");
    CHECK_FAILS(weft_str_find(v.self, s, i, 0, &index), WEFT_ERROR_TYPE, "str expected, got int");
    CHECK_FAILS(weft_str_find(v.self, i, s, 0, &index), WEFT_ERROR_TYPE, "str expected, got int");
    CHECK_FAILS(weft_str_find(v.self, s, NULL, 0, &index), WEFT_ERROR_VALUE, "NULL");
    CHECK_FAILS(weft_str_find(v.self, s, s, 4, &index), WEFT_ERROR_INDEX, "start is 4 in a str of 3");
    CHECK_FAILS(weft_str_find(v.self, s, s, -1, &index), WEFT_ERROR_INDEX, "start is -1");
    CHECK_FAILS(weft_str_find(NULL, s, s, 0, &index), WEFT_ERROR_THREAD, "weft_str_find");
    CHECK_NULL(weft_str_split(v.self, s, empty), WEFT_ERROR_VALUE, "the separator is empty");
    CHECK_NULL(weft_str_split(v.self, s, i), WEFT_ERROR_TYPE, "str expected, got int");
    CHECK_NULL(weft_str_split(v.self, NULL, s), WEFT_ERROR_VALUE, "NULL");
    CHECK_NULL(weft_str_split(NULL, s, s), WEFT_ERROR_THREAD, "weft_str_split");
    CHECK_NULL(weft_str_join(v.self, s, tuple), WEFT_ERROR_TYPE, "str expected, got int as item 1");
    CHECK_INT(weft_list_append(v.self, list, &weft_none), WEFT_OK);
    CHECK_NULL(weft_str_join(v.self, s, list), WEFT_ERROR_TYPE, "str expected, got none as item 0");
    CHECK_NULL(weft_str_join(v.self, s, s), WEFT_ERROR_TYPE, "list or tuple expected, got str");
    CHECK_NULL(weft_str_join(v.self, s, NULL), WEFT_ERROR_VALUE, "got NULL");
    CHECK_NULL(weft_str_join(v.self, i, list), WEFT_ERROR_TYPE, "str expected, got int");
    CHECK_NULL(weft_str_join(NULL, s, list), WEFT_ERROR_THREAD, "weft_str_join");
    CHECK_NULL(weft_str_from_int(v.self, 1, 1, 0), WEFT_ERROR_VALUE, "base 1");
    CHECK_NULL(weft_str_from_int(v.self, 1, 37, 0), WEFT_ERROR_VALUE, "base 37");
    CHECK_NULL(weft_str_from_int(v.self, 1, 10, -1), WEFT_ERROR_VALUE, "-1 digits");
    CHECK_NULL(weft_str_from_int(v.self, 1, 10, 65), WEFT_ERROR_VALUE, "65 digits");
    CHECK_NULL(weft_str_from_int(NULL, 1, 10, 1), WEFT_ERROR_THREAD, "weft_str_from_int");
    CHECK_NULL(weft_str_from_float(v.self, 1, 'x', 1), WEFT_ERROR_VALUE, "style");
    CHECK_NULL(weft_str_from_float(v.self, 1, '\0', 1), WEFT_ERROR_VALUE, "style");
    CHECK_NULL(weft_str_from_float(v.self, 1, 'f', -1), WEFT_ERROR_VALUE, "precision -1");
    CHECK_NULL(weft_str_from_float(v.self, 1, 'f', 101), WEFT_ERROR_VALUE, "precision 101");
    CHECK_NULL(weft_str_from_float(NULL, 1, 'f', 1), WEFT_ERROR_THREAD, "weft_str_from_float");
    CHECK_INT(index, 77);
    weft_decref(v.self, tuple);
    weft_decref(v.self, list);
    CHECK_INT(weft_refcount(v.self, s), 1);
    weft_decref(v.self, s);
    values_close(&v);
}

static bool slice(weft_thread *self, void *arg)
{
    weft_object *o = weft_str_slice(self, arg, 1, 20);
    weft_xdecref(self, o);
    return o != NULL;
}

static bool split(weft_thread *self, void *arg)
{
    weft_object *comma = weft_str_new(self, ",", 1), *o = weft_str_split(self, arg, comma);
    weft_xdecref(self, o);
    return o != NULL;
}

static bool join(weft_thread *self, void *arg)
{
    weft_object *o = weft_str_join(self, weft_str_new(self, ",", 1), arg);
    weft_xdecref(self, o);
    return o != NULL;
}

TEST_CASE(str_ops, a join that fails leaves nothing behind)
{
    values v = values_open();
    weft_object *s = values_str(v.self, "abc"), *items[] = {s, s, &weft_none},
                *tuple = weft_tuple_new(v.self, items, 3);
    size_t before = values_bytes(v.self);
    CHECK_NULL(weft_str_join(v.self, s, tuple), WEFT_ERROR_TYPE, "item 2");
    CHECK_INT(values_bytes(v.self), before);
    weft_decref(v.self, tuple);
    weft_decref(v.self, s);
    values_close(&v);
}

TEST_CASE(str_ops, running out of memory is an error at each allocation)
{
    values v = values_open();
    weft_object *s = values_str(v.self, "one piece,another piece,and the last of the pieces"), *items[] = {s, s, s};
    weft_object *tuple = weft_tuple_new(v.self, items, 3), *comma = weft_str_new(v.self, ",", 1);
    weft_object *list = weft_str_split(v.self, s, comma);
    CHECK_INT(values_exhaust(v.self, slice, s), 1);
    CHECK(values_exhaust(v.self, split, s) >= 5);
    CHECK(values_exhaust(v.self, join, tuple) >= 2);
    CHECK(values_exhaust(v.self, join, list) >= 2);
    weft_decref(v.self, list);
    weft_decref(v.self, tuple);
    weft_decref(v.self, s);
    values_close(&v);
}
