/* figures.c - `make bench`: the figures that Weft promises, one by one, each with its goal beside it.
 *
 * A figure is a line of the table below: what it is called, what it must reach, and how it is measured. The raw numbers
 * come from `weft_bench_ft probe NAME` and `weft_bench_gil probe NAME`, processes of their own, run in turn; a ratio is
 * taken between neighbours, and the figure is the median. A figure that falls short is shown as short, and one that could
 * not be measured is there too, without a value. To add one: a probe (probes/table.c) and a line here. */
#include <getopt.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "lib/flavours.h"
#include "lib/json.h"
#include "lib/statistics.h"
#include "report/machine.h"

enum { ROUNDS_MAX = 31, ROUNDS_FEW = 3 };

typedef enum goal_kind { AT_MOST, AT_LEAST } goal_kind;

typedef struct settings {
    flavours programs;
    const char *folder;
    const char *only; /* NULL, or a part of the names to measure */
    uint32_t rounds;
    bool quick; /* a trial: small heaps, values that mean nothing */
} settings;

typedef struct figure figure;

/* Fills *value. False: it could not be measured, and stderr says why. */
typedef bool (*measure_fn)(const figure *f, const settings *s, spread *value);

struct figure {
    const char *name;
    const char *flavour; /* "free-threaded", "gil", or "free-threaded/gil" */
    const char *unit;
    goal_kind kind;
    double goal;
    measure_fn measure;
    const char *source; /* the probe, or the name within results.json */
    uint32_t threads;   /* of the probe */
};

static bool flavour_ratio(const figure *f, const settings *s, spread *value);
static bool free_threaded(const figure *f, const settings *s, spread *value);
static bool thread_speedup(const figure *f, const settings *s, spread *value);
static bool gil_alone(const figure *f, const settings *s, spread *value);
static bool operations_mean(const figure *f, const settings *s, spread *value);
static bool operations_worst(const figure *f, const settings *s, spread *value);
static bool report_mean(const figure *f, const settings *s, spread *value);

static bool free_threaded_few(const figure *f, const settings *s, spread *value);
static bool gil_few(const figure *f, const settings *s, spread *value);
static bool collector_speedup(const figure *f, const settings *s, spread *value);

static const char ft[] = "free-threaded", gil[] = "gil", both[] = "free-threaded/gil";

