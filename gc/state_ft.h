/* state_ft.h - the free-threaded flavour finds objects by walking the heap, so it keeps no lists. */
#ifndef WEFT_GC_STATE_FT_H
#define WEFT_GC_STATE_FT_H

#include <stdint.h>

enum { GC_THREADS_MOST = 64 }; /* that find garbage */

typedef struct gc_flavour {
    uint64_t unused;
} gc_flavour;

#endif
