/* report_check.c - `weft_report_check results.json figures.json`: have the two files the shape that readers rely on? Used
 * by tests/bench_test.sh. The shape is the table below. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/file.h"
#include "lib/json.h"

typedef struct member {
    const char *name;
    yajl_type type;
} member;

static const member workload_members[] = {
    {"name", yajl_t_string},
    {"gil_seconds", yajl_t_number},
    {"ft_seconds", yajl_t_number},
    {"time_ratio", yajl_t_number},
    {"gil_peak_bytes", yajl_t_number},
    {"ft_peak_bytes", yajl_t_number},
    {"memory_ratio", yajl_t_number},
    {"gil_seconds_quartiles", yajl_t_array},
    {"ft_seconds_quartiles", yajl_t_array},
    {"time_ratio_quartiles", yajl_t_array},
    {"memory_ratio_quartiles", yajl_t_array},
    {NULL, yajl_t_any},
};
static const member thread_members[] = {
    {"name", yajl_t_string},
    {"threads", yajl_t_number},
    {"speedup", yajl_t_number},
    {NULL, yajl_t_any},
};
static const member mean_members[] = {
    {"time_ratio", yajl_t_number},
    {"memory_ratio", yajl_t_number},
    {NULL, yajl_t_any},
};
static const member machine_members[] = {
    {"cpu", yajl_t_string},
    {"cores", yajl_t_number},
    {"kernel", yajl_t_string},
    {NULL, yajl_t_any},
};
/* A value may be null: the figure could not be measured. */
static const member figure_members[] = {
    {"name", yajl_t_string}, {"flavour", yajl_t_string}, {"value", yajl_t_any}, {"unit", yajl_t_string},
    {"goal", yajl_t_number}, {"holds", yajl_t_any},      {NULL, yajl_t_any},
};

static bool check_members(const char *what, yajl_val object, const member *members)
{
    bool ok = true;
    for (; members->name; members++) {
        const char *path[] = {members->name, NULL};
        if (yajl_tree_get(object, path, members->type))
            continue;
        fprintf(stderr, "report_check: %s: no \"%s\" of the right type\n", what, members->name);
        ok = false;
    }
    return ok;
}

/* An array with at least one element, all of which have the members. */
static bool check_array(const char *what, yajl_val array, const member *members)
{
    if (!array || !YAJL_IS_ARRAY(array) || YAJL_GET_ARRAY(array)->len == 0) {
        fprintf(stderr, "report_check: %s is not an array with elements\n", what);
        return false;
    }
    bool ok = true;
    for (size_t i = 0; i < YAJL_GET_ARRAY(array)->len; i++)
        ok = check_members(what, YAJL_GET_ARRAY(array)->values[i], members) && ok;
    return ok;
}

static yajl_val parse(const char *path)
{
    char reason[160] = "cannot be read";
    size_t size = 0;
    char *text = file_read(path, &size);
    yajl_val value = text ? yajl_tree_parse(text, reason, sizeof reason) : NULL;
    if (!value)
        fprintf(stderr, "report_check: %s: %s\n", path, reason);
    free(text);
    return value;
}

static yajl_val member_of(yajl_val object, const char *name)
{
    const char *path[] = {name, NULL};
    return yajl_tree_get(object, path, yajl_t_any);
}

static bool check_results(yajl_val results)
{
    bool ok = check_array("workloads", member_of(results, "workloads"), workload_members);
    ok = check_array("threads", member_of(results, "threads"), thread_members) && ok;
    ok = check_members("geomean", member_of(results, "geomean"), mean_members) && ok;
    return check_members("machine", member_of(results, "machine"), machine_members) && ok;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: weft_report_check results.json figures.json\n", stderr);
        return 2;
    }
    yajl_val results = parse(argv[1]), figures = parse(argv[2]);
    bool ok = results && figures && check_results(results);
    ok = ok && check_array("figures", figures, figure_members);
    yajl_tree_free(results);
    yajl_tree_free(figures);
    return ok ? 0 : 1;
}
