/* slots.pml - lock-free reads of a slot, lazy publication, and the reuse of blocks.
 *
 * One block, one container with one slot and a lock. Writers 1 and 2 build objects in the block, put them into the slot
 * and take them out, read, pass references on, and drop them; reader 3 only reads and drops. Nothing is published when
 * it is stored: a reader that is refused takes the lock and publishes. The block is reused at once for the next object
 * (incarnation), for other things only after a grace period. Merging on behalf of an owner that has gone is one step
 * here: counting.pml has its parts.
 *
 *   TWO         only the two writers; ONE_WRITER: writer 1, readers 2 and 3
 *   GENS        incarnations of the block
 *   IMMORTAL    the builder may make an object immortal that nobody else has seen, with the world running
 *   FINALIZE    a dying object is brought back for its finalizer, which may keep it
 *   GRACE       the block may be given to another use after the grace period */
#ifndef GENS
#define GENS 2
#endif
#ifndef LCAP
#define LCAP 2
#endif
#ifndef CAP
#define CAP 2
#endif

#define DEFAULT   0
#define PUBLISHED 1
#define QUEUED    2
#define MERGED    3
#define STATIC_OWNER 9
#define STUCK 50

/* the block: its header, and where it is */
byte local_n;
short shared_n;
byte state = MERGED;
byte owner;
byte cache = 1;                 /* whose free blocks it is among; 0: none */

/* the container */
byte slot;                      /* 0 or 1: the block */
bit lock;

bit pending[3];                 /* the merge queue of 1 and 2: one object, one bit */
bit gone[3];                    /* has the owner ended */

/* ghosts */
byte gen;                       /* incarnation */
bit dead = 1, building, raw;
byte H[4];                      /* references held */
byte slot_ref;                  /* reference held by the slot */
byte seen[4];                   /* incarnations that were in the slot during this read */
bit reading[4];
byte old_readers;               /* who was reading when the object died */
bit immortal, finalized;
bit finished[4];

#define SUM (H[1] + H[2] + H[3] + slot_ref)
#define ALIVE assert(!dead && !building && !raw)
#define BIT(n) (1 << (n))
#define READERS (reading[1] * 2 + reading[2] * 4 + reading[3] * 8)

inline count_add(n)
{
    if :: shared_n == STUCK :: else -> shared_n = shared_n + n fi
}

/* The count has reached (merged, 0). */
inline die()
{
    atomic { assert(!dead && !building && !immortal); assert(SUM == 0 && !pending[1] && !pending[2]) };
#ifdef FINALIZE
    if
    :: true
    :: !finalized ->
#ifdef ERR_RESURRECT_DEFAULT
        atomic { finalized = 1; state = DEFAULT; shared_n = 0; local_n = 1; owner = me; H[me]++ };
#else
        /* a plain store is enough: nobody writes to (merged, 0) */
        atomic { finalized = 1; assert(state == MERGED && shared_n == 0); shared_n = 1; H[me]++ };
#endif
        if
        :: atomic { SUM < CAP -> shared_n++; H[me]++ }    /* the finalizer keeps a reference */
        :: true
        fi;
        atomic { H[me]--; shared_n--; kept = (shared_n != 0) }
    fi;
    if
    :: kept -> kept = 0
    :: else ->
#endif
    atomic {
        assert(SUM == 0);
        assert(state == MERGED && shared_n == 0 && owner == 0);
        dead = 1; old_readers = READERS;
#ifdef ERR_DEAD_WORD
        state = PUBLISHED;
#endif
        local_n = 7;            /* the allocator writes the first word of a free block */
        cache = me
    }
#ifdef FINALIZE
    fi
#endif
}

inline decref_shared()
{
    atomic {
        ALIVE;
        if :: (state <= PUBLISHED && shared_n == 0) -> state = QUEUED; action = 1
           :: else -> count_add(-1); action = (state == MERGED && shared_n == 0 -> 2 : 0) fi
    };
    if
    :: action == 1 ->
        who = owner;
        if
        :: who == 0 -> atomic { ALIVE; count_add(-1); action = (state == MERGED && shared_n == 0 -> 2 : 0) }
        :: who == STATIC_OWNER -> action = 0
        :: else -> atomic {
            if :: gone[who] ->
                    count_add(local_n - 1); local_n = 0; owner = 0; state = MERGED; action = (shared_n == 0 -> 2 : 0)
               :: else -> assert(!pending[who]); pending[who] = 1; action = 0 fi }
        fi;
        who = 0
    :: else
    fi;
    if :: action == 2 -> action = 0; die() :: else -> action = 0 fi
}

