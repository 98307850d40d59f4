/* The one-byte lock itself: waiters, hand-over, no lost wake-up, forks. */
#include "core/lock_ft.h"

#include <sys/wait.h>
#include <unistd.h>

#include "cells.h"

enum { MS = 1000000 };

static bool is_locked(const weft_object *o)
{
    return weft_load_acquire(&o->lock) != 0;
}

static bool has_waiters_bit(const weft_object *o)
{
    return weft_load_acquire(&o->bits) & WEFT_BIT_LOCK_WAITERS;
}

/* Another thread that takes the lock once. */
typedef struct taker {
    cells *cells;
    weft_object *object;
    pthread_t os;
    bool has_it; /* atomic */
    bool drop;   /* atomic: may give it back */
    bool section;
} taker;

static void *taker_run(void *arg)
{
    taker *t = arg;
    weft_thread *self = weft_thread_attach(t->cells->runtime);
    weft_critical section;
    if (t->section)
        weft_critical_begin(self, &section, t->object);
    else
        weft_lock(self, t->object);
    (*cell_value(t->object))++;
    weft_store_release(&t->has_it, true);
    weft_block_begin(self);
    while (!weft_load_acquire(&t->drop))
        test_sleep_ms(1);
    weft_block_end(self);
    if (t->section)
        weft_critical_end(self, &section);
    else
        weft_unlock(self, t->object);
    weft_thread_detach(self);
    return NULL;
}

static void taker_start(taker *t, cells *c, weft_object *o, bool section)
{
    *t = (taker){.cells = c, .object = o, .section = section};
    pthread_create(&t->os, NULL, taker_run, t);
}

static bool taker_has_it(taker *t)
{
    for (int i = 0; i < 5000; i++) {
        if (weft_load_acquire(&t->has_it))
            return true;
        test_sleep_ms(1);
    }
    return false;
}

static void taker_end(taker *t, cells *c)
{
    weft_store_release(&t->drop, true);
    weft_block_begin(c->self);
    pthread_join(t->os, NULL);
    weft_block_end(c->self);
}

TEST_CASE(lock_ft, a free lock is one byte and leaves the rest of the header alone)
{
    cells c;
    REQUIRE(cells_open(&c));
    weft_object *o = cell_new(&c);
    uint8_t bits = o->bits;
    weft_lock(c.self, o);
    CHECK_INT(o->lock, 1);
    CHECK_INT(o->bits, bits);
    weft_unlock(c.self, o);
    CHECK_INT(o->lock, 0);
    CHECK_INT(o->bits, bits);
    weft_decref(c.self, o);
    cells_close(&c);
}

TEST_CASE(lock_ft, a waiter parks and gets the lock when the holder gives it back)
{
    cells c;
    REQUIRE(cells_open(&c));
    weft_object *o = cell_new(&c);
    weft_lock(c.self, o);
    taker t;
    taker_start(&t, &c, o, false);
    await_parked(o, 1);
    CHECK(has_waiters_bit(o));
    CHECK(!weft_load_acquire(&t.has_it));
    weft_unlock(c.self, o);
    CHECK(taker_has_it(&t));
    CHECK(!has_waiters_bit(o));
    taker_end(&t, &c);
    CHECK(!is_locked(o));
    weft_decref(c.self, o);
    cells_close(&c);
}

TEST_CASE(lock_ft, a waiter of more than a millisecond is handed the lock and nobody can come in between)
{
    cells c;
    REQUIRE(cells_open(&c));
    weft_object *o = cell_new(&c);
    weft_lock(c.self, o);
    taker first, second;
    taker_start(&first, &c, o, false);
    await_parked(o, 1);
    taker_start(&second, &c, o, false);
    await_parked(o, 2);
    test_sleep_ms(2);
    CHECK_INT(weft_world_stop(c.self), WEFT_OK); /* so that no waiter can take it the usual way meanwhile */
    weft_unlock(c.self, o);
    if (!CHECK(!weft_lock_try_(o)))
        weft_unlock(c.self, o);
    CHECK_INT(weft_world_start(c.self), WEFT_OK);
    CHECK(taker_has_it(&first));
    CHECK(!weft_load_acquire(&second.has_it));
    CHECK(has_waiters_bit(o));
    CHECK_INT(parking_count(o), 1);
    taker_end(&first, &c);
    CHECK(taker_has_it(&second));
    taker_end(&second, &c);
    CHECK(!is_locked(o) && !has_waiters_bit(o));
    weft_decref(c.self, o);
    cells_close(&c);
}

