/* young_find_ft.c - the young collection: trial deletion among the objects in the logs, with the world stopped.
 *
 * Candidates are the live tracked objects in the logs. Their references are counted; then one is taken off for each that
 * comes from another candidate. Who has some left is referenced from outside - from older objects, from threads, whatever it
 * is: counts say so, and no write barrier is needed - and lives, with all it refers to. The rest is garbage.
 *
 * The working counts stand in the candidates' own `local`, whose true value is kept beside their place in the log. So a
 * child is looked up by looking at its header, which the collector has to read anyway to see whether it is young: one
 * cache line a reference, no table. Only young objects are written to, and they have been written lately.
 *
 * What a thread makes refers mostly to what the same thread has made. So threads that stand at a safepoint take a role each
 * (help_ft.h) and look after what they own: their counts need no atomic operation, and their headers are in their
 * caches. What one of them finds about another's object goes to it by mail. Garbage that no code is called for is then cleared
 * by its own thread, when the world runs again: its blocks go back to where they came from.
 *
 * All memory that must be there is reserved before anything is changed, and there is no recursion: marked objects wait in the
 * array that takes the garbage later. Time follows the logs, not the heap. Who has the world stopped. */
#include <stdlib.h>

#include "core/error.h"
#include "gc/shared.h"
#include "gc/young_run_ft.h"

/* Blocks logged for which helpers are asked, and for which those are woken that have fallen asleep. */
enum { HELP_LEAST = 1000, WAKE_LEAST = 10000 };

/* Without a look at the chunks: they are pages, and helpers do not stay awake for ever. */
static size_t count_logged(weft_runtime *runtime)
{
    size_t count = young_count(runtime);
    for (const young_chunk *chunk = runtime->gc.flavour.young.inherited; chunk; chunk = chunk->next)
        count += chunk->count;
    return count;
}

static void roles_open(young_run *y)
{
    weft_gc_settings settings;
    gc_settings_read(y->self->head.runtime, &settings);
    uint32_t most = y->logged < HELP_LEAST ? 1 : (uint32_t)settings.threads;
    y->roles_count = help_open_stopped(y->self, most);
    for (uint32_t i = 0; i < y->roles_count; i++) {
        thread *t = y->self->head.runtime->gc.flavour.young.help.threads[i];
        y->roles[i] = (young_role){.run = y, .thread = t, .number = i, .id = t->head.id, .found = t->gc.run.garbage};
        t->gc.run.garbage = (gc_array){NULL, 0, 0};
    }
}

static void role_free(young_role *r)
{
    if (r->thread->gc.run.garbage.items == NULL) { /* it has not become the thread's share */
        r->thread->gc.run.garbage = r->found;
        gc_array_empty(&r->thread->gc.run.garbage);
    }
    for (uint32_t i = 0; i < HELP_MOST; i++)
        gc_array_free(&r->mail[i]);
    while (r->strangers) {
        young_chunk *next = r->strangers->next;
        free(r->strangers);
        r->strangers = next;
    }
}

static void roles_close(young_run *y)
{
    help_close_stopped(y->self);
    for (uint32_t i = 0; i < y->roles_count; i++)
        role_free(&y->roles[i]);
}

/* Any role may come to have all candidates. */
static weft_status reserve(young_run *y)
{
    for (uint32_t i = 0; i < y->roles_count; i++)
        if (!gc_array_reserve(y->self->head.runtime, &y->roles[i].found, y->logged))
            return weft_error_set(WEFT_ERROR_MEMORY, "out of memory: no young collection");
    return WEFT_OK;
}

/* Since *at; which is now afterwards. */
static uint64_t lap(uint64_t *at)
{
    uint64_t before = *at;
    *at = platform_now_ns();
    return *at - before;
}

static bool has_mail(const young_run *y)
{
    for (uint32_t i = 0; i < y->roles_count; i++)
        for (uint32_t j = 0; j < y->roles_count; j++)
            if (y->roles[i].mail[j].count > 0)
                return true;
    return false;
}

