/* crew_ft.c - the collector threads. */
#include "gc/crew_ft.h"

void gc_crew_run(weft_runtime *runtime, uint32_t count, void (*work)(void *arg, uint32_t who), void *arg)
{
    (void)runtime;
    for (uint32_t who = 0; who < count; who++)
        work(arg, who);
}
