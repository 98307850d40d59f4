/* trace_ft.h - trial deletion over an index: what is reachable from outside it.
 *
 *   subtract_ft.c  counts[o] = references to o that no object of the index holds
 *   mark_ft.c      what has some left, and all it refers to, loses its white bit
 *
 * What is white then is reachable from nowhere. Nothing outside the tables is written. A trace is made and freed by the
 * thread that has the world stopped; each pass runs on all collector threads (crew_ft.h), each with its gc_worker. */
#ifndef WEFT_GC_TRACE_FT_H
#define WEFT_GC_TRACE_FT_H

#include "gc/index_ft.h"

enum {
    BUCKET_CAPACITY = 1024, /* numbers that wait to be subtracted in one part: as many as its counts have cache lines */
    STACK_CAPACITY = 4096,  /* of a worker; what does not fit becomes a bit in `pending` */
    RING_CAPACITY = 32,     /* objects on their way into the cache. A power of two */
    PART_SHIFT_LEAST = 14,  /* a part: so many numbers, whose counts stay in the cache while one works on them */
    PART_SHIFT_MOST = 16,   /* a number within its part is 16 bits in a bucket */
    PARTS_WISHED = 512
};

/* A cache line each, as different threads use them. */
typedef struct gc_part {
    _Alignas(64) uint32_t area; /* the first that has numbers in this part; constant */
    uint32_t lock;              /* of the part's counts; atomic */
    uint32_t pending;           /* atomic: some word of the part's `pending` may not be 0 */
} gc_part;

typedef struct gc_trace gc_trace;

/* What a collector thread has to itself. */
typedef struct gc_worker {
    _Alignas(64) gc_trace *trace;
    const gc_index *index;
    uint16_t *buckets; /* BUCKET_CAPACITY a part */
    uint16_t *filled;  /* by part */
    size_t stack_count;
    weft_object **stack;
    uint32_t ring_at;
    weft_object *ring[RING_CAPACITY];
    uint64_t candidates, ephemerons; /* met in subtract */
} gc_worker;

struct gc_trace {
    weft_runtime *runtime;
    gc_index index;
    uint32_t held; /* references to each that are the run's own */
    bool listed;   /* the index is of a list, all of which are candidates */
    uint32_t part_shift;
    uint32_t parts_count;
    gc_part *parts;
    uint32_t next;            /* atomic: the next part to be worked on in this pass */
    uint32_t idle;            /* atomic: workers that have nothing to mark */
    uint32_t any_white;       /* atomic: some candidate has no reference from outside */
    weft_object **ephemerons; /* reached; their keys are asked at the end */
    size_t ephemerons_count;  /* atomic */
    size_t ephemerons_bytes;
    uint32_t workers_count;
    gc_worker *workers;
    void *memory; /* of the parts and the workers */
    size_t memory_bytes;
    uint64_t candidates; /* met in subtract */
};

/* The index is open, and closed by who opened it. MEMORY: nothing made. */
weft_status gc_trace_open(gc_trace *t, weft_runtime *runtime, uint32_t workers);
void gc_trace_close(gc_trace *t);

void gc_trace_subtract(gc_trace *t);
/* After gc_trace_subtract, and gc_trace_reserve: room for the ephemerons that were met. MEMORY: nothing changed. */
weft_status gc_trace_reserve(gc_trace *t);
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

/* The next part nobody has taken in this pass, or parts_count. */
static inline uint32_t gc_part_take(gc_trace *t)
{
    uint32_t part = __atomic_fetch_add(&t->next, 1, __ATOMIC_RELAXED); /* order: none - the crew's barrier gives it */
    return part < t->parts_count ? part : t->parts_count;
}

#endif
