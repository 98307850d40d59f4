/* str.h - the inside of a str, for the types that use strings as keys or build them.
 *
 * The header is 32 bytes, so that a string of up to 15 bytes takes a block of 48. Only strings that go beyond ASCII
 * need a length of their own, so only they have one: it stands in front of their text. */
#ifndef WEFT_CORE_TYPES_STR_H
#define WEFT_CORE_TYPES_STR_H

#include <string.h>

#include "core/core.h"

/* Invariants: data holds, if wide, an int64_t, the length in code points; then the text, valid UTF-8; then a NUL.
 * var.count is the bytes of data without the NUL. Wide exactly when a byte of the text is not ASCII: so two strings
 * are equal exactly when they agree in wideness, count and data. */
typedef struct str_object {
    weft_var_object var; /* constant */
    uint64_t meta;       /* bit 0: wide, constant. The rest: the hash, 0 until somebody asks; atomic, relaxed */
    char data[];         /* constant */
} str_object;

enum { STR_WIDE = 1, STR_LENGTH_SIZE = 8, STR_SIZE_MAX_SLACK = 128 };

static inline str_object *str_of(const weft_object *o)
{
    return (str_object *)(void *)(uintptr_t)o;
}

/* STR_LENGTH_SIZE if wide, else 0. */
static inline size_t str_prefix(const str_object *s)
{
    return (size_t)(weft_load_relaxed(&s->meta) & STR_WIDE) * STR_LENGTH_SIZE;
}

static inline bool str_is_wide(const str_object *s)
{
    return weft_load_relaxed(&s->meta) & STR_WIDE;
}

static inline char *str_text(str_object *s)
{
    return s->data + str_prefix(s);
}

/* Bytes of text. */
static inline size_t str_size(const str_object *s)
{
    return s->var.count - str_prefix(s);
}

/* Code points. */
static inline int64_t str_length(const str_object *s)
{
    assert(s != NULL);
    if (WEFT_LIKELY(!str_is_wide(s)))
        return (int64_t)s->var.count;
    int64_t length;
    memcpy(&length, s->data, sizeof length);
    return length;
}

uint64_t str_hash_compute(str_object *s);

/* What weft_hash gives for it: 63 bits, never 0. Never fails. Any thread. */
static inline uint64_t str_hash(str_object *s)
{
    uint64_t hash = weft_load_relaxed(&s->meta) >> 1; /* relaxed: whoever computes it stores the same */
    return WEFT_LIKELY(hash != 0) ? hash : str_hash_compute(s);
}

/* Same text? Never fails. Any thread. */
static inline bool str_equal(const str_object *a, const str_object *b)
{
    if (a == b)
        return true;
    if (a->var.count != b->var.count)
        return false;
    uint64_t x = weft_load_relaxed(&a->meta), y = weft_load_relaxed(&b->meta);
    if (x != y && (((x ^ y) & STR_WIDE) || (x > STR_WIDE && y > STR_WIDE)))
        return false; /* both hashes are known and differ, or only one is ASCII */
    return memcmp(a->data, b->data, a->var.count) == 0;
}

/* The static str of this text, or NULL if it has none. */
weft_object *str_find_static(const char *text, size_t size);

/* A str of `size` bytes whose text the caller writes before anyone else sees it; `length` in code points. The NUL is
 * written already. Sizes 0 and 1 too give a new object. NULL: WEFT_ERROR_MEMORY, WEFT_ERROR_OVERFLOW. */
str_object *str_alloc(weft_thread *self, size_t size, int64_t length);

/* From text known to be UTF-8 of `length` code points; shares the empty and the one-byte strings. */
weft_object *str_from_valid(weft_thread *self, const char *text, size_t size, int64_t length);

static inline weft_object *str_from_ascii(weft_thread *self, const char *text, size_t size)
{
    return str_from_valid(self, text, size, (int64_t)size);
}

#endif
