/* guard.h - how a container keeps its writers apart, and how it is read without a lock. For the built-in containers.
 *
 *   guard_enter .. guard_leave   one thread at a time changes the container. Nothing in between may block, reach a
 *                                safepoint, enter another guard, or run code of the program: references are dropped
 *                                after it.
 *   guard_enter_shared           guard_enter of a container that is not the caller's alone (guard_alone said so).
 *   guard_try .. guard_end       the same if it can be had without a lock: NULL if not. Takes no call, so that a function
 *                                whose common way it is need not save registers; the rest of it is another function, with
 *                                guard_enter.
 *   guard_alone, guard_alone_id  inside a guard (or, after the loads it is about, outside): nobody can be reading the container's array without a lock, so it may
 *                                be moved, changed in any order, and freed at once. If not, every place in it must hold
 *                                NULL or a valid object at all times, and an array that is replaced is retired.
 *   guard_readable               may this thread read the array without a guard?
 *   guard_is_free                constant: guards cost nothing, so there is no point in reading without.
 *   ref_array_is                 is this still the array? Loaded after everything before.
 *   ref_read                     a reference to what a place in the array holds, without a guard.
 *   ref_read_own                 the same if it takes no call, for a thread with this count_id; NULL if not.
 *   ref_read_guarded             the same inside one: later ref_reads by other threads succeed.
 *   guard_is_peeked              inside a guard: may other threads be using items that they have not counted? Then what is
 *                                taken out must live on for a grace period:
 *   ref_drop                     drops a reference that a container had: at once, or after a grace period.
 *   ref_linger                   for one that is handed out instead: the object lives at least for a grace period.
 *   ref_lend                     gives a reference back, and the object is good until the caller's next safepoint; false: it
 *                                has died, nobody else had one.
 *   object_is_peeked             guard_is_peeked of an object that is dying.
 *   guard_peekable               may items be used uncounted, without a lock? Not before
 *   guard_open_to_peeks          which makes it so, and may pass a safepoint.
 *   guard_open_to_readers        everybody may read: for a new object that never changes.
 *
 * guard_ft.h has the mechanism and its argument; in guard_gil.h only one thread runs and there is nothing to do. */
#ifndef WEFT_CORE_TYPES_GUARD_H
#define WEFT_CORE_TYPES_GUARD_H

#include "core/core.h"
#include "heap/magazine.h"

#ifdef WEFT_GIL
#include "core/types/guard_gil.h"
#else
#include "core/types/guard_ft.h"
#endif

#endif
