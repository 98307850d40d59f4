/* str.c - immutable text in UTF-8.
 *
 * A str is checked once, when it is made; its length in code points falls out of that. Its hash is computed when
 * first asked for and stored beside the text with one relaxed store: threads that race compute and store the same.
 * The empty string and the 128 strings of one byte are static and immortal. Any attached thread. */
#include "core/types/str.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/hash.h"
#include "core/types/text_repr.h"
#include "core/types/types.h"
#include "core/types/utf8.h"

enum {
    STATIC_SIZE = 48, /* of a block with room for one byte and its NUL */
    STATIC_EMPTY = 128,
    STATIC_COUNT = 129,
    FORMAT_ON_STACK = 256
};

WEFT_STATIC_ASSERT(offsetof(str_object, data) == 32, "15 bytes of text fit in a block of 48");
WEFT_STATIC_ASSERT(offsetof(str_object, data) + 2 <= STATIC_SIZE, "static strings");

/* The strings of one ASCII byte, at the byte's place, and the empty one. Written only by str_type_init and, in meta,
 * by str_hash. */
static _Alignas(16) unsigned char static_strings[STATIC_COUNT][STATIC_SIZE];

static inline str_object *static_string(size_t index)
{
    return (str_object *)(void *)static_strings[index];
}

/* The shared string for this text, or NULL if it has none. */
static inline str_object *find_static(const char *text, size_t size)
{
    if (size == 0)
        return static_string(STATIC_EMPTY);
    return size == 1 && (unsigned char)text[0] < 128 ? static_string((unsigned char)text[0]) : NULL;
}

weft_object *str_find_static(const char *text, size_t size)
{
    str_object *s = find_static(text, size);
    return s ? &s->var.object : NULL;
}

str_object *str_alloc(weft_thread *self, size_t size, int64_t length)
{
    if (WEFT_UNLIKELY(size > (size_t)PTRDIFF_MAX - STR_SIZE_MAX_SLACK)) {
        weft_error_set(WEFT_ERROR_OVERFLOW, "a str of %zu bytes is too large", size);
        return NULL;
    }
    bool wide = (size_t)length != size;
    size_t count = size + (wide ? STR_LENGTH_SIZE : 0);
    weft_object *o = object_alloc_sized(thread_of(self), WEFT_TYPE_STR, offsetof(str_object, data) + count + 1);
    if (WEFT_UNLIKELY(o == NULL))
        return NULL;
    str_object *s = str_of(o);
    s->var.count = count;
    s->meta = wide;
    if (wide)
        memcpy(s->data, &length, sizeof length);
    s->data[count] = '\0';
    return s;
}

weft_object *str_from_valid(weft_thread *self, const char *text, size_t size, int64_t length)
{
    str_object *s = find_static(text, size);
    if (s == NULL) {
        s = str_alloc(self, size, length);
        if (WEFT_UNLIKELY(s == NULL))
            return NULL;
        memcpy(str_text(s), text, size);
    }
    return &s->var.object;
}

/* As str_from_valid, after a check that names `function` in the error. */
static weft_object *from_unchecked(weft_thread *self, const char *text, size_t size, const char *function)
{
    utf8_error error;
    int64_t length = utf8_check(text, size, &error);
    if (WEFT_UNLIKELY(length < 0)) {
        weft_error_set(WEFT_ERROR_VALUE, "%s: malformed UTF-8 at byte %zu (0x%02X): %s", function, error.offset,
                       (unsigned)(unsigned char)text[error.offset], error.problem);
        return NULL;
    }
    return str_from_valid(self, text, size, length);
}

weft_object *weft_str_new(weft_thread *self, const char *utf8, size_t size)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (WEFT_UNLIKELY(utf8 == NULL && size != 0)) {
        weft_error_set(WEFT_ERROR_VALUE, "%s: utf8 is NULL with a size of %zu", __func__, size);
        return NULL;
    }
    if (WEFT_UNLIKELY(size > (size_t)PTRDIFF_MAX - STR_SIZE_MAX_SLACK)) {
        weft_error_set(WEFT_ERROR_OVERFLOW, "%s: a str of %zu bytes is too large", __func__, size);
        return NULL;
    }
    return from_unchecked(self, utf8, size, __func__);
}

