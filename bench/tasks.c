/* tasks.c - `weft_bench NAME`: runs a workload and prints its line of JSON.
 *
 * Only the tasks are timed, from the moment all threads start to the end of the last. The peak of memory is read before
 * the check, whose own tables do not count. At the end no object may be left that was not there before. */
#include "bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/json.h"

typedef struct task_run {
    const workload *workload; /* constant */
    void *state;              /* constant; what is in it is the workload's affair */
    size_t tasks;             /* constant */
    size_t next;              /* atomic, relaxed: the next task to draw */
    uint64_t checksum;        /* atomic, relaxed; read when all threads have been joined */
} task_run;

typedef struct measurement {
    double seconds;
    int64_t peak_bytes;
    uint64_t checksum;
} measurement;

static weft_status draw_tasks(weft_thread *self, uint32_t index, void *arg)
{
    task_run *r = arg;
    uint64_t sum = 0;
    (void)index;
    for (;;) {
        size_t task = __atomic_fetch_add(&r->next, 1, __ATOMIC_RELAXED);
        if (task >= r->tasks)
            break;
        weft_status status = r->workload->run(self, r->state, task, &sum);
        if (status < 0)
            return status;
        weft_safepoint(self);
    }
    __atomic_fetch_add(&r->checksum, sum, __ATOMIC_RELAXED);
    return WEFT_OK;
}

/* VmHWM, the most that was resident at once; where there is no such file, what the system accounts for the process. */
static int64_t peak_bytes(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    int64_t kib = 0;
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "VmHWM: %" SCNd64, &kib) == 1)
            break;
    if (file)
        fclose(file);
    if (kib == 0) {
        struct rusage usage;
        getrusage(RUSAGE_SELF, &usage);
        kib = usage.ru_maxrss;
    }
    return kib * 1024;
}

static void print_classes(const char *what, const weft_size_stats *classes, size_t count)
{
    fprintf(stderr, "%-8s %6s %8s %10s %10s %10s %10s\n", what, "bytes", "pages", "used", "cached", "free", "KiB used");
    for (size_t i = 0; i < count; i++) {
        const weft_size_stats *c = &classes[i];
        if (c->pages)
            fprintf(stderr, "%-8s %6zu %8zu %10zu %10zu %10zu %10zu\n", "", c->block_size, c->pages, c->blocks_used,
                    c->blocks_cached, c->blocks_free, c->blocks_used * c->block_size / 1024);
    }
}

static weft_status print_statistics(weft_thread *self)
{
    weft_heap_stats *stats = calloc(1, sizeof *stats);
    if (!stats)
        return weft_error_set(WEFT_ERROR_MEMORY, "no memory for heap statistics");
    weft_status status = weft_heap_statistics(self, stats);
    if (status == WEFT_OK) {
        fprintf(stderr, "%zu objects; KiB: %zu used, %zu reserved, %zu deferred, %zu in %zu large blocks; %zu arenas\n",
                stats->objects, stats->bytes_used / 1024, stats->bytes_reserved / 1024, stats->bytes_deferred / 1024,
                stats->large_bytes / 1024, stats->large_blocks, stats->arenas);
        print_classes("objects", stats->objects_by_class, stats->classes);
        print_classes("raw", stats->raw_by_class, stats->classes);
    }
    free(stats);
    return status;
}

/* How often the collector ran by itself, and how long the world stood. */
static weft_status print_collections(weft_thread *self)
{
    static const char *const names[] = {"young", "increment", "full"};
    weft_gc_stats stats;
    weft_status status = weft_gc_statistics(self, &stats);
    for (int i = 0; status == WEFT_OK && i < 3; i++)
        if (stats.collections[i])
            fprintf(stderr, "%s collections: %" PRIu64 "; us stopped: %.0f in all, p50 %.0f, max %.0f\n", names[i],
                    stats.collections[i], (double)stats.pause[i].sum / 1e3, (double)stats.pause[i].p50 / 1e3,
                    (double)stats.pause[i].max / 1e3);
    if (status == WEFT_OK)
        fprintf(stderr, "objects: %" PRIu64 " looked at, %" PRIu64 " found; us to stop: p50 %.1f, p99 %.1f, max %.1f\n",
                stats.candidates, stats.found, (double)stats.stop.p50 / 1e3, (double)stats.stop.p99 / 1e3,
                (double)stats.stop.max / 1e3);
    return status;
}

