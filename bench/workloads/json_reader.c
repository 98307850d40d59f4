/* json_reader.c - see json_reader.h: yajl's events to objects.
 *
 * The reader keeps the containers that are open on a stack of its own, each with the key that waits for its value. Keys
 * that come again within one file share one str, through a dict from each key to itself. A callback that fails leaves
 * Weft's error set and stops the parser; json_load_file adds the file and the offset. */
#include "workloads/json_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <yajl/yajl_parse.h>

enum { PIECE = 64 * 1024 };

typedef struct level {
    weft_object *container; /* owned */
    weft_object *key;       /* owned; of a dict, between the key and its value */
} level;

typedef struct reader {
    weft_thread *self;
    weft_object *root; /* owned; the finished value */
    weft_object *keys; /* owned; dict: key -> the same key */
    size_t depth;      /* levels in use */
    level levels[JSON_DEPTH_MAX];
} reader;

/* ---- events ---------------------------------------------------------------------------------------------------- */

static weft_status set_entry(weft_thread *self, level *top, weft_object *value)
{
    weft_object *present = NULL;
    int there = weft_dict_set_default(self, top->container, top->key, value, &present);
    weft_xdecref(self, present);
    if (there > 0)
        weft_error_set(WEFT_ERROR_PARSE, "the key \"%.80s\" comes twice in one object",
                       weft_str_utf8(self, top->key, NULL));
    weft_decref(self, top->key);
    top->key = NULL;
    return there == 0 ? WEFT_OK : weft_error_status();
}

/* Puts a value where it belongs; takes its reference. */
static int add(reader *r, weft_object *value)
{
    weft_status status = WEFT_OK;
    if (!value)
        return 0;
    if (r->depth == 0) {
        r->root = value;
        return 1;
    }
    level *top = &r->levels[r->depth - 1];
    if (weft_is_list(top->container))
        status = weft_list_append(r->self, top->container, value);
    else
        status = set_entry(r->self, top, value);
    weft_decref(r->self, value);
    return status == WEFT_OK;
}

static int on_null(void *context)
{
    return add(context, &weft_none);
}

static int on_boolean(void *context, int value)
{
    return add(context, weft_bool(value != 0));
}

static int on_number(void *context, const char *text, size_t size)
{
    reader *r = context;
    bool is_integer = false;
    int64_t integer = 0;
    double real = 0;
    if (json_parse_number(text, size, &is_integer, &integer, &real) != WEFT_OK)
        return 0;
    return add(r, is_integer ? weft_int_new(r->self, integer) : weft_float_new(r->self, real));
}

static int on_string(void *context, const unsigned char *text, size_t size)
{
    reader *r = context;
    return add(r, weft_str_new(r->self, (const char *)text, size));
}

static int on_key(void *context, const unsigned char *text, size_t size)
{
    reader *r = context;
    weft_object *key = weft_str_new(r->self, (const char *)text, size);
    if (!key)
        return 0;
    weft_object *shared = NULL;
    int there = weft_dict_set_default(r->self, r->keys, key, key, &shared);
    weft_decref(r->self, key);
    r->levels[r->depth - 1].key = shared;
    return there >= 0;
}

static int open_container(reader *r, weft_object *container)
{
    if (!container)
        return 0;
    if (r->depth == JSON_DEPTH_MAX) {
        weft_decref(r->self, container);
        weft_error_set(WEFT_ERROR_PARSE, "more than %d arrays and objects inside each other", JSON_DEPTH_MAX);
        return 0;
    }
    r->levels[r->depth++] = (level){container, NULL};
    return 1;
}

static int on_start_map(void *context)
{
    reader *r = context;
    return open_container(r, weft_dict_new(r->self));
}

static int on_start_array(void *context)
{
    reader *r = context;
    return open_container(r, weft_list_new(r->self, 0));
}

