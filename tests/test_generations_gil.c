/* test_generations_gil.c - the GIL flavour's young generation and the slices of the old one. */
#include "core/core.h"
#include "gc/generations_gil.h"
#include "gc/scan_gil.h"
#include "shapes.h"

static gc_flavour *flavour_of(shape *s)
{
    return &s->runtime->gc.flavour;
}

static int64_t length(const gc_links *head)
{
    int64_t count = 0;
    for (const gc_links *l = head->next; l != head; l = l->next) {
        CHECK_PTR(l->next->prev, l);
        count++;
    }
    return count;
}

/* Every tracked object is in the list that its place says, and counted. */
static void check_lists(shape *s)
{
    gc_flavour *gc = flavour_of(s);
    const gc_links *lists[] = {&gc->young, &gc->old[0], &gc->old[1], &gc->fresh, &gc->frozen};
    const uint8_t places[] = {GC_PLACE_YOUNG, GC_PLACE_OLD_A, GC_PLACE_OLD_B, gc_old_place(gc->pending ^ 1),
                              GC_PLACE_FROZEN};
    int64_t count = 0, misplaced = 0;
    for (int i = 0; i < 5; i++) {
        count += length(lists[i]);
        for (gc_links *l = lists[i]->next; l != lists[i]; l = l->next)
            misplaced += links_object(l)->place != places[i] || !(links_object(l)->bits & WEFT_BIT_TRACKED);
    }
    CHECK_INT(misplaced, 0);
    CHECK_INT(count, gc->tracked);
}

TEST_CASE(generations, what survives a young collection is not looked at by the next)
{
    shape s;
    shape_open(&s, 1000);
    shape_ring(&s, SHAPE_KNOT, 100);
    CHECK_INT(length(&flavour_of(&s)->young), 100);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_YOUNG), 0);
    CHECK_INT(length(&flavour_of(&s)->young), 0);
    check_lists(&s);
    shape_drop_all(&s);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_YOUNG), 0);
    shape_check(&s, false);
    CHECK_INT(shape_dead(&s), 0);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), 100);
    shape_check(&s, true);
    check_lists(&s);
    shape_close(&s);
}

TEST_CASE(generations, an old object keeps a young one that only it refers to)
{
    shape s;
    shape_open(&s, 10);
    size_t old = shape_add(&s, SHAPE_KNOT, 2);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_YOUNG), 0);
    size_t young = shape_add(&s, SHAPE_KNOT, 1);
    shape_link(&s, old, young);
    shape_link(&s, young, young);
    shape_drop(&s, young);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_YOUNG), 0);
    shape_check(&s, true);
    shape_close(&s);
}

/* Increments alone, however the garbage is spread, within two passes. */
static void check_increments(int kind, bool between)
{
    shape s;
    shape_open(&s, 20000);
    for (int i = 0; i < 100; i++) {
        shape_ring(&s, kind, 7);
        shape_tree(&s, kind, 10);
        if (between)
            CHECK_INT(weft_gc_collect(s.self, i % 2 ? WEFT_GC_YOUNG : WEFT_GC_INCREMENT), 0);
    }
    CHECK(weft_gc_collect(s.self, WEFT_GC_YOUNG) == 0);
    for (size_t i = 0; i < s.count; i++)
        if (i % 3)
            shape_drop(&s, i);
    int64_t old = flavour_of(&s)->tracked;
    for (int64_t i = 0; i < 2 * old + 2; i++) {
        CHECK(weft_gc_collect(s.self, WEFT_GC_INCREMENT) >= 0);
        if (i % 64 == 0) {
            shape_check(&s, false);
            check_lists(&s);
        }
    }
    shape_check(&s, true);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), 0);
    shape_close(&s);
}

TEST_CASE(generations, increments find all old garbage within two passes)
{
    check_increments(SHAPE_KNOT, false);
    check_increments(SHAPE_KNOT, true);
    check_increments(SHAPE_DICT, false);
    check_increments(SHAPE_LIST, true);
}

static void set_young(shape *s, uint32_t young)
{
    weft_gc_settings settings;
    CHECK_INT(weft_gc_get_settings(s->self, &settings), WEFT_OK);
    settings.young = young;
    CHECK_INT(weft_gc_set_settings(s->self, &settings), WEFT_OK);
}

