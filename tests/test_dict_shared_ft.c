/* Storing into dicts that several threads use: the search is made before the lock is taken, and the lock may be waited for
 * while the dict changes. Seeds are printed. */
#include <pthread.h>
#include <stdio.h>

#include "core/parking.h"
#include "values.h"

/* ---- what was seen before the lock, and is no longer so -------------------------------------------------------------- */

enum { MANY = 5000, FEWER = 2800, LAST = MANY - 1 }; /* both numbers of entries take tables of the same size */

typedef struct meeting {
    weft_runtime *runtime;
    weft_object *dict, *keys[MANY];
    weft_object *value; /* what the stranger stores under the last key */
    bool known;         /* atomic: the stranger has used the dict, so that it is shared */
    bool held;          /* atomic: its lock is held by the owner */
} meeting;

static void fill(weft_thread *self, meeting *m, int count)
{
    for (int i = 0; i < count; i++)
        CHECK_INT(weft_dict_set(self, m->dict, m->keys[i], &weft_none), WEFT_OK);
}

static void wait_until(weft_thread *self, const bool *flag)
{
    while (!__atomic_load_n(flag, __ATOMIC_ACQUIRE))
        weft_safepoint(self);
}

static void *store_last(void *arg)
{
    meeting *m = arg;
    weft_thread *self = weft_thread_attach(m->runtime);
    CHECK_INT(weft_dict_contains(self, m->dict, m->keys[0]), 1);
    __atomic_store_n(&m->known, true, __ATOMIC_RELEASE);
    wait_until(self, &m->held);
    CHECK_INT(weft_dict_set(self, m->dict, m->keys[LAST], m->value), WEFT_OK);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
    return NULL;
}

/* While the stranger waits for the lock, everything is taken out, and the next table of the same size most likely gets the
 * memory of the old one: with the entries that it does not fill as they were. */
static void refill_under_lock(weft_thread *self, meeting *m)
{
    weft_critical section;
    weft_critical_begin(self, &section, m->dict);
    __atomic_store_n(&m->held, true, __ATOMIC_RELEASE);
    while (parking_count(m->dict) == 0) {} /* no safepoint: it would leave the section */
    CHECK_INT(weft_dict_clear(self, m->dict), WEFT_OK);
    fill(self, m, FEWER);
    weft_critical_end(self, &section);
}

TEST_CASE(dict_shared, a value stored by a thread that waited while the table was replaced is in the new table)
{
    values v = values_open();
    for (int round = 0; round < 5; round++) {
        meeting m = {.runtime = v.runtime, .dict = weft_dict_new(v.self), .value = weft_int_new(v.self, 4711)};
        for (int i = 0; i < MANY; i++)
            m.keys[i] = weft_int_new(v.self, 1000 + i);
        fill(v.self, &m, MANY);
        pthread_t stranger;
        REQUIRE(pthread_create(&stranger, NULL, store_last, &m) == 0);
        wait_until(v.self, &m.known);
        refill_under_lock(v.self, &m);
        CHECK_INT(weft_block_begin(v.self), WEFT_OK);
        pthread_join(stranger, NULL);
        CHECK_INT(weft_block_end(v.self), WEFT_OK);

        weft_object *there = NULL;
        CHECK_INT(weft_dict_get(v.self, m.dict, m.keys[LAST], &there), 1);
        CHECK_PTR(there, m.value);
        CHECK_INT(weft_dict_size(v.self, m.dict), FEWER + 1);
        weft_xdecref(v.self, there);
        for (int i = 0; i < MANY; i++)
            weft_decref(v.self, m.keys[i]);
        weft_decref(v.self, m.dict);
        weft_safepoint(v.self);
        CHECK_INT(weft_refcount(v.self, m.value), 1);
        weft_decref(v.self, m.value);
    }
    values_close(&v);
}

/* ---- by chance ----------------------------------------------------------------------------------------------------- */

enum { THREADS_MOST = 8, OWN = 40, PASSING = 200, VALUES = 16 };

typedef struct storm {
    weft_runtime *runtime;
    weft_object *dict;
    weft_object *values[VALUES]; /* constant; in the dict any number of times */
    int rounds;
    uint32_t counted; /* atomic: successful additions to the common count */
} storm;

