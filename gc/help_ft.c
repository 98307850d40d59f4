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

/* Looks for a moment whether there is work. */
static uint32_t step_first(const thread *t, const help_state *h)
{
    for (uint32_t i = 0; i < t->head.runtime->world.spins; i++) {
        uint32_t step = weft_load_acquire(&h->step); /* order: pairs with step_set */
        if ((step & 1) || (weft_load_relaxed(&t->world.slot->word) & SLOT_MODE) != SLOT_STOPPED)
            return step;
        platform_pause();
    }
    return 0;
}

void help_while_stopped(thread *t)
{
    help_state *h = state_of(t);
    uint32_t step = step_first(t, h);
    while (step & 1) {
        if (t->young.role == 0)
            return;
        play(h, t->young.role, step);
        step = step_await(h, step);
    }
}
