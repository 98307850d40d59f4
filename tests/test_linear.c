/* test_linear.c - the operations that are called atomic, against plain models, whatever the interleaving: linear.h. Many
 * short rounds, since what goes wrong goes wrong when two operations meet. */
#include <sched.h>

#include "interrupt.h"
#include "linear.h"

/* ---- lists ----------------------------------------------------------------------------------------------------- */

enum {
    LIST_APPEND,
    LIST_POP,
    LIST_POP_FIRST,
    LIST_SET,
    LIST_GET,
    LIST_SWAP,
    LIST_INSERT,
    LIST_REVERSE,
    LIST_SORT,
    LIST_EXTEND,
    LIST_CONTENT,
    LIST_SLICE,
    LIST_SLICE_SET,
    LIST_SLICE_DELETE,
    LIST_SIZE,
    LIST_CLEAR,
    LIST_KINDS
};

static weft_object *list_make(weft_thread *self, const linear_game *g)
{
    weft_object *list = weft_list_new(self, 0);
    for (int i = 0; i < 4; i++)
        CHECK_INT(weft_list_append(self, list, g->values[i]), WEFT_OK);
    return list;
}

/* Two values, not to be seen by others before they are in. */
static weft_object *two_of(weft_thread *self, const linear_game *g, const linear_op *op)
{
    weft_object *items[2] = {g->values[op->b], g->values[(op->b + 1) % LINEAR_VALUES]};
    return weft_tuple_new(self, items, 2);
}

static void list_run_one(weft_thread *self, linear_game *g, linear_op *op)
{
    weft_object *list = g->object, *value = g->values[op->b];
    switch (op->kind) {
    case LIST_APPEND:
        op->result = linear_status(weft_list_append(self, list, value));
        break;
    case LIST_POP:
        op->result = linear_number(self, weft_list_pop(self, list, -1));
        break;
    case LIST_POP_FIRST:
        op->result = linear_number(self, weft_list_pop(self, list, 0));
        break;
    case LIST_SET:
        op->result = linear_status(weft_list_set(self, list, op->a, value));
        break;
    case LIST_GET:
        op->result = linear_number(self, weft_list_get(self, list, op->a));
        break;
    case LIST_SWAP:
        op->result = linear_status(weft_list_swap(self, list, op->a, op->b));
        break;
    case LIST_INSERT:
        op->result = linear_status(weft_list_insert(self, list, op->a, value));
        break;
    case LIST_REVERSE:
        op->result = linear_status(weft_list_reverse(self, list));
        break;
    case LIST_SIZE:
        op->result = weft_list_size(self, list);
        break;
    default:
        op->result = linear_status(weft_list_clear(self, list));
        break;
    }
}

static void list_run_many(weft_thread *self, linear_game *g, linear_op *op)
{
    weft_object *list = g->object, *two = two_of(self, g, op);
    weft_status status;
    switch (op->kind) {
    case LIST_SORT:
        status = weft_list_sort(self, list, NULL, NULL);
        op->result = status == WEFT_ERROR_BUSY ? (linear_status(status), LINEAR_BUSY) : linear_status(status);
        break;
    case LIST_EXTEND:
        op->result = linear_status(weft_list_extend(self, list, two));
        break;
    case LIST_CONTENT:
        op->result = linear_list_content(self, weft_list_from(self, list));
        break;
    case LIST_SLICE:
        op->result = linear_list_content(self, weft_list_slice(self, list, 0, op->a, 1));
        break;
    case LIST_SLICE_SET:
        op->result = linear_status(weft_list_slice_set(self, list, 0, op->a, 1, two));
        break;
    default:
        op->result = linear_status(weft_list_slice_delete(self, list, 0, op->a, 2));
        break;
    }
    weft_decref(self, two);
}

static void list_run(weft_thread *self, linear_game *g, linear_op *op)
{
    bool many = op->kind >= LIST_SORT && op->kind <= LIST_SLICE_DELETE;
    (many ? list_run_many : list_run_one)(self, g, op);
}

static void model_reverse(linear_state *s)
{
    for (int i = 0, j = s->size - 1; i < j; i++, j--) {
        int8_t item = s->items[i];
        s->items[i] = s->items[j];
        s->items[j] = item;
    }
}

