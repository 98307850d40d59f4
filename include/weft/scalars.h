/* scalars.h - none, bool, int, float: immutable; and the atomic int. All functions: any attached thread. */
#ifndef WEFT_SCALARS_H
#define WEFT_SCALARS_H

#include "weft/object.h"

WEFT_BEGIN_DECLS

/* Static and immortal, shared by all runtimes: counting them is allowed and does nothing. */
WEFT_API extern weft_object weft_none;
WEFT_API extern weft_object weft_true;
WEFT_API extern weft_object weft_false;

static inline weft_object *weft_bool(bool value)
{
    return value ? &weft_true : &weft_false;
}

enum { WEFT_INT_CACHED_MIN = -5, WEFT_INT_CACHED_MAX = 256 };

/* A 64-bit int; those from -5 to 256 are static and immortal. New reference, or NULL (WEFT_ERROR_MEMORY). */
WEFT_API WEFT_MUST_USE weft_object *weft_int_new(weft_thread *self, int64_t value);

/* WEFT_OK and *value, or WEFT_ERROR_TYPE. A bool is not an int. */
WEFT_API weft_status weft_int_value(weft_thread *self, const weft_object *o, int64_t *value);

WEFT_API WEFT_MUST_USE weft_object *weft_float_new(weft_thread *self, double value);
WEFT_API weft_status weft_float_value(weft_thread *self, const weft_object *o, double *value);

/* Arithmetic on ints: a new reference, or NULL: WEFT_ERROR_TYPE, WEFT_ERROR_OVERFLOW (the result does not fit in 64
 * bits), WEFT_ERROR_MEMORY. */
WEFT_API WEFT_MUST_USE weft_object *weft_int_add(weft_thread *self, weft_object *a, weft_object *b);
WEFT_API WEFT_MUST_USE weft_object *weft_int_sub(weft_thread *self, weft_object *a, weft_object *b);
WEFT_API WEFT_MUST_USE weft_object *weft_int_mul(weft_thread *self, weft_object *a, weft_object *b);

/* Division that rounds towards negative infinity, so that the remainder has b's sign: a == *quotient * b + *remainder.
 * Both new references, on failure as they were; either may be NULL if it is not wanted. Also WEFT_ERROR_VALUE (b is 0). */
WEFT_API weft_status weft_int_divmod(weft_thread *self, weft_object *a, weft_object *b, weft_object **quotient,
                                     weft_object **remainder);

/* Arithmetic on floats, as IEEE 754 has it (so division by 0.0 is no error). Either argument may be an int, which is
 * rounded to a float. A new float, or NULL: WEFT_ERROR_TYPE, WEFT_ERROR_MEMORY. */
WEFT_API WEFT_MUST_USE weft_object *weft_float_add(weft_thread *self, weft_object *a, weft_object *b);
WEFT_API WEFT_MUST_USE weft_object *weft_float_sub(weft_thread *self, weft_object *a, weft_object *b);
WEFT_API WEFT_MUST_USE weft_object *weft_float_mul(weft_thread *self, weft_object *a, weft_object *b);
WEFT_API WEFT_MUST_USE weft_object *weft_float_div(weft_thread *self, weft_object *a, weft_object *b);

/* A counter that threads change together: the one scalar that is not immutable. Hashed and compared as an object. */
static inline bool weft_is_atomic_int(const weft_object *o)
{
    return weft_type_index(o) == WEFT_TYPE_ATOMIC_INT;
}

WEFT_API WEFT_MUST_USE weft_object *weft_atomic_int_new(weft_thread *self, int64_t value);
/* Each is one step for every other thread, and orders what was done before and after it. *value (may be NULL, but for
 * get) is the number before the step. WEFT_ERROR_TYPE, WEFT_ERROR_OVERFLOW (add: nothing changed), WEFT_ERROR_VALUE. */
WEFT_API weft_status weft_atomic_int_get(weft_thread *self, weft_object *o, int64_t *value);
WEFT_API weft_status weft_atomic_int_set(weft_thread *self, weft_object *o, int64_t to, int64_t *value);
WEFT_API weft_status weft_atomic_int_add(weft_thread *self, weft_object *o, int64_t more, int64_t *value);
/* 1: it was `expected` and is `to` now; 0: it was *value (may be NULL) and is still; or a negative status. */
WEFT_API int weft_atomic_int_replace(weft_thread *self, weft_object *o, int64_t expected, int64_t to, int64_t *value);

typedef struct weft_int_object {
    weft_object object;
    int64_t value;
} weft_int_object;

typedef struct weft_float_object {
    weft_object object;
    double value;
} weft_float_object;

static inline bool weft_is_none(const weft_object *o)
{
    return o == &weft_none;
}

static inline bool weft_is_bool(const weft_object *o)
{
    return weft_type_index(o) == WEFT_TYPE_BOOL;
}

static inline bool weft_is_int(const weft_object *o)
{
    return weft_type_index(o) == WEFT_TYPE_INT;
}

static inline bool weft_is_float(const weft_object *o)
{
    return weft_type_index(o) == WEFT_TYPE_FLOAT;
}

/* Unchecked reads, for objects known to be of the type (asserted in debug builds). */
static inline int64_t weft_int_get(const weft_object *o)
{
    assert(weft_is_int(o));
    return ((const weft_int_object *)(const void *)o)->value;
}

static inline double weft_float_get(const weft_object *o)
{
    assert(weft_is_float(o));
    return ((const weft_float_object *)(const void *)o)->value;
}

WEFT_END_DECLS

#endif
