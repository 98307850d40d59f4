/* resident.h - what the process holds of the machine's memory. */
#ifndef WEFT_TESTS_RESIDENT_H
#define WEFT_TESTS_RESIDENT_H

#include <stddef.h>
#include <stdio.h>

/* Resident memory of the process in bytes; 0 where the system does not tell. */
static inline size_t resident(void)
{
    unsigned long pages = 0, all = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL)
        return 0;
    if (fscanf(f, "%lu %lu", &all, &pages) != 2)
        pages = 0;
    fclose(f);
    return pages * 4096;
}

#endif
