/* guard_ft.c - the parts of guards that are not for the fast path. See guard.h. Any attached thread. */
#include "core/types/guard.h"

void guard_share(weft_thread *self, weft_object *o)
{
    (void)self;
    __atomic_fetch_or(&o->bits, WEFT_BIT_READERS, __ATOMIC_RELAXED);
}

weft_object *slot_get_shared(weft_thread *self, weft_object *o, weft_object *const *slot, void *const *place,
                             const void *array)
{
    if (!weft_try_incref(self, o))
        return NULL;
    /* The block may have died and come back as another object between our load and the increment. The increment has
     * acquired what its maker had seen, which is our object's removal: then the slot or the array is another one.
     * order: acquire - pairs with the release stores of writers, for the same reason. */
    if (WEFT_LIKELY(weft_load_acquire(slot) == o && slot_array_is(place, array)))
        return o;
    weft_decref(self, o);
    return NULL;
}
