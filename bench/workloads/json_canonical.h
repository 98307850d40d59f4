/* json_canonical.h - a JSON text in the formatting this program writes, without any Weft object on the way. */
#ifndef WEFT_BENCH_JSON_CANONICAL_H
#define WEFT_BENCH_JSON_CANONICAL_H

#include <stdbool.h>
#include <stddef.h>

/* Is `text` formatted as this program writes? False also if it is malformed. */
bool json_is_canonical(const char *text, size_t size);

/* The same values in that formatting: malloced, *result_size bytes; NULL if the text is malformed or memory is short. */
char *json_canonical(const char *text, size_t size, size_t *result_size);

/* Compares what a generator prints with what was expected, without keeping it. */
typedef struct json_match {
    const char *expected;
    size_t size;
    size_t same; /* bytes that were as expected, up to the first difference */
    bool differs;
} json_match;

/* For yajl_gen_print_callback; `match` is a json_match. */
void json_match_piece(void *match, const char *piece, size_t size);

/* Was everything printed that was expected, and nothing else? */
bool json_match_complete(const json_match *match);

#endif
