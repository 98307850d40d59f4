/* subtract_ft.c - how many references to each object come from outside the index: all there are, less one for each
 * reference that an object of the index holds.
 *
 * A thread takes a part of the numbers, goes through its objects in address order, sets their counts, and asks each what it
 * refers to; that is subtracted a bucket at a time.
 * Counts are modulo 2^32: they go below zero while the pass runs. */
#include "gc/trace_ft.h"

#include "gc/crew_ft.h"

static __attribute__((noinline)) void bucket_subtract(gc_worker *w, uint32_t part, uint16_t *end, uint32_t n)
{
    gc_trace *t = w->trace;
    const uint16_t *bucket = end - n;
    uint32_t *counts = t->index.counts + ((size_t)part << t->part_shift), in_part = (1u << t->part_shift) - 1;
    w->next[part] = end - n;
    gc_part_lock(t, &t->parts[part]);
    for (uint32_t i = 0; i < n; i++)
        counts[bucket[i] & in_part]--;
    gc_part_unlock(&t->parts[part]);
}

static int subtract_child(weft_object *child, void *arg)
{
    gc_worker *w = (gc_worker *)arg;
    uint32_t number = gc_index_of(w->index, child), part = number >> w->part_shift;
    if (number == 0)
        return 0;
    uint16_t *next = w->next[part];
    if (WEFT_UNLIKELY(gc_bucket_put(w, part, next, number)))
        bucket_subtract(w, part, next + 1, w->bucket_bytes / sizeof *next);
    return 0;
}

bool gc_references(weft_runtime *runtime, const weft_object *o, uint64_t *count)
{
    uint16_t owner = weft_load_relaxed(&o->owner);
    if (WEFT_UNLIKELY(owner == WEFT_OWNER_STATIC)) {
        *count = o->local ? (uint64_t)shard_sum(runtime, o) : 0;
        return o->local == 0;
    }
    int32_t shared = weft_load_relaxed(&o->shared);
    if (WEFT_UNLIKELY(shared_is_saturated(shared)))
        return true;
    int64_t references = (int64_t)(shared >> 2) + (owner == WEFT_OWNER_NONE ? 0 : o->local);
    if (WEFT_UNLIKELY(object_bits(o) & WEFT_BIT_DEFERRED))
        references -= COUNT_DEFERRED;
    *count = (uint64_t)references;
    return false;
}

typedef struct word_counts {
    uint32_t references[INDEX_WORD]; /* by bit */
    uint64_t white, roots;
} word_counts;

/* Any state of a count. False: it is dead, a block that waits for reuse. */
static __attribute__((noinline)) bool set_references(gc_worker *w, const weft_object *o, uint32_t bit,
                                                     word_counts *word)
{
    uint64_t references = 0;
    if (!object_is_live(o))
        return false;
    if (gc_references(w->trace->runtime, o, &references))
        word->roots |= (uint64_t)1 << bit;
    else
        word->white |= (uint64_t)1 << bit;
    word->references[bit] = (uint32_t)references - w->trace->held;
    return true;
}

/* Almost all have an owner, and a count that is just a number. */
static inline bool is_plain(const weft_object *o, uint8_t bits)
{
    return weft_load_relaxed(&o->owner) != WEFT_OWNER_NONE && weft_load_relaxed(&o->owner) != WEFT_OWNER_STATIC &&
           !(bits & WEFT_BIT_DEFERRED) && !shared_is_saturated(weft_load_relaxed(&o->shared));
}

/* The memory's own prefetching ends where a page ends. */
enum { PREFETCH_BYTES = 1024 };

static inline void subtract_object(gc_worker *w, weft_object *o, uint32_t bit, word_counts *word)
{
    const gc_trace *t = w->trace;
    __builtin_prefetch((const char *)o + PREFETCH_BYTES);
    uint8_t bits = object_bits(o);
    /* Frozen ones, and those that cannot be part of a cycle, are not looked at; nor those that are being destroyed. */
    if ((bits & (WEFT_BIT_TRACKED | WEFT_BIT_FROZEN)) != WEFT_BIT_TRACKED && !t->listed)
        return;
    if (WEFT_LIKELY(is_plain(o, bits))) {
        word->white |= (uint64_t)1 << bit;
        word->references[bit] = o->local + (uint32_t)(weft_load_relaxed(&o->shared) >> 2) - t->held;
    } else if (!set_references(w, o, bit, word)) {
        return;
    }
    const weft_type *type = weft_type_of(o);
    if (WEFT_UNLIKELY(type->flags & WEFT_TYPE_EPHEMERON))
        w->ephemerons++;
    if (WEFT_LIKELY(type->traverse != NULL))
        (void)type->traverse(o, subtract_child, w);
}

static void add_counts(gc_trace *t, uint32_t part, uint32_t first, uint32_t n, const uint32_t *references)
{
    uint32_t *counts = t->index.counts + first;
    gc_part_lock(t, &t->parts[part]);
    for (uint32_t i = 0; i < n; i++)
        counts[i] += references[i];
    gc_part_unlock(&t->parts[part]);
}

/* 64 numbers of an area. */
static void subtract_word(gc_worker *w, uint32_t part, const gc_area *area, uint32_t first)
{
    gc_trace *t = w->trace;
    uint64_t *white = &t->index.white[first / INDEX_WORD];
    word_counts word = {{0}, 0, 0};
    for (uint64_t left = *white; left; left &= left - 1) {
        uint32_t bit = (uint32_t)__builtin_ctzll(left);
        subtract_object(w, gc_area_object(area, first - area->first + bit), bit, &word);
    }
    *white = word.white;
    t->index.pending[first / INDEX_WORD] = word.roots;
    w->candidates += (uint64_t)__builtin_popcountll(word.white | word.roots);
    add_counts(t, part, first, INDEX_WORD, word.references);
}

static void subtract_part(gc_worker *w, uint32_t part)
{
    const gc_trace *t = w->trace;
    uint32_t first, end;
    for (size_t a = t->parts[part].area; gc_part_area(t, part, a, &first, &end); a++)
        for (uint32_t number = first; number < end; number += INDEX_WORD)
            subtract_word(w, part, &t->index.areas[a], number);
}

static void subtract_work(void *arg, uint32_t who)
{
    gc_trace *t = (gc_trace *)arg;
    gc_worker *w = &t->workers[who];
    for (uint32_t part; (part = gc_part_take(t)) < t->parts_count;)
        subtract_part(w, part);
    for (uint32_t part = 0; part < t->parts_count; part++)
        bucket_subtract(w, part, w->next[part], gc_bucket_count(w, w->next[part]));
}

void gc_trace_subtract(gc_trace *t)
{
    t->next = 0;
    gc_crew_run(t->runtime, t->workers_count, subtract_work, t);
    for (uint32_t i = 0; i < t->workers_count; i++)
        t->candidates += t->workers[i].candidates;
}
