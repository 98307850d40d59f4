/* test_containers_mt.c - lists and dicts that several threads use at once: nothing lost, nothing twice, no reader sees
 * what never was, and in the end every object is gone. Seeds are printed. */
#include <sched.h>
#include <stdlib.h>

#include "values.h"

enum { THREADS = 4 };

/* What the threads of a test share. */
typedef struct stage {
    weft_runtime *runtime;
    weft_object *list, *dict;
    int rounds;
    uint32_t done;     /* atomic: threads that have finished their part */
    int64_t sum;       /* atomic */
    uint32_t turn;     /* atomic: a test's own */
    weft_object *hand; /* atomic: a test's own */
} stage;

static int64_t add(int64_t *to, int64_t n)
{
    return __atomic_add_fetch(to, n, __ATOMIC_SEQ_CST);
}

/* Runs `run` on THREADS threads with an empty list and an empty dict, and then checks that nothing is left. */
static void on_stage(int rounds, void (*run)(int index, void *arg), void (*check)(weft_thread *self, stage *s))
{
    values v = values_open();
    stage s = {.runtime = v.runtime, .rounds = test_scale(rounds)};
    s.list = weft_list_new(v.self, 0);
    s.dict = weft_dict_new(v.self);
    (void)test_seed();
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(THREADS, run, &s);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    if (check)
        check(v.self, &s);
    weft_decref(v.self, s.list);
    weft_decref(v.self, s.dict);
    for (int i = 0; i < 3; i++)
        weft_safepoint(v.self);
    values_close(&v);
}

#define ENTER(s)                                    \
    stage *s = arg;                                 \
    uint64_t state = test_seed() + (uint64_t)index; \
    VALUES_THREAD(self, s->runtime)

#define LEAVE() CHECK_INT(weft_thread_detach(self), WEFT_OK)

static int64_t value_of(weft_thread *self, weft_object *o)
{
    int64_t value = -1;
    CHECK_INT(weft_int_value(self, o, &value), WEFT_OK);
    return value;
}

/* While waiting for another: so that it runs, also where only one can. */
static void let_others_run(weft_thread *self)
{
    CHECK_INT(weft_block_begin(self), WEFT_OK);
    sched_yield();
    CHECK_INT(weft_block_end(self), WEFT_OK);
}

/* ---- lists ----------------------------------------------------------------------------------------------------- */

static void append_own(int index, void *arg)
{
    ENTER(s);
    (void)state;
    for (int i = 0; i < s->rounds; i++) {
        weft_object *item = weft_int_new(self, (int64_t)index * 1000000 + i);
        CHECK_INT(weft_list_append(self, s->list, item), WEFT_OK);
        weft_decref(self, item);
        weft_safepoint(self);
    }
    LEAVE();
}

static void check_appended(weft_thread *self, stage *s)
{
    int64_t next[THREADS] = {0};
    CHECK_INT(weft_list_size(self, s->list), (int64_t)THREADS * s->rounds);
    for (int64_t i = 0; i < weft_list_size(self, s->list); i++) {
        weft_object *item = weft_list_get(self, s->list, i);
        int64_t value = value_of(self, item);
        CHECK_INT(value % 1000000, next[value / 1000000]++);
        weft_decref(self, item);
    }
}

TEST_CASE(stress_list, appends by many threads are all there and those of each thread in order)
{
    on_stage(50000, append_own, check_appended);
}

/* Half of the threads put numbers in, the other half take numbers out. */
static void give_and_take(int index, void *arg)
{
    ENTER(s);
    for (int i = 0; i < s->rounds; i++) {
        if (index % 2 == 0) {
            weft_object *item = weft_int_new(self, i + 1000);
            uint64_t random = test_random(&state);
            weft_status status = WEFT_ERROR_INDEX;
            if (random & 1)
                status = weft_list_insert(self, s->list, (int64_t)(random >> 1 & 7), item);
            if (status != WEFT_OK)
                status = weft_list_append(self, s->list, item);
            CHECK_INT(status, WEFT_OK);
            add(&s->sum, i + 1000);
            weft_decref(self, item);
        } else {
            weft_object *item = weft_list_pop(self, s->list, test_random(&state) & 1 ? -1 : 0);
            if (item != NULL) {
                add(&s->sum, -value_of(self, item));
                weft_decref(self, item);
            }
        }
        weft_safepoint(self);
    }
    LEAVE();
}

