/* defer.c - objects that only a collection frees. Any attached thread. */
#include "refcount/refcount.h"

weft_status weft_gc_defer(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (o == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_gc_defer: o is NULL");
    if (!(object_bits(o) & WEFT_BIT_TRACKED))
        return weft_error_set(WEFT_ERROR_VALUE, "weft_gc_defer: the %s is not tracked by the collector",
                              weft_type_of(o)->name);
    if (!weft_is_immortal(o) && !(object_bits(o) & WEFT_BIT_DEFERRED))
        count_defer(thread_of(self), o);
    return WEFT_OK;
}