/* A collection that begins by itself. */
static void collect_by_itself(shape *s)
{
    enum { MORE = 51 };

    weft_object *more[MORE];
    weft_gc_stats before, after;
    CHECK_INT(weft_gc_statistics(s->self, &before), WEFT_OK);
    for (int i = 0; i < MORE; i++)
        more[i] = weft_list_new(s->self, 0);
    weft_safepoint(s->self);
    for (int i = 0; i < MORE; i++)
        weft_decref(s->self, more[i]);
    CHECK_INT(weft_gc_statistics(s->self, &after), WEFT_OK);
    CHECK(after.last.automatic && after.last.number == before.last.number + 1);
}

/* Some passes over the old generation, a little at a time. */
static void increments(shape *s, bool automatic)
{
    set_young(s, automatic ? 50 : 0);
    for (int64_t i = 0; i < flavour_of(s)->tracked / 5; i++) {
        flavour_of(s)->work = 20; /* as if the heap had grown */
        if (automatic)
            collect_by_itself(s);
        else
            CHECK(weft_gc_collect(s->self, WEFT_GC_INCREMENT) >= 0);
    }
    set_young(s, 0);
}

/* A table with weak keys refers to a value that refers to its key: `order` says which of the three is oldest, with many
 * others between them, so that no slice has two of them by chance. */
static void check_ephemeron(const int order[3], bool automatic)
{
    enum { KEY, VALUE, TABLE, BETWEEN = 500 };

    shape s;
    shape_open(&s, 4 * BETWEEN + 2);
    set_young(&s, 0);
    weft_object *table = NULL;
    size_t ids[2] = {0, 0};
    for (int i = 0; i < 3; i++) {
        shape_add_many(&s, SHAPE_KNOT, BETWEEN, 1);
        if (order[i] == TABLE)
            table = weft_weak_dict_new(s.self, WEFT_WEAK_KEYS);
        else
            ids[order[i]] = shape_add(&s, SHAPE_KNOT, 1);
        CHECK_INT(weft_gc_collect(s.self, WEFT_GC_YOUNG), 0);
    }
    shape_add_many(&s, SHAPE_KNOT, BETWEEN, 1);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_YOUNG), 0);
    CHECK_INT(weft_weak_dict_set(s.self, table, s.nodes[ids[KEY]].o, s.nodes[ids[VALUE]].o), WEFT_OK);
    shape_link(&s, ids[VALUE], ids[KEY]);
    flavour_of(&s)->work = 0;
    increments(&s, automatic);
    check_lists(&s);
    CHECK_INT(weft_weak_dict_size(s.self, table), 1);
    shape_drop(&s, ids[KEY]);
    shape_drop(&s, ids[VALUE]);
    increments(&s, automatic);
    CHECK_INT(weft_weak_dict_size(s.self, table), 0);
    shape_check(&s, true);
    check_lists(&s);
    weft_decref(s.self, table);
    shape_close(&s);
}

TEST_CASE(generations, increments find a value that refers to its weak key wherever the table stands)
{
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (int i = 0; i < 12; i++)
        check_ephemeron(orders[i / 2], i % 2);
}

/* How many objects a slice of so much work takes; they are put back at the end of those that are pending. */
static int64_t slice_size(shape *s, int64_t work)
{
    gc_scan scan;
    gc_links slice;
    gc_scan_open(&scan, thread_of(s->self));
    int64_t count = 0;
    gc_scan_take_slice(&scan, work, &slice);
    for (const gc_links *l = slice.next; l != &slice; l = l->next)
        count++;
    gc_slice_return(&scan, &slice);
    check_lists(s);
    return count;
}

TEST_CASE(generations, a slice takes a hundredth of the old objects and what they lead to)
{
    shape s;
    shape_open(&s, 2000);
    shape_add_many(&s, SHAPE_KNOT, 1000, 1); /* each by itself */
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), 0);
    gc_flavour *gc = flavour_of(&s);
    gc_run run = {.event = {.asked = WEFT_GC_INCREMENT}};
    CHECK_INT(gc_schedule_begin(gc, &run), 11);
    CHECK_INT(slice_size(&s, 11), 11);
    for (size_t i = 0; i < 500; i++) /* now the first half is one ring */
        shape_link(&s, i, (i + 1) % 500);
    gc->pending ^= 1; /* nothing is pending there */
    CHECK_INT(slice_size(&s, 11), 0);
    gc->pending ^= 1;
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), 0);
    CHECK_INT(slice_size(&s, 1), 500); /* the first 11 went to the end; this is the 12th */
    CHECK_INT(slice_size(&s, 400), 400);
    shape_close(&s);
}

