/* block_ft.h - what a block of the object heap holds, free-threaded: an object, at its start. */
#ifndef WEFT_HEAP_BLOCK_FT_H
#define WEFT_HEAP_BLOCK_FT_H

#include "refcount/refcount.h"

/* The object in a block that a walk found; object_is_live says whether there is one. */
static inline weft_object *block_object(void *block)
{
    return (weft_object *)block;
}

#endif
