/* lock.pml - the one-byte lock of an object: no wake-up is lost and one thread at a time holds it (docs/locks.md).
 *
 * Some threads take and give back one lock. The store that gives it back may wait in the processor's store buffer while
 * the look at the waiters bit that follows is done: Memory() makes it visible at any later time. Read-modify-writes
 * empty the buffer of their own thread; the barrier of who announces itself empties all, one after the other. Time is
 * left out: the slow release hands the lock over or wakes the first waiter, as it likes. A lost wake-up is a deadlock,
 * which Spin reports as an invalid end state.
 *
 *   N, ROUNDS   threads, and how often each takes the lock
 *   TIMED       without the barrier, but no sleep is for ever: a waiter may wake by itself, and tries again */
#ifndef N
#define N 3
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif

#define WAITING 0
#define WOKEN   1
#define HANDED  2
#define GONE    3

bit lock;                       /* what others see of it */
bit pending[N];                 /* this thread's lock = 0 is in its store buffer */
bit waiters;                    /* WEFT_BIT_LOCK_WAITERS */
bit bucket;                     /* the lock of the bucket */
byte queue[N];                  /* thread + 1, first to last; 0: none */
byte told[N] = GONE;            /* the waiter's state */
byte holders;

#define FLUSH(i) if :: pending[i] -> pending[i] = 0; lock = 0 :: else fi

inline enqueue(i)
{
    k = 0;
    do
    :: queue[k] -> k++
    :: else -> break
    od;
    queue[k] = i + 1;
    told[i] = WAITING
}

inline remove(i)
{
    k = 0;
    do
    :: queue[k] != i + 1 -> k++
    :: else -> break
    od;
    do
    :: k < N - 1 -> queue[k] = queue[k + 1]; k++
    :: else -> break
    od;
    queue[N - 1] = 0;
    k = 0
}

active proctype Memory()
{
    byte i = 0;
end:
    do
    :: atomic { pending[0] -> pending[0] = 0; lock = 0 }
    :: atomic { pending[1] -> pending[1] = 0; lock = 0 }
#if N > 2
    :: atomic { pending[2] -> pending[2] = 0; lock = 0 }
#endif
#if N > 3
    :: atomic { pending[3] -> pending[3] = 0; lock = 0 }
#endif
    od
}

proctype Thread(byte me)
{
    byte round = 0, k = 0, other = 0;
    bit seen = 0, hand = 0;

    do
    :: round == ROUNDS -> break
    :: else ->
try:
        atomic { /* CAS 0 -> 1 */
            FLUSH(me);
            if
            :: lock == 0 -> lock = 1; goto held
            :: else
            fi
        };
        atomic { FLUSH(me); seen = waiters; waiters = 1 }; /* announce */
#if !defined(ERR_NO_BARRIER) && !defined(TIMED)
        if
        :: seen == 0 ->
            other = 0;
            do
            :: other == N -> other = 0; break
            :: else -> atomic { FLUSH(other); other++ }
            od
        :: else
        fi;
#endif
        seen = 0;
        atomic { FLUSH(me); bucket == 0 -> bucket = 1 }; /* park */
        if
#ifdef ERR_NO_VALIDATE
        :: true
#elif defined(ERR_NO_BIT_CHECK)
        :: lock == 1
#else
        :: lock == 1 && waiters == 1
#endif
            -> atomic { enqueue(me); bucket = 0 }
        :: else -> bucket = 0; goto try
        fi;
        if
        :: atomic { told[me] == HANDED -> told[me] = GONE; goto held }
        :: atomic { told[me] == WOKEN -> told[me] = GONE; goto try }
#ifdef TIMED
        :: atomic { told[me] == WAITING && bucket == 0 -> remove(me); told[me] = GONE; goto try }
#endif
        fi;
held:
        holders++;
        assert(holders == 1);
        holders--;

        if /* give back: the first look */
#ifndef ERR_NO_FIRST_LOOK
        :: waiters -> goto slow
        :: else
#else
        :: true
#endif
        fi;
        pending[me] = 1;
#ifndef ERR_NO_SECOND_LOOK
        if /* the second look: nothing orders it after the store */
        :: waiters
        :: else -> goto done
        fi;
#ifndef ERR_LATE_HOLDS
        atomic { /* take it again for the sake of the waiters, or leave them to who holds it now */
            FLUSH(me);
            if
            :: lock == 0 -> lock = 1
            :: else -> goto done
            fi
        }
#endif
#else
        goto done;
#endif
slow:
        atomic { FLUSH(me); bucket == 0 -> bucket = 1 };
        if
        :: queue[0] == 0 -> hand = 0
        :: queue[0] && queue[0] != me + 1 -> hand = 0
        :: queue[0] && queue[0] != me + 1 -> hand = 1
        fi;
#ifdef ERR_STORE_THEN_CLEAR
        if
        :: hand == 0 -> lock = 0
        :: else
        fi;
        bucket = 0;
#endif
#ifdef ERR_CLEAR_EARLY
        waiters = 0;
#else
        if
        :: queue[0] == 0 || queue[1] == 0 -> waiters = 0
        :: else
        fi;
#endif
#ifdef ERR_STORE_THEN_CLEAR
        atomic { bucket == 0 -> bucket = 1 };
#elif defined(ERR_HAND_FREE)
        lock = 0;
#else
        if
        :: hand == 0 -> lock = 0
        :: else
        fi;
#endif
        atomic {
            if
            :: queue[0] -> other = queue[0] - 1; remove(other); told[other] = (hand -> HANDED : WOKEN); other = 0
            :: else
            fi;
            hand = 0;
            bucket = 0
        };
done:
        round++
    od
}

init {
    atomic {
        byte i = 0;
        do
        :: i < N -> run Thread(i); i++
        :: else -> break
        od
    }
}
