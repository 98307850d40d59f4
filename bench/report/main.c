/* main.c - weft_report: runs the workloads on both flavours and writes results.json and index.html. */
#include "report/report.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum { SECONDS_EACH = 13 };

static int usage(void)
{
    fputs("usage: weft_report --gil PROGRAM --ft PROGRAM --out FOLDER [--rounds N] [--seconds N] [--quick]\n"
          "  --rounds N   at most N rounds of a comparison, 3 to 15 (9)\n"
          "  --seconds N  time for the rounds of one comparison (13); three rounds are always made\n"
          "  --quick      a fraction of each workload, to try the report itself\n",
          stderr);
    return 2;
}

static bool parse(int argc, char **argv, report *r)
{
    static const struct option options[] = {
        {"gil", required_argument, NULL, 'g'},
        {"ft", required_argument, NULL, 'f'},
        {"out", required_argument, NULL, 'o'},
        {"rounds", required_argument, NULL, 'r'},
        {"seconds", required_argument, NULL, 's'},
        {"quick", no_argument, NULL, 'q'},
        {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'g':
            r->programs.gil = optarg;
            break;
        case 'f':
            r->programs.ft = optarg;
            break;
        case 'o':
            r->folder = optarg;
            break;
        case 'r':
            r->rounds = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 's':
            r->seconds_each = strtod(optarg, NULL);
            break;
        case 'q':
            r->quick = true;
            break;
        default:
            return false;
        }
    }
    return optind == argc && r->programs.gil && r->programs.ft && r->folder && r->rounds >= ROUNDS_MIN &&
           r->rounds <= ROUNDS_MAX;
}

int main(int argc, char **argv)
{
    static report r = {.seconds_each = SECONDS_EACH, .rounds = 9};
    if (!parse(argc, argv, &r))
        return usage();
    r.machine = machine_describe();
    machine_print(&r.machine);
    if (!report_measure(&r) || !report_write_results(&r) || !report_write_page(&r))
        return 1;
    printf("\nwritten: %s/results.json, %s/index.html\n", r.folder, r.folder);
    return 0;
}
