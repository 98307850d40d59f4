/* test_json.c - JSON in and out: values, numbers, malformed text and where it is malformed, depth, cycles, memory. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "values.h"

static weft_object *parse(weft_thread *self, const char *text)
{
    return weft_json_parse(self, text, strlen(text));
}

/* The text is read, and written as `written`. */
static void check_written(weft_thread *self, const char *text, const char *written)
{
    weft_object *o = parse(self, text);
    if (!CHECK(o != NULL)) {
        CHECK_STR(text, weft_error_message());
        return;
    }
    CHECK_TEXT(self, weft_json_write(self, o, 0), written);
    weft_decref(self, o);
}

TEST_CASE(json, every kind of value is read and written)
{
    static const char *const same[] = {"null",
                                       "true",
                                       "false",
                                       "0",
                                       "-1",
                                       "1.5",
                                       "-0.0",
                                       "1e+100",
                                       "\"\"",
                                       "\"text\"",
                                       "[]",
                                       "{}",
                                       "[1,2,3]",
                                       "[[],[[]],{}]",
                                       "{\"a\":1,\"b\":[true,null]}",
                                       "{\"b\":1,\"a\":2}",
                                       "[\"\\u0000\\u001f\\\"\\\\\\n\"]",
                                       "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"",
                                       "{\"\":{\"\":{}}}",
                                       "9223372036854775807",
                                       "-9223372036854775808"};
    values v = values_open();
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        check_written(v.self, same[i], same[i]);
    check_written(v.self, " \t\r\n[ 1 , 2 ,\n{ \"a\" : [ ] } ] ", "[1,2,{\"a\":[]}]");
    check_written(v.self, "[1E2,1e-2,0.10,-0,0e0,12345678901234567890.0]",
                  "[100.0,0.01,0.1,0,0.0,1.2345678901234567e+19]");
    check_written(v.self, "\"\\u00e9\\u20AC\\ud83d\\uDE00\\/\\b\\f\\n\\r\\t\\u0041\"",
                  "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80/\\b\\f\\n\\r\\tA\"");
    check_written(v.self, "{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}");
    values_close(&v);
}

TEST_CASE(json, the types are those that the text means)
{
    values v = values_open();
    weft_object *l = parse(v.self, "[1, 1.0, \"1\", true, null, {}, []]");
    REQUIRE(l != NULL);
    static const uint32_t types[] = {WEFT_TYPE_INT,  WEFT_TYPE_FLOAT, WEFT_TYPE_STR, WEFT_TYPE_BOOL,
                                     WEFT_TYPE_NONE, WEFT_TYPE_DICT,  WEFT_TYPE_LIST};
    for (int64_t i = 0; i < 7; i++) {
        weft_object *o = weft_list_get(v.self, l, i);
        CHECK_INT(weft_type_index(o), types[i]);
        weft_decref(v.self, o);
    }
    weft_decref(v.self, l);
    values_close(&v);
}

