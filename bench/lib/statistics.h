/* statistics.h - a figure is the median of repeated runs, with the quartiles beside it: both ignore the run that the
 * machine disturbed. */
#ifndef WEFT_BENCH_STATISTICS_H
#define WEFT_BENCH_STATISTICS_H

#include <stddef.h>

typedef struct spread {
    double median;
    double low, high; /* first and third quartile */
    double min, max;
} spread;

/* Of `count` values, at least 1; sorts a copy, or `values` itself if memory is short. */
spread spread_of(double *values, size_t count);

/* Geometric mean of positive numbers; 1 of none. */
double geometric_mean(const double *values, size_t count);

#endif
