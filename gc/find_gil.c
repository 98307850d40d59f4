/* find_gil.c - the GIL flavour: which objects nothing reaches, among the young ones, a slice of the old ones, or all.
 *
 * Whatever the candidates are, the rest of the heap counts as outside: a reference from there keeps its object, so a
 * partial collection needs no write barrier. What survives becomes old. What was found stays in the lists too, tracked,
 * kept by the run's references, until it dies. World stopped; the collecting thread. */
#include "core/core.h"
#include "gc/generations_gil.h"
#include "gc/scan_gil.h"

/* ---- making the lists whole again ---------------------------------------------------------------------------------- */

static void restore_list(gc_links *list, uint8_t place)
{
    gc_links *last = list;
    for (gc_links *l = list->next; l != list; l = l->next) {
        gc_links_prefetch(last, l);
        l->prev = last;
        links_object(l)->place = place;
        last = l;
    }
}

/* The run's own reference. Nobody has uncounted ones to a deferred object any more, so it is counted like any other. */
static inline void condemn(gc_run *run, weft_object *o)
{
    o->count += o->count >= COUNT_DEFERRED ? 1 - COUNT_DEFERRED : 1;
    gc_array_push(&run->garbage, o);
}

/* What nothing reached goes into run->garbage, for which there is room. Plain tuples that are young leave the list. A slice
 * is turned round: it was taken from the top down, and the next pass is cheap where children come before their parents. */
static void settle_list(gc_scan *s, gc_run *run, uint32_t index, uint8_t place)
{
    gc_flavour *gc = &s->self->head.runtime->gc.flavour;
    gc_links *list = s->lists[index], *last = list;
    bool young = s->places[index] == GC_PLACE_YOUNG, turned = s->places[index] == GC_PLACE_SLICE;
    for (gc_links *l = list->next, *next; l != list; l = next) {
        next = l->next;
        gc_links_prefetch(l, next);
        weft_object *o = links_object(l);
        if (s->unreached > 0 && gc_scan_is_unreached(l))
            condemn(run, o);
        else if (young && gc_try_forget_tuple(gc, o))
            continue;
        gc_links_join(turned ? l : last, turned ? last : l);
        o->place = place;
        last = l;
    }
    gc_links_join(turned ? list : last, turned ? last : list);
}

/* After a full collection all objects are pending, in order of age; an increment's slice has been looked at, and what was
 * young need not be in this pass. */
static void settle(gc_scan *s, gc_run *run)
{
    gc_flavour *gc = &s->self->head.runtime->gc.flavour;
    bool full = run->event.asked == WEFT_GC_FULL;
    uint32_t to = full ? gc->pending : gc->pending ^ 1;
    for (uint32_t i = 0; i < s->list_count; i++) {
        gc_links *list = s->lists[i];
        gc_links *target = !full && s->places[i] == GC_PLACE_YOUNG ? &gc->fresh : &gc->old[to];
        settle_list(s, run, i, gc_old_place(to));
        if (list != target)
            gc_links_splice(target, list);
    }
}

/* The last of a pass was looked at: the next is to look at all. */
static void pass_end(gc_flavour *gc)
{
    if (!gc_links_empty(&gc->old[gc->pending]))
        return;
    gc->pending ^= 1;
    gc_links_splice(&gc->old[gc->pending], &gc->fresh);
}

/* ---- finding ------------------------------------------------------------------------------------------------------- */

/* What this collection is to look at. */
static void choose(gc_scan *s, gc_run *run, gc_links *slice)
{
    gc_flavour *gc = &s->self->head.runtime->gc.flavour;
    int64_t work = gc_schedule_begin(gc, run);
    gc_links_init(slice);
    run->event.generation = run->event.asked;
    s->passing = run->event.automatic;
    if (s->passing)
        s->candidates += gc_pass_acyclic_stopped(gc);
    if (run->event.asked == WEFT_GC_FULL) {
        gc_scan_add(s, &gc->old[gc->pending], gc_old_place(gc->pending));
        gc_scan_add(s, &gc->old[gc->pending ^ 1], gc_old_place(gc->pending ^ 1));
        gc_scan_add(s, &gc->fresh, gc_old_place(gc->pending ^ 1));
    } else if (run->event.asked == WEFT_GC_INCREMENT && work > 0) {
        gc_scan_take_slice(s, work, slice);
    } else {
        run->event.generation = WEFT_GC_YOUNG;
    }
    gc_scan_add(s, &gc->young, GC_PLACE_YOUNG);
}