static void check_taken(weft_thread *self, stage *s)
{
    weft_error_clear();
    while (weft_list_size(self, s->list) > 0) {
        weft_object *item = weft_list_pop(self, s->list, -1);
        add(&s->sum, -value_of(self, item));
        weft_decref(self, item);
    }
    CHECK_INT(s->sum, 0);
}

TEST_CASE(stress_list, each item put in is taken out once)
{
    on_stage(50000, give_and_take, check_taken);
}

/* One thread changes the list in every way; the others read what they can and look whether it is an item. */
static void change_list(weft_thread *self, stage *s, uint64_t random)
{
    weft_object *item = weft_int_new(self, (int64_t)(random % 1000000) + 1000);
    int64_t size = weft_list_size(self, s->list), at = size ? (int64_t)(random >> 32) % size : 0;
    switch (random >> 61) {
    case 0:
    case 1:
        CHECK_INT(weft_list_append(self, s->list, item), WEFT_OK);
        break;
    case 2:
        CHECK_INT(weft_list_insert(self, s->list, at, item), WEFT_OK);
        break;
    case 3:
        if ((random >> 20 & 255) == 0)
            CHECK_INT(weft_list_clear(self, s->list), WEFT_OK);
        break;
    case 4:
    case 5:
        if (size > 0)
            CHECK_INT(weft_list_set(self, s->list, at, item), WEFT_OK);
        break;
    default:
        if (size > 30 || (size > 0 && random & 1))
            weft_decref(self, weft_list_pop(self, s->list, random & 2 ? at : -1));
    }
    weft_decref(self, item);
}

static void read_list(weft_thread *self, stage *s, uint64_t random)
{
    weft_object *item = weft_list_get(self, s->list, (int64_t)(random % 40));
    if (item == NULL) {
        CHECK_INT(weft_error_status(), WEFT_ERROR_INDEX);
        return;
    }
    int64_t value = value_of(self, item);
    CHECK(value >= 1000 && value < 1001000);
    weft_decref(self, item);
}

static void one_changes_list(int index, void *arg)
{
    ENTER(s);
    if (index == 0) {
        for (int i = 0; i < s->rounds; i++) {
            change_list(self, s, test_random(&state));
            weft_safepoint(self);
        }
        __atomic_store_n(&s->done, 1, __ATOMIC_RELEASE);
    } else {
        while (!__atomic_load_n(&s->done, __ATOMIC_ACQUIRE)) {
            read_list(self, s, test_random(&state));
            weft_safepoint(self);
        }
    }
    LEAVE();
}

TEST_CASE(stress_list, readers see only items while one thread changes the list in every way)
{
    on_stage(200000, one_changes_list, NULL);
}

/* A window of rising numbers moves along: the first goes, the next comes. So items that are n places apart differ by n, by
 * more if the window moved on between two reads, and by less only if the second read saw an earlier state than the first.
 * The numbers are made before, and read once by another thread, so that then readers need no lock. */
#define WINDOW test_scale(2000)

static void window_move(weft_thread *self, stage *s)
{
    weft_object *all = weft_list_new(self, 0);
    for (int i = 0; i < s->rounds + WINDOW; i++) {
        weft_object *item = weft_int_new(self, 1000 + i);
        CHECK_INT(weft_list_append(self, all, item), WEFT_OK);
        weft_decref(self, item);
    }
    __atomic_store_n(&s->hand, all, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&s->turn, __ATOMIC_SEQ_CST) == 0)
        let_others_run(self);
    for (int i = 0; i < s->rounds + WINDOW; i++) {
        weft_object *item = weft_list_get(self, all, i);
        CHECK_INT(weft_list_append(self, s->list, item), WEFT_OK);
        weft_decref(self, item);
        if (i >= WINDOW)
            weft_decref(self, weft_list_pop(self, s->list, 0));
        weft_safepoint(self);
    }
    weft_decref(self, all);
    __atomic_store_n(&s->done, 1, __ATOMIC_RELEASE);
}

