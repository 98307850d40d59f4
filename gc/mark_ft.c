/* mark_ft.c - what is reachable from pending objects, or from threads' roots, loses its white bit.
 *
 * A pending object has lost its white bit and is to be traversed. A thread that finds a part with such objects takes all
 * there are, and traverses them in address order, each after a while in a ring, on its way into the cache (after Cher,
 * Hosking and Vitek, "Software prefetching for mark-sweep garbage collection", ASPLOS 2004). What they refer to goes into
 * buckets by part. When a bucket is worked off, what was white becomes pending, and waits in its part for whoever comes: so
 * marking allocates nothing, recurses nowhere, every object is traversed once, a million items of one array are shared by
 * all threads, and the longer a part waits the nearer together are the objects that are taken from it.
 *
 * As long as only a few are known - at the root of a tree, along a list - they are traversed at once, without the detour.
 *
 * An ephemeron table is put aside when it is reached. When nothing else is left, the values whose keys are reached
 * are marked, until that brings nothing new. */
#include "gc/crew_ft.h"
#include "gc/trace_ft.h"
#include "refcount/weak.h"

#include <string.h>

enum {
    FEW = 64,          /* numbers in buckets that are not worth the detour */
    TOUCHED = 1 << 15, /* beside the number of those in a bucket: the part is in `touched` */
    IDLE_YIELDS = 100, /* before an idle thread sleeps */
    IDLE_NS = 50 * 1000
};

/* ---- buckets -------------------------------------------------------------------------------------------------------- */

static void tell_pending(gc_trace *t, uint32_t part)
{
    /* order: seq_cst - pairs with part_claim and await_work: who finds the flag finds the bits under the lock, and who counts
     * itself idle has looked at the flags before. */
    weft_store_seq_cst(&t->parts[part].pending, 1);
    if (weft_load_relaxed(&t->sleeping)) /* order: relaxed - who is missed wakes by itself */
        platform_wake_all(&t->idle);
}

/* Of the `n` numbers at `bucket` those that are white become pending. */
static __attribute__((noinline)) void bucket_mark(gc_worker *w, uint32_t part, const uint16_t *bucket, uint32_t n)
{
    gc_trace *t = w->trace;
    size_t words = ((size_t)part << t->part_shift) / INDEX_WORD;
    uint64_t *white = t->index.white + words, *pending = t->index.pending + words;
    uint32_t in_part = (1u << t->part_shift) - 1;
    size_t marked = 0;
    gc_part_lock(t, &t->parts[part]);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t word = (bucket[i] & in_part) / INDEX_WORD, bit = bucket[i] % INDEX_WORD;
        uint64_t taken = white[word] & (uint64_t)1 << bit;
        white[word] ^= taken;
        pending[word] |= taken;
        marked += taken >> bit;
    }
    gc_part_unlock(&t->parts[part]);
    w->marked += marked;
    if (marked)
        tell_pending(t, part);
}

/* A part that is not in `touched` has the lowest bit of its place set. */
static const uintptr_t UNTOUCHED = 1;

static bool is_untouched(const uint16_t *next)
{
    return ((uintptr_t)next & UNTOUCHED) != 0;
}

static void untouch(gc_worker *w, uint32_t part, uint16_t *begin)
{
    w->next[part] = (uint16_t *)(void *)((char *)begin + UNTOUCHED);
}

static uint16_t *touch(gc_worker *w, uint32_t part, uint16_t *next)
{
    w->touched[w->touched_count++] = (uint16_t)part;
    return (uint16_t *)(void *)((char *)next - UNTOUCHED);
}

static int mark_child(weft_object *child, void *arg)
{
    gc_worker *w = (gc_worker *)arg;
    uint32_t number = gc_index_of(w->index, child), part = number >> w->part_shift;
    if (number == 0)
        return 0;
    uint16_t *next = w->next[part];
    if (WEFT_UNLIKELY(is_untouched(next)))
        next = touch(w, part, next);
    if (WEFT_UNLIKELY(gc_bucket_put(w, part, next, number))) {
        uint32_t n = w->bucket_bytes / (uint32_t)sizeof *next;
        w->next[part] = next + 1 - n;
        bucket_mark(w, part, next + 1 - n, n);
    }
    return 0;
}

/* Numbers that wait in buckets, or some number above FEW. */
static uint32_t waiting(const gc_worker *w)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < w->touched_count && count <= FEW; i++)
        count += gc_bucket_count(w, w->next[w->touched[i]]);
    return count;
}

/* Takes a bucket off the list of those that have been touched, and what is in it with it: it is at *bucket until more comes. */
static uint32_t bucket_next(gc_worker *w, uint16_t **bucket, uint32_t *n)
{
    uint32_t part = w->touched[--w->touched_count];
    *n = gc_bucket_count(w, w->next[part]);
    *bucket = w->next[part] - *n;
    untouch(w, part, *bucket);
    return part;
}

