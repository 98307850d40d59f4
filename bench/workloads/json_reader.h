/* json_reader.h - JSON text to Weft objects and back, through yajl.
 *
 * object = dict with str keys, array = list, string = str, integer = int, any other number = float, true, false, null =
 * bool, none. What JSON allows and this mapping cannot keep is an error: a key that comes twice in one object, an
 * integer beyond 64 bits, a number beyond a double, more than JSON_DEPTH_MAX containers inside each other (yajl's
 * generator goes no deeper). Any attached thread; nothing is shared between calls. */
#ifndef WEFT_BENCH_JSON_READER_H
#define WEFT_BENCH_JSON_READER_H

#include <weft/weft.h>

#include <yajl/yajl_gen.h>

enum { JSON_DEPTH_MAX = 127, JSON_NUMBER_MAX = 400 };

/* Reads the file in pieces and builds its objects. New reference, or NULL with "FILE: offset N: reason":
 * WEFT_ERROR_SYSTEM (cannot be opened or read), WEFT_ERROR_PARSE (malformed, or not representable), or what Weft failed
 * with. Blocks, in blocking regions, while it reads. */
WEFT_MUST_USE weft_object *json_load_file(weft_thread *self, const char *path);

/* Writes `o` to `gen`. WEFT_ERROR_TYPE (an object that is not JSON), WEFT_ERROR_VALUE (what `gen` refused). */
weft_status json_write(weft_thread *self, yajl_gen gen, weft_object *o);

/* A generator with the formatting of the files: two blanks of indent. It gives its text to `print`, or keeps it in a
 * buffer if that is NULL. NULL: WEFT_ERROR_MEMORY. */
yajl_gen json_new_generator(yajl_print_t print, void *arg);

/* A number as this program writes it: *is_integer says which of the two values holds. WEFT_ERROR_PARSE out of range. */
weft_status json_parse_number(const char *text, size_t size, bool *is_integer, int64_t *integer, double *real);
/* The shortest decimal that reads as the same double again, always with a point or exponent. Returns its length. */
size_t json_format_real(double value, char text[32]);

#endif
