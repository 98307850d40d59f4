/* block_gil.h - what a block of the object heap holds, GIL flavour: an object, with two links in front if its type
 * traverses. A walk must tell the two apart by the block alone: the last byte of word 1 is a header's mark, or the top
 * byte of a link, which is 0 as in every user address. */
#ifndef WEFT_HEAP_BLOCK_GIL_H
#define WEFT_HEAP_BLOCK_GIL_H

#include "refcount/refcount.h"

WEFT_STATIC_ASSERT(offsetof(weft_object, mark) == 15 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
                   "the mark lies on the top byte of a link");

static inline weft_object *block_object(void *block)
{
    weft_object *o = (weft_object *)block;
    return o->mark == WEFT_HEADER_MARK ? o : (weft_object *)(void *)((gc_links *)block + 1);
}

#endif