static void window_publish(weft_thread *self, stage *s)
{
    weft_object *all;
    while ((all = __atomic_load_n(&s->hand, __ATOMIC_SEQ_CST)) == NULL)
        let_others_run(self);
    for (int i = 0; i < s->rounds + WINDOW; i++)
        weft_decref(self, weft_list_get(self, all, i));
    __atomic_store_n(&s->turn, 1, __ATOMIC_SEQ_CST);
}

static void move_window(int index, void *arg)
{
    ENTER(s);
    if (index == 0)
        window_move(self, s);
    else if (index == 1)
        window_publish(self, s);
    while (!__atomic_load_n(&s->done, __ATOMIC_ACQUIRE)) {
        int64_t n = (int64_t)(test_random(&state) % (uint64_t)(WINDOW / 2)),
                at = (int64_t)(test_random(&state) % (uint64_t)(WINDOW / 2));
        weft_object *a = weft_list_get(self, s->list, at), *b = weft_list_get(self, s->list, at + n);
        if (a != NULL && b != NULL)
            CHECK(value_of(self, b) - value_of(self, a) >= n);
        weft_xdecref(self, a);
        weft_xdecref(self, b);
        weft_safepoint(self);
    }
    LEAVE();
}

TEST_CASE(stress_list, two reads in a row never see an item moved and then a later one not yet)
{
    on_stage(50000, move_window, NULL);
}

/* Two lists and two dicts, one for even and one for odd numbers. Their owner puts fresh numbers in and takes them out, so
 * that the block of an even number soon holds an odd one. Whoever reads a wrong one took an object for what it was before. */
static void even_and_odd(int index, void *arg)
{
    ENTER(s);
    if (index == 0) {
        weft_object *all = weft_list_new(self, 4), *key = weft_int_new(self, 1000);
        for (int i = 0; i < 4; i++) {
            weft_object *o = i < 2 ? weft_list_new(self, 0) : weft_dict_new(self);
            CHECK_INT(weft_list_append(self, all, o), WEFT_OK);
            weft_decref(self, o);
        }
        weft_incref(self, all);
        __atomic_store_n(&s->hand, all, __ATOMIC_SEQ_CST);
        for (int i = 0; i < s->rounds; i++) {
            int odd = (int)(test_random(&state) & 1);
            weft_object *list = weft_list_get(self, all, odd), *dict = weft_list_get(self, all, 2 + odd);
            for (int64_t n = 0; n < 3; n++) {
                weft_object *a = weft_int_new(self, 2000 + 2 * i + odd), *b = weft_int_new(self, 2000 + 2 * i + odd);
                CHECK_INT(weft_list_append(self, list, a), WEFT_OK);
                CHECK_INT(weft_dict_set(self, dict, key, b), WEFT_OK);
                weft_decref(self, a);
                weft_decref(self, b);
                for (uint64_t wait = test_random(&state) % 32; wait-- > 0;)
                    weft_safepoint(self);
            }
            CHECK_INT(weft_dict_pop(self, dict, key, NULL), 1);
            for (int64_t n = 0; n < 3; n++)
                weft_decref(self, weft_list_pop(self, list, -1));
            weft_decref(self, list);
            weft_decref(self, dict);
            weft_safepoint(self);
        }
        weft_decref(self, key);
        __atomic_store_n(&s->done, 1, __ATOMIC_SEQ_CST);
        while (__atomic_load_n(&s->done, __ATOMIC_SEQ_CST) != THREADS)
            let_others_run(self);
        weft_decref(self, all);
        weft_decref(self, all);
    } else {
        weft_object *all, *part[4], *key = weft_int_new(self, 1000);
        while ((all = __atomic_load_n(&s->hand, __ATOMIC_SEQ_CST)) == NULL)
            let_others_run(self);
        for (int i = 0; i < 4; i++)
            part[i] = weft_list_get(self, all, i);
        while (!__atomic_load_n(&s->done, __ATOMIC_SEQ_CST)) {
            int odd = (int)(test_random(&state) & 1);
            weft_object *a = weft_list_get(self, part[odd], (int64_t)(test_random(&state) % 3)), *b = NULL;
            CHECK(weft_dict_get(self, part[2 + odd], key, &b) >= 0);
            CHECK(a == NULL || (weft_is_int(a) && value_of(self, a) % 2 == odd));
            CHECK(b == NULL || (weft_is_int(b) && value_of(self, b) % 2 == odd));
            weft_xdecref(self, a);
            weft_xdecref(self, b);
            weft_safepoint(self);
        }
        for (int i = 0; i < 4; i++)
            weft_decref(self, part[i]);
        weft_decref(self, key);
        __atomic_add_fetch(&s->done, 1, __ATOMIC_SEQ_CST);
    }
    LEAVE();
}

