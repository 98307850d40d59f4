/* main.c - options, the rows, the watch, and the end. See stress.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "stress/stress.h"

program P;
_Thread_local worker *me;

enum { WATCH_SECONDS = 60 };

_Noreturn void fail(const char *format, ...)
{
    char text[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(stderr, "stress: FAILED%s: %s\n", P.forked ? " in a forked child" : "", text);
    if (me)
        fprintf(stderr, "stress: row %d, thread %u, operation %llu (%s)\n", me->index, (unsigned)me->generation,
                (unsigned long long)me->operations, me->doing ? me->doing : "none");
    fprintf(stderr, "stress: again with --seed=%llu --threads=%d%s\n", (unsigned long long)P.options.seed,
            P.options.threads, P.options.fail ? " --fail" : "");
    if (getenv("STRESS_ABORT"))
        abort();
    _exit(1);
}

/* ---- options --------------------------------------------------------------------------------------------------------- */

static void usage(void)
{
    printf("usage: weft_stress [option...]\n"
           "  --seed=N         which numbers to draw; default: from the clock\n"
           "  --seconds=N      how long; default 3\n"
           "  --threads=N      rows of threads at once; default: twice the cores and 2\n"
           "  --generations=N  end when each row has had N threads, however long it takes\n"
           "  --ops=MASK       operations to do, one bit each, in hexadecimal\n"
           "  --without=NAME   leave one out\n"
           "  --fail           let allocations fail at random points\n"
           "  --no-collect     no collections: garbage is swept by the checks\n"
           "operations:\n");
    for (uint32_t i = 0; i < operations_count(); i++)
        printf("  %6llx %s\n", 1ull << i, operations[i].name);
    printf("  %6llx end    threads end without detaching\n", 1ull << operations_count());
}

static bool option(const char *argument, const char *name, const char **value)
{
    size_t length = strlen(name);
    if (strncmp(argument, name, length) != 0 || (argument[length] != '=' && argument[length] != '\0'))
        return false;
    *value = argument[length] == '=' ? argument + length + 1 : "";
    return true;
}

static bool leave_out(const char *name)
{
    for (uint32_t i = 0; i <= operations_count(); i++) {
        if (strcmp(name, i == operations_count() ? "end" : operations[i].name) == 0) {
            P.options.operations &= ~(UINT64_C(1) << i);
            return true;
        }
    }
    return false;
}

static bool options_read(int count, char **arguments)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    P.options = (options){.seed = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000,
                          .seconds = 3,
                          .threads = (int)sysconf(_SC_NPROCESSORS_ONLN) * 2 + 2,
                          .operations = UINT64_MAX,
                          .collect = true};
    for (int i = 1; i < count; i++) {
        const char *value;
        if (option(arguments[i], "--seed", &value))
            P.options.seed = strtoull(value, NULL, 10);
        else if (option(arguments[i], "--seconds", &value))
            P.options.seconds = strtod(value, NULL);
        else if (option(arguments[i], "--threads", &value))
            P.options.threads = atoi(value);
        else if (option(arguments[i], "--generations", &value))
            P.options.generations = (uint32_t)atoi(value);
        else if (option(arguments[i], "--ops", &value))
            P.options.operations = strtoull(value, NULL, 16);
        else if (option(arguments[i], "--fail", &value))
            P.options.fail = true;
        else if (option(arguments[i], "--no-collect", &value))
            P.options.collect = false;
        else if (!option(arguments[i], "--without", &value) || !leave_out(value))
            return false;
    }
    if (P.options.threads > WORKERS_MAX)
        P.options.threads = WORKERS_MAX;
    return P.options.threads > 0;
}

/* ---- the watch --------------------------------------------------------------------------------------------------------- */

static uint64_t operations_done(void)
{
    uint64_t sum = 0;
    for (int i = 0; i < WORKERS; i++)
        sum += weft_load_relaxed(&P.workers[i].operations);
    return sum;
}

