/* weft_mutex, in both flavours. */
#include "cells.h"

#include <stdlib.h>
#include <string.h>

typedef struct guarded {
    cells *cells;
    weft_mutex mutex;
    int64_t value; /* mutex */
    int rounds;
    bool block;       /* hold it through blocking regions now and then */
    uint32_t entered; /* atomic: how many have it, or have had it */
    weft_object *object;
} guarded;

TEST_CASE(mutex, it is one byte and zero is unlocked)
{
    weft_mutex mutex;
    memset(&mutex, 0, sizeof mutex);
    CHECK_INT(sizeof mutex, 1);
    CHECK(weft_mutex_try_lock(&mutex));
    CHECK(!weft_mutex_try_lock(&mutex));
    weft_mutex_unlock(&mutex);
    CHECK(weft_mutex_try_lock(&mutex));
    weft_mutex_unlock(&mutex);
}

TEST_CASE(mutex, misuse is an error that names it and changes nothing)
{
    cells c;
    REQUIRE(cells_open(&c));
    weft_mutex mutex = {0};
    CHECK_INT(weft_mutex_lock(NULL, &mutex), WEFT_ERROR_THREAD);
    CHECK(strstr(weft_error_message(), "weft_mutex_lock") != NULL);
    CHECK_INT(weft_mutex_lock(c.self, NULL), WEFT_ERROR_VALUE);
    CHECK(strstr(weft_error_message(), "mutex is NULL") != NULL);
    CHECK_INT(weft_block_begin(c.self), WEFT_OK);
    CHECK_INT(weft_mutex_lock(c.self, &mutex), WEFT_ERROR_THREAD);
    CHECK_INT(weft_block_end(c.self), WEFT_OK);
    CHECK(!weft_mutex_try_lock(NULL));
    weft_mutex_unlock(NULL);
    CHECK_INT(mutex.state, 0);
    cells_close(&c);
}

static void lock_and_count(int index, void *arg)
{
    guarded *g = arg;
    uint64_t random = test_seed() + (uint64_t)index;
    weft_thread *self = weft_thread_attach(g->cells->runtime);
    for (int i = 0; i < g->rounds; i++) {
        if (i % 16 != 0 || !weft_mutex_try_lock(&g->mutex))
            CHECK_INT(weft_mutex_lock(self, &g->mutex), WEFT_OK);
        int64_t value = g->value;
        if (g->block && test_random(&random) % 64 == 0) {
            weft_block_begin(self);
            platform_yield();
            weft_block_end(self);
        }
        g->value = value + 1;
        weft_mutex_unlock(&g->mutex);
        weft_safepoint(self);
    }
    weft_thread_detach(self);
}

static void count_in_threads(int threads, bool block, int rounds)
{
    cells c;
    REQUIRE(cells_open(&c));
    guarded g = {.cells = &c, .rounds = rounds, .block = block};
    cells_threads(&c, threads, lock_and_count, &g);
    CHECK_INT(g.value, (int64_t)threads * rounds);
    CHECK_INT(g.mutex.state, 0);
    cells_close(&c);
}

TEST_CASE(mutex, of two threads one at a time has it)
{
    count_in_threads(2, false, test_scale(200000));
}

TEST_CASE(mutex, of eight threads one at a time has it)
{
    count_in_threads(8, false, test_scale(50000));
}

TEST_CASE(mutex, its holder keeps it while it blocks)
{
    count_in_threads(4, true, test_scale(20000));
}

/* ---- waiting counts as blocked ------------------------------------------------------------------------------------------ */

static void lock_once(int index, void *arg)
{
    (void)index;
    guarded *g = arg;
    weft_thread *self = weft_thread_attach(g->cells->runtime);
    weft_critical section;
    weft_critical_begin(self, &section, g->object);
    CHECK_INT(weft_mutex_lock(self, &g->mutex), WEFT_OK);
    g->value++;
    weft_mutex_unlock(&g->mutex);
    weft_critical_end(self, &section);
    weft_thread_detach(self);
}

/* The other threads of these tests are plain ones, so that the test's own can go on beside them. */
static void *lock_once_start(void *arg)
{
    lock_once(0, arg);
    return NULL;
}

