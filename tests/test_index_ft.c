/* Which blocks the full collection's index has: every object, and no block that has never held one. */
#include <pthread.h>

#include "core/core.h"
#include "probes.h"

static void drop_first(weft_thread *self, weft_object *o)
{
    weft_object *first = probe_of(o)->first;
    probe_of(o)->first = NULL;
    weft_xdecref(self, first);
}

enum { SIZES = 4, EACH = 3 };

typedef struct scene {
    values v;
    const weft_type *types[SIZES]; /* of different sizes */
} scene;

static scene scene_open(void)
{
    scene s = {.v = values_open()};
    probes_reset();
    for (uint32_t i = 0; i < SIZES; i++) {
        weft_type_spec spec = {.name = "sized",
                               .size = (uint32_t)sizeof(probe) + 16 * i,
                               .traverse = probe_traverse,
                               .clear = drop_first,
                               .destroy = probe_destroy};
        s.types[i] = weft_type_register(s.v.self, &spec);
        CHECK(s.types[i] != NULL);
    }
    CHECK_INT(weft_gc_disable(s.v.self), WEFT_OK);
    return s;
}

/* A few objects of each size that refer to themselves: garbage, in pages of which most has never been used. */
static void litter(weft_thread *self, const scene *s)
{
    for (int i = 0; i < SIZES * EACH; i++) {
        weft_object *o = probe_new(self, s->types[i % SIZES]);
        probe_of(o)->first = weft_ref(self, o);
        weft_decref(self, o);
    }
}

/* What the heap's pages held before: bits of which a tracked object could consist. */
static void soil(weft_thread *self)
{
    enum { BLOCKS = 12000, BYTES = 512 };

    static void *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++)
        if (CHECK((blocks[i] = weft_mem_alloc(self, BYTES)) != NULL))
            memset(blocks[i], WEFT_BIT_TRACKED, BYTES);
    for (int i = 0; i < BLOCKS; i++)
        weft_mem_free(self, blocks[i], BYTES);
}

typedef enum stay { ENDED, DETACHED, BLOCKED, ATTACHED } stay;

typedef struct litterer {
    const scene *s;
    stay how;
    int littered, told; /* atomic */
} litterer;

static void wait_told(const litterer *l)
{
    while (!weft_load_acquire(&l->told))
        platform_yield();
}

static void *litter_main(void *arg)
{
    litterer *l = (litterer *)arg;
    weft_thread *self = weft_thread_attach(l->s->v.runtime);
    if (!CHECK(self != NULL))
        return NULL;
    soil(self);
    litter(self, l->s);
    if (l->how == DETACHED || l->how == ENDED)
        CHECK_INT(weft_thread_detach(self), WEFT_OK);
    else if (l->how == BLOCKED)
        CHECK_INT(weft_block_begin(self), WEFT_OK);
    weft_store_release(&l->littered, 1);
    while (l->how == ATTACHED && !weft_load_acquire(&l->told))
        weft_safepoint(self);
    if (l->how != ENDED)
        wait_told(l);
    if (l->how == BLOCKED)
        CHECK_INT(weft_block_end(self), WEFT_OK);
    if (l->how == BLOCKED || l->how == ATTACHED)
        CHECK_INT(weft_thread_detach(self), WEFT_OK);
    return NULL;
}

static void expect_all_found(scene *s, int64_t litters)
{
    int64_t before = probes_destroyed(), found = litters * SIZES * EACH;
    weft_gc_stats stats;
    CHECK_INT(weft_gc_collect(s->v.self, WEFT_GC_FULL), found);
    CHECK_INT(weft_gc_statistics(s->v.self, &stats), WEFT_OK);
    CHECK_INT(stats.last.candidates, found); /* and no block that is none */
    CHECK_INT(probes_destroyed() - before, found);
    CHECK_INT(weft_gc_collect(s->v.self, WEFT_GC_FULL), 0);
}

