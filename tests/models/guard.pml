/* guard.pml - containers that their owner changes without taking the lock: core/types/guard_ft.h.
 *
 * Owner 1; others 2 and 3. The barrier is what makes the owner's store of `guarded` and its loads after it one step
 * against the others: memory is sequentially consistent here, litmus.c has the rest (guard). What is checked is that
 * no two are at work at once, whatever stands between the loads.
 *
 * Each goes round ROUNDS times. */
#ifndef ROUNDS
#define ROUNDS 3
#endif

bit lock, readers;              /* of the container */
bit guarded;                    /* of the owner's slot: it is, perhaps, at work without the lock */
byte at_work;                   /* ghost */

inline work() { atomic { assert(at_work == 0); at_work++ }; at_work-- }

inline take_lock() { atomic { !lock -> lock = 1 } }

proctype Owner()
{
    byte n;
    bit seen_lock, seen_readers;
    do
    :: n < ROUNDS ->
        n++;
        guarded = 1;
#ifdef ERR_BITS_FIRST
        seen_readers = readers; seen_lock = lock;
#else
        seen_lock = lock; seen_readers = readers;
#endif
        if
        :: !seen_lock && !seen_readers -> work(); guarded = 0
        :: else -> guarded = 0; take_lock(); work(); lock = 0
        fi
    :: else -> break
    od
}

proctype Other()
{
    byte n;
    do
    :: n < ROUNDS ->
        n++;
        take_lock();
        if
        :: !readers ->
#ifndef ERR_NO_WAIT
            !guarded;
#endif
            readers = 1
        :: else
        fi;
        work();
        lock = 0
    :: else -> break
    od
}

init { atomic { run Owner(); run Other(); run Other() } }