inline decref()
{
    atomic { H[me]--; ALIVE; who = owner };
    if
    :: who == STATIC_OWNER -> who = 0
    :: who == me ->
        who = 0;
        l = local_n - 1; local_n = l;
        if
        :: l == 0 ->
#ifdef ERR_FREE_PUBLISHED
            if :: atomic { shared_n == 0 -> action = 2 }; atomic { owner = 0; state = MERGED; shared_n = 0 }
               :: shared_n != 0 -> owner = 0; atomic { state = MERGED; action = (shared_n == 0 -> 2 : 0) }
            fi;
#else
            atomic { ALIVE; if :: (state == DEFAULT && shared_n == 0) -> action = 2 :: else -> action = 0 fi };
            if :: action == 2 -> owner = 0; state = MERGED      /* plain stores: nobody writes to (default, 0) now */
               :: else ->
                    atomic { ALIVE; owner = 0 };
                    atomic { ALIVE; state = MERGED; action = (shared_n == 0 -> 2 : 0) }
            fi;
#endif
            if :: action == 2 -> action = 0; die() :: else -> action = 0 fi
        :: else -> l = 0
        fi
    :: else -> who = 0; decref_shared()
    fi
}

inline incref()                 /* holding a reference */
{
    who = owner;
    if
    :: who == STATIC_OWNER -> H[me]++
    :: who == me -> l = local_n; atomic { ALIVE; local_n = l + 1; l = 0; H[me]++ }
    :: else -> atomic { ALIVE; count_add(1); H[me]++ }
    fi;
    who = 0
}

inline lock_take() { atomic { !lock -> lock = 1 } }

/* Under the lock, the slot being full: its reference keeps the object alive. */
inline incref_published()
{
    who = owner;
    if
    :: who == STATIC_OWNER -> atomic { ALIVE; H[me]++ }
    :: who == me -> l = local_n; atomic { ALIVE; local_n = l + 1; l = 0; H[me]++ }
    :: else -> atomic {
        ALIVE;
#ifdef ERR_PUBLISH_OR
        state = state | PUBLISHED;
#else
        if :: state == DEFAULT -> state = PUBLISHED :: else fi;
#endif
        count_add(1); H[me]++ }
    fi;
    who = 0
}

inline try_incref()
{
    who = owner;
    if
    :: who == STATIC_OWNER -> ok = 1
    :: who == me ->             /* what we own is alive, and was in the slot: no second look */
        l = local_n;
        atomic { ALIVE; assert(owner == me && (seen[me] & BIT(gen))); local_n = l + 1; l = 0; H[me]++; ok = 2 }
    :: else ->
        do
        :: atomic { s = state; c = shared_n };
#ifdef ERR_TRY_DEFAULT
            if :: (c == 0 && s == MERGED) -> break
#else
            if :: (c == 0 && (s == DEFAULT || s == MERGED)) -> break
#endif
            :: atomic { c == STUCK -> H[me]++; ok = 1; break }
            :: else ->
#ifdef ERR_BLIND_ADD
                atomic { assert(!dead && !building && !raw); shared_n++; H[me]++; ok = 1; break }
#else
                if
                :: atomic {
                    (state == s && shared_n == c) ->
                    /* never a write to a block that is dead, used for something else, or being built; and never to
                     * (default, 0), whose owner may end the object without looking again */
                    assert(!dead && !building && !raw);
#ifndef ERR_TRY_DEFAULT
                    assert(state != DEFAULT || shared_n != 0);
#endif
                    count_add(1); H[me]++; ok = 1; break }
                :: atomic { !(state == s && shared_n == c) -> s = 0; c = 0 }
                fi
#endif
            fi
        od;
        atomic { counted = ok; s = 0; c = 0 }
    fi
}

#ifdef ERR_NO_RECHECK
#define STILL_THERE true
#else
#ifdef ERR_STATIC_NO_RECHECK
#define STILL_THERE (slot != 0 || who == STATIC_OWNER)
#else
#define STILL_THERE (slot != 0)
#endif
#endif

/* weft_list_get and the like. */
inline read_slot()
{
    atomic { slot != 0 && SUM < CAP && local_n < LCAP + 5 -> reading[me] = 1; seen[me] = BIT(gen) };
    try_incref();
    if
    :: ok == 1 ->
        if
        :: STILL_THERE -> atomic {
            assert(seen[me] & BIT(gen));
            if :: !counted -> H[me]++ :: else fi }
        :: else -> if :: counted -> decref() :: else fi
        fi
    :: ok == 2
    :: ok == 0 ->               /* refused: look again under the lock */
        who = 0;
        lock_take();
        if
#ifdef ERR_LOCKED_NO_REREAD
        :: true -> incref_published()
#else
        :: slot != 0 -> incref_published()
        :: slot == 0
#endif
        fi;
        lock = 0
    fi;
    atomic { reading[me] = 0; seen[me] = 0; old_readers = old_readers & ~BIT(me); ok = 0; who = 0; counted = 0 }
}