TEST_CASE(json, text that is malformed is an error at its byte)
{
    static const struct {
        const char *text;
        int byte;
        const char *problem;
    } bad[] = {
        {"", 0, "ends here"},
        {"  ", 2, "ends here"},
        {"nul", 0, "a value expected"},
        {"nulll", 4, "something comes after"},
        {"True", 0, "a value expected"},
        {"[1,]", 3, "a value expected"},
        {"[,1]", 1, "a value expected"},
        {"[1 2]", 3, "',' or ']' expected"},
        {"[1", 2, "ends here"},
        {"[1,", 3, "ends here"},
        {"[1}", 2, "',' or ']'"},
        {"{", 1, "ends here"},
        {"{1:2}", 1, "as a key"},
        {"{\"a\"}", 4, "':' expected"},
        {"{\"a\" 1}", 5, "':' expected"},
        {"{\"a\":}", 5, "a value expected"},
        {"{\"a\":1,}", 7, "as a key"},
        {"{\"a\":1]", 6, "',' or '}'"},
        {"]", 0, "a value expected"},
        {"1 1", 2, "something comes after"},
        {"01", 0, "begins with 0"},
        {"-01", 1, "begins with 0"},
        {"-", 1, "ends here"},
        {"-a", 1, "a digit expected"},
        {"+1", 0, "a value expected"},
        {".5", 0, "a value expected"},
        {"1.", 2, "ends here"},
        {"1.e1", 2, "a digit expected"},
        {"1e", 2, "ends here"},
        {"1e+", 3, "ends here"},
        {"1ex", 2, "a digit expected"},
        {"NaN", 0, "a value expected"},
        {"Infinity", 0, "a value expected"},
        {"0x10", 1, "something comes after"},
        {"\"abc", 4, "ends here"},
        {"\"a\nb\"", 2, "control character"},
        {"\"\\x\"", 2, "unknown escape"},
        {"\"\\", 2, "ends here"},
        {"\"\\u12", 5, "ends here"},
        {"\"\\u12g4\"", 5, "hexadecimal"},
        {"\"\\ud800\"", 1, "surrogate"},
        {"\"\\udc00\"", 1, "surrogate"},
        {"\"ab\\ud800\\u0041\"", 3, "surrogate"},
        {"\"\\ud800\\ud800\"", 1, "surrogate"},
        {"\"\\udc00\\udc00\"", 1, "surrogate"},
        {"\"ab\xFF\"", 3, ""},
        {"\"\\n\xC3\"", 3, ""},
        {"{\"\xED\xA0\x80\":1}", 2, ""},
        {"'a'", 0, "a value expected"},
        {"[1] // no", 4, "something comes after"},
        {"\xEF\xBB\xBF[]", 0, "a value expected"},
    };

    values v = values_open();
    char byte[32];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        weft_object *o = parse(v.self, bad[i].text);
        snprintf(byte, sizeof byte, "byte %d: ", bad[i].byte);
        if (!CHECK(o == NULL)) {
            CHECK_STR(bad[i].text, "refused");
            weft_decref(v.self, o);
            continue;
        }
        CHECK_INT(weft_error_status(), WEFT_ERROR_PARSE);
        if (strstr(weft_error_message(), byte) == NULL || strstr(weft_error_message(), bad[i].problem) == NULL) {
            CHECK_STR(weft_error_message(), bad[i].problem);
            CHECK_STR(bad[i].text, byte);
        }
        weft_error_clear();
    }
    CHECK_NULL(weft_json_parse(v.self, "[\0]", 3), WEFT_ERROR_PARSE, "byte 1: a value expected");
    CHECK_NULL(weft_json_parse(v.self, "[1]", 2), WEFT_ERROR_PARSE, "byte 2: the text ends here");
    values_close(&v);
}

TEST_CASE(json, numbers that do not fit are errors at their byte)
{
    values v = values_open();
    CHECK_NULL(parse(v.self, "[9223372036854775808]"), WEFT_ERROR_OVERFLOW, "byte 1: the integer");
    CHECK_NULL(parse(v.self, "[1,-9223372036854775809]"), WEFT_ERROR_OVERFLOW, "byte 3: the integer");
    CHECK_NULL(parse(v.self, "100000000000000000000000000000"), WEFT_ERROR_OVERFLOW, "byte 0: the integer");
    CHECK_NULL(parse(v.self, "{\"a\":1e999}"), WEFT_ERROR_OVERFLOW, "byte 5: the number");
    CHECK_NULL(parse(v.self, "-1e999"), WEFT_ERROR_OVERFLOW, "byte 0: the number");
    check_written(v.self, "1e-999", "0.0");
    values_close(&v);
}

