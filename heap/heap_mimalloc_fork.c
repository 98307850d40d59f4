/* heap_mimalloc_fork.c - keeping OS threads out of mimalloc's locks while the process forks.
 *
 * A child inherits a lock that another thread held, and nobody gives it back. Attached threads stand still outside
 * mimalloc. But an OS thread is given its part of a heap before it is attached, and mimalloc takes the part away when the OS
 * thread ends, in a thread-specific destructor of its own; both under a lock of that heap.
 * So parts are given under a mutex here, which the forking thread holds over the fork. And OS threads that are ending are
 * counted: from a moment before all thread-specific destructors to the third round of them, when mimalloc's has run
 * whatever the order. The forking thread does not fork while there are any; new ones wait at the mutex to be counted.
 * Threads: any; attached or not. */
#include <pthread.h>
#include <time.h>

#include "core/platform/platform.h"
#include "heap/heap.h"
#include "heap/heap_mimalloc.h"

enum {
    ROUNDS = 3, /* POSIX promises 4 */
    AWAIT_STEP_NS = 100 * 1000,
    AWAIT_STEPS = 100
};

static pthread_mutex_t parts_mutex = PTHREAD_MUTEX_INITIALIZER; /* protects `ending`; innermost but for mimalloc's */
static uint32_t ending;

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool key_made;

/* The OS thread's own. */
static _Thread_local bool watched;          /* thread_ends will be called */
static _Thread_local unsigned ended_rounds; /* of its thread-specific destructors; 0: it is not ending */

static void thread_ended(void *value)
{
    if (ended_rounds++ < ROUNDS && pthread_setspecific(key, value) == 0)
        return; /* called again in the next round */
    ended_rounds = 0;
    pthread_mutex_lock(&parts_mutex);
    ending--;
    pthread_mutex_unlock(&parts_mutex);
}

static void key_make(void)
{
    key_made = pthread_key_create(&key, thread_ended) == 0;
}

static void thread_ends(void *unused)
{
    (void)unused;
    watched = false;
    ended_rounds = 1;
    pthread_mutex_lock(&parts_mutex);
    ending++;
    pthread_mutex_unlock(&parts_mutex);
    if (pthread_setspecific(key, &parts_mutex) != 0)
        thread_ended(&parts_mutex);
}

void parts_begin(void)
{
    if (WEFT_UNLIKELY(!watched) && ended_rounds == 0) {
        pthread_once(&key_once, key_make);
        watched = key_made && platform_at_thread_end(thread_ends);
    }
    pthread_mutex_lock(&parts_mutex);
}

void parts_end(void)
{
    pthread_mutex_unlock(&parts_mutex);
}

bool heap_fork_try_begin(bool force)
{
    pthread_mutex_lock(&parts_mutex);
    if (ending == 0 || force)
        return true;
    pthread_mutex_unlock(&parts_mutex);
    return false;
}

void heap_fork_end(bool in_child)
{
    if (in_child)
        ending = 0;
    pthread_mutex_unlock(&parts_mutex);
}

void heap_fork_await(void)
{
    for (int i = 0; i < AWAIT_STEPS; i++) {
        pthread_mutex_lock(&parts_mutex);
        bool none = ending == 0;
        pthread_mutex_unlock(&parts_mutex);
        if (none)
            return;
        nanosleep(&(struct timespec){.tv_nsec = AWAIT_STEP_NS}, NULL);
    }
}
