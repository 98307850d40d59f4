/* mark_ft.c - what has references from outside the index, or is referred to by a thread's roots, is reachable, and so is
 * all it refers to: it loses its white bit.
 *
 * An object that has lost its bit is traversed once, by whoever took the bit. Until then it is on the stack of that
 * thread, which has a fixed size, or, if that is full or others have nothing to do, a bit in `pending`, where any thread
 * finds it: so marking allocates nothing, recurses nowhere, and a million items of one array are shared by all threads.
 * Before an object is traversed it spends a while in a ring, on its way into the cache (after Cher, Hosking and Vitek,
 * "Software prefetching for mark-sweep garbage collection", ASPLOS 2004).
 *
 * An ephemeron table is put aside when it is reached. When nothing else is left, the values whose keys are reached
 * are marked, until that brings nothing new.
 *
 * If all candidates have references from outside, nothing is traversed at all. */
#include "gc/crew_ft.h"
#include "gc/trace_ft.h"
#include "refcount/weak.h"

enum {
    SHARE_EVERY = 64,  /* objects traversed between two looks at who has nothing to do */
    SHARE_LEAST = 64,  /* what a thread has itself before it gives half away */
    IDLE_YIELDS = 100, /* before an idle thread sleeps */
    IDLE_NS = 50 * 1000
};

static bool is_alone(const gc_worker *w)
{
    return w->trace->workers_count == 1;
}

/* ---- white, pending ------------------------------------------------------------------------------------------------ */

/* True: it was white, and the caller sees to its traversal. */
static inline bool take_white(gc_worker *w, uint32_t number)
{
    uint64_t *word = &w->index->white[number / INDEX_WORD], bit = (uint64_t)1 << number % INDEX_WORD;
    uint64_t old = weft_load_relaxed(word);
    if (!(old & bit))
        return false;
    if (is_alone(w)) {
        *word = old & ~bit;
        return true;
    }
    /* order: relaxed - it decides who traverses; what is traversed was there before the world stood. */
    return (__atomic_fetch_and(word, ~bit, __ATOMIC_RELAXED) & bit) != 0;
}

static __attribute__((noinline)) void set_pending(gc_worker *w, uint32_t number)
{
    gc_trace *t = w->trace;
    __atomic_fetch_or(&w->index->pending[number / INDEX_WORD], (uint64_t)1 << number % INDEX_WORD, __ATOMIC_RELAXED);
    /* order: seq_cst - pairs with part_claim and await_work: who finds the flag finds the bit, and who counts itself idle has
     * looked at the flags before. */
    weft_store_seq_cst(&t->parts[number >> t->part_shift].pending, 1);
}

static int mark_child(weft_object *child, void *arg)
{
    gc_worker *w = (gc_worker *)arg;
    uint32_t number = gc_index_of(w->index, child);
    if (number == 0 || !take_white(w, number))
        return 0;
    if (WEFT_LIKELY(w->stack_count < STACK_CAPACITY))
        w->stack[w->stack_count++] = child;
    else
        set_pending(w, number);
    return 0;
}

/* ---- one object after the other -------------------------------------------------------------------------------------- */

static void put_aside(gc_trace *t, weft_object *o)
{
    /* order: relaxed - read when all have come to the crew's barrier. */
    t->ephemerons[__atomic_fetch_add(&t->ephemerons_count, 1, __ATOMIC_RELAXED)] = o;
}

static void traverse(gc_worker *w, weft_object *o)
{
    const weft_type *type = weft_type_of(o);
    if (WEFT_UNLIKELY(type->flags & WEFT_TYPE_EPHEMERON))
        put_aside(w->trace, o);
    else if (WEFT_LIKELY(type->traverse != NULL))
        (void)type->traverse(o, mark_child, w);
}

/* `o` goes into the ring, and what has been there longest is traversed. */
static inline void ring_pass(gc_worker *w, weft_object *o)
{
    __builtin_prefetch(o);
    __builtin_prefetch((const char *)o + sizeof *o); /* what it refers to may begin in the next line */
    uint32_t at = w->ring_at;
    weft_object *oldest = w->ring[at];
    w->ring[at] = o;
    w->ring_at = (at + 1) % RING_CAPACITY;
    if (oldest)
        traverse(w, oldest);
}

/* Others have nothing to do: gives them the half of the stack that has waited longest. */
static void share(gc_worker *w)
{
    size_t n = w->stack_count / 2;
    for (size_t i = 0; i < n; i++)
        set_pending(w, gc_index_of(w->index, w->stack[i]));
    for (size_t i = n; i < w->stack_count; i++)
        w->stack[i - n] = w->stack[i];
    w->stack_count -= n;
}

static void stack_drain(gc_worker *w)
{
    for (uint32_t i = 1; w->stack_count; i++) {
        ring_pass(w, w->stack[--w->stack_count]);
        if (i % SHARE_EVERY == 0 && w->stack_count >= SHARE_LEAST && weft_load_relaxed(&w->trace->idle) != 0)
            share(w);
    }
}

/* Until this thread has nothing left. */
static void worker_drain(gc_worker *w)
{
    uint32_t empty = 0;
    while (empty < RING_CAPACITY) {
        stack_drain(w);
        weft_object *oldest = w->ring[w->ring_at];
        w->ring[w->ring_at] = NULL;
        w->ring_at = (w->ring_at + 1) % RING_CAPACITY;
        empty = oldest ? 0 : empty + 1;
        if (oldest)
            traverse(w, oldest);
    }
}

/* ---- the parts' pending objects -------------------------------------------------------------------------------------- */

