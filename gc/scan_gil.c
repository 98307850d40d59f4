/* scan_gil.c - trial deletion over linked lists: see scan_gil.h for the states of a candidate.
 *
 * Both passes go through the lists in order, which is nearly the order in memory; the children they look at are anywhere.
 * So a child is prefetched and put into a small ring, and looked at when it comes out: then it has arrived. */
#include "gc/scan_gil.h"

#include "refcount/weak.h"

/* More references than the candidates can have to one object. */
#define COUNT_MANY (INT64_C(1) << 48)

weft_object gc_scan_nothing = WEFT_STATIC_OBJECT(WEFT_TYPE_INVALID);

/* One that nobody may free counts as referenced. */
__attribute__((noinline, cold)) int64_t gc_scan_special_count(const weft_object *o)
{
    if (o->count <= 0 || (o->bits & HEADER_BIT_DYING)) /* immortal; or `count` is a link */
        return COUNT_MANY;
    return o->count >= COUNT_DEFERRED ? o->count - COUNT_DEFERRED : o->count;
}

void gc_scan_open(gc_scan *s, thread *self)
{
    *s = (gc_scan){.self = self};
    for (uint32_t i = 0; i < GC_SCAN_RING; i++)
        s->ring[i] = &gc_scan_nothing;
}

/* ---- subtract ---------------------------------------------------------------------------------------------------- */

static int visit_subtract(weft_object *child, void *arg)
{
    gc_scan *s = (gc_scan *)arg;
    weft_object *o = gc_scan_exchange(s, child);
    if (o->place & s->mask)
        gc_scan_subtract_one(s, o);
    return 0;
}

void gc_scan_add(gc_scan *s, gc_links *list, uint8_t place)
{
    assert(s->list_count < GC_SCAN_LISTS);
    s->lists[s->list_count] = list;
    s->places[s->list_count++] = place;
    s->mask |= place;
}

void gc_scan_add_held(gc_scan *s, gc_links *list, uint8_t place)
{
    gc_scan_add(s, list, place);
    for (gc_links *l = list->next; l != list; l = l->next) {
        gc_scan_begin_at(s, l, gc_state_first(links_object(l)) - GC_STATE_ONE);
    }
}

/* From behind `done` on. Returns how many. */
static uint64_t subtract_list(gc_scan *s, const gc_links *list, const gc_links *done)
{
    uint64_t count = 0;
    for (gc_links *l = done->next, *next; l != list; l = next) {
        next = l->next;
        gc_links_prefetch(l, next);
        weft_object *o = links_object(l);
        if (!(gc_state_of(l) & GC_STATE_COUNTED))
            gc_scan_begin_at(s, l, gc_state_first(o));
        (void)weft_type_of(o)->traverse(o, visit_subtract, s);
        count++;
    }
    return count;
}

void gc_scan_subtract(gc_scan *s)
{
    uint64_t young = 0;
    for (uint32_t i = 0; i < s->list_count; i++) {
        const gc_links *list = s->lists[i];
        uint64_t count = subtract_list(s, list, s->sliced && i == 0 ? s->traversed : list);
        *(s->places[i] == GC_PLACE_YOUNG ? &young : &s->looked) += count;
    }
    s->candidates += s->looked + young;
    for (uint32_t i = 0; i < GC_SCAN_RING; i++)
        (void)visit_subtract(&gc_scan_nothing, s);
}

/* ---- mark -------------------------------------------------------------------------------------------------------- */

static inline void push(gc_links **stack, gc_links *links)
{
    gc_state_set(links, (uintptr_t)*stack | GC_STATE_REACHED);
    *stack = links;
}

static inline gc_links *pop(gc_links **stack)
{
    gc_links *links = *stack;
    *stack = (gc_links *)(gc_state_of(links) & ~(uintptr_t)GC_STATE_MASK);
    return links;
}

/* An object that still has a reference from outside needs no mark: the scan of the lists comes to it. */
static inline void reach(gc_scan *s, weft_object *o)
{
    if (!(o->place & s->mask) || gc_state_of(object_links(o)) != GC_STATE_COUNTED)
        return;
    push(&s->stack, object_links(o));
    s->unreached--;
}

static int visit_reach(weft_object *child, void *arg)
{
    gc_scan *s = (gc_scan *)arg;
    reach(s, gc_scan_exchange(s, child));
    return 0;
}

/* Ephemeron tables are kept for later, when it is known which of their keys live. */
static inline void scan_object(gc_scan *s, gc_links *links)
{
    weft_object *o = links_object(links);
    const weft_type *type = weft_type_of(o);
    if (WEFT_UNLIKELY(type->flags & WEFT_TYPE_EPHEMERON))
        push(&s->tables, links);
    else
        (void)type->traverse(o, visit_reach, s);
}

static inline void scan_stack(gc_scan *s)
{
    while (s->stack && s->unreached > 0)
        scan_object(s, pop(&s->stack));
}

/* Until ring and stack are empty, or there is nothing more to be reached. */
static void scan_rest(gc_scan *s)
{
    do {
        scan_stack(s);
        for (uint32_t i = 0; i < GC_SCAN_RING; i++)
            (void)visit_reach(&gc_scan_nothing, s);
    } while (s->stack && s->unreached > 0);
}

static void scan_list(gc_scan *s, const gc_links *list)
{
    for (gc_links *l = list->next, *next; l != list && s->unreached > 0; l = next) {
        next = l->next;
        if (gc_state_of(l) == GC_STATE_COUNTED || (gc_state_of(l) & GC_STATE_MASK) != GC_STATE_COUNTED)
            continue;
        scan_object(s, l);
        scan_stack(s);
    }
}

/* What threads refer to without counting. */
static void scan_roots(gc_scan *s)
{
    /* order: acquire - pairs with thread_create_locked. */
    for (thread *t = weft_load_acquire(&s->self->head.runtime->all); t; t = t->all_next)
        if (t->gc.roots)
            (void)t->gc.roots(&t->head, visit_reach, s, t->gc.roots_arg);
    scan_rest(s);
}

static bool key_is_live(weft_object *key, void *arg)
{
    const gc_scan *s = (const gc_scan *)arg;
    return !(key->place & s->mask) || !gc_scan_is_unreached(object_links(key));
}

/* A value may lead to the key of another table, so until a round has reached nothing. */
static void scan_tables(gc_scan *s)
{
    uint64_t before;
    do {
        before = s->unreached;
        for (gc_links *l = s->tables; l && s->unreached > 0;
             l = (gc_links *)(gc_state_of(l) & ~(uintptr_t)GC_STATE_MASK)) {
            (void)weak_table_traverse(links_object(l), key_is_live, visit_reach, s);
            scan_rest(s);
        }
    } while (s->unreached < before && s->unreached > 0);
}

void gc_scan_mark(gc_scan *s)
{
    scan_roots(s);
    for (uint32_t i = 0; i < s->list_count; i++)
        scan_list(s, s->lists[i]);
    scan_rest(s);
    scan_tables(s);
}
