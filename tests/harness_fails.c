/* harness_fails.c - every test here must fail: what the harness's checks are for. Run by ctest, which wants a failure. */
#include <stdlib.h>

#include "harness.h"

TEST_CASE(fails, check)
{
    CHECK(1 > 2);
}

TEST_CASE(fails, "check int")
{
    CHECK_INT(1, 2);
}

TEST_CASE(fails, check str)
{
    CHECK_STR("a", NULL);
}

TEST_CASE(fails, require)
{
    REQUIRE(1 > 2);
    abort(); /* must not get here */
}

static void fail(int index, void *arg)
{
    (void)arg;
    REQUIRE(index < 0);
}

TEST_CASE(fails, in a thread)
{
    test_threads(4, fail, NULL);
}
