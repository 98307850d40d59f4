/* json.h - the little JSON that the bench writes and reads, over yajl. One thread a writer.
 *
 * A writer remembers its first failure; json_finish reports it, so that callers need not look at every call. */
#ifndef WEFT_BENCH_JSON_H
#define WEFT_BENCH_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <yajl/yajl_gen.h>
#include <yajl/yajl_tree.h>

typedef struct json_writer {
    yajl_gen gen; /* NULL: memory was short */
    bool failed;
} json_writer;

json_writer json_begin(bool beautify);
void json_map(json_writer *w, const char *key); /* `key` NULL inside arrays and at the top */
void json_array(json_writer *w, const char *key);
void json_end_map(json_writer *w);
void json_end_array(json_writer *w);
void json_string(json_writer *w, const char *key, const char *value);
void json_integer(json_writer *w, const char *key, int64_t value);
void json_number(json_writer *w, const char *key, double value); /* seven digits; null if not finite */
void json_boolean(json_writer *w, const char *key, bool value);

/* Writes what was generated to `path`, or to stdout as one line if it is NULL, and frees the writer. False, after a
 * message on stderr, if anything failed. */
bool json_finish(json_writer *w, const char *path);

/* A number or string at `key` of an object; `fallback` if it is not there. */
double json_get_number(yajl_val object, const char *key, double fallback);
const char *json_get_string(yajl_val object, const char *key, const char *fallback);

#endif
