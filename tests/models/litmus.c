/* litmus.c - the weak-memory side of the models: small programs of atomic accesses, and whether an outcome that would
 * break the protocol is possible.
 *
 * Spin's models are sequentially consistent. Here each test is a handful of accesses with their C11 orders, and the
 * values that the reads would have to return for something to go wrong; every reading and every order of writes is
 * enumerated and checked against the axioms of RC11 (Lahav, Vafeiadis, Kang, Hur, Dreyer, "Repairing Sequential
 * Consistency in C/C++11", PLDI 2017), with the release sequences of C++20, and without the axiom that forbids cycles
 * of program order and reads-from, which C11 does not have: so "impossible" here is impossible there.
 *
 * A test with plain accesses asks for a data race, one without for the outcome itself. Each test stands beside variants
 * with one order weakened, which must be found possible: so every order that the tests give is needed, in C11 if not on
 * every processor.
 *
 * A membarrier is a full fence at an unknown place of the other thread, tried at every place.
 *
 * One thread, no arguments. Exit code 0 if every verdict is the expected one. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum order { NA, RLX, ACQ, REL, AR, SC };

enum kind { R, W, U, MB }; /* load, store, read-modify-write, membarrier against the thread `place` */

enum { ANY = -1, MOST = 24, PLACES = 8, THREADS = 5 };

typedef struct event {
    uint8_t thread; /* from 1: what order they stand in is program order */
    uint8_t kind, order, place;
    int16_t read, write;
} event;

/* clang-format off */
#define LOAD(t, x, o, v)   {t, R, o, x, v, 0}
#define STORE(t, x, o, v)  {t, W, o, x, 0, v}
#define RMW(t, x, o, v, w) {t, U, o, x, v, w}
#define BARRIER(t, other)  {t, MB, NA, other, 0, 0}
#define END                {0, 0, 0, 0, 0, 0}

/* clang-format on */

enum { A, B, C, D, E, F }; /* places; each test names what they stand for. All begin as 0. */

typedef struct test {
    const char *name;
    bool possible; /* expected */
    event events[MOST];
} test;

/* clang-format off */

/* The arguments are the orders that a variant weakens. */
#define RECLAIM_ATTACH(name, possible, attach, note, advance, scan)                                                    \
    {name, possible, {                                                                                                 \
        /* A pointer, 0 the old box; B epoch, 0 or 1; C the reader's word, 1 attached */                               \
        RMW(1, C, attach, 0, 1), LOAD(1, B, note, ANY), LOAD(1, A, ACQ, 0),                                            \
        STORE(2, A, REL, 1), RMW(2, B, advance, 0, 1), LOAD(2, C, scan, 0), END}}

#define RECLAIM_NEW_ID(name, possible, publish, look)                                                                  \
    {name, possible, {                                                                                                 \
        /* A, B, C as above; D ids given out */                                                                        \
        STORE(1, D, publish, 1), RMW(1, C, SC, 0, 1), LOAD(1, B, SC, ANY), LOAD(1, A, ACQ, 0),                         \
        STORE(2, A, REL, 1), RMW(2, B, SC, 0, 1), LOAD(2, D, look, 0), END}}

#define RECLAIM_NOTED(name, possible, store, load)                                                                     \
    {name, possible, {                                                                                                 \
        /* A the box, plain; B epoch; C what the reader has noted */                                                   \
        LOAD(1, A, NA, ANY), LOAD(1, B, SC, 1), STORE(1, C, store, 1),                                                 \
        RMW(2, B, SC, 0, 1), LOAD(2, C, load, 1), STORE(2, A, NA, 1), END}}

#define RECLAIM_LEFT(name, possible, leave, scan)                                                                      \
    {name, possible, {                                                                                                 \
        /* A the box, plain; C the reader's word: 1 detached again */                                                  \
        LOAD(1, A, NA, ANY), RMW(1, C, leave, 0, 1),                                                                   \
        LOAD(2, C, scan, 1), STORE(2, A, NA, 1), END}}

