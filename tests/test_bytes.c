/* test_bytes.c - bytes: contents, equality, text, bad input. */
#include "values.h"

TEST_CASE(bytes, any bytes are kept as they are)
{
    values v = values_open();
    uint8_t all[256];
    for (int i = 0; i < 256; i++)
        all[i] = (uint8_t)i;
    for (size_t size = 0; size <= sizeof all; size++) {
        weft_object *o = weft_bytes_new(v.self, all, size);
        REQUIRE(o != NULL);
        size_t found = 999;
        const uint8_t *data = weft_bytes_data(v.self, o, &found);
        CHECK_INT(found, size);
        CHECK(data != NULL && data != all && memcmp(data, all, size) == 0);
        CHECK(weft_is_bytes(o) && !weft_is_str(o));
        CHECK(weft_bytes_data(v.self, o, NULL) == data);
        weft_decref(v.self, o);
    }
    values_close(&v);
}

TEST_CASE(bytes, the empty one is shared and immortal)
{
    values v = values_open();
    weft_object *a = weft_bytes_new(v.self, NULL, 0), *b = weft_bytes_new(v.self, "x", 0);
    CHECK(a != NULL && a == b && weft_is_immortal(a));
    CHECK_TEXT(v.self, weft_repr(v.self, a), "b''");
    values_close(&v);
}

TEST_CASE(bytes, equal bytes have equal hashes and are never equal to a str)
{
    values v = values_open();
    weft_object *a = weft_bytes_new(v.self, "ab\0c", 4), *b = weft_bytes_new(v.self, "ab\0c", 4);
    weft_object *c = weft_bytes_new(v.self, "ab\0d", 4), *d = weft_bytes_new(v.self, "ab", 2);
    weft_object *s = weft_str_new(v.self, "ab\0c", 4);
    /* What could be taken for bytes of the same content if nobody asked for the type. */
    weft_object *tuple = weft_tuple_new(v.self, &a, 1), *first = weft_bytes_new(v.self, &a, 1);
    CHECK_INT(weft_equal(v.self, first, tuple), 0);
    weft_decref(v.self, tuple);
    weft_decref(v.self, first);
    uint64_t ha = 0, hb = 1;
    CHECK_INT(weft_hash(v.self, a, &ha), WEFT_OK);
    CHECK_INT(weft_hash(v.self, b, &hb), WEFT_OK);
    CHECK(ha == hb);
    CHECK_INT(weft_equal(v.self, a, b), 1);
    CHECK_INT(weft_equal(v.self, a, c), 0);
    CHECK_INT(weft_equal(v.self, a, d), 0);
    CHECK_INT(weft_equal(v.self, a, s), 0);
    CHECK_INT(weft_equal(v.self, s, a), 0);
    weft_decref(v.self, a);
    weft_decref(v.self, b);
    weft_decref(v.self, c);
    weft_decref(v.self, d);
    weft_decref(v.self, s);
    values_close(&v);
}

TEST_CASE(bytes, the text shows what can be seen and escapes the rest)
{
    values v = values_open();
    weft_object *o = weft_bytes_new(v.self, "a'b\\\n\t\r\0\x7F\xFF", 10);
    CHECK_TEXT(v.self, weft_repr(v.self, o), "b\"a'b\\\\\\n\\t\\r\\x00\\x7f\\xff\"");
    weft_decref(v.self, o);
    values_close(&v);
}

TEST_CASE(bytes, bad arguments are refused)
{
    values v = values_open();
    weft_object *s = values_str(v.self, "text");
    size_t size = 77;
    CHECK_NULL(weft_bytes_new(v.self, NULL, 1), WEFT_ERROR_VALUE, "data is NULL");
    CHECK_NULL(weft_bytes_new(v.self, "", SIZE_MAX), WEFT_ERROR_OVERFLOW, "too many");
    CHECK_NULL(weft_bytes_new(v.self, "", PTRDIFF_MAX), WEFT_ERROR_OVERFLOW, "too many");
    CHECK_NULL(weft_bytes_data(v.self, s, &size), WEFT_ERROR_TYPE, "bytes expected, got str");
    CHECK_NULL(weft_bytes_data(v.self, NULL, &size), WEFT_ERROR_VALUE, "NULL");
    CHECK_NULL(weft_bytes_new(NULL, "", 1), WEFT_ERROR_THREAD, "weft_bytes_new");
    CHECK_NULL(weft_bytes_data(NULL, s, &size), WEFT_ERROR_THREAD, "weft_bytes_data");
    CHECK_INT(size, 77);
    weft_decref(v.self, s);
    values_close(&v);
}

static bool make(weft_thread *self, void *arg)
{
    weft_object *o = weft_bytes_new(self, arg, 5000);
    weft_xdecref(self, o);
    return o != NULL;
}

static bool show(weft_thread *self, void *arg)
{
    weft_object *o = weft_repr(self, arg);
    weft_xdecref(self, o);
    return o != NULL;
}

TEST_CASE(bytes, running out of memory is an error)
{
    static char data[5000];
    values v = values_open();
    CHECK(values_exhaust(v.self, make, data) >= 1);
    weft_object *o = weft_bytes_new(v.self, data, 100);
    CHECK(values_exhaust(v.self, show, o) >= 1);
    weft_decref(v.self, o);
    values_close(&v);
}
