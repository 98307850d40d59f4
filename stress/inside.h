/* inside.h - the two places of references that no public function shows: the merge queues, and the lists of dying
 * objects. World stopped. inside_ft.c, inside_gil.c. */
#ifndef WEFT_STRESS_INSIDE_H
#define WEFT_STRESS_INSIDE_H

#include "weft/weft.h"

/* Calls visit for each entry of a merge queue, and for each that waits to become one: each holds one reference. */
void inside_each_queued(weft_thread *self, void (*visit)(weft_object *o, void *arg), void *arg);

/* Calls visit for each object that is dead and not yet destroyed. Its type is `type`, whatever its header says. */
void inside_each_dying(weft_thread *self, void (*visit)(weft_object *o, const weft_type *type, void *arg), void *arg);

/* Says on stderr what the header of `o` holds. */
void inside_describe(weft_thread *self, weft_object *o);

/* Does the collector see it? */
bool inside_is_tracked(const weft_object *o);

#endif
