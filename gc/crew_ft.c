/* crew_ft.c - the collector threads.
 *
 * A round is one pass of a collection. All about it that changes while it runs is in one word, `state`: its number, how
 * many helpers are wanted, how many have joined, and whether one may still join. The collecting thread opens a round,
 * works itself, closes it when it has nothing left to do, and waits for those that have joined. Who comes too late, on a
 * machine that is busy with other things, is not waited for. */
#include "gc/crew_ft.h"

#include <signal.h>

#include "core/core.h"

enum {
    STATE_JOINED = 0x7F, /* a mask, and the count is its lowest bits */
    STATE_OPEN = 0x80,
    STATE_WANTED_SHIFT = 8, /* seven bits */
    STATE_ROUND = 1 << 15,  /* the number of the round is all from here on */
    YIELDS = 50             /* before a helper or who waits for one goes to sleep: rounds follow one another */
};

_Static_assert(CREW_MOST - 1 <= STATE_JOINED, "all helpers can join");

static gc_crew *crew_of(weft_runtime *runtime)
{
    return &runtime->gc.flavour.crew;
}

static bool may_join(uint32_t state, uint32_t last)
{
    return (state & STATE_OPEN) && state / STATE_ROUND != last &&
           (state & STATE_JOINED) < (state >> STATE_WANTED_SHIFT & STATE_JOINED);
}

/* Sleeps while *word is `value`. */
static void await_change(const uint32_t *word, uint32_t value)
{
    for (uint32_t i = 0; i < YIELDS; i++) {
        if (weft_load_relaxed(word) != value)
            return;
        platform_yield();
    }
    platform_wait(word, value, -1);
}

static void *helper_main(void *arg)
{
    gc_crew *c = (gc_crew *)arg;
    uint32_t last = 0; /* round that it took part in */
    for (;;) {
        uint32_t state = weft_load_acquire(&c->state); /* order: acquire - pairs with gc_crew_close */
        if (weft_load_relaxed(&c->ending))
            return NULL;
        if (!may_join(state, last)) {
            await_change(&c->state, state);
            continue;
        }
        /* order: acquire - pairs with the opening store in gc_crew_run: work, arg, and all that was there before. */
        if (!__atomic_compare_exchange_n(&c->state, &state, state + 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            continue;
        last = state / STATE_ROUND;
        c->work(c->arg, (state & STATE_JOINED) + 1);
        __atomic_fetch_add(&c->finished, 1, __ATOMIC_RELEASE); /* order: release - pairs with close_round */
        platform_wake_one(&c->finished);
    }
}

/* All signals are the program's threads'. */
static bool helper_create(gc_crew *c)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool made = pthread_create(&c->threads[c->count], NULL, helper_main, c) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    c->count += made;
    return made;
}

uint32_t gc_crew_gather(weft_runtime *runtime, uint32_t wanted)
{
    gc_crew *c = crew_of(runtime);
    if (wanted > CREW_MOST)
        wanted = CREW_MOST;
    while (c->count + 1 < wanted && helper_create(c))
        ;
    return c->count + 1 < wanted ? c->count + 1 : wanted;
}

static void open_round(gc_crew *c, uint32_t wanted)
{
    uint32_t round = weft_load_relaxed(&c->state) / STATE_ROUND + 1;
    weft_store_relaxed(&c->finished, 0);
    /* order: release - pairs with the exchange in helper_main */
    weft_store_release(&c->state, round * STATE_ROUND | wanted << STATE_WANTED_SHIFT | STATE_OPEN);
    platform_wake_all(&c->state);
}

static void close_round(gc_crew *c)
{
    uint32_t joined = __atomic_fetch_and(&c->state, ~(uint32_t)STATE_OPEN, __ATOMIC_RELAXED) & STATE_JOINED;
    uint32_t finished;
    /* order: acquire - pairs with helper_main: what they have written. */
    while ((finished = weft_load_acquire(&c->finished)) != joined)
        await_change(&c->finished, finished);
}

void gc_crew_run(weft_runtime *runtime, uint32_t count, void (*work)(void *arg, uint32_t who), void *arg)
{
    gc_crew *c = crew_of(runtime);
    if (count > 1) {
        c->work = work;
        c->arg = arg;
        open_round(c, count - 1);
    }
    work(arg, 0);
    if (count > 1)
        close_round(c);
}

void gc_crew_close(weft_runtime *runtime)
{
    gc_crew *c = crew_of(runtime);
    weft_store_relaxed(&c->ending, 1);
    /* order: release - pairs with helper_main: who sees that the state has changed sees `ending`. */
    __atomic_fetch_add(&c->state, STATE_ROUND, __ATOMIC_RELEASE);
    platform_wake_all(&c->state);
    while (c->count > 0)
        pthread_join(c->threads[--c->count], NULL);
}

void gc_crew_after_fork_child(weft_runtime *runtime)
{
    *crew_of(runtime) = (gc_crew){0};
}
