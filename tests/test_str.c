/* test_str.c - str: making, sharing, length, hash, equality, concatenation, formatting, text, bad input. */
#include "core/types/str.h"

#include <stdio.h>

#include "values.h"

static uint64_t hash_of(weft_thread *self, weft_object *o)
{
    uint64_t hash = 0;
    CHECK_INT(weft_hash(self, o, &hash), WEFT_OK);
    return hash;
}

TEST_CASE(str, the text is copied and ended by a NUL)
{
    values v = values_open();
    char text[600];
    for (size_t size = 0; size < sizeof text; size++) {
        memset(text, 'a', sizeof text);
        text[size / 2] = '\0';
        weft_object *o = weft_str_new(v.self, text, size);
        REQUIRE(o != NULL);
        size_t found = 999;
        const char *utf8 = weft_str_utf8(v.self, o, &found);
        CHECK_INT(found, size);
        CHECK(utf8 != text && memcmp(utf8, text, size) == 0 && utf8[size] == '\0');
        CHECK_INT(weft_str_length(v.self, o), size);
        CHECK(weft_str_utf8(v.self, o, NULL) == utf8);
        weft_decref(v.self, o);
    }
    values_close(&v);
}

TEST_CASE(str, the length counts code points)
{
    static const struct {
        const char *text;
        int64_t length;
    } cases[] = {
        {"", 0},         {"a", 1}, {"\xC3\xA9", 1}, {"na\xC3\xAFve", 5}, {"\xE2\x82\xAC", 1}, {"\xF0\x9F\x98\x80!", 2},
        {"e\xCC\x81", 2}};

    values v = values_open();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weft_object *o = values_str(v.self, cases[i].text);
        CHECK_INT(weft_str_length(v.self, o), cases[i].length);
        CHECK_TEXT(v.self, o, cases[i].text);
    }
    values_close(&v);
}

TEST_CASE(str, the empty and the one - byte strings are shared and immortal)
{
    values v = values_open();
    for (int c = 0; c <= 128; c++) {
        char text = (char)c;
        size_t size = c < 128;
        weft_object *a = weft_str_new(v.self, &text, size), *b = weft_str_new(v.self, &text, size);
        CHECK(a != NULL && a == b && weft_is_immortal(a));
        CHECK_INT(weft_str_length(v.self, a), size);
        CHECK(memcmp(weft_str_utf8(v.self, a, NULL), &text, size) == 0);
        CHECK(weft_str_utf8(v.self, a, NULL)[size] == '\0');
    }
    CHECK(weft_str_new(v.self, NULL, 0) == weft_str_new(v.self, "", 0));
    values_close(&v);
}

TEST_CASE(str, malformed text is refused with the offset)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {{"\xFF", "malformed UTF-8 at byte 0 (0xFF)"},
                 {"abc\x80", "malformed UTF-8 at byte 3 (0x80)"},
                 {"0123456789012345678901234567890123456789\xE2\x82", "at byte 40 (0xE2): sequence cut off"},
                 {"\xC3\xA9\xED\xA0\x80", "at byte 2 (0xED): surrogate"},
                 {"\xC0\xAF", "at byte 0 (0xC0): overlong"},
                 {"\xF4\x90\x80\x80", "at byte 0 (0xF4): code point above U+10FFFF"}};

    values v = values_open();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_NULL(weft_str_new(v.self, cases[i].text, strlen(cases[i].text)), WEFT_ERROR_VALUE, cases[i].message);
    values_close(&v);
}

TEST_CASE(str, equality is that of the text)
{
    static const char *const texts[] = {
        "", "a", "b", "ab", "abc", "ab\xC3\xA9", "\xC3\xA9", "\x08", "abcdefghijklmnopqrstuvwxyz"};

    enum { COUNT = sizeof texts / sizeof *texts };

    values v = values_open();
    for (int hashed = 0; hashed < 4; hashed++) {
        for (int i = 0; i < COUNT; i++) {
            for (int j = 0; j < COUNT; j++) {
                weft_object *a = values_str(v.self, texts[i]), *b = values_str(v.self, texts[j]);
                if (hashed & 1)
                    (void)hash_of(v.self, a);
                if (hashed & 2)
                    (void)hash_of(v.self, b);
                CHECK_INT(weft_equal(v.self, a, b), i == j);
                if (i == j)
                    CHECK(hash_of(v.self, a) == hash_of(v.self, b));
                weft_decref(v.self, a);
                weft_decref(v.self, b);
            }
        }
    }
    values_close(&v);
}

