/* check.c - stops the world and compares every object's count with the references that the program knows.
 *
 * With the world stopped, a table of all live objects is made by the heap's own walk. Then the references are added up:
 * from the program's places, from the fields of every live object, from the fields of objects that are dead and not yet
 * destroyed, and from the merge queues, which hold one each. Four things must hold:
 *   - what a reference leads to is alive;
 *   - each object's weft_refcount is the sum of the references to it;
 *   - objects of kinds that count themselves are as many as were created and not destroyed;
 *   - weft_heap_statistics counts the same objects.
 * Objects that no place leads to are garbage: cycles, and shared objects whose sum is 0. The check takes references on
 * some of them, and clears them when the world runs again. */
#include <stdlib.h>
#include <string.h>

#include "stress/inside.h"
#include "stress/stress.h"

typedef struct entry {
    weft_object *object; /* NULL: free */
    int64_t references;
    bool reachable;
    bool collected; /* a collection under way has found it */
} entry;

typedef struct check {
    worker *worker;
    entry *entries;
    size_t capacity, live; /* capacity: a power of two */
    weft_object **stack;
    size_t stack_size;
    uint64_t counted[KIND_COUNTED];
    size_t garbage;      /* objects that nothing leads to */
    bool leaves_garbage; /* to the collector, unless the program is flooded */
    bool hidden;         /* a thread has references on its stack */
    const char *from;    /* where the references that are being added come from */
    const weft_object *holder;
} check;

