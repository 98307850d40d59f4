/* arith.c - arithmetic on ints and floats. Each function makes a new object and changes none. Any attached thread. */
#include "core/types/types.h"

/* ---- int: what does not fit in 64 bits is an error ------------------------------------------------------------- */

static inline bool are_ints(const weft_object *a, const weft_object *b, const char *function)
{
    return object_check(a, WEFT_TYPE_INT, function) && object_check(b, WEFT_TYPE_INT, function);
}

static weft_object *int_overflow(const char *function, const weft_object *a, const weft_object *b)
{
    weft_error_set(WEFT_ERROR_OVERFLOW, "%s: %lld and %lld give a number of more than 64 bits", function,
                   (long long)weft_int_get(a), (long long)weft_int_get(b));
    return NULL;
}

weft_object *weft_int_add(weft_thread *self, weft_object *a, weft_object *b)
{
    WEFT_CHECK_THREAD(self, NULL);
    int64_t result;
    if (!are_ints(a, b, __func__))
        return NULL;
    if (__builtin_add_overflow(weft_int_get(a), weft_int_get(b), &result))
        return int_overflow(__func__, a, b);
    return int_make(self, result);
}

weft_object *weft_int_sub(weft_thread *self, weft_object *a, weft_object *b)
{
    WEFT_CHECK_THREAD(self, NULL);
    int64_t result;
    if (!are_ints(a, b, __func__))
        return NULL;
    if (__builtin_sub_overflow(weft_int_get(a), weft_int_get(b), &result))
        return int_overflow(__func__, a, b);
    return int_make(self, result);
}

weft_object *weft_int_mul(weft_thread *self, weft_object *a, weft_object *b)
{
    WEFT_CHECK_THREAD(self, NULL);
    int64_t result;
    if (!are_ints(a, b, __func__))
        return NULL;
    if (__builtin_mul_overflow(weft_int_get(a), weft_int_get(b), &result))
        return int_overflow(__func__, a, b);
    return int_make(self, result);
}

weft_status weft_int_divmod(weft_thread *self, weft_object *a, weft_object *b, weft_object **quotient,
                            weft_object **remainder)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!are_ints(a, b, __func__))
        return weft_error_status();
    int64_t x = weft_int_get(a), y = weft_int_get(b);
    if (y == 0)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: division of %lld by 0", __func__, (long long)x);
    if (x == INT64_MIN && y == -1) {
        (void)int_overflow(__func__, a, b);
        return WEFT_ERROR_OVERFLOW;
    }
    int64_t whole = x / y, rest = x % y;
    if (rest != 0 && (rest < 0) != (y < 0)) { /* C rounds towards zero */
        whole--;
        rest += y;
    }
    weft_object *q = quotient ? int_make(self, whole) : NULL;
    if (quotient && q == NULL)
        return WEFT_ERROR_MEMORY;
    weft_object *r = remainder ? int_make(self, rest) : NULL;
    if (remainder && r == NULL) {
        weft_xdecref(self, q);
        return WEFT_ERROR_MEMORY;
    }
    if (quotient)
        *quotient = q;
    if (remainder)
        *remainder = r;
    return WEFT_OK;
}

/* ---- float ----------------------------------------------------------------------------------------------------- */

static inline bool get_number(const weft_object *o, double *value, const char *function)
{
    if (WEFT_LIKELY(o != NULL && weft_is_float(o))) {
        *value = weft_float_get(o);
        return true;
    }
    if (o != NULL && weft_is_int(o)) {
        *value = (double)weft_int_get(o);
        return true;
    }
    (void)object_check_failed(o, WEFT_TYPE_FLOAT, function);
    return false;
}

typedef enum float_operation { FLOAT_ADD, FLOAT_SUB, FLOAT_MUL, FLOAT_DIV } float_operation;

static inline double float_result(float_operation operation, double x, double y)
{
    return operation == FLOAT_ADD ? x + y : operation == FLOAT_SUB ? x - y : operation == FLOAT_MUL ? x * y : x / y;
}

/* The whole of the functions below, of which float_do does the common part without a call. */
static __attribute__((noinline)) weft_object *float_do_any(weft_thread *self, weft_object *a, weft_object *b,
                                                           float_operation operation, const char *function)
{
    double x, y;
    if (thread_check(self, function) != WEFT_OK || !get_number(a, &x, function) || !get_number(b, &y, function))
        return NULL;
    return float_make(self, float_result(operation, x, y));
}

static inline weft_object *float_do(weft_thread *self, weft_object *a, weft_object *b, float_operation operation,
                                    const char *function)
{
    if (thread_is_current(self) && WEFT_LIKELY(a != NULL && weft_is_float(a)) &&
        WEFT_LIKELY(b != NULL && weft_is_float(b))) {
        thread *t = thread_of(self);
        weft_object *o = magazine_take(heap_magazine(t, HEAP_OBJECT, sizeof(weft_float_object)));
        if (WEFT_LIKELY(o != NULL)) {
            header_init(t, o, WEFT_TYPE_FLOAT);
            ((weft_float_object *)(void *)o)->value = float_result(operation, weft_float_get(a), weft_float_get(b));
            return o;
        }
    }
    return float_do_any(self, a, b, operation, function);
}

weft_object *weft_float_add(weft_thread *self, weft_object *a, weft_object *b)
{
    return float_do(self, a, b, FLOAT_ADD, __func__);
}

weft_object *weft_float_sub(weft_thread *self, weft_object *a, weft_object *b)
{
    return float_do(self, a, b, FLOAT_SUB, __func__);
}

weft_object *weft_float_mul(weft_thread *self, weft_object *a, weft_object *b)
{
    return float_do(self, a, b, FLOAT_MUL, __func__);
}

weft_object *weft_float_div(weft_thread *self, weft_object *a, weft_object *b)
{
    return float_do(self, a, b, FLOAT_DIV, __func__);
}
