/* help_ft.c - work shared among threads in a stopped world: gc/help_ft.h.
 *
 * `step` says that there is work; `taken` of a role goes from the step before to this one when somebody takes its part, so
 * a helper that comes late with an old step takes nothing. A helper leaves when the step is even: before it attaches, and
 * so before the next stop is complete. */
#include "gc/help_ft.h"

enum { STEP_SPINS = 2000, DONE_SPINS = 200 };

static help_state *state_of(const thread *self)
{
    return &self->head.runtime->gc.flavour.young.help;
}

uint32_t help_open_stopped(thread *self, uint32_t most)
{
    help_state *h = state_of(self);
    if (most > HELP_MOST)
        most = HELP_MOST;
    h->roles = 0;
    h->threads[h->roles++] = self;
    /* order: acquire - pairs with thread_create_locked. */
    for (thread *t = weft_load_acquire(&self->head.runtime->all); t; t = t->all_next) {
        t->young.role = 0;
        if (t == self || !t->young.willing || h->roles >= most)
            continue;
        t->young.role = h->roles;
        h->threads[h->roles++] = t;
    }
    for (uint32_t i = 0; i < h->roles; i++)
        weft_store_relaxed(&h->taken[i], h->step - 1);
    return h->roles;
}

void help_wake_stopped(thread *self)
{
    help_state *h = state_of(self);
    for (uint32_t i = 1; i < h->roles; i++)
        platform_wake_all(&h->threads[i]->world.slot->word);
}

/* Plays the part of a role in a step, unless somebody does. */
static void play(help_state *h, uint32_t role, uint32_t step)
{
    uint32_t before = step - 2;
    /* order: acquire - pairs with the release of the same role's `done` by way of the step in between. */
    if (!__atomic_compare_exchange_n(&h->taken[role], &before, step, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return;
    h->work(h->arg, role);
    /* order: release - pairs with help_step_stopped, which waits for all. */
    __atomic_fetch_add(&h->done, 1, __ATOMIC_RELEASE);
}

static void step_set(help_state *h, uint32_t step)
{
    /* order: seq_cst - pairs with step_await: either it sees the new step, or this thread sees that it sleeps. Releases
     * what was written before. */
    weft_store_seq_cst(&h->step, step);
    if (__atomic_load_n(&h->sleepers, __ATOMIC_SEQ_CST))
        platform_wake_all(&h->step);
}

void help_step_stopped(thread *self, void (*work)(void *arg, uint32_t role), void *arg)
{
    help_state *h = state_of(self);
    if (h->roles == 1) {
        work(arg, 0);
        return;
    }
    h->work = work;
    h->arg = arg;
    weft_store_relaxed(&h->done, 0u);
    uint32_t step = h->step & 1 ? h->step + 2 : h->step + 1;
    step_set(h, step);
    for (uint32_t role = 0; role < h->roles; role++)
        play(h, role, step);
    /* order: acquire - pairs with play. */
    for (uint32_t i = 0; weft_load_acquire(&h->done) != h->roles; i++) {
        if (i < DONE_SPINS)
            platform_pause();
        else
            platform_yield();
    }
}

void help_close_stopped(thread *self)
{
    help_state *h = state_of(self);
    if (h->step & 1)
        step_set(h, h->step + 1);
}

/* ---- the helpers ----------------------------------------------------------------------------------------------------- */

static uint32_t step_await(help_state *h, uint32_t step)
{
    uint32_t now = step;
    for (int i = 0; i < STEP_SPINS && now == step; i++) {
        platform_pause();
        now = weft_load_acquire(&h->step); /* order: pairs with step_set */
    }
    if (now != step)
        return now;
    __atomic_fetch_add(&h->sleepers, 1, __ATOMIC_SEQ_CST); /* order: step_set */
    while ((now = weft_load_seq_cst(&h->step)) == step)
        platform_wait(&h->step, step, -1);
    __atomic_fetch_sub(&h->sleepers, 1, __ATOMIC_RELAXED);
    return now;
}

/* Looks for a moment whether there is work. False: none, and the world runs, or it has been a moment. */
static bool step_first(const thread *t, const help_state *h, uint32_t *step)
{
    for (uint32_t i = 0; i <= t->head.runtime->world.spins; i++) {
        *step = weft_load_acquire(&h->step); /* order: pairs with step_set */
        if (*step & 1)
            return true;
        if ((weft_load_relaxed(&t->world.slot->word) & SLOT_MODE) != SLOT_STOPPED)
            return false;
        platform_pause();
    }
    return false;
}

/* Until the world runs, or help_wake_stopped, or for no reason. A wake-up that comes just before it sleeps is lost: then
 * it does not help. False: the world runs. */
static bool sleep_stopped(const thread *t)
{
    const uint32_t *word = &t->world.slot->word;
    uint32_t now = weft_load_acquire(word);
    if ((now & SLOT_MODE) != SLOT_STOPPED)
        return false;
    platform_wait(word, now, -1); /* WAITING is set: who starts the world wakes it */
    return true;
}

static void play_all(thread *t, help_state *h, uint32_t step)
{
    while (step & 1) {
        play(h, t->young.role, step);
        step = step_await(h, step);
    }
}

void help_while_stopped(thread *t)
{
    help_state *h = state_of(t);
    uint32_t step;
    while (!step_first(t, h, &step))
        if (!sleep_stopped(t))
            return;
    if (t->young.role != 0)
        play_all(t, h, step);
}
