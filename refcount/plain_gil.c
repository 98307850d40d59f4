/* plain_gil.c - plain counts: what is not inline. The thread that holds the runtime's lock. */
#include "refcount/refcount.h"

/* A count this low cannot be brought back to zero by stray decrements. */
#define COUNT_IMMORTAL (INT64_MIN / 2)

void weft_decref_last(weft_thread *self, weft_object *o)
{
    thread *t = thread_of(self);
    if (WEFT_LIKELY(header_is_plain(t, o))) {
        object_die_by_type(t, o);
        return;
    }
    header_die(o);
    object_die(t, o);
}

bool weft_is_immortal(const weft_object *o)
{
    return o && o->count < 0;
}

weft_status weft_immortalize(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (o == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_immortalize: o is NULL");
    o->count = COUNT_IMMORTAL;
    return WEFT_OK;
}

weft_status weft_share(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    return o ? WEFT_OK : weft_error_set(WEFT_ERROR_VALUE, "weft_share: o is NULL");
}

weft_status weft_unshare(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    return o ? WEFT_OK : weft_error_set(WEFT_ERROR_VALUE, "weft_unshare: o is NULL");
}

bool weft_is_shared(const weft_object *o)
{
    (void)o;
    return false;
}

int64_t weft_refcount(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (o == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_refcount: o is NULL");
    if (o->count < 0)
        return INT64_MAX;
    return o->count >= COUNT_DEFERRED ? o->count - COUNT_DEFERRED : o->count;
}

void count_defer(thread *self, weft_object *o)
{
    (void)self;
    o->bits |= WEFT_BIT_DEFERRED;
    o->count += COUNT_DEFERRED;
}