#define OWNER_TEST(name, possible, decref, test)                                                                       \
    {name, possible, {                                                                                                 \
        /* A the object's fields, plain; B shared: 1 is (default, 1), 2 (default, 0) */                                \
        STORE(3, B, REL, 1),                                                                                           \
        LOAD(1, A, NA, ANY), RMW(1, B, decref, 1, 2),                                                                  \
        LOAD(2, B, test, 2), STORE(2, A, NA, 1), END}}

#define MERGE(name, possible, merge, decref)                                                                           \
    {name, possible, {                                                                                                 \
        /* A local, plain; B shared: 1 after the owner's merge (merged, 1), 2 (merged, 0) */                           \
        STORE(1, A, NA, 1), RMW(1, B, merge, 0, 1),                                                                    \
        RMW(2, B, decref, 1, 2), STORE(2, A, NA, 2), END}}

#define PUSH(name, possible, request, clear)                                                                           \
    {name, possible, {                                                                                                 \
        /* A queue, 1 the entry; B word, 1 PENDING, 2 cleared. The drainer saw PENDING and missed the entry. */        \
        RMW(1, A, REL, ANY, 1), RMW(1, B, request, 0, 1),                                                              \
        RMW(2, B, clear, 1, 2), RMW(2, A, ACQ, 0, 3), END}}

#define BORROW(name, possible, leave, borrow, back, attach)                                                            \
    {name, possible, {                                                                                                 \
        /* A local, plain; B word: 1 detached, 2 with PENDING, 3 borrowed, 4 detached, 5 attached */                   \
        STORE(1, A, NA, 1), RMW(1, B, leave, 0, 1),                                                                    \
        RMW(2, B, AR, 1, 2), RMW(2, B, borrow, 2, 3), STORE(2, A, NA, 2), RMW(2, B, back, 3, 4),                       \
        RMW(1, B, attach, 4, 5), LOAD(1, A, NA, ANY), END}}

#define REUSE(name, possible, init, try_incref, again)                                                                 \
    {name, possible, {                                                                                                 \
        /* A slot, 1 the block; B shared: 1 (merged, 1), 2 dead, 3 the new object, 4 with a second reference */        \
        STORE(1, A, REL, 1), STORE(1, B, REL, 1),                                                                      \
        LOAD(2, B, ACQ, 1), RMW(2, A, AR, 1, 2), RMW(2, B, AR, 1, 5), STORE(2, B, init, 3),                            \
        RMW(3, B, RLX, 3, 4),                                                                                          \
        LOAD(4, A, ACQ, 1), RMW(4, B, try_incref, 4, 6), LOAD(4, A, again, 1), END}}

#define STATIC_REUSE(name, possible, store, load)                                                                      \
    {name, possible, {                                                                                                 \
        /* A slot; B owner of the new object, 1 immortal. The world was not stopped. */                                \
        STORE(1, A, REL, 1),                                                                                           \
        RMW(2, A, AR, 1, 2), STORE(2, B, store, 1),                                                                    \
        LOAD(3, A, ACQ, 1), LOAD(3, B, load, 1), LOAD(3, A, ACQ, 1), END}}

#define SLOT_STORE(name, possible, store, load)                                                                        \
    {name, possible, {                                                                                                 \
        /* A a field of the object, plain; B slot */                                                                   \
        STORE(1, A, NA, 1), STORE(1, B, store, 1),                                                                     \
        LOAD(2, B, load, 1), LOAD(2, A, NA, ANY), END}}

#define READERS_BIT(name, possible, set, see)                                                                          \
    {name, possible, {                                                                                                 \
        /* A array, 0 the one that the owner frees at once; B the container's lock; C bits, 1 READERS */               \
        STORE(1, A, REL, 1), STORE(1, B, REL, 1),                                                                      \
        RMW(2, B, ACQ, 1, 2), RMW(2, C, set, 0, 1),                                                                    \
        LOAD(3, C, see, 1), LOAD(3, A, ACQ, 0), END}}