static void model_sort(linear_state *s)
{
    for (int i = 1; i < s->size; i++)
        for (int j = i; j > 0 && s->items[j] < s->items[j - 1]; j--) {
            int8_t item = s->items[j];
            s->items[j] = s->items[j - 1];
            s->items[j - 1] = item;
        }
}

static void model_put_two(linear_state *s, int at, const linear_op *op)
{
    linear_put(s, at, op->b);
    linear_put(s, at + 1, (op->b + 1) % LINEAR_VALUES);
}

static int64_t list_model_slice(linear_state *s, const linear_op *op)
{
    if (op->a > s->size)
        return LINEAR_NONE;
    if (op->kind == LIST_SLICE) {
        linear_state slice = *s;
        slice.size = op->a;
        return linear_content(&slice);
    }
    if (op->kind == LIST_SLICE_SET) {
        for (int i = 0; i < op->a; i++)
            linear_take(s, 0);
        model_put_two(s, 0, op);
    } else {
        for (int i = 0; 2 * i < op->a; i++)
            linear_take(s, i);
    }
    return 0;
}

static int64_t list_model(linear_state *s, const linear_op *op)
{
    switch (op->kind) {
    case LIST_APPEND:
        linear_put(s, s->size, op->b);
        return 0;
    case LIST_POP:
        return s->size ? linear_take(s, s->size - 1) : LINEAR_NONE;
    case LIST_POP_FIRST:
        return s->size ? linear_take(s, 0) : LINEAR_NONE;
    case LIST_GET:
        return op->a < s->size ? s->items[op->a] : LINEAR_NONE;
    case LIST_SET:
        if (op->a >= s->size)
            return LINEAR_NONE;
        s->items[op->a] = (int8_t)op->b;
        return 0;
    case LIST_SWAP:
        if (op->a >= s->size || op->b >= s->size)
            return LINEAR_NONE;
        int8_t item = s->items[op->a];
        s->items[op->a] = s->items[op->b];
        s->items[op->b] = item;
        return 0;
    case LIST_INSERT:
        if (op->a > s->size)
            return LINEAR_NONE;
        linear_put(s, op->a, op->b);
        return 0;
    case LIST_REVERSE:
        model_reverse(s);
        return 0;
    case LIST_SORT:
        model_sort(s);
        return 0;
    case LIST_EXTEND:
        model_put_two(s, s->size, op);
        return 0;
    case LIST_CONTENT:
        return linear_content(s);
    case LIST_SIZE:
        return s->size;
    case LIST_CLEAR:
        s->size = 0;
        return 0;
    default:
        return list_model_slice(s, op);
    }
}

/* ---- dicts: the model's items are keys and values in turn ---------------------------------------------------------- */

enum {
    DICT_GET,
    DICT_SET,
    DICT_POP,
    DICT_SET_DEFAULT,
    DICT_REPLACE,
    DICT_SWAP,
    DICT_CONTAINS,
    DICT_PEEK,
    DICT_VALUES,
    DICT_COPY,
    DICT_POP_LAST,
    DICT_SIZE,
    DICT_CLEAR,
    DICT_KINDS
};

static weft_object *dict_make(weft_thread *self, const linear_game *g)
{
    (void)g;
    return weft_dict_new(self);
}

static int64_t linear_found(weft_thread *self, int found, weft_object *value)
{
    CHECK(found >= 0 && (found > 0) == (value != NULL));
    return linear_number(self, value);
}

static void dict_run_one(weft_thread *self, linear_game *g, linear_op *op)
{
    weft_object *dict = g->object, *key = g->keys[op->a], *value = g->values[op->b], *got = NULL;
    int found;
    switch (op->kind) {
    case DICT_GET:
        found = weft_dict_get(self, dict, key, &got);
        op->result = linear_found(self, found, got);
        break;
    case DICT_SET:
        op->result = linear_status(weft_dict_set(self, dict, key, value));
        break;
    case DICT_POP:
        found = weft_dict_pop(self, dict, key, &got);
        op->result = linear_found(self, found, got);
        break;
    case DICT_SET_DEFAULT:
        found = weft_dict_set_default(self, dict, key, value, &got);
        op->result = linear_fold(found, linear_number(self, got));
        break;
    case DICT_REPLACE: /* the expected one is the next value, or none */
        got = op->b % 2 ? g->values[(op->b + 1) % LINEAR_VALUES] : NULL;
        op->result = linear_status(weft_dict_replace(self, dict, key, got, value));
        break;
    case DICT_SWAP:
        found = weft_dict_swap(self, dict, key, value, &got);
        op->result = linear_found(self, found, got);
        break;
    default:
        found = weft_dict_peek(self, dict, key, &got);
        weft_xincref(self, got);
        op->result = linear_found(self, found, got);
        break;
    }
}

