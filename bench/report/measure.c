/* measure.c - the two flavours in turn, again and again, then one thread against two.
 *
 * A round runs each side once, and the next round in the other order, so that neither always comes first. There are as
 * many rounds as fit in the time, at least three. Both flavours must come to the same checksum. */
#include "report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/process.h"
#include "lib/timing.h"

/* Two programs that run the same workload; which is first changes with the round. */
typedef struct contest {
    const char *programs[2];
    uint32_t threads[2];
} contest;

typedef struct outcome {
    double seconds[2][ROUNDS_MAX];
    double peak[2][ROUNDS_MAX];
    uint32_t rounds;
} outcome;

static bool run_round(const contest *c, const char *workload, bool quick, outcome *o)
{
    bench_run runs[2];
    uint32_t round = o->rounds++;
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t side = (i + round) % 2;
        if (!flavours_run(c->programs[side], workload, c->threads[side], quick, &runs[side]))
            return false;
        o->seconds[side][round] = runs[side].seconds;
        o->peak[side][round] = runs[side].peak_bytes;
    }
    if (strcmp(runs[0].checksum, runs[1].checksum) == 0)
        return true;
    fprintf(stderr, "bench: %s: %s came to %s, %s to %s\n", workload, c->programs[0], runs[0].checksum, c->programs[1],
            runs[1].checksum);
    return false;
}

static bool run_rounds(const report *r, const contest *c, const char *workload, outcome *o)
{
    double start = seconds_now();
    o->rounds = 0;
    while (o->rounds < r->rounds) {
        double spent = seconds_now() - start;
        if (o->rounds >= ROUNDS_MIN && spent + spent / o->rounds > r->seconds_each)
            break;
        fputc('.', stderr);
        if (!run_round(c, workload, r->quick, o))
            return false;
    }
    return true;
}

static spread ratios(const double *over, const double *under, uint32_t count)
{
    double each[ROUNDS_MAX];
    for (uint32_t i = 0; i < count; i++)
        each[i] = over[i] / under[i];
    return spread_of(each, count);
}

static bool compare_flavours(const report *r, comparison *c)
{
    const contest both = {{r->programs.gil, r->programs.ft}, {1, 1}};
    outcome o;
    if (!run_rounds(r, &both, c->name, &o))
        return false;
    c->rounds = o.rounds;
    c->gil_seconds = spread_of(o.seconds[0], o.rounds);
    c->ft_seconds = spread_of(o.seconds[1], o.rounds);
    c->gil_peak = spread_of(o.peak[0], o.rounds);
    c->ft_peak = spread_of(o.peak[1], o.rounds);
    c->time_ratio = ratios(o.seconds[1], o.seconds[0], o.rounds);
    c->memory_ratio = ratios(o.peak[1], o.peak[0], o.rounds);
    return true;
}

static bool compare_threads(const report *r, comparison *c)
{
    const contest both = {{r->programs.ft, r->programs.ft}, {1, REPORT_THREADS}};
    outcome o;
    if (!run_rounds(r, &both, c->name, &o))
        return false;
    c->thread_rounds = o.rounds;
    c->one_thread_seconds = spread_of(o.seconds[0], o.rounds);
    c->two_threads_seconds = spread_of(o.seconds[1], o.rounds);
    c->speedup = ratios(o.seconds[0], o.seconds[1], o.rounds);
    return true;
}

/* `list` of weft_bench: a line a workload, name, tab, summary. */
static bool list_workloads(report *r)
{
    const char *const argv[] = {r->programs.ft, "list", NULL};
    process_result result;
    if (!process_run(argv, &result))
        return false;
    char *rest = NULL;
    for (char *line = strtok_r(result.output, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *tab = strchr(line, '\t');
        if (!tab || r->count == WORKLOADS_MAX)
            continue;
        comparison *c = &r->comparisons[r->count++];
        snprintf(c->name, sizeof c->name, "%.*s", (int)(tab - line), line);
        snprintf(c->summary, sizeof c->summary, "%s", tab + 1);
    }
    free(result.output);
    return true;
}

/* The geometric means of the workloads' medians and of their quartiles. */
static spread mean_over(const report *r, bool memory)
{
    double median[WORKLOADS_MAX], low[WORKLOADS_MAX], high[WORKLOADS_MAX];
    for (uint32_t i = 0; i < r->count; i++) {
        const comparison *c = &r->comparisons[i];
        const spread *s = memory ? &c->memory_ratio : &c->time_ratio;
        median[i] = s->median;
        low[i] = s->low;
        high[i] = s->high;
    }
    return (spread){
        .median = geometric_mean(median, r->count),
        .low = geometric_mean(low, r->count),
        .high = geometric_mean(high, r->count),
    };
}

/* Shows which workload runs: a line that the row overwrites on a terminal, one of its own elsewhere. */
static bool measure_one(const report *r, comparison *c, bool (*measure)(const report *, comparison *), const char *what)
{
    fprintf(stderr, "%s, %s ", c->name, what);
    bool ok = measure(r, c);
    fputs(ok && isatty(STDERR_FILENO) ? "\r\033[K" : "\n", stderr);
    return ok;
}

bool report_measure(report *r)
{
    if (!list_workloads(r) || r->count == 0)
        return false;
    report_print_head();
    for (uint32_t i = 0; i < r->count; i++) {
        if (!measure_one(r, &r->comparisons[i], compare_flavours, "both flavours in turn"))
            return false;
        report_print_row(&r->comparisons[i]);
    }
    r->time_ratio = mean_over(r, false);
    r->memory_ratio = mean_over(r, true);
    report_print_means(r);
    for (uint32_t i = 0; i < r->count; i++) {
        if (!measure_one(r, &r->comparisons[i], compare_threads, "1 and 2 threads in turn"))
            return false;
        report_print_speedup(&r->comparisons[i]);
    }
    return true;
}
