/* dict.h - dicts: keys and values, in the order in which the keys came. Included by containers.h, which says what holds for
 * all containers.
 *
 * Keys are any hashable objects. Equality callbacks of keys may change the dict or block: the operation then starts again.
 * WEFT_ERROR_TYPE also for a key that is not hashable. */
#ifndef WEFT_DICT_H
#define WEFT_DICT_H

#include "weft/object.h"

WEFT_BEGIN_DECLS

static inline bool weft_is_dict(const weft_object *o)
{
    return weft_type_index(o) == WEFT_TYPE_DICT;
}

WEFT_API WEFT_MUST_USE weft_object *weft_dict_new(weft_thread *self);
WEFT_API int64_t weft_dict_size(weft_thread *self, const weft_object *dict);
/* 1 and *value (new reference); 0 and *value NULL if the key is not there (not an error); or a negative status. */
WEFT_API int weft_dict_get(weft_thread *self, weft_object *dict, weft_object *key, weft_object **value);
WEFT_API weft_status weft_dict_set(weft_thread *self, weft_object *dict, weft_object *key, weft_object *value);
/* As set, and *old (new reference) is the value it had: 1; 0 and NULL if the key was not there; or a negative status. */
WEFT_API int weft_dict_swap(weft_thread *self, weft_object *dict, weft_object *key, weft_object *value,
                            weft_object **old);
/* As get, and the entry is gone; `value` may be NULL if the caller does not want it. */
WEFT_API int weft_dict_pop(weft_thread *self, weft_object *dict, weft_object *key, weft_object **value);
/* Takes out the entry that came last: 1, *key and *value; 0 and NULLs if the dict is empty; or a negative status. */
WEFT_API int weft_dict_pop_last(weft_thread *self, weft_object *dict, weft_object **key, weft_object **value);
/* 1 the key was there: *value is its value. 0 it was set to `fallback`: *value is that. Both new references. */
WEFT_API int weft_dict_set_default(weft_thread *self, weft_object *dict, weft_object *key, weft_object *fallback,
                                   weft_object **value);
/* Compare and swap: stores `value` if the key's present value is the object `expected` (NULL: the key is not there).
 * 1 stored, 0 not, or a negative status. */
WEFT_API int weft_dict_replace(weft_thread *self, weft_object *dict, weft_object *key, weft_object *expected,
                               weft_object *value);
WEFT_API int weft_dict_contains(weft_thread *self, weft_object *dict, weft_object *key);
WEFT_API weft_status weft_dict_clear(weft_thread *self, weft_object *dict);

/* A value without a reference, for tables that are read much more often than written: nothing is written, so that any
 * number of threads read at full speed. As get, but *value is borrowed: it is good until the caller's next safepoint
 * (blocking, and any call that runs callbacks or destructors, may be one), or until the caller itself takes it out of the
 * dict. Peeking is no safepoint, except for the first peek at a dict, and with keys that are neither str nor int. Whatever is
 * taken out of a dict that was peeked at dies a grace period later, at a safepoint of the thread that took it out. */
WEFT_API int weft_dict_peek(weft_thread *self, weft_object *dict, weft_object *key, weft_object **value);

/* Iteration in insertion order: start with *position 0; 1 with *key and *value (new references, either may be NULL if
 * not wanted), 0 at the end. Each call is atomic, the iteration is not: entries set meanwhile may be seen or not, none is
 * seen twice unless the dict was resized. */
WEFT_API int weft_dict_next(weft_thread *self, weft_object *dict, size_t *position, weft_object **key,
                            weft_object **value);

typedef enum weft_dict_part {
    WEFT_DICT_KEYS,
    WEFT_DICT_VALUES,
    WEFT_DICT_ITEMS /* tuples of key and value */
} weft_dict_part;

/* A new list of them, as they are at one moment. */
WEFT_API WEFT_MUST_USE weft_object *weft_dict_list(weft_thread *self, weft_object *dict, weft_dict_part part);
/* An iterator over them: iterate.h. */
WEFT_API WEFT_MUST_USE weft_object *weft_dict_iterate(weft_thread *self, weft_object *dict, weft_dict_part part);

/* A new dict with the entries of one moment. */
WEFT_API WEFT_MUST_USE weft_object *weft_dict_copy(weft_thread *self, weft_object *dict);
/* Sets every entry that `from`, another dict or the same, has at one moment. Each is set in a step of its own; a failure
 * leaves those that were set before. */
WEFT_API weft_status weft_dict_update(weft_thread *self, weft_object *dict, weft_object *from);

WEFT_END_DECLS

#endif
