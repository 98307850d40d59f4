/* trace_ft.h - trial deletion over an index: what is reachable from outside it.
 *
 *   subtract_ft.c  counts[o] = references to o that no object of the index holds
 *   roots_ft.c     what has some left loses its white bit, and becomes pending
 *   mark_ft.c      what is pending is traversed; what it refers to loses its white bit, and becomes pending
 *
 * The numbers are cut into parts. What an object refers to lies in any of them, so it is not looked at at once: its number
 * goes into a bucket, one a part and worker, and a full bucket is worked off in a row, under the part's lock, while what
 * belongs to the part is in the cache. So there is neither a cache miss nor an atomic operation for each reference; one
 * thread alone gains from it as well.
 *
 * What is white then is reachable from nowhere. Nothing outside the tables is written. A trace is made and freed by the
 * thread that has the world stopped; each pass runs on all collector threads (crew_ft.h), each with its gc_worker. */
#ifndef WEFT_GC_TRACE_FT_H
#define WEFT_GC_TRACE_FT_H

#include "gc/index_ft.h"

enum {
    BUCKET_SHIFT_MOST =
        10, /* a bucket: so many numbers wait to be worked off in one part, as its counts have cache lines, */
    BUCKET_SHIFT_LEAST = 6, /* or fewer, */
    BUCKETS_MOST = 3584,    /* if all workers' buckets for a part held more than that together: 0.44 bytes a number */
    RING_CAPACITY = 32,     /* objects on their way into the cache. A power of two */
    PART_SHIFT_LEAST = 14,  /* a part: so many numbers, whose counts stay in the cache while one works on them */
    PART_SHIFT_MOST = 16,   /* a number within its part is 16 bits in a bucket */
    PARTS_WISHED = 512
};

/* A cache line each, as different threads use them. */
typedef struct gc_part {
    _Alignas(64) uint32_t area; /* the first that has numbers in this part; constant */
    uint32_t lock;              /* of the part's counts, and white and pending bits; atomic */
    uint32_t pending;           /* atomic: the part may have pending objects that nobody has taken */
} gc_part;

typedef struct gc_trace gc_trace;

/* What a collector thread has to itself; two cache lines, as they are fetched in pairs. */
typedef struct gc_worker {
    _Alignas(128) gc_trace *trace;
    const gc_index *index;
    uint32_t part_shift;   /* as in `trace` */
    uint32_t bucket_bytes; /* a power of two, to which buckets are aligned */
    uint16_t **next;       /* by part: where in its bucket the next number goes; and whether it is UNTOUCHED */
    uint16_t *touched;     /* parts with something in their bucket, in marking */
    uint64_t *taken;       /* the pending bits of the part that is being worked on */
    uint32_t touched_count;
    uint32_t ring_first, ring_count; /* of `ring`, a queue */
    size_t marked;                   /* objects */
    uint64_t candidates, ephemerons; /* met in subtract */
    weft_object *ring[RING_CAPACITY];
} gc_worker;

struct gc_trace {
    weft_runtime *runtime;
    gc_index index;
    uint32_t held; /* references to each that are the run's own */
    bool listed;   /* the index is of a list, all of which are candidates */
    uint32_t part_shift, bucket_shift;
    uint32_t parts_count;
    gc_part *parts;
    uint32_t workers_count;
    gc_worker *workers;
    weft_object **ephemerons; /* reached; their keys are asked at the end */
    size_t ephemerons_bytes;
    void *memory; /* of the parts and the workers */
    size_t memory_bytes;
    uint64_t candidates; /* met in subtract */

    /* What workers write while they work; what they read for every object is above, in other cache lines. */
    _Alignas(64) uint32_t next; /* atomic: the next part to be worked on in this pass */
    uint32_t idle;              /* atomic futex: workers that have nothing to mark */
    uint32_t sleeping;          /* atomic: those of them that sleep: a hint */
    uint32_t any_white;         /* atomic: some candidate has no reference from outside */
    size_t ephemerons_count;    /* atomic */
};

/* The index is open, and closed by who opened it. MEMORY: nothing made. */
weft_status gc_trace_open(gc_trace *t, weft_runtime *runtime, uint32_t workers);
void gc_trace_close(gc_trace *t);

void gc_trace_subtract(gc_trace *t);
/* After gc_trace_subtract, and gc_trace_reserve: room for the ephemerons that were met. MEMORY: nothing changed. */
weft_status gc_trace_reserve(gc_trace *t);
/* Its first half; false: all candidates have references from outside. */
bool gc_trace_find_roots(gc_trace *t);
void gc_trace_mark(gc_trace *t);
/* Bytes beside the objects, the index included. */
size_t gc_trace_bytes(const gc_trace *t);

/* References to `o` that exist, without what weft_gc_defer adds; true: it is a root for good (immortal, or its count is not
 * known any more). World stopped, all queues drained. */
bool gc_references(weft_runtime *runtime, const weft_object *o, uint64_t *count);

/* Calls visit for all that threads refer to without counting: their roots callbacks. World stopped. */
void gc_visit_roots_stopped(weft_runtime *runtime, weft_visit_fn visit, void *arg);

/* The numbers of a part that belong to its area `a`: from *first up to, not including, *end. False: there are none, nor in
 * later areas. */
static inline bool gc_part_area(const gc_trace *t, uint32_t part, size_t a, uint32_t *first, uint32_t *end)
{
    const gc_index *ix = &t->index;
    uint64_t low = (uint64_t)part << t->part_shift, high = low + ((uint64_t)1 << t->part_shift);
    if (a >= ix->areas_count || ix->areas[a].first >= high)
        return false;
    uint64_t area_end = (uint64_t)ix->areas[a].first + ix->areas[a].count;
    *first = ix->areas[a].first > low ? ix->areas[a].first : (uint32_t)low;
    *end = (uint32_t)(area_end < high ? area_end : high);
    return true;
}

static inline void gc_part_lock(const gc_trace *t, gc_part *part)
{
    if (t->workers_count == 1)
        return;
    /* order: acquire - pairs with gc_part_unlock: counts and bits as the last one left them. */
    while (__atomic_exchange_n(&part->lock, 1, __ATOMIC_ACQUIRE) != 0)
        platform_yield();
}

static inline void gc_part_unlock(gc_part *part)
{
    weft_store_release(&part->lock, 0); /* order: release - pairs with gc_part_lock */
}

/* A place in a bucket, and how many numbers are in front of it. A number's low 16 bits are there: its place in its part, and
 * perhaps more. */
static inline uint32_t gc_bucket_count(const gc_worker *w, const uint16_t *next)
{
    return (uint32_t)((uintptr_t)next & (w->bucket_bytes - 1)) / (uint32_t)sizeof *next;
}

/* Writes a number down; true: the bucket is full. */
static inline bool gc_bucket_put(const gc_worker *w, uint32_t part, uint16_t *next, uint32_t number)
{
    *next++ = (uint16_t)number;
    w->next[part] = next;
    return ((uintptr_t)next & (w->bucket_bytes - 1)) == 0;
}

/* The next part nobody has taken in this pass, or parts_count. */
static inline uint32_t gc_part_take(gc_trace *t)
{
    uint32_t part = __atomic_fetch_add(&t->next, 1, __ATOMIC_RELAXED); /* order: none - the crew's barrier gives it */
    return part < t->parts_count ? part : t->parts_count;
}

#endif