static int64_t dict_copied(weft_thread *self, weft_object *copy)
{
    int64_t folded = linear_list_content(self, weft_dict_list(self, copy, WEFT_DICT_VALUES));
    weft_decref(self, copy);
    return folded;
}

static void dict_run(weft_thread *self, linear_game *g, linear_op *op)
{
    weft_object *dict = g->object, *key = NULL, *value = NULL;
    int found;
    switch (op->kind) {
    case DICT_CONTAINS:
        op->result = weft_dict_contains(self, dict, g->keys[op->a]);
        break;
    case DICT_VALUES:
        op->result = linear_list_content(self, weft_dict_list(self, dict, WEFT_DICT_VALUES));
        break;
    case DICT_COPY:
        op->result = dict_copied(self, weft_dict_copy(self, dict));
        break;
    case DICT_POP_LAST:
        found = weft_dict_pop_last(self, dict, &key, &value);
        op->result = linear_found(self, found, value);
        weft_xdecref(self, key);
        break;
    case DICT_SIZE:
        op->result = weft_dict_size(self, dict);
        break;
    case DICT_CLEAR:
        op->result = linear_status(weft_dict_clear(self, dict));
        break;
    default:
        dict_run_one(self, g, op);
        break;
    }
}

/* Where the key is, or -1. */
static int model_find(const linear_state *s, int key)
{
    for (int i = 0; i < s->size; i += 2)
        if (s->items[i] == key)
            return i;
    return -1;
}

/* Sets the key to the value: what it had. */
static int64_t model_set(linear_state *s, int at, const linear_op *op)
{
    int64_t old = at < 0 ? LINEAR_NONE : s->items[at + 1];
    if (at < 0) {
        linear_put(s, s->size, op->a);
        linear_put(s, s->size, op->b);
    } else {
        s->items[at + 1] = (int8_t)op->b;
    }
    return old;
}

static int64_t model_remove(linear_state *s, int at)
{
    if (at < 0)
        return LINEAR_NONE;
    int64_t value = linear_item(s, at + 1);
    linear_take(s, at);
    linear_take(s, at);
    return value;
}

static int64_t model_values(const linear_state *s)
{
    int64_t folded = 0;
    for (int i = 0; i < s->size; i += 2)
        folded = linear_fold(folded, s->items[i + 1]);
    return folded;
}

static int64_t model_replace(linear_state *s, int at, const linear_op *op)
{
    int present = at < 0 ? -1 : s->items[at + 1], expected = op->b % 2 ? (op->b + 1) % LINEAR_VALUES : -1;
    if (present != expected)
        return 0;
    model_set(s, at, op);
    return 1;
}

static int64_t dict_model(linear_state *s, const linear_op *op)
{
    int at = model_find(s, op->a);
    switch (op->kind) {
    case DICT_GET:
    case DICT_PEEK:
        return at < 0 ? LINEAR_NONE : s->items[at + 1];
    case DICT_SET:
        model_set(s, at, op);
        return 0;
    case DICT_POP:
        return model_remove(s, at);
    case DICT_SET_DEFAULT:
        if (at >= 0)
            return linear_fold(1, s->items[at + 1]);
        model_set(s, at, op);
        return linear_fold(0, op->b);
    case DICT_REPLACE:
        return model_replace(s, at, op);
    case DICT_SWAP:
        return model_set(s, at, op);
    case DICT_CONTAINS:
        return at >= 0;
    case DICT_VALUES:
    case DICT_COPY:
        return model_values(s);
    case DICT_POP_LAST:
        return model_remove(s, s->size - 2);
    case DICT_SIZE:
        return s->size / 2;
    default:
        s->size = 0;
        return 0;
    }
}

/* ---- sets ------------------------------------------------------------------------------------------------------ */

enum { SET_ADD, SET_REMOVE, SET_CONTAINS, SET_POP, SET_SIZE, SET_CONTENT, SET_CLEAR, SET_KINDS };

