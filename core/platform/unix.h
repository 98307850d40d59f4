/* unix.h - what linux.c and posix.c share: the clock, yielding, and address space from mmap. Each of the two includes
 * this once; exactly one of them is in a build. */
#ifndef WEFT_CORE_PLATFORM_UNIX_H
#define WEFT_CORE_PLATFORM_UNIX_H

#include <sched.h>
#include <sys/mman.h>
#include <time.h>

#include "core/platform/platform.h"

enum { NS_PER_SECOND = 1000000000 };

uint64_t platform_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

void platform_yield(void)
{
    sched_yield();
}

void *platform_reserve(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

bool platform_commit(void *p, size_t bytes)
{
    return mprotect(p, bytes, PROT_READ | PROT_WRITE) == 0;
}

void platform_release(void *p, size_t bytes)
{
    munmap(p, bytes);
}

#endif
