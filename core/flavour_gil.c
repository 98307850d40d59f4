/* flavour_gil.c - what this flavour calls itself. */
#include "weft/runtime.h"

const char weft_flavour_gil = 1;

const char *weft_flavour_name(void)
{
    return "gil";
}
