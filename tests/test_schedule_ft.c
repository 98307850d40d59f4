/* When collections start by themselves, free-threaded: what all of them together look at. Counted, not timed. */
#include "shapes.h"

/* All collections of a heap that grows to `count` objects in rings, per object: how many objects they looked at, and how
 * many of them were full. */
static double looked_per_object(size_t count, uint64_t *full)
{
    weft_gc_stats stats = shape_grow_by_itself(count);
    CHECK_INT(stats.found, 0);
    *full = stats.collections[WEFT_GC_FULL];
    return (double)stats.candidates / (double)count;
}

/* Each object is young once, and a full collection comes when the heap has doubled since the last one: 1 + 1 + 1/2 + 1/4... */
TEST_CASE(schedule_ft, all collections of a growing heap together look at each object three times at most)
{
    uint64_t few, more;
    double some = looked_per_object(100000, &few), many = looked_per_object(1600000, &more);
    CHECK(some > 0.5 && some <= 3.1);
    CHECK(many > 0.5 && many <= 3.1);
    CHECK(more > few && more <= few + 6);
}
