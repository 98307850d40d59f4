/* generations_gil.h - the GIL flavour's young and old objects, as gc/find_gil.c uses them: gc/generations_gil.c,
 * gc/schedule_gil.c. The thread that holds the runtime's lock. */
#ifndef WEFT_GC_GENERATIONS_GIL_H
#define WEFT_GC_GENERATIONS_GIL_H

#include "gc/gc.h"

/* Is it a tuple that refers only to what refers to nothing? Then it need not be tracked, and is so no longer; the caller
 * takes it out of its list. For young ones, in the order in which they were made: items were there before their tuple, so
 * inner ones have had their turn, and those of an old one have not changed. */
bool gc_try_forget_tuple(gc_flavour *gc, weft_object *o);

/* Young objects that lead to no cycle of young ones become old, without more being found out about them. Returns how
 * many. World stopped: gc/acyclic_gil.c. */
uint64_t gc_pass_acyclic_stopped(gc_flavour *gc);
/* Does a type's or an object's nature forbid to let it pass so? */
bool gc_must_stay(const weft_object *o, const weft_type *type);

/* With the default settings. */
void gc_schedule_open(gc_flavour *gc);

/* A collection begins: how many old objects it is to look at if it is an increment; 0 or less: none. */
int64_t gc_schedule_begin(gc_flavour *gc, const gc_run *run);

/* Looking has ended: the counts begin anew. `looked`: at so many old objects. */
void gc_schedule_done(gc_flavour *gc, const gc_run *run, int64_t looked);

#endif
