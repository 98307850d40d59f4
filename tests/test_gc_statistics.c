/* Statistics, and the histogram behind them. */
#include <stdlib.h>

#include "gc/histogram.h"
#include "knots.h"

/* ---- the histogram ------------------------------------------------------------------------------------------------------ */

static int compare_numbers(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void check_within(uint64_t value, uint64_t exact)
{
    uint64_t difference = value > exact ? value - exact : exact - value;
    if (!CHECK(difference <= exact / 100))
        CHECK_INT(value, exact);
}

static uint64_t exact_at(const uint64_t *sorted, size_t count, unsigned per_mille)
{
    size_t rank = (count * per_mille + 999) / 1000;
    return sorted[rank ? rank - 1 : 0];
}

enum { NUMBERS = 5000 };

TEST_CASE(gc_statistics, percentiles are within one per cent over the whole range)
{
    uint64_t random = test_seed();
    histogram *h = calloc(1, sizeof *h);
    uint64_t *numbers = calloc(NUMBERS, sizeof *numbers);
    for (int bits = 1; bits <= 64 && h && numbers; bits += 7) {
        weft_gc_histogram summary;
        *h = (histogram){0};
        for (int i = 0; i < NUMBERS; i++) {
            numbers[i] = test_random(&random) >> (64 - bits) >> (test_random(&random) % 4);
            histogram_add(h, numbers[i]);
        }
        qsort(numbers, NUMBERS, sizeof *numbers, compare_numbers);
        histogram_read(h, &summary);
        CHECK_INT(summary.count, NUMBERS);
        CHECK(summary.min == numbers[0]);
        CHECK(summary.max == numbers[NUMBERS - 1]);
        check_within(summary.p50, exact_at(numbers, NUMBERS, 500));
        check_within(summary.p90, exact_at(numbers, NUMBERS, 900));
        check_within(summary.p99, exact_at(numbers, NUMBERS, 990));
        check_within(summary.p999, exact_at(numbers, NUMBERS, 999));
    }
    free(h);
    free(numbers);
}

TEST_CASE(gc_statistics, every value alone is its own percentile)
{
    histogram *h = calloc(1, sizeof *h);
    for (int bit = 0; bit < 64 && h; bit++) {
        for (int near = -1; near <= 1; near++) {
            weft_gc_histogram summary;
            uint64_t value = (UINT64_C(1) << bit) + (uint64_t)near;
            *h = (histogram){0};
            histogram_add(h, value);
            histogram_read(h, &summary);
            CHECK(summary.count == 1 && summary.min == value && summary.max == value && summary.sum == value);
            CHECK(summary.p50 == value && summary.p999 == value);
        }
    }
    free(h);
}

TEST_CASE(gc_statistics, an empty histogram is all zeros)
{
    histogram *h = calloc(1, sizeof *h);
    weft_gc_histogram summary = {.count = 1, .p99 = 5};
    histogram_read(h, &summary);
    CHECK_INT(summary.count + summary.min + summary.max + summary.p50 + summary.p999, 0);
    free(h);
}

/* ---- of a runtime ---------------------------------------------------------------------------------------------------------- */

TEST_CASE(gc_statistics, they add up what collections came to)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    weft_gc_stats stats;
    CHECK_INT(weft_gc_statistics(v.self, NULL), WEFT_ERROR_VALUE);
    CHECK_ERROR(WEFT_ERROR_VALUE, "NULL");
    CHECK_INT(weft_gc_statistics(v.self, &stats), WEFT_OK);
    CHECK_INT(stats.collections[2] + stats.found + stats.pause[2].count + stats.stop.count + stats.last.number, 0);
    for (int i = 1; i <= 5; i++) {
        knot_ring_drop(v.self, knots.type, i);
        CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), i);
    }
    CHECK_INT(weft_gc_statistics(v.self, &stats), WEFT_OK);
    CHECK_INT(stats.collections[WEFT_GC_FULL], 5);
    CHECK_INT(stats.given_up, 0);
    CHECK_INT(stats.found, 15);
    CHECK_INT(stats.finalized, 15);
    CHECK_INT(stats.freed, 15);
    CHECK(stats.freed_bytes >= 15 * sizeof(knot));
    CHECK_INT(stats.last.number, 5);
    CHECK_INT(stats.last.found, 5);
    const weft_gc_histogram *pause = &stats.pause[WEFT_GC_FULL];
    CHECK_INT(pause->count, 5);
    CHECK(pause->min > 0 && pause->min <= pause->p50 && pause->p50 <= pause->p99 && pause->p99 <= pause->max);
    CHECK(pause->sum >= pause->max);
    CHECK_INT(stats.stop.count, 5);
    values_close(&v);
}

TEST_CASE(gc_statistics, a collection given up for want of memory is counted as such and changes nothing)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    knot_ring_drop(v.self, knots.type, 100);
    CHECK_INT(weft_fail_allocation(v.self, 1, true), WEFT_OK);
    int64_t found = weft_gc_collect(v.self, WEFT_GC_FULL);
    CHECK_INT(weft_fail_allocation(v.self, 0, false), WEFT_OK);
    CHECK_INT(found, WEFT_ERROR_MEMORY);
    CHECK_ERROR(WEFT_ERROR_MEMORY, "given up");
    CHECK_INT(knots_finalized() + knots_destroyed(), 0);
    weft_gc_stats stats;
    CHECK_INT(weft_gc_statistics(v.self, &stats), WEFT_OK);
    CHECK_INT(stats.given_up, 1);
    CHECK_INT(stats.collections[WEFT_GC_FULL], 0);
    CHECK_INT(stats.last.status, WEFT_ERROR_MEMORY);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 100);
    values_close(&v);
}

typedef struct race {
    weft_runtime *runtime;
    int collecting; /* atomic */
} race;

/* Half collect; the others read, and see nothing go backwards. */
static void collect_or_read(int index, void *arg)
{
    race *r = arg;
    weft_thread *self = weft_thread_attach(r->runtime);
    if (index % 2 == 0) {
        for (int i = 0; i < test_scale(300); i++) {
            knot_ring_drop(self, knots.quiet_type, 3);
            CHECK(weft_gc_collect(self, WEFT_GC_FULL) >= 0);
        }
        __atomic_fetch_sub(&r->collecting, 1, __ATOMIC_ACQ_REL);
    } else {
        uint64_t found = 0, pauses = 0;
        while (__atomic_load_n(&r->collecting, __ATOMIC_ACQUIRE)) {
            weft_gc_stats stats;
            CHECK_INT(weft_gc_statistics(self, &stats), WEFT_OK);
            CHECK(stats.found >= found && stats.pause[WEFT_GC_FULL].count >= pauses);
            CHECK(stats.last.found <= stats.found);
            found = stats.found;
            pauses = stats.pause[WEFT_GC_FULL].count;
            weft_safepoint(self);
        }
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(gc_statistics, they are read while other threads collect)
{
    values v = knots_open();
    REQUIRE(v.self != NULL);
    race r = {.runtime = v.runtime, .collecting = 2};
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(4, collect_or_read, &r);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    CHECK(weft_gc_collect(v.self, WEFT_GC_FULL) >= 0);
    values_close(&v);
}