inline build()
{
    atomic { cache == me && gen < GENS -> cache = 0; gen++; assert(dead); dead = 0; building = 1; finalized = 0 };
#ifdef ERR_BUILD_PUBLISHED
    state = PUBLISHED;
#endif
    local_n = 1;
    owner = me;
#ifndef ERR_BUILD_PUBLISHED
    state = DEFAULT;
#endif
    atomic { building = 0; H[me] = 1 }
}

inline put()
{
    atomic { H[me] > 0 && slot_ref == 0 && slot == 0 };
    lock_take();
    if
    :: atomic {
        slot == 0 -> slot = 1; slot_ref = 1; H[me]--; ALIVE;
        if :: reading[1] -> seen[1] = seen[1] | BIT(gen) :: else fi;
        if :: reading[2] -> seen[2] = seen[2] | BIT(gen) :: else fi;
        if :: reading[3] -> seen[3] = seen[3] | BIT(gen) :: else fi }
    :: slot != 0
    fi;
    lock = 0
}

inline take_out()
{
    slot != 0;
#ifndef ERR_REMOVE_UNLOCKED
    lock_take();
#endif
    if
    :: atomic { slot != 0 -> slot = 0; slot_ref = 0; H[me]++; ok = 1 }
    :: slot == 0
    fi;
#ifndef ERR_REMOVE_UNLOCKED
    lock = 0;
#endif
    if :: ok -> ok = 0; decref() :: else fi     /* after the lock */
}

inline drain()
{
    atomic { pending[me] -> pending[me] = 0; ALIVE };
    if
    :: owner == STATIC_OWNER
    :: else ->
        l = local_n; local_n = 0; owner = 0;
        atomic { ALIVE; count_add(l - 1); state = MERGED; l = 0; action = (shared_n == 0 -> 2 : 0) };
        if :: action == 2 -> action = 0; die() :: else fi
    fi
}

proctype Writer(byte me)
{
    byte who, l, action, ok, s;
    short c;
    bit counted;
#ifdef FINALIZE
    bit kept;
#endif
    do
    :: build()
    :: put()
    :: take_out()
    :: read_slot()
    :: H[me] > 0 -> decref()
    :: (H[me] > 0 && SUM < CAP && local_n < LCAP) -> incref()
    /* a reference passed on without the slot, unpublished */
#ifdef ONE_WRITER
    :: atomic { H[me] > 0 -> H[me]--; H[2]++ }
#else
    :: atomic { H[me] > 0 && !gone[3 - me] -> H[me]--; H[3 - me]++ }
#endif
    :: drain()
#ifdef IMMORTAL
    /* The only reference, and nobody has seen the object: no stop needed. The count first. */
    :: atomic { H[me] == 1 && SUM == 1 && owner == me && state == DEFAULT && shared_n == 0 && local_n == 1 };
       atomic { state = MERGED; shared_n = STUCK; immortal = 1 };
       owner = STATIC_OWNER
#endif
#ifdef GRACE
    :: atomic { cache == me && old_readers == 0 -> cache = 0; raw = 1; state = PUBLISHED; shared_n = 0; dead = 0 }
#endif
#ifdef ERR_NO_GRACE
    :: atomic { cache == me -> cache = 0; raw = 1; state = PUBLISHED; shared_n = 0; dead = 0 }
#endif
    :: atomic { H[me] == 0 && !pending[me] && slot == 0 -> gone[me] = 1; break }
    od;
    finished[me] = 1
}

proctype Reader(byte me)
{
    byte who, l, action, ok, s;
    short c;
    bit counted;
#ifdef FINALIZE
    bit kept;
#endif
    do
    :: read_slot()
    :: H[me] > 0 -> decref()
    :: (H[me] > 0 && SUM < CAP && local_n < LCAP) -> incref()
    :: atomic { H[me] == 0 && gone[1] && gone[2] -> break }
    od;
    finished[me] = 1
}

init {
    atomic {
        run Writer(1);
#ifdef ONE_WRITER
        gone[2] = 1; run Reader(2);
#else
        run Writer(2);
#endif
#ifndef TWO
        run Reader(3)
#else
        finished[3] = 1
#endif
    };
    atomic {
        finished[1] && finished[2] && finished[3];
        assert(!lock && !pending[1] && !pending[2] && SUM == 0);
        assert(dead || raw || immortal)
    }
}
