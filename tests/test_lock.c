/* Object locks and critical sections as a program sees them, in both flavours. In the GIL one the functions do nothing and
 * the same promises hold, since threads change only where they block. */
#include "cells.h"

typedef struct shared {
    cells *cells;
    weft_object *a, *b, *c;
    int rounds;
} shared;

static void lock_and_count(int index, void *arg)
{
    (void)index;
    shared *s = arg;
    weft_thread *self = weft_thread_attach(s->cells->runtime);
    for (int i = 0; i < s->rounds; i++) {
        weft_lock(self, s->a);
        (*cell_value(s->a))++;
        weft_unlock(self, s->a);
        weft_safepoint(self);
    }
    weft_thread_detach(self);
}

static void section_and_count(int index, void *arg)
{
    (void)index;
    shared *s = arg;
    weft_thread *self = weft_thread_attach(s->cells->runtime);
    for (int i = 0; i < s->rounds; i++) {
        weft_critical section;
        weft_critical_begin(self, &section, s->a);
        (*cell_value(s->a))++;
        weft_critical_end(self, &section);
        weft_safepoint(self);
    }
    weft_thread_detach(self);
}

/* Half of the threads name the two objects the other way round. */
static void section2_and_move(int index, void *arg)
{
    shared *s = arg;
    weft_thread *self = weft_thread_attach(s->cells->runtime);
    for (int i = 0; i < s->rounds; i++) {
        weft_critical section;
        if (index % 2)
            weft_critical_begin2(self, &section, s->a, s->b);
        else
            weft_critical_begin2(self, &section, s->b, s->a);
        CHECK_INT(*cell_value(s->a) + *cell_value(s->b), 0);
        (*cell_value(s->a))++;
        (*cell_value(s->b))--;
        weft_critical_end(self, &section);
        weft_safepoint(self);
    }
    weft_thread_detach(self);
}

static void count_in_threads(int threads, void (*run)(int, void *), int rounds)
{
    cells c;
    REQUIRE(cells_open(&c));
    shared s = {.cells = &c, .a = cell_new(&c), .b = cell_new(&c), .rounds = rounds};
    cells_threads(&c, threads, run, &s);
    CHECK_INT(*cell_value(s.a), (int64_t)threads * rounds);
    weft_decref(c.self, s.a);
    weft_decref(c.self, s.b);
    cells_close(&c);
}

TEST_CASE(lock, of two threads one at a time holds an objects lock)
{
    count_in_threads(2, lock_and_count, test_scale(200000));
}

TEST_CASE(lock, of eight threads one at a time holds an objects lock)
{
    count_in_threads(8, lock_and_count, test_scale(50000));
}

TEST_CASE(lock, of two threads one at a time is in a critical section on an object)
{
    count_in_threads(2, section_and_count, test_scale(200000));
}

TEST_CASE(lock, of eight threads one at a time is in a critical section on an object)
{
    count_in_threads(8, section_and_count, test_scale(50000));
}

TEST_CASE(lock, sections on two objects named in either order exclude each other and do not deadlock)
{
    count_in_threads(4, section2_and_move, test_scale(50000));
}

/* Three objects, entered in an order of chance, one section in the other. An outer section may have been left on the way,
 * so only what the innermost protects is counted. */
static void nest_by_chance(int index, void *arg)
{
    shared *s = arg;
    weft_object *objects[] = {s->a, s->b, s->c};
    uint64_t random = test_seed() + (uint64_t)index;
    weft_thread *self = weft_thread_attach(s->cells->runtime);
    for (int i = 0; i < s->rounds; i++) {
        weft_critical sections[3];
        weft_object *o = NULL;
        for (int k = 0; k < 3; k++) {
            o = objects[test_random(&random) % 3];
            weft_critical_begin(self, &sections[k], o);
        }
        (*cell_value(o))++;
        weft_critical_end(self, &sections[2]);
        weft_critical_end(self, &sections[1]);
        weft_critical_end(self, &sections[0]);
        weft_safepoint(self);
    }
    weft_thread_detach(self);
}

