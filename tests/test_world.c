/* Stopping the world. */
#include "probes.h"

#include <sched.h>

typedef struct stopped {
    weft_runtime *runtime;
    uint64_t ticks; /* atomic: what the running threads do */
    bool end;       /* atomic */
    int rounds;
} stopped;

static bool ended(stopped *s)
{
    return __atomic_load_n(&s->end, __ATOMIC_RELAXED);
}

static uint64_t ticks(stopped *s)
{
    return __atomic_load_n(&s->ticks, __ATOMIC_RELAXED);
}

static void tick(stopped *s)
{
    __atomic_fetch_add(&s->ticks, 1, __ATOMIC_RELAXED);
}

/* Index 0 stops the world again and again and looks whether anything moves; the others run and block. */
static void stop_or_tick(int index, void *arg)
{
    stopped *s = arg;
    weft_thread *self = weft_thread_attach(s->runtime);
    if (index == 0) {
        for (int i = 0; i < s->rounds; i++) {
            CHECK_INT(weft_world_stop(self), WEFT_OK);
            uint64_t before = ticks(s);
            for (int k = 0; k < 20; k++)
                sched_yield();
            CHECK_INT(ticks(s), before);
            CHECK_INT(weft_world_start(self), WEFT_OK);
            weft_safepoint(self);
        }
        __atomic_store_n(&s->end, true, __ATOMIC_RELAXED);
    }
    while (!ended(s)) {
        tick(s);
        if (index % 2) {
            CHECK_INT(weft_block_begin(self), WEFT_OK);
            sched_yield();
            CHECK_INT(weft_block_end(self), WEFT_OK);
        }
        weft_safepoint(self);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(world, nothing moves while it is stopped)
{
    stopped s = {.runtime = weft_runtime_new(NULL), .rounds = test_scale(300)};
    test_threads(6, stop_or_tick, &s);
    CHECK_INT(weft_runtime_free(s.runtime), WEFT_OK);
}

static void stop_all_the_time(int index, void *arg)
{
    (void)index;
    stopped *s = arg;
    weft_thread *self = weft_thread_attach(s->runtime);
    for (int i = 0; i < s->rounds; i++) {
        CHECK_INT(weft_world_stop(self), WEFT_OK);
        s->ticks++; /* plain: the stop is the lock */
        CHECK_INT(weft_world_start(self), WEFT_OK);
        weft_safepoint(self);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(world, many stoppers take turns)
{
    stopped s = {.runtime = weft_runtime_new(NULL), .rounds = test_scale(1000)};
    test_threads(6, stop_all_the_time, &s);
    CHECK_INT(s.ticks, 6 * s.rounds);
    CHECK_INT(weft_runtime_free(s.runtime), WEFT_OK);
}

/* Index 0 stops without a pause; 1 must get through its attachments all the same. */
static void starve_or_attach(int index, void *arg)
{
    stopped *s = arg;
    if (index == 1) {
        for (int i = 0; i < 50; i++) {
            weft_thread *self = weft_thread_attach(s->runtime);
            CHECK_INT(weft_block_begin(self), WEFT_OK);
            CHECK_INT(weft_block_end(self), WEFT_OK);
            CHECK_INT(weft_thread_detach(self), WEFT_OK);
        }
        __atomic_store_n(&s->end, true, __ATOMIC_RELAXED);
        return;
    }
    weft_thread *self = weft_thread_attach(s->runtime);
    while (!ended(s)) {
        CHECK_INT(weft_world_stop(self), WEFT_OK);
        CHECK_INT(weft_world_start(self), WEFT_OK);
        weft_safepoint(self);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(world, a thread that wants to attach is not starved by stops in a tight loop)
{
    stopped s = {.runtime = weft_runtime_new(NULL)};
    uint64_t begin = test_now_ns();
    test_threads(2, starve_or_attach, &s);
    CHECK(test_now_ns() - begin < 20ull * 1000000000);
    CHECK_INT(weft_runtime_free(s.runtime), WEFT_OK);
}

static void start_and_end(int index, void *arg)
{
    stopped *s = arg;
    for (int i = 0; i < s->rounds; i++) {
        weft_thread *self = weft_thread_attach(s->runtime);
        if (index == 0) {
            CHECK_INT(weft_world_stop(self), WEFT_OK);
            CHECK_INT(weft_world_start(self), WEFT_OK);
        }
        CHECK_INT(weft_thread_detach(self), WEFT_OK);
    }
}

TEST_CASE(world, threads attach for the first time while it is being stopped)
{
    for (int i = 0; i < test_scale(100); i++) {
        stopped s = {.runtime = weft_runtime_new(NULL), .rounds = 3};
        test_threads(6, start_and_end, &s);
        CHECK_INT(weft_runtime_free(s.runtime), WEFT_OK);
    }
}

TEST_CASE(world, misuse of a stop is an error)
{
    values v = values_open();
    CHECK_INT(weft_world_start(v.self), WEFT_ERROR_BUSY);
    CHECK_INT(weft_heap_walk(v.self, values_count_, NULL), WEFT_ERROR_BUSY);
    CHECK_INT(weft_world_stop(v.self), WEFT_OK);
    CHECK_INT(weft_world_stop(v.self), WEFT_ERROR_BUSY);
    CHECK_INT(weft_block_begin(v.self), WEFT_ERROR_BUSY);
    CHECK_INT(weft_thread_detach(v.self), WEFT_ERROR_BUSY);
    CHECK_INT(weft_world_start(v.self), WEFT_OK);
    CHECK_INT(weft_fork_after_parent(v.self), WEFT_ERROR_BUSY);
    CHECK_INT(weft_fork_after_child(v.self), WEFT_ERROR_BUSY);
    values_close(&v);
}
