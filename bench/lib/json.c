/* json.c - see json.h. */
#include "lib/json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

json_writer json_begin(bool beautify)
{
    json_writer w = {yajl_gen_alloc(NULL), false};
    w.failed = w.gen == NULL;
    if (!w.failed) {
        yajl_gen_config(w.gen, yajl_gen_beautify, beautify ? 1 : 0);
        yajl_gen_config(w.gen, yajl_gen_indent_string, "  ");
    }
    return w;
}

static void note(json_writer *w, yajl_gen_status status)
{
    if (status != yajl_gen_status_ok)
        w->failed = true;
}

static void text(json_writer *w, const char *s)
{
    note(w, yajl_gen_string(w->gen, (const unsigned char *)s, strlen(s)));
}

/* Ready for a value? Writes its key. */
static bool begin_value(json_writer *w, const char *key)
{
    if (!w->failed && key)
        text(w, key);
    return !w->failed;
}

void json_map(json_writer *w, const char *key)
{
    if (begin_value(w, key))
        note(w, yajl_gen_map_open(w->gen));
}

void json_array(json_writer *w, const char *key)
{
    if (begin_value(w, key))
        note(w, yajl_gen_array_open(w->gen));
}

void json_end_map(json_writer *w)
{
    if (!w->failed)
        note(w, yajl_gen_map_close(w->gen));
}

void json_end_array(json_writer *w)
{
    if (!w->failed)
        note(w, yajl_gen_array_close(w->gen));
}

void json_string(json_writer *w, const char *key, const char *value)
{
    if (begin_value(w, key))
        text(w, value);
}

void json_integer(json_writer *w, const char *key, int64_t value)
{
    if (begin_value(w, key))
        note(w, yajl_gen_integer(w->gen, value));
}

void json_number(json_writer *w, const char *key, double value)
{
    if (!begin_value(w, key))
        return;
    if (!isfinite(value)) {
        note(w, yajl_gen_null(w->gen));
        return;
    }
    char digits[40];
    int length = snprintf(digits, sizeof digits, "%.7g", value);
    note(w, yajl_gen_number(w->gen, digits, (size_t)length));
}

void json_boolean(json_writer *w, const char *key, bool value)
{
    if (begin_value(w, key))
        note(w, yajl_gen_bool(w->gen, value));
}

static bool write_out(json_writer *w, FILE *file)
{
    const unsigned char *buffer = NULL;
    size_t size = 0;
    if (w->failed || yajl_gen_get_buf(w->gen, &buffer, &size) != yajl_gen_status_ok)
        return false;
    bool ok = fwrite(buffer, 1, size, file) == size;
    if (size && buffer[size - 1] != '\n')
        ok = fputc('\n', file) != EOF && ok;
    return fflush(file) == 0 && ok;
}

bool json_finish(json_writer *w, const char *path)
{
    FILE *file = path ? fopen(path, "w") : stdout;
    bool ok = file && write_out(w, file);
    int error = errno;
    if (file && path)
        ok = fclose(file) == 0 && ok;
    if (!ok)
        fprintf(stderr, "bench: cannot write %s: %s\n", path ? path : "to stdout",
                w->failed ? "out of memory or invalid JSON" : strerror(error));
    if (w->gen)
        yajl_gen_free(w->gen);
    w->gen = NULL;
    return ok;
}

double json_get_number(yajl_val object, const char *key, double fallback)
{
    const char *path[] = {key, NULL};
    yajl_val value = yajl_tree_get(object, path, yajl_t_number);
    return value && YAJL_IS_DOUBLE(value) ? YAJL_GET_DOUBLE(value) : fallback;
}

const char *json_get_string(yajl_val object, const char *key, const char *fallback)
{
    const char *path[] = {key, NULL};
    yajl_val value = yajl_tree_get(object, path, yajl_t_string);
    return value ? YAJL_GET_STRING(value) : fallback;
}