static weft_status scan(gc_scan *s, gc_run *run)
{
    uint64_t start = platform_now_ns();
    gc_scan_subtract(s);
    uint64_t subtracted = platform_now_ns();
    gc_scan_mark(s);
    run->event.subtract_ns += subtracted - start;
    run->event.mark_ns += platform_now_ns() - subtracted;
    run->event.candidates = s->candidates;
    run->event.marked = s->candidates - s->unreached;
    if (gc_array_reserve(s->self->head.runtime, &run->garbage, s->unreached))
        return WEFT_OK;
    return weft_error_set(WEFT_ERROR_MEMORY, "weft_gc_collect: no memory to list %llu unreachable objects",
                          (unsigned long long)s->unreached);
}

/* Every candidate is where it was, and counted from now on: the next try by itself is not at once. */
static weft_status give_up(gc_flavour *gc, gc_scan *s, gc_links *slice)
{
    for (uint32_t i = s->sliced; i < s->list_count; i++)
        restore_list(s->lists[i], s->places[i]);
    gc_slice_return(s, slice);
    gc->base = gc->tracked;
    return WEFT_ERROR_MEMORY;
}

weft_status gc_find_stopped(thread *self, gc_run *run)
{
    gc_flavour *gc = &self->head.runtime->gc.flavour;
    gc_links slice;
    gc_scan s;
    run->event.threads = 1;
    gc_scan_open(&s, self);
    choose(&s, run, &slice);
    if (scan(&s, run) != WEFT_OK)
        return give_up(gc, &s, &slice);
    settle(&s, run);
    pass_end(gc);
    gc_schedule_done(gc, run, (int64_t)s.looked);
    return WEFT_OK;
}

/* ---- after finalizers ---------------------------------------------------------------------------------------------- */

/* One that was frozen or let go meanwhile is no candidate; it counts as resurrected. */
static bool is_listed(const weft_object *o)
{
    return (o->place & (GC_PLACE_YOUNG | GC_PLACE_OLD_A | GC_PLACE_OLD_B)) != 0;
}

static void condemned_take(gc_run *run, gc_links *condemned)
{
    gc_links_init(condemned);
    for (size_t i = 0; i < run->garbage.count; i++) {
        weft_object *o = run->garbage.items[i];
        if (!is_listed(o))
            continue;
        gc_links_remove(object_links(o));
        gc_links_append(condemned, object_links(o));
        o->place = GC_PLACE_CONDEMNED;
    }
}

/* Deferred objects that are not garbage after all are deferred again. */
static void pardon(weft_object *o)
{
    if ((o->bits & WEFT_BIT_DEFERRED) && o->count >= 0 && o->count < COUNT_DEFERRED)
        o->count += COUNT_DEFERRED;
}

static void divide(gc_scan *s, gc_run *run)
{
    size_t kept = 0;
    for (size_t i = 0; i < run->garbage.count; i++) {
        weft_object *o = run->garbage.items[i];
        if (s->unreached > 0 && o->place == GC_PLACE_CONDEMNED && gc_scan_is_unreached(object_links(o))) {
            run->garbage.items[kept++] = o;
        } else {
            pardon(o);
            gc_array_push(&run->resurrected, o);
        }
    }
    run->garbage.count = kept;
}

weft_status gc_find_resurrected_stopped(thread *self, gc_run *run)
{
    gc_flavour *gc = &self->head.runtime->gc.flavour;
    if (!gc_array_reserve(self->head.runtime, &run->resurrected, run->garbage.count)) {
        for (size_t i = 0; i < run->garbage.count; i++)
            pardon(run->garbage.items[i]);
        return weft_error_set(WEFT_ERROR_MEMORY, "weft_gc_collect: no memory to look for resurrected objects");
    }
    gc_links condemned;
    gc_scan s;
    condemned_take(run, &condemned);
    gc_scan_open(&s, self);
    gc_scan_add_held(&s, &condemned, GC_PLACE_CONDEMNED);
    gc_scan_subtract(&s);
    gc_scan_mark(&s);
    divide(&s, run);
    restore_list(&condemned, gc_old_place(gc->pending ^ 1));
    gc_links_splice(&gc->fresh, &condemned);
    return WEFT_OK;
}