static const figure figures[] = {
    {"geomean_time_ratio", both, "ratio", AT_MOST, 1.05, report_mean, "time_ratio", 1},
    {"geomean_memory_ratio", both, "ratio", AT_MOST, 1.00, report_mean, "memory_ratio", 1},
    {"count_pair_owner_ratio", both, "ratio", AT_MOST, 1.1, flavour_ratio, "count_pair", 1},
    {"alloc_free_48_ratio", both, "ratio", AT_MOST, 1.2, flavour_ratio, "alloc_free_48", 1},
    {"alloc_free_48_ns", ft, "ns", AT_MOST, 3.5, free_threaded, "alloc_free_48", 1},
    {"private_work_2_threads_speedup", ft, "times", AT_LEAST, 1.9, thread_speedup, "private_work", 2},
    {"sharded_hot_2_threads_speedup", ft, "times", AT_LEAST, 1.9, thread_speedup, "sharded_hot", 2},
    {"op_sort_ratio", both, "ratio", AT_MOST, 1.15, flavour_ratio, "op_sort", 1},
    {"attach_detach_us", ft, "us", AT_MOST, 2, free_threaded, "attach_detach", 1},
    {"dict_random_peek_2_threads_speedup", ft, "times", AT_LEAST, 1.9, thread_speedup, "dict_random_peek", 2},
    {"dict_hot_peek_2_threads_speedup", ft, "times", AT_LEAST, 1.9, thread_speedup, "dict_hot_peek", 2},
    {"time_to_stop_p99_us", ft, "us", AT_MOST, 100, free_threaded, "time_to_stop_p99", 2},
    {"full_live_5m_ns_per_object", ft, "ns", AT_MOST, 35, free_threaded_few, "full_live_5m", 1},
    {"full_rooted_5m_ns_per_object", ft, "ns", AT_MOST, 45, free_threaded_few, "full_rooted_5m", 1},
    {"full_live_1m_ns_per_object", ft, "ns", AT_MOST, 26, free_threaded_few, "full_live_1m", 1},
    {"full_rooted_1m_ns_per_object", ft, "ns", AT_MOST, 40, free_threaded_few, "full_rooted_1m", 1},
    {"garbage_pair_ns_per_object", ft, "ns", AT_MOST, 50, free_threaded_few, "garbage_pair", 1},
    {"collector_2_threads_speedup", ft, "times", AT_LEAST, 1.6, collector_speedup, "full_*_5m", 2},
    {"side_table_bytes_per_block", ft, "bytes", AT_MOST, 5, free_threaded_few, "side_bytes", 1},
    {"fork_dirty_fraction", ft, "ratio", AT_MOST, 0.02, free_threaded_few, "fork_dirty", 1},
    {"fork_dirty_fraction_gil", gil, "ratio", AT_MOST, 2, gil_few, "fork_dirty", 1}, /* beside the one above */
    {"young_10k_on_5m_ms", ft, "ms", AT_MOST, 1, free_threaded, "young_10k_on_5m", 1},
    {"gil_full_live_1m_ns_per_object", gil, "ns", AT_MOST, 90, gil_few, "full_live_1m", 1},
    {"gil_full_rooted_1m_ns_per_object", gil, "ns", AT_MOST, 80, gil_few, "full_rooted_1m", 1},
    {"growth_total_ns_per_object", ft, "ns", AT_MOST, 200, free_threaded_few, "growth_total", 1},
    {"gil_growth_total_ns_per_object", gil, "ns", AT_MOST, 400, gil_few, "growth_total", 1},
    {"cyclic_churn_2_threads_speedup", ft, "times", AT_LEAST, 1.8, thread_speedup, "cyclic_churn", 2},
    {"op_list_get_ratio", both, "ratio", AT_MOST, 1.15, flavour_ratio, "op_list_get", 1},
    {"op_list_set_ratio", both, "ratio", AT_MOST, 1.15, flavour_ratio, "op_list_set", 1},
    {"op_list_append_ratio", both, "ratio", AT_MOST, 1.15, flavour_ratio, "op_list_append", 1},
    {"op_list_iterate_ratio", both, "ratio", AT_MOST, 1.15, flavour_ratio, "op_list_iterate", 1},
    {"op_dict_get_str_ratio", both, "ratio", AT_MOST, 1.15, flavour_ratio, "op_dict_get_str", 1},
    {"op_dict_get_int_ratio", both, "ratio", AT_MOST, 1.15, flavour_ratio, "op_dict_get_int", 1},
    {"op_dict_set_str_ratio", both, "ratio", AT_MOST, 1.15, flavour_ratio, "op_dict_set_str", 1},
    {"op_dict_set_int_ratio", both, "ratio", AT_MOST, 1.15, flavour_ratio, "op_dict_set_int", 1},
    {"op_dict_iterate_str_ratio", both, "ratio", AT_MOST, 1.15, flavour_ratio, "op_dict_iterate_str", 1},
    {"op_dict_iterate_int_ratio", both, "ratio", AT_MOST, 1.15, flavour_ratio, "op_dict_iterate_int", 1},
    {"op_str_concat_ratio", both, "ratio", AT_MOST, 1.15, flavour_ratio, "op_str_concat", 1},
    {"op_str_hash_ratio", both, "ratio", AT_MOST, 1.15, flavour_ratio, "op_str_hash", 1},
    {"op_slot_get_ratio", both, "ratio", AT_MOST, 1.15, flavour_ratio, "op_slot_get", 1},
    {"op_slot_set_ratio", both, "ratio", AT_MOST, 1.15, flavour_ratio, "op_slot_set", 1},
    {"op_float_add_ratio", both, "ratio", AT_MOST, 1.15, flavour_ratio, "op_float_add", 1},
    {"ops_geomean_ratio", both, "ratio", AT_MOST, 1.05, operations_mean, "op_", 1},
    {"ops_worst_ratio", both, "ratio", AT_MOST, 1.15, operations_worst, "op_", 1},
    {"make_drop_float_ns", ft, "ns", AT_MOST, 4, free_threaded, "make_drop_float", 1},
    {"make_drop_float_ns", gil, "ns", AT_MOST, 4, gil_alone, "make_drop_float", 1},
    {"make_drop_list_ns", ft, "ns", AT_MOST, 6, free_threaded, "make_drop_list", 1},
    {"make_drop_list_ns", gil, "ns", AT_MOST, 6, gil_alone, "make_drop_list", 1},
    {"make_drop_tuple2_ns", ft, "ns", AT_MOST, 7, free_threaded, "make_drop_tuple2", 1},
    {"make_drop_tuple2_ns", gil, "ns", AT_MOST, 7, gil_alone, "make_drop_tuple2", 1},
    {"make_drop_dict_ns", ft, "ns", AT_MOST, 9, free_threaded, "make_drop_dict", 1},
    {"make_drop_dict_ns", gil, "ns", AT_MOST, 9, gil_alone, "make_drop_dict", 1},
    {"make_drop_dict1_ns", ft, "ns", AT_MOST, 20, free_threaded, "make_drop_dict1", 1},
    {"make_drop_dict1_ns", gil, "ns", AT_MOST, 20, gil_alone, "make_drop_dict1", 1},
    {"bytes_float", ft, "bytes", AT_MOST, 32, free_threaded, "bytes_float", 1},
    {"bytes_int", ft, "bytes", AT_MOST, 32, free_threaded, "bytes_int", 1},
    {"bytes_list", ft, "bytes", AT_MOST, 48, free_threaded, "bytes_list", 1},
    {"bytes_tuple2", ft, "bytes", AT_MOST, 48, free_threaded, "bytes_tuple2", 1},
    {"bytes_instance3", ft, "bytes", AT_MOST, 48, free_threaded, "bytes_instance3", 1},
    {"bytes_dict5", ft, "bytes", AT_MOST, 250, free_threaded, "bytes_dict5", 1},
    {"dict_halves_read_2_threads_speedup", ft, "times", AT_LEAST, 1.9, thread_speedup, "dict_halves_read", 2},
    {"dict_random_read_2_threads_speedup", ft, "times", AT_LEAST, 1.0, thread_speedup, "dict_random_read", 2},
    {"list_private_append_2_threads_speedup", ft, "times", AT_LEAST, 1.9, thread_speedup, "list_private_append", 2},
    {"dict_shared_write_2_threads_speedup", ft, "times", AT_LEAST, 0.9, thread_speedup, "dict_shared_write", 2},
};

