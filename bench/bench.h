/* bench.h - what a workload and a probe are, and what the program around them promises.
 *
 * weft_bench is built once a flavour, from the same sources, against the public headers alone. `weft_bench NAME` runs
 * one workload and prints one line of JSON; `weft_bench probe NAME` measures one figure and prints its raw values. The
 * programs that compare the flavours (report/, figures.c) link no Weft: they run the two executables in turn. */
#ifndef WEFT_BENCH_BENCH_H
#define WEFT_BENCH_BENCH_H

#include <weft/weft.h>

struct json_writer; /* lib/json.h */

/* Command line; constant while a workload runs. */
typedef struct bench_options {
    uint32_t threads;         /* OS threads that work, the main one included */
    uint64_t size;            /* size of one task, in the workload's own unit; 0 was replaced by the default */
    uint64_t repeat;          /* how much work: the workload's own unit */
    const char *const *files; /* input; none: the workload's default */
    size_t file_count;
    bool quick;      /* --quick: `repeat` is a fraction of its default */
    bool statistics; /* --statistics: what the heap holds after the tasks, on stderr */
    bool dump;       /* --dump: the workload prints its result to stdout, in place of the JSON line */
} bench_options;

/* A workload is a row of independent tasks that N threads draw from one counter. Failures are reported as everywhere in
 * Weft: a negative status or NULL, with weft_error_set. The state is the workload's own; everything in it is constant
 * while tasks run, but for what the workload says. */
typedef struct workload {
    const char *name;
    const char *summary;   /* one line for --help and the report */
    const char *units;     /* what --size and --repeat mean */
    uint64_t size, repeat; /* defaults: about a second on one thread */

    /* Not timed; main thread. Sets *tasks. NULL: an error, nothing is left behind. */
    void *(*set_up)(weft_thread *self, const bench_options *options, size_t *tasks);
    /* Timed; any thread, several at once. Adds to *checksum what does not depend on order. */
    weft_status (*run)(weft_thread *self, void *state, size_t task, uint64_t *checksum);
    /* Not timed; main thread, after all tasks. Compares with an answer computed without Weft, or with invariants. */
    weft_status (*check)(weft_thread *self, void *state, uint64_t checksum);
    /* More members for the line of JSON; NULL: none. */
    void (*describe)(void *state, struct json_writer *json);
    /* Prints the result for --dump; NULL: the workload has nothing to print. */
    weft_status (*dump)(weft_thread *self, void *state);
    /* Drops every object. The program then looks whether one is left. */
    void (*tear_down)(weft_thread *self, void *state);
} workload;

extern const workload workload_binary_trees;
extern const workload workload_json_load;
extern const workload workload_word_count;
extern const workload workload_nbody;
extern const workload workload_richards;

/* A probe measures one quantity with `threads` threads and returns it, or a negative number with the error set. */
typedef struct probe {
    const char *name;
    const char *unit;
    double (*measure)(weft_thread *self, uint32_t threads);
} probe;

extern const probe bench_probes[]; /* ends with a NULL name */

/* Runs `body(self, index, arg)` on `threads` OS threads at once, index 0 on the calling one; all start together. Returns
 * the seconds from the common start to the last end, or a negative number with the first error of any of them set. */
typedef weft_status (*bench_body)(weft_thread *self, uint32_t index, void *arg);
double bench_run_threads(weft_thread *self, uint32_t threads, bench_body body, void *arg);

/* The same, with the same OS threads for each run of a team: bench_team_run returns what bench_run_threads does. Between
 * runs they sleep in blocking regions. NULL: an error is set. */
typedef struct bench_team bench_team;
bench_team *bench_team_new(weft_thread *self, uint32_t threads);
double bench_team_run(weft_thread *self, bench_team *team, bench_body body, void *arg);
void bench_team_free(weft_thread *self, bench_team *team);

/* The sub-commands: tasks.c and probe.c. The result is the exit status. */
int bench_run_workload(const workload *w, const bench_options *options);
int bench_run_probe(const char *name, uint32_t threads, bool trial);

#endif
