/* guard_gil.h - guards of the GIL flavour: only the thread that holds the runtime's lock runs. See guard.h. */
#ifndef WEFT_CORE_TYPES_GUARD_GIL_H
#define WEFT_CORE_TYPES_GUARD_GIL_H

typedef struct guard {
    char unused;
} guard;

static inline void guard_enter(weft_thread *self, guard *g, weft_object *o)
{
    (void)self;
    (void)g;
    (void)o;
}

static inline void guard_leave(weft_thread *self, guard *g, weft_object *o)
{
    (void)self;
    (void)g;
    (void)o;
}

static inline bool guard_alone(const weft_thread *self, const weft_object *o)
{
    (void)self;
    (void)o;
    return true;
}

static inline bool guard_readable(const weft_thread *self, const weft_object *o)
{
    (void)self;
    (void)o;
    return true;
}

/* Does *place still hold the array that was read from it? */
static inline bool slot_array_is(void *const *place, const void *array)
{
    (void)place;
    (void)array;
    return true;
}

static inline weft_object *slot_get(weft_thread *self, weft_object *const *slot, void *const *place, const void *array)
{
    (void)place;
    (void)array;
    weft_object *o = *slot;
    if (WEFT_LIKELY(o != NULL))
        weft_incref(self, o);
    return o;
}

static inline weft_object *slot_incref_locked(weft_thread *self, weft_object *o)
{
    weft_incref(self, o);
    return o;
}

#endif