static void buckets_mark(gc_worker *w)
{
    while (w->touched_count) {
        uint16_t *bucket;
        uint32_t n, part = bucket_next(w, &bucket, &n);
        bucket_mark(w, part, bucket, n);
    }
}

static void buckets_open(gc_trace *t)
{
    for (uint32_t i = 0; i < t->workers_count; i++)
        for (uint32_t part = 0; part < t->parts_count; part++)
            untouch(&t->workers[i], part, t->workers[i].next[part]);
}

/* ---- one object after the other -------------------------------------------------------------------------------------- */

static void put_aside(gc_trace *t, weft_object *o)
{
    /* order: relaxed - read when all have come to the crew's barrier. */
    t->ephemerons[__atomic_fetch_add(&t->ephemerons_count, 1, __ATOMIC_RELAXED)] = o;
}

static void traverse(gc_worker *w, weft_object *o)
{
    const weft_type *type = weft_type_of(o);
    if (WEFT_UNLIKELY(type->flags & WEFT_TYPE_EPHEMERON))
        put_aside(w->trace, o);
    else if (WEFT_LIKELY(type->traverse != NULL))
        (void)type->traverse(o, mark_child, w);
}

/* `o` goes into the ring, and, if that was full, what has been there longest is traversed. */
static inline void ring_pass(gc_worker *w, weft_object *o)
{
    __builtin_prefetch(o);
    __builtin_prefetch((const char *)o + sizeof *o); /* what it refers to may begin in the next line */
    if (WEFT_UNLIKELY(w->ring_count < RING_CAPACITY)) {
        w->ring[(w->ring_first + w->ring_count++) % RING_CAPACITY] = o;
        return;
    }
    uint32_t at = w->ring_first;
    weft_object *oldest = w->ring[at];
    w->ring[at] = o;
    w->ring_first = (at + 1) % RING_CAPACITY;
    traverse(w, oldest);
}

static void ring_finish(gc_worker *w)
{
    while (w->ring_count) {
        weft_object *oldest = w->ring[w->ring_first];
        w->ring_first = (w->ring_first + 1) % RING_CAPACITY;
        w->ring_count--;
        traverse(w, oldest);
    }
}

/* ---- the parts' pending objects -------------------------------------------------------------------------------------- */

static uint32_t part_words(const gc_trace *t, uint32_t part)
{
    uint32_t low = part << t->part_shift, most = 1u << t->part_shift;
    return (t->index.size - low < most ? t->index.size - low : most) / INDEX_WORD;
}

static void take_pending(gc_worker *w, uint32_t part)
{
    gc_trace *t = w->trace;
    size_t bytes = part_words(t, part) * sizeof(uint64_t);
    uint64_t *pending = t->index.pending + ((size_t)part << t->part_shift) / INDEX_WORD;
    gc_part_lock(t, &t->parts[part]);
    memcpy(w->taken, pending, bytes);
    memset(pending, 0, bytes);
    gc_part_unlock(&t->parts[part]);
}

static void drain_part(gc_worker *w, uint32_t part)
{
    const gc_trace *t = w->trace;
    uint32_t first, end;
    take_pending(w, part);
    for (size_t a = t->parts[part].area; gc_part_area(t, part, a, &first, &end); a++) {
        const gc_area *area = &t->index.areas[a];
        const uint64_t *word = w->taken + (first & ((1u << t->part_shift) - 1)) / INDEX_WORD;
        for (uint32_t number = first; number < end; number += INDEX_WORD)
            for (uint64_t bits = *word++; bits; bits &= bits - 1)
                ring_pass(w, gc_area_object(area, number - area->first + (uint32_t)__builtin_ctzll(bits)));
    }
}

static bool part_claim(gc_part *part)
{
    /* order: seq_cst - tell_pending */
    return weft_load_seq_cst(&part->pending) && __atomic_exchange_n(&part->pending, 0, __ATOMIC_SEQ_CST);
}

/* Drains parts that have something, until it has come by as many as there are. All threads go round together, so that a
 * part has a round's time to gather more. False: none had. */
static bool drain_round(gc_worker *w)
{
    gc_trace *t = w->trace;
    bool any = false;
    for (uint32_t i = 0; i < t->parts_count; i++) {
        uint32_t part = __atomic_fetch_add(&t->next, 1, __ATOMIC_RELAXED) % t->parts_count; /* order: none - a place */
        if (!part_claim(&t->parts[part]))
            continue;
        any = true;
        drain_part(w, part);
        if (weft_load_relaxed(&t->idle) != 0) /* others have nothing to do: what is known is for all */
            buckets_mark(w);
    }
    return any;
}

/* ---- few -------------------------------------------------------------------------------------------------------------- */

