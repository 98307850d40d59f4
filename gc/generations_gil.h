/* generations_gil.h - the GIL flavour's young and old objects, as gc/find_gil.c uses them: gc/generations_gil.c,
 * gc/schedule_gil.c. The thread that holds the runtime's lock. */
#ifndef WEFT_GC_GENERATIONS_GIL_H
#define WEFT_GC_GENERATIONS_GIL_H

#include "gc/gc.h"

/* Moves the next old objects that the pass has to look at, at least `work` if there are so many, into `slice`, with all
 * unlooked-at old objects that they lead to: so a cycle is in one slice as a whole. Returns how many. World stopped. */
int64_t gc_slice_take_stopped(gc_flavour *gc, int64_t work, gc_links *slice);
/* Puts them back. */
void gc_slice_return_stopped(gc_flavour *gc, gc_links *slice);

/* With the default settings. */
void gc_schedule_open(gc_flavour *gc);

/* How many old objects the increment that begins now is to look at; 0 or less: none. */
int64_t gc_slice_work(gc_flavour *gc, const gc_run *run);

/* Looking has ended: the counts begin anew. `looked`: old objects in the slice. */
void gc_schedule_done(gc_flavour *gc, const gc_run *run, int64_t looked);

#endif
