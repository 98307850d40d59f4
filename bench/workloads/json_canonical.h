/* json_canonical.h - a JSON text in the formatting this program writes, without any Weft object on the way. */
#ifndef WEFT_BENCH_JSON_CANONICAL_H
#define WEFT_BENCH_JSON_CANONICAL_H

#include <stddef.h>

/* malloced, *result_size bytes; NULL if the text is malformed or memory is short. */
char *json_canonical(const char *text, size_t size, size_t *result_size);

#endif
