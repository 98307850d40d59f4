/* index_ft.c - making the index: two passes over the heap's areas to measure and to fill, and one over its blocks, to
 * learn which are allocated, if not all of them are. The walk itself reads, so the blocks' memory is not touched here.
 *
 * All tables are one mapping, large ones of huge pages: a random access to 4 bytes a block misses the TLB otherwise, and
 * that was two thirds of the time of a collection. Reserved before anything is decided. World stopped; one thread. */
#include "gc/index_ft.h"

#include <string.h>

/* What the first pass finds out. */
typedef struct measure {
    size_t areas;
    uint64_t numbers;
    uintptr_t region_low, region_high;
    uintptr_t region_last;
    size_t leaves; /* at most */
    bool partly;   /* some block has never been allocated */
} measure;

static uint64_t round_to_word(uint64_t count)
{
    return (count + INDEX_WORD - 1) / INDEX_WORD * INDEX_WORD;
}

static size_t area_bytes(const heap_area *area)
{
    return area->count <= 1 ? 1 : area->count * area->block_size; /* a single block is found by its start */
}

static void measure_region(measure *m, uintptr_t region)
{
    if (region == m->region_last)
        return;
    m->region_last = region;
    m->leaves++;
    if (region < m->region_low)
        m->region_low = region;
    if (region > m->region_high)
        m->region_high = region;
}

static int measure_area(const heap_area *area, void *arg)
{
    measure *m = (measure *)arg;
    uintptr_t begin = (uintptr_t)area->blocks;
    m->areas++;
    m->numbers += round_to_word(area->count);
    measure_region(m, begin >> INDEX_REGION_SHIFT);
    measure_region(m, (begin + area_bytes(area) - 1) >> INDEX_REGION_SHIFT);
    return 0;
}

/* ---- the mapping ------------------------------------------------------------------------------------------------- */

typedef struct layout {
    size_t counts, white, pending, areas, slices, leaf_of, hash, end;
} layout;

static size_t layout_add(size_t *end, size_t bytes)
{
    size_t at = *end;
    *end += (bytes + 63) & ~(size_t)63;
    return at;
}

/* Maps tables for `numbers`, `areas`, and one of the ways from address to number. */
static weft_status index_map(gc_index *ix, weft_runtime *runtime, uint64_t numbers, size_t areas, size_t leaves,
                             size_t regions, size_t hash)
{
    if (numbers > UINT32_MAX - INDEX_WORD)
        return weft_error_set(WEFT_ERROR_LIMIT, "a collection of %llu blocks, at most 4294967231",
                              (unsigned long long)numbers);
    layout l = {0};
    l.counts = layout_add(&l.end, numbers * sizeof *ix->counts);
    l.white = layout_add(&l.end, numbers / INDEX_WORD * sizeof *ix->white);
    l.pending = layout_add(&l.end, numbers / INDEX_WORD * sizeof *ix->pending);
    l.areas = layout_add(&l.end, areas * sizeof *ix->areas);
    l.leaf_of = layout_add(&l.end, regions * sizeof *ix->leaf_of);
    l.hash = layout_add(&l.end, hash * sizeof *ix->hash);
    l.slices = layout_add(&l.end, leaves * INDEX_REGION_SLICES * sizeof *ix->slices);
    char *tables = heap_should_fail(&runtime->heap) ? NULL : (char *)platform_map(l.end);
    if (tables == NULL)
        return weft_error_set(WEFT_ERROR_MEMORY, "out of memory: %zu bytes of tables for a collection", l.end);
    ix->tables = tables;
    ix->tables_bytes = l.end;
    ix->size = (uint32_t)numbers;
    ix->counts = (uint32_t *)(void *)(tables + l.counts);
    ix->white = (uint64_t *)(void *)(tables + l.white);
    ix->pending = (uint64_t *)(void *)(tables + l.pending);
    ix->areas = (gc_area *)(void *)(tables + l.areas);
    ix->regions = regions;
    ix->leaf_of = (gc_slice **)(void *)(tables + l.leaf_of);
    ix->hash = hash ? (uint32_t *)(void *)(tables + l.hash) : NULL;
    ix->hash_mask = hash - 1;
    ix->slices = (gc_slice *)(void *)(tables + l.slices);
    for (size_t i = 0; i < regions; i++)
        ix->leaf_of[i] = ix->slices;
    return WEFT_OK;
}

/* ---- a heap whose areas have slices of their own ----------------------------------------------------------------- */

typedef struct filling {
    gc_index *ix;
    uint32_t next;   /* number */
    uint32_t leaves; /* given out */
    size_t partly;   /* areas that are */
} filling;

static gc_slice *slice_at(filling *f, uintptr_t address)
{
    gc_index *ix = f->ix;
    gc_slice **leaf = &ix->leaf_of[(address >> INDEX_REGION_SHIFT) - ix->region_first];
    if (*leaf == ix->slices)
        *leaf += ++f->leaves * (size_t)INDEX_REGION_SLICES;
    return &(*leaf)[(address >> HEAP_SLICE_SHIFT) % INDEX_REGION_SLICES];
}

