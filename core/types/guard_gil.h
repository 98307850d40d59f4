/* guard_gil.h - guards of the GIL flavour: only the thread that holds the runtime's lock runs. See guard.h. */
#ifndef WEFT_CORE_TYPES_GUARD_GIL_H
#define WEFT_CORE_TYPES_GUARD_GIL_H

typedef struct guard {
    char unused;
} guard;

static inline bool guard_is_free(void)
{
    return true;
}

static inline void guard_enter(weft_thread *self, guard *g, weft_object *o)
{
    (void)self;
    (void)g;
    (void)o;
}

static inline void guard_enter_shared(weft_thread *self, guard *g, weft_object *o)
{
    guard_enter(self, g, o);
}

static inline void guard_leave(weft_thread *self, guard *g)
{
    (void)self;
    (void)g;
}

typedef const void guard_pass;

static inline guard_pass *guard_try(weft_thread *self, weft_object *o)
{
    (void)self;
    return o;
}

static inline void guard_end(guard_pass *pass)
{
    (void)pass;
}

static inline bool guard_alone_id(count_id id, const weft_object *o)
{
    (void)id;
    (void)o;
    return true;
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

/* Nobody else runs before a safepoint of the reader's, and that is as long as its references are good. */
static inline bool guard_is_peeked(const guard *g, const weft_object *o)
{
    (void)g;
    (void)o;
    return false;
}

static inline bool object_is_peeked(const weft_object *o)
{
    (void)o;
    return false;
}

static inline bool guard_peekable(const weft_object *o)
{
    (void)o;
    return true;
}

static inline void guard_open_to_peeks(weft_thread *self, weft_object *o)
{
    (void)self;
    (void)o;
}

static inline void guard_open_to_readers(weft_object *o)
{
    (void)o;
}

static inline void ref_drop(weft_thread *self, weft_object *o, bool peeked)
{
    (void)peeked;
    weft_decref(self, o);
}

static inline void ref_linger(weft_thread *self, weft_object *o)
{
    (void)self;
    (void)o;
}

static inline bool ref_lend(weft_thread *self, weft_object *o)
{
    bool lives = o->count != 1;
    weft_decref(self, o);
    return lives;
}

/* Only who is in a guard changes it, and nobody else can run. */
static inline bool ref_array_is(void *const *origin, const void *array)
{
    (void)origin;
    (void)array;
    return true;
}

static inline weft_object *ref_read(weft_thread *self, weft_object *const *place, void *const *origin,
                                    const void *array)
{
    (void)origin;
    (void)array;
    weft_object *o = *place;
    if (WEFT_LIKELY(o != NULL))
        weft_incref(self, o);
    return o;
}

static inline weft_object *ref_read_own(count_id id, weft_object *const *place, void *const *origin, const void *array,
                                        bool few_branches)
{
    (void)few_branches;
    (void)origin;
    (void)array;
    weft_object *o = *place;
    if (WEFT_LIKELY(o != NULL))
        (void)count_try_take(id, o);
    return o;
}

static inline weft_object *ref_read_guarded(weft_thread *self, weft_object *o)
{
    weft_incref(self, o);
    return o;
}

#endif