/* Helpers may fall asleep just before they are woken; then the next step finds them. */
static void step(young_run *y, void (*work)(void *arg, uint32_t role))
{
    if (y->logged >= WAKE_LEAST)
        help_wake_stopped(y->self);
    help_step_stopped(y->self, work, y);
}

static void step_if_mail(young_run *y, void (*work)(void *arg, uint32_t role))
{
    if (has_mail(y))
        step(y, work);
}

static void trace(young_run *y)
{
    weft_gc_event *event = &y->run->event;
    uint64_t at = platform_now_ns();
    step(y, young_gather);
    step_if_mail(y, young_gather_strangers);
    event->index_ns += lap(&at);
    step(y, young_subtract);
    step_if_mail(y, young_mail_subtract);
    event->subtract_ns += lap(&at);
    step(y, young_mark);
    young_mark_rest(y);
    event->mark_ns += lap(&at);
    step(y, young_sweep);
    event->sweep_ns += lap(&at);
}

/* ---- who clears it ----------------------------------------------------------------------------------------------------- */

/* May threads clear what they own before the run is through? Not if somebody would see it: finalizers and callbacks find
 * garbage whole, and who asked for the collection finds it freed. */
static bool may_share(const young_run *y)
{
    for (uint32_t i = 0; i < y->roles_count; i++)
        if (y->roles[i].special)
            return false;
    return y->run->event.automatic && gc_may_share(y->self);
}

/* Garbage goes from one role to another, the last of it first, until that one has `count`. All references to it that
 * count are in `local`, whoever owns it. */
static void pass_on(gc_array *from, gc_array *to, size_t keep, size_t count, uint16_t id)
{
    while (from->count > keep && to->count < count) {
        weft_object *o = from->items[--from->count];
        weft_store_relaxed(&o->owner, id);
        gc_array_push(to, o);
    }
}

/* Who had more to clear than the others would come later to making new objects, and so have less the next time, and the others
 * more: threads would never again make and clear at the same time. So all get about the same. */
static void balance(young_run *y)
{
    size_t all = 0;
    assert(y->roles_count > 0); /* who stopped the world has one */
    for (uint32_t i = 0; i < y->roles_count; i++)
        all += y->roles[i].found.count;
    size_t mean = all / y->roles_count;
    for (uint32_t i = 0; i < y->roles_count; i++)
        for (uint32_t j = 0; j < y->roles_count && y->roles[i].found.count > mean + mean / 4; j++)
            pass_on(&y->roles[i].found, &y->roles[j].found, mean, mean, y->roles[j].id);
}

static void hand_out(young_run *y)
{
    bool share = may_share(y);
    gc_array *own = &y->roles[0].found; /* has room for all, as each has */
    if (share)
        balance(y);
    for (uint32_t i = 1; i < y->roles_count; i++) {
        young_role *r = &y->roles[i];
        if (!share)
            pass_on(&r->found, own, 0, SIZE_MAX, y->roles[0].id);
        y->run->shared += r->found.count;
        if (r->found.count > 0)
            gc_share_stopped(y->self, r->thread, &r->found);
    }
    y->run->garbage = *own;
    *own = (gc_array){NULL, 0, 0};
}

weft_status young_find_stopped(thread *self, gc_run *run)
{
    young_run y = {.self = self, .run = run, .atomic = young_bits_change_stopped(self)};
    assert(run == &self->gc.run && run->garbage.count == 0);
    young_settle_stopped(self);
    y.logged = count_logged(self->head.runtime);
    roles_open(&y);
    weft_status status = reserve(&y);
    if (status == WEFT_OK) {
        trace(&y);
        young_reset_stopped(self);
        hand_out(&y);
        run->event.generation = WEFT_GC_YOUNG;
        run->event.threads = y.roles_count;
        for (uint32_t i = 0; i < y.roles_count; i++)
            run->event.candidates += y.roles[i].candidates;
        run->event.marked = run->event.candidates - run->garbage.count - run->shared;
        run->event.side_bytes = y.logged * (sizeof(uint32_t) + sizeof(weft_object *));
    }
    roles_close(&y);
    return status;
}
