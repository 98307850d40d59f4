/* flavours.h - runs weft_bench of either flavour and reads its line of JSON. */
#ifndef WEFT_BENCH_FLAVOURS_H
#define WEFT_BENCH_FLAVOURS_H

#include <stdbool.h>
#include <stdint.h>

/* Paths of the two executables. */
typedef struct flavours {
    const char *gil;
    const char *ft;
} flavours;

typedef struct bench_run {
    double seconds;
    double peak_bytes;
    char checksum[20];
} bench_run;

/* One run of a workload, or of a fraction of it. False after a message on stderr. */
bool flavours_run(const char *program, const char *workload, uint32_t threads, bool quick, bench_run *run);

/* One run of a probe, or a trial of it with small heaps. False after a message on stderr. */
bool flavours_probe(const char *program, const char *probe, uint32_t threads, bool quick, double *value);

#endif
