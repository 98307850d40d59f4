/* reclaim.pml - deferred reclamation by quiescent states: docs/reclaim.md.
 *
 * A shared pointer leads to one of BOXES boxes. Readers attach, read through the pointer between two quiescent points,
 * detach. Writers are readers too: they put a new box in place, retire the old one with the epoch that their increment
 * returned as its goal, and free it at a later poll of theirs, when every attached thread has noted the goal; or they
 * leave it to another thread. The last id may be registered while the others run.
 *
 *   WRITERS     mask of the ids that write
 *   LAST_EPOCH  bound */
#ifndef WRITERS
#define WRITERS 4
#endif
#ifndef LAST_EPOCH
#define LAST_EPOCH 4
#endif
#define N 3
#define BOXES 4

#define DETACHED 0
#define ATTACHED 1

bit mode[N + 1];
byte noted[N + 1];              /* the epoch each thread has seen at its last quiescent point */
byte epoch = 1;
byte used = N - 1;              /* ids given out */
byte pointer = 1;
byte orphan, orphan_goal;       /* handed over by a thread that went away */

/* ghosts */
byte users[BOXES];              /* who looks into a box */
bit freed[BOXES], taken[BOXES];

inline quiesce()
{
    e = epoch;                  /* load, then store: two steps */
    noted[me] = e;
    e = 0
}

inline attach()
{
#ifdef NOTE_FIRST               /* an old epoch only delays; but see litmus.c, reclaim-note-first */
    quiesce();
    mode[me] = ATTACHED
#else
    mode[me] = ATTACHED;
#ifdef ERR_ATTACH_NOTES_AHEAD
    noted[me] = 99;
#else
    quiesce()
#endif
#endif
}

inline read_box()
{
    p = pointer;
#ifdef ERR_QUIESCE_INSIDE
    if :: quiesce() :: true fi;
#endif
#ifdef ERR_DETACH_INSIDE
    if :: mode[me] = DETACHED; attach() :: true fi;
#endif
    atomic { assert(!freed[p]); users[p]++ };
    atomic { assert(!freed[p]); users[p]--; p = 0 }
}

/* A grace period for `goal`: true when every other attached thread has noted it. */
inline grace_passed(goal)
{
    i = 1; passed = 1; n = used;
    do
    :: i > n -> break
    :: i <= n && i != me ->
        if
        :: mode[i] == DETACHED
        :: mode[i] == ATTACHED -> if :: noted[i] >= goal :: else -> passed = 0 fi
        fi;
        i++
    :: i <= n && i == me -> i++
    od;
    i = 0; n = 0
}

inline free_box(b)
{
    atomic { assert(users[b] == 0 && !freed[b]); freed[b] = 1 };
    atomic { freed[b] = 0; taken[b] = 0 }       /* to be used again */
}

inline replace()
{
    /* the writers' own lock: they agree on who replaces what */
    atomic {
        ((WRITERS >> me) & 1) && mine == 0 && epoch < LAST_EPOCH && !(taken[1] && taken[2] && taken[3]) ->
        if
        :: !taken[1] -> fresh = 1
        :: !taken[2] -> fresh = 2
        :: !taken[3] -> fresh = 3
        fi;
        taken[fresh] = 1
    };
#ifdef ERR_GOAL_BEFORE_UNLINK
    atomic { epoch++; mine_goal = epoch };
    atomic { mine = pointer; pointer = fresh; fresh = 0 }
#else
    atomic { mine = pointer; pointer = fresh; fresh = 0 };
#ifdef ERR_NO_INCREMENT
    mine_goal = epoch
#else
    atomic { epoch++; mine_goal = epoch }
#endif
#endif
}

/* At a safepoint. */
inline poll()
{
    quiesce();
    if
    :: atomic { mine == 0 && orphan != 0 -> mine = orphan; mine_goal = orphan_goal; orphan = 0; orphan_goal = 0 }
    :: true
    fi;
    if
    :: mine != 0 ->
        grace_passed(mine_goal);
        if
        :: passed -> free_box(mine); mine = 0; mine_goal = 0
        :: else
        fi;
        passed = 0
    :: else
    fi
}

proctype Thread(byte me)
{
    byte e, p, i, n, mine, mine_goal, fresh;
    bit passed;
    if
    :: me > used ->
#ifdef ERR_REGISTER_LATE        /* reads before a scanner can know of the id */
        attach(); read_box(); used = me
#else
        used = me; attach()
#endif
    :: me <= used -> attach()
    fi;
    do
    :: read_box()
    :: poll()
    :: mode[me] = DETACHED; attach()
    :: replace()
    :: atomic {
        mine == 0 || orphan == 0 ->
        if :: mine != 0 -> orphan = mine; orphan_goal = mine_goal; mine = 0; mine_goal = 0
           :: else fi };
       mode[me] = DETACHED; break
    od
}

init {
    atomic { taken[1] = 1; run Thread(1); run Thread(2); run Thread(3) }
}
