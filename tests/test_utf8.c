/* test_utf8.c - UTF-8: every sequence that is well-formed, every way to be malformed, and where it is reported. The
 * reference is a second decoder, written from the definition of the code points rather than from the table of bytes. */
#include "core/types/utf8.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"

/* The code point at `p`, by arithmetic, or -1; *size its bytes. */
static int64_t decode(const unsigned char *p, size_t left, size_t *size)
{
    static const struct {
        unsigned char mask, value;
        size_t size;
        int64_t least;
    } forms[] = {{0x80, 0x00, 1, 0}, {0xE0, 0xC0, 2, 0x80}, {0xF0, 0xE0, 3, 0x800}, {0xF8, 0xF0, 4, 0x10000}};

    for (size_t f = 0; f < 4; f++) {
        if ((p[0] & forms[f].mask) != forms[f].value)
            continue;
        int64_t point = p[0] & (unsigned char)~forms[f].mask;
        *size = forms[f].size;
        if (*size > left)
            return -1;
        for (size_t i = 1; i < *size; i++) {
            if ((p[i] & 0xC0) != 0x80)
                return -1;
            point = point << 6 | (p[i] & 0x3F);
        }
        return point < forms[f].least || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000) ? -1 : point;
    }
    return -1;
}

/* Code points, or -1 and *offset. */
static int64_t reference(const unsigned char *text, size_t size, size_t *offset)
{
    int64_t count = 0;
    size_t step;
    for (size_t i = 0; i < size; i += step, count++) {
        if (decode(text + i, size - i, &step) < 0) {
            *offset = i;
            return -1;
        }
    }
    return count;
}

/* Says whether the two agree about this text. */
static bool agrees(const void *text, size_t size)
{
    utf8_error error = {0, NULL};
    size_t offset = 0;
    /* A copy of exactly its size, so that a sanitizer sees a read beyond the end. */
    char *copy = malloc(size ? size : 1);
    memcpy(copy, text, size);
    int64_t expected = reference(text, size, &offset), found = utf8_check(copy, size, &error);
    bool same = found == expected && (found >= 0 || (error.offset == offset && error.problem != NULL));
    if (found >= 0)
        same = same && utf8_count(copy, size) == expected && utf8_offset(copy, size, expected) == size;
    free(copy);
    return same;
}

static size_t encode(uint32_t point, char *out)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    size_t size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--, point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3F));
    static const unsigned char leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    out[0] = (char)(leads[size] | point);
    return size;
}

TEST_CASE(utf8, every code point and every surrogate is judged as the reference does)
{
    int64_t bad = 0;
    for (uint32_t point = 0; point < 0x120000; point++) {
        char text[4];
        size_t size = encode(point, text);
        bad += !agrees(text, size);
    }
    CHECK_INT(bad, 0);
}

TEST_CASE(utf8, every sequence of up to three bytes is judged as the reference does)
{
    int64_t bad = 0;
    unsigned char text[3];
    int step = test_scale(100) == 100 ? 1 : 3; /* a third of the third bytes under a sanitizer */
    for (int a = 0; a < 256; a++) {
        text[0] = (unsigned char)a;
        bad += !agrees(text, 1);
        for (int b = 0; b < 256; b++) {
            text[1] = (unsigned char)b;
            bad += !agrees(text, 2);
            for (int c = 0; a >= 0x80 && c < 256; c += step) {
                text[2] = (unsigned char)c;
                bad += !agrees(text, 3);
            }
        }
    }
    CHECK_INT(bad, 0);
}

TEST_CASE(utf8, four byte sequences at the edges of every range are judged as the reference does)
{
    static const unsigned char edges[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF,
                                          0xE0, 0xED, 0xEF, 0xF0, 0xF3, 0xF4, 0xF5, 0xF8, 0xFC, 0xFE, 0xFF};
    int64_t bad = 0;
    unsigned char t[4];
    for (int a = 0xE0; a < 256; a++)
        for (size_t b = 0; b < sizeof edges; b++)
            for (size_t c = 0; c < sizeof edges; c++)
                for (size_t d = 0; d < sizeof edges; d++) {
                    t[0] = (unsigned char)a;
                    t[1] = edges[b];
                    t[2] = edges[c];
                    t[3] = edges[d];
                    bad += !agrees(t, 4);
                }
    CHECK_INT(bad, 0);
}

