/* threads.c - a team of attached threads that runs one function at once, again and again, timed from the common start to
 * the last end. The calling thread is one of them, so one thread means no other thread at all.
 *
 * A team lives as long as its caller likes: what a thread finds at its first steps (a new heap, empty caches) is there once
 * and not in each run. Between runs its threads sleep; a run begins when all are awake, for waking up takes longer than many a
 * batch: who is awake goes to a core of its own, spins, and lets others run who are not there yet. */
#include "bench.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/place.h"
#include "lib/timing.h"

enum { LOOKS = 100000 /* before sleeping: some 100 us and more */ };

typedef struct member {
    bench_team *team;
    pthread_t pthread;
    uint32_t index;
    weft_status status; /* the member, until it is counted in `idle`; so are the next two */
    char message[256];
    double end;
} member;

struct bench_team {
    weft_runtime *runtime; /* constant */
    uint32_t count;        /* members with the caller; constant when all have started */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint32_t idle;   /* lock to write, atomic to look: members that have done their part */
    uint32_t round;  /* the same: runs so far */
    bool over;       /* lock: members may go */
    bench_body body; /* constant within a run; so is `arg` */
    void *arg;
    uint32_t awake; /* atomic: members that wait for `begun` */
    uint32_t begun; /* atomic: the run that has begun */
    member members[];
};

static void keep_error(member *m, weft_status status)
{
    m->status = status;
    snprintf(m->message, sizeof m->message, "%s", weft_error_message());
}

static void become_idle(bench_team *t)
{
    pthread_mutex_lock(&t->lock);
    __atomic_fetch_add(&t->idle, 1, __ATOMIC_RELEASE);
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
}

/* True when *word is `value`; false after so many looks. On fewer cores than threads the one that is waited for may need
 * this one's. */
static bool spin_until(const uint32_t *word, uint32_t value, uint32_t looks)
{
    for (uint32_t i = 1; __atomic_load_n(word, __ATOMIC_ACQUIRE) != value; i++) {
        if (i == looks)
            return false;
        if (i % 256 == 0)
            sched_yield();
    }
    return true;
}

/* The caller's wait for all others. */
static void wait_idle(bench_team *t)
{
    if (spin_until(&t->idle, t->count - 1, LOOKS))
        return;
    pthread_mutex_lock(&t->lock);
    while (t->idle < t->count - 1)
        pthread_cond_wait(&t->changed, &t->lock);
    pthread_mutex_unlock(&t->lock);
}

/* False: there will be no run after `round`. */
static bool wait_round(bench_team *t, uint32_t round)
{
    if (spin_until(&t->round, round + 1, LOOKS))
        return true;
    pthread_mutex_lock(&t->lock);
    while (t->round == round && !t->over)
        pthread_cond_wait(&t->changed, &t->lock);
    bool over = t->over;
    pthread_mutex_unlock(&t->lock);
    return !over;
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
    bench_team *t = m->team;
    weft_thread *self = weft_thread_attach(t->runtime);
    if (!self) {
        keep_error(m, weft_error_status());
        become_idle(t);
        return NULL;
    }
    weft_block_begin(self);
    become_idle(t);
    for (uint32_t round = 0; wait_round(t, round); become_idle(t)) {
        round++;
        place_thread(m->index);
        __atomic_fetch_add(&t->awake, 1, __ATOMIC_RELEASE);
        (void)spin_until(&t->begun, round, 0);
        weft_block_end(self);
        run_member(m, self);
        weft_block_begin(self);
    }
    weft_block_end(self);
    weft_thread_detach(self);
    return NULL;
}

/* The first error of any member, which is set; or WEFT_OK. */
static weft_status first_error(const bench_team *t)
{
    for (uint32_t i = 0; i < t->count; i++)
        if (t->members[i].status < 0)
            return weft_error_set(t->members[i].status, "%s", t->members[i].message);
    return WEFT_OK;
}

/* Starts members 1 to threads - 1; t->count is how many there are with the calling one. */
static weft_status start_members(bench_team *t, uint32_t threads)
{
    for (; t->count < threads; t->count++) {
        member *m = &t->members[t->count];
        m->team = t;
        m->index = t->count;
        int error = pthread_create(&m->pthread, NULL, member_main, m);
        if (error)
            return weft_error_set(WEFT_ERROR_SYSTEM, "cannot start thread %u of %u: %s", t->count + 1, threads,
                                  strerror(error));
    }
    return WEFT_OK;
}

bench_team *bench_team_new(weft_thread *self, uint32_t threads)
{
    bench_team *t = calloc(1, sizeof *t + threads * sizeof t->members[0]);
    if (!t) {
        weft_error_set(WEFT_ERROR_MEMORY, "no memory for %u threads", threads);
        return NULL;
    }
    t->runtime = self->runtime;
    t->count = 1;
    t->members[0].team = t;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->changed, NULL);
    weft_status status = start_members(t, threads);
    weft_block_begin(self);
    wait_idle(t);
    weft_block_end(self);
    if (status == WEFT_OK)
        status = first_error(t);
    if (status == WEFT_OK)
        return t;
    bench_team_free(self, t);
    return NULL;
}

void bench_team_free(weft_thread *self, bench_team *t)
{
    pthread_mutex_lock(&t->lock);
    t->over = true;
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
    weft_block_begin(self);
    for (uint32_t i = 1; i < t->count; i++)
        pthread_join(t->members[i].pthread, NULL);
    weft_block_end(self);
    pthread_cond_destroy(&t->changed);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

/* Wakes the members, and begins when all are awake; the time of that. */
static double begin(bench_team *t)
{
    pthread_mutex_lock(&t->lock);
    __atomic_store_n(&t->idle, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&t->awake, 0, __ATOMIC_RELAXED);
    uint32_t round = __atomic_add_fetch(&t->round, 1, __ATOMIC_RELEASE);
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
    place_thread(0);
    (void)spin_until(&t->awake, t->count - 1, 0);
    double start = seconds_now();
    __atomic_store_n(&t->begun, round, __ATOMIC_RELEASE);
    return start;
}

double bench_team_run(weft_thread *self, bench_team *t, bench_body body, void *arg)
{
    t->body = body;
    t->arg = arg;
    weft_block_begin(self);
    double start = begin(t);
    weft_block_end(self);
    run_member(&t->members[0], self);
    weft_block_begin(self);
    wait_idle(t);
    weft_block_end(self);
    if (first_error(t) < 0)
        return -1;
    double end = start;
    for (uint32_t i = 0; i < t->count; i++)
        if (t->members[i].end > end)
            end = t->members[i].end;
    return end - start;
}

double bench_run_threads(weft_thread *self, uint32_t threads, bench_body body, void *arg)
{
    bench_team *t = bench_team_new(self, threads);
    if (!t)
        return -1;
    double seconds = bench_team_run(self, t, body, arg);
    bench_team_free(self, t);
    return seconds;
}