static weft_object *object_at(const gc_trace *t, uint32_t part, uint32_t number)
{
    const gc_index *ix = &t->index;
    size_t low = t->parts[part].area, high = part + 1 < t->parts_count ? t->parts[part + 1].area + 1 : ix->areas_count;
    if (high > ix->areas_count)
        high = ix->areas_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (ix->areas[middle].first <= number)
            low = middle;
        else
            high = middle;
    }
    return gc_area_object(&ix->areas[low], number - ix->areas[low].first);
}

/* What is white of `n` numbers, at most FEW, is traversed at once. */
static void bucket_traverse(gc_worker *w, uint32_t part, const uint16_t *bucket, uint32_t n)
{
    gc_trace *t = w->trace;
    uint32_t numbers[FEW], count = 0, low = part << t->part_shift, in_part = (1u << t->part_shift) - 1;
    gc_part_lock(t, &t->parts[part]);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t number = low + (bucket[i] & in_part);
        uint64_t *white = &t->index.white[number / INDEX_WORD], bit = (uint64_t)1 << number % INDEX_WORD;
        if (*white & bit)
            numbers[count++] = number;
        *white &= ~bit;
    }
    gc_part_unlock(&t->parts[part]);
    w->marked += count;
    for (uint32_t i = 0; i < count; i++)
        ring_pass(w, object_at(t, part, numbers[i]));
}

/* Until all that this thread knows of is pending, or traversed. */
static void worker_drain(gc_worker *w)
{
    uint32_t count;
    for (ring_finish(w); (count = waiting(w)) != 0; ring_finish(w)) {
        bool alone = weft_load_relaxed(&w->trace->idle) == 0; /* else only a list is kept to oneself */
        if (count > (alone ? FEW : 1))
            break;
        uint16_t *bucket;
        uint32_t n, part = bucket_next(w, &bucket, &n);
        bucket_traverse(w, part, bucket, n);
    }
    buckets_mark(w);
}

/* ---- all of them ------------------------------------------------------------------------------------------------------ */

static bool any_pending(const gc_trace *t)
{
    for (uint32_t part = 0; part < t->parts_count; part++)
        if (weft_load_seq_cst(&t->parts[part].pending))
            return true;
    return false;
}

static void idle_wait(gc_trace *t, uint32_t idle, uint32_t times)
{
    if (times < IDLE_YIELDS) {
        platform_yield();
        return;
    }
    __atomic_fetch_add(&t->sleeping, 1, __ATOMIC_RELAXED); /* order: tell_pending */
    platform_wait(&t->idle, idle, IDLE_NS);
    __atomic_fetch_sub(&t->sleeping, 1, __ATOMIC_RELAXED);
}

/* True: there is something to do; false: it is over, for this thread at least. */
static bool await_work(gc_trace *t)
{
    /* order: seq_cst - a thread looks for flags after it has counted itself idle, and stops being idle before it takes one: so
     * who leaves has seen every flag that it has ever set taken, by a thread that was not idle and will look again. */
    uint32_t idle = __atomic_add_fetch(&t->idle, 1, __ATOMIC_SEQ_CST);
    for (uint32_t i = 0;; i++) {
        if (any_pending(t)) {
            __atomic_sub_fetch(&t->idle, 1, __ATOMIC_SEQ_CST);
            return true;
        }
        if (idle == t->workers_count)
            break;
        idle_wait(t, idle, i);
        idle = weft_load_seq_cst(&t->idle);
    }
    platform_wake_all(&t->idle);
    return false;
}

static void mark_work(void *arg, uint32_t who)
{
    gc_trace *t = (gc_trace *)arg;
    gc_worker *w = &t->workers[who];
    if (who != 0) /* until it came it was idle */
        __atomic_sub_fetch(&t->idle, 1, __ATOMIC_SEQ_CST);
    do {
        do
            worker_drain(w);
        while (drain_round(w));
    } while (await_work(t));
}

/* ---- ephemerons -------------------------------------------------------------------------------------------------------- */

static bool is_reached(weft_object *key, void *arg)
{
    const gc_index *ix = ((const gc_worker *)arg)->index;
    uint32_t number = gc_index_of(ix, key);
    return number == 0 || !(ix->white[number / INDEX_WORD] >> number % INDEX_WORD & 1);
}

/* The values of reached keys in the tables that have been put aside. True: some were new. */
static bool mark_values(gc_trace *t)
{
    gc_worker *w = &t->workers[0];
    size_t before = w->marked;
    for (size_t i = 0; i < t->ephemerons_count; i++) {
        weak_table_traverse(t->ephemerons[i], is_reached, mark_child, w);
        worker_drain(w); /* may put more of them aside */
    }
    return w->marked != before;
}

static void mark_all(gc_trace *t)
{
    t->idle = t->workers_count - 1;
    gc_crew_run(t->runtime, t->workers_count, mark_work, t);
}

void gc_trace_mark(gc_trace *t)
{
    if (!gc_trace_find_roots(t))
        return;
    buckets_open(t);
    gc_visit_roots_stopped(t->runtime, mark_child, &t->workers[0]);
    do {
        mark_all(t);
    } while (mark_values(t));
}