#define GUARD(name, possible, mine, theirs)                                                                            \
    {name, possible, {                                                                                                 \
        /* A the owner's `guarded`, 1 set; B lock, 1 taken; C bits, 1 READERS. Neither sees the other. */              \
        STORE(1, A, REL, 1), LOAD(1, B, mine, 0), LOAD(1, C, RLX, 0),                                                  \
        RMW(2, B, ACQ, 0, 1), theirs, LOAD(2, A, ACQ, 0), END}}

#define GUARD_AFTER(name, possible, look)                                                                              \
    {name, possible, {                                                                                                 \
        /* B lock: 1 taken, 2 given back; C bits, 1 READERS. The owner sees the lock given back, and no bit. */        \
        RMW(2, B, ACQ, 0, 1), RMW(2, C, REL, 0, 1), STORE(2, B, REL, 2),                                               \
        LOAD(1, B, look, 2), LOAD(1, C, RLX, 0), END}}

#define GUARD_MERGED(name, possible, store, load)                                                                      \
    {name, possible, {                                                                                                 \
        /* A the container, plain; B its owner, 1 nobody any more */                                                   \
        STORE(1, A, NA, 1), STORE(1, B, store, 1),                                                                     \
        LOAD(2, B, load, 1), STORE(2, A, NA, 2), END}}

static const test tests[] = {
    RECLAIM_ATTACH("reclaim-attach", false, SC, SC, SC, SC),
    RECLAIM_ATTACH("reclaim-attach, word acq_rel", true, AR, SC, SC, SC),
    RECLAIM_ATTACH("reclaim-attach, epoch load acquire", true, SC, ACQ, SC, SC),
    RECLAIM_ATTACH("reclaim-attach, advance acq_rel", true, SC, SC, AR, SC),
    RECLAIM_ATTACH("reclaim-attach, scan acquire", true, SC, SC, SC, ACQ),
    {"reclaim-note-first", true, {
        LOAD(1, B, SC, ANY), RMW(1, C, SC, 0, 1), LOAD(1, A, ACQ, 0),
        STORE(2, A, REL, 1), RMW(2, B, SC, 0, 1), LOAD(2, C, SC, 0), END}},
    {"reclaim without advancing", true, {
        RMW(1, C, SC, 0, 1), LOAD(1, A, ACQ, 0),
        STORE(2, A, REL, 1), LOAD(2, C, SC, 0), END}},
    RECLAIM_NEW_ID("reclaim-new-id", false, SC, SC),
    RECLAIM_NEW_ID("reclaim-new-id, load acquire", true, SC, ACQ),
    RECLAIM_NEW_ID("reclaim-new-id, store release", true, REL, SC),
    RECLAIM_NOTED("reclaim-noted", false, REL, ACQ),
    RECLAIM_NOTED("reclaim-noted, store relaxed", true, RLX, ACQ),
    RECLAIM_NOTED("reclaim-noted, load relaxed", true, REL, RLX),
    RECLAIM_LEFT("reclaim-left", false, AR, SC),
    RECLAIM_LEFT("reclaim-left, leaving relaxed", true, RLX, SC),
    OWNER_TEST("owner's test for (default, 0)", false, AR, ACQ),
    OWNER_TEST("owner's test, relaxed", true, AR, RLX),
    OWNER_TEST("owner's test, decref relaxed", true, RLX, ACQ),
    MERGE("merge", false, AR, AR),
    MERGE("merge relaxed", true, RLX, AR),
    MERGE("merge, last decref relaxed", true, AR, RLX),
    {"decrefs around a relaxed incref", false, {
        /* A fields, plain; B shared, counting down to 9 */
        STORE(3, B, REL, 1),
        LOAD(1, A, NA, ANY), RMW(1, B, AR, 1, 2),
        RMW(4, B, RLX, 2, 3),
        RMW(2, B, AR, 3, 4), RMW(2, B, AR, 4, 9), STORE(2, A, NA, 1), END}},
    PUSH("push", false, AR, AR),
    PUSH("push, request acquire only", true, ACQ, AR),
    PUSH("push, clearing release only", true, AR, REL),
    BORROW("borrow", false, AR, AR, AR, AR),
    BORROW("borrow, leaving relaxed", true, RLX, AR, AR, AR),
    BORROW("borrow, giving back relaxed", true, AR, AR, RLX, AR),
    BORROW("borrow, attaching relaxed", true, AR, AR, AR, RLX),
    SLOT_STORE("slot-store", false, REL, ACQ),
    SLOT_STORE("slot-store relaxed", true, RLX, ACQ),
    SLOT_STORE("slot-store, load relaxed", true, REL, RLX),
    REUSE("reuse of a block", false, REL, AR, ACQ),
    REUSE("reuse, header stored relaxed", true, RLX, AR, ACQ),
    REUSE("reuse, try_incref release only", true, REL, REL, ACQ),
    STATIC_REUSE("reuse by an immortal, running", false, REL, ACQ),
    STATIC_REUSE("reuse by an immortal, owner relaxed", true, RLX, RLX),
    READERS_BIT("readers-bit", false, REL, ACQ),
    READERS_BIT("readers-bit relaxed", true, RLX, RLX),
    READERS_BIT("readers-bit, load relaxed", true, REL, RLX),
    GUARD("guard", false, ACQ, BARRIER(2, 1)),
    GUARD("guard without the barrier", true, ACQ, LOAD(2, C, RLX, 0)),
    GUARD_AFTER("guard, the look at the lock", false, ACQ),
    GUARD_AFTER("guard, the look relaxed", true, RLX),
    GUARD_MERGED("guard of a merged container", false, REL, ACQ),
    GUARD_MERGED("guard, owner relaxed", true, RLX, RLX),
    {"lock", false, {
        STORE(1, A, NA, 1), STORE(1, B, REL, 1),
        RMW(2, B, ACQ, 1, 2), STORE(2, A, NA, 2), END}},
    {"lock-waiters", false, {
        /* A lock, 1 held, 2 given back; B bits, 1 WAITERS. The unlocker misses the bit, the parker the unlock.
         * */
        STORE(1, A, RLX, 1), STORE(1, A, REL, 2), LOAD(1, B, RLX, 0),
        LOAD(2, A, RLX, 1), RMW(2, B, AR, 0, 1), BARRIER(2, 1), LOAD(2, A, ACQ, 1), END}},
    {"lock-waiters without the barrier", true, {
        STORE(1, A, RLX, 1), STORE(1, A, REL, 2), LOAD(1, B, RLX, 0),
        LOAD(2, A, RLX, 1), RMW(2, B, AR, 0, 1), LOAD(2, A, ACQ, 1), END}},
    {"lock-waiters, all seq_cst", false, {
        STORE(1, A, RLX, 1), STORE(1, A, SC, 2), LOAD(1, B, SC, 0),
        LOAD(2, A, RLX, 1), RMW(2, B, SC, 0, 1), LOAD(2, A, SC, 1), END}},
};