static weft_status count_objects(weft_thread *self, size_t *objects)
{
    weft_heap_stats *stats = calloc(1, sizeof *stats);
    if (!stats)
        return weft_error_set(WEFT_ERROR_MEMORY, "no memory for heap statistics");
    weft_status status = weft_heap_statistics(self, stats);
    *objects = stats->objects;
    free(stats);
    return status;
}

static json_writer begin_line(const workload *w, const bench_options *options, const measurement *m)
{
    char checksum[17];
    snprintf(checksum, sizeof checksum, "%016" PRIx64, m->checksum);
    json_writer json = json_begin(false);
    json_map(&json, NULL);
    json_string(&json, "workload", w->name);
    json_string(&json, "flavour", weft_flavour_name());
    json_integer(&json, "threads", options->threads);
    json_integer(&json, "size", (int64_t)options->size);
    json_integer(&json, "repeat", (int64_t)options->repeat);
    json_number(&json, "seconds", m->seconds);
    json_integer(&json, "peak_bytes", m->peak_bytes);
    json_string(&json, "checksum", checksum);
    return json;
}

/* What a good run prints: the result itself, or the line of JSON. */
static weft_status print_run(weft_thread *self, const task_run *r, const bench_options *options, const measurement *m)
{
    if (options->dump)
        return r->workload->dump(self, r->state);
    json_writer json = begin_line(r->workload, options, m);
    if (r->workload->describe)
        r->workload->describe(r->state, &json);
    json_end_map(&json);
    return json_finish(&json, NULL) ? WEFT_OK : weft_error_set(WEFT_ERROR_SYSTEM, "cannot print the result");
}

static weft_status measure(weft_thread *self, const workload *w, const bench_options *options)
{
    measurement m = {0};
    task_run r = {.workload = w};
    r.state = w->set_up(self, options, &r.tasks);
    if (!r.state)
        return weft_error_status();
    weft_status status = WEFT_OK;
    m.seconds = bench_run_threads(self, options->threads, draw_tasks, &r);
    m.peak_bytes = peak_bytes();
    m.checksum = r.checksum;
    if (m.seconds < 0)
        status = weft_error_status();
    if (status == WEFT_OK)
        status = w->check(self, r.state, r.checksum);
    if (status == WEFT_OK && options->statistics)
        status = print_statistics(self);
    if (status == WEFT_OK && options->statistics)
        status = print_collections(self);
    if (status == WEFT_OK)
        status = print_run(self, &r, options, &m);
    w->tear_down(self, r.state);
    return status;
}

static int fail(const char *name)
{
    fprintf(stderr, "weft_bench: %s: %s\n", name, weft_error_message());
    return 1;
}

/* The workload, and then the count of objects that are left: also after a failure nothing may be. */
static int measure_without_leak(weft_thread *self, const workload *w, const bench_options *options)
{
    size_t before = 0, after = 0;
    if (count_objects(self, &before) < 0)
        return fail(w->name);
    int result = measure(self, w, options) < 0 ? fail(w->name) : 0;
    weft_safepoint(self);
    if (count_objects(self, &after) < 0)
        return fail(w->name);
    if (after == before)
        return result;
    weft_error_set(WEFT_ERROR_USER, "%zu objects before the run, %zu after it: leaked", before, after);
    return fail(w->name);
}

int bench_run_workload(const workload *w, const bench_options *options)
{
    if (options->dump && !w->dump) {
        weft_error_set(WEFT_ERROR_VALUE, "has nothing to --dump");
        return fail(w->name);
    }
    weft_runtime *runtime = weft_runtime_new(NULL);
    if (!runtime)
        return fail(w->name);
    weft_thread *self = weft_thread_attach(runtime);
    int result = self ? measure_without_leak(self, w, options) : fail(w->name);
    if (self && weft_thread_detach(self) < 0)
        result = fail(w->name);
    if (weft_runtime_free(runtime) < 0)
        result = fail(w->name);
    return result;
}