static weft_object *set_make(weft_thread *self, const linear_game *g)
{
    (void)g;
    return weft_set_new(self, NULL);
}

static void set_run(weft_thread *self, linear_game *g, linear_op *op)
{
    weft_object *set = g->object, *item = g->values[op->b / 2], *got = NULL;
    int found;
    switch (op->kind) {
    case SET_ADD:
        op->result = linear_status(weft_set_add(self, set, item));
        break;
    case SET_REMOVE:
        op->result = linear_status(weft_set_remove(self, set, item));
        break;
    case SET_CONTAINS:
        op->result = linear_status(weft_set_contains(self, set, item));
        break;
    case SET_POP:
        found = weft_set_pop(self, set, &got);
        op->result = linear_found(self, found, got);
        break;
    case SET_SIZE:
        op->result = weft_set_size(self, set);
        break;
    case SET_CONTENT:
        got = weft_frozenset_new(self, set);
        op->result = linear_list_content(self, weft_list_from(self, got));
        weft_decref(self, got);
        break;
    default:
        op->result = linear_status(weft_set_clear(self, set));
        break;
    }
}

static int64_t set_model(linear_state *s, const linear_op *op)
{
    int at = 0, item = op->b / 2;
    while (at < s->size && s->items[at] != item)
        at++;
    bool there = at < s->size;
    switch (op->kind) {
    case SET_ADD:
        if (!there)
            linear_put(s, s->size, item);
        return !there;
    case SET_REMOVE:
        if (there)
            linear_take(s, at);
        return there;
    case SET_CONTAINS:
        return there;
    case SET_POP:
        return s->size ? linear_take(s, s->size - 1) : LINEAR_NONE;
    case SET_SIZE:
        return s->size;
    case SET_CONTENT:
        return linear_content(s);
    default:
        s->size = 0;
        return 0;
    }
}

/* ---- deques ---------------------------------------------------------------------------------------------------- */

enum { DEQUE_PUSH, DEQUE_POP, DEQUE_GET, DEQUE_SET, DEQUE_ROTATE, DEQUE_EXTEND, DEQUE_SIZE, DEQUE_CLEAR, DEQUE_KINDS };

static weft_object *deque_make(weft_thread *self, const linear_game *g)
{
    (void)g;
    return weft_deque_new(self, -1);
}

static void deque_run(weft_thread *self, linear_game *g, linear_op *op)
{
    weft_object *deque = g->object, *value = g->values[op->b], *got = NULL;
    weft_deque_end where = op->a % 2 ? WEFT_DEQUE_FRONT : WEFT_DEQUE_BACK;
    int found;
    switch (op->kind) {
    case DEQUE_PUSH:
        op->result = linear_status(weft_deque_push(self, deque, where, value));
        break;
    case DEQUE_POP:
        found = weft_deque_pop(self, deque, where, &got);
        op->result = linear_found(self, found, got);
        break;
    case DEQUE_GET:
        op->result = linear_number(self, weft_deque_get(self, deque, op->a));
        break;
    case DEQUE_SET:
        op->result = linear_status(weft_deque_set(self, deque, op->a, value));
        break;
    case DEQUE_ROTATE:
        op->result = linear_status(weft_deque_rotate(self, deque, op->a));
        break;
    case DEQUE_EXTEND:
        got = two_of(self, g, op);
        op->result = linear_status(weft_deque_extend(self, deque, WEFT_DEQUE_BACK, got));
        weft_decref(self, got);
        break;
    case DEQUE_SIZE:
        op->result = weft_deque_size(self, deque);
        break;
    default:
        op->result = linear_status(weft_deque_clear(self, deque));
        break;
    }
}

static int64_t deque_model(linear_state *s, const linear_op *op)
{
    bool front = op->a % 2 != 0;
    switch (op->kind) {
    case DEQUE_PUSH:
        linear_put(s, front ? 0 : s->size, op->b);
        return 0;
    case DEQUE_POP:
        return s->size ? linear_take(s, front ? 0 : s->size - 1) : LINEAR_NONE;
    case DEQUE_GET:
        return op->a < s->size ? s->items[op->a] : LINEAR_NONE;
    case DEQUE_SET:
        if (op->a >= s->size)
            return LINEAR_NONE;
        s->items[op->a] = (int8_t)op->b;
        return 0;
    case DEQUE_ROTATE:
        for (int i = 0; s->size && i < op->a; i++)
            linear_put(s, 0, linear_take(s, s->size - 1));
        return 0;
    case DEQUE_EXTEND:
        model_put_two(s, s->size, op);
        return 0;
    case DEQUE_SIZE:
        return s->size;
    default:
        s->size = 0;
        return 0;
    }
}

