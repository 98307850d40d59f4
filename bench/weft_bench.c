/* weft_bench.c - the command line of weft_bench: which workload or probe, with what options. See bench.h. */
#include "bench.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const workload *const workloads[] = {
    &workload_binary_trees, &workload_json_load, &workload_word_count, &workload_nbody, &workload_richards,
};

enum { WORKLOADS = sizeof workloads / sizeof workloads[0], THREADS_MAX = 4096, QUICK = 40 };

static void print_help(FILE *out)
{
    fputs("usage: weft_bench WORKLOAD [--threads N] [--size N] [--repeat N] [--quick] [--dump]\n"
          "                           [--statistics] [FILE...]\n"
          "       weft_bench probe NAME [--threads N] [--quick]\n"
          "       weft_bench list\n\n"
          "Runs one workload and prints a line of JSON: seconds, peak bytes, checksum. Exit status 1 when the\n"
          "answer is wrong, an object leaked, or the input is bad; 2 for a wrong command line. --quick does a\n"
          "fortieth of the work, of a probe with a large heap a hundredth; --dump prints the result in place of the "
          "line; --statistics prints on stderr what the\n"
          "heap holds after the tasks.\n\n",
          out);
    for (size_t i = 0; i < WORKLOADS; i++)
        fprintf(out, "%-13s %s\n%-13s %s; default --size %" PRIu64 " --repeat %" PRIu64 "\n", workloads[i]->name,
                workloads[i]->summary, "", workloads[i]->units, workloads[i]->size, workloads[i]->repeat);
    fputs("\nprobes:", out);
    for (const probe *p = bench_probes; p->name; p++)
        fprintf(out, " %s", p->name);
    fputs("\n", out);
}

static int usage_error(const char *what, const char *value)
{
    fprintf(stderr, "weft_bench: %s '%s' (see weft_bench --help)\n", what, value);
    return 2;
}

static int list(void)
{
    for (size_t i = 0; i < WORKLOADS; i++)
        printf("%s\t%s\n", workloads[i]->name, workloads[i]->summary);
    return 0;
}

static const workload *find_workload(const char *name)
{
    for (size_t i = 0; i < WORKLOADS; i++)
        if (strcmp(workloads[i]->name, name) == 0)
            return workloads[i];
    return NULL;
}

/* A whole number from 1 to `most`. */
static bool parse_count(const char *text, uint64_t most, uint64_t *value)
{
    char *end = NULL;
    errno = 0;
    unsigned long long parsed = strtoull(text, &end, 10);
    if (errno || end == text || *end || text[0] == '-' || parsed == 0 || parsed > most)
        return false;
    *value = parsed;
    return true;
}

/* 0, or the exit status of a wrong command line. */
static int parse_options(int argc, char **argv, bench_options *options)
{
    static const struct option long_options[] = {
        {"threads", required_argument, NULL, 't'}, {"size", required_argument, NULL, 's'},
        {"repeat", required_argument, NULL, 'r'},  {"dump", no_argument, NULL, 'd'},
        {"quick", no_argument, NULL, 'q'},         {"statistics", no_argument, NULL, 'S'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
    };
    uint64_t threads = 1;
    int option;
    while ((option = getopt_long(argc, argv, "t:s:r:dqh", long_options, NULL)) != -1) {
        if (option == 't' && !parse_count(optarg, THREADS_MAX, &threads))
            return usage_error("--threads wants a number from 1 to 4096, got", optarg);
        if (option == 's' && !parse_count(optarg, UINT32_MAX, &options->size))
            return usage_error("--size wants a number from 1 to 4294967295, got", optarg);
        if (option == 'r' && !parse_count(optarg, UINT32_MAX, &options->repeat))
            return usage_error("--repeat wants a number from 1 to 4294967295, got", optarg);
        if (option == 'd')
            options->dump = true;
        if (option == 'S')
            options->statistics = true;
        if (option == 'q')
            options->quick = true;
        if (option == 'h') {
            print_help(stdout);
            exit(0);
        }
        if (option == '?')
            return 2;
    }
    options->threads = (uint32_t)threads;
    return 0;
}

int main(int argc, char **argv)
{
    bench_options options = {0};
    int status = parse_options(argc, argv, &options);
    if (status)
        return status;
    if (optind == argc) {
        print_help(stderr);
        return 2;
    }
    const char *command = argv[optind++];
    if (strcmp(command, "list") == 0)
        return list();
    if (strcmp(command, "probe") == 0)
        return optind < argc ? bench_run_probe(argv[optind], options.threads, options.quick)
                             : usage_error("which probe?", "");
    const workload *w = find_workload(command);
    if (!w)
        return usage_error("no workload", command);
    options.size = options.size ? options.size : w->size;
    options.repeat = options.repeat ? options.repeat : options.quick ? (w->repeat + QUICK - 1) / QUICK : w->repeat;
    options.files = (const char *const *)(argv + optind);
    options.file_count = (size_t)(argc - optind);
    return bench_run_workload(w, &options);
}
