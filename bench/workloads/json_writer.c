/* json_writer.c - see json_reader.h: objects to yajl's generator, and numbers between text and value. */
#include "workloads/json_reader.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

yajl_gen json_new_generator(yajl_print_t print, void *arg)
{
    yajl_gen gen = yajl_gen_alloc(NULL);
    if (!gen) {
        weft_error_set(WEFT_ERROR_MEMORY, "no memory for the JSON generator");
        return NULL;
    }
    yajl_gen_config(gen, yajl_gen_beautify, 1);
    yajl_gen_config(gen, yajl_gen_indent_string, "  ");
    if (print)
        yajl_gen_config(gen, yajl_gen_print_callback, print, arg);
    return gen;
}

weft_status json_parse_number(const char *text, size_t size, bool *is_integer, int64_t *integer, double *real)
{
    char copy[JSON_NUMBER_MAX + 1];
    if (size > JSON_NUMBER_MAX)
        return weft_error_set(WEFT_ERROR_PARSE, "a number of %zu digits, more than %d", size, JSON_NUMBER_MAX);
    memcpy(copy, text, size);
    copy[size] = '\0';
    *is_integer = strpbrk(copy, ".eE") == NULL;
    errno = 0;
    if (*is_integer)
        *integer = strtoll(copy, NULL, 10);
    else
        *real = strtod(copy, NULL);
    if (*is_integer ? errno == ERANGE : !isfinite(*real))
        return weft_error_set(WEFT_ERROR_PARSE, "the number %.40s does not fit %s", copy,
                              *is_integer ? "64 bits" : "a double");
    return WEFT_OK;
}

size_t json_format_real(double value, char text[32])
{
    int length = 0;
    for (int digits = 15; digits <= 17; digits++) {
        length = snprintf(text, 29, "%.*g", digits, value);
        if (strtod(text, NULL) == value) /* NOLINT: exactly equal is what is asked */
            break;
    }
    if (!strpbrk(text, ".e"))
        length += snprintf(text + length, 3, ".0");
    return (size_t)length;
}

static weft_status verdict(yajl_gen_status status)
{
    if (status == yajl_gen_status_ok)
        return WEFT_OK;
    return weft_error_set(WEFT_ERROR_VALUE, "the JSON generator refused a value (status %d)", (int)status);
}

static weft_status write_str(weft_thread *self, yajl_gen gen, weft_object *o)
{
    size_t size = 0;
    const char *text = weft_str_utf8(self, o, &size);
    return text ? verdict(yajl_gen_string(gen, (const unsigned char *)text, size)) : weft_error_status();
}

static weft_status write_list(weft_thread *self, yajl_gen gen, weft_object *list)
{
    weft_status status = verdict(yajl_gen_array_open(gen));
    int64_t size = weft_list_size(self, list);
    for (int64_t i = 0; status == WEFT_OK && i < size; i++) {
        weft_object *item = weft_list_get(self, list, i);
        status = item ? json_write(self, gen, item) : weft_error_status();
        weft_xdecref(self, item);
    }
    return status == WEFT_OK ? verdict(yajl_gen_array_close(gen)) : status;
}

static weft_status write_dict(weft_thread *self, yajl_gen gen, weft_object *dict)
{
    weft_status status = verdict(yajl_gen_map_open(gen));
    weft_object *key = NULL, *value = NULL;
    size_t position = 0;
    while (status == WEFT_OK && weft_dict_next(self, dict, &position, &key, &value) == 1) {
        status = write_str(self, gen, key);
        if (status == WEFT_OK)
            status = json_write(self, gen, value);
        weft_decref(self, key);
        weft_decref(self, value);
    }
    return status == WEFT_OK ? verdict(yajl_gen_map_close(gen)) : status;
}

static weft_status write_real(yajl_gen gen, double value)
{
    char text[32];
    size_t length = json_format_real(value, text);
    return verdict(yajl_gen_number(gen, text, length));
}

weft_status json_write(weft_thread *self, yajl_gen gen, weft_object *o)
{
    weft_safepoint(self);
    switch (weft_type_index(o)) {
    case WEFT_TYPE_NONE:
        return verdict(yajl_gen_null(gen));
    case WEFT_TYPE_BOOL:
        return verdict(yajl_gen_bool(gen, o == &weft_true));
    case WEFT_TYPE_INT:
        return verdict(yajl_gen_integer(gen, weft_int_get(o)));
    case WEFT_TYPE_FLOAT:
        return write_real(gen, weft_float_get(o));
    case WEFT_TYPE_STR:
        return write_str(self, gen, o);
    case WEFT_TYPE_LIST:
        return write_list(self, gen, o);
    case WEFT_TYPE_DICT:
        return write_dict(self, gen, o);
    default:
        return weft_error_set(WEFT_ERROR_TYPE, "a %s cannot be written as JSON", weft_type_of(o)->name);
    }
}
