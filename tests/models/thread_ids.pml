/* thread_ids.pml - as counting.pml, but the owner's thread ends, and a second one is given its id: it inherits what the
 * first one owned. An ended id's slot is borrowed like a detached one's; no lock is needed to merge.
 *
 * The lock of the id table only hands out ids, so it is not here: a new thread that has been given the id takes its
 * word when that is FREE, and waits, with WAITING set, when it is BORROWED or STOPPED. */
#define CAN_TAKE_1 (mode[T] == ATTACHED || mode[T] == DETACHED)

#include "protocol.inc"

bit first_ended;

proctype Owner(byte incarnation)
{
    byte me = T;
    byte who, l, action, popped, dying, was;
    if
    :: incarnation == 1
    :: incarnation == 2 ->
        first_ended;
#ifdef ERR_START_WHILE_BORROWED
        if :: atomic { mode[T] == BORROWED -> mode[T] = ATTACHED } :: attach(FREE) fi;
#else
        attach(FREE);
#endif
#ifdef ERR_START_CLEARS
        atomic { pending[T] = 0; queue = 0 }
#endif
    fi;
    do
    :: use(0)
#if NOBJ > 1
    :: use(1)
#endif
    :: stop[T] -> park()
    :: atomic { pending[T] -> pending[T] = 0 }; drain(); destroy_dying()
#ifndef NODETACH
    :: atomic { !pending[T] -> leave(DETACHED) }; attach(DETACHED)
#endif
    :: atomic {                         /* the end of the thread: as detaching */
#ifdef ERR_END_NO_RECHECK
        HOLDS_NONE(T) -> leave(FREE);
#else
        HOLDS_NONE(T) && !pending[T] -> leave(FREE);
#endif
        if :: incarnation == 1 -> first_ended = 1 :: else -> is_done[T] = 1 fi;
        break
       }
    od
}

init {
    atomic { start_objects(); run Owner(1); run Owner(2) };
    atomic {
        is_done[0] && ALL_DONE;
        assert(queue == 0);
        final_check(0);
#if NOBJ > 1
        final_check(1);
#endif
    }
}
