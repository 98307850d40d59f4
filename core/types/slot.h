/* slot.h - a reference that stands in an object itself, not in an array that may be replaced: an instance's slot, a cell.
 *
 * Reading it takes no lock: the reader loads the slot, takes a reference only if the object is surely not dying, and looks
 * at the slot again. If the try fails (nobody but its owner has counted the object yet, or it is just being replaced), it
 * enters the holder's guard (guard.h) and publishes the object, so that later readers get through. Writers exchange the
 * slot inside the guard and drop the old object after it, so no destructor runs inside. Any attached thread, any number at
 * once; whoever calls holds a reference to the holder. */
#ifndef WEFT_CORE_TYPES_SLOT_H
#define WEFT_CORE_TYPES_SLOT_H

#include "core/types/guard.h"
#include "weft/refcount.h"

/* The same as slot_get inside the guard: now nobody replaces it. */
weft_object *slot_get_guarded(weft_thread *self, weft_object *holder, weft_object **slot);

/* A new reference, or NULL if the slot is unset. */
static inline weft_object *slot_get(weft_thread *self, weft_object *holder, weft_object **slot)
{
    static void *const no_array =
        NULL; /* slots are part of the object: there is no array that could be another by now */
    weft_object *value = ref_read(self, slot, &no_array, NULL);
    if (WEFT_LIKELY(value != NULL))
        return value;
    return weft_load_relaxed(slot) != NULL ? slot_get_guarded(self, holder, slot) : NULL;
}

/* Puts `value`, NULL or with a reference of the slot's own, in its place. What was there is the caller's. */
static inline weft_object *slot_swap(weft_thread *self, weft_object *holder, weft_object **slot, weft_object *value)
{
    guard g;
    guard_enter(self, &g, holder);
    weft_object *old = weft_load_relaxed(slot); /* written only inside the guard */
    weft_xincref(self, value); /* here: a fork while this thread waited for the guard would lose it in the child */
    /* order: release - pairs with ref_read, so that a reader sees the object as its maker left it. */
    weft_store_release(slot, value);
    guard_leave(self, &g);
    return old;
}

static inline void slot_set(weft_thread *self, weft_object *holder, weft_object **slot, weft_object *value)
{
    weft_xdecref(self, slot_swap(self, holder, slot, value));
}

/* Puts `value` there if the slot holds `expected`; either may be NULL. */
static inline bool slot_replace(weft_thread *self, weft_object *holder, weft_object **slot, weft_object *expected,
                                weft_object *value)
{
    guard g;
    guard_enter(self, &g, holder);
    weft_object *old = weft_load_relaxed(slot); /* written only inside the guard */
    bool same = old == expected;
    if (same) {
        weft_xincref(self, value);
        /* order: release - pairs with ref_read. */
        weft_store_release(slot, value);
    }
    guard_leave(self, &g);
    if (same)
        weft_xdecref(self, old);
    return same;
}

#endif
