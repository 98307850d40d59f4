/* place.c - see place.h. Any thread. */
#include "lib/place.h"

#ifdef __linux__

#include <sched.h>

/* The number of the `index`th core of the mask, round and round. */
static int core_at(const cpu_set_t *mask, uint32_t index)
{
    int count = CPU_COUNT(mask);
    uint32_t left = count > 0 ? index % (uint32_t)count : 0;
    for (int core = 0; core < CPU_SETSIZE; core++)
        if (CPU_ISSET((unsigned)core, mask) && left-- == 0)
            return core;
    return -1;
}

void place_thread(uint32_t index)
{
    cpu_set_t mask, one;
    if (sched_getaffinity(0, sizeof mask, &mask) != 0)
        return;
    int core = core_at(&mask, index);
    if (core < 0)
        return;
    CPU_ZERO(&one);
    CPU_SET((unsigned)core, &one);
    if (sched_setaffinity(0, sizeof one, &one) == 0)
        (void)sched_setaffinity(0, sizeof mask, &mask);
}

#else

void place_thread(uint32_t index)
{
    (void)index;
}

#endif