enum { FIGURES = sizeof figures / sizeof figures[0] };

/* ---- ways to measure ------------------------------------------------------------------------------------------- */

/* One round of two sides, the second first in every other round. */
static bool run_pair(const settings *s, const char *const programs[2], const uint32_t threads[2], const char *probe,
                     uint32_t round, double values[2])
{
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t side = (i + round) % 2;
        if (!flavours_probe(programs[side], probe, threads[side], s->quick, &values[side]))
            return false;
    }
    return true;
}

/* The first side over the second. */
static bool pair_ratio(const settings *s, const char *const programs[2], const uint32_t threads[2], const char *probe,
                       spread *value)
{
    double ratios[ROUNDS_MAX];
    for (uint32_t round = 0; round < s->rounds; round++) {
        double values[2];
        if (!run_pair(s, programs, threads, probe, round, values))
            return false;
        ratios[round] = values[0] / values[1];
    }
    *value = spread_of(ratios, s->rounds);
    return true;
}

/* What the ratios of single operations have come to: for the figures over all of them, which come after. */
static struct {
    spread of[FIGURES];
    size_t count;
} operations;

static bool flavour_ratio(const figure *f, const settings *s, spread *value)
{
    const char *const programs[2] = {s->programs.ft, s->programs.gil};
    const uint32_t threads[2] = {f->threads, f->threads};
    if (!pair_ratio(s, programs, threads, f->source, value))
        return false;
    if (strncmp(f->source, "op_", 3) == 0)
        operations.of[operations.count++] = *value;
    return true;
}

static double mean_of(size_t offset)
{
    double values[FIGURES];
    for (size_t i = 0; i < operations.count; i++)
        values[i] = *(const double *)((const char *)&operations.of[i] + offset);
    return geometric_mean(values, operations.count);
}

