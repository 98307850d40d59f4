/* platform.h - what Weft asks of the operating system. One body a system: linux.c; posix.c is the plain pthread one. */
#ifndef WEFT_CORE_PLATFORM_H
#define WEFT_CORE_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sleeps while *word == expected, at most timeout_ns (negative: no limit). May return early for no reason. */
void platform_wait(const uint32_t *word, uint32_t expected, int64_t timeout_ns);
void platform_wake_one(const uint32_t *word);
void platform_wake_all(const uint32_t *word);

uint64_t platform_now_ns(void); /* monotonic */
void platform_yield(void);

/* A moment of waiting for something that another core is about to do. */
static inline void platform_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}

unsigned platform_cores(void); /* that this process may use, at least 1 */

/* After platform_barrier every other thread of the process has executed a full memory barrier since the call began:
 * the heavy half of an asymmetric fence. False: the system has none, and the light half must be a real barrier. */
bool platform_has_barrier(void);
void platform_barrier(void);

/* Address space, not yet backed: NULL if refused. commit makes a part usable (zeroed), false if refused. */
void *platform_reserve(size_t bytes);
bool platform_commit(void *p, size_t bytes);
void platform_release(void *p, size_t bytes);

/* Zeroed memory to use at once, backed as it is touched, from huge pages if it is large and the system has some: for
 * tables that live for a moment. NULL if refused. platform_release gives it back. */
void *platform_map(size_t bytes);

/* Of memory that is in use, or will be: what has not been touched yet may be backed by huge pages. A hint. */
void platform_prefer_huge(void *p, size_t bytes);

/* Calls run(NULL) on the calling OS thread when it ends, or calls exit, before its thread-specific data is destroyed.
 * False: the system has no such thing, or no memory for it. */
bool platform_at_thread_end(void (*run)(void *unused));

#endif
