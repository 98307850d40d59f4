/* list.h - lists: growable arrays of references. Included by containers.h, which says what holds for all containers.
 *
 * Indexes count from 0; a negative one is an error, except where -1 is said to be the last. */
#ifndef WEFT_LIST_H
#define WEFT_LIST_H

#include "weft/object.h"

WEFT_BEGIN_DECLS

static inline bool weft_is_list(const weft_object *o)
{
    return weft_type_index(o) == WEFT_TYPE_LIST;
}

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
/* As get, without a reference, under the terms of weft_dict_peek (dict.h). NULL: WEFT_ERROR_INDEX, WEFT_ERROR_TYPE. */
WEFT_API weft_object *weft_list_peek(weft_thread *self, weft_object *list, int64_t index);
/* The items at `i` and `j` change places. */
WEFT_API weft_status weft_list_swap(weft_thread *self, weft_object *list, int64_t i, int64_t j);
WEFT_API weft_status weft_list_reverse(weft_thread *self, weft_object *list);
/* Appends every item of `items`, which may be the list itself: anything weft_iterate takes. The items are collected
 * first, which is not part of the step; then they are appended in one. On an error the list is as it was. */
WEFT_API weft_status weft_list_extend(weft_thread *self, weft_object *list, weft_object *items);

/* Slices: the places `start`, `start` + `step` and so on before `end`. WEFT_ERROR_INDEX unless 0 <= start <= end <= size;
 * WEFT_ERROR_VALUE unless step >= 1. */

/* A new list of the items there. */
WEFT_API WEFT_MUST_USE weft_object *weft_list_slice(weft_thread *self, weft_object *list, int64_t start, int64_t end,
                                                    int64_t step);
/* Puts `items`, collected first as by extend, in their place; any number if step is 1, else one for each place
 * (WEFT_ERROR_VALUE). */
WEFT_API weft_status weft_list_slice_set(weft_thread *self, weft_object *list, int64_t start, int64_t end, int64_t step,
                                         weft_object *items);
WEFT_API weft_status weft_list_slice_delete(weft_thread *self, weft_object *list, int64_t start, int64_t end,
                                            int64_t step);

/* Searches by weft_equal, which may change the list: each step looks at the list as it is then. */

/* 1 and *index (may be NULL), the first at `start` or later that is equal; 0: none; or a negative status. */
WEFT_API int weft_list_index(weft_thread *self, weft_object *list, weft_object *item, int64_t start, int64_t *index);
WEFT_API int weft_list_contains(weft_thread *self, weft_object *list, weft_object *item);
/* How many items are equal, or a negative status. */
WEFT_API int64_t weft_list_count(weft_thread *self, weft_object *list, weft_object *item);
/* Takes out the first that is equal: 1; 0 none; or a negative status. */
WEFT_API int weft_list_remove(weft_thread *self, weft_object *list, weft_object *item);

/* 1 if a comes before b, 0 if not, or a negative status, which ends the sort and is returned by it. */
typedef int (*weft_less_fn)(weft_thread *self, weft_object *a, weft_object *b, void *arg);

/* Sorts in place, stably; by `less`, or by weft_compare if it is NULL. What is nearly in order, either way, takes little
 * time. The list keeps its old order for everybody until it is sorted, and has the new order in one step then. If it was
 * changed meanwhile, by `less` or by another thread, that stands, and the sort fails: WEFT_ERROR_BUSY. After any failure
 * the list is as nobody had sorted it. Passes safepoints. Takes 40 bytes an item meanwhile.
 * (Munro and Wild, "Nearly-Optimal Mergesorts", ESA 2018; galloping: Peters' timsort.) */
WEFT_API weft_status weft_list_sort(weft_thread *self, weft_object *list, weft_less_fn less, void *arg);

WEFT_END_DECLS

#endif
