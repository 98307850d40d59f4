/* number_str.c - numbers formatted into strs, the same in every locale. Any attached thread. */
#include <math.h>
#include <stdio.h>

#include "core/types/number_text.h"
#include "core/types/str.h"
#include "core/types/types.h"

enum { DIGITS_MOST = 64, PRECISION_MOST = 100, FLOAT_TEXT_MOST = 512 /* %f of the largest double has 309 + 1 + 100 */ };

weft_object *weft_str_from_int(weft_thread *self, int64_t value, int base, int digits)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (base < 2 || base > 36) {
        weft_error_set(WEFT_ERROR_VALUE, "%s: base %d is not from 2 to 36", __func__, base);
        return NULL;
    }
    if (digits < 0 || digits > DIGITS_MOST) {
        weft_error_set(WEFT_ERROR_VALUE, "%s: %d digits are not from 0 to %d", __func__, digits, DIGITS_MOST);
        return NULL;
    }
    char text[DIGITS_MOST + 1]; /* filled from its end */
    size_t at = sizeof text;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        text[--at] = "0123456789abcdefghijklmnopqrstuvwxyz"[left % (unsigned)base];
        left /= (unsigned)base;
    } while (left != 0);
    while (sizeof text - at < (size_t)digits)
        text[--at] = '0';
    if (value < 0)
        text[--at] = '-';
    return str_from_ascii(self, text + at, sizeof text - at);
}

weft_object *weft_str_from_float(weft_thread *self, double value, char style, int precision)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (style == '\0' || strchr("efgr", style) == NULL) {
        weft_error_set(WEFT_ERROR_VALUE, "%s: style is none of e, f, g and r", __func__);
        return NULL;
    }
    if (style != 'r' && (precision < 0 || precision > PRECISION_MOST)) {
        weft_error_set(WEFT_ERROR_VALUE, "%s: precision %d is not from 0 to %d", __func__, precision, PRECISION_MOST);
        return NULL;
    }
    char text[FLOAT_TEXT_MOST];
    if (style == 'r' || !isfinite(value))
        return str_from_ascii(self, text, number_float_text(value, text));
    switch (style) {
    case 'e':
        (void)snprintf(text, sizeof text, "%.*e", precision, value);
        break;
    case 'f':
        (void)snprintf(text, sizeof text, "%.*f", precision, value);
        break;
    default:
        (void)snprintf(text, sizeof text, "%.*g", precision, value);
        break;
    }
    return str_from_ascii(self, text, number_set_point(text));
}
