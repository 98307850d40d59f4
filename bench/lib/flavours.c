/* flavours.c - see flavours.h. */
#include "lib/flavours.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/json.h"
#include "lib/process.h"

/* What the program printed, parsed; NULL after a message. */
static yajl_val run_program(const char *const argv[])
{
    process_result result;
    if (!process_run(argv, &result))
        return NULL;
    char reason[128] = "";
    yajl_val line = yajl_tree_parse(result.output, reason, sizeof reason);
    if (!line)
        fprintf(stderr, "bench: %s %s printed no JSON: %s\n", argv[0], argv[1], reason);
    free(result.output);
    return line;
}

bool flavours_run(const char *program, const char *workload, uint32_t threads, bool quick, bench_run *run)
{
    char count[16];
    snprintf(count, sizeof count, "%u", threads);
    const char *const argv[] = {program, workload, "--threads", count, quick ? "--quick" : NULL, NULL};
    yajl_val line = run_program(argv);
    if (!line)
        return false;
    run->seconds = json_get_number(line, "seconds", NAN);
    run->peak_bytes = json_get_number(line, "peak_bytes", NAN);
    snprintf(run->checksum, sizeof run->checksum, "%s", json_get_string(line, "checksum", ""));
    yajl_tree_free(line);
    if (run->seconds > 0 && run->peak_bytes > 0)
        return true;
    fprintf(stderr, "bench: %s %s printed no seconds or no peak_bytes\n", program, workload);
    return false;
}

bool flavours_probe(const char *program, const char *probe, uint32_t threads, bool quick, double *value)
{
    char count[16];
    snprintf(count, sizeof count, "%u", threads);
    const char *const argv[] = {program, "probe", probe, "--threads", count, quick ? "--quick" : NULL, NULL};
    yajl_val line = run_program(argv);
    if (!line)
        return false;
    *value = json_get_number(line, "value", NAN);
    yajl_tree_free(line);
    if (isfinite(*value))
        return true;
    fprintf(stderr, "bench: %s probe %s printed no value\n", program, probe);
    return false;
}