/* Written with every class of sequence in it, long enough for the loops over words. */
static const char sample[] =
    "plain text before it, \xC2\xA2 \xDF\xBF \xE0\xA0\x80 \xED\x9F\xBF \xEE\x80\x80 \xEF\xBF\xBD "
    "\xF0\x90\x80\x80 \xF4\x8F\xBF\xBF and a run of more than thirty-two plain bytes after it, \xE2\x82\xAC";

TEST_CASE(utf8, every truncation of a text is judged as the reference does)
{
    int64_t bad = 0;
    for (size_t from = 0; from < sizeof sample; from++)
        for (size_t to = from; to < sizeof sample; to++)
            bad += !agrees(sample + from, to - from);
    CHECK_INT(bad, 0);
}

TEST_CASE(utf8, any one byte of a text may be replaced by any other)
{
    int64_t bad = 0;
    char text[sizeof sample];
    for (size_t at = 0; at < sizeof sample; at++) {
        for (int byte = 0; byte < 256; byte++) {
            memcpy(text, sample, sizeof sample);
            text[at] = (char)byte;
            bad += !agrees(text, sizeof sample);
        }
    }
    CHECK_INT(bad, 0);
}

TEST_CASE(utf8, random bytes at every alignment are judged as the reference does)
{
    uint64_t state = test_seed();
    int64_t bad = 0;
    for (int round = 0; round < test_scale(20000); round++) {
        char text[96];
        size_t size = test_random(&state) % sizeof text;
        for (size_t i = 0; i < size; i++) {
            uint64_t r = test_random(&state);
            text[i] = (char)(r & 7 ? (r >> 8) & 0x7F : r >> 8); /* mostly ASCII, so that some get far */
        }
        bad += !agrees(text, size);
    }
    CHECK_INT(bad, 0);
}

TEST_CASE(utf8, the problem is named)
{
    static const struct {
        const char *text;
        size_t offset;
        const char *problem;
    } cases[] = {
        {"ab\x80", 2, "continuation byte without a lead byte"},
        {"\xC0\x80", 0, "overlong sequence"},
        {"a\xC1\xBF", 1, "overlong sequence"},
        {"abc\xE0\x80\x80", 3, "overlong sequence"},
        {"\xF0\x80\x80\x80", 0, "overlong sequence"},
        {"\xED\xA0\x80", 0, "surrogate"},
        {"\xF4\x90\x80\x80", 0, "code point above U+10FFFF"},
        {"\xF5\x80\x80\x80", 0, "code point above U+10FFFF"},
        {"\xFF", 0, "byte that never occurs in UTF-8"},
        {"abcdefgh\xE2\x82", 8, "sequence cut off by the end"},
        {"\xE2\x82z", 0, "sequence cut short"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        utf8_error error = {99, ""};
        CHECK_INT(utf8_check(cases[i].text, strlen(cases[i].text), &error), -1);
        CHECK_INT(error.offset, cases[i].offset);
        CHECK_STR(error.problem, cases[i].problem);
    }
}

TEST_CASE(utf8, a run of ASCII ends at the first other byte wherever it is)
{
    char text[100];
    for (size_t size = 0; size <= sizeof text; size++) {
        memset(text, 'a', sizeof text);
        CHECK_INT(utf8_ascii_run(text, size), size);
        for (size_t at = 0; at < size; at++) {
            text[at] = (char)0x80;
            if (utf8_ascii_run(text, size) != at)
                CHECK_INT(utf8_ascii_run(text, size), at);
            text[at] = 'a';
        }
    }
}

TEST_CASE(utf8, an index becomes a byte offset)
{
    const char *text = "a\xC2\xA2\xE2\x82\xAC\xF0\x90\x80\x80z";
    static const size_t offsets[] = {0, 1, 3, 6, 10, 11, 11};
    for (int64_t i = 0; i < 7; i++)
        CHECK_INT(utf8_offset(text, 11, i), offsets[i]);
}