/* ---- counters -------------------------------------------------------------------------------------------------- */

enum { COUNTER_ADD, COUNTER_GET, COUNTER_SET, COUNTER_REPLACE, COUNTER_KINDS };

static weft_object *counter_make(weft_thread *self, const linear_game *g)
{
    (void)g;
    return weft_atomic_int_new(self, 0);
}

static void counter_run(weft_thread *self, linear_game *g, linear_op *op)
{
    weft_object *o = g->object;
    int64_t before = 0;
    int done = 0;
    switch (op->kind) {
    case COUNTER_ADD:
        done = weft_atomic_int_add(self, o, 1, &before);
        break;
    case COUNTER_GET:
        done = weft_atomic_int_get(self, o, &before);
        break;
    case COUNTER_SET:
        done = weft_atomic_int_set(self, o, op->b, &before);
        break;
    default:
        before = weft_atomic_int_replace(self, o, op->a, op->b, NULL);
        break;
    }
    CHECK_INT(done, WEFT_OK);
    op->result = before;
}

static int64_t counter_model(linear_state *s, const linear_op *op)
{
    int before = linear_item(s, 0);
    switch (op->kind) {
    case COUNTER_ADD:
        s->items[0]++;
        return before;
    case COUNTER_GET:
        return before;
    case COUNTER_SET:
        s->items[0] = (int8_t)op->b;
        return before;
    default:
        if (before == op->a)
            s->items[0] = (int8_t)op->b;
        return before == op->a;
    }
}

/* ---- the rounds ------------------------------------------------------------------------------------------------ */

/* Threads meet before and after a row of games, which one of them lays out and checks. */
enum { GAMES = 32 };

typedef struct match {
    const linear_subject *subject;
    weft_runtime *runtime;
    linear_game games[GAMES];
    uint32_t ready[GAMES]; /* atomic: threads that are about to play */
    uint64_t clock;        /* atomic */
    uint32_t arrived;      /* atomic: counts up, LINEAR_THREADS each time they meet */
    int rounds;
    int64_t met; /* whoever checks: games in which operations overlapped */
} match;

/* Nobody leaves before all have come. */
static void meet(weft_thread *self, match *m)
{
    uint32_t all = (__atomic_fetch_add(&m->arrived, 1, __ATOMIC_ACQ_REL) / LINEAR_THREADS + 1) * LINEAR_THREADS;
    for (int i = 0; (int32_t)(__atomic_load_n(&m->arrived, __ATOMIC_ACQUIRE) - all) < 0; i++) {
        weft_safepoint(self);
        if (i < 1000)
            continue;
        CHECK_INT(weft_block_begin(self), WEFT_OK);
        sched_yield();
        CHECK_INT(weft_block_end(self), WEFT_OK);
    }
}

/* Waits for the others for a moment, but not for one that does not run just now. */
static void get_ready(uint32_t *ready)
{
    __atomic_fetch_add(ready, 1, __ATOMIC_ACQ_REL);
    for (int i = 0; i < 20000 && __atomic_load_n(ready, __ATOMIC_ACQUIRE) < LINEAR_THREADS; i++) {}
}

static void game_begin(weft_thread *self, const linear_subject *subject, linear_game *g, uint64_t *state)
{
    for (int i = 0; i < LINEAR_VALUES; i++)
        g->values[i] = weft_int_new(self, LINEAR_FIRST + i);
    for (int i = 0; i < LINEAR_KEYS; i++)
        g->keys[i] = i % 2 ? weft_str_format(self, "key %d", i) : weft_int_new(self, 500 + i);
    g->object = subject->make(self, g);
    uint64_t game = test_random(state), kinds = (uint64_t)subject->kinds;
    const int pair[2] = {(int)((game >> 8) % kinds), (int)((game >> 32) % kinds)};
    for (int t = 0; t < LINEAR_THREADS; t++)
        for (int i = 0; i < LINEAR_EACH; i++) {
            uint64_t random = test_random(state);
            /* Half of the games are between two kinds only: so that those meet often. */
            int kind = game & 1 ? pair[random >> 40 & 1] : (int)((random & 0xFFFF) % kinds);
            if (kind == subject->kinds - 1 && random >> 60) /* often it is clear, which would hide much */
                kind = 0;
            g->ops[t][i] = (linear_op){.kind = kind,
                                       .a = (int)((random >> 16 & 0xFF) % LINEAR_KEYS),
                                       .b = (int)((random >> 24 & 0xFF) % LINEAR_VALUES)};
        }
}

