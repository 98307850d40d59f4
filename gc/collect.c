/* collect.c - a collection, from the request to the last object freed: the same in both flavours.
 *
 *   stop the world, merge what is queued
 *   find what nothing reaches (the flavour's), take a reference to each, clear their weak references
 *   start the world
 *   call the callbacks of weak references, then the finalizers, each once, with every object still whole (PEP 442)
 *   if any ran: stop again, and let go of what can be reached again; clear weak references made meanwhile
 *   clear each of the rest, then drop the references: they die by counts, as any object does
 *
 * Only the finding is exclusive. Finalizers may block, so nobody waits for them: what one run has found stays alive by
 * the run's references, and to another run it is referenced from outside. docs/collector.md. */
#include "gc/gc.h"

#include <stdlib.h>

#include "core/error.h"
#include "refcount/refcount.h"
#include "refcount/weak.h"

struct gc_shared {
    uint64_t number; /* collections begun; atomic */
};

weft_status gc_open(weft_runtime *runtime)
{
    runtime->gc.shared = (gc_shared *)calloc(1, sizeof *runtime->gc.shared);
    if (runtime->gc.shared == NULL)
        return weft_error_set(WEFT_ERROR_MEMORY, "weft_runtime_new: out of memory");
    if (gc_flavour_open(runtime) != WEFT_OK)
        goto no_flavour;
    if (weak_open(runtime) != WEFT_OK)
        goto no_weak;
    return WEFT_OK;

no_weak:
    gc_flavour_close(runtime);
no_flavour:
    free(runtime->gc.shared);
    return weft_error_status();
}

void gc_close(weft_runtime *runtime)
{
    weak_close(runtime);
    gc_flavour_close(runtime);
    free(runtime->gc.shared);
}

static void give_up_references(thread *self, gc_array *a)
{
    while (a->count > 0)
        weft_decref(&self->head, a->items[--a->count]);
}

/* World stopped. On an error nothing has changed. */
static weft_status find_stopped(thread *self, gc_run *run)
{
    weft_status status = gc_find_stopped(self, run);
    if (status == WEFT_OK)
        status = weak_clear_stopped(self, run);
    run->event.found = run->garbage.count;
    return status;
}

static void finalize_one(thread *self, weft_object *o)
{
    const weft_type *type = weft_type_of(o);
    if (type->finalize == NULL || (object_bits(o) & WEFT_BIT_FINALIZED))
        return;
    object_set_bits(o, WEFT_BIT_FINALIZED);
    error_scope scope;
    error_save(&scope);
    type->finalize(&self->head, o);
    error_restore(&scope);
}

static bool needs_finalizing(const gc_run *run)
{
    for (size_t i = 0; i < run->garbage.count; i++) {
        const weft_object *o = run->garbage.items[i];
        if (weft_type_of(o)->finalize && !(object_bits(o) & WEFT_BIT_FINALIZED))
            return true;
    }
    return false;
}

static void finalize(thread *self, gc_run *run)
{
    if (!needs_finalizing(run))
        return;
    for (size_t i = 0; i < run->garbage.count; i++) {
        finalize_one(self, run->garbage.items[i]);
        run->event.finalized++;
    }
    world_stop(self);
    world_drain_stopped(self);
    weft_status status = gc_find_resurrected_stopped(self, run);
    if (status == WEFT_OK)
        status = weak_clear_stopped(self, run);
    world_start(self);
    run->event.resurrected = run->resurrected.count;
    if (status != WEFT_OK) /* nobody knows which of them live: all do, until the next collection */
        give_up_references(self, &run->garbage);
}

static void clear(thread *self, gc_run *run)
{
    for (size_t i = 0; i < run->garbage.count; i++) {
        weft_object *o = run->garbage.items[i];
        if (weft_type_of(o)->clear)
            weft_type_of(o)->clear(&self->head, o);
    }
    run->event.freed = run->garbage.count;
    give_up_references(self, &run->garbage);
}

static void run_free(gc_run *run)
{
    gc_array_free(&run->garbage);
    gc_array_free(&run->resurrected);
    gc_array_free(&run->callbacks);
    gc_array_free(&run->drops);
}

static weft_status collect(thread *self, gc_run *run)
{
    world_stop(self);
    world_drain_stopped(self);
    weft_status status = find_stopped(self, run);
    world_start(self);
    give_up_references(self, &run->drops);
    if (status == WEFT_OK) {
        weak_call_back(self, run);
        finalize(self, run);
        clear(self, run);
    }
    give_up_references(self, &run->garbage);
    give_up_references(self, &run->callbacks);
    give_up_references(self, &run->resurrected);
    return status;
}

int64_t weft_gc_collect(weft_thread *self, weft_gc_generation generation)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (generation < WEFT_GC_YOUNG || generation > WEFT_GC_FULL)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_gc_collect: generation %d, at most 2", (int)generation);
    gc_run run = {.event = {.asked = generation}};
    weft_status status = collect(thread_of(self), &run);
    int64_t found = (int64_t)run.event.found;
    run_free(&run);
    return status == WEFT_OK ? found : status;
}
