/* stubs.c - parts of the flavours' contract that are not there yet. */
#include "core/core.h"

bool gc_due(struct weft_runtime *runtime, weft_gc_generation *generation)
{
    (void)runtime;
    (void)generation;
    return false;
}

void gc_settings_changed(struct thread *self)
{
    (void)self;
}

void gc_settings_default(weft_gc_settings *settings)
{
    *settings = (weft_gc_settings){.young = 700, .old = 10, .growth = 100, .floor = 100000, .threads = 1};
}

void gc_counts(struct weft_runtime *runtime, weft_gc_counts *counts)
{
    (void)runtime;
    (void)counts;
}
