/* report.h - what weft_report measures and writes. One thread. */
#ifndef WEFT_BENCH_REPORT_H
#define WEFT_BENCH_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/flavours.h"
#include "lib/statistics.h"
#include "report/machine.h"

enum { ROUNDS_MAX = 15, ROUNDS_MIN = 3, WORKLOADS_MAX = 32, REPORT_THREADS = 2 };

/* One workload, both flavours in turn, and the free-threaded one with two threads. Ratios are taken within a round, so
 * that what the machine does in one round touches both sides. */
typedef struct comparison {
    char name[32];
    char summary[128];
    uint32_t rounds, thread_rounds;
    spread gil_seconds, ft_seconds, time_ratio;
    spread gil_peak, ft_peak, memory_ratio;
    spread one_thread_seconds, two_threads_seconds, speedup;
} comparison;

typedef struct report {
    const char *folder;  /* where to write */
    double seconds_each; /* for one workload's rounds */
    uint32_t rounds;     /* at most */
    bool quick;          /* a fraction of the work, to try the report itself */
    flavours programs;
    machine machine;
    uint32_t count;
    comparison comparisons[WORKLOADS_MAX];
    spread time_ratio, memory_ratio; /* geometric means of the medians, and of the quartiles */
} report;

/* Each returns false after a message on stderr. */
bool report_measure(report *r);
bool report_write_results(const report *r);
bool report_write_page(const report *r);

/* The table, on stdout, row by row. */
void report_print_head(void);
void report_print_row(const comparison *c);
void report_print_means(const report *r);
void report_print_speedup(const comparison *c);

/* Charts as SVG text without prolog, malloced; NULL after a message (gnuplot is missing, or failed). */
char *chart_ratios(const report *r, bool memory);
char *chart_speedups(const report *r);

#endif
