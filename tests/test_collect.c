/* test_collect.c - exactly what nothing reaches dies, whatever the shape, and the rest is as it was. */
#include "shapes.h"

typedef void (*shape_maker)(shape *s, int kind, size_t count);

static const struct {
    const char *name;
    shape_maker make;
    size_t count;
} makers[] = {
    {"ring", shape_ring, 100},   {"tree", shape_tree, 100},
    {"clique", shape_clique, 8}, {"ladder", shape_ladder, 50},
    {"wide", shape_wide, 200},   {"selves", shape_selves, 20},
    {"mixed", shape_mixed, 40},  {"ephemerons", shape_ephemerons, 40},
};

enum { MAKERS = sizeof makers / sizeof makers[0] };

/* Of kinds that a young collection may leave to a full one. */
static bool has_weak_dicts(const shape *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (!shape_is_found_young(s->nodes[i].kind))
            return true;
    return false;
}

TEST_CASE(collect, every shape that is let go dies in a young collection)
{
    for (size_t i = 0; i < MAKERS; i++) {
        for (int kind = 0; kind < SHAPE_FIXED; kind++) {
            shape s;
            shape_open(&s, 1000);
            makers[i].make(&s, kind, makers[i].count);
            shape_drop_all(&s);
            shape_check(&s, false);
            CHECK(weft_gc_collect(s.self, WEFT_GC_YOUNG) >= 0);
            shape_check(&s, !has_weak_dicts(&s));
            shape_close(&s);
        }
    }
}

TEST_CASE(collect, one reference from outside keeps all that it leads to and nothing else)
{
    for (size_t i = 0; i < MAKERS; i++) {
        for (int kind = 0; kind < SHAPE_FIXED; kind++) {
            for (int full = 0; full < 2; full++) {
                shape s;
                shape_open(&s, 2000);
                makers[i].make(&s, kind, makers[i].count);
                size_t end = s.count;
                makers[i].make(&s, kind, makers[i].count);
                for (size_t j = 0; j < s.count; j++)
                    if (j != end / 2)
                        shape_drop(&s, j);
                bool exact = full || !has_weak_dicts(&s);
                CHECK(weft_gc_collect(s.self, full ? WEFT_GC_FULL : WEFT_GC_YOUNG) >= 0);
                shape_check(&s, exact);
                int64_t rest = weft_gc_collect(s.self, WEFT_GC_FULL);
                CHECK(rest == 0 || (!exact && rest > 0));
                shape_check(&s, true);
                shape_close(&s);
            }
        }
    }
}

TEST_CASE(collect, random graphs with random roots through rounds of change)
{
    for (int run = 0; run < test_scale(20); run++) {
        shape s;
        shape_open(&s, 6000);
        s.random += (uint64_t)run;
        for (int round = 0; round < 12; round++) {
            shape_mutate(&s, 40);
            weft_gc_generation generation = (weft_gc_generation)shape_random(&s, 3);
            CHECK(weft_gc_collect(s.self, generation) >= 0);
            shape_check(&s, generation == WEFT_GC_FULL);
        }
        CHECK(weft_gc_collect(s.self, WEFT_GC_FULL) >= 0);
        shape_check(&s, true);
        shape_close(&s);
    }
}

/* Large enough for several collector threads. */
static void check_threads(uint32_t threads)
{
    shape s;
    weft_gc_settings settings;
    weft_gc_stats stats;
    size_t count = (size_t)test_scale(60000);
    shape_open(&s, 2 * count);
    s.random += threads;
    CHECK_INT(weft_gc_disable(s.self), WEFT_OK);
    CHECK_INT(weft_gc_get_settings(s.self, &settings), WEFT_OK);
    settings.threads = threads;
    CHECK_INT(weft_gc_set_settings(s.self, &settings), WEFT_OK);
    shape_tangle(&s, count);
    for (int round = 0; round < 2; round++) {
        int64_t found = weft_gc_collect(s.self, WEFT_GC_FULL);
        CHECK(found > (count > 50000 ? 0 : -1)); /* of a few there may be none */
        shape_check(&s, true);
        CHECK_INT(weft_gc_statistics(s.self, &stats), WEFT_OK);
        CHECK((stats.last.threads > 1) == (threads > 1 && count > 50000 && weft_flavour_name()[0] != 'g'));
        for (size_t i = 0; i < s.count; i++)
            if (shape_random(&s, 2) == 0)
                shape_drop(&s, i);
    }
    shape_close(&s);
}

TEST_CASE(collect, large random graphs by one and two and three and eight threads)
{
    static const uint32_t threads[] = {1, 2, 3, 8};
    for (int i = 0; i < 4; i++)
        check_threads(threads[i]);
}

TEST_CASE(collect, the number returned is that of objects found)
{
    shape s;
    shape_open(&s, 100);
    shape_ring(&s, SHAPE_KNOT, 30);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), 0);
    shape_drop_all(&s);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), 30);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), 0);
    shape_close(&s);
}

/* ---- large ones, on a small stack -------------------------------------------------------------------------------- */

static int64_t links_made(void)
{
    return test_scale(10000000);
}

/* A list of links in both directions, its ends closed to a ring: no count gets to zero by itself. */
static void long_list(void *arg)
{
    (void)arg;
    shape s;
    shape_open(&s, 2);
    int64_t count = links_made();
    weft_object *first = weft_new_var(s.self, s.knot, 2), *last = first;
    for (int64_t i = 1; i < count; i++) {
        weft_object *next = weft_new_var(s.self, s.knot, 2);
        REQUIRE(next != NULL);
        shape_knot_of(next)->refs[1] = weft_ref(s.self, last);
        shape_knot_of(last)->refs[0] = next;
        last = next;
    }
    shape_knot_of(last)->refs[0] = weft_ref(s.self, first);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), 0);
    weft_decref(s.self, first);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), count);
    CHECK_INT(values_live(s.self), 0);
    shape_close(&s);
}