/* clang-format on */

/* ---- relations: a row of bits an event --------------------------------------------------------------------------- */

typedef struct relation {
    uint32_t row[MOST];
} relation;

typedef struct execution {
    int count;
    event events[MOST]; /* the initial stores first */
    int index[MOST];    /* place in its thread; unused for initial stores */
    int from[MOST];     /* what a read reads from */
    relation mo;        /* order of the stores to each place */
    uint8_t barrier_at[MOST];
    bool found;
} execution;

static bool has(const relation *r, int a, int b)
{
    return r->row[a] >> b & 1;
}

static void add(relation *r, int a, int b)
{
    r->row[a] |= UINT32_C(1) << b;
}

static void join(relation *r, const relation *other)
{
    for (int i = 0; i < MOST; i++)
        r->row[i] |= other->row[i];
}

static void compose(relation *r, const relation *a, const relation *b)
{
    relation out = {{0}};
    for (int i = 0; i < MOST; i++)
        for (int j = 0; j < MOST; j++)
            if (has(a, i, j))
                out.row[i] |= b->row[j];
    *r = out;
}

static void close_transitively(relation *r)
{
    for (int k = 0; k < MOST; k++)
        for (int i = 0; i < MOST; i++)
            if (has(r, i, k))
                r->row[i] |= r->row[k];
}

static bool is_cyclic(relation r)
{
    close_transitively(&r);
    for (int i = 0; i < MOST; i++)
        if (has(&r, i, i))
            return true;
    return false;
}

