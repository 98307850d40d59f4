/* block.h - from a block of the object heap to the object in it: block_object(block). */
#ifndef WEFT_HEAP_BLOCK_H
#define WEFT_HEAP_BLOCK_H

#ifdef WEFT_GIL
#include "heap/block_gil.h"
#else
#include "heap/block_ft.h"
#endif

#endif
