/* links_gil.h - the GIL flavour's lists of tracked objects: two links in front of every object that traverses. */
#ifndef WEFT_GC_LINKS_GIL_H
#define WEFT_GC_LINKS_GIL_H

#include <stddef.h>

/* The thread that holds the runtime's lock. NULL `next`: not tracked. */
typedef struct gc_links {
    struct gc_links *next;
    struct gc_links *prev;
} gc_links;

_Static_assert(sizeof(gc_links) == 16, "keeps the object aligned");

static inline void gc_links_init(gc_links *head)
{
    head->next = head->prev = head;
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

#endif