static bool reads(const event *e)
{
    return e->kind == R || e->kind == U;
}

static bool writes(const event *e)
{
    return e->kind == W || e->kind == U;
}

static bool acquires(const event *e)
{
    return reads(e) && (e->order == ACQ || e->order == AR || e->order == SC);
}

static bool releases(const event *e)
{
    return writes(e) && (e->order == REL || e->order == AR || e->order == SC);
}

/* ---- the axioms -------------------------------------------------------------------------------------------------- */

/* Sequenced before: initial stores before everything. */
static void sequence(const execution *x, relation *sb)
{
    memset(sb, 0, sizeof *sb);
    for (int i = 0; i < x->count; i++)
        for (int j = 0; j < x->count; j++)
            if (i != j && (x->events[i].thread == 0 ? x->events[j].thread != 0
                                                    : x->events[i].thread == x->events[j].thread && i < j))
                add(sb, i, j);
}

/* A release store, the chain of read-modify-writes that continues it, and an acquire load at its end. */
static void synchronise(const execution *x, relation *sw)
{
    memset(sw, 0, sizeof *sw);
    for (int r = 0; r < x->count; r++) {
        if (!acquires(&x->events[r]))
            continue;
        for (int w = x->from[r];; w = x->from[w]) {
            if (releases(&x->events[w]))
                add(sw, w, r);
            if (x->events[w].kind != U)
                break;
        }
    }
}

/* The other thread has run a full fence at barrier_at, between the beginning and the end of the membarrier. */
static void fence_remotely(const execution *x, relation *hb)
{
    for (int m = 0; m < x->count; m++) {
        if (x->events[m].kind != MB)
            continue;
        for (int i = 0; i < x->count; i++) {
            if (x->events[i].thread != x->events[m].place)
                continue;
            if (x->index[i] < x->barrier_at[m])
                add(hb, i, m);
            else
                add(hb, m, i);
        }
    }
}

static bool same_place(const execution *x, int a, int b)
{
    return x->events[a].place == x->events[b].place;
}

static bool sc_order_exists(const execution *x, const relation *sb, const relation *hb, const relation *fr)
{
    relation elsewhere = {{0}}, scb = *sb, through;
    for (int i = 0; i < x->count; i++)
        for (int j = 0; j < x->count; j++) {
            if (has(sb, i, j) && !same_place(x, i, j))
                add(&elsewhere, i, j);
            if (has(hb, i, j) && same_place(x, i, j))
                add(&scb, i, j);
        }
    compose(&through, &elsewhere, hb);
    compose(&through, &through, &elsewhere);
    join(&scb, &through);
    join(&scb, &x->mo);
    join(&scb, fr);
    relation psc = {{0}};
    for (int i = 0; i < x->count; i++)
        for (int j = 0; j < x->count; j++)
            if (has(&scb, i, j) && x->events[i].order == SC && x->events[j].order == SC)
                add(&psc, i, j);
    return !is_cyclic(psc);
}

static bool races(const execution *x, const relation *hb)
{
    for (int i = 0; i < x->count; i++)
        for (int j = 0; j < x->count; j++) {
            const event *a = &x->events[i], *b = &x->events[j];
            if (a->thread != b->thread && a->thread && b->thread && a->kind != MB && b->kind != MB &&
                same_place(x, i, j) && (writes(a) || writes(b)) && (a->order == NA || b->order == NA) &&
                !has(hb, i, j) && !has(hb, j, i))
                return true;
        }
    return false;
}

static bool has_plain(const execution *x)
{
    for (int i = 0; i < x->count; i++)
        if (x->events[i].thread && x->events[i].kind != MB && x->events[i].order == NA)
            return true;
    return false;
}

