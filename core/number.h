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

#endif
