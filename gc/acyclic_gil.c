/* acyclic_gil.c - the GIL flavour: objects that lead to no cycle need no counting.
 *
 * Garbage that counts do not free is a cycle, or hangs from one; what hangs dies by counts when the cycle is cleared. So an
 * object from which no cycle can be reached may be left out of the candidates, and nothing is lost. Most programs
 * make most of their objects bottom up (children first) or top down, so two passes settle nearly all that is young:
 *
 *   oldest first   an object passes if no child of it is young: those that have passed are old
 *   newest first   the same with those that are left
 *
 * By induction an object that passes leads only to objects that have passed before it. One traversal, no count, no mark.
 * In a collection that begins by itself only: one that is asked for finds all that is unreachable, and says how much.
 *
 * Left to the general way, so that all of what hangs from a cycle is treated alike: what has a finalizer or a weak
 * reference, weak tables, and deferred objects, whose counts do not free them. World stopped; the collecting thread. */
#include "core/core.h"
#include "gc/generations_gil.h"

bool gc_must_stay(const weft_object *o, const weft_type *type)
{
    return (o->bits & (WEFT_BIT_DEFERRED | WEFT_BIT_WEAK | HEADER_BIT_DYING)) || type->finalize ||
           (type->flags & WEFT_TYPE_EPHEMERON);
}

static int visit_is_young(weft_object *child, void *arg)
{
    (void)arg;
    return child->place == GC_PLACE_YOUNG;
}

static inline bool may_pass(weft_object *o)
{
    const weft_type *type = weft_type_of(o);
    return !gc_must_stay(o, type) && type->traverse(o, visit_is_young, NULL) == 0;
}

static uint64_t pass_oldest_first(gc_flavour *gc, uint8_t place)
{
    gc_links *stay = &gc->young, *passed = gc->fresh.prev;
    uint64_t count = 0;
    for (gc_links *l = gc->young.next, *next; l != &gc->young; l = next) {
        next = l->next;
        gc_links_prefetch(l, next);
        weft_object *o = links_object(l);
        if (!may_pass(o)) {
            gc_links_join(stay, l);
            stay = l;
            continue;
        }
        count++;
        if (gc_try_forget_tuple(gc, o))
            continue;
        o->place = place;
        gc_links_join(passed, l);
        passed = l;
    }
    gc_links_join(stay, &gc->young);
    gc_links_join(passed, &gc->fresh);
    return count;
}

static uint64_t pass_newest_first(gc_flavour *gc, uint8_t place)
{
    uint64_t count = 0;
    for (gc_links *l = gc->young.prev, *before; l != &gc->young; l = before) {
        before = l->prev;
        if (!may_pass(links_object(l)))
            continue;
        gc_links_remove(l);
        gc_links_append(&gc->fresh, l);
        links_object(l)->place = place;
        count++;
    }
    return count;
}

uint64_t gc_pass_acyclic_stopped(gc_flavour *gc)
{
    uint8_t place = gc_old_place(gc->pending ^ 1);
    uint64_t count = pass_oldest_first(gc, place);
    if (!gc_links_empty(&gc->young))
        count += pass_newest_first(gc, place);
    return count;
}
