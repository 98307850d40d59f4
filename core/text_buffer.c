/* text_buffer.c - text that grows. See text_buffer.h. */
#include "core/text_buffer.h"

#include <string.h>

#include "core/types/str.h"
#include "core/types/utf8.h"

enum { FIRST_CAPACITY = 64 };

void text_buffer_open(text_buffer *b, weft_thread *self)
{
    *b = (text_buffer){.self = self};
}

/* Makes room for `more` bytes; false after an error. */
static bool reserve(text_buffer *b, size_t more)
{
    if (b->failed)
        return false;
    if (WEFT_LIKELY(more <= b->capacity - b->size))
        return true;
    if (more > (size_t)PTRDIFF_MAX / 2 - b->size) {
        weft_error_set(WEFT_ERROR_OVERFLOW, "a text of more than %zu bytes is too large", b->size);
        b->failed = true;
        return false;
    }
    size_t capacity = b->capacity ? b->capacity * 2 : FIRST_CAPACITY;
    if (capacity < b->size + more)
        capacity = b->size + more;
    char *text =
        b->text ? weft_mem_realloc(b->self, b->text, b->capacity, capacity) : weft_mem_alloc(b->self, capacity);
    if (text == NULL) {
        b->failed = true;
        return false;
    }
    b->text = text;
    b->capacity = capacity;
    return true;
}

void text_buffer_add(text_buffer *b, const char *text, size_t size, int64_t length)
{
    if (size == 0 || !reserve(b, size))
        return;
    memcpy(b->text + b->size, text, size);
    b->size += size;
    b->length += length;
}

void text_buffer_add_ascii(text_buffer *b, const char *text)
{
    size_t size = strlen(text);
    text_buffer_add(b, text, size, (int64_t)size);
}

void text_buffer_add_utf8(text_buffer *b, const char *text)
{
    size_t size = strlen(text);
    text_buffer_add(b, text, size, utf8_count(text, size));
}

void text_buffer_add_str(text_buffer *b, const weft_object *str)
{
    str_object *s = str_of(str);
    text_buffer_add(b, str_text(s), str_size(s), str_length(s));
}

void text_buffer_add_repr(text_buffer *b, weft_object *o)
{
    if (b->failed)
        return;
    weft_object *repr = weft_repr(b->self, o);
    if (repr == NULL) {
        b->failed = true;
        return;
    }
    text_buffer_add_str(b, repr);
    weft_decref(b->self, repr);
}

weft_object *text_buffer_finish(text_buffer *b)
{
    weft_object *str = b->failed ? NULL : str_from_valid(b->self, b->text, b->size, b->length);
    text_buffer_drop(b);
    return str;
}

void text_buffer_drop(text_buffer *b)
{
    weft_mem_free(b->self, b->text, b->capacity);
    b->text = NULL;
    b->size = b->capacity = 0;
}
