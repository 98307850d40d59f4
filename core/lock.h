/* lock.h - how a thread waits for a lock of any kind: an object's, or a mutex. docs/locks.md.
 *
 * A kind of lock is a table of what the waiting needs to know about it. lock.c waits; lock_ft.c, lock_gil.c and mutex.c
 * are the kinds. critical_ft.c has the sections, which lock.c sets aside while their thread waits. */
#ifndef WEFT_CORE_LOCK_H
#define WEFT_CORE_LOCK_H

#include "core/core.h"
#include "core/critical.h"
#include "core/parking.h"

typedef struct lock_kind {
    bool (*try_take)(void *lock);
    void (*give_back)(void *lock);
    /* Marks the lock as waited for. Returns how long the mark may be relied upon, in ns; negative: without limit. */
    int64_t (*announce)(void *lock);
    /* Is it held and marked? Under the lock of the bucket: who clears the mark holds that too. */
    bool (*is_waited_for)(void *lock);
} lock_kind;

/* Who waits says so in thread.waiting. */
typedef struct lock_waiting {
    parking_waiter waiter;
    const lock_kind *kind;
    void *lock;
} lock_waiting;

/* A waiter of more than this is handed the lock. */
enum { LOCK_FAIR_NS = 1000000 };

/* Tries for about as long as sleeping and being woken would cost. */
bool try_lock_spinning(thread *self, const lock_kind *kind, void *lock);

/* Takes the lock, away from the world while it sleeps. The thread's sections have been set aside. */
void lock_wait(thread *self, const lock_kind *kind, void *lock);

/* Both, for a thread with sections: in the end it holds the lock, and its innermost section as well. */
void lock_take(thread *self, const lock_kind *kind, void *lock);

/* A pause in spinning, longer each time; false: it has been long enough. */
typedef struct lock_spin {
    unsigned pauses; /* of the next step; 0: not begun */
    unsigned made;   /* lock_spin_wait: so far */
} lock_spin;

/* A microsecond or two in all. */
bool lock_spin_step(lock_spin *spin);

/* For who would otherwise sleep until a lock is given back: some 20 microseconds, or until a stop is asked for. */
bool lock_spin_wait(thread *self, lock_spin *spin);
/* After that, with the lock. */
void lock_spin_end(thread *self, const lock_spin *spin);

/* In a forked child, after parking_after_fork_child, for each thread that is gone: a lock that was handed to it while it
 * slept is given back. */
void lock_after_fork_child(thread *gone);

/* ---- critical sections: critical_ft.c, lock_gil.c ---------------------------------------------------------------------- */

/* Leaves all sections and takes them off the thread, so that waiting does not resume them half-way. */
struct weft_critical *critical_set_aside(thread *t);
/* Puts them back, still left. */
void critical_put_back(thread *t, struct weft_critical *aside);
/* critical_resume, but false and nothing taken instead of waiting. */
bool try_critical_resume(thread *t);

#endif
