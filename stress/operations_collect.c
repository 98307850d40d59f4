/* operations_collect.c - collections of all kinds, beside those that start by themselves; freezing; looking at objects
 * while they are collected. */
#include "stress/stress.h"

/* Errors that a lack of memory explains; else fails. */
static int64_t allowed(worker *w, int64_t result, const char *what)
{
    if (result < 0)
        may_have_failed(w, what);
    return result;
}

void operation_collect(worker *w, dice *d)
{
    weft_gc_generation generation = (weft_gc_generation)dice_below(d, 3);
    if (!P.options.collect)
        return;
    int64_t found = allowed(w, weft_gc_collect(w->self, generation), "weft_gc_collect");
    __atomic_fetch_add(&P.collections, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&P.found, found > 0 ? (uint64_t)found : 0, __ATOMIC_RELAXED);
}

void operation_freeze(worker *w, dice *d)
{
    bool freeze = dice_one_in(d, 2);
    if (!P.options.collect)
        return;
    if ((freeze ? weft_gc_freeze(w->self) : weft_gc_unfreeze(w->self)) != WEFT_OK)
        fail("weft_gc_freeze: %s", weft_error_message());
    if (weft_gc_frozen_count(w->self) < 0)
        fail("weft_gc_frozen_count: %s", weft_error_message());
}

static void look_away(worker *w, weft_object **place)
{
    weft_object *o = *place;
    *place = NULL;
    drop(w, o);
}

/* What the library returns, or what it holds until then, stands on its stack while the world starts again. */
void operation_inspect(worker *w, dice *d)
{
    uint32_t what = dice_below(d, 3), place = dice_below(d, HELD);
    weft_object *target = w->held[place];
    weft_gc_generation generation = (weft_gc_generation)dice_below(d, 3);
    w->hides = true;
    weft_object *list = what == 0   ? weft_gc_objects(w->self, generation)
                        : what == 1 ? weft_gc_referrers(w->self, &target, target ? 1 : 0)
                                    : weft_gc_referents(w->self, &target, target ? 1 : 0);
    if (list == NULL)
        may_have_failed(w, "looking at objects");
    w->hides = false;
    w->looked = list;
    int64_t size = list ? weft_list_size(w->self, list) : 0;
    for (int64_t i = 0; i < size; i++) {
        w->looking = weft_list_get(w->self, list, i);
        if (w->looking)
            kind_inspect(w->looking, "inspect");
        look_away(w, &w->looking);
    }
    w->hides = true; /* what the list alone kept alive dies: its rest is on the stack */
    look_away(w, &w->looked);
    w->hides = false;
}

/* How collections start, and who calls finalizers. */
void operation_settings(worker *w, dice *d)
{
    weft_gc_settings settings;
    uint32_t young = 50 + dice_below(d, 3000), threads = 1 + dice_below(d, 3), what = dice_below(d, 8);
    bool helper = dice_one_in(d, 3);
    if (!P.options.collect || P.child || weft_load_relaxed(&P.over))
        return;
    weft_status status = weft_gc_get_settings(w->self, &settings);
    settings.young = young;
    settings.floor = 1000;
    settings.threads = threads;
    settings.finalizer_thread = helper;
    if (status == WEFT_OK)
        status = what == 0  ? weft_gc_disable(w->self)
                 : what < 3 ? weft_gc_enable(w->self)
                            : weft_gc_set_settings(w->self, &settings);
    if (status != WEFT_OK)
        fail("the collector's settings: %s", weft_error_message());
}

void operation_defer(worker *w, dice *d)
{
    weft_object *o = w->held[dice_below(d, HELD)];
    if (P.options.collect && o && weft_gc_is_tracked(o) && weft_gc_defer(w->self, o) != WEFT_OK)
        fail("weft_gc_defer: %s", weft_error_message());
}
