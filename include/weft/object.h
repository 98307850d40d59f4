/* object.h - what can be done with any object. */
#ifndef WEFT_OBJECT_H
#define WEFT_OBJECT_H

#include "weft/base.h"
#include "weft/flavour.h"
#include "weft/status.h"
#include "weft/thread.h"
#include "weft/type.h"

WEFT_BEGIN_DECLS

/* Head of every object of variable size. `count` is constant from creation on. */
typedef struct weft_var_object {
    weft_object object;
    size_t count; /* items */
} weft_var_object;

static inline const weft_type *weft_type_of(const weft_object *o)
{
    return weft_type_region + weft_type_index(o);
}

/* Lets others stop this thread, merges counts queued to it, and tells that it holds no pointer read without a lock. One
 * load when there is nothing to do. A safepoint may run destructors, release the GIL, and leave critical sections. */
static inline void weft_safepoint(weft_thread *self)
{
    if (WEFT_UNLIKELY(weft_load_relaxed(self->poll) & WEFT_POLL_MASK))
        weft_safepoint_slow(self);
}

/* A new object of a registered type, zeroed after its header, with one reference, owned by the caller. Tracked by the
 * collector if the type traverses: so no safepoint may come between this and the moment its traverse would be true.
 * NULL: WEFT_ERROR_MEMORY, WEFT_ERROR_TYPE (a variable-size or foreign type), WEFT_ERROR_THREAD. */
WEFT_API WEFT_MUST_USE weft_object *weft_new(weft_thread *self, const weft_type *type);

/* The same for a variable-size type, whose struct begins with weft_var_object. Also WEFT_ERROR_OVERFLOW. */
WEFT_API WEFT_MUST_USE weft_object *weft_new_var(weft_thread *self, const weft_type *type, size_t count);

/* WEFT_OK and *hash, or WEFT_ERROR_TYPE (not hashable), or what the type's callback failed with. */
WEFT_API weft_status weft_hash(weft_thread *self, weft_object *o, uint64_t *hash);

/* 1 equal, 0 not, or a negative status. The same object is always equal to itself. */
WEFT_API int weft_equal(weft_thread *self, weft_object *a, weft_object *b);

/* *order is negative, 0 or positive as a comes before b, is level with it, or comes after. Numbers by value (int and
 * float exactly), str by code points, bytes by bytes, tuples by their first items that differ. Other types, and two of
 * these kinds mixed: WEFT_ERROR_TYPE. A NaN has no place in any order: WEFT_ERROR_VALUE. */
WEFT_API weft_status weft_compare(weft_thread *self, weft_object *a, weft_object *b, int *order);

/* A new str, or NULL. */
WEFT_API WEFT_MUST_USE weft_object *weft_repr(weft_thread *self, weft_object *o);

/* Bytes of o's own block (as asked of the heap), not of what it refers to or of its raw memory. */
WEFT_API size_t weft_sizeof(const weft_object *o);

/* The same with o's raw memory: the array of a list, the table of a dict. Or a negative status. May stop the world. */
WEFT_API int64_t weft_sizeof_full(weft_thread *self, weft_object *o);

/* The sum of that over all objects that can be reached from `o`, each counted once, `o` included, those that others use too.
 * Or a negative status: WEFT_ERROR_MEMORY (it keeps a table of the objects it has seen, outside the heap). Stops the world
 * for as long as it takes. */
WEFT_API int64_t weft_sizeof_deep(weft_thread *self, weft_object *o);

/* A new reference to a copy that refers to the same objects as `o`; to `o` itself if it can never change (numbers, text,
 * tuples, frozen sets, closures). A list, dict, set or deque is copied as it is at one moment, other objects one reference after the other.
 * NULL: WEFT_ERROR_TYPE (a type without a copy callback), WEFT_ERROR_MEMORY, or what a callback failed with. */
WEFT_API WEFT_MUST_USE weft_object *weft_copy(weft_thread *self, weft_object *o);

/* The same for all objects that can be reached from `o`, each copied once: what was one object is one object in the copy, and
 * cycles are as they were. Objects that can never change are shared, and tuples that hold only such. WEFT_ERROR_LIMIT:
 * tuples or frozen sets directly in each other, more than 200 deep (nothing else is limited in depth). On an error nothing is left behind. */
WEFT_API WEFT_MUST_USE weft_object *weft_deep_copy(weft_thread *self, weft_object *o);

WEFT_END_DECLS

#endif
