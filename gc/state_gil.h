/* state_gil.h - the GIL flavour's lists of tracked objects. The thread that holds the runtime's lock. */
#ifndef WEFT_GC_STATE_GIL_H
#define WEFT_GC_STATE_GIL_H

#include "gc/links_gil.h"

enum { GC_THREADS_MOST = 1 }; /* that find garbage */

typedef struct gc_flavour {
    gc_links young; /* every tracked object, newest last */
} gc_flavour;

#endif