static entry *check_find(const check *c, const weft_object *o)
{
    size_t i = ((uintptr_t)o >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 20 & (c->capacity - 1);
    while (c->entries[i].object != NULL && c->entries[i].object != o)
        i = (i + 1) & (c->capacity - 1);
    return &c->entries[i];
}

static int count_object(weft_object *o, void *arg)
{
    (void)o;
    ++*(size_t *)arg;
    return 0;
}

static int note_object(weft_object *o, void *arg)
{
    check *c = arg;
    entry *e = check_find(c, o);
    if (e->object != NULL)
        fail("check: the walk visits %p twice", (void *)o);
    e->object = o;
    kind_inspect(o, "check");
    if (weft_type_of(o)->traverse && !weft_is_tuple(o) && !inside_is_tracked(o)) /* tuples of leaves need not be */
        fail("check: %s %p is not tracked", weft_type_of(o)->name, (void *)o);
    int kind = kind_of(o);
    if (kind < KIND_COUNTED)
        c->counted[kind]++;
    return 0;
}

/* ---- adding up ------------------------------------------------------------------------------------------------------- */

static void reach(check *c, entry *e)
{
    if (!e->reachable) {
        e->reachable = true;
        c->stack[c->stack_size++] = e->object;
    }
}

static entry *add_reference(check *c, weft_object *o)
{
    entry *e = check_find(c, o);
    if (e->object == NULL) {
        if (weft_is_immortal(o))
            return NULL; /* static */
        fail("check: a reference from %s %p to %p, which is not alive", c->from, (const void *)c->holder, (void *)o);
    }
    e->references++;
    return e;
}

static int add_field(weft_object *child, void *arg)
{
    add_reference(arg, child);
    return 0;
}

/* From outside the heap. */
static int add_root(weft_object *o, void *arg)
{
    check *c = arg;
    entry *e = o ? add_reference(c, o) : NULL;
    if (e)
        reach(c, e);
    return 0;
}

static void add_queued(weft_object *o, void *arg)
{
    add_root(o, arg);
}

/* Only that collection may touch it. */
static void add_collected(weft_object *o, void *arg)
{
    add_root(o, arg);
    check_find(arg, o)->collected = true;
}

static void add_dying(weft_object *o, const weft_type *type, void *arg)
{
    check *c = arg;
    c->holder = o;
    if (check_find(c, o)->object != NULL)
        fail("check: %p (%s) is dying, and the walk visits it", (void *)o, type->name);
    int kind = type == P.node_type ? KIND_NODE : type == P.plain_type ? KIND_PLAIN : type == P.row_type ? KIND_ROW : -1;
    if (kind >= 0)
        c->counted[kind]++;
    if (type->traverse)
        type->traverse(o, add_root, c);
}

static void add_worker(check *c, worker *w)
{
    c->holder = NULL;
    c->from = "a thread's table";
    for (int i = 0; i < HELD; i++)
        add_root(w->held[i], c);
    add_root(w->kept[0], c);
    add_root(w->kept[1], c);
    add_root(w->finalizing, c);
}

/* Who looks at all objects may find one that a collection has just cleared. */
static void add_looking(check *c, worker *w)
{
    c->holder = NULL;
    c->from = "what a thread looks at";
    for (int i = 0; i < SWEPT; i++)
        add_root(w->swept[i], c);
    add_root(w->looked, c);
    add_root(w->looking, c);
}

static void add_destroying(check *c, worker *w)
{
    c->from = "an object being destroyed:";
    c->holder = w->destroying;
    if (w->destroying)
        weft_type_of(w->destroying)->traverse(w->destroying, add_root, c);
}

static void add_places(check *c)
{
    c->holder = NULL;
    c->from = "the pool";
    for (int i = 0; i < POOL; i++)
        add_root(P.pool[i].object, c);
    c->from = "a board";
    add_root(P.board_instance, c);
    add_root(P.board_list, c);
    add_root(P.board_dict, c);
    for (int i = 0; i < BOARD_NODES; i++)
        add_root(P.board_nodes[i], c);
    for (int i = 0; i < 2; i++)
        add_root(P.board_weak[i], c);
    for (int i = 0; i < WORKERS; i++)
        add_worker(c, &P.workers[i]);
}

/* What objects that are about to go hold, and the library itself. */
static void add_inside(check *c)
{
    for (int i = 0; i < WORKERS; i++) {
        add_looking(c, &P.workers[i]);
        add_destroying(c, &P.workers[i]);
    }
    c->holder = NULL;
    c->from = "a merge queue";
    inside_each_queued(c->worker->self, add_queued, c);
    c->from = "a collection";
    inside_each_collected(c->worker->self, add_collected, c);
    c->from = "a dying object";
    inside_each_dying(c->worker->self, add_dying, c);
}

static int reach_field(weft_object *child, void *arg)
{
    entry *e = check_find(arg, child);
    if (e->object)
        reach(arg, e);
    return 0;
}

static void mark(check *c)
{
    while (c->stack_size) {
        weft_object *o = c->stack[--c->stack_size];
        if (weft_type_of(o)->traverse)
            weft_type_of(o)->traverse(o, reach_field, c);
    }
}

/* What a collection has cleared nobody can have found again. */
static void check_cleared(const check *c)
{
    for (size_t i = 0; i < c->capacity; i++)
        if (c->entries[i].reachable && is_node(c->entries[i].object) &&
            ((const node *)(const void *)c->entries[i].object)->cleared)
            fail("check: node %p was cleared by a collection, and can be reached", (void *)c->entries[i].object);
}

/* ---- comparing ----------------------------------------------------------------------------------------------------------- */

/* While allocations fail, a thread that drops a reference may have to stop the world, also in the middle of a built-in
 * container's destructor: then no place shows what that holds. In a forked child it stays so. */
static bool is_hidden_possible(void)
{
    return (P.options.fail && (P.forked || !weft_load_relaxed(&P.over))) || P.child_hides;
}

bool check_is_hidden(worker *w)
{
    bool hidden = is_hidden_possible() || inside_hides(w->self);
    for (int i = 0; i < WORKERS; i++)
        hidden |= P.workers[i].hides;
    return hidden;
}

static bool is_explained(const check *c, int64_t count, int64_t references)
{
    return count == references || count == INT64_MAX || (c->hidden && count > references);
}

static void compare_counts(check *c)
{
    for (size_t i = 0; i < c->capacity; i++) {
        entry *e = &c->entries[i];
        if (e->object == NULL)
            continue;
        int64_t count = weft_refcount(c->worker->self, e->object);
        if (!is_explained(c, count, e->references)) {
            rows_describe();
            inside_describe(c->worker->self, e->object);
            fail("check: %s %p has a count of %lld; %lld references lead to it%s%s", weft_type_of(e->object)->name,
                 (void *)e->object, (long long)count, (long long)e->references,
                 e->reachable ? "" : ", none from outside", weft_is_shared(e->object) ? "; it is shared" : "");
        }
    }
}

static void compare_numbers(check *c)
{
    for (int kind = 0; kind < KIND_COUNTED; kind++) {
        uint64_t created = 0, destroyed = 0;
        for (int i = 0; i < WORKERS; i++) {
            created += P.workers[i].counts[kind].created;
            destroyed += P.workers[i].counts[kind].destroyed;
        }
        if (created - destroyed != c->counted[kind] && !(c->hidden && created - destroyed > c->counted[kind]))
            fail("check: %llu of kind %d were created, %llu destroyed, and %llu are there", (unsigned long long)created,
                 kind, (unsigned long long)destroyed, (unsigned long long)c->counted[kind]);
    }
    weft_heap_stats stats;
    if (weft_heap_statistics(c->worker->self, &stats) != WEFT_OK)
        fail("weft_heap_statistics: %s", weft_error_message());
    if (stats.objects != c->live)
        fail("check: the walk visits %zu objects, the statistics count %zu", c->live, stats.objects);
}

/* After mark: what immortal objects lead to is kept by them, as the collector sees it. */
static void count_garbage(check *c)
{
    for (size_t i = 0; i < c->capacity; i++)
        if (c->entries[i].object && weft_is_immortal(c->entries[i].object))
            reach(c, &c->entries[i]);
    mark(c);
    for (size_t i = 0; i < c->capacity; i++)
        c->garbage += c->entries[i].object && !c->entries[i].reachable;
}

/* ---- sweeping -------------------------------------------------------------------------------------------------------------- */

/* References on garbage, and in a flooded program on containers too, to be cleared when the world runs again. */
static void take_garbage(check *c, size_t *taken)
{
    worker *w = c->worker;
    bool flooded = c->live > LIVE_LIMIT;
    *taken = 0;
    for (int i = 0; i < SWEPT; i++)
        if (w->swept[i])
            return; /* this thread is sweeping already: a destructor has called the check */
    size_t begin =
        (size_t)dice_next(&w->sweep_dice); /* elsewhere each time: the first ones may be what cannot be cleared */
    for (size_t i = 0; i < c->capacity && *taken < SWEPT; i++) {
        entry *e = &c->entries[(begin + i) & (c->capacity - 1)];
        if (e->object == NULL || (weft_is_immortal(e->object) && !P.child && !P.over))
            continue;
        if (e->reachable && !(flooded && i % 4 == 0 && weft_type_of(e->object)->clear && !e->collected &&
                              !weft_is_weak_dict(e->object)))
            continue;
        if (!e->reachable && c->leaves_garbage && !flooded)
            continue;
        weft_incref(w->self, e->object);
        w->swept[(*taken)++] = e->object;
    }
}

static void sweep(worker *w, size_t taken)
{
    for (size_t i = 0; i < taken; i++) {
        weft_object *o = w->swept[i];
        w->calm = true;
        if (weft_is_shared(o) && weft_unshare(w->self, o) != WEFT_OK)
            fail("weft_unshare: %s", weft_error_message());
        if (weft_type_of(o)->clear)
            weft_type_of(o)->clear(w->self, o);
        w->calm = false;
        w->swept[i] = NULL;
        drop(w, o);
    }
    __atomic_fetch_add(&P.swept, taken, __ATOMIC_RELAXED);
}

static void release_swept(worker *w, size_t taken)
{
    for (size_t i = 0; i < taken; i++) {
        weft_object *o = w->swept[i];
        w->swept[i] = NULL;
        drop(w, o);
    }
}

/* ---- the check ----------------------------------------------------------------------------------------------------------------- */

/* For a world that is stopped. Returns how many objects were taken for sweeping. */
static size_t check_stopped(worker *w, size_t *live, size_t *garbage)
{
    check c = {.worker = w};
    if (weft_heap_walk(w->self, count_object, &c.live) != 0)
        fail("weft_heap_walk: %s", weft_error_message());
    for (c.capacity = 1024; c.capacity < c.live * 2; c.capacity *= 2) {}
    c.entries = calloc(c.capacity, sizeof *c.entries);
    c.stack = malloc((c.live + 1) * sizeof *c.stack);
    if (c.entries == NULL || c.stack == NULL)
        fail("no memory for a check of %zu objects", c.live);
    weft_heap_walk(w->self, note_object, &c);
    c.hidden = check_is_hidden(w);
    P.hidden_checks += c.hidden;
    c.leaves_garbage = P.options.collect && !P.over && !P.child;
    add_places(&c);
    mark(&c);
    check_cleared(&c);
    add_inside(&c);
    c.from = "an object";
    for (size_t i = 0; i < c.capacity; i++) {
        weft_object *o = c.entries[i].object;
        c.holder = o;
        if (o && weft_type_of(o)->traverse)
            weft_type_of(o)->traverse(o, add_field, &c);
    }
    mark(&c);
    for (int i = 0; i < WORKERS; i++) /* an object under destruction is dead, and counts as not destroyed yet */
        if (P.workers[i].destroying && check_find(&c, P.workers[i].destroying)->object != NULL)
            fail("check: %p is being destroyed, and the walk visits it", (void *)P.workers[i].destroying);
    compare_counts(&c);
    compare_numbers(&c);
    size_t taken;
    take_garbage(&c, &taken);
    count_garbage(&c);
    *live = c.live;
    *garbage = c.garbage;
    free(c.entries);
    free(c.stack);
    return taken;
}

size_t check_world(worker *w)
{
    size_t live, garbage;
    if (weft_world_stop(w->self) != WEFT_OK)
        fail("weft_world_stop: %s", weft_error_message());
    size_t taken = check_stopped(w, &live, &garbage);
    if (weft_world_start(w->self) != WEFT_OK)
        fail("weft_world_start: %s", weft_error_message());
    sweep(w, taken);
    __atomic_fetch_add(&P.checks, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&P.objects_checked, live, __ATOMIC_RELAXED);
    return live;
}

/* Full collections in a world where nothing else goes on leave no garbage: what they find, against what the check does. */
static void check_collected(worker *w)
{
    size_t live, garbage = 1;
    int rounds = is_hidden_possible() ? 2 : 50; /* what a stack that is gone refers to stays */
    if (weft_gc_unfreeze(w->self) != WEFT_OK)
        fail("weft_gc_unfreeze: %s", weft_error_message());
    for (int round = 0; round < rounds && garbage; round++) {
        int64_t found = weft_gc_collect(w->self, WEFT_GC_FULL);
        if (found < 0)
            fail("weft_gc_collect: %s", weft_error_message());
        weft_safepoint(w->self);
        weft_world_stop(w->self);
        size_t taken = check_stopped(w, &live, &garbage);
        weft_world_start(w->self);
        P.collections++;
        P.found += (uint64_t)found;
        release_swept(w, taken);
        if (garbage)
            pause_us(1000); /* the library's thread may be busy with some of it */
    }
    if (garbage && !is_hidden_possible())
        fail("at the end: %zu of %zu objects are garbage, and full collections do not find them", garbage, live);
}

static int count_mortal(weft_object *o, void *arg)
{
    *(size_t *)arg += !weft_is_immortal(o);
    return 0;
}

typedef struct remains {
    worker *worker;
    int64_t described;
} remains;

static int describe_left(weft_object *o, void *arg)
{
    remains *l = arg;
    if (weft_is_immortal(o) || l->described++ > 12)
        return 0;
    fprintf(stderr, "stress: left is a %s, with a count of %lld:\n", weft_type_of(o)->name,
            (long long)weft_refcount(l->worker->self, o));
    inside_describe(l->worker->self, o);
    return 0;
}

/* ---- dropping everything ------------------------------------------------------------------------------------------- */

enum { PLACES = POOL + 3 + BOARD_NODES + 2 + WORKERS * (HELD + SWEPT + 5 + 100) };

static struct {
    weft_object *objects[PLACES];
    size_t count;
} taken_out;

static void take_out(weft_object **place)
{
    if (*place != NULL)
        taken_out.objects[taken_out.count++] = *place;
    *place = NULL;
}

/* Of a thread that is gone: in a child. */
static void take_out_destroying(weft_object *o)
{
    node *n = (node *)(void *)o;
    for (int k = 0; o && is_node(o) && k < NODE_REFS; k++)
        take_out(&n->refs[k]);
    row *r = (row *)(void *)o;
    for (size_t k = 0; o && weft_type_of(o) == P.row_type && k < r->object.count; k++)
        take_out(&r->items[k]);
}

/* The library's thread may be inside a callback, and then drops itself what that works on. */
static void take_out_worker(worker *w)
{
    for (int k = 0; k < HELD; k++)
        take_out(&w->held[k]);
    take_out(&w->kept[0]);
    take_out(&w->kept[1]);
    take_out(&w->looked);
    take_out(&w->looking);
    for (int k = 0; k < SWEPT; k++)
        take_out(&w->swept[k]);
    if (w->index == WORKER_FINALIZER)
        return;
    take_out(&w->finalizing);
    take_out_destroying(w->destroying);
}

/* In a stopped world: the library's thread may be storing objects meanwhile. */
static void drop_places(worker *w)
{
    taken_out.count = 0;
    weft_world_stop(w->self);
    for (int i = 0; i < POOL; i++)
        take_out(&P.pool[i].object);
    take_out(&P.board_instance);
    take_out(&P.board_list);
    take_out(&P.board_dict);
    for (int i = 0; i < BOARD_NODES; i++)
        take_out(&P.board_nodes[i]);
    for (int i = 0; i < 2; i++)
        take_out(&P.board_weak[i]);
    for (int i = 0; i < WORKERS; i++)
        take_out_worker(&P.workers[i]);
    weft_world_start(w->self);
    for (size_t i = 0; i < taken_out.count; i++)
        drop(w, taken_out.objects[i]);
}

static size_t count_left(worker *w)
{
    size_t left = 0;
    weft_world_stop(w->self);
    weft_heap_walk(w->self, count_mortal, &left);
    weft_world_start(w->self);
    return left;
}

/* A round may take one object only: along a chain of nodes whose finalizers bring them back, each falls when the one before
 * it has been dropped a second time. So it goes on as long as they become fewer. */
void check_nothing_left(worker *w)
{
    size_t left = SIZE_MAX;
    for (int in_vain = 0; in_vain < 50;) {
        drop_places(w); /* finalizers may have stored objects anew */
        weft_safepoint(w->self);
        if (P.options.collect)
            check_collected(w);
        check_world(w);
        size_t before = left;
        left = count_left(w);
        if (left == 0)
            return;
        in_vain = left < before ? 0 : in_vain + 1;
    }
    if (is_hidden_possible())
        return;
    weft_world_stop(w->self);
    weft_heap_walk(w->self, describe_left, &(remains){w, 0});
    fail("at the end: %zu objects are left that are not immortal", left);
}
