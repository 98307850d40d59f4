/* utf8.c - checks UTF-8 and counts its code points.
 *
 * Most text is ASCII, so that is looked at by the word: eight bytes have no high bit set, or one of them has. Other
 * sequences are checked one by one. A malformed one is reported at its first byte, with what is wrong about it. */
#include "core/types/utf8.h"

#include <string.h>

#define HIGH_BITS UINT64_C(0x8080808080808080)

static inline uint64_t load_word(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

size_t utf8_ascii_run(const char *text, size_t size)
{
    size_t i = 0;
    for (; i + 32 <= size; i += 32) {
        const char *p = text + i;
        if ((load_word(p) | load_word(p + 8) | load_word(p + 16) | load_word(p + 24)) & HIGH_BITS)
            break;
    }
    while (i + 8 <= size && !(load_word(text + i) & HIGH_BITS))
        i += 8;
    while (i < size && (unsigned char)text[i] < 0x80)
        i++;
    return i;
}

/* What is wrong with a byte that cannot begin a sequence, or NULL if it can. */
static const char *check_lead(unsigned char lead)
{
    if (lead < 0xC0)
        return "continuation byte without a lead byte";
    if (lead < 0xC2)
        return "overlong sequence";
    if (lead < 0xF5)
        return NULL;
    return lead < 0xF8 ? "code point above U+10FFFF" : "byte that never occurs in UTF-8";
}

/* What is wrong with the second byte after this lead byte, although it is a continuation byte; or NULL. */
static const char *check_second(unsigned char lead, unsigned char second)
{
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90))
        return "overlong sequence";
    if (lead == 0xED && second > 0x9F)
        return "surrogate";
    if (lead == 0xF4 && second > 0x8F)
        return "code point above U+10FFFF";
    return NULL;
}

/* What is wrong with the sequence at `p`, which is malformed. */
static const char *find_problem(const char *p, size_t left)
{
    unsigned char lead = (unsigned char)p[0];
    const char *problem = check_lead(lead);
    size_t size = utf8_sequence_size(p[0]);
    for (size_t i = 1; i < size && problem == NULL; i++) {
        if (i >= left)
            problem = "sequence cut off by the end";
        else if (!utf8_is_continuation(p[i]))
            problem = "sequence cut short";
        else if (i == 1)
            problem = check_second(lead, (unsigned char)p[1]);
    }
    return problem;
}

/* The size of the sequence of several bytes at `p`, or 0 if it is malformed. The bytes become a number by arithmetic
 * that makes a wrong lead byte, an overlong form and a surrogate fall out of range. */
static inline size_t check_sequence(const char *p, size_t left)
{
    unsigned char lead = (unsigned char)p[0];
    if (lead < 0xE0) /* 110xxxxx; C0 and C1 would be overlong, below are continuation bytes */
        return lead >= 0xC2 && left >= 2 && utf8_is_continuation(p[1]) ? 2 : 0;
    if (left < 3 || !utf8_is_continuation(p[1]) || !utf8_is_continuation(p[2]))
        return 0;
    unsigned point = (lead & 0x0Fu) << 12 | ((unsigned char)p[1] & 0x3Fu) << 6 | ((unsigned char)p[2] & 0x3Fu);
    if (lead < 0xF0)
        return point >= 0x800 && point - 0xD800 >= 0x800 ? 3 : 0;
    /* 11110xxx, so far without the last six bits, which cannot make it wrong. F8 to FF come out too large. */
    return left >= 4 && point >= 0x10000 >> 6 && point < 0x110000 >> 6 && utf8_is_continuation(p[3]) ? 4 : 0;
}

int64_t utf8_check(const char *text, size_t size, utf8_error *error)
{
    size_t i = utf8_ascii_run(text, size);
    int64_t length = (int64_t)i;
    while (i < size) {
        if ((unsigned char)text[i] < 0x80) {
            size_t run = utf8_ascii_run(text + i, size - i);
            i += run;
            length += (int64_t)run;
            continue;
        }
        size_t step = check_sequence(text + i, size - i);
        if (step == 0) {
            *error = (utf8_error){i, find_problem(text + i, size - i)};
            return -1;
        }
        i += step;
        length++;
    }
    return length;
}

int64_t utf8_count(const char *text, size_t size)
{
    size_t continuations = 0;
    for (size_t i = 0; i < size; i++)
        continuations += utf8_is_continuation(text[i]); /* the compiler makes vectors of this */
    return (int64_t)(size - continuations);
}

size_t utf8_offset(const char *text, size_t size, int64_t index)
{
    size_t i = 0;
    for (; i < size && index > 0; index--)
        i += utf8_sequence_size(text[i]);
    return i;
}