TEST_CASE(generations, a slice that would be nearly all is all and a cycle across its edge is found)
{
    shape s;
    shape_open(&s, 100000);
    shape_ring(&s, SHAPE_KNOT, 60000);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), 0);
    int64_t part = slice_size(&s, 1);
    CHECK(part > 10000 && part < 30000);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_INCREMENT), 0);
    check_lists(&s);
    shape_drop_all(&s);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_INCREMENT), 60000);
    shape_check(&s, true);
    check_lists(&s);
    shape_close(&s);
}

/* Any node among the newest that the test holds; sometimes an old one that it holds too. */
static size_t any_held(shape *s)
{
    for (;;) {
        size_t among = shape_random(s, 4) || s->count < 60 ? 60 : s->count;
        size_t id = s->count - 1 - shape_random(s, s->count < among ? s->count : among);
        if (s->nodes[id].held)
            return id;
    }
}

/* Cycles with what hangs from them, and with what they hang from, in an order that fits neither pass. */
static void make_knots(shape *s, int kind)
{
    shape_ring(s, kind, 1);
    shape_ring(s, kind, 2);
    shape_ring(s, kind, 7);
    shape_ladder(s, kind, 5);
    size_t first = shape_add(s, kind, 4);
    for (int i = 0; i < 10; i++)
        shape_add(s, kind, 4);
    for (size_t i = 0; i < 10; i++) {
        shape_link(s, first + (i * 3) % 10, first + (i * 3 + 3) % 10);
        shape_link(s, first + i, first + 10);
    }
}

TEST_CASE(generations, young garbage is found by the next collection that begins by itself)
{
    for (int kind = SHAPE_KNOT; kind < SHAPE_FIXED; kind++) {
        shape s;
        shape_open(&s, 1000);
        set_young(&s, 50);
        make_knots(&s, kind);
        shape_drop_all(&s);
        collect_by_itself(&s);
        shape_check(&s, true);
        shape_close(&s);
    }
}

TEST_CASE(generations, old garbage is found by two passes that begin by themselves)
{
    for (int kind = SHAPE_KNOT; kind < SHAPE_FIXED; kind++) {
        shape s;
        shape_open(&s, 1000);
        set_young(&s, 0);
        make_knots(&s, kind);
        CHECK_INT(weft_gc_collect(s.self, WEFT_GC_YOUNG), 0);
        make_knots(&s, kind);
        CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), 0);
        set_young(&s, 50);
        shape_drop_all(&s);
        for (int pass = 0; pass < 2; pass++) {
            flavour_of(&s)->work = 10000; /* as if the heap had grown much */
            collect_by_itself(&s);
        }
        shape_check(&s, true);
        shape_close(&s);
    }
}

/* Objects made and linked at random, and let go, while collections begin by themselves. */
static void check_automatic(int kind)
{
    shape s;
    shape_open(&s, 20000);
    set_young(&s, 50);
    for (int i = 0; i < 20000; i++) {
        size_t id = shape_add(&s, kind, 4);
        for (size_t way = shape_random(&s, 4); way > 0; way--)
            shape_link(&s, shape_random(&s, 3) ? id : any_held(&s), any_held(&s));
        if (id >= 60 && shape_random(&s, 50))
            shape_drop(&s, id - 60);
        weft_safepoint(s.self);
        if (i % 1000 == 999) {
            shape_check(&s, false);
            check_lists(&s);
        }
    }
    weft_gc_stats stats;
    CHECK_INT(weft_gc_statistics(s.self, &stats), WEFT_OK);
    CHECK(stats.collections[WEFT_GC_YOUNG] > 0 && stats.collections[WEFT_GC_INCREMENT] > 0);
    CHECK(stats.found > 0);
    shape_close(&s);
}

TEST_CASE(generations, random graphs under collections that begin by themselves)
{
    for (int kind = SHAPE_KNOT; kind < SHAPE_FIXED; kind++)
        check_automatic(kind);
}

static double looked_per_object(size_t count)
{
    weft_gc_stats stats = shape_grow_by_itself(count);
    return (double)stats.candidates / (double)count;
}

TEST_CASE(generations, a growing heap costs linear time)
{
    double some = looked_per_object(100000), many = looked_per_object(1000000);
    CHECK(some >= 1 && some <= 3.1);
    CHECK(many >= 1 && many <= 3.1);
}

