/* generations_gil.c - the GIL flavour's lists of young, old and frozen objects, and what a slice of the old ones is.
 *
 * The old generation is gone through in passes. What a pass has yet to look at is in old[pending]; an increment takes a
 * few from its front, with everything pending that they lead to, and what survives goes to the other list. When none is
 * pending the two lists change places. Garbage that was old is so found within two passes: all of a cycle is pending when
 * a pass begins, unless part of it is younger. The thread that holds the runtime's lock; some with the world stopped. */
#include "gc/generations_gil.h"

#include "core/core.h"

weft_status gc_flavour_open(weft_runtime *runtime)
{
    gc_flavour *gc = &runtime->gc.flavour;
    gc_links_init(&gc->young);
    gc_links_init(&gc->old[0]);
    gc_links_init(&gc->old[1]);
    gc_links_init(&gc->frozen);
    gc_schedule_open(gc);
    return WEFT_OK;
}

void gc_flavour_close(weft_runtime *runtime)
{
    (void)runtime; /* the objects go with the heap */
}

void gc_flavour_after_fork_child(thread *self)
{
    (void)self; /* the lock was held: all is whole */
}

/* ---- slices ------------------------------------------------------------------------------------------------------ */

enum { SLICE_RING = 16 };

typedef struct slice_taking {
    gc_links *slice;
    int64_t count;
    uint8_t pending; /* place of those that may be taken */
    uint32_t at;
    weft_object *ring[SLICE_RING]; /* as gc_scan's */
} slice_taking;

static weft_object nothing = WEFT_STATIC_OBJECT(WEFT_TYPE_INVALID);

static inline void take(slice_taking *s, weft_object *o)
{
    if (o->place != s->pending)
        return;
    gc_links_remove(object_links(o));
    gc_links_append(s->slice, object_links(o));
    o->place = GC_PLACE_SLICE;
    s->count++;
}

static int visit_take(weft_object *child, void *arg)
{
    slice_taking *s = (slice_taking *)arg;
    __builtin_prefetch(child, 1);
    uint32_t at = s->at;
    weft_object *o = s->ring[at];
    s->ring[at] = child;
    s->at = (at + 1) % SLICE_RING;
    take(s, o);
    return 0;
}

int64_t gc_slice_take_stopped(gc_flavour *gc, int64_t work, gc_links *slice)
{
    gc_links *pending = &gc->old[gc->pending];
    slice_taking s = {.slice = slice, .pending = gc_old_place(gc->pending)};
    for (uint32_t i = 0; i < SLICE_RING; i++)
        s.ring[i] = &nothing;
    gc_links *traversed = slice; /* the last of the slice whose children have been seen */
    while (s.count < work && !gc_links_empty(pending)) {
        take(&s, links_object(pending->next));
        while (traversed->next != slice) {
            traversed = traversed->next;
            weft_object *o = links_object(traversed);
            (void)weft_type_of(o)->traverse(o, visit_take, &s);
            for (uint32_t i = 0; i < SLICE_RING && traversed->next == slice; i++)
                (void)visit_take(&nothing, &s);
        }
    }
    return s.count;
}

static size_t move_all(gc_links *to, gc_links *from, uint8_t place)
{
    size_t count = 0;
    for (gc_links *l = from->next; l != from; l = l->next, count++) {
        weft_object *o = links_object(l);
        o->place = place;
        if (place == GC_PLACE_FROZEN)
            o->bits |= WEFT_BIT_FROZEN;
        else
            o->bits &= (uint8_t)~WEFT_BIT_FROZEN;
    }
    gc_links_splice(to, from);
    return count;
}

void gc_slice_return_stopped(gc_flavour *gc, gc_links *slice)
{
    (void)move_all(&gc->old[gc->pending], slice, gc_old_place(gc->pending));
}

/* ---- freezing ---------------------------------------------------------------------------------------------------- */

size_t gc_freeze_stopped(thread *self)
{
    gc_flavour *gc = &self->head.runtime->gc.flavour;
    return move_all(&gc->frozen, &gc->old[gc->pending], GC_PLACE_FROZEN) +
           move_all(&gc->frozen, &gc->old[gc->pending ^ 1], GC_PLACE_FROZEN) +
           move_all(&gc->frozen, &gc->young, GC_PLACE_FROZEN);
}

size_t gc_unfreeze_stopped(thread *self)
{
    gc_flavour *gc = &self->head.runtime->gc.flavour;
    return move_all(&gc->old[gc->pending], &gc->frozen, gc_old_place(gc->pending));
}

size_t gc_frozen_count_stopped(thread *self)
{
    const gc_links *frozen = &self->head.runtime->gc.flavour.frozen;
    size_t count = 0;
    for (const gc_links *l = frozen->next; l != frozen; l = l->next)
        count++;
    return count;
}

/* ---- looking ----------------------------------------------------------------------------------------------------- */

static int visit_list(gc_links *list, int (*visit)(weft_object *o, void *arg), void *arg)
{
    int result = 0;
    for (gc_links *l = list->next; l != list && result == 0; l = l->next)
        if (object_is_live(links_object(l)))
            result = visit(links_object(l), arg);
    return result;
}

int gc_visit_stopped(thread *self, weft_gc_generation generation, int (*visit)(weft_object *o, void *arg), void *arg)
{
    gc_flavour *gc = &self->head.runtime->gc.flavour;
    gc_links *lists[] = {&gc->frozen, &gc->old[gc->pending], &gc->old[gc->pending ^ 1], &gc->young};
    size_t first = generation == WEFT_GC_FULL ? 0 : generation == WEFT_GC_INCREMENT ? 1 : 3;
    size_t end = generation == WEFT_GC_INCREMENT ? 3 : 4;
    int result = 0;
    for (size_t i = first; i < end && result == 0; i++)
        result = visit_list(lists[i], visit, arg);
    return result;
}
