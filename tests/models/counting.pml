/* counting.pml - biased counts, merge queues, merging on behalf of a detached owner, stops of the world, saturation,
 * immortal and sharded objects. The owner of all objects is thread T; it lives as long as the model runs.
 *
 *   SATURATE=n         counts stick above n
 *   IMMORTAL           a stopped world makes object 0 immortal
 *   IMMORTAL_RUNNING   the owner makes object 0 immortal while the others run
 *   SHARE              a stopped world shares and unshares object 0 */
#define CAN_TAKE_1 !is_done[1]

#include "protocol.inc"

proctype Owner()
{
    byte me = T;
    byte who, l, action, popped, dying, was;
    do
    :: use(0)
#if NOBJ > 1
    :: use(1)
#endif
    :: stop[T] -> park()
    :: atomic { pending[T] -> pending[T] = 0 }; drain(); destroy_dying()
#ifdef IMMORTAL_RUNNING
    :: (H(me, 0) > 0 && owner[0] == T) -> immortalize(0)
#endif
#ifdef ERR_SHARE_RUNNING
    :: (H(me, 0) > 0 && owner[0] == T) -> share(0)
#endif
    :: atomic {
#ifdef ERR_DETACH_NO_RECHECK
        true ->                 /* needed: an `else` at the head of an option would mean "no other option either" */
#else
        !pending[T] ->
#endif
        leave(DETACHED) };
       if :: attach(DETACHED) :: atomic { is_done[T] = 1; break } fi
    od
}

init {
    atomic { start_objects(); run Owner() };
    atomic {
        is_done[0] && ALL_DONE;
        assert(queue == 0);
        final_check(0);
#if NOBJ > 1
        final_check(1);
#endif
    }
}
