/* world_ft.c - attaching, detaching, stopping: the transitions of a slot's word.
 *
 * Every thread id has one word: its mode, and requests to it. Each transition is one compare-and-swap on that word, so
 * that whoever changes the mode has seen every request, and whoever makes a request sees the mode it met: no entry of a
 * merge queue and no stop can fall between two words. docs/counting.md lists the transitions; tests/models checks them.
 *
 * Who may do what: the attached OS thread changes its own word; any attached thread sets PENDING and may borrow the word
 * of a detached or free id; who holds `stopping` sets STOP everywhere and moves words to and from STOPPED.
 * Only an attaching owner, a new thread and the stopper ever wait. */
#include "core/critical.h"
#include "core/lock.h"
#include "gc/help_ft.h"
#include "gc/shared.h"
#include "gc/young_ft.h"
#include "refcount/refcount.h"

/* ---- the word ---------------------------------------------------------------------------------------------------- */

/* order: acq_rel for every change of mode - release carries what this thread wrote (the plain `local` of the objects it
 * owns, above all) to who takes the id next; acquire brings what the last one wrote. The accesses meet in one word, so no
 * seq_cst is needed among them; the one with the reclaimer's epoch is in world_attach. */
static bool word_change(id_slot *s, uint32_t *expected, uint32_t desired)
{
    return __atomic_compare_exchange_n(&s->word, expected, desired, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static uint32_t word_mode(uint32_t word)
{
    return word & SLOT_MODE;
}

static uint32_t word_with_mode(uint32_t word, uint32_t mode)
{
    return (word & ~(uint32_t)SLOT_MODE) | mode;
}

static bool word_is_away(uint32_t word)
{
    return word_mode(word) == SLOT_DETACHED || word_mode(word) == SLOT_FREE;
}

/* What a borrowed or stopped word goes back to. */
static uint32_t word_to_base(uint32_t word)
{
    uint32_t mode = word & SLOT_BASE_DETACHED ? SLOT_DETACHED : SLOT_FREE;
    return word_with_mode(word & ~(uint32_t)SLOT_BASE_DETACHED, mode);
}

/* Away to `mode` (BORROWED or STOPPED), remembering where to go back to. */
static uint32_t word_from_base(uint32_t word, uint32_t mode)
{
    uint32_t base = word_mode(word) == SLOT_DETACHED ? SLOT_BASE_DETACHED : 0;
    return word_with_mode(word, mode) | base;
}

/* Waits until the word is another, `ns` have passed (-1: no limit), or for no reason: for a moment by looking, since what is waited for in a short stop is
 * a few microseconds away and being woken takes fifty. */
static uint32_t word_await(const world *w, const id_slot *s, uint32_t word, int64_t ns)
{
    for (uint32_t i = 0; i < w->spins; i++) {
        uint32_t now = weft_load_acquire(&s->word);
        if (now != word)
            return now;
        platform_pause();
    }
    platform_wait(&s->word, word, ns);
    return weft_load_acquire(&s->word);
}

/* ---- merging one's own queue --------------------------------------------------------------------------------------- */

static void merge_own(thread *t)
{
    id_slot *s = t->world.slot;
    while (weft_load_relaxed(&s->word) & SLOT_PENDING) {
        /* Cleared before the queue is popped: a push after the pop sets it again.
         * order: acq_rel - acquire pairs with the pusher's fetch_or. */
        __atomic_fetch_and(&s->word, ~(uint32_t)SLOT_PENDING, __ATOMIC_ACQ_REL);
        queue_drain(t, s);
    }
}

/* ---- entering and leaving ------------------------------------------------------------------------------------------ */

/* No longer wanted: who stops the world need not let this thread run first. False if it may attach by now. */
static bool try_wait_no_more(id_slot *s, uint32_t *w)
{
    while (!word_is_away(*w)) {
        if (word_change(s, w, *w & ~(uint32_t)SLOT_WAITING)) {
            platform_wake_all(&s->word);
            return true;
        }
    }
    return false;
}

/* From DETACHED or FREE to ATTACHED, waiting while the word is borrowed or stopped: at most until then (0: no limit);
 * false, that was too short. */
static bool world_attach(thread *t, uint64_t until)
{
    id_slot *s = t->world.slot;
    uint32_t w = weft_load_acquire(&s->word);
    for (;;) {
        if (word_is_away(w)) {
            uint32_t attached = word_with_mode(w, SLOT_ATTACHED) & ~(uint32_t)SLOT_WAITING;
            /* order: seq_cst - pairs with the reclaimer's seq_cst scan of the words (reclaim_ft.c): either it sees us
             * attached, or our load of the epoch in reclaim_quiesce sees its increment and so what it has unlinked. */
            if (__atomic_compare_exchange_n(&s->word, &w, attached, false, __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE))
                break;
        } else if (w & SLOT_WAITING) {
            uint64_t now = until ? platform_now_ns() : 0;
            if (until && now >= until) {
                if (try_wait_no_more(s, &w))
                    return false;
                continue;
            }
            w = word_await(&t->head.runtime->world, s, w, until ? (int64_t)(until - now) : -1);
        } else if (word_change(s, &w, w | SLOT_WAITING)) {
            w |= SLOT_WAITING;
        }
    }
    reclaim_enter(t);
    return true;
}

/* From ATTACHED to `away` (DETACHED or FREE); under a stop, to STOPPED with that as its base. False, and nothing
 * changed, if something is queued. */
static bool world_try_detach(thread *t, uint32_t away)
{
    id_slot *s = t->world.slot;
    uint32_t w = weft_load_acquire(&s->word);
    do {
        if (w & SLOT_PENDING)
            return false;
        uint32_t next = word_with_mode(w, away) & ~(uint32_t)SLOT_QUIESCE; /* away counts as quiescent */
        if (w & SLOT_STOP)
            next = word_from_base(next, SLOT_STOPPED);
        if (word_change(s, &w, next))
            break;
    } while (true);
    if (w & SLOT_STOP)
        platform_wake_all(&s->word);
    return true;
}

static void world_entered(thread *t)
{
    if (t->dying && !t->destroying) /* left over by world_leave: the next safepoint destroys it */
        __atomic_fetch_or(&t->world.slot->word, (uint32_t)SLOT_PENDING, __ATOMIC_RELAXED);
}

void world_enter(thread *t)
{
    (void)world_attach(t, 0);
    world_entered(t);
}

bool try_world_enter(thread *t, uint64_t ns)
{
    if (!world_attach(t, platform_now_ns() + ns))
        return false;
    world_entered(t);
    return true;
}

void world_leave(thread *t)
{
    while (!world_try_detach(t, SLOT_DETACHED))
        merge_own(t);
}

void thread_leave_clean(thread *t, bool ending)
{
    for (;;) {
        merge_own(t);
        object_die_pending(t);
        reclaim_hand_over(t);
        critical_leave_all(t); /* again: a destructor that ends a section of its own takes up the one around it */
        if ((t->dying == NULL || t->destroying) && world_try_detach(t, ending ? SLOT_FREE : SLOT_DETACHED))
            return;
    }
}

/* ---- stopping one's own thread -------------------------------------------------------------------------------------- */

/* ATTACHED to STOPPED and, when the world goes on, back to ATTACHED. WAITING is set with it: who stops next lets this
 * thread run first, so that no sequence of stops starves it. */
static void world_park(thread *t)
{
    id_slot *s = t->world.slot;
    critical_leave_all(t);
    t->young.willing = !t->destroying && !t->gc.collecting;
    uint32_t w = weft_load_acquire(&s->word);
    while (w & SLOT_STOP) {
        uint32_t stopped = word_with_mode(w, SLOT_STOPPED) | SLOT_BASE_DETACHED | SLOT_WAITING;
        if (word_change(s, &w, stopped & ~(uint32_t)SLOT_QUIESCE)) {
            platform_wake_all(&s->word);
            thread_others_leave(t);
            if (t->young.willing)
                help_while_stopped(t);
            (void)world_attach(t, 0);
            thread_others_enter(t);
            break;
        }
    }
    t->young.willing = false;
    critical_resume(t);
}

void world_poll(thread *t)
{
    merge_own(t);
    reclaim_quiesce(t);
    if (weft_load_relaxed(&t->world.slot->word) & SLOT_STOP)
        world_park(t);
    reclaim_poll(t);
    object_die_pending(t);
    gc_share_clear(t);
    if (weft_load_relaxed(&t->world.slot->word) & SLOT_COLLECT) {
        if (!young_relieve(t))
            gc_poll(t);
    }
}

void world_set_collect(thread *t, bool due)
{
    /* order: relaxed - a mark for this thread itself. */
    if (due)
        __atomic_fetch_or(&t->world.slot->word, (uint32_t)SLOT_COLLECT, __ATOMIC_RELAXED);
    else
        __atomic_fetch_and(&t->world.slot->word, ~(uint32_t)SLOT_COLLECT, __ATOMIC_RELAXED);
}

/* ---- borrowing: merging on behalf of a thread that is away ------------------------------------------------------------ */

/* While the word is BORROWED this thread must not poll, detach, park, take a Weft lock, allocate or destroy. */
void world_service(thread *self, id_slot *s)
{
    uint32_t w = weft_load_acquire(&s->word);
    do {
        /* Its owner is back, or wants to be and then merges itself (borrowing now, again and again, could starve it), or
         * another borrower or the stopper has seen PENDING. */
        if (!word_is_away(w) || !(w & SLOT_PENDING) || (w & SLOT_WAITING))
            return;
    } while (!word_change(s, &w, word_from_base(w & ~(uint32_t)SLOT_PENDING, SLOT_BORROWED)));
    queue_drain(self, s);

    w = weft_load_acquire(&s->word);
    for (;;) {
        if ((w & SLOT_PENDING) && !(w & SLOT_WAITING)) {
            if (word_change(s, &w, w & ~(uint32_t)SLOT_PENDING)) {
                queue_drain(self, s);
                w = weft_load_acquire(&s->word);
            }
            continue;
        }
        bool stop = (w & SLOT_STOP) && !(w & SLOT_PENDING);
        if (word_change(s, &w, stop ? word_with_mode(w, SLOT_STOPPED) : word_to_base(w)))
            break;
    }
    if (w & (SLOT_WAITING | SLOT_STOP))
        platform_wake_all(&s->word);
}

/* ---- stopping the world ------------------------------------------------------------------------------------------------ */

/* One stopper at a time; while another is at work this thread is away, so that it can be stopped. */
static void stopper_become(thread *t)
{
    world *w = &t->head.runtime->world;
    uint32_t state = 0;
    /* order: acquire - pairs with stopper_resign of the last one. */
    while (!__atomic_compare_exchange_n(&w->stopping, &state, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        if (state == 1 &&
            !__atomic_compare_exchange_n(&w->stopping, &state, 2, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
            state = 0;
            continue;
        }
        thread_leave(t);
        platform_wait(&w->stopping, 2, -1);
        thread_enter(t);
        state = 0;
    }
}

static void stopper_resign(world *w)
{
    /* order: release - pairs with stopper_become. */
    if (__atomic_exchange_n(&w->stopping, 0, __ATOMIC_RELEASE) == 2)
        platform_wake_all(&w->stopping);
}

static uint32_t world_ask_all(thread *t)
{
    weft_runtime *runtime = t->head.runtime;
    pthread_mutex_lock(&runtime->lock);
    uint32_t used = runtime->world.slots_used;
    runtime->world.stop_in_force = true; /* ids given out from now on begin as stopped */
    for (uint32_t id = 1; id <= used; id++)
        if (id != t->head.id)
            __atomic_fetch_or(&runtime->world.slots[id].word, (uint32_t)SLOT_STOP, __ATOMIC_ACQ_REL);
    pthread_mutex_unlock(&runtime->lock);
    return used;
}

/* A thread that runs reaches a safepoint within microseconds, most often; to be woken takes ten times as long. So who
 * stops the world looks again for a little before it sleeps: once a stop, however many it waits for. */
typedef struct stop_patience {
    lock_spin spin;
    uint32_t rounds;
} stop_patience;

enum { STOP_SPIN_ROUNDS = 8 }; /* about 20 microseconds */

/* False: no more. */
static bool stop_spin(stop_patience *patience)
{
    if (patience->rounds == STOP_SPIN_ROUNDS)
        return false;
    if (!lock_spin_step(&patience->spin)) {
        patience->spin = (lock_spin){0};
        patience->rounds++;
    }
    return true;
}

/* One scan suffices: with STOP set, a word leaves ATTACHED and BORROWED only to STOPPED, or to a base whose owner
 * WAITs, attaches, and then stops itself. */
static void world_await_stopped(id_slot *s, stop_patience *patience)
{
    uint32_t w = weft_load_acquire(&s->word);
    while (word_mode(w) != SLOT_STOPPED) {
        if (word_is_away(w) && !(w & SLOT_WAITING)) {
            if (word_change(s, &w, word_from_base(w, SLOT_STOPPED)))
                return;
        } else {
            if (!stop_spin(patience))
                platform_wait(&s->word, w, -1);
            w = weft_load_acquire(&s->word);
        }
    }
}

/* t has become the stopper. */
static void world_await_all(thread *t)
{
    world *w = &t->head.runtime->world;
    uint64_t begin = platform_now_ns();
    uint32_t used = world_ask_all(t);
    stop_patience patience = {{0}, 0};
    for (uint32_t id = 1; id <= used; id++)
        if (id != t->head.id)
            world_await_stopped(&w->slots[id], &patience);
    t->stopping = true;
    weft_store_relaxed(&w->stopper, t);
    w->stats.stops++;
    w->stats.last_stop_ns = platform_now_ns() - begin;
    if (w->stats.last_stop_ns > w->stats.max_stop_ns)
        w->stats.max_stop_ns = w->stats.last_stop_ns;
}

void world_stop(thread *t)
{
    stopper_become(t);
    thread_others_leave(t);
    world_await_all(t);
}

bool try_world_stop(thread *t)
{
    uint32_t state = 0;
    /* order: acquire - as in stopper_become. */
    if (!__atomic_compare_exchange_n(&t->head.runtime->world.stopping, &state, 1, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED))
        return false;
    world_await_all(t);
    return true;
}

static void world_release(thread *t, id_slot *s)
{
    uint32_t w = weft_load_acquire(&s->word);
    for (;;) {
        if ((w & SLOT_PENDING) && !(w & SLOT_WAITING)) {
            /* Pushed while it stood: by a thread that ran until it stopped, or by one that runs again already. */
            if (word_change(s, &w, w & ~(uint32_t)SLOT_PENDING)) {
                queue_drain(t, s);
                w = weft_load_acquire(&s->word);
            }
        } else if (word_change(s, &w, word_to_base(w & ~(uint32_t)SLOT_STOP))) {
            break;
        }
    }
    if (w & SLOT_WAITING)
        platform_wake_all(&s->word);
}

void world_start_alone(thread *t)
{
    weft_runtime *runtime = t->head.runtime;
    world *w = &runtime->world;
    weft_store_relaxed(&w->stopper, (thread *)NULL);
    t->stopping = false;
    pthread_mutex_lock(&runtime->lock);
    w->stop_in_force = false;
    uint32_t used = w->slots_used;
    pthread_mutex_unlock(&runtime->lock);
    for (uint32_t id = 1; id <= used; id++)
        if (id != t->head.id && (weft_load_relaxed(&w->slots[id].word) & SLOT_STOP))
            world_release(t, &w->slots[id]);
    stopper_resign(w);
    if (t->dying && !t->destroying) /* by merging: the next safepoint destroys it */
        __atomic_fetch_or(&t->world.slot->word, (uint32_t)SLOT_PENDING, __ATOMIC_RELAXED);
}

void world_start(thread *t)
{
    world_start_alone(t);
    thread_others_enter(t);
}

void world_drain_stopped(thread *self)
{
    world *w = &self->head.runtime->world;
    uint32_t used = weft_load_acquire(&w->slots_used); /* a new thread may be given an id meanwhile */
    for (uint32_t id = 1; id <= used; id++) {
        id_slot *s = &w->slots[id];
        __atomic_fetch_and(&s->word, ~(uint32_t)SLOT_PENDING, __ATOMIC_RELAXED); /* nobody else runs */
        queue_drain(self, s);
    }
    queue_drain_waiting_stopped(self);
}

bool world_is_stopped_by(const thread *self)
{
    return self->stopping;
}

/* ---- ids -------------------------------------------------------------------------------------------------------------- */

enum {
    SLOTS_STEP = 1024, /* committed at once: 64 KiB */
    SPINS = 3000       /* some 50 microseconds */
};

weft_status world_open(weft_runtime *runtime)
{
    world *w = &runtime->world;
    size_t bytes = sizeof(id_slot) * ((size_t)WEFT_MAX_THREADS + 1 + SLOTS_STEP);
    w->slots = platform_reserve(bytes);
    if (w->slots == NULL || !platform_commit(w->slots, sizeof(id_slot) * SLOTS_STEP)) {
        if (w->slots)
            platform_release(w->slots, bytes);
        return weft_error_set(WEFT_ERROR_MEMORY, "weft_runtime_new: no address space for the thread slots");
    }
    w->epoch = 1;
    w->spins = platform_cores() > 1 ? SPINS : 0;
    return WEFT_OK;
}

void world_close(weft_runtime *runtime)
{
    world *w = &runtime->world;
    shards_close(w);
    platform_release(w->slots, sizeof(id_slot) * ((size_t)WEFT_MAX_THREADS + 1 + SLOTS_STEP));
}

weft_status world_add_thread_locked(weft_runtime *runtime, thread *t)
{
    world *w = &runtime->world;
    uint32_t id = w->slots_used + 1;
    if (id > WEFT_MAX_THREADS)
        return weft_error_set(WEFT_ERROR_LIMIT, "weft_thread_attach: all %u thread ids are in use",
                              (unsigned)WEFT_MAX_THREADS);
    if (id % SLOTS_STEP == 0 && !platform_commit(w->slots + id, sizeof(id_slot) * SLOTS_STEP))
        return weft_error_set(WEFT_ERROR_MEMORY, "weft_thread_attach: out of memory");
    id_slot *s = &w->slots[id];
    if (!shards_add_slot_locked(w, s))
        return weft_error_set(WEFT_ERROR_MEMORY, "weft_thread_attach: out of memory");
    /* As who stops the world would have left it: FREE, asked to stop, and stopped. */
    s->word = w->stop_in_force ? (uint32_t)SLOT_STOPPED | SLOT_STOP : (uint32_t)SLOT_FREE;
    s->thread = t;
    s->guards_off = !platform_has_barrier();
    t->world.guard_id = s->guards_off ? (uint32_t)GUARDS_NONE : id;
    t->head.id = (uint16_t)id;
    t->head.poll = &s->word;
    t->world.slot = s;
    /* order: seq_cst - as the change of the word in world_attach, which comes after it: a retirer that advanced the epoch
     * and then misses this id has advanced it before the new thread loads it (reclaim_grace_passed). And it releases
     * the slot to who scans without the lock. */
    weft_store_seq_cst(&w->slots_used, id);
    return WEFT_OK;
}

void world_before_fork(thread *t)
{
    (void)t;
}

void world_after_fork_parent(thread *t)
{
    (void)t;
}

void world_after_fork_child(thread *t)
{
    world *w = &t->head.runtime->world;
    for (uint32_t id = 1; id <= w->slots_used; id++)
        if (id != t->head.id) /* whoever it was is gone; what is queued to it is merged when its word is released */
            w->slots[id].word = SLOT_STOPPED | SLOT_STOP | (w->slots[id].word & SLOT_PENDING);
    w->stopping = 1;
    queue_drain_waiting_stopped(t); /* some may have stood in the middle of it */
}
