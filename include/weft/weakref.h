/* weakref.h - weak references: they do not keep an object alive, and tell when it is gone.
 *
 * Any object that is not a constant can have them; one that has none pays nothing: they live in a table beside the heap. */
#ifndef WEFT_WEAKREF_H
#define WEFT_WEAKREF_H

#include "weft/base.h"
#include "weft/object.h"

WEFT_BEGIN_DECLS

/* Called once, after the referent has become unreachable and `weak` gives nothing any more, if `weak` is still alive
 * then and not garbage together with it. Several weak references of one object: the latest made is called first. With
 * the world running, no lock held; it may allocate, lock, block. An error it sets is cleared. */
typedef void (*weft_weak_fn)(weft_thread *self, weft_object *weak, void *arg);

/* A new weak reference to `o`. Without a callback, the one that `o` has already, if it has one. NULL: WEFT_ERROR_MEMORY,
 * WEFT_ERROR_VALUE (NULL). To an immortal object it is never cleared. Any attached thread. */
WEFT_API WEFT_MUST_USE weft_object *weft_weak_new(weft_thread *self, weft_object *o, weft_weak_fn callback, void *arg);

/* A new reference to the referent, or NULL without an error when it is gone; NULL with WEFT_ERROR_TYPE if `weak` is no
 * weak reference. Never an object that is dying. Any attached thread. */
WEFT_API WEFT_MUST_USE weft_object *weft_weak_get(weft_thread *self, weft_object *weak);

/* How many weak references `o` has, or a negative status. */
WEFT_API int64_t weft_weak_count(weft_thread *self, weft_object *o);

/* ---- weak dicts: entries that go when the object on their weak side does ------------------------------------------ */

typedef enum weft_weak_side {
    WEFT_WEAK_KEYS,  /* the key is not kept alive. The value is, while the key lives: a value that refers to its own key
                        does not keep it alive (an ephemeron: Hayes, "Ephemerons", OOPSLA 1997). Not so for a key whose
                        type has no traverse, which the collector does not know: its value must not refer to it */
    WEFT_WEAK_VALUES /* the value is not kept alive */
} weft_weak_side;

/* A new weak dict, or NULL. Keys are hashable objects, compared by weft_equal, which may change the dict. Entries have no
 * order. Each operation is atomic. */
WEFT_API WEFT_MUST_USE weft_object *weft_weak_dict_new(weft_thread *self, weft_weak_side side);

static inline bool weft_is_weak_dict(const weft_object *o)
{
    return weft_type_index(o) == WEFT_TYPE_WEAK_DICT;
}

/* As their namesakes for dict (containers.h). A key or value on the weak side that is immortal stays for good. */
WEFT_API int weft_weak_dict_get(weft_thread *self, weft_object *dict, weft_object *key, weft_object **value);
WEFT_API weft_status weft_weak_dict_set(weft_thread *self, weft_object *dict, weft_object *key, weft_object *value);
WEFT_API int weft_weak_dict_pop(weft_thread *self, weft_object *dict, weft_object *key, weft_object **value);
/* Entries whose weak side lives, as far as can be told: one may die at any moment. Or a negative status. */
WEFT_API int64_t weft_weak_dict_size(weft_thread *self, const weft_object *dict);
/* A new list of tuples (key, value), which keeps them alive. NULL: an error. */
WEFT_API WEFT_MUST_USE weft_object *weft_weak_dict_items(weft_thread *self, weft_object *dict);

WEFT_END_DECLS

#endif
