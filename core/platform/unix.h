/* unix.h - what linux.c and posix.c share: the clock, yielding, and address space from mmap. Each of the two includes
 * this once; exactly one of them is in a build. */
#ifndef WEFT_CORE_PLATFORM_UNIX_H
#define WEFT_CORE_PLATFORM_UNIX_H

#include <sched.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "core/platform/platform.h"

enum {
    NS_PER_SECOND = 1000000000,
    HUGE_BYTES = 2 << 20,
    HUGE_FROM = 2 * HUGE_BYTES /* smaller ones are not worth a huge page, which is zeroed whole */
};

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

/* Aligned, so that all of a large table can be huge pages: one is mapped too many and given back again. */
static void *map_aligned(size_t bytes, size_t alignment)
{
    char *p = mmap(NULL, bytes + alignment, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return NULL;
    size_t front = (alignment - (uintptr_t)p % alignment) % alignment;
    if (front)
        munmap(p, front);
    munmap(p + front + bytes, alignment - front);
    return p + front;
}

void platform_prefer_huge(void *p, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    (void)madvise(p, bytes, MADV_HUGEPAGE); /* if it does not help, it does no harm */
#else
    (void)p;
    (void)bytes;
#endif
}

void *platform_map(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    bytes = (bytes + page - 1) & ~(page - 1);
    if (bytes >= HUGE_FROM) {
        void *p = map_aligned(bytes, HUGE_BYTES);
        if (p)
            platform_prefer_huge(p, bytes);
        return p;
    }
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

#endif
