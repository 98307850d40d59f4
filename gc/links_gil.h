/* links_gil.h - the GIL flavour's lists of tracked objects: two links in front of every object that traverses.
 *
 * While a collection finds garbage, `prev` of its candidates holds a working count or a mark instead (gc/scan_gil.h), and
 * the lists are singly linked. All of it: the thread that holds the runtime's lock. */
#ifndef WEFT_GC_LINKS_GIL_H
#define WEFT_GC_LINKS_GIL_H

#include <stddef.h>

#include "weft/flavour.h"

/* NULL `next`: in no list. */
typedef struct gc_links {
    struct gc_links *next;
    struct gc_links *prev;
} gc_links;

_Static_assert(sizeof(gc_links) == 16, "keeps the object aligned");

/* Which list an object is in: weft_object.place. One bit each, so that "is it a candidate" is one test. */
enum gc_place {
    GC_PLACE_NONE = 0, /* not tracked */
    GC_PLACE_YOUNG = 1,
    GC_PLACE_OLD_A = 2, /* old ones are in two lists: those that the present pass has looked at, and the rest */
    GC_PLACE_OLD_B = 4,
    GC_PLACE_SLICE = 8, /* old ones that this increment looks at */
    GC_PLACE_FROZEN = 16,
    GC_PLACE_CONDEMNED = 32 /* found to be garbage; looked at once more after finalizers */
};

static inline gc_links *object_links(weft_object *o)
{
    return (gc_links *)(void *)o - 1;
}

static inline weft_object *links_object(gc_links *links)
{
    return (weft_object *)(void *)(links + 1);
}

static inline void gc_links_init(gc_links *head)
{
    head->next = head->prev = head;
}

static inline bool gc_links_empty(const gc_links *head)
{
    return head->next == head;
}

static inline void gc_links_join(gc_links *first, gc_links *second)
{
    first->next = second;
    second->prev = first;
}

static inline void gc_links_append(gc_links *head, gc_links *links)
{
    links->next = head;
    links->prev = head->prev;
    head->prev->next = links;
    head->prev = links;
}

static inline void gc_links_remove(gc_links *links)
{
    links->prev->next = links->next;
    links->next->prev = links->prev;
    links->next = NULL;
}

/* Puts all of `from` at the end of `to`. */
static inline void gc_links_splice(gc_links *to, gc_links *from)
{
    if (gc_links_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    gc_links_init(from);
}

/* On the way from `last` to `l`: lists are nearly in the order of memory, up or down, so what comes soon lies further on
 * in that direction. A guess: a wrong one costs little. */
static inline void gc_links_prefetch(const gc_links *last, const gc_links *l)
{
    const char *at = (const char *)l;
    __builtin_prefetch((uintptr_t)last < (uintptr_t)l ? at + 768 : at - 768, 1);
}

#endif