static int on_end(void *context)
{
    reader *r = context;
    weft_safepoint(r->self);
    return add(r, r->levels[--r->depth].container);
}

/* ---- the file -------------------------------------------------------------------------------------------------- */

static ssize_t read_piece(weft_thread *self, int file, unsigned char *piece, int *error)
{
    weft_block_begin(self);
    ssize_t size;
    do
        size = read(file, piece, PIECE);
    while (size < 0 && errno == EINTR);
    *error = errno;
    weft_block_end(self);
    return size;
}

/* "FILE: offset N: reason", where the reason is the parser's, or the error that a callback has set. */
static weft_status explain(const char *path, uint64_t offset, yajl_handle parser, yajl_status verdict)
{
    char reason[160];
    weft_status status = WEFT_ERROR_PARSE;
    if (verdict == yajl_status_client_canceled) {
        status = weft_error_status();
        snprintf(reason, sizeof reason, "%s", weft_error_message());
    } else {
        unsigned char *text = yajl_get_error(parser, 0, NULL, 0);
        snprintf(reason, sizeof reason, "%s", text ? (const char *)text : "malformed");
        reason[strcspn(reason, "\n")] = '\0';
        if (text)
            yajl_free_error(parser, text);
    }
    return weft_error_set(status, "%s: offset %llu: %s", path, (unsigned long long)offset, reason);
}

static weft_status parse_file(reader *r, yajl_handle parser, int file, const char *path, unsigned char *piece)
{
    uint64_t offset = 0;
    for (;;) {
        int error = 0;
        ssize_t size = read_piece(r->self, file, piece, &error);
        if (size < 0)
            return weft_error_set(WEFT_ERROR_SYSTEM, "%s: offset %llu: cannot read: %s", path,
                                  (unsigned long long)offset, strerror(error));
        yajl_status verdict = size ? yajl_parse(parser, piece, (size_t)size) : yajl_complete_parse(parser);
        if (verdict != yajl_status_ok)
            return explain(path, offset + (size ? yajl_get_bytes_consumed(parser) : 0), parser, verdict);
        if (size == 0)
            return WEFT_OK;
        offset += (uint64_t)size;
    }
}

static void drop_reader(reader *r)
{
    while (r->depth > 0) {
        const level *top = &r->levels[--r->depth];
        weft_decref(r->self, top->container);
        weft_xdecref(r->self, top->key);
    }
    weft_xdecref(r->self, r->keys);
    weft_xdecref(r->self, r->root);
}

static weft_status load(reader *r, int file, const char *path)
{
    static const yajl_callbacks callbacks = {
        .yajl_null = on_null,
        .yajl_boolean = on_boolean,
        .yajl_number = on_number,
        .yajl_string = on_string,
        .yajl_start_map = on_start_map,
        .yajl_map_key = on_key,
        .yajl_end_map = on_end,
        .yajl_start_array = on_start_array,
        .yajl_end_array = on_end,
    };
    weft_status status = WEFT_ERROR_MEMORY;
    yajl_handle parser = yajl_alloc(&callbacks, NULL, r);
    unsigned char *piece = malloc(PIECE);
    r->keys = weft_dict_new(r->self);
    if (!parser || !piece)
        weft_error_set(status, "%s: no memory for the parser", path);
    else if (r->keys)
        status = parse_file(r, parser, file, path, piece);
    free(piece);
    if (parser)
        yajl_free(parser);
    return status;
}

weft_object *json_load_file(weft_thread *self, const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        weft_error_set(WEFT_ERROR_SYSTEM, "%s: cannot open: %s", path, strerror(errno));
        return NULL;
    }
    reader r;
    r.self = self;
    r.root = r.keys = NULL;
    r.depth = 0;
    weft_object *root = NULL;
    if (load(&r, file, path) == WEFT_OK) {
        root = r.root;
        r.root = NULL;
    }
    drop_reader(&r);
    close(file);
    return root;
}