/* A thread that no runtime knows: it notices when nothing goes on any more. */
static void *watch(void *unused)
{
    (void)unused;
    uint64_t last = 0;
    for (int seconds = 0; seconds < WATCH_SECONDS; seconds++) {
        pause_us(999999);
        uint64_t now = operations_done();
        if (now != last)
            seconds = 0;
        last = now;
    }
    rows_describe();
    while (getenv("STRESS_WAIT"))
        pause_us(999999);
    fail("nothing has happened for %d seconds", (int)WATCH_SECONDS);
}

/* ---- rows ---------------------------------------------------------------------------------------------------------------- */

static void row_spawn(worker *w)
{
    w->generation++;
    weft_store_relaxed(&w->ended, false);
    int error = pthread_create(&w->os_thread, NULL, row_main, w);
    if (error)
        fail("pthread_create: %s", strerror(error));
}

/* Follows up threads that have ended. Returns the rows that go on. */
static int rows_follow(void)
{
    int running = 0;
    for (int i = 0; i < P.options.threads; i++) {
        worker *w = &P.workers[i];
        if (w->generation == UINT32_MAX)
            continue;
        if (!weft_load_acquire(&w->ended)) {
            running++;
            continue;
        }
        pthread_join(w->os_thread, NULL);
        if (weft_load_relaxed(&P.over) || (P.options.generations && w->generation >= P.options.generations)) {
            w->generation = UINT32_MAX;
        } else {
            row_spawn(w);
            running++;
        }
    }
    return running;
}

static void run(worker *w)
{
    uint64_t begin = now_us();
    uint64_t end = begin + (uint64_t)(P.options.seconds * 1e6);
    for (int i = 0; i < P.options.threads; i++)
        row_spawn(&P.workers[i]);
    int running;
    do {
        weft_block_begin(w->self);
        running = rows_follow();
        pause_us(3000);
        weft_block_end(w->self);
        if (P.options.fail && weft_fail_allocation(w->self, 0, false) != WEFT_OK)
            fail("weft_fail_allocation: %s", weft_error_message());
        if (is_due(&P.next_check_us, 100000))
            check_world(w);
        if (!P.options.generations && now_us() > end)
            weft_store_relaxed(&P.over, 1u);
    } while (running);
}

int main(int count, char **arguments)
{
    if (!options_read(count, arguments)) {
        usage();
        return 2;
    }
    printf("stress: %s, --seed=%llu --threads=%d%s\n", weft_flavour_name(), (unsigned long long)P.options.seed,
           P.options.threads, P.options.fail ? " --fail" : "");
    fflush(stdout);
    for (int i = 0; i < WORKERS; i++)
        P.workers[i].index = i;
    worker *w = me = &P.workers[WORKER_MAIN];
    forks_open(); /* before there is a runtime */
    P.runtime = weft_runtime_new(NULL);
    w->self = weft_thread_attach(P.runtime);
    if (w->self == NULL || !kinds_register(w->self))
        fail("no beginning: %s", weft_error_message());
    if (!P.options.collect && weft_gc_disable(w->self) != WEFT_OK)
        fail("weft_gc_disable: %s", weft_error_message());
    boards_make(w);
    pthread_t watcher;
    if (pthread_create(&watcher, NULL, watch, NULL) != 0)
        fail("no thread to watch");
    pthread_detach(watcher);
    run(w);
    weft_store_relaxed(&P.over, 1u);
    if (weft_gc_disable(w->self) != WEFT_OK)
        fail("weft_gc_disable: %s", weft_error_message());
    check_world(w);
    check_nothing_left(w);
    if (weft_thread_detach(w->self) != WEFT_OK || weft_runtime_free(P.runtime) != WEFT_OK)
        fail("the end: %s", weft_error_message());
    printf("stress: good. %llu operations, %llu checks of %llu objects, %llu swept, %llu forks\n",
           (unsigned long long)operations_done(), (unsigned long long)P.checks,
           (unsigned long long)(P.checks ? P.objects_checked / P.checks : 0), (unsigned long long)P.swept,
           (unsigned long long)P.forks);
    printf("stress: %llu collections were asked for and found %llu objects, %llu weak callbacks, %llu hidden checks\n",
           (unsigned long long)P.collections, (unsigned long long)P.found, (unsigned long long)P.weak_called,
           (unsigned long long)P.hidden_checks);
    return 0;
}