static bool operations_mean(const figure *f, const settings *s, spread *value)
{
    (void)f;
    (void)s;
    *value = (spread){.median = mean_of(offsetof(spread, median)),
                      .low = mean_of(offsetof(spread, low)),
                      .high = mean_of(offsetof(spread, high))};
    return operations.count > 0;
}

static bool operations_worst(const figure *f, const settings *s, spread *value)
{
    (void)f;
    (void)s;
    for (size_t i = 0; i < operations.count; i++)
        if (i == 0 || operations.of[i].median > value->median)
            *value = operations.of[i];
    return operations.count > 0;
}

/* Probes report the time of one operation over all threads, so one thread's over several threads' is the speed-up. */
static bool thread_speedup(const figure *f, const settings *s, spread *value)
{
    const char *const programs[2] = {s->programs.ft, s->programs.ft};
    const uint32_t threads[2] = {1, f->threads};
    return pair_ratio(s, programs, threads, f->source, value);
}

static bool one_flavour(const figure *f, const settings *s, const char *program, spread *value)
{
    double values[ROUNDS_MAX];
    for (uint32_t round = 0; round < s->rounds; round++)
        if (!flavours_probe(program, f->source, f->threads, s->quick, &values[round]))
            return false;
    *value = spread_of(values, s->rounds);
    return true;
}

static bool free_threaded(const figure *f, const settings *s, spread *value)
{
    return one_flavour(f, s, s->programs.ft, value);
}

/* For probes that take seconds, and are medians already. */
static settings few_rounds(const settings *s)
{
    settings few = *s;
    few.rounds = s->rounds < ROUNDS_FEW ? s->rounds : ROUNDS_FEW;
    return few;
}

static bool free_threaded_few(const figure *f, const settings *s, spread *value)
{
    settings few = few_rounds(s);
    return free_threaded(f, &few, value);
}

static bool gil_alone(const figure *f, const settings *s, spread *value)
{
    return one_flavour(f, s, s->programs.gil, value);
}

static bool gil_few(const figure *f, const settings *s, spread *value)
{
    settings few = few_rounds(s);
    return gil_alone(f, &few, value);
}

/* On the shape on which it is less. */
static bool collector_speedup(const figure *f, const settings *s, spread *value)
{
    const char *const programs[2] = {s->programs.ft, s->programs.ft};
    const uint32_t threads[2] = {1, f->threads};
    settings few = few_rounds(s);
    spread rooted;
    if (!pair_ratio(&few, programs, threads, "full_live_5m", value) ||
        !pair_ratio(&few, programs, threads, "full_rooted_5m", &rooted))
        return false;
    if (rooted.median < value->median)
        *value = rooted;
    return true;
}

/* results.json, parsed; NULL if `make run` has not written it, or somebody tried the report on a fraction of the work. */
static yajl_val read_results(const settings *s)
{
    char path[4096];
    size_t size = 0;
    snprintf(path, sizeof path, "%s/results.json", s->folder);
    char *text = file_read(path, &size);
    yajl_val results = text ? yajl_tree_parse(text, NULL, 0) : NULL;
    free(text);
    const char *trial[] = {"trial", NULL};
    bool usable = results && !yajl_tree_get(results, trial, yajl_t_true);
    if (usable)
        return results;
    fprintf(stderr, "bench: %s %s: `make run` writes it\n", path, results ? "is from a trial run" : "is missing");
    yajl_tree_free(results);
    return NULL;
}

/* What `make run` found: the geometric means over the workloads are not measured again here. */
static bool report_mean(const figure *f, const settings *s, spread *value)
{
    char beside[64];
    snprintf(beside, sizeof beside, "%s_quartiles", f->source);
    const char *mean_path[] = {"geomean", NULL}, *spread_path[] = {"geomean", beside, NULL};
    yajl_val results = read_results(s);
    double mean = json_get_number(yajl_tree_get(results, mean_path, yajl_t_object), f->source, NAN);
    yajl_val quartiles = yajl_tree_get(results, spread_path, yajl_t_array);
    *value = (spread){.median = mean, .low = mean, .high = mean};
    if (quartiles && quartiles->u.array.len == 2) {
        value->low = YAJL_GET_DOUBLE(quartiles->u.array.values[0]);
        value->high = YAJL_GET_DOUBLE(quartiles->u.array.values[1]);
    }
    yajl_tree_free(results);
    return isfinite(mean);
}

