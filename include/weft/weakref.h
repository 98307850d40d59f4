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

WEFT_END_DECLS

#endif
