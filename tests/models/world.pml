/* world.pml - the words alone: several threads that attach, detach, push to each other's queues, merge on each other's
 * behalf and stop the world, each word with a queue of one bit; new ids that appear during a stop.
 *
 * Checked: while one thread has the world stopped nobody else runs; no deadlock; no queue entry lost; and, with
 * -DVICTIM, that a thread which wants to run does so again and again however often the others stop the world (under
 * weak fairness: a thread that can go on for ever goes on at some time).
 *
 *   N          threads, ids 1 to N
 *   STOPPERS, PUSHERS   masks: who may stop the world, who may push
 *   LATE       the last id is registered while the others run
 *   VICTIM     thread 1 only attaches, works, polls and detaches, for ever */
#ifndef N
#define N 3
#endif
#ifndef STOPPERS
#define STOPPERS 14
#endif
#ifndef PUSHERS
#define PUSHERS 14
#endif

#define FREE     0
#define DETACHED 1
#define ATTACHED 2
#define BORROWED 3
#define STOPPED  4

#define MAY(mask) ((mask >> me) & 1)

byte mode[N + 1], base[N + 1];
bit pending[N + 1], stop[N + 1], waiting[N + 1];
bit queue[N + 1];               /* one entry or none */

byte stopping;                  /* who stops the world, or wants to; one at a time */
byte used;                      /* ids given out */
bit stop_in_force;              /* a new id begins as stopped; the table's lock */
bit table_lock;

byte stopped_by;                /* ghost: who has the world stopped */
bit ended[N + 1];

/* Anything that only a running thread may do. */
inline runs() { assert(mode[me] == ATTACHED && (stopped_by == 0 || stopped_by == me)) }

inline attach(from)
{
    do
    :: atomic { mode[me] == from -> mode[me] = ATTACHED; waiting[me] = 0; break }
#ifdef ERR_UNFAIR
    :: atomic { mode[me] != from -> skip };
       mode[me] == from         /* woken; but the stopper may be faster */
#else
    :: atomic { mode[me] != from -> waiting[me] = 1 };
       mode[me] == from
#endif
    od
}

inline merge_own()
{
    if
    :: atomic { pending[me] -> pending[me] = 0 }; atomic { runs(); queue[me] = 0 }
    :: atomic { !pending[me] -> skip }
    fi
}

/* Merges first, then leaves; under a stop into it. */
inline leave(away)
{
    do
    :: atomic {
        !pending[me] ->
        if :: stop[me] -> mode[me] = STOPPED; base[me] = away
           :: else -> mode[me] = away fi;
        break }
    :: atomic { pending[me] -> pending[me] = 0 }; atomic { runs(); queue[me] = 0 }
    od
}

inline poll()
{
    merge_own();
    if
    :: atomic {
        stop[me] -> mode[me] = STOPPED; base[me] = DETACHED;
#ifndef ERR_UNFAIR
        waiting[me] = 1
#endif
        };
       attach(DETACHED)
    :: atomic { !stop[me] -> skip }
    fi
}

/* From BORROWED, or from STOPPED by the stopper. */
inline give_back(t, stopper)
{
    do
#ifdef ERR_NO_HANDOFF
    :: atomic { !(pending[t] && !waiting[t]) -> mode[t] = base[t]; if :: stopper -> stop[t] = 0 :: else fi; break }
#else
    :: atomic { !(pending[t] && !waiting[t]) && !(!stopper && stop[t] && !pending[t]) ->
                mode[t] = base[t]; if :: stopper -> stop[t] = 0 :: else fi; break }
    :: atomic { !stopper && stop[t] && !pending[t] -> mode[t] = STOPPED; break }
#endif
    :: atomic { pending[t] && !waiting[t] -> pending[t] = 0 };
       queue[t] = 0
    od
}

/* Never the word of a thread that waits: it merges by itself, and may otherwise wait for ever. */
#ifdef ERR_BORROW_WAITING
#define MAY_BORROW(t) (mode[t] <= DETACHED && pending[t])
#else
#define MAY_BORROW(t) (mode[t] <= DETACHED && pending[t] && !waiting[t])
#endif

