/* linux.c - the Linux body of platform.h: futex, membarrier, the affinity mask. Any thread calls any of it. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "core/platform/platform.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/platform/unix.h"
#include "weft/base.h"

/* ---- futex ----------------------------------------------------------------------------------------------------- */

/* The kernel takes a relative time for FUTEX_WAIT, and measures it on the monotonic clock. */
void platform_wait(const uint32_t *word, uint32_t expected, int64_t timeout_ns)
{
    struct timespec limit = {0};
    if (timeout_ns >= 0) {
        limit.tv_sec = (time_t)(timeout_ns / NS_PER_SECOND);
        limit.tv_nsec = (long)(timeout_ns % NS_PER_SECOND);
    }
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, timeout_ns >= 0 ? &limit : NULL, NULL, 0);
}

void platform_wake_one(const uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

void platform_wake_all(const uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

/* ---- membarrier ------------------------------------------------------------------------------------------------ */

enum { BARRIER_UNKNOWN, BARRIER_YES, BARRIER_NO };

static uint32_t barrier_state; /* atomic; goes from UNKNOWN to one of the others once, to the same in every thread */

static bool barrier_register(void)
{
    return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

/* Registering twice is harmless, so threads that come here at once need no lock. */
bool platform_has_barrier(void)
{
    /* order: relaxed - the value says all; the system call that it stands for is ordered by the kernel. */
    uint32_t state = weft_load_relaxed(&barrier_state);
    if (state == BARRIER_UNKNOWN) {
        state = barrier_register() ? BARRIER_YES : BARRIER_NO;
        weft_store_relaxed(&barrier_state, state);
    }
    return state == BARRIER_YES;
}

/* A process that is registered can be refused only for want of memory (kernels before 5.4), and one that was forked
 * from a registered one may have to register again. Neither may be passed over: callers sleep on the strength of it. */
void platform_barrier(void)
{
    if (!platform_has_barrier())
        return;
    while (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0) {
        if (errno == EPERM)
            barrier_register();
        else
            sched_yield();
    }
}

/* ---- processors ------------------------------------------------------------------------------------------------ */

/* The kernel writes as much of the mask as it was built for and refuses a narrower one, so this one is generous. */
unsigned platform_cores(void)
{
    enum { MOST_CPUS = 1 << 16 };

    unsigned long mask[MOST_CPUS / (8 * sizeof(unsigned long))] = {0};
    long bytes = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
    unsigned cores = 0;
    for (size_t i = 0; bytes > 0 && i < (size_t)bytes / sizeof mask[0]; i++)
        cores += (unsigned)__builtin_popcountl(mask[i]);
    return cores > 0 ? cores : 1;
}

/* What the C++ ABI has for thread-local objects; C libraries other than glibc may lack it. */
extern int __cxa_thread_atexit_impl(void (*run)(void *), void *arg, void *dso) __attribute__((weak));
extern void *__dso_handle __attribute__((visibility("hidden")));

bool platform_at_thread_end(void (*run)(void *unused))
{
    return __cxa_thread_atexit_impl != NULL && __cxa_thread_atexit_impl(run, NULL, &__dso_handle) == 0;
}
