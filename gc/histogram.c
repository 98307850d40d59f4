/* histogram.c - see histogram.h. */
#include "gc/histogram.h"

/* Values below STEPS have a bucket each; above, STEPS buckets for each power of two. */
static unsigned bucket_of(uint64_t value)
{
    if (value < HISTOGRAM_STEPS)
        return (unsigned)value;
    unsigned shift = 63 - (unsigned)__builtin_clzll(value) - HISTOGRAM_BITS;
    return (shift << HISTOGRAM_BITS) + (unsigned)(value >> shift);
}

/* The middle of the bucket. */
static uint64_t bucket_value(unsigned bucket)
{
    if (bucket < 2 * HISTOGRAM_STEPS)
        return bucket;
    unsigned shift = (bucket >> HISTOGRAM_BITS) - 1;
    uint64_t low = (uint64_t)(bucket - (shift << HISTOGRAM_BITS)) << shift;
    return low + ((uint64_t)1 << (shift - 1));
}

static void increase(uint64_t *field, uint64_t by)
{
    weft_store_relaxed(field, weft_load_relaxed(field) + by); /* one writer */
}

void histogram_add(histogram *h, uint64_t value)
{
    if (weft_load_relaxed(&h->least) > value || weft_load_relaxed(&h->most) == 0)
        weft_store_relaxed(&h->least, value);
    if (weft_load_relaxed(&h->most) < value)
        weft_store_relaxed(&h->most, value);
    increase(&h->sum, value);
    increase(&h->buckets[bucket_of(value)], 1);
}

/* The value that `rank` of the values, from the least on, do not exceed. */
static uint64_t value_at(const histogram *h, uint64_t rank)
{
    uint64_t seen = 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += weft_load_relaxed(&h->buckets[i]);
        if (seen >= rank)
            return bucket_value(i);
    }
    return weft_load_relaxed(&h->most);
}

static uint64_t percentile(const histogram *h, const weft_gc_histogram *summary, unsigned per_mille)
{
    uint64_t rank = (summary->count * per_mille + 999) / 1000;
    uint64_t value = value_at(h, rank ? rank : 1);
    return value < summary->min ? summary->min : value > summary->max ? summary->max : value;
}

void histogram_read(const histogram *h, weft_gc_histogram *summary)
{
    *summary = (weft_gc_histogram){0};
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        summary->count += weft_load_relaxed(&h->buckets[i]);
    if (summary->count == 0)
        return;
    summary->sum = weft_load_relaxed(&h->sum);
    summary->min = weft_load_relaxed(&h->least);
    summary->max = weft_load_relaxed(&h->most);
    summary->p50 = percentile(h, summary, 500);
    summary->p90 = percentile(h, summary, 900);
    summary->p99 = percentile(h, summary, 990);
    summary->p999 = percentile(h, summary, 999);
}
