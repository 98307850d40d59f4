/* deque.h - deques: queues with two ends, and items by index. Included by containers.h, which says what holds for all
 * containers. */
#ifndef WEFT_DEQUE_H
#define WEFT_DEQUE_H

#include "weft/object.h"

WEFT_BEGIN_DECLS

static inline bool weft_is_deque(const weft_object *o)
{
    return weft_type_index(o) == WEFT_TYPE_DEQUE;
}

/* Where: the front, from which indexes count, or the back. */
typedef enum weft_deque_end { WEFT_DEQUE_FRONT, WEFT_DEQUE_BACK } weft_deque_end;

/* `most` is how many items it may hold: one more at one end pushes one out at the other. -1: no limit.
 * WEFT_ERROR_VALUE: less than that. */
WEFT_API WEFT_MUST_USE weft_object *weft_deque_new(weft_thread *self, int64_t most);
WEFT_API int64_t weft_deque_size(weft_thread *self, weft_object *deque);
/* As given to weft_deque_new, or WEFT_ERROR_TYPE, which is less than -1. */
WEFT_API int64_t weft_deque_most(weft_thread *self, const weft_object *deque);
WEFT_API weft_status weft_deque_push(weft_thread *self, weft_object *deque, weft_deque_end end, weft_object *item);
/* 1 and *item; 0 and NULL if it is empty; or a negative status. */
WEFT_API int weft_deque_pop(weft_thread *self, weft_object *deque, weft_deque_end end, weft_object **item);
WEFT_API WEFT_MUST_USE weft_object *weft_deque_get(weft_thread *self, weft_object *deque, int64_t index);
WEFT_API weft_status weft_deque_set(weft_thread *self, weft_object *deque, int64_t index, weft_object *item);
/* Pushes every item of `items`, anything weft_iterate takes, at that end, one after the other, in one step. */
WEFT_API weft_status weft_deque_extend(weft_thread *self, weft_object *deque, weft_deque_end end, weft_object *items);
/* The last `by` items become the first ones; the first -by the last ones if it is negative. */
WEFT_API weft_status weft_deque_rotate(weft_thread *self, weft_object *deque, int64_t by);
WEFT_API weft_status weft_deque_clear(weft_thread *self, weft_object *deque);
/* 1 and *index (may be NULL), the first at `start` or later that is weft_equal to `item`; 0: none; or a negative status.
 * Looks at the deque as it is at each step. */
WEFT_API int weft_deque_index(weft_thread *self, weft_object *deque, weft_object *item, int64_t start, int64_t *index);

WEFT_END_DECLS

#endif
