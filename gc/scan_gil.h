/* scan_gil.h - which candidates of a collection nothing outside reaches: subtract and mark on linked lists.
 *
 * A candidate is a tracked object whose place is in the scan's mask; the lists given to the scan hold all of them, and
 * nothing else. While a scan is under way the `prev` of a candidate's links is its state:
 *   a pointer         not looked at yet
 *   count * 16 + 1    references left that come from no candidate; 0: perhaps unreachable
 *   a pointer + 3     reached; the pointer leads to the next object on the stack
 * so nothing is allocated, and the stack has no bound. `next` stays as it was. World stopped; the collecting thread. */
#ifndef WEFT_GC_SCAN_GIL_H
#define WEFT_GC_SCAN_GIL_H

#include "gc/gc.h"

enum { GC_SCAN_RING = 16, GC_SCAN_LISTS = 3 };

typedef struct gc_scan {
    struct thread *self;
    gc_links *lists[GC_SCAN_LISTS];
    uint8_t places[GC_SCAN_LISTS]; /* of the objects in each */
    uint8_t mask;                  /* all of them */
    uint32_t list_count;
    uint64_t candidates;
    uint64_t unreached;              /* candidates with no reference left that have not been reached */
    gc_links *stack;                 /* reached, to be traversed; through prev */
    gc_links *tables;                /* reached ephemeron tables; the same */
    uint32_t at;                     /* in the ring */
    weft_object *ring[GC_SCAN_RING]; /* children seen and prefetched, to be looked at when they come out */
} gc_scan;

void gc_scan_open(gc_scan *s, struct thread *self);
void gc_scan_add(gc_scan *s, gc_links *list, uint8_t place);
/* The collector itself holds a reference to each, which does not count. */
void gc_scan_add_held(gc_scan *s, gc_links *list, uint8_t place);

/* After all lists have been added: what is reached from outside. Afterwards s->unreached is exact. */
void gc_scan_subtract(gc_scan *s);
void gc_scan_mark(gc_scan *s);

/* After gc_scan_mark, s->unreached not being 0: has nothing reached the object? */
static inline bool gc_scan_is_unreached(const gc_links *links)
{
    return (uintptr_t)links->prev == 1;
}

#endif