static weft_object *key_new(weft_thread *self, int64_t number, bool text)
{
    char name[32];
    int size = snprintf(name, sizeof name, "key %lld", (long long)number);
    return text ? weft_str_new(self, name, (size_t)size) : weft_int_new(self, number);
}

/* Under a key that only this thread writes, what was written last is there. */
static void write_own(weft_thread *self, const storm *s, int64_t number, int64_t round)
{
    weft_object *key = key_new(self, number, round & 1), *value = weft_int_new(self, round), *there = NULL;
    CHECK_INT(weft_dict_set(self, s->dict, key, value), WEFT_OK);
    CHECK_INT(weft_dict_get(self, s->dict, key, &there), 1);
    CHECK_PTR(there, value);
    weft_xdecref(self, there);
    weft_decref(self, value);
    weft_decref(self, key);
}

/* Keys that come and go, so that tables are replaced; values that all threads store. */
static void pass_by(weft_thread *self, const storm *s, uint64_t random)
{
    weft_object *key = key_new(self, 1000000 + (int64_t)(random >> 8) % PASSING, random & 1), *old = NULL;
    weft_object *value = s->values[(random >> 32) % VALUES];
    switch (random >> 4 & 7) {
    case 0:
    case 1:
        CHECK(weft_dict_pop(self, s->dict, key, NULL) >= 0);
        break;
    case 2:
        CHECK(weft_dict_swap(self, s->dict, key, value, &old) >= 0);
        weft_xdecref(self, old);
        break;
    case 3:
        CHECK(weft_dict_replace(self, s->dict, key, s->values[0], value) >= 0);
        break;
    case 4:
        CHECK(weft_dict_replace(self, s->dict, key, NULL, value) >= 0);
        break;
    default:
        CHECK_INT(weft_dict_set(self, s->dict, key, value), WEFT_OK);
        break;
    }
    weft_decref(self, key);
}

static void add_one(weft_thread *self, storm *s)
{
    weft_object *key = key_new(self, 7, true), *old = NULL;
    int found = weft_dict_get(self, s->dict, key, &old);
    weft_object *more = weft_int_new(self, found == 1 ? weft_int_get(old) + 1 : 1001);
    if (weft_dict_replace(self, s->dict, key, found == 1 ? old : NULL, more) == 1)
        __atomic_fetch_add(&s->counted, 1, __ATOMIC_RELAXED);
    weft_decref(self, more);
    weft_xdecref(self, old);
    weft_decref(self, key);
}

static void take_part(int index, void *arg)
{
    storm *s = arg;
    uint64_t state = test_seed() + (uint64_t)index;
    weft_thread *self = weft_thread_attach(s->runtime);
    for (int i = 0; i < s->rounds; i++) {
        uint64_t random = test_random(&state);
        write_own(self, s, (index + 1) * 10000 + (int64_t)(random % OWN), i);
        pass_by(self, s, test_random(&state));
        add_one(self, s);
        weft_safepoint(self);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

static void check_storm(weft_thread *self, storm *s)
{
    weft_object *key = key_new(self, 7, true), *count = NULL;
    CHECK_INT(weft_dict_get(self, s->dict, key, &count), 1);
    CHECK_INT(weft_int_get(count), 1000 + (int64_t)s->counted);
    weft_xdecref(self, count);
    weft_decref(self, key);
    weft_decref(self, s->dict);
    for (int i = 0; i < 3; i++)
        weft_safepoint(self);
    for (int i = 0; i < VALUES; i++) {
        CHECK_INT(weft_refcount(self, s->values[i]), 1);
        weft_decref(self, s->values[i]);
    }
}

static void storm_of(int threads, int rounds)
{
    values v = values_open();
    storm s = {.runtime = v.runtime, .dict = weft_dict_new(v.self), .rounds = test_scale(rounds)};
    for (int i = 0; i < VALUES; i++)
        s.values[i] = weft_float_new(v.self, i);
    (void)test_seed();
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(threads, take_part, &s);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    check_storm(v.self, &s);
    values_close(&v);
}

TEST_CASE(stress_dict_shared, what two threads store is there and every reference is given back)
{
    storm_of(2, 60000);
}

TEST_CASE(stress_dict_shared, what many threads store is there and every reference is given back)
{
    storm_of(THREADS_MOST, 15000);
}
