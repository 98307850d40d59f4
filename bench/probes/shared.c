/* shared.c - containers that several threads use at once, or one each, against one thread alone.
 *
 * The dict of 100,000 entries is made by a thread that is blocked afterwards, so that no thread of the measurement has the
 * advantage of owning it: each counts the values atomically, also when it is alone. */
#include "probes/probes.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES = 100000, STEPS = 20000, ITEMS = 1000, BLOCK = 1000 };

typedef struct shared {
    weft_runtime *runtime;
    bool started;         /* the maker */
    weft_object *dict;    /* constant */
    weft_object **keys;   /* ENTRIES; constant */
    weft_object **values; /* the same */
    pthread_t maker;
    sem_t made, over;   /* posted by the maker when it has tried; by the measuring thread when the maker may end */
    weft_status status; /* the maker's, until `made` */
    char message[256];
} shared;

static weft_status fill(weft_thread *self, shared *s)
{
    s->dict = weft_dict_new(self);
    if (!s->dict)
        return weft_error_status();
    for (size_t i = 0; i < ENTRIES; i++) {
        s->keys[i] = weft_int_new(self, (int64_t)(1000 + i));
        s->values[i] = weft_float_new(self, (double)i);
        if (!s->keys[i] || !s->values[i])
            return weft_error_status();
        weft_status status = weft_dict_set(self, s->dict, s->keys[i], s->values[i]);
        if (status < 0)
            return status;
    }
    return WEFT_OK;
}

/* Another OS thread. It stays attached, for its id would be the next thread's, who would then own the dict. */
static void *make_shared(void *arg)
{
    shared *s = arg;
    weft_thread *self = weft_thread_attach(s->runtime);
    s->status = self ? fill(self, s) : weft_error_status();
    if (s->status < 0)
        strncpy(s->message, weft_error_message(), sizeof s->message - 1);
    if (self)
        weft_block_begin(self);
    sem_post(&s->made);
    while (sem_wait(&s->over) != 0) {}
    if (self) {
        weft_block_end(self);
        weft_thread_detach(self);
    }
    return NULL;
}

static void shared_drop(weft_thread *self, shared *s)
{
    for (size_t i = 0; s->keys && s->values && i < ENTRIES; i++) {
        weft_xdecref(self, s->keys[i]);
        weft_xdecref(self, s->values[i]);
    }
    weft_xdecref(self, s->dict);
    free(s->keys);
    free(s->values);
}

static weft_status shared_make(weft_thread *self, shared *s)
{
    s->keys = calloc(ENTRIES, sizeof *s->keys);
    s->values = calloc(ENTRIES, sizeof *s->values);
    if (!s->keys || !s->values)
        return weft_error_set(WEFT_ERROR_MEMORY, "no memory for %d entries", ENTRIES);
    int error = pthread_create(&s->maker, NULL, make_shared, s);
    if (error)
        return weft_error_set(WEFT_ERROR_SYSTEM, "cannot start a thread: %s", strerror(error));
    weft_block_begin(self);
    while (sem_wait(&s->made) != 0) {}
    weft_block_end(self);
    s->started = true;
    return s->status < 0 ? weft_error_set(s->status, "%s", s->message) : WEFT_OK;
}

static double measure(weft_thread *self, uint32_t threads, bench_body body)
{
    shared s = {.runtime = self->runtime};
    sem_init(&s.made, 0, 0);
    sem_init(&s.over, 0, 0);
    double ns = shared_make(self, &s) < 0 ? -1 : probe_ns(self, threads, STEPS, body, &s);
    shared_drop(self, &s);
    if (s.started) {
        sem_post(&s.over);
        weft_block_begin(self);
        pthread_join(s.maker, NULL);
        weft_block_end(self);
    }
    sem_destroy(&s.made);
    sem_destroy(&s.over);
    return ns;
}

/* A random row of numbers below `range`, another for each seed. */
static inline size_t next_below(uint64_t *state, size_t range)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)((*state >> 32) * range >> 32);
}

static weft_status get_one(weft_thread *self, const shared *s, size_t i)
{
    weft_object *value;
    int found = weft_dict_get(self, s->dict, s->keys[i], &value);
    if (found != 1)
        return found < 0 ? (weft_status)found : weft_error_set(WEFT_ERROR_USER, "a key is missing");
    weft_decref(self, value);
    return WEFT_OK;
}

static weft_status read_random(weft_thread *self, uint32_t index, void *arg)
{
    const shared *s = arg;
    uint64_t state = index + 1;
    for (size_t i = 0; i < STEPS; i++) {
        weft_status status = get_one(self, s, next_below(&state, ENTRIES));
        if (status < 0)
            return status;
        if (i % 256 == 0)
            weft_safepoint(self);
    }
    return WEFT_OK;
}

/* The `i`th entry of a half. The halves take turns in blocks of the dict's order, in which early keys have found free
 * slots and late ones collide with them: the second half in one piece takes a third longer, whoever reads it. */
static inline size_t entry_of_half(size_t i, uint32_t half)
{
    return (i / BLOCK * 2 + half) * BLOCK + i % BLOCK;
}

/* One thread alone goes over one half as well: so that a half fits as well into its caches then. */
static weft_status read_half(weft_thread *self, uint32_t index, void *arg)
{
    const shared *s = arg;
    uint64_t state = index + 1;
    for (size_t i = 0; i < STEPS; i++) {
        weft_status status = get_one(self, s, entry_of_half(next_below(&state, ENTRIES / 2), index % 2));
        if (status < 0)
            return status;
        if (i % 256 == 0)
            weft_safepoint(self);
    }
    return WEFT_OK;
}

static weft_status write_random(weft_thread *self, uint32_t index, void *arg)
{
    const shared *s = arg;
    uint64_t state = index + 1;
    for (size_t i = 0; i < STEPS; i++) {
        size_t at = next_below(&state, ENTRIES);
        weft_status status = weft_dict_set(self, s->dict, s->keys[at], s->values[(at + index + 1) % ENTRIES]);
        if (status < 0)
            return status;
        if (i % 256 == 0)
            weft_safepoint(self);
    }
    return WEFT_OK;
}

double probe_dict_halves_read(weft_thread *self, uint32_t threads)
{
    return measure(self, threads, read_half);
}

double probe_dict_random_read(weft_thread *self, uint32_t threads)
{
    return measure(self, threads, read_random);
}

double probe_dict_shared_write(weft_thread *self, uint32_t threads)
{
    return measure(self, threads, write_random);
}

/* Lists of one's own, of floats that are made on the way. */
static weft_status append_private(weft_thread *self, uint32_t index, void *arg)
{
    (void)arg;
    for (size_t round = 0; round < STEPS / ITEMS; round++) {
        weft_object *list = weft_list_new(self, 0);
        weft_status status = list ? WEFT_OK : weft_error_status();
        for (size_t i = 0; status == WEFT_OK && i < ITEMS; i++) {
            weft_object *item = weft_float_new(self, (double)(i + index));
            status = item ? weft_list_append(self, list, item) : weft_error_status();
            weft_xdecref(self, item);
        }
        weft_xdecref(self, list);
        if (status < 0)
            return status;
        weft_safepoint(self);
    }
    return WEFT_OK;
}

double probe_list_private_append(weft_thread *self, uint32_t threads)
{
    return probe_ns(self, threads, STEPS, append_private, NULL);
}
