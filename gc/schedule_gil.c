/* schedule_gil.c - when the GIL flavour collects by itself, and how much of the old generation it then looks at.
 *
 * The thresholds are those that CPython 3.14 documents, (700, 10, 0): a collection when 700 more tracked objects were
 * made than died; it looks at the young ones and at 1/(10 * 10) of the old ones. That hundredth of a large heap, every 700
 * objects, would cost work that grows with the square of the heap; so it is a hundredth at most, and there is work in the
 * old generation only as it grows: two old objects are looked at for each by which the heap has grown since the last
 * collection. What dies by counts is taken off: a program whose objects come and go leaves no garbage there. But a
 * heap that has shrunk far may fill with garbage later, so what is taken off is half the heap at most. Where a
 * slice turned out larger than it should (it is closed under reference), those that follow are left out until it has been
 * made up for.
 *
 * So all increments together look at no more than twice the objects ever made, and a program that keeps losing
 * garbage in the old generation has about as much of it as of living objects, at most. Two, since with one the heap
 * would have doubled at the end of a pass, each time. The thread that holds the runtime's lock. */
#include "core/core.h"
#include "gc/generations_gil.h"

enum { YOUNG_LIMIT = 700, OLD_LIMIT = 10, OLD_LEAST = 2, OLD_PER_YOUNG = 10, OLD_PER_GROWN = 2, CREDIT_PART = 2 };

void gc_settings_default(weft_gc_settings *settings)
{
    *settings =
        (weft_gc_settings){.young = YOUNG_LIMIT, .old = OLD_LIMIT, .growth = 100, .floor = 100000, .threads = 1};
}

void gc_becomes_due(thread *self)
{
    if (!(weft_load_relaxed(&self->head.runtime->world.poll) & WORLD_POLL_COLLECT))
        world_set_collect(self, true);
}

static int64_t made(const gc_flavour *gc)
{
    return gc->tracked - gc->base;
}

static void apply(gc_flavour *gc, const weft_gc_settings *settings, bool enabled)
{
    gc->limit = settings->young == 0 || !enabled ? INT64_MAX : (int64_t)settings->young;
    gc->old_limit = settings->old < OLD_LEAST ? OLD_LEAST : settings->old;
}

void gc_schedule_open(gc_flavour *gc)
{
    weft_gc_settings settings;
    gc_settings_default(&settings);
    apply(gc, &settings, true);
}

void gc_settings_changed(thread *self)
{
    weft_runtime *runtime = self->head.runtime;
    gc_flavour *gc = &runtime->gc.flavour;
    weft_gc_settings settings;
    gc_settings_read(runtime, &settings);
    apply(gc, &settings, gc_is_enabled(runtime));
    if (made(gc) > gc->limit)
        gc_becomes_due(self);
}

bool gc_due(weft_runtime *runtime, weft_gc_generation *generation)
{
    const gc_flavour *gc = &runtime->gc.flavour;
    *generation = WEFT_GC_INCREMENT;
    return made(gc) > gc->limit;
}

void gc_counts(weft_runtime *runtime, weft_gc_counts *counts)
{
    const gc_flavour *gc = &runtime->gc.flavour;
    uint64_t tracked = (uint64_t)gc->tracked;
    *counts = (weft_gc_counts){.young = (uint64_t)made(gc),
                               .old = gc->youngs,
                               .grown = tracked > gc->survived ? tracked - gc->survived : 0,
                               .survived = gc->survived};
}

/* What has been looked for too much stays so; what died counts until it is a part of the heap. */
static int64_t with_shrunk(const gc_flavour *gc, int64_t shrunk)
{
    int64_t least = -(OLD_PER_GROWN * gc->tracked / CREDIT_PART);
    int64_t work = gc->work - OLD_PER_GROWN * shrunk;
    if (work >= least)
        return work;
    return gc->work < least ? gc->work : least;
}

int64_t gc_schedule_begin(gc_flavour *gc, const gc_run *run)
{
    int64_t part = gc->base / (gc->old_limit * OLD_PER_YOUNG) + 1;
    int64_t grown = gc->tracked - gc->settled;
    if (grown < 0)
        gc->work = with_shrunk(gc, -grown);
    else
        gc->work += part < OLD_PER_GROWN * grown ? part : OLD_PER_GROWN * grown;
    if (run->event.automatic)
        return gc->work;
    return part > gc->work ? part : gc->work; /* asked for: some work is done, whatever was done before */
}

void gc_schedule_done(gc_flavour *gc, const gc_run *run, int64_t looked)
{
    gc->base = gc->tracked;
    gc->settled = gc->tracked - (int64_t)run->garbage.count;
    gc->youngs = run->event.generation == WEFT_GC_YOUNG ? gc->youngs + 1 : 0;
    gc->work = run->event.generation == WEFT_GC_FULL ? 0 : gc->work - looked;
    if (run->event.generation == WEFT_GC_FULL)
        gc->survived = (uint64_t)gc->settled;
}
