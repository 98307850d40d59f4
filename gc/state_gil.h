/* state_gil.h - the GIL flavour's generations: docs/generations.md. The thread that holds the runtime's lock. */
#ifndef WEFT_GC_STATE_GIL_H
#define WEFT_GC_STATE_GIL_H

#include "gc/links_gil.h"

enum { GC_THREADS_MOST = 1 }; /* that find garbage */

typedef struct young_thread {
    char unused; /* an object is in the list from its birth: nothing has to be kept by thread */
} young_thread;

/* Every tracked object is in exactly one of the lists, and its `place` says in which. */
typedef struct gc_flavour {
    int64_t tracked; /* objects */
    int64_t base;    /* the least that `tracked` has been since the last collection */
    int64_t limit;   /* a collection is due when tracked - base is more; INT64_MAX: never */
    gc_links young;  /* newest last */
    gc_links old[2]; /* with places OLD_A and OLD_B */
    gc_links fresh;  /* grew old during the present pass; with the place of old[pending ^ 1] */
    gc_links frozen;
    uint32_t pending;   /* which of old[] the present pass has still to look at */
    uint32_t old_limit; /* the second threshold */
    int64_t settled;    /* `tracked` after the last collection, without what it found */
    int64_t work;       /* old objects that increments are behind with; negative: ahead */
    uint64_t youngs;    /* young collections since the last increment */
    uint64_t survived;  /* the last full one */
} gc_flavour;

static inline uint8_t gc_old_place(uint32_t list)
{
    return (uint8_t)(GC_PLACE_OLD_A << list);
}

#endif
