/* dict.h - what the dict's files share with each other: the type's callbacks, and iteration. */
#ifndef WEFT_CORE_TYPES_DICT_H
#define WEFT_CORE_TYPES_DICT_H

#include "core/types/dict_lookup.h"

/* As weft_dict_next, for a dict known to be one. Never fails. */
bool dict_next(weft_thread *self, dict *d, size_t *position, weft_object **key, weft_object **value);

/* As weft_dict_get, for a dict known to be one and a hash known. */
int dict_get(weft_thread *self, dict *d, weft_object *key, uint64_t hash, weft_object **value);

size_t dict_size(weft_thread *self, dict *d);

int dict_traverse(weft_object *o, weft_visit_fn visit, void *arg);
int dict_equal(weft_thread *self, weft_object *a, weft_object *b);
weft_object *dict_repr(weft_thread *self, weft_object *o);

#endif
