/* weak_lock_ft.h - the lock of a stripe. Not one of Weft's own: its holder is never stopped, so waiting for it is short
 * and need not count as blocked. */
#ifndef WEFT_REFCOUNT_WEAK_LOCK_FT_H
#define WEFT_REFCOUNT_WEAK_LOCK_FT_H

#include <pthread.h>

typedef pthread_mutex_t weak_lock_type;

static inline void weak_lock_init(weak_lock_type *lock)
{
    pthread_mutex_init(lock, NULL); /* cannot fail with default attributes */
}

static inline void weak_lock(weak_lock_type *lock)
{
    pthread_mutex_lock(lock);
}

static inline void weak_unlock(weak_lock_type *lock)
{
    pthread_mutex_unlock(lock);
}

#endif
