/* schedule_ft.h - when a collection is due, free-threaded: gc/schedule_ft.c. */
#ifndef WEFT_GC_SCHEDULE_FT_H
#define WEFT_GC_SCHEDULE_FT_H

#include "core/core.h"

void schedule_open(weft_runtime *runtime);

/* Asks self to come to gc_poll at its next safepoint. */
static inline void schedule_ask(thread *self)
{
    world_set_collect(self, true);
}

/* May collections start by themselves? */
static inline bool schedule_is_enabled(weft_runtime *runtime)
{
    return weft_load_relaxed(&runtime->gc.flavour.schedule.enabled);
}

/* ... young ones? */
bool schedule_does_young(weft_runtime *runtime);

/* Blocks that the logs may hold together: past it nothing is logged, until a collection. */
uint64_t schedule_log_most(weft_runtime *runtime);

/* Blocks that a thread may log before it has to tell. */
size_t schedule_step(weft_runtime *runtime);

/* A thread has told; `logged` is the sum of all. Asks if a collection is due. */
void schedule_logged(thread *self, uint64_t logged);

/* A collection of run->event.generation has succeeded: after the logs were emptied. World stopped. */
void schedule_collected_stopped(thread *self, const gc_run *run);

#endif
