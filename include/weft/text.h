/* text.h - str and bytes, immutable; and the buffer. All functions: any attached thread. */
#ifndef WEFT_TEXT_H
#define WEFT_TEXT_H

#include "weft/object.h"

WEFT_BEGIN_DECLS

static inline bool weft_is_str(const weft_object *o)
{
    return weft_type_index(o) == WEFT_TYPE_STR;
}

static inline bool weft_is_bytes(const weft_object *o)
{
    return weft_type_index(o) == WEFT_TYPE_BYTES;
}

/* A str of `size` bytes of UTF-8, copied; it may hold NUL bytes. Empty and one-byte strings are shared. NULL:
 * WEFT_ERROR_VALUE (malformed UTF-8, names the offset; utf8 NULL with a size), WEFT_ERROR_MEMORY, _OVERFLOW. */
WEFT_API WEFT_MUST_USE weft_object *weft_str_new(weft_thread *self, const char *utf8, size_t size);

/* From printf's format; the result must be UTF-8. */
WEFT_API WEFT_MUST_USE weft_object *weft_str_format(weft_thread *self, const char *format, ...) WEFT_PRINTF(2, 3);

/* Its bytes, NUL-terminated, valid as long as `o` is; *size (may be NULL) without the NUL. NULL: WEFT_ERROR_TYPE. */
WEFT_API const char *weft_str_utf8(weft_thread *self, const weft_object *o, size_t *size);

/* Code points, or WEFT_ERROR_TYPE. */
WEFT_API int64_t weft_str_length(weft_thread *self, const weft_object *o);

/* A new str of both, or NULL. */
WEFT_API WEFT_MUST_USE weft_object *weft_str_concat(weft_thread *self, weft_object *a, weft_object *b);

WEFT_API WEFT_MUST_USE weft_object *weft_bytes_new(weft_thread *self, const void *data, size_t size);
WEFT_API const uint8_t *weft_bytes_data(weft_thread *self, const weft_object *o, size_t *size);

/* ---- more about str. Indexes and lengths are in code points. ---- */

/* A new str of the code points from `start` up to, not including, `end`. NULL: WEFT_ERROR_INDEX unless
 * 0 <= start <= end <= length. */
WEFT_API WEFT_MUST_USE weft_object *weft_str_slice(weft_thread *self, weft_object *o, int64_t start, int64_t end);

/* 1 and *index (may be NULL): where `part` first begins, at `start` or later; 0: nowhere. WEFT_ERROR_INDEX unless
 * 0 <= start <= length. */
WEFT_API int weft_str_find(weft_thread *self, weft_object *o, weft_object *part, int64_t start, int64_t *index);

/* A new list of the pieces between the separators, at least one. NULL: WEFT_ERROR_VALUE (the separator is empty). */
WEFT_API WEFT_MUST_USE weft_object *weft_str_split(weft_thread *self, weft_object *o, weft_object *separator);

/* A new str of the strs in `items`, a tuple or a list, with `o` between them. WEFT_ERROR_TYPE names an item that is no
 * str. A list that changes meanwhile is joined as it is found, item by item. */
WEFT_API WEFT_MUST_USE weft_object *weft_str_join(weft_thread *self, weft_object *o, weft_object *items);

/* A number in base 2 to 36 with at least `digits` digits (0 to 64), as weft_repr has it in base 10. WEFT_ERROR_VALUE. */
WEFT_API WEFT_MUST_USE weft_object *weft_str_from_int(weft_thread *self, int64_t value, int base, int digits);

/* As printf's %e, %f and %g (`style` is the letter), but with a '.' in every locale; or 'r', the shortest that reads
 * back, where precision means nothing. precision: 0 to 100. WEFT_ERROR_VALUE. */
WEFT_API WEFT_MUST_USE weft_object *weft_str_from_float(weft_thread *self, double value, char style, int precision);

/* The one str of this text in the runtime: a new reference to it, which is `o` itself if there was none. So interned strs
 * are equal exactly when they are the same object. An immortal one stays for good; others leave the table when they die.
 * Finding one that is there takes no lock. NULL: WEFT_ERROR_TYPE, WEFT_ERROR_MEMORY. */
WEFT_API WEFT_MUST_USE weft_object *weft_str_intern(weft_thread *self, weft_object *o, bool immortal);

/* ---- buffer: bytes that grow. Any number of threads at once; each call is one step for the others. ---- */

static inline bool weft_is_buffer(const weft_object *o)
{
    return weft_type_index(o) == WEFT_TYPE_BUFFER;
}

/* `capacity` is a hint. NULL: WEFT_ERROR_MEMORY, WEFT_ERROR_OVERFLOW. */
WEFT_API WEFT_MUST_USE weft_object *weft_buffer_new(weft_thread *self, size_t capacity);
WEFT_API int64_t weft_buffer_size(weft_thread *self, weft_object *o);
WEFT_API weft_status weft_buffer_append(weft_thread *self, weft_object *o, const void *data, size_t size);
/* Copies the bytes from `start` up to `end` to `data`. WEFT_ERROR_INDEX unless 0 <= start <= end <= size. */
WEFT_API weft_status weft_buffer_read(weft_thread *self, weft_object *o, int64_t start, int64_t end, void *data);
/* Overwrites `size` bytes from `start` on, which must be there. WEFT_ERROR_INDEX. */
WEFT_API weft_status weft_buffer_write(weft_thread *self, weft_object *o, int64_t start, const void *data, size_t size);
/* Forgets what comes after the first `size` bytes. WEFT_ERROR_INDEX if there are fewer. */
WEFT_API weft_status weft_buffer_truncate(weft_thread *self, weft_object *o, int64_t size);
/* The present contents as bytes, or as a str (WEFT_ERROR_VALUE if they are not UTF-8). */
WEFT_API WEFT_MUST_USE weft_object *weft_buffer_bytes(weft_thread *self, weft_object *o);
WEFT_API WEFT_MUST_USE weft_object *weft_buffer_str(weft_thread *self, weft_object *o);

WEFT_END_DECLS

#endif