TEST_CASE(str, a NUL is a character like any other)
{
    values v = values_open();
    weft_object *a = weft_str_new(v.self, "ab", 2), *b = weft_str_new(v.self, "ab\0", 3),
                *c = weft_str_new(v.self, "ab\0", 3);
    CHECK_INT(weft_equal(v.self, a, b), 0);
    CHECK_INT(weft_equal(v.self, b, a), 0);
    CHECK_INT(weft_equal(v.self, b, c), 1);
    CHECK_INT(weft_str_length(v.self, b), 3);
    CHECK_TEXT(v.self, weft_repr(v.self, b), "'ab\\x00'");
    weft_decref(v.self, a);
    weft_decref(v.self, b);
    weft_decref(v.self, c);
    values_close(&v);
}

TEST_CASE(str, a wide string is not mistaken for an ASCII one that has the same bytes inside)
{
    values v = values_open();
    weft_object *wide = values_str(v.self, "\xC3\xA9"); /* inside: the length, 1, as 8 bytes, then the text */
    char inside[10] = {1};
    str_object *s = str_of(wide);
    memcpy(inside, s->data, s->var.count);
    CHECK_INT(s->var.count, 10);
    inside[8] = inside[9] = 'x'; /* the closest that an ASCII string can come */
    weft_object *narrow = weft_str_new(v.self, inside, sizeof inside);
    CHECK_INT(str_of(narrow)->var.count, 10);
    memcpy(str_of(narrow)->data, s->data, 10); /* and closer than it can */
    CHECK_INT(weft_equal(v.self, wide, narrow), 0);
    weft_decref(v.self, wide);
    weft_decref(v.self, narrow);
    values_close(&v);
}

TEST_CASE(str, the hash is kept and does not disturb the text)
{
    values v = values_open();
    weft_object *a = values_str(v.self, "caf\xC3\xA9 au lait"), *b = values_str(v.self, "plain text");
    uint64_t ha = hash_of(v.self, a), hb = hash_of(v.self, b);
    CHECK(ha != hb && ha != 0);
    CHECK(hash_of(v.self, a) == ha && hash_of(v.self, b) == hb);
    CHECK_INT(weft_str_length(v.self, a), 12);
    CHECK_INT(weft_str_length(v.self, b), 10);
    CHECK_TEXT(v.self, a, "caf\xC3\xA9 au lait");
    CHECK_TEXT(v.self, b, "plain text");
    values_close(&v);
}

TEST_CASE(str, hashes of similar strings fill a table evenly)
{
    enum { SLOTS = 1024 };

    values v = values_open();
    static uint32_t low[SLOTS];
    memset(low, 0, sizeof low);
    for (int i = 0; i < SLOTS * 16; i++) {
        weft_object *o = weft_str_format(v.self, "key%d", i);
        low[hash_of(v.self, o) % SLOTS]++;
        weft_decref(v.self, o);
    }
    uint32_t most = 0;
    for (int i = 0; i < SLOTS; i++)
        most = low[i] > most ? low[i] : most;
    CHECK(most < 48);
    values_close(&v);
}

TEST_CASE(str, concatenation joins text and length)
{
    static const char *const texts[] = {
        "", "a", "abc", "\xC3\xA9", "x\xF0\x9F\x98\x80y", "a rather longer piece of text"};

    enum { COUNT = sizeof texts / sizeof *texts };

    values v = values_open();
    for (int i = 0; i < COUNT; i++) {
        for (int j = 0; j < COUNT; j++) {
            char expected[100];
            strcat(strcpy(expected, texts[i]), texts[j]);
            weft_object *a = values_str(v.self, texts[i]), *b = values_str(v.self, texts[j]);
            weft_object *whole = weft_str_concat(v.self, a, b), *same = values_str(v.self, expected);
            CHECK_INT(weft_equal(v.self, whole, same), 1);
            CHECK_INT(weft_str_length(v.self, whole), weft_str_length(v.self, a) + weft_str_length(v.self, b));
            if (whole == a || whole == b) /* the other is empty */
                CHECK(weft_is_immortal(whole) || weft_refcount(v.self, whole) == 2);
            CHECK_TEXT(v.self, whole, expected);
            weft_decref(v.self, a);
            weft_decref(v.self, b);
            weft_decref(v.self, same);
        }
    }
    values_close(&v);
}