static void drain_word(gc_worker *w, const gc_area *area, uint32_t first)
{
    uint64_t *word = &w->index->pending[first / INDEX_WORD];
    if (weft_load_relaxed(word) == 0)
        return;
    uint64_t bits = __atomic_exchange_n(word, 0, __ATOMIC_RELAXED); /* order: relaxed - as take_white */
    for (; bits; bits &= bits - 1)
        ring_pass(w, gc_area_object(area, first - area->first + (uint32_t)__builtin_ctzll(bits)));
    stack_drain(w);
}

static void drain_part(gc_worker *w, uint32_t part)
{
    const gc_trace *t = w->trace;
    uint32_t first, end;
    for (size_t a = t->parts[part].area; gc_part_area(t, part, a, &first, &end); a++)
        for (uint32_t number = first; number < end; number += INDEX_WORD)
            drain_word(w, &t->index.areas[a], number);
    worker_drain(w);
}

static bool part_claim(gc_part *part)
{
    /* order: seq_cst - set_pending */
    return weft_load_seq_cst(&part->pending) && __atomic_exchange_n(&part->pending, 0, __ATOMIC_SEQ_CST);
}

/* Drains parts, from the one of its own on, until there was none in a whole round. */
static void drain_parts(gc_worker *w, uint32_t who)
{
    gc_trace *t = w->trace;
    uint32_t part = (uint32_t)((uint64_t)t->parts_count * who / t->workers_count);
    for (uint32_t none = 0; none < t->parts_count; part = (part + 1) % t->parts_count) {
        none++;
        if (part_claim(&t->parts[part])) {
            drain_part(w, part);
            none = 0;
        }
    }
}

static bool any_pending(const gc_trace *t)
{
    for (uint32_t part = 0; part < t->parts_count; part++)
        if (weft_load_seq_cst(&t->parts[part].pending))
            return true;
    return false;
}

/* True: there is something to do; false: nobody has anything, nor ever will. */
static bool await_work(gc_trace *t)
{
    /* order: seq_cst - a thread counts itself idle after it has seen no flag, and stops being idle before it takes one: so
     * if all are idle there is no flag. */
    uint32_t idle = __atomic_add_fetch(&t->idle, 1, __ATOMIC_SEQ_CST);
    for (uint32_t i = 0; idle < t->workers_count; i++) {
        if (any_pending(t)) {
            __atomic_sub_fetch(&t->idle, 1, __ATOMIC_SEQ_CST);
            return true;
        }
        if (i < IDLE_YIELDS)
            platform_yield();
        else
            platform_wait(&t->idle, idle, IDLE_NS);
        idle = weft_load_seq_cst(&t->idle);
    }
    platform_wake_all(&t->idle);
    return false;
}

static void mark_work(void *arg, uint32_t who)
{
    gc_trace *t = (gc_trace *)arg;
    gc_worker *w = &t->workers[who];
    if (who != 0) /* until it came it was idle */
        __atomic_sub_fetch(&t->idle, 1, __ATOMIC_SEQ_CST);
    do {
        worker_drain(w);
        drain_parts(w, who);
    } while (await_work(t));
}

/* ---- roots ------------------------------------------------------------------------------------------------------------ */

/* The numbers of a word that have references left. */
static uint64_t word_roots(const gc_index *ix, uint32_t first)
{
    const uint32_t *counts = ix->counts + first;
    uint64_t roots = 0;
    for (uint32_t bit = 0; bit < INDEX_WORD; bit++)
        roots |= (uint64_t)(counts[bit] != 0) << bit;
    return roots & ix->white[first / INDEX_WORD];
}

static void find_roots(void *arg, uint32_t who)
{
    gc_trace *t = (gc_trace *)arg;
    const gc_index *ix = &t->index;
    uint64_t white = 0;
    (void)who;
    for (uint32_t part; (part = gc_part_take(t)) < t->parts_count;) {
        uint64_t low = (uint64_t)part << t->part_shift, high = low + ((uint64_t)1 << t->part_shift), pending = 0;
        for (uint64_t first = low; first < high && first < ix->size; first += INDEX_WORD) {
            uint64_t roots = word_roots(ix, (uint32_t)first);
            ix->white[first / INDEX_WORD] &= ~roots;
            ix->pending[first / INDEX_WORD] |= roots;
            pending |= ix->pending[first / INDEX_WORD];
            white |= ix->white[first / INDEX_WORD];
        }
        t->parts[part].pending = pending != 0;
    }
    if (white)
        weft_store_relaxed(&t->any_white, 1); /* order: relaxed - read after the crew's barrier */
}

/* ---- ephemerons -------------------------------------------------------------------------------------------------------- */

static bool is_reached(weft_object *key, void *arg)
{
    const gc_index *ix = ((const gc_worker *)arg)->index;
    uint32_t number = gc_index_of(ix, key);
    return number == 0 || !(ix->white[number / INDEX_WORD] >> number % INDEX_WORD & 1);
}

/* The values of reached keys in the tables that have been put aside. True: some were new. */
static bool mark_values(gc_trace *t)
{
    gc_worker *w = &t->workers[0];
    bool found = false;
    for (size_t i = 0; i < t->ephemerons_count; i++) {
        weak_table_traverse(t->ephemerons[i], is_reached, mark_child, w);
        found |= w->stack_count != 0;
        worker_drain(w); /* may put more of them aside */
    }
    return found;
}

static void mark_all(gc_trace *t)
{
    t->idle = t->workers_count - 1;
    gc_crew_run(t->runtime, t->workers_count, mark_work, t);
}

void gc_trace_mark(gc_trace *t)
{
    t->next = 0;
    t->any_white = 0;
    gc_crew_run(t->runtime, t->workers_count, find_roots, t);
    if (!t->any_white)
        return;
    gc_visit_roots_stopped(t->runtime, mark_child, &t->workers[0]);
    do {
        mark_all(t);
    } while (mark_values(t));
}