/* ---- the list -------------------------------------------------------------------------------------------------- */

static bool reached(const figure *f, double value)
{
    return f->kind == AT_MOST ? value <= f->goal : value >= f->goal;
}

static void print_figure(const figure *f, const settings *s, bool measured, const spread *value)
{
    const char *sign = f->kind == AT_MOST ? "<=" : ">=";
    if (!measured) {
        printf("%-38s %-18s %9s %-6s goal %s %-6g NOT MEASURED\n", f->name, f->flavour, "-", f->unit, sign, f->goal);
        return;
    }
    printf("%-38s %-18s %9.3f %-6s goal %s %-6g %-5s  (%.3f-%.3f)\n", f->name, f->flavour, value->median, f->unit, sign,
           f->goal,
           s->quick                    ? "trial"
           : reached(f, value->median) ? "holds"
                                       : "SHORT",
           value->low, value->high);
    fflush(stdout);
}

static void write_figure(json_writer *json, const figure *f, const settings *s, bool measured, const spread *value)
{
    json_map(json, NULL);
    json_string(json, "name", f->name);
    json_string(json, "flavour", f->flavour);
    json_number(json, "value", measured ? value->median : NAN);
    json_string(json, "unit", f->unit);
    json_number(json, "goal", f->goal);
    json_string(json, "comparison", f->kind == AT_MOST ? "<=" : ">=");
    json_boolean(json, "holds", measured && !s->quick && reached(f, value->median));
    if (s->quick)
        json_boolean(json, "trial", true);
    json_array(json, "quartiles");
    json_number(json, NULL, measured ? value->low : NAN);
    json_number(json, NULL, measured ? value->high : NAN);
    json_end_array(json);
    json_end_map(json);
}

static bool wanted(const figure *f, const settings *s)
{
    return !s->only || strstr(f->name, s->only);
}

static int measure_all(const settings *s)
{
    char path[4096];
    uint32_t missing = 0, shortfalls = 0, count = 0;
    json_writer json = json_begin(true);
    json_array(&json, NULL);
    for (size_t i = 0; i < FIGURES; i++) {
        const figure *f = &figures[i];
        spread value = {0};
        if (!wanted(f, s))
            continue;
        bool measured = f->measure(f, s, &value);
        print_figure(f, s, measured, &value);
        write_figure(&json, f, s, measured, &value);
        count++;
        missing += !measured;
        shortfalls += measured && !reached(f, value.median);
    }
    json_end_array(&json);
    snprintf(path, sizeof path, "%s/figures.json", s->folder);
    if (!json_finish(&json, path))
        return 1;
    printf("%u figures, %u short, %u not measured; written to %s\n", count, shortfalls, missing, path);
    return missing ? 1 : 0;
}

static int usage(void)
{
    fputs("usage: weft_figures --gil PROGRAM --ft PROGRAM --out FOLDER [--rounds N] [--only PART-OF-NAME] [--quick]\n"
          "  --rounds N   runs of each side, 1 to 31 (9)\n"
          "  --quick      large heaps a hundredth as large, to try the program itself\n",
          stderr);
    return 2;
}

static bool parse(int argc, char **argv, settings *s)
{
    static const struct option options[] = {
        {"gil", required_argument, NULL, 'g'},
        {"ft", required_argument, NULL, 'f'},
        {"out", required_argument, NULL, 'o'},
        {"rounds", required_argument, NULL, 'r'},
        {"only", required_argument, NULL, 'n'},
        {"quick", no_argument, NULL, 'q'},
        {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'g':
            s->programs.gil = optarg;
            break;
        case 'f':
            s->programs.ft = optarg;
            break;
        case 'o':
            s->folder = optarg;
            break;
        case 'r':
            s->rounds = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'n':
            s->only = optarg;
            break;
        case 'q':
            s->quick = true;
            break;
        default:
            return false;
        }
    }
    return optind == argc && s->programs.gil && s->programs.ft && s->folder && s->rounds >= 1 &&
           s->rounds <= ROUNDS_MAX;
}

int main(int argc, char **argv)
{
    settings s = {.rounds = 9};
    if (!parse(argc, argv, &s))
        return usage();
    machine m = machine_describe();
    machine_print(&m);
    return measure_all(&s);
}
