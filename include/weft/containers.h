/* containers.h - tuple, list, dict, and instances with declared slots.
 *
 * All functions: any attached thread; any number of threads may use one container at once, and each function is
 * atomic unless it says otherwise. Items passed in stay the caller's (the container takes its own reference); items
 * handed out are new references unless it says "borrowed". NULL items are refused (WEFT_ERROR_VALUE). */
#ifndef WEFT_CONTAINERS_H
#define WEFT_CONTAINERS_H

#include "weft/object.h"

WEFT_BEGIN_DECLS

enum { WEFT_INSTANCE_SLOTS_MAX = 4096 }; /* that one type may declare */

static inline bool weft_is_tuple(const weft_object *o)
{
    return weft_type_index(o) == WEFT_TYPE_TUPLE;
}

static inline bool weft_is_list(const weft_object *o)
{
    return weft_type_index(o) == WEFT_TYPE_LIST;
}

static inline bool weft_is_dict(const weft_object *o)
{
    return weft_type_index(o) == WEFT_TYPE_DICT;
}

/* tuple: immutable */
WEFT_API WEFT_MUST_USE weft_object *weft_tuple_new(weft_thread *self, weft_object *const *items, size_t count);
WEFT_API int64_t weft_tuple_size(weft_thread *self, const weft_object *tuple);
/* Borrowed: valid as long as the tuple. NULL: WEFT_ERROR_TYPE, WEFT_ERROR_INDEX. */
WEFT_API weft_object *weft_tuple_get(weft_thread *self, weft_object *tuple, int64_t index);

/* list. Indexes from 0; a negative one is an error. */
WEFT_API WEFT_MUST_USE weft_object *weft_list_new(weft_thread *self, size_t capacity);
WEFT_API int64_t weft_list_size(weft_thread *self, const weft_object *list);
WEFT_API WEFT_MUST_USE weft_object *weft_list_get(weft_thread *self, weft_object *list, int64_t index);
WEFT_API weft_status weft_list_set(weft_thread *self, weft_object *list, int64_t index, weft_object *item);
WEFT_API weft_status weft_list_append(weft_thread *self, weft_object *list, weft_object *item);
/* At index == size it appends. */
WEFT_API weft_status weft_list_insert(weft_thread *self, weft_object *list, int64_t index, weft_object *item);
/* Removes and hands out the item; index -1 is the last. NULL: WEFT_ERROR_INDEX (also when empty). */
WEFT_API WEFT_MUST_USE weft_object *weft_list_pop(weft_thread *self, weft_object *list, int64_t index);
WEFT_API weft_status weft_list_clear(weft_thread *self, weft_object *list);

/* dict: keeps insertion order. Keys are any hashable objects. Equality callbacks of keys may change the dict or
 * block: the operation then starts again. */
WEFT_API WEFT_MUST_USE weft_object *weft_dict_new(weft_thread *self);
WEFT_API int64_t weft_dict_size(weft_thread *self, const weft_object *dict);
/* 1 and *value (new reference); 0 and *value NULL if the key is not there (not an error); or a negative status. */
WEFT_API int weft_dict_get(weft_thread *self, weft_object *dict, weft_object *key, weft_object **value);
WEFT_API weft_status weft_dict_set(weft_thread *self, weft_object *dict, weft_object *key, weft_object *value);
/* As get, and the entry is gone; `value` may be NULL if the caller does not want it. */
WEFT_API int weft_dict_pop(weft_thread *self, weft_object *dict, weft_object *key, weft_object **value);
/* 1 the key was there: *value is its value. 0 it was set to `fallback`: *value is that. Both new references. */
WEFT_API int weft_dict_set_default(weft_thread *self, weft_object *dict, weft_object *key, weft_object *fallback,
                                   weft_object **value);
/* Compare and swap: stores `value` if the key's present value is the object `expected` (NULL: the key is not there).
 * 1 stored, 0 not, or a negative status. */
WEFT_API int weft_dict_replace(weft_thread *self, weft_object *dict, weft_object *key, weft_object *expected,
                               weft_object *value);
WEFT_API int weft_dict_contains(weft_thread *self, weft_object *dict, weft_object *key);
WEFT_API weft_status weft_dict_clear(weft_thread *self, weft_object *dict);
/* Iteration in insertion order: start with *position 0; 1 with *key and *value (new references, either may be NULL if
 * not wanted), 0 at the end. Each call is atomic, the iteration is not: entries set meanwhile may be seen or not, none is
 * seen twice unless the dict was resized. */
WEFT_API int weft_dict_next(weft_thread *self, weft_object *dict, size_t *position, weft_object **key,
                            weft_object **value);

/* Instances with declared slots. The type's name and slot names are copied. Slots start as NULL (unset).
 * NULL: WEFT_ERROR_VALUE (name, a slot name empty or given twice), _LIMIT, _MEMORY. */
WEFT_API WEFT_MUST_USE const weft_type *weft_instance_type(weft_thread *self, const char *name,
                                                           const char *const *slots, size_t count);
WEFT_API WEFT_MUST_USE weft_object *weft_instance_new(weft_thread *self, const weft_type *type);
/* The slot's index, or WEFT_ERROR_KEY. */
WEFT_API int64_t weft_instance_slot(weft_thread *self, const weft_type *type, const char *name);
/* New reference, or NULL: WEFT_ERROR_KEY (unset), _INDEX, _TYPE. */
WEFT_API WEFT_MUST_USE weft_object *weft_instance_get(weft_thread *self, weft_object *o, int64_t slot);
/* `value` NULL unsets it. */
WEFT_API weft_status weft_instance_set(weft_thread *self, weft_object *o, int64_t slot, weft_object *value);

WEFT_END_DECLS

#endif
