/* containers.h - tuple, instances with declared slots; and, in headers of their own, list, dict, set, deque.
 *
 * All functions: any attached thread; any number of threads may use one container at once, and each function is
 * atomic unless it says otherwise. Items passed in stay the caller's (the container takes its own reference); items
 * handed out are new references unless it says "borrowed". NULL items are refused (WEFT_ERROR_VALUE). */
#ifndef WEFT_CONTAINERS_H
#define WEFT_CONTAINERS_H

#include "weft/deque.h"
#include "weft/dict.h"
#include "weft/list.h"
#include "weft/object.h"
#include "weft/set.h"

WEFT_BEGIN_DECLS

enum { WEFT_INSTANCE_SLOTS_MAX = 4096 }; /* that one type may declare */

static inline bool weft_is_tuple(const weft_object *o)
{
    return weft_type_index(o) == WEFT_TYPE_TUPLE;
}

/* tuple: immutable */
WEFT_API WEFT_MUST_USE weft_object *weft_tuple_new(weft_thread *self, weft_object *const *items, size_t count);
WEFT_API int64_t weft_tuple_size(weft_thread *self, const weft_object *tuple);
/* Borrowed: valid as long as the tuple. NULL: WEFT_ERROR_TYPE, WEFT_ERROR_INDEX. */
WEFT_API weft_object *weft_tuple_get(weft_thread *self, weft_object *tuple, int64_t index);

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
