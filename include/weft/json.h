/* json.h - objects from JSON text and back (RFC 8259).
 *
 *   null none   true, false bool   123 int   1.0, 1e3 float   "..." str   [...] list   {...} dict with str keys
 *
 * An integer is an int, exactly, or an error; a number with a point or an exponent is a float. What is written reads back
 * as an equal object. Neither function recurses. Any attached thread. */
#ifndef WEFT_JSON_H
#define WEFT_JSON_H

#include "weft/object.h"

WEFT_BEGIN_DECLS

enum {
    WEFT_JSON_DEPTH_MAX = 1000, /* arrays and objects within each other */
    WEFT_JSON_INDENT_MAX = 16
};

/* What `size` bytes of UTF-8 say, a new reference. Nothing but white space may come after the value. Of keys that are there
 * twice the last counts. NULL: WEFT_ERROR_PARSE and a message that names the byte ("weft_json_parse: byte 17: ...", from
 * 0), WEFT_ERROR_OVERFLOW (a number that fits neither 64 bits nor a float, with the byte as well), WEFT_ERROR_LIMIT (too
 * deep), WEFT_ERROR_VALUE (text NULL with a size), WEFT_ERROR_MEMORY. */
WEFT_API WEFT_MUST_USE weft_object *weft_json_parse(weft_thread *self, const char *text, size_t size);

/* A new str: none, bool, int, float, str, list, tuple, dict. indent 0: all in one line without spaces; else each item on a line
 * of its own, indented by so many spaces a level. Characters beyond ASCII are written as they are. Containers that
 * others change meanwhile are written item by item as they are found. NULL: WEFT_ERROR_TYPE (another type, or a key that is no
 * str), WEFT_ERROR_VALUE (NaN, an infinity, a container within itself, a bad indent), WEFT_ERROR_LIMIT (too deep),
 * WEFT_ERROR_MEMORY. */
WEFT_API WEFT_MUST_USE weft_object *weft_json_write(weft_thread *self, weft_object *o, int indent);

WEFT_END_DECLS

#endif
