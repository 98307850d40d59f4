/* utf8.h - UTF-8 as the Unicode standard defines it (table 3-7): no surrogates, no overlong forms, nothing beyond
 * U+10FFFF. Pure functions on bytes; any thread, attached or not. */
#ifndef WEFT_CORE_TYPES_UTF8_H
#define WEFT_CORE_TYPES_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct utf8_error {
    size_t offset;       /* of the first byte of the malformed sequence */
    const char *problem; /* static */
} utf8_error;

/* Code points in `size` bytes, or -1 and *error. */
int64_t utf8_check(const char *text, size_t size, utf8_error *error);

/* Bytes up to the first that is not ASCII; `size` if all are. */
size_t utf8_ascii_run(const char *text, size_t size);

/* The functions below take text that utf8_check has accepted. */

static inline bool utf8_is_continuation(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

/* Bytes of the sequence that `lead` begins: 1 to 4. */
static inline size_t utf8_sequence_size(char lead)
{
    unsigned char c = (unsigned char)lead;
    return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

/* Code points in `size` bytes. */
int64_t utf8_count(const char *text, size_t size);

/* The byte offset of code point `index`, `size` if there are no more than `index`. */
size_t utf8_offset(const char *text, size_t size, int64_t index);

#endif
