/* Stopping the world, by the words of the thread ids. */
#include "core/core.h"
#include "probes.h"

enum { COMEBACKS = 300 };

typedef struct turns {
    weft_runtime *runtime;
    weft_thread *waiter;
    uint32_t comebacks; /* atomic */
    bool end;           /* atomic */
} turns;

static bool waits(const turns *t)
{
    return weft_load_acquire(&thread_of(t->waiter)->world.slot->word) & SLOT_WAITING;
}

/* Stops over and over; who was seen waiting during one stop must have run before the next. */
static void stop_over_and_over(turns *t)
{
    weft_thread *self = weft_thread_attach(t->runtime);
    bool waited = false;
    uint32_t seen = 0, passed_over = 0;
    while (!weft_load_acquire(&t->end)) {
        CHECK_INT(weft_world_stop(self), WEFT_OK);
        uint32_t now = weft_load_acquire(&t->comebacks);
        passed_over += waited && now == seen;
        seen = now;
        for (uint64_t until = test_now_ns() + 100000; test_now_ns() < until;) {}
        waited = waits(t);
        CHECK_INT(weft_world_start(self), WEFT_OK);
    }
    CHECK_INT(passed_over, 0);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

static void stop_or_come_back(int index, void *arg)
{
    turns *t = arg;
    if (index == 0) {
        while (weft_load_acquire(&t->comebacks) == 0)
            platform_yield();
        stop_over_and_over(t);
        return;
    }
    t->waiter = weft_thread_attach(t->runtime);
    for (int i = 0; i < COMEBACKS; i++) {
        CHECK_INT(weft_block_begin(t->waiter), WEFT_OK);
        if (i > 0)
            test_sleep_ms(1); /* a stop is in force by now */
        CHECK_INT(weft_block_end(t->waiter), WEFT_OK);
        __atomic_fetch_add(&t->comebacks, 1, __ATOMIC_ACQ_REL);
    }
    weft_store_release(&t->end, true);
    CHECK_INT(weft_thread_detach(t->waiter), WEFT_OK);
}

TEST_CASE(world_ft, a thread that waits to attach runs before the next stop)
{
    turns t = {.runtime = weft_runtime_new(NULL)};
    test_threads(2, stop_or_come_back, &t);
    CHECK_INT(weft_runtime_free(t.runtime), WEFT_OK);
}
