/* test_volume.c - very many inserts and deletes: memory stays bounded, whatever is kept for readers and to be reused.
 * WEFT_INSERTS says how many of each; the default is what a test run has time for. */
#include <stdlib.h>

#include "sequences.h"

enum { INSERTS = 2000000, ALIVE = 1000, LIMIT = 4 << 20 /* bytes; what ALIVE entries take is far less */ };

/* With readers, what was taken out waits until each has been at a safepoint, or blocked: until it has been given a processor
 * where there are not enough. What all that is taken out would come to is more. */
enum { LIMIT_READERS = 48 << 20 };

static int64_t inserts(void)
{
    const char *text = getenv("WEFT_INSERTS");
    int64_t count = text ? strtoll(text, NULL, 10) : 0;
    return count > 0 ? count : test_scale(INSERTS);
}

/* Puts number `i` in, and takes one out: some number that is ALIVE or fewer inserts old. */
typedef void (*turn_over)(weft_thread *self, weft_object *container, weft_object *item, int64_t i);

static void in_list(weft_thread *self, weft_object *list, weft_object *item, int64_t i)
{
    CHECK_INT(weft_list_append(self, list, item), WEFT_OK);
    if (weft_list_size(self, list) > ALIVE)
        weft_decref(self, weft_list_pop(self, list, i % 3 ? -1 : ALIVE - i % 64));
}

static void in_dict(weft_thread *self, weft_object *dict, weft_object *item, int64_t i)
{
    CHECK_INT(weft_dict_set(self, dict, item, item), WEFT_OK);
    if (i < ALIVE)
        return;
    weft_object *old = weft_int_new(self, i - ALIVE + 1000);
    CHECK_INT(weft_dict_pop(self, dict, old, NULL), 1);
    weft_decref(self, old);
}

static void in_set(weft_thread *self, weft_object *set, weft_object *item, int64_t i)
{
    CHECK_INT(weft_set_add(self, set, item), 1);
    if (i < ALIVE)
        return;
    weft_object *old = weft_int_new(self, i - ALIVE + 1000);
    CHECK_INT(weft_set_remove(self, set, old), 1);
    weft_decref(self, old);
}

static void in_deque(weft_thread *self, weft_object *deque, weft_object *item, int64_t i)
{
    weft_object *old = NULL;
    CHECK_INT(weft_deque_push(self, deque, i & 1 ? WEFT_DEQUE_BACK : WEFT_DEQUE_FRONT, item), WEFT_OK);
    if (i >= ALIVE)
        CHECK_INT(weft_deque_pop(self, deque, i & 2 ? WEFT_DEQUE_BACK : WEFT_DEQUE_FRONT, &old), 1);
    weft_xdecref(self, old);
}

/* What the heap has in blocks, those that wait for readers included. */
static size_t bytes_now(weft_thread *self)
{
    static weft_heap_stats stats;
    CHECK_INT(weft_heap_statistics(self, &stats), WEFT_OK);
    return stats.bytes_used;
}

static void turn_all(weft_thread *self, weft_object *container, turn_over turn, size_t limit)
{
    int64_t count = inserts();
    size_t most = 0;
    for (int64_t i = 0; i < count; i++) {
        weft_object *item = weft_int_new(self, i + 1000);
        turn(self, container, item, i);
        weft_decref(self, item);
        weft_safepoint(self);
        if (i % (1 << 15) != 0)
            continue;
        size_t bytes = bytes_now(self);
        most = bytes > most ? bytes : most;
    }
    if (most > limit)
        CHECK_INT(most, limit);
}

static void volume_run(weft_object *(*make)(weft_thread *self), turn_over turn, bool peeked)
{
    values v = values_open();
    weft_object *container = make(v.self), *got;
    if (peeked && weft_is_dict(container))
        CHECK_INT(weft_dict_peek(v.self, container, &weft_none, &got), 0);
    else if (peeked)
        CHECK_NULL(weft_list_peek(v.self, container, 0), WEFT_ERROR_INDEX, "list of 0");
    turn_all(v.self, container, turn, LIMIT);
    weft_decref(v.self, container);
    for (int i = 0; i < 3; i++)
        weft_safepoint(v.self);
    values_close(&v);
}

static weft_object *make_list(weft_thread *self)
{
    return weft_list_new(self, 0);
}

static weft_object *make_set(weft_thread *self)
{
    return weft_set_new(self, NULL);
}

static weft_object *make_deque(weft_thread *self)
{
    return weft_deque_new(self, -1);
}

TEST_CASE(volume, a list takes no more memory however many come and go)
{
    volume_run(make_list, in_list, false);
}

TEST_CASE(volume, a dict takes no more memory however many come and go)
{
    volume_run(weft_dict_new, in_dict, false);
}

TEST_CASE(volume, a set takes no more memory however many come and go)
{
    volume_run(make_set, in_set, false);
}

TEST_CASE(volume, a deque takes no more memory however many come and go)
{
    volume_run(make_deque, in_deque, false);
}

TEST_CASE(volume, a list that was peeked at takes no more memory however many come and go)
{
    volume_run(make_list, in_list, true);
}

TEST_CASE(volume, a dict that was peeked at takes no more memory however many come and go)
{
    volume_run(weft_dict_new, in_dict, true);
}

/* ---- with a thread that is away, and one that never comes to writing ----------------------------------------------- */

typedef struct away {
    weft_runtime *runtime;
    weft_object *dict;
    uint32_t peeked; /* atomic: threads that have peeked, and are blocked now */
    uint32_t over;   /* atomic: the writer is done */
} away;

/* 0 writes; 1 has peeked and is blocked for all that time; 2 peeks all the time. */
static void write_while_away(int index, void *arg)
{
    away *a = arg;
    VALUES_THREAD(self, a->runtime);
    weft_object *got;
    CHECK(weft_dict_peek(self, a->dict, &weft_none, &got) >= 0);
    __atomic_fetch_add(&a->peeked, 1, __ATOMIC_ACQ_REL);
    if (index == 1) {
        CHECK_INT(weft_block_begin(self), WEFT_OK);
        while (!__atomic_load_n(&a->over, __ATOMIC_ACQUIRE))
            test_sleep_ms(1);
        CHECK_INT(weft_block_end(self), WEFT_OK);
    }
    while (index == 2 && !__atomic_load_n(&a->over, __ATOMIC_ACQUIRE)) {
        CHECK(weft_dict_peek(self, a->dict, &weft_none, &got) >= 0);
        weft_safepoint(self);
    }
    if (index == 0) {
        while (__atomic_load_n(&a->peeked, __ATOMIC_ACQUIRE) < 3)
            weft_safepoint(self);
        turn_all(self, a->dict, in_dict, LIMIT_READERS);
        __atomic_store_n(&a->over, 1, __ATOMIC_RELEASE);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(volume, memory stays bounded while a thread that has peeked is blocked and another peeks)
{
    values v = values_open();
    away a = {.runtime = v.runtime, .dict = weft_dict_new(v.self)};
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(3, write_while_away, &a);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    weft_decref(v.self, a.dict);
    for (int i = 0; i < 5; i++)
        weft_safepoint(v.self);
    values_close(&v);
}