/* Whoever set the bit found the lock free in the end and did not park. */
TEST_CASE(lock_ft, a waiters bit that nobody stands behind goes with the next release)
{
    cells c;
    REQUIRE(cells_open(&c));
    weft_object *o = cell_new(&c);
    weft_lock(c.self, o);
    __atomic_fetch_or(&o->bits, (uint8_t)WEFT_BIT_LOCK_WAITERS, __ATOMIC_SEQ_CST);
    weft_unlock(c.self, o);
    CHECK(!is_locked(o) && !has_waiters_bit(o));
    __atomic_fetch_or(&o->bits, (uint8_t)WEFT_BIT_LOCK_WAITERS, __ATOMIC_SEQ_CST);
    weft_decref(c.self, o); /* or with the object */
    cells_close(&c);
}

/* ---- fairness --------------------------------------------------------------------------------------------------------- */

typedef struct fairness {
    cells *cells;
    weft_object *object;
    bool end; /* atomic */
    int waits;
    uint64_t longest_ns;
} fairness;

/* Threads 1 and up hold the lock all the time but for an instant, each for longer than a waiter spins. */
static void hammer_or_wait(int index, void *arg)
{
    fairness *f = arg;
    weft_thread *self = weft_thread_attach(f->cells->runtime);
    if (index == 0) {
        for (int i = 0; i < f->waits; i++) {
            uint64_t begin = platform_now_ns();
            weft_lock(self, f->object);
            uint64_t waited = platform_now_ns() - begin;
            weft_unlock(self, f->object);
            if (waited > f->longest_ns)
                f->longest_ns = waited;
            weft_block_begin(self);
            test_sleep_ms(1);
            weft_block_end(self);
        }
        weft_store_release(&f->end, true);
    }
    while (!weft_load_acquire(&f->end)) {
        weft_lock(self, f->object);
        for (uint64_t until = platform_now_ns() + 10000; platform_now_ns() < until;)
            ;
        weft_unlock(self, f->object);
        weft_safepoint(self);
    }
    weft_thread_detach(self);
}

TEST_CASE(lock_ft, a waiter gets the lock soon although others take it again and again)
{
    cells c;
    REQUIRE(cells_open(&c));
    fairness f = {.cells = &c, .object = cell_new(&c), .waits = 50};
    cells_threads(&c, 3, hammer_or_wait, &f);
    /* About 2 ms on an idle machine; the rest is for a busy one, where the holder itself may not run for a while. */
    CHECK(f.longest_ns < 200 * (uint64_t)MS);
    weft_decref(c.self, f.object);
    cells_close(&c);
}

/* ---- no lost wake-up ---------------------------------------------------------------------------------------------------- */

typedef struct storm {
    cells *cells;
    weft_object *objects[2];
    int rounds;
} storm;

/* The section is a few instructions, so releases meet waiters at every stage of parking; now and then the holder is
 * delayed, so that they get so far. */
static void storm_run(int index, void *arg)
{
    storm *s = arg;
    uint64_t random = test_seed() + (uint64_t)index;
    weft_thread *self = weft_thread_attach(s->cells->runtime);
    for (int i = 0; i < s->rounds; i++) {
        uint64_t r = test_random(&random);
        weft_object *o = s->objects[r % 16 == 0];
        weft_lock(self, o);
        (*cell_value(o))++;
        if (r % 512 < 3)
            platform_yield();
        weft_unlock(self, o);
        if (r % 64 == 1)
            weft_safepoint(self);
    }
    weft_thread_detach(self);
}

static void storm_in_threads(int threads, int rounds)
{
    cells c;
    REQUIRE(cells_open(&c));
    storm s = {.cells = &c, .objects = {cell_new(&c), cell_new(&c)}, .rounds = rounds};
    cells_threads(&c, threads, storm_run, &s);
    CHECK_INT(*cell_value(s.objects[0]) + *cell_value(s.objects[1]), (int64_t)threads * rounds);
    for (int i = 0; i < 2; i++) {
        CHECK(!is_locked(s.objects[i]) && parking_count(s.objects[i]) == 0);
        weft_decref(c.self, s.objects[i]);
    }
    cells_close(&c);
}

typedef struct pairs {
    cells *cells;
    weft_object *object;
    int rounds;
    uint32_t met; /* atomic */
} pairs;

static void pairs_meet(pairs *p, uint32_t least)
{
    __atomic_fetch_add(&p->met, 1, __ATOMIC_ACQ_REL);
    for (int i = 0; weft_load_acquire(&p->met) < least; i++)
        if (i > 1000)
            platform_yield();
}

