/* lock.h - locks on objects, critical sections, and a mutex. In the GIL flavour all three on objects do nothing.
 *
 * The free-threaded lock is one byte in the object's header; threads that wait are parked in a process-wide table
 * keyed by address (WebKit's parking lot), and a waiter of more than 1 ms is handed the lock. A waiting thread counts
 * as blocked, so nobody who stops the world ever waits for a lock. Locks are not recursive. */
#ifndef WEFT_LOCK_H
#define WEFT_LOCK_H

#include "weft/base.h"
#include "weft/object.h"

WEFT_BEGIN_DECLS

/* A lock on the object: held through blocking regions and safepoints until unlocked. Prefer critical sections. The
 * caller keeps a reference to the object until weft_unlock has returned. WEFT_OK: the caller holds it. WEFT_ERROR_BUSY: a
 * critical section of the caller's own holds it, and nothing has changed. Taking a lock twice by weft_lock is not noticed
 * and waits for ever; nor is naming the object of a section that was left for another, which then waits as it is resumed. */
static inline weft_status weft_lock(weft_thread *self, weft_object *o);
static inline void weft_unlock(weft_thread *self, weft_object *o);

/* A critical section (PEP 703): the object's lock, given up while the thread blocks, waits for another lock or is
 * stopped, and taken again before it goes on. So critical sections cannot deadlock, and code inside one must expect
 * the object to have changed wherever it may have blocked. Sections nest; only the innermost is surely held. A section
 * on an object that an outer one holds is allowed; one on an object that the thread holds by weft_lock is not.
 * Lives on the stack of the thread that began it; begin and end come in pairs, in reverse order, and the caller keeps a
 * reference to each object from begin to end. Owner thread only; the low bits of the pointers are docs/locks.md's. */
typedef struct weft_critical {
    struct weft_critical *outer; /* low bit: has been left; to be resumed when this one ends */
    weft_object *first;          /* lower address; low bit: an outer section holds the lock */
    weft_object *second;         /* NULL for one object; low bit as for first */
} weft_critical;

static inline void weft_critical_begin(weft_thread *self, weft_critical *section, weft_object *o);
/* Both locks, taken in address order, so that two threads that name the same two objects cannot deadlock. */
static inline void weft_critical_begin2(weft_thread *self, weft_critical *section, weft_object *a, weft_object *b);
static inline void weft_critical_end(weft_thread *self, weft_critical *section);

/* A mutex for the program's own data; 1 byte, zero is unlocked. Waiting for it counts as blocked. Both flavours:
 * in the GIL flavour too, since its holder may block and let another thread run. Not recursive. Who has unlocked it
 * never touches it again, so the next holder may free the memory that it stands in. */
typedef struct weft_mutex {
    uint8_t state; /* atomic: core/mutex.c */
} weft_mutex;

/* WEFT_OK: the caller holds it. WEFT_ERROR_THREAD, WEFT_ERROR_VALUE (mutex is NULL): nothing has changed. */
WEFT_API weft_status weft_mutex_lock(weft_thread *self, weft_mutex *mutex);
/* False at once if another thread (or the caller) holds it. Any thread, attached or not. */
WEFT_API bool weft_mutex_try_lock(weft_mutex *mutex);
/* The thread that locked it. Cannot fail; NULL is ignored. */
WEFT_API void weft_mutex_unlock(weft_mutex *mutex);

WEFT_END_DECLS

#ifdef WEFT_GIL
#include "weft/lock_gil.h"
#else
#include "weft/lock_ft.h"
#endif

#endif
