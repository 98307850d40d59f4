/* guard_ft.h - guards of the free-threaded flavour. See guard.h. */
#ifndef WEFT_CORE_TYPES_GUARD_FT_H
#define WEFT_CORE_TYPES_GUARD_FT_H

typedef struct guard {
    weft_critical section;
} guard;

/* Another thread's first access: sets WEFT_BIT_READERS. Inside o's critical section. */
void guard_share(weft_thread *self, weft_object *o);

static inline bool guard_owned(const weft_thread *self, const weft_object *o)
{
    return weft_load_relaxed(&o->owner) == self->id;
}

static inline bool guard_readable(const weft_thread *self, const weft_object *o)
{
    /* The bit is relaxed: it only ever appears, and what it promises is that writers who took the lock after it was set
     * retire arrays; the array pointer is loaded with acquire. */
    return WEFT_LIKELY(guard_owned(self, o)) || (weft_load_relaxed(&o->bits) & WEFT_BIT_READERS);
}

static inline void guard_enter(weft_thread *self, guard *g, weft_object *o)
{
    weft_critical_begin(self, &g->section, o);
    if (WEFT_UNLIKELY(!guard_readable(self, o)))
        guard_share(self, o);
}

static inline void guard_leave(weft_thread *self, guard *g, weft_object *o)
{
    (void)o;
    weft_critical_end(self, &g->section);
}

static inline bool guard_alone(const weft_thread *self, const weft_object *o)
{
    return guard_owned(self, o) && !(weft_load_relaxed(&o->bits) & WEFT_BIT_READERS);
}

/* Does *place still hold the array that was read from it? */
static inline bool slot_array_is(void *const *place, const void *array)
{
    /* order: acquire - keeps the loads before it before it; pairs with the release store of a writer's new array. */
    return WEFT_LIKELY(weft_load_acquire(place) == array);
}

weft_object *slot_get_shared(weft_thread *self, weft_object *o, weft_object *const *slot, void *const *place,
                             const void *array);

/* A new reference to what `slot`, part of `array`, held at some moment since the array was read from *place; NULL if it
 * held nothing or it cannot be told: take the guard and look again. */
static inline weft_object *slot_get(weft_thread *self, weft_object *const *slot, void *const *place, const void *array)
{
    /* order: acquire - pairs with the release store of the slot, so that the object is seen as it was put in. */
    weft_object *o = weft_load_acquire(slot);
    if (WEFT_UNLIKELY(o == NULL))
        return NULL;
    /* An object that we own was alive when it was in the slot, and it is us who would have freed it since. So it needs
     * no second look. */
    uint32_t more;
    if (WEFT_LIKELY(weft_load_relaxed(&o->owner) == self->id) &&
        WEFT_LIKELY(!__builtin_add_overflow(o->local, 1u, &more))) {
        o->local = more;
        return o;
    }
    return slot_get_shared(self, o, slot, place, array);
}

/* A reference to an object in a slot of a container whose guard we hold, so that later slot_get of others succeed. */
static inline weft_object *slot_incref_locked(weft_thread *self, weft_object *o)
{
    weft_incref_published(self, o);
    return o;
}

#endif
