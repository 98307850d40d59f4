/* text_repr.h - quoting and escaping. */
#ifndef WEFT_CORE_TYPES_TEXT_REPR_H
#define WEFT_CORE_TYPES_TEXT_REPR_H

#include "core/core.h"

weft_object *str_repr(weft_thread *self, weft_object *o);
weft_object *bytes_repr(weft_thread *self, const uint8_t *data, size_t size);

#endif
