/* json_write.c - objects to JSON text, without recursion: weft/json.h.
 *
 * The containers that are being written stand in an array, with a reference each; one that is met again inside itself is
 * found there. The thread that calls; others may change the containers. */
#include <math.h>
#include <string.h>

#include "core/text_buffer.h"
#include "core/types/dict.h"
#include "core/types/list.h"
#include "core/types/number_text.h"
#include "core/types/str.h"
#include "core/types/types.h"
#include "core/types/utf8.h"

enum { FIRST_LEVELS = 16, STEPS_TO_SAFEPOINT = 1024 };

typedef struct level {
    weft_object *container;
    size_t position; /* of the next item: its index, or the dict's */
    bool begun;      /* an item has been written */
} level;

typedef struct writer {
    weft_thread *self;
    text_buffer text;
    int indent;
    level *levels; /* raw memory or `few` */
    size_t depth, capacity;
    unsigned steps;
    level few[FIRST_LEVELS];
} writer;

/* ---- text ------------------------------------------------------------------------------------------------------ */

static inline void add(writer *w, const char *ascii, size_t size)
{
    text_buffer_add(&w->text, ascii, size, (int64_t)size);
}

static void add_line(writer *w)
{
    static const char spaces[] = "                                "; /* 32 */
    if (w->indent == 0)
        return;
    add(w, "\n", 1);
    for (size_t left = w->depth * (size_t)w->indent; left > 0;) {
        size_t some = left < sizeof spaces - 1 ? left : sizeof spaces - 1;
        add(w, spaces, some);
        left -= some;
    }
}

