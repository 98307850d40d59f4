/* table.c - the table that `make run` prints: each row as soon as it is measured. */
#include "report/report.h"

#include <stdio.h>

static const double mib = 1024 * 1024;

void report_print_head(void)
{
    printf("\n%-14s %9s %9s %7s %13s   %9s %9s %7s\n", "workload", "GIL s", "FT s", "ratio", "(quartiles)", "GIL MiB",
           "FT MiB", "ratio");
    fflush(stdout);
}

void report_print_row(const comparison *c)
{
    printf("%-14s %9.3f %9.3f %7.3f  (%.3f-%.3f)   %9.1f %9.1f %7.3f\n", c->name, c->gil_seconds.median,
           c->ft_seconds.median, c->time_ratio.median, c->time_ratio.low, c->time_ratio.high, c->gil_peak.median / mib,
           c->ft_peak.median / mib, c->memory_ratio.median);
    fflush(stdout);
}

void report_print_means(const report *r)
{
    printf("%-14s %9s %9s %7.3f  (%.3f-%.3f)   %9s %9s %7.3f\n\n", "geometric mean", "", "", r->time_ratio.median,
           r->time_ratio.low, r->time_ratio.high, "", "", r->memory_ratio.median);
    printf("2 threads over 1, free-threaded\n");
    printf("%-14s %9s %9s %8s %13s\n", "workload", "1 thread", "2 threads", "speed-up", "(quartiles)");
    fflush(stdout);
}

void report_print_speedup(const comparison *c)
{
    printf("%-14s %8.3fs %8.3fs %8.2f    (%.2f-%.2f)\n", c->name, c->one_thread_seconds.median,
           c->two_threads_seconds.median, c->speedup.median, c->speedup.low, c->speedup.high);
    fflush(stdout);
}