TEST_CASE(json, any float reads back as it was)
{
    static const double special[] = {
        0.1, 1.0 / 3, DBL_MAX, DBL_MIN, 5e-324, DBL_EPSILON, 1e22, 1e23, 123456789012345680.0};
    uint64_t state = test_seed();
    values v = values_open();
    for (int i = 0; i < test_scale(20000); i++) {
        double value;
        uint64_t bits = test_random(&state);
        memcpy(&value, &bits, sizeof value);
        if ((size_t)i < sizeof special / sizeof *special)
            value = special[i];
        if (!isfinite(value))
            continue;
        weft_object *f = weft_float_new(v.self, value), *text = weft_json_write(v.self, f, 0);
        size_t size;
        const char *utf8 = weft_str_utf8(v.self, text, &size);
        weft_object *again = weft_json_parse(v.self, utf8, size);
        if (CHECK(again != NULL && weft_is_float(again)))
            CHECK(weft_float_get(again) == value);
        weft_xdecref(v.self, again);
        weft_decref(v.self, text);
        weft_decref(v.self, f);
    }
    char many[3000];
    memset(many, '3', sizeof many);
    many[1] = '.';
    weft_object *o = weft_json_parse(v.self, many, sizeof many);
    CHECK(o != NULL && weft_float_get(o) == 10.0 / 3);
    weft_xdecref(v.self, o);
    values_close(&v);
}

TEST_CASE(json, an indent puts each item on its own line)
{
    values v = values_open();
    weft_object *o = parse(v.self, "{\"a\":[1,{\"b\":[]},{}],\"c\":\"d\"}");
    CHECK_TEXT(v.self, weft_json_write(v.self, o, 2),
               "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    },\n    {}\n  ],\n  \"c\": \"d\"\n}");
    CHECK_NULL(weft_json_write(v.self, o, -1), WEFT_ERROR_VALUE, "indent of -1");
    CHECK_NULL(weft_json_write(v.self, o, WEFT_JSON_INDENT_MAX + 1), WEFT_ERROR_VALUE, "indent of 17");
    weft_decref(v.self, o);
    values_close(&v);
}

TEST_CASE(json, what JSON has no form for is an error)
{
    values v = values_open();
    weft_object *b = weft_bytes_new(v.self, "x", 1), *nan_ = weft_float_new(v.self, NAN),
                *inf = weft_float_new(v.self, -INFINITY), *d = weft_dict_new(v.self), *l = weft_list_new(v.self, 0);
    CHECK_NULL(weft_json_write(v.self, b, 0), WEFT_ERROR_TYPE, "bytes has no form");
    CHECK_NULL(weft_json_write(v.self, nan_, 0), WEFT_ERROR_VALUE, "NaN");
    CHECK_NULL(weft_json_write(v.self, inf, 0), WEFT_ERROR_VALUE, "infinity");
    CHECK_INT(weft_dict_set(v.self, d, nan_, l), WEFT_OK);
    CHECK_NULL(weft_json_write(v.self, d, 0), WEFT_ERROR_TYPE, "a key must be a str, not float");
    CHECK_INT(weft_list_append(v.self, l, b), WEFT_OK);
    CHECK_NULL(weft_json_write(v.self, l, 0), WEFT_ERROR_TYPE, "bytes has no form");
    CHECK_NULL(weft_json_write(v.self, NULL, 0), WEFT_ERROR_VALUE, "NULL");
    CHECK_NULL(weft_json_write(NULL, l, 0), WEFT_ERROR_THREAD, "weft_json_write");
    CHECK_NULL(weft_json_parse(v.self, NULL, 3), WEFT_ERROR_VALUE, "text is NULL");
    CHECK_NULL(weft_json_parse(NULL, "1", 1), WEFT_ERROR_THREAD, "weft_json_parse");
    weft_decref(v.self, b);
    weft_decref(v.self, nan_);
    weft_decref(v.self, inf);
    weft_decref(v.self, d);
    weft_decref(v.self, l);
    values_close(&v);
}

TEST_CASE(json, a container within itself is an error and one that is there twice is not )
{
    values v = values_open();
    weft_object *l = weft_list_new(v.self, 0), *t = weft_tuple_new(v.self, &l, 1), *d = weft_dict_new(v.self),
                *k = values_str(v.self, "key");
    weft_object *both[] = {t, t}, *twice = weft_tuple_new(v.self, both, 2);
    CHECK_TEXT(v.self, weft_json_write(v.self, twice, 0), "[[[]],[[]]]");
    CHECK_INT(weft_dict_set(v.self, d, k, t), WEFT_OK);
    CHECK_INT(weft_list_append(v.self, l, d), WEFT_OK);
    CHECK_NULL(weft_json_write(v.self, l, 0), WEFT_ERROR_VALUE, "a list contains itself");
    CHECK_NULL(weft_json_write(v.self, d, 0), WEFT_ERROR_VALUE, "a dict contains itself");
    CHECK_INT(weft_list_clear(v.self, l), WEFT_OK);
    weft_decref(v.self, twice);
    weft_decref(v.self, l);
    weft_decref(v.self, t);
    weft_decref(v.self, d);
    weft_decref(v.self, k);
    values_close(&v);
}

