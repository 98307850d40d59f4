/* posix.c - the plain pthread body of platform.h, for systems that have no file of their own.
 *
 * Waiting on a word: a fixed table of mutex and condition variable, chosen by the word's address. Whoever changes the
 * word and then wakes takes the mutex in between, so a waiter that found the old value under the mutex already sleeps.
 * Words share entries, so every wake wakes all of an entry; platform_wait may return early, which allows that. There is
 * no barrier: callers find another way. Any thread calls any of it; the mutexes are innermost.
 *
 * fork: the table is held across it, and the child, in which nobody waits, makes its condition variables anew. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include "core/platform/platform.h"

#include <pthread.h>
#include <unistd.h>

#include "core/platform/unix.h"
#include "weft/base.h"

enum { ENTRIES = 64 }; /* power of two */

typedef struct entry {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* lock */
} __attribute__((aligned(64))) entry;

static entry table[ENTRIES];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void table_lock_all(void)
{
    for (size_t i = 0; i < ENTRIES; i++)
        pthread_mutex_lock(&table[i].lock);
}

static void table_unlock_all(void)
{
    for (size_t i = ENTRIES; i-- > 0;)
        pthread_mutex_unlock(&table[i].lock);
}

static void conditions_init(void)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    for (size_t i = 0; i < ENTRIES; i++)
        pthread_cond_init(&table[i].changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

static void table_after_fork_child(void)
{
    conditions_init();
    table_unlock_all();
}

static void table_init(void)
{
    for (size_t i = 0; i < ENTRIES; i++)
        pthread_mutex_init(&table[i].lock, NULL);
    conditions_init();
    pthread_atfork(table_lock_all, table_unlock_all, table_after_fork_child);
}

static entry *entry_of(const uint32_t *word)
{
    pthread_once(&table_once, table_init);
    uint64_t mixed = (uint64_t)((uintptr_t)word >> 2) * UINT64_C(0x9E3779B97F4A7C15);
    return &table[mixed >> 58];
}

WEFT_STATIC_ASSERT(ENTRIES == 64, "entry_of takes six bits");

void platform_wait(const uint32_t *word, uint32_t expected, int64_t timeout_ns)
{
    entry *e = entry_of(word);
    uint64_t until = platform_now_ns() + (timeout_ns > 0 ? (uint64_t)timeout_ns : 0);
    struct timespec limit = {.tv_sec = (time_t)(until / NS_PER_SECOND), .tv_nsec = (long)(until % NS_PER_SECOND)};
    pthread_mutex_lock(&e->lock);
    /* order: acquire - pairs with the caller's release of the word; the mutex orders it against the wake. */
    if (weft_load_acquire(word) == expected) {
        if (timeout_ns < 0)
            pthread_cond_wait(&e->changed, &e->lock);
        else
            pthread_cond_timedwait(&e->changed, &e->lock, &limit);
    }
    pthread_mutex_unlock(&e->lock);
}

/* Signalled under the mutex: the entry lives for ever, and TSan understands it best so. */
void platform_wake_all(const uint32_t *word)
{
    entry *e = entry_of(word);
    pthread_mutex_lock(&e->lock);
    pthread_cond_broadcast(&e->changed);
    pthread_mutex_unlock(&e->lock);
}

/* Another word's waiter might take a single signal. */
void platform_wake_one(const uint32_t *word)
{
    platform_wake_all(word);
}

unsigned platform_cores(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (unsigned)cores : 1;
}

bool platform_has_barrier(void)
{
    return false;
}

void platform_barrier(void)
{
}

bool platform_at_thread_end(void (*run)(void *unused))
{
    (void)run;
    return false;
}
