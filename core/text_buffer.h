/* text_buffer.h - text that grows, for repr and whatever else builds a str out of pieces.
 *
 * Errors stick: after the first one every call does nothing, and text_buffer_finish reports it. So a caller checks
 * once, at the end. Must be finished or dropped. The thread it was opened with only. */
#ifndef WEFT_CORE_TEXT_BUFFER_H
#define WEFT_CORE_TEXT_BUFFER_H

#include "core/core.h"

typedef struct text_buffer {
    weft_thread *self;
    char *text;      /* raw memory, or NULL */
    size_t size;     /* bytes in use */
    size_t capacity; /* bytes of text */
    int64_t length;  /* code points in use */
    bool failed;     /* and the error is set */
} text_buffer;

void text_buffer_open(text_buffer *b, weft_thread *self);

/* Adds `size` bytes of UTF-8 known to be `length` code points. */
void text_buffer_add(text_buffer *b, const char *text, size_t size, int64_t length);
/* Adds a NUL-terminated ASCII string. */
void text_buffer_add_ascii(text_buffer *b, const char *text);
/* Adds a NUL-terminated string known to be UTF-8. */
void text_buffer_add_utf8(text_buffer *b, const char *text);
/* Adds the text of a str. */
void text_buffer_add_str(text_buffer *b, const weft_object *str);
/* Adds what weft_repr gives for `o`. May run callbacks, and block. */
void text_buffer_add_repr(text_buffer *b, weft_object *o);

/* The str, a new reference, or NULL with the error that came first. The buffer is closed either way. */
weft_object *text_buffer_finish(text_buffer *b);
void text_buffer_drop(text_buffer *b);

#endif