TEST_CASE(collect, a list of ten million links on a small stack)
{
    test_thread_with_stack(65536, long_list, NULL);
}

static void wide_array(void *arg)
{
    (void)arg;
    shape s;
    shape_open(&s, 2);
    size_t count = (size_t)test_scale(2000000);
    weft_object *hub = weft_new_var(s.self, s.knot, count);
    REQUIRE(hub != NULL);
    for (size_t i = 0; i < count; i++) {
        weft_object *leaf = weft_new_var(s.self, s.knot, 1);
        REQUIRE(leaf != NULL);
        shape_knot_of(leaf)->refs[0] = weft_ref(s.self, hub);
        shape_knot_of(hub)->refs[i] = leaf;
    }
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), 0);
    weft_decref(s.self, hub);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), (int64_t)count + 1);
    CHECK_INT(values_live(s.self), 0);
    shape_close(&s);
}

TEST_CASE(collect, one array that refers to millions on a small stack)
{
    test_thread_with_stack(65536, wide_array, NULL);
}

/* ---- finalizers -------------------------------------------------------------------------------------------------- */

static void check_rescue(size_t count, size_t rescued, int kind_between)
{
    shape s;
    shape_open(&s, 4 * count);
    size_t first = s.count;
    for (size_t i = 0; i < count; i++)
        shape_add(&s, i % 2 ? kind_between : SHAPE_SOUL, 1);
    for (size_t i = 0; i < count; i++)
        shape_link(&s, first + i, first + (i + 1) % count);
    for (size_t i = 0; i < rescued; i++)
        shape_seen.rescue[i] = true;
    shape_drop_all(&s);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), (int64_t)count);
    for (size_t i = 0; i < count; i++)
        if (s.nodes[i].kind == SHAPE_SOUL)
            CHECK_INT(shape_seen.finalized[i], 1);
    shape_check(&s, true); /* all live if one was rescued: they are a ring */
    shape_drop_all(&s);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), rescued > 0 ? (int64_t)count : 0);
    shape_check(&s, true);
    shape_close(&s);
}

TEST_CASE(collect, finalizers that resurrect one object of a cycle or all or half or none)
{
    static const size_t rescued[] = {0, 1, 5, 10};
    for (size_t i = 0; i < 4; i++) {
        check_rescue(10, rescued[i], SHAPE_SOUL);
        check_rescue(10, rescued[i], SHAPE_KNOT);
        check_rescue(10, rescued[i], SHAPE_DICT);
    }
}

TEST_CASE(collect, what a rescued object leads to is rescued and the rest of the garbage dies)
{
    shape s;
    shape_open(&s, 100);
    shape_ring(&s, SHAPE_SOUL, 10); /* leads to the second ring */
    size_t second = s.count;
    shape_ring(&s, SHAPE_LIST, 10);
    size_t bridge = shape_add(&s, SHAPE_SOUL, 2);
    shape_link(&s, bridge, second);
    shape_link(&s, bridge, bridge);
    size_t doomed = s.count;
    shape_ring(&s, SHAPE_SOUL, 10); /* its own ring, and it leads to the first */
    size_t arrow = shape_add(&s, SHAPE_KNOT, 2);
    shape_link(&s, arrow, arrow);
    shape_link(&s, arrow, 0);
    shape_seen.rescue[bridge] = true;
    shape_drop_all(&s);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), 32);
    CHECK_INT(shape_seen.dead[second], 0);
    CHECK_INT(shape_seen.dead[doomed], 1);
    CHECK_INT(shape_dead(&s), 21);
    shape_check(&s, true);
    shape_close(&s);
}

/* ---- running out of memory --------------------------------------------------------------------------------------- */

TEST_CASE(collect, a collection that runs out of memory at any allocation changes nothing)
{
    for (int generation = 0; generation < 3; generation++) {
        for (int kind = SHAPE_KNOT; kind <= SHAPE_LIST; kind++) {
            shape s;
            shape_open(&s, 2000);
            shape_ladder(&s, kind, 100);
            shape_ring(&s, kind, 200);
            shape_tree(&s, kind, 100);
            size_t held = s.count - 1;
            for (size_t i = 0; i < held; i++)
                shape_drop(&s, i);
            int64_t found = WEFT_ERROR_MEMORY;
            int failures = -1;
            while (found == WEFT_ERROR_MEMORY && failures < 100) {
                weft_error_clear();
                failures++;
                CHECK_INT(weft_fail_allocation(s.self, (uint64_t)failures + 1, false), WEFT_OK);
                found = weft_gc_collect(s.self, (weft_gc_generation)generation);
                CHECK_INT(weft_fail_allocation(s.self, 0, false), WEFT_OK);
                if (found == WEFT_ERROR_MEMORY) {
                    CHECK_ERROR(WEFT_ERROR_MEMORY, "");
                    if (kind !=
                        SHAPE_SOUL) /* after finalizers nobody knows: what was found stays until the next time */
                        CHECK_INT(shape_dead(&s), 0);
                    shape_check(&s, false);
                }
            }
            CHECK(failures > 0);
            CHECK(found >= 0);
            CHECK(weft_gc_collect(s.self, WEFT_GC_FULL) >= 0);
            shape_check(&s, true);
            shape_close(&s);
        }
    }
}
