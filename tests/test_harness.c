/* test_harness.c - the harness's helpers; that its checks fail when they should is harness_fails.c. */
#include "harness.h"

typedef struct counts {
    uint32_t started;
    uint32_t sum;
} counts;

static void add_index(int index, void *arg)
{
    counts *c = arg;
    __atomic_fetch_add(&c->started, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&c->sum, (uint32_t)index, __ATOMIC_RELAXED);
    CHECK(true);
}

TEST_CASE(harness, test_threads runs each index once and joins all)
{
    counts c = {0, 0};
    test_threads(8, add_index, &c);
    CHECK_INT(c.started, 8);
    CHECK_INT(c.sum, 28);
}

TEST_CASE(harness, "a stream of random numbers depends on its state alone")
{
    uint64_t a = 7, b = 7, c = 8;
    uint64_t x = test_random(&a);
    CHECK(x == test_random(&b));
    CHECK(x != test_random(&c));
    CHECK(x != test_random(&a));
}

TEST_CASE(harness, the seed is the same whenever it is asked for)
{
    CHECK(test_seed() == test_seed());
}

static void note(void *arg)
{
    *(int *)arg = 1;
}

TEST_CASE(harness, a thread with a small stack runs)
{
    int ran = 0;
    test_thread_with_stack((size_t)64 * 1024, note, &ran);
    CHECK_INT(ran, 1);
    CHECK_STR("same", "same");
    CHECK(test_scale(1) == 1);
}
