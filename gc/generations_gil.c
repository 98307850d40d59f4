/* generations_gil.c - the GIL flavour's lists of young, old and frozen objects.
 *
 * The old generation is gone through in passes. What a pass has yet to look at is in old[pending]; an increment takes a
 * few from its front, with everything pending that they lead to (gc/slice_gil.c), and what survives goes to the other
 * list. What grows old meanwhile waits in `fresh`. When none is pending, the pass is over, and the next has all of them
 * before it, the oldest first. Garbage that was old is so found within two passes: all of a cycle is pending when a pass
 * begins, unless part of it is younger. The thread that holds the runtime's lock; some with the world stopped. */
#include "gc/generations_gil.h"

#include "core/core.h"

weft_status gc_flavour_open(weft_runtime *runtime)
{
    gc_flavour *gc = &runtime->gc.flavour;
    gc_links_init(&gc->young);
    gc_links_init(&gc->old[0]);
    gc_links_init(&gc->old[1]);
    gc_links_init(&gc->fresh);
    gc_links_init(&gc->frozen);
    gc_schedule_open(gc);
    return WEFT_OK;
}

void gc_flavour_close(weft_runtime *runtime)
{
    (void)runtime; /* the objects go with the heap */
}

void gc_flavour_thread_ends(thread *self)
{
    (void)self;
}

void gc_flavour_after_fork_child(thread *self)
{
    (void)self; /* the lock was held: all is whole */
}

/* ---- tuples that need not be tracked ------------------------------------------------------------------------------- */

static int visit_is_container(weft_object *child, void *arg)
{
    (void)arg;
    if (weft_type_of(child)->traverse == NULL)
        return 0;
    return weft_type_index(child) != WEFT_TYPE_TUPLE || (child->bits & WEFT_BIT_TRACKED);
}

/* One that refers only to objects that refer to nothing is part of no cycle. */
static bool is_plain_tuple(weft_object *o)
{
    return weft_type_index(o) == WEFT_TYPE_TUPLE && !(o->bits & WEFT_BIT_DEFERRED) &&
           weft_type_of(o)->traverse(o, visit_is_container, NULL) == 0;
}

bool gc_try_forget_tuple(gc_flavour *gc, weft_object *o)
{
    if (WEFT_LIKELY(!is_plain_tuple(o)))
        return false;
    o->bits &= (uint8_t)~WEFT_BIT_TRACKED;
    o->place = GC_PLACE_NONE;
    object_links(o)->next = NULL;
    gc->tracked--;
    return true;
}

/* ---- freezing ---------------------------------------------------------------------------------------------------- */

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

size_t gc_freeze_stopped(thread *self)
{
    gc_flavour *gc = &self->head.runtime->gc.flavour;
    return move_all(&gc->frozen, &gc->old[gc->pending], GC_PLACE_FROZEN) +
           move_all(&gc->frozen, &gc->old[gc->pending ^ 1], GC_PLACE_FROZEN) +
           move_all(&gc->frozen, &gc->fresh, GC_PLACE_FROZEN) + move_all(&gc->frozen, &gc->young, GC_PLACE_FROZEN);
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
    gc_links *lists[] = {&gc->frozen, &gc->old[gc->pending], &gc->old[gc->pending ^ 1], &gc->fresh, &gc->young};
    size_t first = generation == WEFT_GC_FULL ? 0 : generation == WEFT_GC_INCREMENT ? 1 : 4;
    size_t end = generation == WEFT_GC_INCREMENT ? 4 : 5;
    int result = 0;
    for (size_t i = first; i < end && result == 0; i++)
        result = visit_list(lists[i], visit, arg);
    return result;
}
