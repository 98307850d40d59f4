/* weak.h - weak references, as the rest of the library sees them: refcount/weak.c, docs/weakrefs.md. */
#ifndef WEFT_REFCOUNT_WEAK_H
#define WEFT_REFCOUNT_WEAK_H

#include "gc/gc.h"
#include "weft/weakref.h"

struct thread;

/* `o` is dying and has WEFT_BIT_WEAK: clears its weak references, and calls their callbacks. */
void weak_object_dies(struct thread *self, weft_object *o);

/* Clears the weak references of everything in run->garbage that has some: weft_weak_get gives nothing from now on. Those
 * that have a callback and are not garbage themselves are put into run->callbacks, with a reference each; weak tables drop
 * their entries, and what those held goes to run->drops. Counts run->event.weak_cleared. World stopped. MEMORY: nothing
 * has changed. */
weft_status weak_clear_stopped(struct thread *self, gc_run *run);

/* Calls the callback of each of run->callbacks, once. World running. */
void weak_call_back(struct thread *self, gc_run *run);

/* The references of a weak dict that count while marking: all but the values of keys that are not live. core/types/
 * weak_dict.c. World stopped; every object of a type with WEFT_TYPE_EPHEMERON is one. */
int weak_table_traverse(weft_object *dict, bool (*is_live)(weft_object *key, void *arg), weft_visit_fn visit,
                        void *arg);

/* Visits each weak-key dict in which `o` is a key. World stopped. */
void weak_each_table(struct thread *self, weft_object *o, void (*visit)(weft_object *dict, void *arg), void *arg);

/* Opens and closes the table of a runtime. */
weft_status weak_open(struct weft_runtime *runtime);
void weak_close(struct weft_runtime *runtime);

#endif
