/* set.h - sets, and frozen sets, which never change and are hashable. Included by containers.h, which says what holds for all
 * containers.
 *
 * Items are any hashable objects, in the order in which they came. Equality callbacks of items may change the set or block:
 * the operation then starts again. "A set" is of either kind unless it says otherwise. Two sets are equal if they have the
 * same items, whatever their kinds. Where `items` is asked for, anything goes that weft_iterate takes; its items are collected
 * first. WEFT_ERROR_TYPE also for an item that is not hashable. */
#ifndef WEFT_SET_H
#define WEFT_SET_H

#include "weft/object.h"

WEFT_BEGIN_DECLS

static inline bool weft_is_set(const weft_object *o)
{
    return weft_type_index(o) == WEFT_TYPE_SET;
}

static inline bool weft_is_frozenset(const weft_object *o)
{
    return weft_type_index(o) == WEFT_TYPE_FROZENSET;
}

/* `items` NULL: empty. */
WEFT_API WEFT_MUST_USE weft_object *weft_set_new(weft_thread *self, weft_object *items);
WEFT_API WEFT_MUST_USE weft_object *weft_frozenset_new(weft_thread *self, weft_object *items);

WEFT_API int64_t weft_set_size(weft_thread *self, const weft_object *set);
WEFT_API int weft_set_contains(weft_thread *self, weft_object *set, weft_object *item);

/* Of sets that can change only. */

/* 1 it is new, 0 it was there already, or a negative status. */
WEFT_API int weft_set_add(weft_thread *self, weft_object *set, weft_object *item);
/* 1 it is gone, 0 it was not there, or a negative status. */
WEFT_API int weft_set_remove(weft_thread *self, weft_object *set, weft_object *item);
/* Takes out the item that came last: 1 and *item; 0 and NULL if the set is empty; or a negative status. */
WEFT_API int weft_set_pop(weft_thread *self, weft_object *set, weft_object **item);
WEFT_API weft_status weft_set_clear(weft_thread *self, weft_object *set);
/* Adds, keeps only, or takes out the items. Each is a step of its own; a failure leaves those that were done before. */
WEFT_API weft_status weft_set_update(weft_thread *self, weft_object *set, weft_object *items);
WEFT_API weft_status weft_set_keep(weft_thread *self, weft_object *set, weft_object *items);
WEFT_API weft_status weft_set_subtract(weft_thread *self, weft_object *set, weft_object *items);

/* New sets, of the kind of the first. Each operand is as it was at some moment of the call. */
WEFT_API WEFT_MUST_USE weft_object *weft_set_union(weft_thread *self, weft_object *set, weft_object *items);
WEFT_API WEFT_MUST_USE weft_object *weft_set_intersection(weft_thread *self, weft_object *set, weft_object *items);
WEFT_API WEFT_MUST_USE weft_object *weft_set_difference(weft_thread *self, weft_object *set, weft_object *items);
/* What is in exactly one of them. */
WEFT_API WEFT_MUST_USE weft_object *weft_set_exclusive(weft_thread *self, weft_object *set, weft_object *items);

/* 1 yes, 0 no, or a negative status. */
WEFT_API int weft_set_is_subset(weft_thread *self, weft_object *set, weft_object *of_items);
WEFT_API int weft_set_is_superset(weft_thread *self, weft_object *set, weft_object *of_items);
WEFT_API int weft_set_is_disjoint(weft_thread *self, weft_object *set, weft_object *items);

/* As weft_dict_next. */
WEFT_API int weft_set_next(weft_thread *self, weft_object *set, size_t *position, weft_object **item);

WEFT_END_DECLS

#endif
