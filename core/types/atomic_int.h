/* atomic_int.h - the steps of the atomic int. In the GIL flavour nobody else runs, and plain arithmetic will do.
 *
 *   atomic_int_load(p)                       the number
 *   atomic_int_swap(p, to)                   sets it and returns what it was
 *   atomic_int_try_add(p, more, was)         adds unless that overflows; *was is what it was; false: nothing changed
 *   atomic_int_try_replace(p, expected, to)  sets it if it is *expected; else *expected is what it is */
#ifndef WEFT_CORE_TYPES_ATOMIC_INT_H
#define WEFT_CORE_TYPES_ATOMIC_INT_H

#include "core/core.h"

#ifdef WEFT_GIL
#include "core/types/atomic_int_gil.h"
#else
#include "core/types/atomic_int_ft.h"
#endif

#endif
