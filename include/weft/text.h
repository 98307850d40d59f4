/* text.h - str and bytes. Immutable. All functions: any attached thread. */
#ifndef WEFT_TEXT_H
#define WEFT_TEXT_H

#include "weft/object.h"

WEFT_BEGIN_DECLS

static inline bool weft_is_str(const weft_object *o) { return weft_type_index(o) == WEFT_TYPE_STR; }
static inline bool weft_is_bytes(const weft_object *o) { return weft_type_index(o) == WEFT_TYPE_BYTES; }

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

WEFT_END_DECLS

#endif
