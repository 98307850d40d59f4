/* results.c - results.json: every figure a median, with "<figure>_quartiles" beside it. "trial" is there,
 * and true, if only a fraction of the work was done. */
#include "report/report.h"

#include <stdio.h>

static void write_spread(json_writer *json, const char *key, spread s)
{
    char beside[64];
    snprintf(beside, sizeof beside, "%s_quartiles", key);
    json_number(json, key, s.median);
    json_array(json, beside);
    json_number(json, NULL, s.low);
    json_number(json, NULL, s.high);
    json_end_array(json);
}

static void write_workload(json_writer *json, const comparison *c)
{
    json_map(json, NULL);
    json_string(json, "name", c->name);
    json_integer(json, "runs", c->rounds);
    write_spread(json, "gil_seconds", c->gil_seconds);
    write_spread(json, "ft_seconds", c->ft_seconds);
    write_spread(json, "time_ratio", c->time_ratio);
    write_spread(json, "gil_peak_bytes", c->gil_peak);
    write_spread(json, "ft_peak_bytes", c->ft_peak);
    write_spread(json, "memory_ratio", c->memory_ratio);
    json_end_map(json);
}

static void write_threads(json_writer *json, const comparison *c)
{
    json_map(json, NULL);
    json_string(json, "name", c->name);
    json_integer(json, "threads", REPORT_THREADS);
    json_integer(json, "runs", c->thread_rounds);
    write_spread(json, "speedup", c->speedup);
    write_spread(json, "one_thread_seconds", c->one_thread_seconds);
    write_spread(json, "seconds", c->two_threads_seconds);
    json_end_map(json);
}

bool report_write_results(const report *r)
{
    char path[4096];
    json_writer json = json_begin(true);
    json_map(&json, NULL);
    if (r->quick)
        json_boolean(&json, "trial", true);
    json_array(&json, "workloads");
    for (uint32_t i = 0; i < r->count; i++)
        write_workload(&json, &r->comparisons[i]);
    json_end_array(&json);
    json_map(&json, "geomean");
    write_spread(&json, "time_ratio", r->time_ratio);
    write_spread(&json, "memory_ratio", r->memory_ratio);
    json_end_map(&json);
    json_array(&json, "threads");
    for (uint32_t i = 0; i < r->count; i++)
        write_threads(&json, &r->comparisons[i]);
    json_end_array(&json);
    machine_write(&json, "machine", &r->machine);
    json_end_map(&json);
    snprintf(path, sizeof path, "%s/results.json", r->folder);
    return json_finish(&json, path);
}
