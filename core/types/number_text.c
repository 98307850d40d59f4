/* number_text.c - numbers as text. Floats go through the C library, which rounds correctly but writes the decimal point
 * of the program's locale: that is put right afterwards. */
#include "core/types/number_text.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t number_int_text(int64_t value, char *text)
{
    char digits[20];
    size_t count = 0;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[count++] = (char)('0' + left % 10);
        left /= 10;
    } while (left != 0);
    size_t at = 0;
    if (value < 0)
        text[at++] = '-';
    while (count > 0)
        text[at++] = digits[--count];
    text[at] = '\0';
    return at;
}

size_t number_set_point(char *text)
{
    size_t start = strspn(text, "-+0123456789e");
    size_t point = strcspn(text + start, "-+0123456789e");
    if (point > 0) {
        text[start] = '.';
        memmove(text + start + 1, text + start + point, strlen(text + start + point) + 1);
    }
    return strlen(text);
}

size_t number_float_text(double value, char *text)
{
    if (!isfinite(value)) {
        strcpy(text, isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
        return strlen(text);
    }
    /* Trailing zeros are not written, so 15 digits that read back are the fewest; but numbers next to zero have less. */
    int precision = fabs(value) < DBL_MIN ? 1 : 15;
    for (; precision <= 17; precision++) {
        (void)snprintf(text, NUMBER_TEXT_MAX - 2, "%.*g", precision, value);
        if (strtod(text, NULL) == value)
            break;
    }
    size_t size = number_set_point(text);
    if (text[strcspn(text, ".e")] == '\0') {
        memcpy(text + size, ".0", 3);
        size += 2;
    }
    return size;
}
