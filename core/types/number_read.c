/* number_read.c - decimal numbers read with a '.' whatever the process's locale says. Any thread. */
#include <locale.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/types/number_text.h"

static locale_t c_locale; /* constant once made; NULL: there was no memory for it */

static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

double number_float_read(const char *text)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_c_locale);
    /* Without one, the process's own is right wherever it is not a locale with a comma. */
    return c_locale ? strtod_l(text, NULL, c_locale) : strtod(text, NULL);
}