/* Does this execution exist, and does it go wrong? */
static bool goes_wrong(const execution *x)
{
    relation sb, rf = {{0}}, fr = {{0}}, sw, hb, eco, cycle;
    sequence(x, &sb);
    for (int r = 0; r < x->count; r++) {
        if (!reads(&x->events[r]))
            continue;
        add(&rf, x->from[r], r);
        for (int w = 0; w < x->count; w++)
            if (w != r && has(&x->mo, x->from[r], w))
                add(&fr, r, w);
    }
    synchronise(x, &sw);
    hb = sb;
    join(&hb, &sw);
    fence_remotely(x, &hb);
    close_transitively(&hb);
    if (is_cyclic(hb))
        return false;

    eco = rf;
    join(&eco, &x->mo);
    join(&eco, &fr);
    close_transitively(&eco);
    if (is_cyclic(eco))
        return false;
    compose(&cycle, &hb, &eco); /* coherence: nothing in eco runs against hb */
    for (int i = 0; i < x->count; i++)
        if (has(&cycle, i, i))
            return false;
    for (int u = 0; u < x->count; u++) /* atomicity: nothing between what it reads and what it writes */
        if (x->events[u].kind == U)
            for (int w = 0; w < x->count; w++)
                if (has(&x->mo, x->from[u], w) && has(&x->mo, w, u))
                    return false;
    if (!sc_order_exists(x, &sb, &hb, &fr))
        return false;
    return !has_plain(x) || races(x, &hb);
}

/* ---- enumeration ------------------------------------------------------------------------------------------------- */

static void try_barriers(execution *x, int m)
{
    while (m < x->count && x->events[m].kind != MB)
        m++;
    if (m == x->count) {
        x->found = x->found || goes_wrong(x);
        return;
    }
    int length = 0;
    for (int i = 0; i < x->count; i++)
        length += x->events[i].thread == x->events[m].place;
    for (int at = 0; at <= length && !x->found; at++) {
        x->barrier_at[m] = (uint8_t)at;
        try_barriers(x, m + 1);
    }
}

static void try_reads(execution *x, int r)
{
    while (r < x->count && !reads(&x->events[r]))
        r++;
    if (r == x->count) {
        try_barriers(x, 0);
        return;
    }
    const event *e = &x->events[r];
    for (int w = 0; w < x->count && !x->found; w++)
        if (w != r && writes(&x->events[w]) && same_place(x, w, r) &&
            (e->read == ANY || x->events[w].write == e->read)) {
            x->from[r] = w;
            try_reads(x, r + 1);
        }
}

/* Puts store after store of each place at every position among those already ordered. */
static void try_orders(execution *x, int w)
{
    while (w < x->count && (!writes(&x->events[w]) || x->events[w].thread == 0))
        w++;
    if (w == x->count) {
        try_reads(x, 0);
        return;
    }
    int before[MOST], n = 0; /* the stores to this place among 0 .. w-1, in order */
    for (int i = 0; i < w; i++)
        if (writes(&x->events[i]) && same_place(x, i, w)) {
            int at = n++;
            while (at > 0 && has(&x->mo, i, before[at - 1])) {
                before[at] = before[at - 1];
                at--;
            }
            before[at] = i;
        }
    relation saved = x->mo;
    for (int at = 1; at <= n && !x->found; at++) { /* the initial store stays first */
        x->mo = saved;
        for (int i = 0; i < n; i++)
            if (i < at)
                add(&x->mo, before[i], w);
            else
                add(&x->mo, w, before[i]);
        try_orders(x, w + 1);
    }
    x->mo = saved;
}

static bool is_possible(const test *t)
{
    execution x = {0};
    for (int place = 0; place < PLACES; place++) {
        x.events[x.count] = (event){0, W, RLX, (uint8_t)place, 0, 0};
        x.count++;
    }
    int length[THREADS] = {0};
    for (const event *e = t->events; e->thread; e++) {
        x.events[x.count] = *e;
        x.index[x.count] = length[e->thread]++;
        x.count++;
    }
    try_orders(&x, 0);
    return x.found;
}

int main(void)
{
    int wrong = 0;
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        bool possible = is_possible(&tests[i]);
        bool good = possible == tests[i].possible;
        wrong += !good;
        printf("%-7s litmus: %-38s %s\n", good ? (possible ? "found" : "passed") : "FAILED", tests[i].name,
               possible ? "possible" : "impossible");
    }
    return wrong != 0;
}