static void add_escape(writer *w, unsigned char c)
{
    static const char hex[] = "0123456789abcdef", named[] = "\b\t\n\f\r\"\\", names[] = "btnfr\"\\";
    const char *found = c ? memchr(named, c, sizeof named - 1) : NULL;
    if (found != NULL)
        add(w, (char[]){'\\', names[found - named]}, 2);
    else
        add(w, (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
}

static inline bool needs_escape(unsigned char c)
{
    return c < 0x20 || c == '"' || c == '\\';
}

static void write_str(writer *w, const weft_object *o)
{
    str_object *s = str_of(o);
    const char *text = str_text(s);
    size_t size = str_size(s), from = 0;
    bool wide = str_is_wide(s);
    add(w, "\"", 1);
    for (size_t i = 0; i <= size; i++) {
        if (i < size && !needs_escape((unsigned char)text[i]))
            continue;
        text_buffer_add(&w->text, text + from, i - from,
                        wide ? utf8_count(text + from, i - from) : (int64_t)(i - from));
        if (i < size)
            add_escape(w, (unsigned char)text[i]);
        from = i + 1;
    }
    add(w, "\"", 1);
}

static bool write_float(writer *w, double value)
{
    if (!isfinite(value)) {
        weft_error_set(WEFT_ERROR_VALUE, "weft_json_write: %s is not a number that JSON knows",
                       isnan(value) ? "NaN" : "an infinity");
        return false;
    }
    char text[NUMBER_TEXT_MAX];
    add(w, text, number_float_text(value, text));
    return true;
}

/* ---- containers ------------------------------------------------------------------------------------------------ */

static bool levels_grow(writer *w)
{
    size_t bytes = w->capacity * sizeof *w->levels;
    level *more = weft_mem_alloc(w->self, 2 * bytes);
    if (more == NULL)
        return false;
    memcpy(more, w->levels, bytes);
    if (w->levels != w->few)
        weft_mem_free(w->self, w->levels, bytes);
    w->levels = more;
    w->capacity *= 2;
    return true;
}

static bool begin_container(writer *w, weft_object *o)
{
    for (size_t i = 0; i < w->depth; i++) {
        if (w->levels[i].container == o) {
            weft_error_set(WEFT_ERROR_VALUE, "weft_json_write: a %s contains itself", weft_type_of(o)->name);
            return false;
        }
    }
    if (w->depth == WEFT_JSON_DEPTH_MAX) {
        weft_error_set(WEFT_ERROR_LIMIT, "weft_json_write: more than %d containers within each other",
                       WEFT_JSON_DEPTH_MAX);
        return false;
    }
    if (w->depth == w->capacity && !levels_grow(w))
        return false;
    w->levels[w->depth++] = (level){weft_ref(w->self, o), 0, false};
    add(w, weft_is_dict(o) ? "{" : "[", 1);
    return true;
}

static void end_container(writer *w)
{
    level top = w->levels[--w->depth];
    if (top.begun)
        add_line(w);
    add(w, weft_is_dict(top.container) ? "}" : "]", 1);
    weft_decref(w->self, top.container);
}

/* A new reference to the next item, NULL at the end; and its key, of a dict. */
static weft_object *next_item(writer *w, level *top, weft_object **key)
{
    *key = NULL;
    if (weft_is_list(top->container))
        return list_item(w->self, list_of(top->container), top->position++);
    weft_object *value = NULL;
    if (weft_is_dict(top->container)) {
        (void)dict_next(w->self, dict_of(top->container), &top->position, key, &value);
        return value;
    }
    const tuple_object *t = (const tuple_object *)(const void *)top->container;
    return top->position < t->var.count ? weft_ref(w->self, t->items[top->position++]) : NULL;
}

static bool write_key(writer *w, const weft_object *key)
{
    if (!weft_is_str(key)) {
        weft_error_set(WEFT_ERROR_TYPE, "weft_json_write: a key must be a str, not %s", weft_type_of(key)->name);
        return false;
    }
    write_str(w, key);
    add(w, ": ", w->indent ? 2 : 1);
    return true;
}

/* A container is only begun. */
static bool write_value(writer *w, weft_object *o)
{
    char text[NUMBER_TEXT_MAX];
    switch (weft_type_index(o)) {
    case WEFT_TYPE_NONE:
        add(w, "null", 4);
        return true;
    case WEFT_TYPE_BOOL:
        add(w, o == &weft_true ? "true" : "false", o == &weft_true ? 4 : 5);
        return true;
    case WEFT_TYPE_INT:
        add(w, text, number_int_text(weft_int_get(o), text));
        return true;
    case WEFT_TYPE_FLOAT:
        return write_float(w, weft_float_get(o));
    case WEFT_TYPE_STR:
        write_str(w, o);
        return true;
    case WEFT_TYPE_LIST:
    case WEFT_TYPE_TUPLE:
    case WEFT_TYPE_DICT:
        return begin_container(w, o);
    default:
        weft_error_set(WEFT_ERROR_TYPE, "weft_json_write: %s has no form in JSON", weft_type_of(o)->name);
        return false;
    }
}

/* The next item of the innermost container, or its end. */
static bool write_next(writer *w)
{
    level *top = &w->levels[w->depth - 1];
    weft_object *key, *value = next_item(w, top, &key);
    if (value == NULL) {
        end_container(w);
        return true;
    }
    if (top->begun)
        add(w, ",", 1);
    top->begun = true;
    add_line(w);
    bool written = (key == NULL || write_key(w, key)) && write_value(w, value);
    weft_xdecref(w->self, key);
    weft_decref(w->self, value);
    return written;
}

weft_object *weft_json_write(weft_thread *self, weft_object *o, int indent)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (o == NULL || indent < 0 || indent > WEFT_JSON_INDENT_MAX) {
        if (o == NULL)
            weft_error_set(WEFT_ERROR_VALUE, "%s: the object is NULL", __func__);
        else
            weft_error_set(WEFT_ERROR_VALUE, "%s: an indent of %d, not from 0 to %d", __func__, indent,
                           WEFT_JSON_INDENT_MAX);
        return NULL;
    }
    writer w = {.self = self, .indent = indent, .capacity = FIRST_LEVELS};
    w.levels = w.few;
    text_buffer_open(&w.text, self);
    bool good = write_value(&w, o);
    while (good && w.depth > 0 && !w.text.failed) {
        good = write_next(&w);
        if (WEFT_UNLIKELY(++w.steps % STEPS_TO_SAFEPOINT == 0))
            weft_safepoint(self);
    }
    while (w.depth > 0)
        weft_decref(self, w.levels[--w.depth].container);
    if (w.levels != w.few)
        weft_mem_free(self, w.levels, w.capacity * sizeof *w.levels);
    if (good)
        return text_buffer_finish(&w.text);
    text_buffer_drop(&w.text);
    return NULL;
}