/* One release for one waiter, who is about to park when it comes: a wake that is lost is not made good by a later one. */
static void release_or_wait(int index, void *arg)
{
    pairs *p = arg;
    weft_thread *self = weft_thread_attach(p->cells->runtime);
    for (uint32_t i = 0; i < (uint32_t)p->rounds; i++) {
        if (index == 0)
            weft_lock(self, p->object);
        pairs_meet(p, 4 * i + 2);
        if (index == 1)
            weft_lock(self, p->object);
        for (uint64_t until = platform_now_ns() + i % 16 * 500; index == 0 && platform_now_ns() < until;) {}
        weft_unlock(self, p->object);
        pairs_meet(p, 4 * i + 4);
    }
    weft_thread_detach(self);
}

TEST_CASE(stress_lock_ft, a release that meets a waiter on its way to sleep wakes it though nobody comes after)
{
    cells c;
    REQUIRE(cells_open(&c));
    pairs p = {.cells = &c, .object = cell_new(&c), .rounds = test_scale(20000)};
    cells_threads(&c, 2, release_or_wait, &p);
    weft_decref(c.self, p.object);
    cells_close(&c);
}

TEST_CASE(stress_lock_ft, a million short sections of four threads lose no wake)
{
    storm_in_threads(4, test_scale(250000));
}

TEST_CASE(stress_lock_ft, a million short sections of eight threads lose no wake)
{
    storm_in_threads(8, test_scale(125000));
}

/* ---- stops and forks ------------------------------------------------------------------------------------------------------ */

TEST_CASE(lock_ft, a stop does not wait for threads that wait for a lock which the stopper holds)
{
    enum { TAKERS = 3 };

    cells c;
    REQUIRE(cells_open(&c));
    weft_object *o = cell_new(&c);
    weft_lock(c.self, o);
    taker takers[TAKERS];
    for (int i = 0; i < TAKERS; i++) {
        taker_start(&takers[i], &c, o, i % 2);
        weft_store_release(&takers[i].drop, true);
    }
    for (int i = 0; i < 100; i++) { /* at every stage of their wait */
        CHECK_INT(weft_world_stop(c.self), WEFT_OK);
        CHECK_INT(*cell_value(o), 0);
        CHECK_INT(weft_world_start(c.self), WEFT_OK);
    }
    weft_unlock(c.self, o);
    for (int i = 0; i < TAKERS; i++)
        taker_end(&takers[i], &c);
    CHECK_INT(*cell_value(o), TAKERS);
    weft_decref(c.self, o);
    cells_close(&c);
}

TEST_CASE(lock_ft, a lock handed over in a stopped world is held by a thread that runs only after it)
{
    cells c;
    REQUIRE(cells_open(&c));
    weft_object *o = cell_new(&c);
    weft_lock(c.self, o);
    taker t;
    taker_start(&t, &c, o, true);
    await_parked(o, 1);
    test_sleep_ms(2);
    CHECK_INT(weft_world_stop(c.self), WEFT_OK);
    weft_unlock(c.self, o);
    test_sleep_ms(5);
    CHECK(is_locked(o));
    CHECK(!weft_load_acquire(&t.has_it));
    CHECK_INT(weft_world_start(c.self), WEFT_OK);
    CHECK(taker_has_it(&t));
    taker_end(&t, &c);
    CHECK(!is_locked(o));
    weft_decref(c.self, o);
    cells_close(&c);
}

TEST_CASE(lock_ft, a forked child gives back what was handed to a thread that it does not have)
{
    cells c;
    REQUIRE(cells_open(&c));
    weft_object *o = cell_new(&c);
    weft_lock(c.self, o);
    taker t;
    taker_start(&t, &c, o, true);
    await_parked(o, 1);
    test_sleep_ms(2);
    CHECK_INT(weft_fork_before(c.self), WEFT_OK);
    weft_unlock(c.self, o);
    CHECK(is_locked(o)); /* it is the other thread's now */
    pid_t child = fork();
    if (child == 0) {
        bool good = weft_fork_after_child(c.self) == WEFT_OK && !is_locked(o) && parking_count(o) == 0;
        if (!good)
            _exit(1);
        weft_critical section;
        weft_critical_begin(c.self, &section, o);
        weft_critical_end(c.self, &section);
        _exit(0);
    }
    CHECK_INT(weft_fork_after_parent(c.self), WEFT_OK);
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_INT(status, 0);
    CHECK(taker_has_it(&t));
    taker_end(&t, &c);
    weft_decref(c.self, o);
    cells_close(&c);
}
