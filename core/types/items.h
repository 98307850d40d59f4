/* items.h - references on their way from one container to another: an array of them, the caller's own.
 *
 * Containers are filled in one step from whatever can be iterated; but iterating runs code of the program, and no guard
 * may be held over that, nor two at once. So the items are collected first. Called by the attached thread, outside
 * every guard. */
#ifndef WEFT_CORE_TYPES_ITEMS_H
#define WEFT_CORE_TYPES_ITEMS_H

#include "core/types/list.h"

/* Zero is empty. */
typedef struct item_bag {
    weft_object **items; /* of a list_array; NULL if there is no room yet */
    size_t count;
} item_bag;

/* Every item of `source`: a list (as it is at one moment), a tuple, or anything that weft_iterate takes. On failure
 * nothing is left to drop; the errors are weft_iterate's and weft_next's, WEFT_ERROR_VALUE for NULL. */
weft_status items_collect(weft_thread *self, weft_object *source, const char *function, item_bag *into);

/* Room for so many in all. */
weft_status items_reserve(weft_thread *self, item_bag *i, size_t need);

/* Adds one; takes the reference over also if it fails. */
weft_status items_add(weft_thread *self, item_bag *i, weft_object *stolen);

/* Drops them all, and the array. */
void items_drop(weft_thread *self, item_bag *i);

#endif
