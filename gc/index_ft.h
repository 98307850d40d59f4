/* index_ft.h - a number for each block that a collection looks at, and the tables by number that it works in.
 *
 * Everything a collection has to remember about an object - how many references are not explained yet, is it reached,
 * is it still to be traversed - stands beside the heap under the object's number, so that nothing is written into an
 * object that lives on. Numbers are given out area by area in the order of the walk, a multiple of 64 to each, so that no
 * two areas share a word of a bitmap. 0 is the number of whatever is not in the index.
 *
 * From address to number: a table of 64 KiB slices, in two levels, gives the area's first number and the reciprocal of
 * its block size. Where areas share slices (one malloc a block), or the index is of a given list of objects, a hash table.
 * The thread that has the world stopped makes and frees it; the collector threads use it. */
#ifndef WEFT_GC_INDEX_FT_H
#define WEFT_GC_INDEX_FT_H

#include "core/core.h"

enum {
    INDEX_WORD = 64,         /* numbers a word of a bitmap */
    INDEX_REGION_SHIFT = 26, /* a leaf of the table of slices covers so much */
    INDEX_REGION_SLICES = 1 << (INDEX_REGION_SHIFT - HEAP_SLICE_SHIFT),
    INDEX_LIST_AREA = 4096 /* an index of a list calls so many an area */
};

/* Where the blocks of one size are. Constant once made. */
typedef struct gc_area {
    char *blocks;
    weft_object *const *list; /* NULL: block i begins at blocks + i * block_size; else it is list[i] */
    size_t block_size;
    uint32_t first; /* number of block 0 */
    uint32_t count;
    bool partly; /* some block may never have held an object: then its memory may be anything */
} gc_area;

/* offset of a block in its area = address within the slice + bias; its number = first + offset * reciprocal / 2^32, which
 * is exact for multiples of the block size below 2^32. A slice that is nobody's: all 0. */
typedef struct gc_slice {
    uint32_t first;
    uint32_t reciprocal; /* of the block size, times 2^32, rounded up; 0: one block */
    uint32_t bias;
    uint32_t unused;
} gc_slice;

typedef struct gc_index {
    uintptr_t region_first; /* of the first region */
    size_t regions;         /* 0: hashed only */
    gc_slice **leaf_of;     /* by region: its leaf */
    gc_slice *slices;       /* the leaves, one behind the other; the first is that of regions without areas */
    uint32_t *hash;         /* NULL, or numbers by address: open addressing */
    size_t hash_mask;
    weft_object *const *hash_list; /* by number - INDEX_WORD */
    gc_area *areas;
    size_t areas_count;
    uint32_t size;     /* numbers given out: all are below */
    uint64_t *white;   /* bits by number: allocated blocks; then, objects not known to be reachable */
    uint64_t *pending; /* bits by number: reachable, still to be traversed */
    uint32_t *counts;  /* by number: references that no object of the index has explained, modulo 2^32 */
    void *tables;
    size_t tables_bytes;
    weft_object **items; /* made here, to be freed: all objects of a hashed heap */
    size_t items_bytes;
} gc_index;

/* Of all blocks of the heap that are allocated: white says which. MEMORY, LIMIT: nothing made. World stopped. */
weft_status gc_index_open(gc_index *ix, weft_runtime *runtime, heap_kind kind);
/* Of a list of different objects, which must not change until it is closed. All are white. */
weft_status gc_index_open_list(gc_index *ix, weft_runtime *runtime, weft_object *const *list, size_t count);
void gc_index_close(gc_index *ix);
size_t gc_index_bytes(const gc_index *ix);

uint32_t gc_index_find(const gc_index *ix, const weft_object *o);

/* The number of `o`, or 0. */
static inline uint32_t gc_index_of(const gc_index *ix, const weft_object *o)
{
    uintptr_t address = (uintptr_t)o;
    size_t region = (address >> INDEX_REGION_SHIFT) - ix->region_first;
    if (WEFT_LIKELY(region < ix->regions)) {
        const gc_slice *s = &ix->leaf_of[region][(address >> HEAP_SLICE_SHIFT) % INDEX_REGION_SLICES];
        uint32_t offset = (uint32_t)(address % ((uintptr_t)1 << HEAP_SLICE_SHIFT)) + s->bias;
        return s->first + (uint32_t)((uint64_t)offset * s->reciprocal >> 32);
    }
    return WEFT_UNLIKELY(ix->hash != NULL) ? gc_index_find(ix, o) : 0;
}

static inline weft_object *gc_area_object(const gc_area *a, uint32_t i)
{
    return a->list ? a->list[i] : (weft_object *)(void *)(a->blocks + i * a->block_size);
}

#endif
