/* heap_mimalloc.h - what the files of the mimalloc body share. */
#ifndef WEFT_HEAP_HEAP_MIMALLOC_H
#define WEFT_HEAP_HEAP_MIMALLOC_H

#include "weft/status.h"

/* Does the mimalloc that the program runs with do what Weft needs? Asked once a process; WEFT_ERROR_SYSTEM with the
 * reason, or WEFT_ERROR_MEMORY (then it is asked again). Any thread. heap_mimalloc_check.c. */
weft_status mimalloc_check(void);

/* "mimalloc 3.6.0": of the library, not of the header. */
const char *mimalloc_name(void);

/* When the library is loaded, with mimalloc's options as they will be. heap_mimalloc_fork.c. */
void parts_set_up(void);

/* Around giving the calling OS thread its part of a heap: no fork meanwhile. heap_mimalloc_fork.c. */
void parts_begin(void);
void parts_end(void);

#endif
