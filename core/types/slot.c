/* slot.c - the part of slot.h that is not for the fast path. */
#include "core/types/slot.h"

weft_object *slot_get_guarded(weft_thread *self, weft_object *holder, weft_object **slot)
{
    guard g;
    guard_enter(self, &g, holder);
    weft_object *value = weft_load_relaxed(slot); /* the guard orders it */
    if (value != NULL)
        value = ref_read_guarded(self, value);
    guard_leave(self, &g);
    return value;
}
