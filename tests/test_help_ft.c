/* Threads that stand at a safepoint and help who has stopped the world. */
#include "gc/help_ft.h"

#include <pthread.h>

#include "knots.h"

enum { PATIENCE_MS = 5000 };

typedef struct helpers {
    weft_runtime *runtime;
    int64_t attached, leave, left; /* atomic */
    pthread_t stopper;
    int64_t plays[HELP_MOST]; /* by role, in this step; atomic */
    int64_t by_helpers;       /* roles that somebody else than the stopper has played; atomic */
} helpers;

static void *stand(void *arg)
{
    helpers *h = arg;
    weft_thread *self = weft_thread_attach(h->runtime);
    __atomic_fetch_add(&h->attached, 1, __ATOMIC_ACQ_REL);
    while (!__atomic_load_n(&h->leave, __ATOMIC_ACQUIRE))
        weft_safepoint(self);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
    __atomic_fetch_add(&h->left, 1, __ATOMIC_ACQ_REL);
    return NULL;
}

/* The stopper plays its own role slowly, so that the others have time to take theirs. */
static void note(void *arg, uint32_t role)
{
    helpers *h = arg;
    __atomic_fetch_add(&h->plays[role], 1, __ATOMIC_ACQ_REL);
    if (!pthread_equal(pthread_self(), h->stopper))
        __atomic_fetch_add(&h->by_helpers, 1, __ATOMIC_ACQ_REL);
    else if (role == 0)
        test_sleep_ms(1);
}

static void step(weft_thread *self, helpers *h, uint32_t roles)
{
    for (uint32_t i = 0; i < HELP_MOST; i++)
        h->plays[i] = 0;
    help_step_stopped(thread_of(self), note, h);
    for (uint32_t i = 0; i < HELP_MOST; i++)
        CHECK_INT(h->plays[i], i < roles);
}

static void open_helpers(helpers *h, const values *v, pthread_t *ids, int count)
{
    *h = (helpers){.runtime = v->runtime, .stopper = pthread_self()};
    for (int i = 0; i < count; i++)
        REQUIRE(pthread_create(&ids[i], NULL, stand, h) == 0);
    knots_await(v->self, &h->attached, count);
}

static void close_helpers(helpers *h, const values *v, const pthread_t *ids, int count)
{
    __atomic_store_n(&h->leave, 1, __ATOMIC_RELEASE);
    knots_await(v->self, &h->left, count); /* all of them run again */
    CHECK_INT(weft_block_begin(v->self), WEFT_OK);
    for (int i = 0; i < count; i++)
        pthread_join(ids[i], NULL);
    CHECK_INT(weft_block_end(v->self), WEFT_OK);
}

TEST_CASE(help, helpers that have fallen asleep come when they are woken and take up their roles in a later step)
{
    enum { COUNT = 2 };

    values v = knots_open();
    REQUIRE(v.self != NULL);
    helpers h;
    pthread_t ids[COUNT];
    open_helpers(&h, &v, ids, COUNT);
    CHECK_INT(weft_world_stop(v.self), WEFT_OK);
    test_sleep_ms(20); /* longer than any of them looks for work */
    CHECK_INT(help_open_stopped(thread_of(v.self), HELP_MOST), COUNT + 1);
    step(v.self, &h, COUNT + 1);
    help_wake_stopped(thread_of(v.self));
    for (int i = 0; i < PATIENCE_MS && __atomic_load_n(&h.by_helpers, __ATOMIC_ACQUIRE) < 2 * COUNT; i++)
        step(v.self, &h, COUNT + 1);
    help_close_stopped(thread_of(v.self));
    CHECK(h.by_helpers >= COUNT);
    CHECK_INT(weft_world_start(v.self), WEFT_OK);
    close_helpers(&h, &v, ids, COUNT);
    values_close(&v);
}

TEST_CASE(help, the world starts for helpers that sleep and for those whose wake-up has found nothing to do)
{
    enum { COUNT = 3 };

    values v = knots_open();
    REQUIRE(v.self != NULL);
    helpers h;
    pthread_t ids[COUNT];
    open_helpers(&h, &v, ids, COUNT);
    for (int i = 0; i < test_scale(60); i++) {
        CHECK_INT(weft_world_stop(v.self), WEFT_OK);
        if (i % 4 == 0)
            test_sleep_ms(1);
        uint32_t roles = help_open_stopped(thread_of(v.self), 1 + (uint32_t)i % 4);
        CHECK(roles <= 1 + (uint32_t)i % 4);
        if (i % 3 == 0)
            help_wake_stopped(thread_of(v.self));
        if (i % 2 == 0)
            step(v.self, &h, roles);
        if (i % 5 == 0)
            help_wake_stopped(thread_of(v.self));
        help_close_stopped(thread_of(v.self));
        CHECK_INT(weft_world_start(v.self), WEFT_OK);
    }
    close_helpers(&h, &v, ids, COUNT);
    values_close(&v);
}
