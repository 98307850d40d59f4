/* limbo.h - where dead blocks wait that may neither go into a full magazine nor back to the heap's body.
 *
 *   heap_limbo_take(self, kind, size)          a block of that many bytes, or NULL: there is none
 *   heap_limbo_put(self, kind, block, size)    takes the block; false: it is not one that has to wait
 *   heap_limbo_book_stopped(of, stats)         counts of's blocks as cached, not as used
 *   heap_block_fresh(kind, block)              makes the header of a block from the body such as a dead block has
 *   heap_grew(self, size)                      notes bytes that came from the body; true: ask what is due */
#ifndef WEFT_HEAP_LIMBO_H
#define WEFT_HEAP_LIMBO_H

#include "refcount/refcount.h"

#ifdef WEFT_GIL
#include "heap/limbo_gil.h"
#else
#include "heap/limbo_ft.h"
#endif

#endif
