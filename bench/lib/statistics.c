/* statistics.c - see statistics.h. Quartiles by linear interpolation between the closest ranks. */
#include "lib/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t count, double q)
{
    double rank = q * (double)(count - 1);
    size_t below = (size_t)rank;
    if (below + 1 >= count)
        return sorted[count - 1];
    double part = rank - (double)below;
    return sorted[below] + part * (sorted[below + 1] - sorted[below]);
}

spread spread_of(double *values, size_t count)
{
    double *copy = malloc(count * sizeof *copy);
    double *sorted = copy ? memcpy(copy, values, count * sizeof *copy) : values;
    qsort(sorted, count, sizeof *sorted, compare_doubles);
    spread s = {
        .median = quantile(sorted, count, 0.5),
        .low = quantile(sorted, count, 0.25),
        .high = quantile(sorted, count, 0.75),
        .min = sorted[0],
        .max = sorted[count - 1],
    };
    free(copy);
    return s;
}

double geometric_mean(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += log(values[i]);
    return count ? exp(sum / (double)count) : 1;
}
