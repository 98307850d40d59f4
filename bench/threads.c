/* threads.c - runs one function on several attached threads at once, and times it from the common start to the last
 * end. The calling thread is one of them, so one thread means no other thread at all.
 *
 * Threads wait at the start blocked, in a condition variable: a spinning start would take the core from those not there
 * yet. */
#include "bench.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/timing.h"

typedef struct team {
    weft_runtime *runtime; /* constant */
    bench_body body;       /* constant */
    void *arg;             /* constant */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint32_t waiting; /* lock: members ready to start */
    bool started;     /* lock */
    double start;     /* lock: when */
} team;

typedef struct member {
    team *team;
    pthread_t pthread;
    uint32_t index;
    weft_status status; /* the member, until it is joined; so are the next two */
    char message[256];
    double end;
} member;

static void keep_error(member *m, weft_status status)
{
    m->status = status;
    snprintf(m->message, sizeof m->message, "%s", weft_error_message());
}

/* Waits until `count` members are there, or for those who are not first: until somebody started. */
static void wait_for_start(team *t)
{
    pthread_mutex_lock(&t->lock);
    t->waiting++;
    pthread_cond_broadcast(&t->changed);
    while (!t->started)
        pthread_cond_wait(&t->changed, &t->lock);
    pthread_mutex_unlock(&t->lock);
}

static void start_when_ready(team *t, uint32_t count)
{
    pthread_mutex_lock(&t->lock);
    while (t->waiting < count)
        pthread_cond_wait(&t->changed, &t->lock);
    t->started = true;
    t->start = seconds_now();
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
}

static void run_member(member *m, weft_thread *self)
{
    weft_status status = m->team->body(self, m->index, m->team->arg);
    if (status < 0)
        keep_error(m, status);
    m->end = seconds_now();
}

static void *member_main(void *arg)
{
    member *m = arg;
    weft_thread *self = weft_thread_attach(m->team->runtime);
    if (!self) {
        keep_error(m, weft_error_status());
        wait_for_start(m->team);
        m->end = m->team->start;
        return NULL;
    }
    weft_block_begin(self);
    wait_for_start(m->team);
    weft_block_end(self);
    run_member(m, self);
    weft_thread_detach(self);
    return NULL;
}

/* Starts members 1 to count - 1; returns how many there are with the calling one. */
static uint32_t start_members(team *t, member *members, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        members[i].team = t;
        members[i].index = i;
        int error = i ? pthread_create(&members[i].pthread, NULL, member_main, &members[i]) : 0;
        if (error) {
            weft_error_set(WEFT_ERROR_SYSTEM, "cannot start thread %u of %u: %s", i + 1, count, strerror(error));
            return i;
        }
    }
    return count;
}

static double collect(const team *t, const member *members, uint32_t count)
{
    double end = t->start;
    for (uint32_t i = 0; i < count; i++) {
        if (members[i].status < 0) {
            weft_error_set(members[i].status, "%s", members[i].message);
            return -1;
        }
        if (members[i].end > end)
            end = members[i].end;
    }
    return end - t->start;
}

double bench_run_threads(weft_thread *self, uint32_t threads, bench_body body, void *arg)
{
    member *members = calloc(threads, sizeof *members);
    if (!members) {
        weft_error_set(WEFT_ERROR_MEMORY, "no memory for %u threads", threads);
        return -1;
    }
    team t = {.runtime = self->runtime, .body = body, .arg = arg};
    pthread_mutex_init(&t.lock, NULL);
    pthread_cond_init(&t.changed, NULL);

    uint32_t started = start_members(&t, members, threads);
    weft_block_begin(self);
    start_when_ready(&t, started ? started - 1 : 0);
    weft_block_end(self);
    if (started == threads)
        run_member(&members[0], self);
    weft_block_begin(self);
    for (uint32_t i = 1; i < started; i++)
        pthread_join(members[i].pthread, NULL);
    weft_block_end(self);

    double seconds = started == threads ? collect(&t, members, threads) : -1;
    pthread_cond_destroy(&t.changed);
    pthread_mutex_destroy(&t.lock);
    free(members);
    return seconds;
}
