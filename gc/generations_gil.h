/* generations_gil.h - the GIL flavour's young and old objects, as gc/find_gil.c uses them: gc/generations_gil.c,
 * gc/schedule_gil.c. The thread that holds the runtime's lock. */
#ifndef WEFT_GC_GENERATIONS_GIL_H
#define WEFT_GC_GENERATIONS_GIL_H

#include "gc/gc.h"

/* With the default settings. */
void gc_schedule_open(gc_flavour *gc);

/* A collection begins: how many old objects it is to look at if it is an increment; 0 or less: none. */
int64_t gc_schedule_begin(gc_flavour *gc, const gc_run *run);

/* Looking has ended: the counts begin anew. `looked`: old objects in the slice. */
void gc_schedule_done(gc_flavour *gc, const gc_run *run, int64_t looked);

#endif
