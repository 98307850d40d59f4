/* inside.h - the places of references that no public function shows: the merge queues, the lists of dying objects, and
 * what collections under way have found. World stopped, unless said. inside.c, inside_ft.c, inside_gil.c. */
#ifndef WEFT_STRESS_INSIDE_H
#define WEFT_STRESS_INSIDE_H

#include "weft/weft.h"

/* Calls visit for each entry of a merge queue, and for each that waits to become one: each holds one reference. */
void inside_each_queued(weft_thread *self, void (*visit)(weft_object *o, void *arg), void *arg);

/* Calls visit for each object that is dead and not yet destroyed. Its type is `type`, whatever its header says. */
void inside_each_dying(weft_thread *self, void (*visit)(weft_object *o, const weft_type *type, void *arg), void *arg);

/* Calls visit for each reference that a collection holds which is calling finalizers or clearing. */
void inside_each_collected(weft_thread *self, void (*visit)(weft_object *o, void *arg), void *arg);

/* Is some thread in a place of the library where references stand on its stack: in the clear callback of a built-in type,
 * called by a collection, or in the callback of a weak reference? */
bool inside_hides(weft_thread *self);

/* Does `self`, the caller, destroy an object, finalizing it before? (Else a collection finalizes it.) Any time. */
bool inside_is_destroying(weft_thread *self);

/* Does a collection of `self`, the caller, clear `o`? Any time. */
bool inside_is_clearing(weft_thread *self, const weft_object *o);

/* Says on stderr what the header of `o` holds. */
void inside_describe(weft_thread *self, weft_object *o);

/* Does the collector see it? */
bool inside_is_tracked(const weft_object *o);

#endif
