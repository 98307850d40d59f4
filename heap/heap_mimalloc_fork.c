/* heap_mimalloc_fork.c - keeping OS threads out of mimalloc's locks while the process forks, and their parts of the heaps in
 * place while a collection walks them.
 *
 * A child inherits a lock that another thread held, and nobody gives it back. Attached threads stand still outside
 * mimalloc. But an OS thread is given its part of a heap before it is attached, and mimalloc takes the part away when the OS
 * thread ends, in a thread-specific destructor of its own; both under a lock of that heap. And where mimalloc is malloc as
 * well (a program may link or preload it so), the first allocation that an OS thread makes, whatever it is for, takes a lock
 * of the whole process's, and so does the thread's end.
 *
 * So OS threads are made known to mimalloc and given their parts under a mutex here, which the forking thread holds over
 * the fork. And OS threads that are ending are counted: from a moment before all thread-specific destructors to the third
 * round of them, when mimalloc's has run whatever the order. The forking thread does not fork while there are any; new ones
 * wait at the mutex to be counted.
 * Threads: any; attached or not. */
#include <mimalloc.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/platform/platform.h"
#include "heap/heap.h"
#include "heap/heap_mimalloc.h"

enum {
    ROUNDS = 3,     /* POSIX promises 4 */
    NOTE_BYTES = 32 /* what the C library allocates for a function to call at the thread's end */
};

static pthread_mutex_t parts_mutex = PTHREAD_MUTEX_INITIALIZER; /* protects `ending`; innermost but for mimalloc's */
static uint32_t ending;
static bool unwatched; /* atomic: some OS thread ends, or has ended, without being counted */

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool key_made;
static bool is_malloc; /* mimalloc is; constant since the library was loaded */

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

void parts_set_up(void)
{
    void *note = calloc(1, NOTE_BYTES);
    is_malloc = note == NULL || mi_is_in_heap_region(note);
    free(note);
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

/* Where mimalloc is malloc as well: asking to be called at the thread's end may be the first allocation that the OS thread
 * makes. It cannot be asked under the mutex, since the C library takes a lock of its own for it, under which others may come
 * here. So mimalloc sets the thread up first, with a page that has room for what the C library will want. */
static void thread_meets_mimalloc(void)
{
    pthread_mutex_lock(&parts_mutex);
    mi_thread_init();
    mi_free(mi_malloc(NOTE_BYTES));
    pthread_mutex_unlock(&parts_mutex);
}

void parts_begin(void)
{
    if (WEFT_UNLIKELY(!watched) && ended_rounds == 0) {
        pthread_once(&key_once, key_make);
        if (is_malloc)
            thread_meets_mimalloc();
        watched = key_made && platform_at_thread_end(thread_ends);
        if (!watched)
            weft_store_relaxed(&unwatched, true); /* order: none - it is read under the mutex that comes next */
    }
    pthread_mutex_lock(&parts_mutex);
}

void parts_end(void)
{
    pthread_mutex_unlock(&parts_mutex);
}

/* A theap is visited in a stopped world: it must not go away meanwhile with an OS thread that was away, and ends. */
bool heap_parts_try_begin(void)
{
    pthread_mutex_lock(&parts_mutex);
    if (ending == 0 && !weft_load_relaxed(&unwatched))
        return true;
    pthread_mutex_unlock(&parts_mutex);
    return false;
}

void heap_parts_end(void)
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
