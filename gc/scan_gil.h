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

#include "core/core.h"
#include "gc/gc.h"

enum { GC_SCAN_RING = 16, GC_SCAN_LISTS = 4 };

typedef struct gc_scan {
    struct thread *self;
    gc_links *lists[GC_SCAN_LISTS];
    uint8_t places[GC_SCAN_LISTS]; /* of the objects in each */
    uint8_t mask;                  /* all of them */
    uint32_t list_count;
    bool passing;        /* what leads to no cycle need not be a candidate */
    bool sliced;         /* the first list is a slice, */
    gc_links *traversed; /* subtracted already up to here */
    uint64_t looked;     /* old objects */
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

/* Fills `slice` with the next old objects that the pass has to look at, at least `work` if there are so many, and with all
 * unlooked-at old ones that they lead to: so a cycle is in one slice as a whole, through weak-key tables too. If those are very many, all that the pass
 * has left are added to the scan. Before any list is subtracted. gc/slice_gil.c */
void gc_scan_take_slice(gc_scan *s, int64_t work, gc_links *slice);
/* Puts them back, at the end. */
void gc_slice_return(gc_scan *s, gc_links *slice);

/* ---- the states, for who scans ------------------------------------------------------------------------------------- */

enum { GC_STATE_COUNTED = 1, GC_STATE_REACHED = 3, GC_STATE_MASK = 15, GC_STATE_ONE = 16 };

static inline uintptr_t gc_state_of(const gc_links *links)
{
    return (uintptr_t)links->prev;
}

static inline void gc_state_set(gc_links *links, uintptr_t state)
{
    links->prev = (gc_links *)state;
}

/* The references of an object whose count is not simply that. */
int64_t gc_scan_special_count(const weft_object *o);

/* The state of a candidate that nobody has looked at yet. */
static inline uintptr_t gc_state_first(const weft_object *o)
{
    int64_t count = o->count;
    if (WEFT_UNLIKELY(count <= 0) || WEFT_UNLIKELY(o->bits & (HEADER_BIT_DYING | WEFT_BIT_DEFERRED)))
        count = gc_scan_special_count(o);
    return (uintptr_t)count * GC_STATE_ONE + GC_STATE_COUNTED;
}

static inline void gc_scan_begin_at(gc_scan *s, gc_links *links, uintptr_t state)
{
    gc_state_set(links, state);
    s->unreached += state == GC_STATE_COUNTED;
}

/* A reference from a candidate to `o`, which is one too. */
static inline void gc_scan_subtract_one(gc_scan *s, weft_object *o)
{
    uintptr_t state = gc_state_of(object_links(o));
    if (!(state & GC_STATE_COUNTED))
        state = gc_state_first(o);
    gc_scan_begin_at(s, object_links(o), state - GC_STATE_ONE);
}

/* What the ring holds where it is empty: in no place, so nobody's candidate. */
extern weft_object gc_scan_nothing;

/* Puts a child into the ring, and takes out what was put there GC_SCAN_RING children ago. */
static inline weft_object *gc_scan_exchange(gc_scan *s, weft_object *child)
{
    __builtin_prefetch(child, 1);
    uint32_t at = s->at;
    weft_object *o = s->ring[at];
    s->ring[at] = child;
    s->at = (at + 1) % GC_SCAN_RING;
    return o;
}

/* After gc_scan_mark, s->unreached not being 0: has nothing reached the object? */
static inline bool gc_scan_is_unreached(const gc_links *links)
{
    return (uintptr_t)links->prev == 1;
}

#endif