static void nest(void *arg)
{
    static char text[2 * WEFT_JSON_DEPTH_MAX + 4];
    VALUES_THREAD(self, arg);
    size_t depth = WEFT_JSON_DEPTH_MAX;
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    weft_object *o = weft_json_parse(self, text, 2 * depth);
    CHECK(o != NULL);
    weft_object *written = weft_json_write(self, o, 0);
    CHECK(written != NULL && memcmp(weft_str_utf8(self, written, NULL), text, 2 * depth) == 0);
    weft_xdecref(self, written);
    written = weft_json_write(self, o, WEFT_JSON_INDENT_MAX);
    CHECK(written != NULL);
    weft_xdecref(self, written);
    weft_object *deeper = weft_tuple_new(self, &o, 1);
    CHECK_NULL(weft_json_write(self, deeper, 0), WEFT_ERROR_LIMIT, "1000");
    weft_decref(self, deeper);
    weft_decref(self, o);
    memset(text, '[', depth + 1);
    CHECK_NULL(weft_json_parse(self, text, depth + 1), WEFT_ERROR_LIMIT, "byte 1000: more than 1000");
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(json, the deepest text is read and written on a small stack)
{
    values v = values_open();
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_thread_with_stack(64 * 1024, nest, v.runtime);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    values_close(&v);
}

/* The reader remembers keys in a small table: places are shared, and one key begins with another. */
TEST_CASE(json, keys of which one begins with another are different ones)
{
    enum { KEYS = 60 };

    values v = values_open();
    static char text[4 * KEYS * KEYS];
    char *at = text;
    *at++ = '{';
    for (int n = 0; n < 2 * KEYS; n++) { /* down, and up again */
        int size = n < KEYS ? KEYS + 1 - n : n - KEYS + 2;
        if (n < KEYS || n % 2)
            at += snprintf(at, sizeof text - (size_t)(at - text), "\"%.*s\":%d,", size,
                           "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk", size);
    }
    at[-1] = '}';
    weft_object *dict = weft_json_parse(v.self, text, (size_t)(at - text)), *key, *value;
    REQUIRE(dict != NULL);
    CHECK_INT(weft_dict_size(v.self, dict), KEYS);
    for (size_t position = 0; weft_dict_next(v.self, dict, &position, &key, &value) == 1;) {
        CHECK_INT(weft_str_length(v.self, key), weft_int_get(value));
        weft_decref(v.self, key);
        weft_decref(v.self, value);
    }
    weft_decref(v.self, dict);
    values_close(&v);
}

TEST_CASE(json, keys that come again are one object)
{
    values v = values_open();
    weft_object *l = parse(v.self, "[{\"name\":1},{\"name\":3}]"), *key[2];
    REQUIRE(l != NULL);
    for (int64_t i = 0; i < 2; i++) {
        weft_object *d = weft_list_get(v.self, l, i);
        size_t position = 0;
        CHECK_INT(weft_dict_next(v.self, d, &position, &key[i], NULL), 1);
        weft_decref(v.self, key[i]); /* the dict keeps it */
        weft_decref(v.self, d);
    }
    CHECK_PTR(key[0], key[1]);
    weft_decref(v.self, l);
    values_close(&v);
}

/* ---- memory, and any bytes ------------------------------------------------------------------------------------- */

static const char document[] =
    "{\"name\": \"v\xC3\xA9lo\", \"escaped\": \"a\\tb\\u00e9\", \"list\": [1, 2.5, -3e10, 1000000, "
    "[[[[[[[[[[[[[[[[[[\"deep\"]]]]]]]]]]]]]]]]]], null, true], \"empty\": [{}, [], \"\"], "
    "\"long\": 0.3333333333333333333333333333333333333333333333333333333333333333333333}";

static bool read_document(weft_thread *self, void *arg)
{
    (void)arg;
    weft_object *o = weft_json_parse(self, document, sizeof document - 1);
    weft_xdecref(self, o);
    return o != NULL;
}

static bool write_document(weft_thread *self, void *arg)
{
    weft_object *o = weft_json_write(self, arg, 4);
    weft_xdecref(self, o);
    return o != NULL;
}

TEST_CASE(json, running out of memory is an error at each allocation)
{
    values v = values_open();
    CHECK(values_exhaust(v.self, read_document, NULL) > 30);
    weft_object *o = parse(v.self, document);
    CHECK(values_exhaust(v.self, write_document, o) > 3);
    weft_decref(v.self, o);
    values_close(&v);
}

TEST_CASE(json, a text with a mistake in it is refused or read and what is read can be written)
{
    static const char alphabet[] = "[]{}:,\"\\0123456789.eE+-truefalsn \n\xC3\xA9\xFFu";
    uint64_t state = test_seed();
    char text[sizeof document];
    values v = values_open();
    for (int i = 0; i < test_scale(30000); i++) {
        memcpy(text, document, sizeof text);
        size_t size = sizeof document - 1;
        for (uint64_t k = test_random(&state) % 4; k-- > 0;)
            text[test_random(&state) % size] = alphabet[test_random(&state) % (sizeof alphabet - 1)];
        size -= test_random(&state) % 8 == 0 ? test_random(&state) % size : 0;
        weft_object *o = weft_json_parse(v.self, text, size);
        if (o == NULL) {
            weft_status status = weft_error_status();
            CHECK(status == WEFT_ERROR_PARSE || status == WEFT_ERROR_OVERFLOW);
            continue;
        }
        weft_object *written = weft_json_write(v.self, o, (int)(test_random(&state) % 5));
        REQUIRE(written != NULL);
        size_t written_size;
        const char *utf8 = weft_str_utf8(v.self, written, &written_size);
        weft_object *again = weft_json_parse(v.self, utf8, written_size);
        CHECK(again != NULL && weft_equal(v.self, o, again) == 1);
        weft_xdecref(v.self, again);
        weft_decref(v.self, written);
        weft_decref(v.self, o);
    }
    values_close(&v);
}

/* ---- several threads ------------------------------------------------------------------------------------------- */

typedef struct race {
    weft_runtime *runtime;
    weft_object *shared;
} race;

static void write_or_change(int index, void *arg)
{
    race *r = arg;
    VALUES_THREAD(self, r->runtime);
    for (int i = 0; i < test_scale(2000); i++) {
        if (index == 0) {
            weft_object *text = weft_json_write(self, r->shared, 0);
            size_t size;
            const char *utf8 = text ? weft_str_utf8(self, text, &size) : NULL;
            REQUIRE(utf8 != NULL);
            weft_object *o = weft_json_parse(self, utf8, size);
            CHECK(o != NULL);
            weft_xdecref(self, o);
            weft_decref(self, text);
        } else {
            weft_object *key = weft_str_format(self, "key %d", (i * 7 + index) % 50), *value = weft_list_new(self, 0);
            CHECK_INT(weft_list_append(self, value, key), WEFT_OK);
            CHECK_INT(weft_dict_set(self, r->shared, key, value), WEFT_OK);
            if (i % 3 == 0)
                CHECK(weft_dict_pop(self, r->shared, key, NULL) >= 0);
            weft_decref(self, key);
            weft_decref(self, value);
        }
        weft_safepoint(self);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(stress_json, a dict is written while others change it)
{
    values v = values_open();
    race r = {v.runtime, weft_dict_new(v.self)};
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(3, write_or_change, &r);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    weft_decref(v.self, r.shared);
    weft_safepoint(v.self);
    values_close(&v);
}