TEST_CASE(str, a format is written out whatever its size)
{
    values v = values_open();
    CHECK_TEXT(v.self, weft_str_format(v.self, "%s", ""), "");
    CHECK_TEXT(v.self, weft_str_format(v.self, "%d-%s-%c", 42, "\xC3\xA9t\xC3\xA9", 'x'), "42-\xC3\xA9t\xC3\xA9-x");
    for (int width = 250; width < 260; width++) {
        char expected[300];
        snprintf(expected, sizeof expected, "%*d", width, 7);
        CHECK_TEXT(v.self, weft_str_format(v.self, "%*d", width, 7), expected);
    }
    weft_object *large = weft_str_format(v.self, "%100000d", 1);
    CHECK_INT(weft_str_length(v.self, large), 100000);
    weft_decref(v.self, large);
    CHECK_NULL(weft_str_format(v.self, "ab%s", "\xFF"), WEFT_ERROR_VALUE, "weft_str_format: malformed UTF-8 at byte 2");
    CHECK_NULL(weft_str_format(v.self, "%300s", "\xFF"), WEFT_ERROR_VALUE, "at byte 299");
    values_close(&v);
}

TEST_CASE(str, the text shows what can be seen and escapes the rest)
{
    static const struct {
        const char *text, *repr;
    } cases[] = {{"", "''"},
                 {"abc", "'abc'"},
                 {"it's", "\"it's\""},
                 {"'\"", "'\\'\"'"},
                 {"a\\b", "'a\\\\b'"},
                 {"\t\n\r\x01\x7F", "'\\t\\n\\r\\x01\\x7f'"},
                 {"\xC3\xA9\xE2\x82\xAC", "'\xC3\xA9\xE2\x82\xAC'"},
                 {"\xC2\x85\xC2\xA0", "'\\x85\xC2\xA0'"}};

    values v = values_open();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        weft_object *o = values_str(v.self, cases[i].text), *repr = weft_repr(v.self, o);
        weft_object *same = values_str(v.self, cases[i].repr);
        CHECK_INT(weft_equal(v.self, repr, same), 1); /* so its length is right too */
        CHECK_TEXT(v.self, repr, cases[i].repr);
        weft_decref(v.self, o);
        weft_decref(v.self, same);
    }
    values_close(&v);
}