TEST_CASE(stress_list, a reader never takes an object for what its block held before)
{
    on_stage(100000, even_and_odd, NULL);
}

/* A list and a dict grow and are emptied by their owner, while others read them: so that arrays go while they are read. */
static void grow_and_clear(int index, void *arg)
{
    ENTER(s);
    if (index == 0) {
        weft_object *all = weft_list_new(self, 2);
        for (int i = 0; i < 2; i++) {
            weft_object *o = i == 0 ? weft_list_new(self, 0) : weft_dict_new(self);
            CHECK_INT(weft_list_append(self, all, o), WEFT_OK);
            weft_decref(self, o);
        }
        weft_object *list = weft_list_get(self, all, 0), *dict = weft_list_get(self, all, 1);
        __atomic_store_n(&s->hand, all, __ATOMIC_SEQ_CST);
        for (int i = 0; i < s->rounds; i++) {
            weft_object *item = weft_int_new(self, 1000 + i % 100);
            CHECK_INT(weft_list_append(self, list, item), WEFT_OK);
            CHECK_INT(weft_dict_set(self, dict, item, item), WEFT_OK);
            weft_decref(self, item);
            if (i % 100 == 99) {
                CHECK_INT(weft_list_clear(self, list), WEFT_OK);
                CHECK_INT(weft_dict_clear(self, dict), WEFT_OK);
            }
            weft_safepoint(self);
        }
        weft_decref(self, list);
        weft_decref(self, dict);
        __atomic_store_n(&s->done, 1, __ATOMIC_SEQ_CST);
        while (__atomic_load_n(&s->done, __ATOMIC_SEQ_CST) != THREADS)
            let_others_run(self);
        weft_decref(self, all);
    } else {
        weft_object *all;
        while ((all = __atomic_load_n(&s->hand, __ATOMIC_SEQ_CST)) == NULL)
            let_others_run(self);
        weft_object *list = weft_list_get(self, all, 0), *dict = weft_list_get(self, all, 1);
        while (!__atomic_load_n(&s->done, __ATOMIC_SEQ_CST)) {
            int64_t number = (int64_t)(test_random(&state) % 100);
            weft_object *key = weft_int_new(self, 1000 + number), *value = NULL;
            weft_object *item = weft_list_get(self, list, number);
            CHECK(weft_dict_get(self, dict, key, &value) >= 0);
            CHECK(item == NULL || value_of(self, item) == 1000 + number);
            CHECK(value == NULL || value_of(self, value) == 1000 + number);
            weft_xdecref(self, item);
            weft_xdecref(self, value);
            weft_decref(self, key);
            weft_safepoint(self);
        }
        weft_decref(self, list);
        weft_decref(self, dict);
        __atomic_add_fetch(&s->done, 1, __ATOMIC_SEQ_CST);
    }
    LEAVE();
}

TEST_CASE(stress_list, arrays that their owner replaces stay while others read them)
{
    on_stage(200000, grow_and_clear, NULL);
}

/* ---- dicts ----------------------------------------------------------------------------------------------------- */

static weft_object *key_new(weft_thread *self, int64_t number)
{
    if (number & 1)
        return weft_int_new(self, number + 1000);
    return weft_str_format(self, "key number %lld", (long long)number);
}

