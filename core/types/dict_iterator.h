/* dict_iterator.h - iterators over dicts and sets. */
#ifndef WEFT_CORE_TYPES_DICT_ITERATOR_H
#define WEFT_CORE_TYPES_DICT_ITERATOR_H

#include "weft/dict.h"

/* Over a dict, set or frozenset known to be one; a set has keys only. NULL: WEFT_ERROR_MEMORY. */
weft_object *dict_iterator_new(weft_thread *self, weft_object *source, weft_dict_part part);

void dict_iterator_type_init(void);

#endif
