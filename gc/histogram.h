/* histogram.h - a distribution of 64-bit values in fixed memory, as HdrHistogram (Tene) keeps it: buckets that are linear
 * within a power of two, so that each is at most 1/64 of its values wide and its middle within 1 % of all of them.
 *
 * One writer at a time; readers at any time, without a lock: each number they see is one that was true, though not all of
 * the same moment. */
#ifndef WEFT_GC_HISTOGRAM_H
#define WEFT_GC_HISTOGRAM_H

#include "weft/gc.h"

enum {
    HISTOGRAM_BITS = 6, /* of a value that tell buckets apart, below its highest one */
    HISTOGRAM_STEPS = 1 << HISTOGRAM_BITS,
    HISTOGRAM_BUCKETS = (64 - HISTOGRAM_BITS + 1) * HISTOGRAM_STEPS
};

/* Zeroed: empty. All fields atomic. */
typedef struct histogram {
    uint64_t sum, least, most;
    uint64_t buckets[HISTOGRAM_BUCKETS];
} histogram;

void histogram_add(histogram *h, uint64_t value);
void histogram_read(const histogram *h, weft_gc_histogram *summary);

#endif