/* With objects of other threads, which have done what `how` says. */
static void check_others(const stay *how, int count)
{
    scene s = scene_open();
    litterer others[4];
    pthread_t ids[4];
    soil(s.v.self);
    for (int i = 0; i < count; i++) {
        others[i] = (litterer){.s = &s, .how = how[i]};
        CHECK_INT(pthread_create(&ids[i], NULL, litter_main, &others[i]), 0);
        while (!weft_load_acquire(&others[i].littered))
            weft_safepoint(s.v.self);
        if (how[i] == ENDED)
            pthread_join(ids[i], NULL);
    }
    litter(s.v.self, &s);
    expect_all_found(&s, count + 1);
    litter(s.v.self, &s);
    expect_all_found(&s, 1);
    CHECK_INT(weft_block_begin(s.v.self), WEFT_OK);
    for (int i = 0; i < count; i++) {
        weft_store_release(&others[i].told, 1);
        if (how[i] != ENDED)
            pthread_join(ids[i], NULL);
    }
    CHECK_INT(weft_block_end(s.v.self), WEFT_OK);
    values_close(&s.v);
}

TEST_CASE(index_ft, objects in pages that are hardly used are found whatever their thread does and nothing else is)
{
    static const stay all[] = {ENDED, DETACHED, BLOCKED, ATTACHED};
    for (int i = 0; i < 4; i++)
        check_others(&all[i], 1);
    check_others(all, 4);
    check_others(all + 2, 2);
    check_others(NULL, 0);
}

/* ---- the walk by parts ---------------------------------------------------------------------------------------------- */

enum { AREAS_MOST = 4096, KEPT = 100000 };

typedef struct areas {
    size_t count, partly;
    const char *blocks[AREAS_MOST];
} areas;

static int note_partly(const heap_area *area, void *arg)
{
    areas *a = (areas *)arg;
    a->count++;
    if (!area->all_used && a->partly < AREAS_MOST)
        a->blocks[a->partly++] = area->blocks;
    return 0;
}

static bool has_area(const areas *a, const char *blocks)
{
    for (size_t i = 0; i < a->partly; i++)
        if (a->blocks[i] == blocks)
            return true;
    return false;
}

TEST_CASE(index_ft, the parts of attached threads and the pages of nobody are all pages that are not full)
{
    if (!heap_areas_own_slices())
        SKIP("this heap's blocks are all used");
    static areas all, parts;
    scene s = scene_open();
    heap *h = &s.v.runtime->heap;
    litterer other = {.s = &s, .how = ENDED};
    pthread_t id;
    static weft_object *keep[KEPT];
    all = parts = (areas){0};
    CHECK_INT(pthread_create(&id, NULL, litter_main, &other), 0);
    CHECK_INT(weft_block_begin(s.v.self), WEFT_OK);
    pthread_join(id, NULL);
    CHECK_INT(weft_block_end(s.v.self), WEFT_OK);
    for (int i = 0; i < KEPT; i++)
        keep[i] = probe_new(s.v.self, s.types[i % SIZES]);
    CHECK_INT(weft_world_stop(s.v.self), WEFT_OK);
    CHECK_INT(heap_areas_stopped(h, HEAP_CONTAINER, note_partly, NULL, &all), 0);
    if (CHECK(heap_parts_try_begin())) {
        heap_part_areas_stopped(h, &thread_of(s.v.self)->heap, HEAP_CONTAINER, note_partly, NULL, &parts);
        heap_part_areas_stopped(h, NULL, HEAP_CONTAINER, note_partly, NULL, &parts);
        heap_parts_end();
    }
    CHECK_INT(weft_world_start(s.v.self), WEFT_OK);
    CHECK(all.partly > 0 && all.count > all.partly);
    for (size_t i = 0; i < all.partly; i++)
        CHECK(has_area(&parts, all.blocks[i]));
    CHECK(parts.count < all.count / 2);
    for (int i = 0; i < KEPT; i++)
        weft_decref(s.v.self, keep[i]);
    expect_all_found(&s, 1);
    values_close(&s.v);
}