static void game_play(weft_thread *self, match *m, linear_game *g, int index)
{
    for (int i = 0; i < LINEAR_EACH; i++) {
        linear_op *op = &g->ops[index][i];
        op->begin = __atomic_fetch_add(&m->clock, 1, __ATOMIC_SEQ_CST);
        m->subject->run(self, g, op);
        op->end = __atomic_fetch_add(&m->clock, 1, __ATOMIC_SEQ_CST);
    }
}

/* True if operations overlapped. */
static bool game_end(weft_thread *self, const linear_subject *subject, linear_game *g)
{
    linear_check(subject, g);
    bool met = false;
    for (int t = 0; t < LINEAR_THREADS; t++)
        for (int i = 0; i < LINEAR_EACH; i++)
            met |= g->ops[t][i].end - g->ops[t][i].begin != 1;
    weft_decref(self, g->object);
    for (int i = 0; i < LINEAR_VALUES; i++)
        weft_decref(self, g->values[i]);
    for (int i = 0; i < LINEAR_KEYS; i++)
        weft_decref(self, g->keys[i]);
    return met;
}

static void match_play(int index, void *arg)
{
    match *m = arg;
    uint64_t state = test_seed();
    VALUES_THREAD(self, m->runtime);
    timer_t timer = interrupt_begin();
    for (int round = 0; round < m->rounds; round++) {
        bool lays_out = index == round % LINEAR_THREADS; /* so that each owns the objects at times */
        for (int i = 0; lays_out && i < GAMES; i++) {
            game_begin(self, m->subject, &m->games[i], &state);
            m->ready[i] = 0;
        }
        meet(self, m);
        for (int i = 0; i < GAMES; i++) {
            get_ready(&m->ready[i]);
            game_play(self, m, &m->games[i], index);
            weft_safepoint(self);
        }
        meet(self, m);
        for (int i = 0; lays_out && i < GAMES; i++)
            m->met += game_end(self, m->subject, &m->games[i]);
        meet(self, m);
    }
    interrupt_end(timer);
    for (int i = 0; i < 3; i++)
        weft_safepoint(self);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

static void match_run(const linear_subject *subject)
{
    values v = values_open();
    match m = {.subject = subject, .runtime = v.runtime, .rounds = test_scale(1000)};
    (void)test_seed();
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(LINEAR_THREADS, match_play, &m);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    for (int i = 0; i < 3; i++)
        weft_safepoint(v.self);
    values_close(&v);
    if (m.met == 0 && strcmp(weft_flavour_name(), "gil") != 0) /* there, only what passes safepoints overlaps */
        SKIP("no two operations overlapped");
}

TEST_CASE(stress_linear, what threads do to a list happens in some order)
{
    static const linear_subject list = {"list", LIST_KINDS, list_make, {4, {0, 1, 2, 3}}, list_run, list_model};
    match_run(&list);
}

TEST_CASE(stress_linear, what threads do to a dict happens in some order)
{
    static const linear_subject dict = {"dict", DICT_KINDS, dict_make, {0, {0}}, dict_run, dict_model};
    match_run(&dict);
}

TEST_CASE(stress_linear, what threads do to a set happens in some order)
{
    static const linear_subject set = {"set", SET_KINDS, set_make, {0, {0}}, set_run, set_model};
    match_run(&set);
}

TEST_CASE(stress_linear, what threads do to a deque happens in some order)
{
    static const linear_subject deque = {"deque", DEQUE_KINDS, deque_make, {0, {0}}, deque_run, deque_model};
    match_run(&deque);
}

TEST_CASE(stress_linear, what threads do to a counter happens in some order)
{
    static const linear_subject counter = {"counter", COUNTER_KINDS, counter_make,
                                           {0, {0}},  counter_run,   counter_model};
    match_run(&counter);
}
