/* compare.c - the order of built-in values. Any attached thread. */
#include "core/number.h"
#include "core/protocol.h"
#include "core/types/str.h"
#include "core/types/types.h"

static weft_status compare_failed(const weft_object *a, const weft_object *b)
{
    return weft_error_set(WEFT_ERROR_TYPE, "weft_compare: %s and %s have no order", weft_type_of(a)->name,
                          weft_type_of(b)->name);
}

static inline bool is_number(const weft_object *o)
{
    return weft_is_int(o) || weft_is_float(o);
}

static inline bool is_nan(const weft_object *o)
{
    return weft_is_float(o) && weft_float_get(o) != weft_float_get(o);
}

static weft_status compare_numbers(const weft_object *a, const weft_object *b, int *order)
{
    if (weft_is_int(a) && weft_is_int(b))
        *order = (weft_int_get(a) > weft_int_get(b)) - (weft_int_get(a) < weft_int_get(b));
    else if (is_nan(a) || is_nan(b))
        return weft_error_set(WEFT_ERROR_VALUE, "weft_compare: nan has no place in the order of numbers");
    else if (weft_is_int(a))
        *order = number_compare(weft_int_get(a), weft_float_get(b));
    else if (weft_is_int(b))
        *order = -number_compare(weft_int_get(b), weft_float_get(a));
    else
        *order = (weft_float_get(a) > weft_float_get(b)) - (weft_float_get(a) < weft_float_get(b));
    return WEFT_OK;
}

/* UTF-8 sorts by bytes as its code points do. */
static int compare_memory(const void *a, size_t a_size, const void *b, size_t b_size)
{
    int order = memcmp(a, b, a_size < b_size ? a_size : b_size);
    return order != 0 ? order : (a_size > b_size) - (a_size < b_size);
}

static weft_status compare_tuples(weft_thread *self, const tuple_object *a, const tuple_object *b, int *order)
{
    size_t count = a->var.count < b->var.count ? a->var.count : b->var.count;
    for (size_t i = 0; i < count; i++) {
        int equal = weft_equal(self, a->items[i], b->items[i]); /* first, since items may have no order and be equal */
        if (equal < 0)
            return (weft_status)equal;
        if (equal == 0)
            return weft_compare(self, a->items[i], b->items[i], order);
    }
    *order = (a->var.count > b->var.count) - (a->var.count < b->var.count);
    return WEFT_OK;
}

static weft_status compare_nested(weft_thread *self, weft_object *a, weft_object *b, int *order)
{
    if (!protocol_level_enter("weft_compare"))
        return WEFT_ERROR_LIMIT;
    weft_status status = compare_tuples(self, (tuple_object *)(void *)a, (tuple_object *)(void *)b, order);
    protocol_level_leave();
    return status;
}

weft_status weft_compare(weft_thread *self, weft_object *a, weft_object *b, int *order)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (a == NULL || b == NULL || order == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: %s is NULL", __func__,
                              a == NULL   ? "the first object"
                              : b == NULL ? "the second object"
                                          : "order");
    if (is_number(a) && is_number(b))
        return compare_numbers(a, b, order);
    if (weft_type_index(a) != weft_type_index(b))
        return compare_failed(a, b);
    const bytes_object *x = (const bytes_object *)(void *)a, *y = (const bytes_object *)(void *)b;
    switch (weft_type_index(a)) {
    case WEFT_TYPE_STR:
        *order = compare_memory(str_text(str_of(a)), str_size(str_of(a)), str_text(str_of(b)), str_size(str_of(b)));
        return WEFT_OK;
    case WEFT_TYPE_BYTES:
        *order = compare_memory(x->data, x->var.count, y->data, y->var.count);
        return WEFT_OK;
    case WEFT_TYPE_TUPLE:
        return compare_nested(self, a, b, order);
    default:
        return compare_failed(a, b);
    }
}