TEST_CASE(lock, nested sections on the same objects in any order do not deadlock)
{
    cells c;
    REQUIRE(cells_open(&c));
    shared s = {.cells = &c, .a = cell_new(&c), .b = cell_new(&c), .c = cell_new(&c), .rounds = test_scale(30000)};
    cells_threads(&c, 4, nest_by_chance, &s);
    CHECK_INT(*cell_value(s.a) + *cell_value(s.b) + *cell_value(s.c), 4 * s.rounds);
    weft_decref(c.self, s.a);
    weft_decref(c.self, s.b);
    weft_decref(c.self, s.c);
    cells_close(&c);
}

/* ---- left while blocked ----------------------------------------------------------------------------------------------- */

static void change_once(int index, void *arg)
{
    (void)index;
    shared *s = arg;
    weft_thread *self = weft_thread_attach(s->cells->runtime);
    weft_critical section;
    weft_critical_begin2(self, &section, s->a, s->b);
    *cell_value(s->a) = 7;
    weft_critical_end(self, &section);
    weft_thread_detach(self);
}

TEST_CASE(lock, while a thread blocks inside sections others enter sections on the same objects)
{
    cells c;
    REQUIRE(cells_open(&c));
    shared s = {.cells = &c, .a = cell_new(&c), .b = cell_new(&c)};
    weft_critical outer, inner;
    weft_critical_begin(c.self, &outer, s.a);
    weft_critical_begin(c.self, &inner, s.b);
    CHECK_INT(weft_block_begin(c.self), WEFT_OK);
    test_threads(1, change_once, &s); /* hangs if the sections are still taken */
    CHECK_INT(weft_block_end(c.self), WEFT_OK);
    CHECK_INT(*cell_value(s.a), 7);
    weft_critical_end(c.self, &inner);
    weft_critical_end(c.self, &outer);
    weft_decref(c.self, s.a);
    weft_decref(c.self, s.b);
    cells_close(&c);
}

/* ---- stops -------------------------------------------------------------------------------------------------------------- */

typedef struct stopping {
    shared shared;
    uint32_t running; /* atomic: lockers that have not ended */
} stopping;

static void lock_or_stop(int index, void *arg)
{
    stopping *s = arg;
    weft_thread *self = weft_thread_attach(s->shared.cells->runtime);
    if (index == 0) {
        while (weft_load_acquire(&s->running)) {
            CHECK_INT(weft_world_stop(self), WEFT_OK);
            int64_t seen = *cell_value(s->shared.a);
            for (int i = 0; i < 100; i++)
                platform_yield();
            CHECK_INT(*cell_value(s->shared.a), seen);
            CHECK_INT(weft_world_start(self), WEFT_OK);
            weft_safepoint(self);
        }
    } else {
        for (int i = 0; i < s->shared.rounds; i++) {
            weft_critical section;
            weft_critical_begin(self, &section, s->shared.a);
            (*cell_value(s->shared.a))++;
            weft_safepoint(self); /* stops inside the section */
            weft_critical_end(self, &section);
            weft_lock(self, s->shared.b);
            (*cell_value(s->shared.b))++;
            weft_safepoint(self); /* and with a lock in its hands */
            weft_unlock(self, s->shared.b);
        }
        __atomic_fetch_sub(&s->running, 1, __ATOMIC_RELEASE);
    }
    weft_thread_detach(self);
}

TEST_CASE(lock, the world stops again and again while threads wait for locks and hold them)
{
    enum { LOCKERS = 4 };

    cells c;
    REQUIRE(cells_open(&c));
    stopping s = {.shared = {.cells = &c, .a = cell_new(&c), .b = cell_new(&c), .rounds = test_scale(2000)},
                  .running = LOCKERS};
    cells_threads(&c, LOCKERS + 1, lock_or_stop, &s);
    CHECK_INT(*cell_value(s.shared.a), LOCKERS * s.shared.rounds);
    CHECK_INT(*cell_value(s.shared.b), LOCKERS * s.shared.rounds);
    weft_decref(c.self, s.shared.a);
    weft_decref(c.self, s.shared.b);
    cells_close(&c);
}