/* The result did not fit on the stack: formats it again into raw memory of `size` bytes and the NUL. */
static weft_object *format_large(weft_thread *self, const char *format, va_list arguments, size_t size)
{
    char *text = weft_mem_alloc(self, size + 1);
    if (text == NULL)
        return NULL;
    weft_object *o = NULL;
    if (vsnprintf(text, size + 1, format, arguments) == (int)size)
        o = from_unchecked(self, text, size, "weft_str_format");
    else
        weft_error_set(WEFT_ERROR_VALUE, "weft_str_format: an argument changed while it was formatted");
    weft_mem_free(self, text, size + 1);
    return o;
}

weft_object *weft_str_format(weft_thread *self, const char *format, ...)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (format == NULL) {
        weft_error_set(WEFT_ERROR_VALUE, "%s: format is NULL", __func__);
        return NULL;
    }
    char text[FORMAT_ON_STACK];
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    weft_object *o = NULL;
    int size = vsnprintf(text, sizeof text, format, arguments);
    if (size < 0)
        weft_error_set(WEFT_ERROR_VALUE, "%s: the C library cannot format this", __func__);
    else if ((size_t)size < sizeof text)
        o = from_unchecked(self, text, (size_t)size, __func__);
    else
        o = format_large(self, format, again, (size_t)size);
    va_end(again);
    va_end(arguments);
    return o;
}

const char *weft_str_utf8(weft_thread *self, const weft_object *o, size_t *size)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (!object_check(o, WEFT_TYPE_STR, __func__))
        return NULL;
    if (size != NULL)
        *size = str_size(str_of(o));
    return str_text(str_of(o));
}

int64_t weft_str_length(weft_thread *self, const weft_object *o)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_STR, __func__))
        return weft_error_status();
    return str_length(str_of(o));
}

weft_object *weft_str_concat(weft_thread *self, weft_object *a, weft_object *b)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (!object_check(a, WEFT_TYPE_STR, __func__) || !object_check(b, WEFT_TYPE_STR, __func__))
        return NULL;
    str_object *x = str_of(a), *y = str_of(b);
    size_t left = str_size(x), right = str_size(y);
    if (left == 0 || right == 0)
        return weft_ref(self, left == 0 ? b : a);
    /* Each is less than PTRDIFF_MAX, so the sum does not wrap, and str_alloc refuses it if it is too large. */
    str_object *s = str_alloc(self, left + right, str_length(x) + str_length(y));
    if (WEFT_UNLIKELY(s == NULL))
        return NULL;
    memcpy(str_text(s), str_text(x), left);
    memcpy(str_text(s) + left, str_text(y), right);
    return &s->var.object;
}

uint64_t str_hash_compute(str_object *s)
{
    uint64_t hash = hash_bytes(str_text(s), str_size(s), WEFT_TYPE_STR) >> 1;
    if (hash == 0)
        hash = 1;
    /* relaxed: the text it comes from is constant, and nobody reads anything else because of it */
    weft_store_relaxed(&s->meta, hash << 1 | (uint64_t)str_is_wide(s));
    return hash;
}

static weft_status hash_callback(weft_thread *self, weft_object *o, uint64_t *hash)
{
    (void)self;
    *hash = str_hash(str_of(o));
    return WEFT_OK;
}

static int equal_callback(weft_thread *self, weft_object *a, weft_object *b)
{
    (void)self;
    return weft_is_str(b) && str_equal(str_of(a), str_of(b));
}

static void static_string_init(size_t index, size_t size)
{
    str_object *s = static_string(index);
    s->var.object = (weft_object)WEFT_STATIC_OBJECT(WEFT_TYPE_STR);
    s->var.count = size;
    s->meta = 0;
    s->data[0] = size ? (char)index : '\0';
    s->data[1] = '\0';
}

void str_type_init(void)
{
    type_set_builtin(WEFT_TYPE_STR, &(weft_type_spec){.name = "str",
                                                      .size = offsetof(str_object, data) + 1,
                                                      .item_size = 1,
                                                      .hash = hash_callback,
                                                      .equal = equal_callback,
                                                      .repr = str_repr});
    for (size_t i = 0; i < STATIC_EMPTY; i++)
        static_string_init(i, 1);
    static_string_init(STATIC_EMPTY, 0);
}