TEST_CASE(mutex, the world stops and objects can be locked while a thread waits for it)
{
    cells c;
    REQUIRE(cells_open(&c));
    guarded g = {.cells = &c, .object = cell_new(&c)};
    CHECK_INT(weft_mutex_lock(c.self, &g.mutex), WEFT_OK);
    pthread_t others[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&others[i], NULL, lock_once_start, &g);
    CHECK_INT(weft_block_begin(c.self), WEFT_OK);
    await_parked(&g.mutex, 3);
    CHECK_INT(weft_block_end(c.self), WEFT_OK);

    for (int i = 0; i < 10; i++) {
        CHECK_INT(weft_world_stop(c.self), WEFT_OK);
        CHECK_INT(weft_world_start(c.self), WEFT_OK);
    }
    weft_critical section;
    weft_critical_begin(c.self, &section, g.object); /* they have left theirs */
    weft_critical_end(c.self, &section);
    CHECK_INT(g.value, 0);
    weft_mutex_unlock(&g.mutex);
    CHECK_INT(weft_block_begin(c.self), WEFT_OK);
    for (int i = 0; i < 3; i++)
        pthread_join(others[i], NULL);
    CHECK_INT(weft_block_end(c.self), WEFT_OK);
    CHECK_INT(g.value, 3);
    weft_decref(c.self, g.object);
    cells_close(&c);
}

TEST_CASE(mutex, a waiter of more than a millisecond is handed it and nobody can come in between)
{
    cells c;
    REQUIRE(cells_open(&c));
    guarded g = {.cells = &c, .object = cell_new(&c)};
    CHECK_INT(weft_mutex_lock(c.self, &g.mutex), WEFT_OK);
    pthread_t other;
    pthread_create(&other, NULL, lock_once_start, &g);
    CHECK_INT(weft_block_begin(c.self), WEFT_OK);
    await_parked(&g.mutex, 1);
    test_sleep_ms(2);
    CHECK_INT(weft_block_end(c.self), WEFT_OK);
    CHECK_INT(weft_world_stop(c.self), WEFT_OK); /* so that the waiter cannot go on, and give it back at once */
    weft_mutex_unlock(&g.mutex);
    if (!CHECK(!weft_mutex_try_lock(&g.mutex)))
        weft_mutex_unlock(&g.mutex);
    CHECK_INT(weft_world_start(c.self), WEFT_OK);
    CHECK_INT(weft_block_begin(c.self), WEFT_OK);
    pthread_join(other, NULL);
    CHECK_INT(weft_block_end(c.self), WEFT_OK);
    CHECK_INT(g.value, 1);
    CHECK(weft_mutex_try_lock(&g.mutex));
    weft_mutex_unlock(&g.mutex);
    weft_decref(c.self, g.object);
    cells_close(&c);
}

/* ---- the last touch --------------------------------------------------------------------------------------------------------- */

typedef struct counted {
    weft_mutex mutex;
    int references; /* mutex */
} counted;

typedef struct dropping {
    cells *cells;
    counted *object;
} dropping;

/* Whoever drops the last reference frees the mutex at once, while the one before may still be on its way out. */
static void drop(int index, void *arg)
{
    (void)index;
    dropping *d = arg;
    weft_thread *self = weft_thread_attach(d->cells->runtime);
    CHECK_INT(weft_mutex_lock(self, &d->object->mutex), WEFT_OK);
    bool last = --d->object->references == 0;
    weft_mutex_unlock(&d->object->mutex);
    if (last) {
        memset(d->object, 0xA5, sizeof *d->object);
        free(d->object);
    }
    weft_thread_detach(self);
}

TEST_CASE(mutex, the next holder may free it as soon as it has it)
{
    cells c;
    REQUIRE(cells_open(&c));
    for (int i = 0; i < test_scale(500); i++) {
        dropping d = {.cells = &c, .object = malloc(sizeof *d.object)};
        REQUIRE(d.object != NULL);
        *d.object = (counted){.references = 3};
        cells_threads(&c, 3, drop, &d);
    }
    cells_close(&c);
}
