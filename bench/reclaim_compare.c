/* reclaim_compare.c - what liburcu's QSBR would cost in place of core/reclaim_ft.c. Context for `make bench`, no figure.
 *
 * With liburcu a thread would be registered exactly while it is attached (a registered thread must not block, nor live
 * through a fork), so each attach and each return from a blocking region would pay a registration, which takes a mutex.
 * A grace period is timed from the call until it has passed, with one other thread at safepoints all the time. Weft's
 * has no such call: retiring a block and polling until the library has freed it shows the same time. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include <weft/weft.h>

#include <urcu-qsbr.h>

#include "lib/statistics.h"
#include "lib/timing.h"

enum { PAIRS = 200000, PERIODS = 21, PATIENCE_MS = 2000 };

typedef struct reader {
    pthread_t pthread;
    weft_runtime *runtime; /* NULL: liburcu's side */
    bool reads;            /* atomic, relaxed: it has begun */
    bool stop;             /* atomic, relaxed */
} reader;

/* ---- one pair of calls ----------------------------------------------------------------------------------------- */

static double register_pair_ns(void)
{
    double start = seconds_now();
    for (int i = 0; i < PAIRS; i++) {
        urcu_qsbr_register_thread();
        urcu_qsbr_unregister_thread();
    }
    return (seconds_now() - start) * 1e9 / PAIRS;
}

static double attach_pair_ns(weft_runtime *runtime)
{
    double start = seconds_now();
    for (int i = 0; i < PAIRS; i++) {
        weft_thread *self = weft_thread_attach(runtime);
        if (!self || weft_thread_detach(self) < 0)
            return -1;
    }
    return (seconds_now() - start) * 1e9 / PAIRS;
}

static double block_pair_ns(weft_thread *self)
{
    double start = seconds_now();
    for (int i = 0; i < PAIRS; i++) {
        weft_block_begin(self);
        weft_block_end(self);
    }
    return (seconds_now() - start) * 1e9 / PAIRS;
}

static double quiescent_ns(void)
{
    double start = seconds_now();
    for (int i = 0; i < PAIRS; i++)
        urcu_qsbr_quiescent_state();
    return (seconds_now() - start) * 1e9 / PAIRS;
}

static double safepoint_ns(weft_thread *self)
{
    double start = seconds_now();
    for (int i = 0; i < PAIRS; i++)
        weft_safepoint(self);
    return (seconds_now() - start) * 1e9 / PAIRS;
}

/* ---- a grace period beside a busy reader ----------------------------------------------------------------------- */

static void *read_with_urcu(void *arg)
{
    reader *r = arg;
    urcu_qsbr_register_thread();
    __atomic_store_n(&r->reads, true, __ATOMIC_RELAXED);
    while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED))
        urcu_qsbr_quiescent_state();
    urcu_qsbr_unregister_thread();
    return NULL;
}

static void *read_with_weft(void *arg)
{
    reader *r = arg;
    weft_thread *self = weft_thread_attach(r->runtime);
    __atomic_store_n(&r->reads, true, __ATOMIC_RELAXED);
    while (self && !__atomic_load_n(&r->stop, __ATOMIC_RELAXED))
        weft_safepoint(self);
    if (self)
        weft_thread_detach(self);
    return NULL;
}

static bool start_reader(reader *r, void *(*read)(void *))
{
    if (pthread_create(&r->pthread, NULL, read, r) != 0)
        return false;
    while (!__atomic_load_n(&r->reads, __ATOMIC_RELAXED))
        sched_yield();
    return true;
}

static void stop_reader(reader *r)
{
    __atomic_store_n(&r->stop, true, __ATOMIC_RELAXED);
    pthread_join(r->pthread, NULL);
}

static double synchronize_us(void)
{
    reader r = {.runtime = NULL};
    double us[PERIODS];
    if (!start_reader(&r, read_with_urcu))
        return -1;
    for (int i = 0; i < PERIODS; i++) {
        double start = seconds_now();
        urcu_qsbr_synchronize_rcu();
        us[i] = (seconds_now() - start) * 1e6;
    }
    stop_reader(&r);
    return spread_of(us, PERIODS).median;
}

static size_t deferred_bytes(weft_thread *self, weft_heap_stats *stats)
{
    return weft_heap_statistics(self, stats) == WEFT_OK ? stats->bytes_deferred : 0;
}

/* A block is retired, large enough to be a batch of its own, and safepoints passed until nothing waits any more. Looking
 * at the statistics stops the world, so it is done now and then and not timed: an upper bound. Negative: it never
 * ended. */
static double retire_us(weft_thread *self, weft_heap_stats *stats)
{
    enum { BYTES = 256 * 1024, POLLS = 1000 };

    void *block = weft_mem_alloc(self, BYTES);
    double start = seconds_now();
    weft_mem_retire(self, block, BYTES);
    while (seconds_now() - start < PATIENCE_MS * 1e-3) {
        for (int i = 0; i < POLLS; i++)
            weft_safepoint(self);
        double now = seconds_now();
        if (deferred_bytes(self, stats) == 0)
            return (now - start) * 1e6;
    }
    return -1;
}

static double retire_median_us(weft_thread *self)
{
    reader r = {.runtime = self->runtime};
    weft_heap_stats *stats = calloc(1, sizeof *stats);
    double us[PERIODS];
    if (!stats || !start_reader(&r, read_with_weft)) {
        free(stats);
        return -1;
    }
    for (int i = 0; i < PERIODS; i++)
        us[i] = retire_us(self, stats);
    weft_block_begin(self);
    stop_reader(&r);
    weft_block_end(self);
    free(stats);
    return spread_of(us, PERIODS).median;
}

int main(void)
{
    weft_runtime *runtime = weft_runtime_new(NULL);
    if (!runtime) {
        fprintf(stderr, "weft_reclaim_compare: %s\n", weft_error_message());
        return 1;
    }
    printf("\ncontext: deferred reclamation, liburcu-qsbr and Weft\n");
    printf("  register + unregister            %9.1f ns   attach + detach           %9.1f ns\n", register_pair_ns(),
           attach_pair_ns(runtime));
    weft_thread *self = weft_thread_attach(runtime);
    if (!self) {
        fprintf(stderr, "weft_reclaim_compare: %s\n", weft_error_message());
        return 1;
    }
    double block = block_pair_ns(self), safepoint = safepoint_ns(self), retired = retire_median_us(self);
    weft_thread_detach(self);
    urcu_qsbr_register_thread();
    double quiescent = quiescent_ns(), synchronized = synchronize_us();
    urcu_qsbr_unregister_thread();
    printf("  (the same for a blocking region) %9s      block begin + end         %9.1f ns\n", "", block);
    printf("  quiescent state                  %9.1f ns   safepoint                 %9.1f ns\n", quiescent, safepoint);
    printf("  synchronize, 1 busy reader       %9.1f us   retired until freed       %9.1f us\n", synchronized, retired);
    return weft_runtime_free(runtime) == WEFT_OK ? 0 : 1;
}
