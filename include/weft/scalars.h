/* scalars.h - none, bool, int, float. Immutable. All functions: any attached thread. */
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

typedef struct weft_int_object {
    weft_object object;
    int64_t value;
} weft_int_object;

typedef struct weft_float_object {
    weft_object object;
    double value;
} weft_float_object;

static inline bool weft_is_none(const weft_object *o) { return o == &weft_none; }
static inline bool weft_is_bool(const weft_object *o) { return weft_type_index(o) == WEFT_TYPE_BOOL; }
static inline bool weft_is_int(const weft_object *o) { return weft_type_index(o) == WEFT_TYPE_INT; }
static inline bool weft_is_float(const weft_object *o) { return weft_type_index(o) == WEFT_TYPE_FLOAT; }

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
