/* scalars.c - none, bool, int and float: immutable numbers and markers, none of which holds a reference or memory.
 *
 * None, the two bools and the ints from -5 to 256 are static and immortal, and shared by all runtimes; the small ints
 * are filled in once, before any thread is attached. Everything here may be called by any attached thread. */
#include "core/hash.h"
#include "core/number.h"
#include "core/types/number_text.h"
#include "core/types/str.h"
#include "core/types/types.h"

WEFT_STATIC_ASSERT(sizeof(weft_int_object) <= 32 && sizeof(weft_float_object) <= 32, "two blocks of 16 bytes");

weft_object weft_none = WEFT_STATIC_OBJECT(WEFT_TYPE_NONE);
weft_object weft_true = WEFT_STATIC_OBJECT(WEFT_TYPE_BOOL);
weft_object weft_false = WEFT_STATIC_OBJECT(WEFT_TYPE_BOOL);

weft_int_object int_cached[INT_CACHED_COUNT];

/* ---- none and bool: equal by identity ------------------------------------------------------------------------- */

static weft_object *none_repr(weft_thread *self, weft_object *o)
{
    (void)o;
    return str_from_ascii(self, "none", 4);
}

static weft_object *bool_repr(weft_thread *self, weft_object *o)
{
    return o == &weft_true ? str_from_ascii(self, "true", 4) : str_from_ascii(self, "false", 5);
}

/* ---- int ------------------------------------------------------------------------------------------------------ */

weft_object *weft_int_new(weft_thread *self, int64_t value)
{
    WEFT_CHECK_THREAD(self, NULL);
    return int_make(self, value);
}

weft_status weft_int_value(weft_thread *self, const weft_object *o, int64_t *value)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_INT, __func__))
        return weft_error_status();
    if (value == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: value is NULL", __func__);
    *value = weft_int_get(o);
    return WEFT_OK;
}

static weft_status int_hash(weft_thread *self, weft_object *o, uint64_t *hash)
{
    (void)self;
    *hash = hash_int(weft_int_get(o));
    return WEFT_OK;
}

static int int_equal(weft_thread *self, weft_object *a, weft_object *b)
{
    (void)self;
    if (weft_is_int(b))
        return weft_int_get(a) == weft_int_get(b);
    return weft_is_float(b) && number_equal(weft_int_get(a), weft_float_get(b));
}

static weft_object *int_repr(weft_thread *self, weft_object *o)
{
    char text[NUMBER_TEXT_MAX];
    return str_from_ascii(self, text, number_int_text(weft_int_get(o), text));
}

/* ---- float ---------------------------------------------------------------------------------------------------- */

weft_object *weft_float_new(weft_thread *self, double value)
{
    WEFT_CHECK_THREAD(self, NULL);
    return float_make(self, value);
}

weft_status weft_float_value(weft_thread *self, const weft_object *o, double *value)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_FLOAT, __func__))
        return weft_error_status();
    if (value == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: value is NULL", __func__);
    *value = weft_float_get(o);
    return WEFT_OK;
}

static weft_status float_hash(weft_thread *self, weft_object *o, uint64_t *hash)
{
    (void)self;
    double value = weft_float_get(o);
    *hash = value == value ? hash_float(value) : hash_address(o); /* a NaN is equal to itself as an object only */
    return WEFT_OK;
}

static int float_equal(weft_thread *self, weft_object *a, weft_object *b)
{
    (void)self;
    if (weft_is_float(b))
        return weft_float_get(a) == weft_float_get(b);
    return weft_is_int(b) && number_equal(weft_int_get(b), weft_float_get(a));
}

static weft_object *float_repr(weft_thread *self, weft_object *o)
{
    char text[NUMBER_TEXT_MAX];
    return str_from_ascii(self, text, number_float_text(weft_float_get(o), text));
}

/* ---- the records ---------------------------------------------------------------------------------------------- */

static void int_cached_init(void)
{
    for (int i = 0; i < INT_CACHED_COUNT; i++) {
        int_cached[i].object = (weft_object)WEFT_STATIC_OBJECT(WEFT_TYPE_INT);
        int_cached[i].value = WEFT_INT_CACHED_MIN + i;
    }
}

void scalar_types_init(void)
{
    type_set_builtin(
        WEFT_TYPE_NONE,
        &(weft_type_spec){.name = "none", .size = sizeof(weft_object), .flags = WEFT_TYPE_IDENTITY, .repr = none_repr});
    type_set_builtin(
        WEFT_TYPE_BOOL,
        &(weft_type_spec){.name = "bool", .size = sizeof(weft_object), .flags = WEFT_TYPE_IDENTITY, .repr = bool_repr});
    type_set_builtin(
        WEFT_TYPE_INT,
        &(weft_type_spec){
            .name = "int", .size = sizeof(weft_int_object), .hash = int_hash, .equal = int_equal, .repr = int_repr});
    type_set_builtin(WEFT_TYPE_FLOAT, &(weft_type_spec){.name = "float",
                                                        .size = sizeof(weft_float_object),
                                                        .hash = float_hash,
                                                        .equal = float_equal,
                                                        .repr = float_repr});
    int_cached_init();
}
