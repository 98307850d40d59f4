/* containers.h - tuple, instances with declared slots or any attributes, cell, closure; and, in headers of their own,
 * list, dict, set, deque.
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

/* Instances that take any attribute: a type that declares none, whose instances weft_instance_new makes. The type learns
 * the names that its instances use (at most WEFT_OPEN_KEYS_MAX; a name is never forgotten), so an instance holds
 * only values; names beyond those are kept in a dict of the instance's own. Interned names (weft_str_intern) are found
 * fastest. After PEP 412. NULL: WEFT_ERROR_VALUE (name), _LIMIT, _MEMORY. */
enum { WEFT_OPEN_KEYS_MAX = 32 };

WEFT_API WEFT_MUST_USE const weft_type *weft_open_type(weft_thread *self, const char *name);
/* New reference, or NULL: WEFT_ERROR_KEY (no such attribute), _TYPE (the instance or the name, which must be a str). */
WEFT_API WEFT_MUST_USE weft_object *weft_attribute_get(weft_thread *self, weft_object *o, weft_object *name);
WEFT_API weft_status weft_attribute_set(weft_thread *self, weft_object *o, weft_object *name, weft_object *value);
/* WEFT_ERROR_KEY if there is no such attribute. */
WEFT_API weft_status weft_attribute_delete(weft_thread *self, weft_object *o, weft_object *name);
/* As weft_dict_next, in the order in which the type met the names, then that of the instance's own dict. */
WEFT_API int weft_attribute_next(weft_thread *self, weft_object *o, size_t *position, weft_object **name,
                                 weft_object **value);

/* cell: one reference that is shared and changed, or none. Each call is one step for every other thread. */
static inline bool weft_is_cell(const weft_object *o)
{
    return weft_type_index(o) == WEFT_TYPE_CELL;
}

/* `value` NULL: an empty cell. */
WEFT_API WEFT_MUST_USE weft_object *weft_cell_new(weft_thread *self, weft_object *value);
/* New reference; NULL: WEFT_ERROR_KEY (empty). Takes no lock. */
WEFT_API WEFT_MUST_USE weft_object *weft_cell_get(weft_thread *self, weft_object *o);
/* `value` NULL empties it. */
WEFT_API weft_status weft_cell_set(weft_thread *self, weft_object *o, weft_object *value);
/* *old: what was there, a reference of the caller's now, or NULL. */
WEFT_API weft_status weft_cell_swap(weft_thread *self, weft_object *o, weft_object *value, weft_object **old);
/* Compare and swap: stores `value` if the cell holds the object `expected`; both may be NULL. 1 stored, 0 not, or a negative
 * status. */
WEFT_API int weft_cell_replace(weft_thread *self, weft_object *o, weft_object *expected, weft_object *value);

/* closure: a C function with a name and values bound to it; immutable. */
static inline bool weft_is_closure(const weft_object *o)
{
    return weft_type_index(o) == WEFT_TYPE_CLOSURE;
}

/* `bound` and `arguments` are tuples, borrowed for the call. Returns a new reference, or NULL with an error. */
typedef weft_object *(*weft_function)(weft_thread *self, weft_object *bound, weft_object *arguments);

/* `name` is a str; `bound` a tuple, or NULL for an empty one. */
WEFT_API WEFT_MUST_USE weft_object *weft_closure_new(weft_thread *self, weft_function function, weft_object *name,
                                                     weft_object *bound);
/* Borrowed, valid as long as the closure. */
WEFT_API weft_object *weft_closure_bound(weft_thread *self, weft_object *o);
WEFT_API weft_object *weft_closure_name(weft_thread *self, weft_object *o);

/* Calls a closure, or an object of a type with a call callback. `arguments` is a tuple, or NULL for none. A new reference,
 * or NULL: WEFT_ERROR_TYPE (not callable), or what the function failed with. */
WEFT_API WEFT_MUST_USE weft_object *weft_call(weft_thread *self, weft_object *callable, weft_object *arguments);

WEFT_END_DECLS

#endif
