/* weak_lock_gil.h - the GIL flavour: whoever runs has the table to itself. */
#ifndef WEFT_REFCOUNT_WEAK_LOCK_GIL_H
#define WEFT_REFCOUNT_WEAK_LOCK_GIL_H

typedef char weak_lock_type;

static inline void weak_lock_init(weak_lock_type *lock)
{
    *lock = 0;
}

static inline void weak_lock(weak_lock_type *lock)
{
    (void)lock;
}

static inline void weak_unlock(weak_lock_type *lock)
{
    (void)lock;
}

#endif
