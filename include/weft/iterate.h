/* iterate.h - going through anything item by item, lazily: iterators.
 *
 * An iterator belongs to whoever uses it, one thread at a time: used by several at once it may give an item twice or
 * skip one, and does nothing worse. What it goes through may be used and changed by any thread:
 *   list               by index: the item that stands at the next index when it is asked for
 *   dict, set, deque   WEFT_ERROR_BUSY if keys or items have come or gone since the iteration began; new values are fine
 * An iterator that has come to its end stays there. It is an object of a type of its own: the collector sees what it holds,
 * and weft_iterate of it is itself. */
#ifndef WEFT_ITERATE_H
#define WEFT_ITERATE_H

#include "weft/object.h"

WEFT_BEGIN_DECLS

/* An iterator over a list, tuple, str (its characters), bytes (ints), dict (keys), set, frozenset, deque, an iterator, or
 * an object whose type has `iterate`. NULL: WEFT_ERROR_TYPE, WEFT_ERROR_VALUE (NULL), WEFT_ERROR_MEMORY, or what the
 * callback failed with. */
WEFT_API WEFT_MUST_USE weft_object *weft_iterate(weft_thread *self, weft_object *o);

/* 1 and *item, a new reference; 0 and *item NULL at the end; or a negative status: WEFT_ERROR_TYPE (no iterator),
 * WEFT_ERROR_BUSY, or what a callback failed with. */
WEFT_API int weft_next(weft_thread *self, weft_object *iterator, weft_object **item);

/* An iterator over the ints from `start` on, `step` apart, as long as they are before `end` (beyond it if step is
 * negative). WEFT_ERROR_VALUE: step is 0. */
WEFT_API WEFT_MUST_USE weft_object *weft_range(weft_thread *self, int64_t start, int64_t end, int64_t step);

/* Iterators over another: `source` is anything weft_iterate takes. Callbacks get `arg`; `held` (may be NULL) is an object
 * that the iterator holds a reference to as long as it lives, such as one that owns what `arg` points to. */

/* A new reference, or NULL with an error. */
typedef weft_object *(*weft_map_fn)(weft_thread *self, weft_object *item, void *arg);
/* 1 keep it, 0 leave it out, or a negative status. */
typedef int (*weft_filter_fn)(weft_thread *self, weft_object *item, void *arg);
/* As weft_next: 1 and *item, a new reference; 0; or a negative status. Not called again after 0. */
typedef int (*weft_generate_fn)(weft_thread *self, void *arg, weft_object **item);

/* What `call` makes of each item. */
WEFT_API WEFT_MUST_USE weft_object *weft_map(weft_thread *self, weft_object *source, weft_map_fn call, void *arg,
                                             weft_object *held);
/* The items that `call` says 1 to. */
WEFT_API WEFT_MUST_USE weft_object *weft_filter(weft_thread *self, weft_object *source, weft_filter_fn call, void *arg,
                                                weft_object *held);
/* Tuples of a number, counted up from `start`, and an item. */
WEFT_API WEFT_MUST_USE weft_object *weft_enumerate(weft_thread *self, weft_object *source, int64_t start);
/* Tuples of an item of each source, until the first of them ends. Without sources, at once. */
WEFT_API WEFT_MUST_USE weft_object *weft_zip(weft_thread *self, weft_object *const *sources, size_t count);
/* What `call` gives, called once an item. It is not called while it runs: WEFT_ERROR_BUSY. */
WEFT_API WEFT_MUST_USE weft_object *weft_generator(weft_thread *self, weft_generate_fn call, void *arg,
                                                   weft_object *held);

/* A new list of all that is left of `source`, which must end. */
WEFT_API WEFT_MUST_USE weft_object *weft_list_from(weft_thread *self, weft_object *source);

WEFT_END_DECLS

#endif
