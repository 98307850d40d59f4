/* flavour_ft.c - what this flavour calls itself. */
#include "weft/runtime.h"

const char weft_flavour_free_threaded = 1;

const char *weft_flavour_name(void)
{
    return "free-threaded";
}
