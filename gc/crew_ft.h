/* crew_ft.h - the collector threads. */
#ifndef WEFT_GC_CREW_FT_H
#define WEFT_GC_CREW_FT_H

#include "weft/base.h"

/* Calls work(arg, who) for each `who` below `count`, on as many threads, the calling one among them, and returns when all
 * have returned. What the caller wrote before is seen by all, and what they wrote by the caller. */
void gc_crew_run(weft_runtime *runtime, uint32_t count, void (*work)(void *arg, uint32_t who), void *arg);

#endif
