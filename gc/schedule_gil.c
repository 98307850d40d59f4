/* schedule_gil.c - when the GIL flavour collects by itself, and how much of the old generation it then looks at.
 *
 * The thresholds are those that CPython 3.14 documents, (700, 10, 0): a collection when 700 more tracked objects were
 * made than died; it looks at the young ones and at 1/(10 * 10) of the old ones. That hundredth of a large heap, every 700
 * objects, would cost work that grows with the square of the heap; so an increment looks at no more old objects than were
 * made since the last one, and where a slice turned out larger (a slice is closed under reference), those that
 * follow are left out until it has been made up for. So all increments together look at no more old objects than twice
 * those ever made. The thread that holds the runtime's lock. */
#include "core/core.h"
#include "gc/generations_gil.h"

enum { YOUNG_LIMIT = 700, OLD_LIMIT = 10, OLD_LEAST = 2, OLD_PER_YOUNG = 10 };

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

int64_t gc_slice_work(gc_flavour *gc, const gc_run *run)
{
    int64_t part = gc->base / (gc->old_limit * OLD_PER_YOUNG) + 1;
    if (!run->event.automatic) /* asked for: some work is done, whatever was done before */
        return part > gc->work ? part : gc->work;
    gc->work += part < made(gc) ? part : made(gc);
    return gc->work;
}

void gc_schedule_done(gc_flavour *gc, const gc_run *run, int64_t looked)
{
    gc->base = gc->tracked;
    gc->youngs = run->event.generation == WEFT_GC_YOUNG ? gc->youngs + 1 : 0;
    gc->work = run->event.generation == WEFT_GC_FULL ? 0 : gc->work - looked;
    if (run->event.generation == WEFT_GC_FULL)
        gc->survived = (uint64_t)gc->tracked - run->garbage.count;
}
