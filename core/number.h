/* number.h - how the two kinds of number meet: an int and a float are equal exactly when they are the same number, as
 * mathematics has it, not when rounding one makes them look alike. */
#ifndef WEFT_CORE_NUMBER_H
#define WEFT_CORE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* Is `value` a whole number from INT64_MIN to INT64_MAX? Then it is *whole. -0.0 is 0; NaN and infinities are not. */
static inline bool number_float_is_int(double value, int64_t *whole)
{
    if (!(value >= -0x1p63 && value < 0x1p63)) /* both bounds are exact; INT64_MAX as a double would not be */
        return false;
    *whole = (int64_t)value;
    return (double)*whole == value;
}

static inline bool number_equal(int64_t i, double f)
{
    int64_t whole;
    return number_float_is_int(f, &whole) && whole == i;
}

/* Where `i` stands to `f`, which is not NaN: negative, 0 or positive. */
static inline int number_compare(int64_t i, double f)
{
    if (!(f < 0x1p63))
        return -1;
    if (f < -0x1p63)
        return 1;
    int64_t whole = (int64_t)f; /* towards zero */
    if (i != whole)
        return i < whole ? -1 : 1;
    double fraction = f - (double)whole; /* exact */
    return fraction > 0 ? -1 : fraction < 0;
}

#endif