static void set_own(int index, void *arg)
{
    ENTER(s);
    (void)state;
    for (int i = 0; i < s->rounds; i++) {
        weft_object *key = key_new(self, (int64_t)index * 1000000 + i), *value = weft_int_new(self, i + 1000), *got;
        CHECK_INT(weft_dict_set(self, s->dict, key, value), WEFT_OK);
        CHECK_INT(weft_dict_get(self, s->dict, key, &got), 1);
        CHECK_PTR(got, value);
        weft_decref(self, got);
        if (i % 4 == 3)
            CHECK_INT(weft_dict_pop(self, s->dict, key, NULL), 1);
        weft_decref(self, key);
        weft_decref(self, value);
        weft_safepoint(self);
    }
    LEAVE();
}

static void check_set(weft_thread *self, stage *s)
{
    CHECK_INT(weft_dict_size(self, s->dict), (int64_t)THREADS * (s->rounds - s->rounds / 4));
    for (int64_t i = 0; i < THREADS * (int64_t)s->rounds; i++) {
        int64_t at = i % s->rounds;
        weft_object *key = key_new(self, i / s->rounds * 1000000 + at), *got;
        int found = weft_dict_get(self, s->dict, key, &got);
        CHECK_INT(found, at % 4 != 3);
        if (found == 1) {
            CHECK_INT(value_of(self, got), at + 1000);
            weft_decref(self, got);
        }
        weft_decref(self, key);
    }
}

TEST_CASE(stress_dict, what each thread sets is there and what it takes out is not )
{
    on_stage(20000, set_own, check_set);
}

static void set_default_all(int index, void *arg)
{
    ENTER(s);
    (void)state;
    for (int i = 0; i < s->rounds; i++) {
        weft_object *key = key_new(self, i), *mine = weft_int_new(self, (int64_t)index * 1000000 + 1000 + i), *got;
        int found = weft_dict_set_default(self, s->dict, key, mine, &got);
        CHECK(found == 0 ? got == mine : found == 1 && got != mine);
        CHECK_INT(value_of(self, got) % 1000000, 1000 + i);
        add(&s->sum, found == 0);
        weft_decref(self, got);
        weft_decref(self, mine);
        weft_decref(self, key);
        weft_safepoint(self);
    }
    LEAVE();
}

static void check_set_default(weft_thread *self, stage *s)
{
    CHECK_INT(s->sum, s->rounds);
    CHECK_INT(weft_dict_size(self, s->dict), s->rounds);
}

TEST_CASE(stress_dict, set_default has one winner a key)
{
    on_stage(20000, set_default_all, check_set_default);
}

static void count_up(int index, void *arg)
{
    ENTER(s);
    (void)index;
    for (int i = 0; i < s->rounds;) {
        weft_object *key = key_new(self, (int64_t)(test_random(&state) % 3)), *old = NULL;
        CHECK(weft_dict_get(self, s->dict, key, &old) >= 0);
        weft_object *more = weft_int_new(self, old ? value_of(self, old) + 1 : 1);
        int stored = weft_dict_replace(self, s->dict, key, old, more);
        CHECK(stored >= 0);
        i += stored == 1;
        weft_xdecref(self, old);
        weft_decref(self, more);
        weft_decref(self, key);
        weft_safepoint(self);
    }
    LEAVE();
}

static void check_counted(weft_thread *self, stage *s)
{
    int64_t sum = 0;
    size_t position = 0;
    weft_object *value;
    while (weft_dict_next(self, s->dict, &position, NULL, &value) == 1) {
        sum += value_of(self, value);
        weft_decref(self, value);
    }
    CHECK_INT(sum, (int64_t)THREADS * s->rounds);
}

TEST_CASE(stress_dict, counting up by replace loses no step)
{
    on_stage(20000, count_up, check_counted);
}

/* Values name their key: (number, random) as an int. So a reader that gets another key's value, or a dead one, sees it. */
static void change_dict(weft_thread *self, stage *s, uint64_t random)
{
    int64_t number = (int64_t)(random % 200);
    weft_object *key = key_new(self, number), *got = NULL;
    weft_object *value = weft_int_new(self, number + 1000 * (int64_t)(1 + random % 7919));
    switch (random >> 60) {
    case 0:
        if ((random >> 20 & 255) == 0)
            CHECK_INT(weft_dict_clear(self, s->dict), WEFT_OK);
        break;
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
        CHECK(weft_dict_pop(self, s->dict, key, &got) >= 0);
        break;
    case 6:
        CHECK(weft_dict_set_default(self, s->dict, key, value, &got) >= 0);
        break;
    default:
        CHECK_INT(weft_dict_set(self, s->dict, key, value), WEFT_OK);
    }
    if (got != NULL) {
        CHECK_INT(value_of(self, got) % 1000, number);
        weft_decref(self, got);
    }
    weft_decref(self, key);
    weft_decref(self, value);
}