TEST_CASE(generations, frozen objects are left alone until they are given back)
{
    shape s;
    shape_open(&s, 1000);
    shape_ring(&s, SHAPE_KNOT, 49);
    size_t holder = shape_add(&s, SHAPE_KNOT, 2);
    shape_link(&s, holder, holder);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_YOUNG), 0);
    shape_ring(&s, SHAPE_LIST, 50);
    CHECK_INT(weft_world_stop(s.self), WEFT_OK);
    CHECK_INT(gc_freeze_stopped(thread_of(s.self)), 100);
    CHECK_INT(gc_frozen_count_stopped(thread_of(s.self)), 100);
    CHECK_INT(weft_world_start(s.self), WEFT_OK);
    check_lists(&s);
    size_t kept = shape_add(&s, SHAPE_KNOT, 1);
    shape_link(&s, holder, kept); /* a frozen object is outside */
    shape_link(&s, kept, kept);
    shape_drop_all(&s);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), 0);
    CHECK_INT(shape_dead(&s), 0);
    CHECK_INT(weft_world_stop(s.self), WEFT_OK);
    CHECK_INT(gc_unfreeze_stopped(thread_of(s.self)), 100);
    CHECK_INT(gc_frozen_count_stopped(thread_of(s.self)), 0);
    CHECK_INT(weft_world_start(s.self), WEFT_OK);
    check_lists(&s);
    shape_close(&s);
}

TEST_CASE(generations, tuples of things that refer to nothing are untracked when a collection has looked)
{
    values v = values_open();
    weft_object *one = weft_int_new(v.self, 1000000);
    weft_object *plain = weft_tuple_new(v.self, &one, 1);
    weft_object *outer = weft_tuple_new(v.self, &plain, 1);
    weft_object *outermost = weft_tuple_new(v.self, &outer, 1);
    weft_object *list = weft_list_new(v.self, 0);
    weft_object *holder = weft_tuple_new(v.self, &list, 1);
    CHECK(object_bits(outermost) & WEFT_BIT_TRACKED);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_YOUNG), 0);
    CHECK(!(object_bits(one) & WEFT_BIT_TRACKED));
    CHECK(!(object_bits(plain) & WEFT_BIT_TRACKED));
    CHECK(!(object_bits(outer) & WEFT_BIT_TRACKED));
    CHECK(!(object_bits(outermost) & WEFT_BIT_TRACKED));
    CHECK(object_bits(list) & WEFT_BIT_TRACKED);
    CHECK(object_bits(holder) & WEFT_BIT_TRACKED);
    CHECK_INT(v.runtime->gc.flavour.tracked, 2);
    weft_decref(v.self, one);
    weft_decref(v.self, plain);
    weft_decref(v.self, outer);
    weft_decref(v.self, outermost);
    weft_decref(v.self, list);
    weft_decref(v.self, holder);
    values_close(&v);
}

TEST_CASE(generations, a deferred object dies by a collection only)
{
    shape s;
    shape_open(&s, 100);
    shape_ring(&s, SHAPE_KNOT, 3);
    size_t alone = shape_add(&s, SHAPE_SOUL, 1);
    CHECK_INT(weft_gc_defer(s.self, s.nodes[0].o), WEFT_OK);
    CHECK_INT(weft_gc_defer(s.self, s.nodes[alone].o), WEFT_OK);
    CHECK_INT(weft_refcount(s.self, s.nodes[alone].o), 1);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), 0);
    shape_drop_all(&s);
    CHECK_INT(shape_dead(&s), 0);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_YOUNG), 0);
    shape_seen.rescue[alone] = true; /* deferred again */
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), 4);
    CHECK_INT(shape_dead(&s), 3);
    shape_drop(&s, alone);
    CHECK_INT(shape_dead(&s), 3);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), 1);
    CHECK_INT(shape_dead(&s), 4);
    CHECK_FAILS(weft_gc_defer(s.self, NULL), WEFT_ERROR_VALUE, "NULL");
    CHECK_FAILS(weft_gc_defer(s.self, &weft_none), WEFT_ERROR_VALUE, "not tracked");
    shape_close(&s);
}

TEST_CASE(generations, what dies inside a destructor that lets a collection in is left alone)
{
    shape s;
    shape_open(&s, 100);
    shape_ring(&s, SHAPE_KNOT, 20);
    thread *t = thread_of(s.self);
    t->destroying = true; /* as inside a destructor: what dies now waits */
    size_t first = shape_add(&s, SHAPE_KNOT, 1), second = shape_add(&s, SHAPE_KNOT, 1);
    shape_link(&s, first, 0);
    shape_link(&s, second, first);
    shape_drop_all(&s);
    CHECK_INT(shape_dead(&s), 0);
    CHECK_INT(weft_gc_collect(s.self, WEFT_GC_FULL), 0); /* the dying refer to all */
    t->destroying = false;
    object_die_pending(t);
    CHECK_INT(shape_dead(&s), 2);
    shape_check(&s, false);
    shape_close(&s);
}