static void fill_slices(filling *f, const heap_area *area, uint32_t first)
{
    uintptr_t begin = (uintptr_t)area->blocks, end = begin + area_bytes(area);
    uintptr_t slice_bytes = (uintptr_t)1 << HEAP_SLICE_SHIFT;
    uint64_t reciprocal = area->count <= 1 ? 0 : (((uint64_t)1 << 32) + area->block_size - 1) / area->block_size;
    for (uintptr_t at = begin & ~(slice_bytes - 1); at < end; at += slice_bytes)
        *slice_at(f, at) = (gc_slice){first, (uint32_t)reciprocal, (uint32_t)(at - begin), 0};
}

/* All of its blocks are white until the walk of the blocks says otherwise. */
static void whiten(uint64_t *white, uint32_t first, uint32_t count)
{
    uint64_t *words = white + first / INDEX_WORD;
    memset(words, 0xFF, count / INDEX_WORD * sizeof *words);
    if (count % INDEX_WORD)
        words[count / INDEX_WORD] = ((uint64_t)1 << count % INDEX_WORD) - 1;
}

static int fill_area(const heap_area *area, void *arg)
{
    filling *f = (filling *)arg;
    gc_index *ix = f->ix;
    ix->areas[ix->areas_count++] =
        (gc_area){area->blocks, NULL, area->block_size, f->next, (uint32_t)area->count, !area->all_used};
    f->partly += !area->all_used;
    fill_slices(f, area, f->next);
    whiten(ix->white, f->next, (uint32_t)area->count);
    f->next += (uint32_t)round_to_word(area->count);
    return 0;
}

/* ---- which blocks are allocated: those that a walk leaves out lose their bit ------------------------------------------- */

typedef struct leaving {
    gc_index *ix;
    const gc_area *area; /* whose blocks come; NULL: of one that is nothing to us */
    char *expected;      /* the block that comes next if it is allocated */
    uint32_t number;     /* its number */
    size_t left;         /* areas to come */
} leaving;

static void unwhiten(uint64_t *white, uint32_t from, uint32_t to)
{
    while (from < to) {
        uint32_t in_word = from % INDEX_WORD;
        uint32_t n = to - from < INDEX_WORD - in_word ? to - from : INDEX_WORD - in_word;
        uint64_t bits = n == INDEX_WORD ? ~(uint64_t)0 : (((uint64_t)1 << n) - 1) << in_word;
        white[from / INDEX_WORD] &= ~bits;
        from += n;
    }
}

/* The area whose first number this is. */
static const gc_area *area_at(const gc_index *ix, uint32_t first)
{
    size_t low = 0, high = ix->areas_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (ix->areas[middle].first <= first)
            low = middle;
        else
            high = middle;
    }
    return &ix->areas[low];
}

static void end_area(leaving *l)
{
    if (l->area)
        unwhiten(l->ix->white, l->number, l->area->first + l->area->count);
    l->area = NULL;
}

/* What an area says of itself now does not count: the walk itself has mimalloc look again what is free. */
static int next_area(const heap_area *area, void *arg)
{
    leaving *l = (leaving *)arg;
    end_area(l);
    if (l->left == 0)
        return 1;
    const gc_area *a = area_at(l->ix, gc_index_of(l->ix, (const weft_object *)(const void *)area->blocks));
    assert(a->blocks == area->blocks && a->count == area->count);
    if (!a->partly)
        return 0;
    l->area = a;
    l->expected = area->blocks;
    l->number = a->first;
    l->left--;
    return 0;
}

static int next_block(void *block, size_t size, void *arg)
{
    (void)size;
    leaving *l = (leaving *)arg;
    if (l->area == NULL)
        return 0;
    if (WEFT_UNLIKELY((char *)block != l->expected)) {
        uint32_t number = l->area->first + (uint32_t)((size_t)((char *)block - l->area->blocks) / l->area->block_size);
        unwhiten(l->ix->white, l->number, number);
        l->number = number;
    }
    l->number++;
    l->expected = (char *)block + l->area->block_size;
    return 0;
}

/* Walks the areas that threads allocate from, and those with room that are nobody's. False: those are not all. */
static bool try_leave_out_by_parts(gc_index *ix, weft_runtime *runtime, heap_kind kind, size_t partly)
{
    leaving l = {.ix = ix, .left = partly};
    if (!heap_parts_try_begin())
        return false;
    /* order: acquire - pairs with thread_create_locked. */
    for (thread *t = weft_load_acquire(&runtime->all); t; t = t->all_next) {
        heap_part_areas_stopped(&runtime->heap, &t->heap, kind, next_area, next_block, &l);
        end_area(&l);
    }
    heap_part_areas_stopped(&runtime->heap, NULL, kind, next_area, next_block, &l);
    end_area(&l);
    heap_parts_end();
    return l.left == 0;
}

/* A walk of the whole heap calls here for every block of it, 2 ns each, and mostly nearly all areas are all used. */
static void leave_out(gc_index *ix, weft_runtime *runtime, heap_kind kind, size_t partly)
{
    if (partly == 0 || try_leave_out_by_parts(ix, runtime, kind, partly))
        return;
    leaving l = {.ix = ix, .left = partly};
    (void)heap_areas_stopped(&runtime->heap, kind, next_area, next_block, &l);
    end_area(&l);
}

