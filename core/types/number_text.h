/* number_text.h - numbers as text, the same in every locale. Pure functions; any thread. */
#ifndef WEFT_CORE_TYPES_NUMBER_TEXT_H
#define WEFT_CORE_TYPES_NUMBER_TEXT_H

#include <stddef.h>
#include <stdint.h>

enum { NUMBER_TEXT_MAX = 40 }; /* bytes that either function may write, NUL included */

/* Decimal digits with a '-' where needed. Returns the bytes written, without the NUL. */
size_t number_int_text(int64_t value, char *text);

/* The shortest decimal that reads back as the same double, always recognisable as a float: 1.0, 0.1, 1e+100, inf, nan. */
size_t number_float_text(double value, char *text);

/* The double nearest to a decimal number, HUGE_VAL with its sign if there is none. `text` is NUL-terminated and well formed. */
double number_float_read(const char *text);

/* Replaces a locale's decimal point, which may be several bytes, by '.'. Returns the new length. */
size_t number_set_point(char *text);

#endif
