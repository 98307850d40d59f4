/* stops.c - how long it takes until the world stands: one of several running threads stops the others, again and again. */
#include "probes/probes.h"

#include <stdlib.h>

#include "lib/timing.h"

enum { STOPS = 4000, STEPS_BETWEEN = 200 };

typedef struct stops {
    uint64_t steps;   /* atomic: safepoints that the others have passed */
    bool over;        /* atomic */
    double *us;       /* the stopper; one a stop */
    uint32_t threads; /* constant */
} stops;

/* A little work between two safepoints. */
static void step(weft_thread *self)
{
    weft_object *o = weft_float_new(self, 1);
    weft_xdecref(self, o);
    weft_safepoint(self);
}

static void run_until_over(weft_thread *self, stops *s)
{
    while (!__atomic_load_n(&s->over, __ATOMIC_RELAXED)) {
        step(self);
        __atomic_fetch_add(&s->steps, 1, __ATOMIC_RELAXED);
    }
}

/* Until the others run again, so that a running thread is stopped and not one that just wakes up. */
static void await_steps(weft_thread *self, const stops *s)
{
    uint64_t wanted = __atomic_load_n(&s->steps, __ATOMIC_RELAXED) + STEPS_BETWEEN;
    while (s->threads > 1 && __atomic_load_n(&s->steps, __ATOMIC_RELAXED) < wanted)
        step(self);
}

static weft_status stop_often(weft_thread *self, stops *s)
{
    weft_status status = WEFT_OK;
    for (uint32_t i = 0; status == WEFT_OK && i < STOPS; i++) {
        await_steps(self, s);
        double begin = seconds_now();
        status = weft_world_stop(self);
        s->us[i] = (seconds_now() - begin) * 1e6;
        if (status == WEFT_OK)
            status = weft_world_start(self);
    }
    __atomic_store_n(&s->over, true, __ATOMIC_RELAXED);
    return status;
}

static weft_status stop_or_run(weft_thread *self, uint32_t index, void *arg)
{
    if (index == 0)
        return stop_often(self, arg);
    run_until_over(self, arg);
    return WEFT_OK;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of STOPS stops the 99th percentile, in microseconds. */
double probe_time_to_stop_p99(weft_thread *self, uint32_t threads)
{
    stops s = {.us = calloc(STOPS, sizeof *s.us), .threads = threads};
    if (!s.us) {
        weft_error_set(WEFT_ERROR_MEMORY, "no memory for %d times", (int)STOPS);
        return -1;
    }
    double seconds = bench_run_threads(self, threads, stop_or_run, &s);
    qsort(s.us, STOPS, sizeof *s.us, compare);
    double p99 = s.us[STOPS * 99 / 100];
    free(s.us);
    return seconds < 0 ? -1 : p99;
}