inline push(t)
{
    queue[t] = 1;
    atomic { was = mode[t]; pending[t] = 1 };
    if
    :: was <= DETACHED ->
        if
        :: atomic { MAY_BORROW(t) -> base[t] = mode[t]; mode[t] = BORROWED; pending[t] = 0 };
           queue[t] = 0;
           give_back(t, false)
        :: atomic { !MAY_BORROW(t) -> skip }
        fi
    :: else
    fi;
    was = 0
}

inline stop_world()
{
    do
    :: atomic { stopping == 0 -> stopping = me; break }
    :: stopping != 0 ->
#ifdef ERR_STOPPER_STAYS
        stopping == 0           /* waits while attached: the other waits for it */
#else
        leave(DETACHED); stopping == 0; attach(DETACHED)
#endif
    od;
    atomic { !table_lock -> table_lock = 1 };
    stop_in_force = 1; n = used; i = 1;
    do
    :: i <= n -> if :: i != me -> stop[i] = 1 :: else fi; i++
    :: else -> break
    od;
    table_lock = 0; i = 1;
    do
    :: i <= n && i != me ->
        if
#ifdef ERR_UNFAIR
        :: atomic { mode[i] <= DETACHED -> base[i] = mode[i]; mode[i] = STOPPED }
#else
        :: atomic { mode[i] <= DETACHED && !waiting[i] -> base[i] = mode[i]; mode[i] = STOPPED }
#endif
        :: mode[i] == STOPPED
#ifdef ERR_ONE_SUSPENDED
        :: mode[i] == BORROWED
#endif
        fi;
        i++
    :: i <= n && i == me -> i++
    :: i > n -> break
    od;
    atomic {
        stopped_by = me; i = 1;
        do
        :: i <= used -> assert(i == me || mode[i] == STOPPED); i++
        :: else -> break
        od
    };
    atomic { runs(); stopped_by = 0 };      /* what the stop was for */
    atomic { !table_lock -> table_lock = 1 };
    stop_in_force = 0; n = used;
    table_lock = 0; i = 1;
    do
    :: i <= n -> if :: atomic { i != me && stop[i] -> skip }; give_back(i, true) :: else fi; i++
    :: else -> break
    od;
    i = 0; n = 0;
    stopping = 0
}

inline register()
{
    atomic { !table_lock -> table_lock = 1 };
#ifdef ERR_NEW_ID_FREE
    mode[me] = FREE;
#else
    if
    :: stop_in_force -> atomic { mode[me] = STOPPED; base[me] = FREE; stop[me] = 1 }
    :: else -> mode[me] = FREE
    fi;
#endif
    used = me;
    table_lock = 0
}

proctype Thread(byte me)
{
    byte was, i, n;
    if
    :: me > used -> register()
    :: else
    fi;
    attach(FREE);
    do
#ifdef VICTIM                   /* a thread that never polls again makes everybody wait, and rightly */
#define THEN_POLL ; poll()
#else
#define THEN_POLL
    :: runs()
#endif
    :: poll()
    :: leave(DETACHED); attach(DETACHED) THEN_POLL
    :: atomic { MAY(PUSHERS) && me != 1 && queue[1] == 0 -> runs() }; push(1) THEN_POLL
#if N > 2
    :: atomic { MAY(PUSHERS) && me != 2 && queue[2] == 0 -> runs() }; push(2) THEN_POLL
#endif
    :: MAY(STOPPERS) -> stop_world() THEN_POLL
#ifndef VICTIM
    :: leave(FREE); break
#endif
    od;
    ended[me] = 1
}

proctype Victim(byte me)
{
    byte mode_away = FREE;
    do
    :: skip;
wants: attach(mode_away);
works: runs();
       poll();
       leave(DETACHED); mode_away = DETACHED
    od
}

init {
    atomic {
#ifdef LATE
        used = N - 1;
#else
        used = N;
#endif
#ifdef VICTIM
        run Victim(1);
#else
        run Thread(1);
#endif
        run Thread(2);
#if N > 2
        run Thread(3);
#endif
    };
#ifndef VICTIM
    atomic {
        ended[1] && ended[2];
#if N > 2
        ended[3];
#endif
        assert(!queue[1] && !queue[2] && !stopping);
#if N > 2
        assert(!queue[3])
#endif
    }
#endif
}

#ifdef VICTIM
ltl attaches { [] (Victim@wants -> <> Victim@works) }
#endif