TEST_CASE(str, bad arguments are refused)
{
    values v = values_open();
    weft_object *s = values_str(v.self, "text"), *i = weft_int_new(v.self, 1);
    const char *volatile no_format = NULL;
    size_t size = 77;
    CHECK_NULL(weft_str_new(v.self, NULL, 3), WEFT_ERROR_VALUE, "utf8 is NULL");
    CHECK_NULL(weft_str_new(v.self, "a", SIZE_MAX), WEFT_ERROR_OVERFLOW, "too large");
    CHECK_NULL(weft_str_new(v.self, "a", PTRDIFF_MAX), WEFT_ERROR_OVERFLOW, "too large");
    CHECK_NULL(weft_str_format(v.self, no_format, 1), WEFT_ERROR_VALUE, "format is NULL");
    CHECK_NULL(weft_str_utf8(v.self, i, &size), WEFT_ERROR_TYPE, "str expected, got int");
    CHECK_NULL(weft_str_utf8(v.self, NULL, &size), WEFT_ERROR_VALUE, "NULL");
    CHECK_FAILS(weft_str_length(v.self, i), WEFT_ERROR_TYPE, "str expected, got int");
    CHECK_FAILS(weft_str_length(v.self, NULL), WEFT_ERROR_VALUE, "NULL");
    CHECK_NULL(weft_str_concat(v.self, s, i), WEFT_ERROR_TYPE, "str expected, got int");
    CHECK_NULL(weft_str_concat(v.self, i, s), WEFT_ERROR_TYPE, "str expected, got int");
    CHECK_NULL(weft_str_concat(v.self, s, NULL), WEFT_ERROR_VALUE, "NULL");
    CHECK_NULL(weft_str_new(NULL, "ab", 2), WEFT_ERROR_THREAD, "weft_str_new");
    CHECK_NULL(weft_str_format(NULL, "ab"), WEFT_ERROR_THREAD, "weft_str_format");
    CHECK_NULL(weft_str_utf8(NULL, s, &size), WEFT_ERROR_THREAD, "weft_str_utf8");
    CHECK_FAILS(weft_str_length(NULL, s), WEFT_ERROR_THREAD, "weft_str_length");
    CHECK_NULL(weft_str_concat(NULL, s, s), WEFT_ERROR_THREAD, "weft_str_concat");
    CHECK_INT(size, 77);
    CHECK_INT(weft_refcount(v.self, s), 1);
    weft_decref(v.self, s);
    values_close(&v);
}

static bool make(weft_thread *self, void *arg)
{
    weft_object *o = weft_str_new(self, arg, strlen(arg));
    weft_xdecref(self, o);
    return o != NULL;
}

static bool format(weft_thread *self, void *arg)
{
    weft_object *o = weft_str_format(self, "%400s", (const char *)arg);
    weft_xdecref(self, o);
    return o != NULL;
}

static bool concat(weft_thread *self, void *arg)
{
    weft_object *o = weft_str_concat(self, arg, arg);
    weft_xdecref(self, o);
    return o != NULL;
}

static bool show(weft_thread *self, void *arg)
{
    weft_object *o = weft_repr(self, arg);
    weft_xdecref(self, o);
    return o != NULL;
}

TEST_CASE(str, running out of memory is an error)
{
    char text[] = "some text";
    values v = values_open();
    weft_object *s = values_str(v.self, text);
    CHECK_INT(values_exhaust(v.self, make, text), 1);
    CHECK_INT(values_exhaust(v.self, format, text), 2);
    CHECK_INT(values_exhaust(v.self, concat, s), 1);
    CHECK_INT(values_exhaust(v.self, show, s), 1);
    weft_decref(v.self, s);
    values_close(&v);
}

TEST_CASE(str, up to 15 bytes of ASCII take a block of 48)
{
    values v = values_open();
    weft_object *o = values_str(v.self, "fifteen bytes..");
    CHECK(weft_sizeof(o) <= 48);
    weft_decref(v.self, o);
    values_close(&v);
}

/* ---- several threads ------------------------------------------------------------------------------------------- */

enum { THREADS = 4, STRINGS = 2000 };

typedef struct hash_race {
    weft_runtime *runtime;
    weft_object **strings;
    uint64_t hashes[THREADS][STRINGS];
} hash_race;

static void hash_all(int index, void *arg)
{
    hash_race *race = arg;
    VALUES_THREAD(self, race->runtime);
    for (int i = 0; i < STRINGS; i++) {
        race->hashes[index][i] = hash_of(self, race->strings[i]);
        CHECK_INT(weft_str_length(self, race->strings[i]), i % 2 ? 10 : 11);
        weft_safepoint(self);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(str, threads that hash the same strings for the first time agree)
{
    static hash_race race;
    static weft_object *strings[STRINGS];
    values v = values_open();
    race.runtime = v.runtime;
    race.strings = strings;
    for (int i = 0; i < STRINGS; i++)
        strings[i] = weft_str_format(v.self, "string%s%04d", i % 2 ? "" : "\xC3\xA9", i);
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(THREADS, hash_all, &race);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    for (int i = 0; i < STRINGS; i++) {
        for (int t = 0; t < THREADS; t++)
            CHECK(race.hashes[t][i] == hash_of(v.self, strings[i]));
        weft_decref(v.self, strings[i]);
    }
    values_close(&v);
}
