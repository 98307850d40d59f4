/* inspect.c - looking at objects from outside: which are there, who refers to whom.
 *
 * The heap is walked in a stopped world, which takes a reference to each object that belongs into the result; the list is
 * made when the world runs again. What a collection has found and not yet freed is left out: its finder alone may touch
 * it, and a reference from here would bring it back. Threads: any attached one. */
#include <stdlib.h>

#include "core/error.h"
#include "gc/shared.h"
#include "refcount/refcount.h"

typedef struct inspection {
    thread *self;
    gc_array found;   /* with a reference each */
    gc_array targets; /* sorted: whose referrers are looked for */
    gc_array garbage; /* sorted: of collections under way */
    bool no_memory;
} inspection;

/* ---- sorted arrays ------------------------------------------------------------------------------------------------------- */

static int compare_addresses(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t) * (weft_object *const *)a, y = (uintptr_t) * (weft_object *const *)b;
    return (x > y) - (x < y);
}

static void array_sort(gc_array *a)
{
    if (a->count)
        qsort((void *)a->items, a->count, sizeof *a->items, compare_addresses);
}

static bool array_has(const gc_array *a, const weft_object *o)
{
    return a->count && bsearch((const void *)&o, (const void *)a->items, a->count, sizeof *a->items, compare_addresses);
}

static bool array_append_all(inspection *i, gc_array *to, weft_object *const *items, size_t count)
{
    if (!gc_array_reserve(i->self->head.runtime, to, count))
        return false;
    for (size_t k = 0; k < count; k++)
        if (items[k])
            gc_array_push(to, items[k]);
    return true;
}

/* ---- in the stopped world --------------------------------------------------------------------------------------------------- */

static bool note_garbage_stopped(inspection *i)
{
    for (thread *t = weft_load_acquire(&i->self->head.runtime->all); t; t = t->all_next)
        if (t->gc.collecting && !array_append_all(i, &i->garbage, t->gc.run.garbage.items, t->gc.run.garbage.count))
            return false;
    array_sort(&i->garbage);
    return true;
}

static int find_object(weft_object *o, void *arg)
{
    inspection *i = arg;
    if (!gc_array_reserve(i->self->head.runtime, &i->found, 1)) {
        i->no_memory = true;
        return 1;
    }
    weft_incref(&i->self->head, o);
    gc_array_push(&i->found, o);
    return 0;
}

static int find_unless_garbage(weft_object *o, void *arg)
{
    const inspection *i = arg;
    return array_has(&i->garbage, o) ? 0 : find_object(o, arg);
}

static int is_target(weft_object *child, void *arg)
{
    const inspection *i = arg;
    return array_has(&i->targets, child);
}

static int find_referrer(weft_object *o, void *arg)
{
    return weft_type_of(o)->traverse(o, is_target, arg) ? find_unless_garbage(o, arg) : 0;
}

static void find_referents_stopped(inspection *i)
{
    for (size_t k = 0; k < i->targets.count && !i->no_memory; k++) {
        weft_object *o = i->targets.items[k];
        if (weft_type_of(o)->traverse)
            weft_type_of(o)->traverse(o, find_object, i);
    }
}

/* Calls visit for the objects of the generation, or find_referents_stopped if it is NULL. */
static void look_around(inspection *i, weft_gc_generation generation, int (*visit)(weft_object *o, void *arg))
{
    bool stop = !world_is_stopped_by(i->self);
    if (stop)
        world_stop(i->self);
    world_drain_stopped(i->self);
    i->no_memory |= !note_garbage_stopped(i);
    if (!i->no_memory && visit)
        gc_visit_stopped(i->self, generation, visit, i);
    else if (!i->no_memory)
        find_referents_stopped(i);
    if (stop) {
        world_start(i->self);
        object_die_pending(i->self);
    }
}

/* ---- the result --------------------------------------------------------------------------------------------------------------- */

static weft_object *list_of_found(inspection *i, const char *function)
{
    weft_thread *self = &i->self->head;
    weft_object *list = i->no_memory ? NULL : weft_list_new(self, i->found.count);
    for (size_t k = 0; list && k < i->found.count; k++) {
        if (weft_list_append(self, list, i->found.items[k]) != WEFT_OK) {
            weft_decref(self, list);
            list = NULL;
        }
    }
    gc_give_up(i->self, &i->found);
    gc_array_free(&i->found);
    gc_array_free(&i->targets);
    gc_array_free(&i->garbage);
    if (list == NULL)
        weft_error_set(WEFT_ERROR_MEMORY, "%s: out of memory", function);
    return list;
}

static bool check(weft_thread *self, const char *function)
{
    if (thread_of(self)->stopping)
        weft_error_set(WEFT_ERROR_BUSY, "%s: this thread has the world stopped", function);
    return !thread_of(self)->stopping;
}

weft_object *weft_gc_objects(weft_thread *self, weft_gc_generation generation)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (!check(self, __func__))
        return NULL;
    if ((int)generation < WEFT_GC_YOUNG || generation > WEFT_GC_FULL) {
        weft_error_set(WEFT_ERROR_VALUE, "weft_gc_objects: generation %d, not 0 to 2", (int)generation);
        return NULL;
    }
    inspection i = {.self = thread_of(self)};
    look_around(&i, generation, find_unless_garbage);
    return list_of_found(&i, __func__);
}

static bool targets_take(inspection *i, weft_object *const *objects, size_t count, const char *function)
{
    if (!check(&i->self->head, function))
        return false;
    if (objects == NULL && count) {
        weft_error_set(WEFT_ERROR_VALUE, "%s: objects is NULL", function);
        return false;
    }
    i->no_memory = !array_append_all(i, &i->targets, objects, count);
    return true;
}

weft_object *weft_gc_referrers(weft_thread *self, weft_object *const *objects, size_t count)
{
    WEFT_CHECK_THREAD(self, NULL);
    inspection i = {.self = thread_of(self)};
    if (!targets_take(&i, objects, count, __func__))
        return NULL;
    array_sort(&i.targets);
    look_around(&i, WEFT_GC_FULL, find_referrer);
    return list_of_found(&i, __func__);
}

weft_object *weft_gc_referents(weft_thread *self, weft_object *const *objects, size_t count)
{
    WEFT_CHECK_THREAD(self, NULL);
    inspection i = {.self = thread_of(self)};
    if (!targets_take(&i, objects, count, __func__))
        return NULL;
    look_around(&i, WEFT_GC_FULL, NULL);
    return list_of_found(&i, __func__);
}

bool weft_gc_is_tracked(const weft_object *o)
{
    return o && (object_bits(o) & WEFT_BIT_TRACKED);
}

bool weft_gc_is_finalized(const weft_object *o)
{
    return o && weft_type_of(o)->finalize && (object_bits(o) & WEFT_BIT_FINALIZED);
}