static void read_dict(weft_thread *self, stage *s, weft_object *const *keys, uint64_t random)
{
    int64_t number = (int64_t)(random % 200);
    weft_object *got = NULL;
    if (random >> 63) {
        CHECK(weft_dict_contains(self, s->dict, keys[number]) >= 0);
        return;
    }
    int found = weft_dict_get(self, s->dict, keys[number], &got);
    CHECK(found == 0 || found == 1);
    if (found == 1) {
        CHECK_INT(value_of(self, got) % 1000, number);
        weft_decref(self, got);
    }
}

static int64_t number_of(weft_thread *self, weft_object *key)
{
    if (weft_is_int(key))
        return value_of(self, key) - 1000;
    const char *text = weft_str_utf8(self, key, NULL);
    return CHECK(text != NULL) ? strtoll(text + strlen("key number "), NULL, 10) : -1;
}

static void iterate_dict(weft_thread *self, stage *s)
{
    size_t position = 0;
    weft_object *key, *value;
    while (weft_dict_next(self, s->dict, &position, &key, &value) == 1) {
        CHECK_INT(value_of(self, value) % 1000, number_of(self, key));
        weft_decref(self, key);
        weft_decref(self, value);
    }
}

static void some_change_dict(int index, void *arg)
{
    weft_object *keys[200];
    ENTER(s);
    for (int i = 0; i < 200; i++)
        keys[i] = key_new(self, i);
    for (int i = 0; i < s->rounds; i++) {
        uint64_t random = test_random(&state);
        if (index < 2)
            change_dict(self, s, random);
        else
            read_dict(self, s, keys, random);
        if (index == 3 && i % 64 == 0)
            iterate_dict(self, s);
        weft_safepoint(self);
    }
    for (int i = 0; i < 200; i++)
        weft_decref(self, keys[i]);
    LEAVE();
}

TEST_CASE(stress_dict, readers see only values of their key while two threads change the dict in every way)
{
    on_stage(100000, some_change_dict, NULL);
}

/* ---- the owner's way round the lock: guard_ft.h ------------------------------------------------------------------ */

/* In each round thread 0 makes a list and a dict and goes on changing them, while the others come in at some moment:
 * the first to come takes them away from an owner in full run. More rounds than an owner is given the benefit for. */