static weft_status open_sliced(gc_index *ix, weft_runtime *runtime, heap_kind kind)
{
    measure m = {.region_low = UINTPTR_MAX, .region_last = UINTPTR_MAX};
    (void)heap_areas_stopped(&runtime->heap, kind, measure_area, NULL, &m);
    size_t regions = m.areas ? m.region_high - m.region_low + 1 : 0;
    size_t leaves = m.leaves < regions ? m.leaves : regions;
    ix->region_first = m.region_low;
    weft_status status = index_map(ix, runtime, INDEX_WORD + m.numbers, m.areas, leaves + 1, regions, 0);
    if (status != WEFT_OK)
        return status;
    filling f = {.ix = ix, .next = INDEX_WORD};
    (void)heap_areas_stopped(&runtime->heap, kind, fill_area, NULL, &f);
    leave_out(ix, runtime, kind, f.partly);
    return WEFT_OK;
}

/* ---- a list ---------------------------------------------------------------------------------------------------------- */

static size_t hash_of(const gc_index *ix, const weft_object *o)
{
    uint64_t h = (uint64_t)((uintptr_t)o >> 4) * 0x9E3779B97F4A7C15u;
    return (size_t)(h >> 24) & ix->hash_mask;
}

uint32_t gc_index_find(const gc_index *ix, const weft_object *o)
{
    for (size_t at = hash_of(ix, o);; at = (at + 1) & ix->hash_mask) {
        uint32_t number = ix->hash[at];
        if (number == 0 || ix->hash_list[number - INDEX_WORD] == o)
            return number;
    }
}

static void hash_add(gc_index *ix, const weft_object *o, uint32_t number)
{
    size_t at = hash_of(ix, o);
    while (ix->hash[at] != 0)
        at = (at + 1) & ix->hash_mask;
    ix->hash[at] = number;
}

weft_status gc_index_open_list(gc_index *ix, weft_runtime *runtime, weft_object *const *list, size_t count)
{
    *ix = (gc_index){.hash_list = list};
    size_t areas = (count + INDEX_LIST_AREA - 1) / INDEX_LIST_AREA, hash = 2 * INDEX_WORD;
    while (hash < 2 * count)
        hash *= 2;
    weft_status status = index_map(ix, runtime, INDEX_WORD + round_to_word(count), areas, 0, 0, hash);
    if (status != WEFT_OK)
        return status;
    for (size_t i = 0; i < count; i++)
        hash_add(ix, list[i], (uint32_t)(INDEX_WORD + i));
    for (size_t i = 0; i < count; i += INDEX_LIST_AREA) {
        uint32_t n = (uint32_t)(count - i < INDEX_LIST_AREA ? count - i : INDEX_LIST_AREA);
        ix->areas[ix->areas_count++] = (gc_area){NULL, list + i, 0, (uint32_t)(INDEX_WORD + i), n, false};
    }
    whiten(ix->white, INDEX_WORD, (uint32_t)count);
    return WEFT_OK;
}

static int collect_block(void *block, size_t size, void *arg)
{
    (void)size;
    gc_index *ix = (gc_index *)arg;
    ix->items[ix->items_bytes++] = (weft_object *)block; /* a count, until the list is complete */
    return 0;
}

/* Blocks wherever malloc puts them. */
static weft_status open_hashed(gc_index *ix, weft_runtime *runtime, heap_kind kind)
{
    measure m = {.region_low = UINTPTR_MAX, .region_last = UINTPTR_MAX};
    (void)heap_areas_stopped(&runtime->heap, kind, measure_area, NULL, &m);
    size_t bytes = (m.areas + 1) * sizeof *ix->items;
    gc_index listing = {.items = heap_should_fail(&runtime->heap) ? NULL : (weft_object **)platform_map(bytes)};
    if (listing.items == NULL)
        return weft_error_set(WEFT_ERROR_MEMORY, "out of memory: %zu bytes of tables for a collection", bytes);
    (void)heap_walk_stopped(&runtime->heap, kind, collect_block, &listing);
    weft_status status = gc_index_open_list(ix, runtime, listing.items, m.areas);
    if (status != WEFT_OK) {
        platform_release(listing.items, bytes);
        return status;
    }
    ix->items = listing.items;
    ix->items_bytes = bytes;
    return WEFT_OK;
}

weft_status gc_index_open(gc_index *ix, weft_runtime *runtime, heap_kind kind)
{
    *ix = (gc_index){0};
    return heap_areas_own_slices() ? open_sliced(ix, runtime, kind) : open_hashed(ix, runtime, kind);
}

void gc_index_close(gc_index *ix)
{
    if (ix->tables)
        platform_release(ix->tables, ix->tables_bytes);
    if (ix->items)
        platform_release(ix->items, ix->items_bytes);
    *ix = (gc_index){0};
}

size_t gc_index_bytes(const gc_index *ix)
{
    return ix->tables_bytes + ix->items_bytes;
}
