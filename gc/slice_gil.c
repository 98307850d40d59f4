/* slice_gil.c - the GIL flavour: which old objects an increment looks at.
 *
 * They are taken from the front of the list of those that the pass has to look at, in breadth: the slice is its own queue.
 * To find what an object leads to it must be traversed, so its references are subtracted on the same way: every old
 * object that they lead to is a candidate, or no longer pending. Only whether young ones become one is known already.
 * A key leads to the weak-key tables in which it is one, though it does not refer to them: else a value that refers to
 * its key, both looked at before their table, would be kept by that each time.
 *
 * Where everything leads to everything, a slice is the whole of them. To take that object by object is several times as
 * dear as to go through the list in order, so at some size the rest of the list is added as it is.
 * World stopped; the collecting thread. */
#include "gc/generations_gil.h"
#include "gc/scan_gil.h"
#include "refcount/weak.h"

/* More than this part of all objects, if it is many, is no slice any more. */
enum { SLICE_PART = 32, SLICE_MANY = 10000 };

typedef struct taking {
    gc_scan *scan;
    gc_links *from, *looked_at; /* the old ones */
    gc_links *slice;            /* its `prev` leads to the last; those of the objects in it are states already */
    int64_t count;
    uint8_t pending; /* place of those that may be taken */
} taking;

/* `references` of candidates to it have been seen. */
static inline void take(taking *t, weft_object *o, uintptr_t references)
{
    gc_links *links = object_links(o);
    gc_links_remove(links);
    gc_links_append(t->slice, links);
    o->place = GC_PLACE_SLICE;
    gc_scan_begin_at(t->scan, links, gc_state_first(o) - references * GC_STATE_ONE);
    t->count++;
}

static int visit_is_pending(weft_object *child, void *arg)
{
    return (child->place & (((const taking *)arg)->pending | GC_PLACE_SLICE)) != 0;
}

/* An object that leads to none that is pending, or was until now, is in no cycle of those: it counts as looked at (gc/acyclic_gil.c). */
static inline bool try_pass(taking *t, weft_object *o)
{
    const weft_type *type = weft_type_of(o);
    if (!t->scan->passing || gc_must_stay(o, type) || type->traverse(o, visit_is_pending, t) != 0)
        return false;
    gc_links_remove(object_links(o));
    gc_links_append(t->looked_at, object_links(o));
    o->place = (GC_PLACE_OLD_A | GC_PLACE_OLD_B) ^ t->pending;
    t->count++;
    t->scan->looked++;
    return true;
}

/* Objects from the front that the slice is to have, until one has to be traversed. */
static void take_front(taking *t, int64_t work)
{
    while (t->count < work && !gc_links_empty(t->from)) {
        weft_object *o = links_object(t->from->next);
        gc_links_prefetch(t->from->next, t->from->next->next);
        if (!try_pass(t, o)) {
            take(t, o, 0);
            return;
        }
    }
}

static int visit_take(weft_object *child, void *arg)
{
    taking *t = (taking *)arg;
    weft_object *o = gc_scan_exchange(t->scan, child);
    if (o->place == t->pending)
        take(t, o, 1);
    else if (o->place & (GC_PLACE_SLICE | GC_PLACE_YOUNG))
        gc_scan_subtract_one(t->scan, o);
    return 0;
}

/* What is still in the ring; true: it led to an object to be traversed. */
static bool drain_ring(taking *t)
{
    const gc_links *last = t->slice->prev;
    for (uint32_t i = 0; i < GC_SCAN_RING && t->slice->prev == last; i++)
        (void)visit_take(&gc_scan_nothing, t);
    return t->slice->prev != last;
}

/* Whether a key lives decides what its table refers to: so who has the key has the table. It is no reference. */
static void visit_take_table(weft_object *dict, void *arg)
{
    taking *t = (taking *)arg;
    if (dict->place == t->pending)
        take(t, dict, 0);
}

static void traverse_slice(taking *t, int64_t most)
{
    gc_scan *s = t->scan;
    while (s->traversed->next != t->slice && t->count <= most) {
        s->traversed = s->traversed->next;
        weft_object *o = links_object(s->traversed);
        (void)weft_type_of(o)->traverse(o, visit_take, t);
        if (WEFT_UNLIKELY(o->bits & WEFT_BIT_WEAK))
            weak_each_table(s->self, o, visit_take_table, t);
        s->looked++;
    }
}

void gc_scan_take_slice(gc_scan *s, int64_t work, gc_links *slice)
{
    gc_flavour *gc = &s->self->head.runtime->gc.flavour;
    int64_t most = gc->tracked / SLICE_PART > SLICE_MANY ? gc->tracked / SLICE_PART : SLICE_MANY;
    most = work > most ? work : most;
    taking t = {.scan = s,
                .from = &gc->old[gc->pending],
                .looked_at = &gc->old[gc->pending ^ 1],
                .slice = slice,
                .pending = gc_old_place(gc->pending)};
    gc_links_init(slice);
    s->traversed = slice;
    do {
        traverse_slice(&t, most);
        take_front(&t, work);
    } while (t.count <= most && (s->traversed->next != slice || drain_ring(&t)));
    gc_scan_add(s, slice, GC_PLACE_SLICE);
    s->sliced = true;
    if (t.count > most)
        gc_scan_add(s, t.from, t.pending);
}

void gc_slice_return(gc_scan *s, gc_links *slice)
{
    gc_flavour *gc = &s->self->head.runtime->gc.flavour;
    gc_links *last = slice;
    for (gc_links *l = slice->next; l != slice; l = l->next) {
        l->prev = last;
        links_object(l)->place = gc_old_place(gc->pending);
        last = l;
    }
    gc_links_splice(&gc->old[gc->pending], slice);
}
