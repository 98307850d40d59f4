/* threads.c - threads that share nothing, and threads that come and go. */
#include "probes/probes.h"

#include <pthread.h>
#include <string.h>

#include "lib/timing.h"

enum { ITEMS = 32 };

/* ---- private work ---------------------------------------------------------------------------------------------- */

/* A list of fresh floats, read back and dropped: allocation, counts, a container, destruction. */
static weft_status fill_and_drop(weft_thread *self)
{
    weft_object *list = weft_list_new(self, 0);
    if (!list)
        return weft_error_status();
    weft_status status = WEFT_OK;
    for (int64_t i = 0; status == WEFT_OK && i < ITEMS; i++) {
        weft_object *item = weft_float_new(self, (double)i);
        status = item ? weft_list_append(self, list, item) : weft_error_status();
        weft_xdecref(self, item);
    }
    for (int64_t i = 0; status == WEFT_OK && i < ITEMS; i++) {
        weft_object *item = weft_list_get(self, list, i);
        if (!item)
            status = weft_error_status();
        weft_xdecref(self, item);
    }
    weft_decref(self, list);
    return status;
}

static weft_status work_alone(weft_thread *self, uint32_t index, void *arg)
{
    const uint64_t *rounds = arg;
    (void)index;
    for (uint64_t i = 0; i < *rounds; i++) {
        weft_status status = fill_and_drop(self);
        if (status < 0)
            return status;
        weft_safepoint(self);
    }
    return WEFT_OK;
}

double probe_private_work(weft_thread *self, uint32_t threads)
{
    uint64_t rounds = 8000;
    return probe_ns(self, threads, rounds * ITEMS, work_alone, &rounds);
}

/* ---- attach and detach ----------------------------------------------------------------------------------------- */

typedef struct visits {
    weft_runtime *runtime; /* constant */
    uint64_t pairs;        /* constant */
    double seconds;        /* the visitor, until it is joined; negative: it could not attach */
} visits;

/* The first attachment is not timed: the next ones find what it left in the pool. */
static void *visit_often(void *arg)
{
    visits *v = arg;
    double start = 0;
    for (uint64_t i = 0; i <= v->pairs; i++) {
        weft_thread *self = weft_thread_attach(v->runtime);
        if (!self || weft_thread_detach(self) < 0) {
            v->seconds = -1;
            return NULL;
        }
        if (i == 0)
            start = seconds_now();
    }
    v->seconds = seconds_now() - start;
    return NULL;
}

/* Microseconds a pair, of an OS thread that does nothing else, while the calling thread is in a blocking region. */
double probe_attach_detach(weft_thread *self, uint32_t threads)
{
    visits v = {.runtime = self->runtime, .pairs = 100000};
    pthread_t visitor;
    (void)threads;
    int error = pthread_create(&visitor, NULL, visit_often, &v);
    if (error) {
        weft_error_set(WEFT_ERROR_SYSTEM, "cannot start a thread: %s", strerror(error));
        return -1;
    }
    weft_block_begin(self);
    pthread_join(visitor, NULL);
    weft_block_end(self);
    if (v.seconds >= 0)
        return v.seconds * 1e6 / (double)v.pairs;
    weft_error_set(WEFT_ERROR_SYSTEM, "a thread could not attach and detach");
    return -1;
}
