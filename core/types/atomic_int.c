/* atomic_int.c - a number that several threads change together. Any attached thread, any number at once. */
#include "core/types/atomic_int.h"

#include "core/types/copies.h"
#include "core/types/types.h"

typedef struct atomic_int_object {
    weft_object object;
    int64_t value; /* atomic */
} atomic_int_object;

static inline int64_t *value_of(weft_object *o)
{
    return &((atomic_int_object *)(void *)o)->value;
}

weft_object *weft_atomic_int_new(weft_thread *self, int64_t value)
{
    WEFT_CHECK_THREAD(self, NULL);
    weft_object *o = object_alloc_fixed(thread_of(self), WEFT_TYPE_ATOMIC_INT, sizeof(atomic_int_object));
    if (o != NULL)
        *value_of(o) = value;
    return o;
}

weft_status weft_atomic_int_get(weft_thread *self, weft_object *o, int64_t *value)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_ATOMIC_INT, __func__))
        return weft_error_status();
    if (value == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: value is NULL", __func__);
    *value = atomic_int_load(value_of(o));
    return WEFT_OK;
}

weft_status weft_atomic_int_set(weft_thread *self, weft_object *o, int64_t to, int64_t *value)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_ATOMIC_INT, __func__))
        return weft_error_status();
    int64_t was = atomic_int_swap(value_of(o), to);
    if (value != NULL)
        *value = was;
    return WEFT_OK;
}

weft_status weft_atomic_int_add(weft_thread *self, weft_object *o, int64_t more, int64_t *value)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_ATOMIC_INT, __func__))
        return weft_error_status();
    int64_t was;
    if (!atomic_int_try_add(value_of(o), more, &was))
        return weft_error_set(WEFT_ERROR_OVERFLOW, "%s: %lld and %lld give a number of more than 64 bits", __func__,
                              (long long)was, (long long)more);
    if (value != NULL)
        *value = was;
    return WEFT_OK;
}

int weft_atomic_int_replace(weft_thread *self, weft_object *o, int64_t expected, int64_t to, int64_t *value)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_ATOMIC_INT, __func__))
        return weft_error_status();
    bool replaced = atomic_int_try_replace(value_of(o), &expected, to);
    if (value != NULL)
        *value = expected;
    return replaced;
}

static weft_object *repr_callback(weft_thread *self, weft_object *o)
{
    return weft_str_format(self, "atomic_int(%lld)", (long long)atomic_int_load(value_of(o)));
}

void atomic_int_type_init(void)
{
    type_set_builtin(WEFT_TYPE_ATOMIC_INT, &(weft_type_spec){.name = "atomic_int",
                                                             .size = sizeof(atomic_int_object),
                                                             .flags = WEFT_TYPE_IDENTITY,
                                                             .copy = atomic_int_copy,
                                                             .repr = repr_callback});
}
