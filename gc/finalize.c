/* finalize.c - what is done with garbage: callbacks, finalizers, a second look; then clear.c.
 *
 * PEP 442: every finalizer runs before anything is cleared, so each sees its object and all it refers to whole. Then what
 * can be reached again lives on, with all that it leads to, and the rest is cleared. A finalizer may do anything: block,
 * collect (nothing happens), end its thread (collect.c gives up what the run holds; the next collection finds it again).
 * Threads: the one that collects, with the world running. */
#include "core/error.h"
#include "gc/shared.h"
#include "refcount/refcount.h"
#include "refcount/weak.h"

enum { AHEAD = 8 /* headers fetched before they are looked at */ };

static bool needs_finalizing(const weft_object *o)
{
    return weft_type_of(o)->finalize != NULL && !(object_bits(o) & WEFT_BIT_FINALIZED);
}

static void finalize_one(thread *self, weft_object *o)
{
    error_scope scope;
    object_set_bits(o, WEFT_BIT_FINALIZED);
    error_save(&scope);
    weft_type_of(o)->finalize(&self->head, o);
    error_restore(&scope);
}

static void finalize_all(thread *self, gc_run *run)
{
    const gc_array *garbage = &run->garbage;
    if (!run->finalizers)
        return;
    for (size_t i = 0; i < garbage->count; i++) {
        if (i + AHEAD < garbage->count)
            __builtin_prefetch(garbage->items[i + AHEAD]);
        if (!needs_finalizing(garbage->items[i]))
            continue;
        run->touched = true;
        run->event.finalized++;
        finalize_one(self, garbage->items[i]);
    }
}

static void call_back(thread *self, gc_run *run)
{
    run->touched |= run->callbacks.count > 0;
    weak_call_back(self, run);
}

static void tell_objects(thread *self, gc_run *run)
{
    if (!(weft_load_relaxed(&gc_shared_of(self)->debug) & WEFT_GC_DEBUG_COLLECTABLE) || !gc_events_wanted(self))
        return;
    run->touched = true;
    for (size_t i = 0; i < run->garbage.count; i++)
        gc_events_call(self, WEFT_GC_EVENT_OBJECT, &run->event, run->garbage.items[i]);
}

/* User code has run: what can it reach? */
static weft_status look_again(thread *self, gc_run *run)
{
    uint64_t stood = gc_stop(self, run);
    run->weak = true; /* it may have made some */
    weft_status status = gc_find_resurrected_stopped(self, run);
    if (status == WEFT_OK)
        status = weak_clear_stopped(self, run);
    gc_start(self, run, stood);
    run->event.resurrected = run->resurrected.count;
    if (status != WEFT_OK)
        return status;
    gc_give_up(self, &run->drops);
    weak_call_back(self, run);
    return WEFT_OK;
}

static void save_all(thread *self, gc_run *run)
{
    for (size_t i = 0; i < run->garbage.count; i++)
        if (!gc_garbage_add(self, run->garbage.items[i]))
            return; /* they stay as they are, for the next collection */
}

static weft_status finalize(thread *self, gc_run *run)
{
    tell_objects(self, run);
    call_back(self, run);
    finalize_all(self, run);
    return run->touched ? look_again(self, run) : WEFT_OK;
}

weft_status gc_finalize(thread *self, gc_run *run)
{
    uint64_t begin = platform_now_ns();
    uint64_t stood = run->event.pause_ns;
    weft_status status = finalize(self, run);
    uint64_t middle = platform_now_ns();
    run->event.finalize_ns = middle - begin - (run->event.pause_ns - stood);
    if (status != WEFT_OK)
        return status; /* nobody knows which of them live: all do, until the next collection */
    if (weft_load_relaxed(&gc_shared_of(self)->debug) & WEFT_GC_DEBUG_SAVE_ALL)
        save_all(self, run);
    else
        gc_clear_all(self, run);
    run->event.clear_ns = platform_now_ns() - middle;
    return WEFT_OK;
}