static void take_from_owner(int index, void *arg)
{
    enum { STEPS = 60 };

    const int many = test_scale(10000);

    ENTER(s);
    for (int round = 0; round < s->rounds; round++) {
        weft_object *pair = NULL;
        if (index == 0) {
            pair = weft_list_new(self, 0);
            weft_object *list = weft_list_new(self, 0), *dict = weft_dict_new(self);
            for (int i = 0; i < many; i++)
                CHECK_INT(weft_list_append(self, list, &weft_none), WEFT_OK);
            CHECK_INT(weft_list_append(self, pair, list), WEFT_OK);
            CHECK_INT(weft_list_append(self, pair, dict), WEFT_OK);
            weft_decref(self, list);
            weft_decref(self, dict);
            weft_incref(self, pair);
            __atomic_store_n(&s->done, 0, __ATOMIC_SEQ_CST);
            __atomic_store_n(&s->hand, pair, __ATOMIC_SEQ_CST);
            __atomic_store_n(&s->turn, (uint32_t)round + 1, __ATOMIC_SEQ_CST);
        } else {
            while (__atomic_load_n(&s->turn, __ATOMIC_SEQ_CST) != (uint32_t)round + 1)
                let_others_run(self);
            pair = __atomic_load_n(&s->hand, __ATOMIC_SEQ_CST);
            for (uint64_t wait = test_random(&state) % 200; wait-- > 0;)
                weft_safepoint(self);
        }
        weft_object *list = weft_list_get(self, pair, 0), *dict = weft_list_get(self, pair, 1);
        for (int i = 0; i < STEPS; i++) {
            weft_object *item = weft_int_new(self, 1000 + index * STEPS + i);
            CHECK_INT(weft_list_append(self, list, item), WEFT_OK);
            CHECK_INT(weft_dict_set(self, dict, item, item), WEFT_OK);
            weft_decref(self, item);
            if (index == 0) { /* takes a while, which is when the others come in */
                CHECK_INT(weft_list_insert(self, list, 0, &weft_none), WEFT_OK);
                weft_decref(self, weft_list_pop(self, list, 0));
            }
        }
        weft_decref(self, list);
        weft_decref(self, dict);
        __atomic_add_fetch(&s->done, 1, __ATOMIC_SEQ_CST);
        while (index == 0 && __atomic_load_n(&s->done, __ATOMIC_SEQ_CST) != THREADS)
            let_others_run(self);
        if (index == 0) {
            list = weft_list_get(self, pair, 0);
            dict = weft_list_get(self, pair, 1);
            CHECK_INT(weft_list_size(self, list), many + THREADS * STEPS);
            CHECK_INT(weft_dict_size(self, dict), THREADS * STEPS);
            weft_decref(self, list);
            weft_decref(self, dict);
            weft_decref(self, pair);
            weft_decref(self, pair);
        }
    }
    LEAVE();
}

TEST_CASE(stress_guard, containers are taken from an owner in full run and lose nothing)
{
    on_stage(1500, take_from_owner, NULL);
}

/* Thread after thread fills the list and the dict and ends, so that each container's owner is long gone. */
static void make_and_end(int index, void *arg)
{
    stage *s = arg;
    for (int i = 0; i < s->rounds; i++) {
        VALUES_THREAD(self, s->runtime);
        weft_object *inner = weft_list_new(self, 0), *item = weft_int_new(self, (int64_t)index * 1000000 + i + 1000);
        CHECK_INT(weft_list_append(self, inner, item), WEFT_OK);
        CHECK_INT(weft_dict_set(self, s->dict, item, inner), WEFT_OK);
        weft_decref(self, inner);
        weft_decref(self, item);
        weft_object *key = weft_int_new(self, (int64_t)((index + 1) % THREADS) * 1000000 + i + 1000 - 1), *got = NULL;
        CHECK(weft_dict_pop(self, s->dict, key, &got) >= 0);
        if (got != NULL) {
            CHECK_INT(weft_list_append(self, got, key), WEFT_OK);
            CHECK_INT(weft_list_size(self, got), 2);
            weft_decref(self, got);
        }
        weft_decref(self, key);
        LEAVE();
    }
}

TEST_CASE(stress_guard, containers outlive the threads that made them)
{
    on_stage(5000, make_and_end, NULL);
}

/* A container used inside a critical section on itself, by all at once: counting up is one step. */
static void count_in_section(int index, void *arg)
{
    ENTER(s);
    (void)index;
    (void)state;
    for (int i = 0; i < s->rounds; i++) {
        weft_critical section;
        weft_critical_begin(self, &section, s->list);
        weft_object *old = weft_list_size(self, s->list) ? weft_list_pop(self, s->list, -1) : NULL;
        weft_object *more = weft_int_new(self, old ? value_of(self, old) + 1 : 1);
        CHECK_INT(weft_list_append(self, s->list, more), WEFT_OK);
        weft_critical_end(self, &section);
        weft_xdecref(self, old);
        weft_decref(self, more);
        weft_safepoint(self);
    }
    LEAVE();
}

static void check_section(weft_thread *self, stage *s)
{
    CHECK_INT(weft_list_size(self, s->list), 1);
    weft_object *sum = weft_list_get(self, s->list, 0);
    CHECK_INT(value_of(self, sum), (int64_t)THREADS * s->rounds);
    weft_decref(self, sum);
}

TEST_CASE(stress_guard, operations inside a critical section on the container are one step)
{
    on_stage(20000, count_in_section, check_section);
}
