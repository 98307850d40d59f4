/* copies.h - the callbacks by which the built-in types are copied and measured: see weft/type.h. */
#ifndef WEFT_CORE_TYPES_COPIES_H
#define WEFT_CORE_TYPES_COPIES_H

#include "core/core.h"

size_t list_raw_size(const weft_object *o);
weft_object *list_copy(weft_thread *self, weft_object *o);
weft_status list_copy_fill(weft_thread *self, weft_object *to, weft_object *from, weft_copy_child_fn map, void *arg);

size_t dict_raw_size(const weft_object *o);
weft_object *dict_copy(weft_thread *self, weft_object *o);
weft_status dict_copy_fill(weft_thread *self, weft_object *to, weft_object *from, weft_copy_child_fn map, void *arg);

/* Also of a set of either kind: dict_raw_size. */
weft_object *set_copy(weft_thread *self, weft_object *o);
weft_status set_copy_fill(weft_thread *self, weft_object *to, weft_object *from, weft_copy_child_fn map, void *arg);

size_t deque_raw_size(const weft_object *o);
weft_object *deque_copy(weft_thread *self, weft_object *o);
weft_status deque_copy_fill(weft_thread *self, weft_object *to, weft_object *from, weft_copy_child_fn map, void *arg);

weft_object *buffer_copy(weft_thread *self, weft_object *o);
weft_object *atomic_int_copy(weft_thread *self, weft_object *o);

#endif
