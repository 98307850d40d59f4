/* weak_object.h - what a weak reference holds, for the two kinds there are: weakref (weak.c) and the entry of a weak dict
 * (core/types/weak_dict.c). */
#ifndef WEFT_REFCOUNT_WEAK_OBJECT_H
#define WEFT_REFCOUNT_WEAK_OBJECT_H

#include "weft/weakref.h"

struct thread;

typedef struct weak_object {
    weft_object object;
    weft_object *referent; /* atomic; cleared for good, under the lock of the referent's stripe or in a stopped world */
    weft_weak_fn callback; /* constant; NULL: none */
    void *arg;             /* constant */
    struct weak_object *next, *prev; /* in the referent's list: the stripe's lock. Cleared, and with a callback that is
                                        due: next links those, for the thread that cleared it */
    bool garbage;                    /* who has the world stopped */
    bool listed;                     /* constant once made; false: its referent never dies */
} weak_object;

/* A weak reference of `size` bytes of type `index`, in its referent's list. NULL: MEMORY is set. */
weft_object *weak_make(struct thread *self, weft_object *o, uint32_t index, size_t size, weft_weak_fn callback,
                       void *arg);

/* A new reference to the referent, or NULL. */
weft_object *weak_get(struct thread *self, weak_object *w);

/* The dict that an entry is of, if that still lives and the entry's referent is a key there; else NULL. World stopped:
 * core/types/weak_dict.c. */
weft_object *weak_entry_dict(const weak_object *entry);

/* A destroy callback: takes it out of its referent's list. */
void weak_destroy(weft_thread *self, weft_object *w);

#endif
