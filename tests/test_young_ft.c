/* The logs of young blocks, and young collections. */
#include "gc/young_ft.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/core.h"
#include "heap/limbo.h"
#include "values.h"

typedef struct node {
    weft_object object;
    weft_object *left, *right;
} node;

static node *node_of(weft_object *o)
{
    return (node *)(void *)o;
}

static int node_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    const node *n = node_of(o);
    int result = n->left ? visit(n->left, arg) : 0;
    return result == 0 && n->right ? visit(n->right, arg) : result;
}

static void node_clear(weft_thread *self, weft_object *o)
{
    weft_object *left = node_of(o)->left, *right = node_of(o)->right;
    node_of(o)->left = node_of(o)->right = NULL;
    weft_xdecref(self, left);
    weft_xdecref(self, right);
}

static const weft_type *node_type(weft_thread *self, size_t size)
{
    const weft_type_spec spec = {
        .name = "node", .size = size, .traverse = node_traverse, .clear = node_clear, .destroy = node_clear};
    const weft_type *type = weft_type_register(self, &spec);
    CHECK(type != NULL);
    return type;
}

typedef struct fixture {
    values v;
    weft_thread *self;
    const weft_type *type;
} fixture;

static fixture open_fixture(void)
{
    values v = values_open();
    return (fixture){v, v.self, node_type(v.self, sizeof(node))};
}

static weft_object *node_new(fixture *f, weft_object *left, weft_object *right)
{
    weft_object *o = weft_new(f->self, f->type);
    if (!CHECK(o != NULL))
        return NULL;
    weft_xincref(f->self, left);
    weft_xincref(f->self, right);
    node_of(o)->left = left;
    node_of(o)->right = right;
    return o;
}

/* Two nodes that refer to each other, without a reference from elsewhere. */
static weft_object *cycle_new(fixture *f)
{
    weft_object *a = node_new(f, NULL, NULL);
    weft_object *b = node_new(f, a, NULL);
    node_of(a)->left = b; /* b's own reference */
    weft_decref(f->self, a);
    return a;
}

static weft_object *node_held(fixture *f, weft_object *o)
{
    weft_incref(f->self, o);
    return o;
}

static bool is_young(const weft_object *o)
{
    return object_bits(o) & WEFT_BIT_LOGGED;
}

static uint64_t logged(weft_thread *self)
{
    return young_count(self->runtime);
}

/* ---- what is logged --------------------------------------------------------------------------------------------------- */

TEST_CASE(young, objects made and dropped in the same blocks are logged once)
{
    fixture f = open_fixture();
    if (heap_magazine_bytes() == 0)
        SKIP("this heap uses no block again");
    for (int i = 0; i < 100000; i++) {
        weft_object *a = node_new(&f, NULL, NULL), *b = node_new(&f, a, NULL);
        weft_decref(f.self, a);
        weft_decref(f.self, b);
    }
    CHECK_INT(logged(f.self), 2);
    values_close(&f.v);
}

TEST_CASE(young, objects that refer to nothing are not logged)
{
    fixture f = open_fixture();
    weft_object *list = weft_list_new(f.self, 0);
    CHECK_INT(logged(f.self), 1);
    for (int i = 0; i < 1000; i++) {
        weft_object *o = weft_float_new(f.self, i);
        CHECK_INT(weft_list_append(f.self, list, o), WEFT_OK);
        CHECK(!is_young(o));
        weft_decref(f.self, o);
    }
    CHECK_INT(logged(f.self), 1);
    CHECK(is_young(list));
    weft_decref(f.self, list);
    values_close(&f.v);
}

TEST_CASE(young, every block in a log is one that a walk of the containers sees)
{
    fixture f = open_fixture();

    enum { COUNT = 5000 };

    static weft_object *nodes[COUNT];
    for (int i = 0; i < COUNT; i++)
        nodes[i] = node_new(&f, NULL, NULL);
    CHECK_INT(logged(f.self), COUNT);
    for (int i = 0; i < COUNT; i++)
        weft_decref(f.self, nodes[i]);
    size_t limbo = thread_of(f.self)->heap.limbo.bytes;
    CHECK(limbo > 0);
    for (int i = 0; i < COUNT; i++)
        nodes[i] = node_new(&f, NULL, NULL);
    if (heap_magazine_bytes() > 0) {
        CHECK_INT(logged(f.self), COUNT);
        CHECK_INT(thread_of(f.self)->heap.limbo.bytes, 0);
    }
    for (int i = 0; i < COUNT; i++)
        weft_decref(f.self, nodes[i]);
    CHECK_INT(weft_gc_collect(f.self, WEFT_GC_YOUNG), 0);
    CHECK_INT(thread_of(f.self)->heap.limbo.bytes, 0);
    CHECK_INT(logged(f.self), 0);
    values_close(&f.v);
}

TEST_CASE(young, dead blocks that wait are no memory in use)
{
    fixture f = open_fixture();

    enum { COUNT = 3000 };

    static weft_object *nodes[COUNT];
    static weft_heap_stats stats;
    const weft_type *large = node_type(f.self, 1000);
    for (int i = 0; i < COUNT; i++)
        nodes[i] = i % 100 ? node_new(&f, NULL, NULL) : weft_new(f.self, large);
    CHECK_INT(weft_heap_statistics(f.self, &stats), WEFT_OK);
    CHECK_INT(stats.large_blocks, COUNT / 100);
    for (int i = 0; i < COUNT; i++)
        weft_decref(f.self, nodes[i]);
    CHECK(thread_of(f.self)->heap.limbo.bytes > 0);
    CHECK_INT(weft_heap_statistics(f.self, &stats), WEFT_OK);
    CHECK_INT(stats.large_blocks, 0);
    CHECK_INT(stats.large_bytes, 0);
    CHECK_INT(stats.bytes_used, 0);
    values_close(&f.v);
}

TEST_CASE(young, a large block is used again for one of its size)
{
    fixture f = open_fixture();
    if (heap_magazine_bytes() == 0)
        SKIP("this heap uses no block again");
    const weft_type *sizes[2] = {node_type(f.self, 1000), node_type(f.self, 2000)};
    for (int i = 0; i < 1000; i++) {
        weft_object *o = weft_new(f.self, sizes[i % 2]);
        REQUIRE(o != NULL && is_young(o));
        weft_decref(f.self, o);
    }
    CHECK_INT(logged(f.self), 2);
    values_close(&f.v);
}

TEST_CASE(young, what a collection clears is where the next objects are made)
{
    fixture f = open_fixture();
    if (heap_magazine_bytes() == 0)
        SKIP("this heap uses no block again");

    enum { CYCLES = 3000 };

    const heap_thread *part = &thread_of(f.self)->heap;
    for (int i = 0; i < CYCLES; i++)
        cycle_new(&f);
    CHECK_INT(weft_gc_collect(f.self, WEFT_GC_YOUNG), 2 * CYCLES);
    CHECK(part->limbo.bytes > 0);
    int64_t containers = part->tally.containers;
    for (int i = 0; i < CYCLES; i++)
        CHECK(is_young(cycle_new(&f)));
    CHECK_INT(part->tally.containers, containers);
    CHECK_INT(weft_gc_collect(f.self, WEFT_GC_YOUNG), 2 * CYCLES);
    CHECK(part->limbo.bytes > 0);
    CHECK_INT(weft_gc_collect(f.self, WEFT_GC_YOUNG), 0); /* nothing was made of it: it goes back */
    CHECK_INT(part->limbo.bytes, 0);
    for (int i = 0; i < 10 * CYCLES; i++)
        cycle_new(&f);
    CHECK(weft_gc_collect(f.self, WEFT_GC_FULL) > 0);
    CHECK(part->limbo.bytes <= LIMBO_KEEP_BYTES + sizeof(node));
    values_close(&f.v);
}

static uint64_t collections(weft_thread *self)
{
    weft_gc_stats stats;
    CHECK_INT(weft_gc_statistics(self, &stats), WEFT_OK);
    return stats.collections[WEFT_GC_YOUNG] + stats.collections[WEFT_GC_FULL];
}

TEST_CASE(young, very much that is dropped is given back without a collection and what lives stays young)
{
    fixture f = open_fixture();
    const weft_type *large = node_type(f.self, 100000);

    enum { COUNT = 2000, LARGE = 200 }; /* chunks of the log come to be empty, and half full */

    static weft_object *nodes[COUNT], *larges[LARGE];
    for (int i = 0; i < COUNT; i++)
        nodes[i] = node_new(&f, NULL, NULL);
    for (int i = 0; i < LARGE; i++)
        larges[i] = weft_new(f.self, large);
    uint64_t before = collections(f.self);
    for (int i = 0; i < COUNT; i++)
        if (i < 1000 || i % 2)
            weft_decref(f.self, nodes[i]);
    for (int i = 0; i < LARGE; i++)
        weft_decref(f.self, larges[i]);
    CHECK(thread_of(f.self)->heap.limbo.bytes > 10 << 20);
    weft_safepoint(f.self);
    CHECK_INT(thread_of(f.self)->heap.limbo.bytes, 0);
    CHECK_INT(collections(f.self), before);
    CHECK_INT(logged(f.self), 500);
    for (int i = 1000; i < COUNT; i += 2)
        CHECK(is_young(nodes[i]));
    weft_object *cycle = cycle_new(&f);
    CHECK(is_young(cycle));
    CHECK_INT(weft_gc_collect(f.self, WEFT_GC_YOUNG), 2);
    for (int i = 1000; i < COUNT; i += 2) {
        CHECK(!is_young(nodes[i]));
        CHECK_INT(weft_refcount(f.self, nodes[i]), 1);
        weft_decref(f.self, nodes[i]);
    }
    values_close(&f.v);
}

/* Threads that drop at once, and one that stands at its safepoints meanwhile. */
static void drop_large(int index, void *arg)
{
    fixture *f = arg;
    weft_thread *self = weft_thread_attach(f->v.runtime);

    enum { COUNT = 70, ROUNDS = 5 };

    weft_object *nodes[COUNT];
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < COUNT; i++) {
            nodes[i] = weft_new(self, f->type);
            CHECK(nodes[i] != NULL);
            weft_safepoint(self);
        }
        for (int i = 0; i < COUNT; i++) {
            weft_decref(self, nodes[(i * 9 + index) % COUNT]);
            weft_safepoint(self);
        }
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(stress_young, threads that drop very much at once give it back while others run)
{
    fixture f = open_fixture();
    f.type = node_type(f.self, 200000);
    uint64_t before = collections(f.self);
    CHECK_INT(weft_block_begin(f.self), WEFT_OK);
    test_threads(4, drop_large, &f);
    CHECK_INT(weft_block_end(f.self), WEFT_OK);
    CHECK_INT(values_live(f.self), 0);
    CHECK_INT(collections(f.self), before);
    for (thread *t = f.v.runtime->all; t; t = t->all_next)
        CHECK(t->heap.limbo.bytes < 13 << 20);
    values_close(&f.v);
}

/* ---- what becomes of them ------------------------------------------------------------------------------------------- */

TEST_CASE(young, survivors are old, and a block whose old object has died is young again)
{
    fixture f = open_fixture();
    weft_object *a = node_new(&f, NULL, NULL);
    CHECK(is_young(a));
    CHECK_INT(weft_gc_collect(f.self, WEFT_GC_YOUNG), 0);
    CHECK(!is_young(a));
    CHECK_INT(weft_refcount(f.self, a), 1);
    CHECK_INT(logged(f.self), 0);
    weft_decref(f.self, a);
    a = node_new(&f, NULL, NULL);
    CHECK(is_young(a));
    CHECK_INT(logged(f.self), 1);
    weft_decref(f.self, a);
    CHECK_INT(weft_gc_collect(f.self, WEFT_GC_FULL), 0);
    CHECK_INT(logged(f.self), 0);
    values_close(&f.v);
}

TEST_CASE(young, new cycles are freed and what is reachable is kept with its counts)
{
    fixture f = open_fixture();
    weft_object *old = node_new(&f, NULL, NULL);
    CHECK_INT(weft_gc_collect(f.self, WEFT_GC_YOUNG), 0);
    weft_object *list = weft_list_new(f.self, 0);
    for (int i = 0; i < 1000; i++) {
        weft_object *a = cycle_new(&f);
        if (i % 3 == 0)
            CHECK_INT(weft_list_append(f.self, list, a), WEFT_OK);
        if (i % 3 == 1)
            node_of(a)->right = node_held(&f, old);
        if (i == 333) { /* from an old object: no barrier is needed */
            weft_xdecref(f.self, node_of(old)->left);
            node_of(old)->left = node_held(&f, a);
        }
    }
    CHECK_INT(weft_gc_collect(f.self, WEFT_GC_YOUNG), 2 * (1000 - 334));
    CHECK_INT(values_live(f.self), 2 + 2 * 334);
    CHECK_INT(weft_refcount(f.self, old), 1);
    for (int64_t i = 0; i < 334; i++) {
        weft_object *a = weft_list_get(f.self, list, i);
        CHECK_INT(weft_refcount(f.self, a), i == 111 ? 4 : 3);
        CHECK(!is_young(a));
        weft_xdecref(f.self, node_of(a)->left);
        node_of(a)->left = NULL;
        weft_decref(f.self, a);
    }
    weft_decref(f.self, list);
    weft_decref(f.self, old);
    values_close(&f.v);
}

TEST_CASE(young, a chain of a hundred thousand new objects and a wide one are marked in constant stack)
{
    fixture f = open_fixture();
    weft_object *head = NULL;
    for (int i = 0; i < 100000; i++) {
        weft_object *o = node_new(&f, head, NULL);
        weft_xdecref(f.self, head);
        head = o;
    }
    weft_object *list = weft_list_new(f.self, 0);
    for (int i = 0; i < 50000; i++) {
        weft_object *o = node_new(&f, list, NULL);
        CHECK_INT(weft_list_append(f.self, list, o), WEFT_OK);
        weft_decref(f.self, o);
    }
    CHECK_INT(weft_gc_collect(f.self, WEFT_GC_YOUNG), 0);
    CHECK_INT(values_live(f.self), 150001);
    for (int64_t i = 0; i < 50000; i++) {
        weft_object *o = weft_list_get(f.self, list, i);
        weft_decref(f.self, node_of(o)->left);
        node_of(o)->left = NULL;
        weft_decref(f.self, o);
    }
    weft_decref(f.self, list);
    weft_decref(f.self, head);
    values_close(&f.v);
}

TEST_CASE(young, objects with every kind of count survive with it)
{
    fixture f = open_fixture();
    weft_object *shared = cycle_new(&f), *immortal = cycle_new(&f), *garbage = cycle_new(&f);
    weft_incref(f.self, shared);
    CHECK_INT(weft_share(f.self, shared), WEFT_OK);
    CHECK_INT(weft_immortalize(f.self, immortal), WEFT_OK);
    CHECK_INT(weft_share(f.self, garbage), WEFT_OK);
    CHECK_INT(weft_gc_collect(f.self, WEFT_GC_YOUNG), 2);
    CHECK(weft_is_shared(shared));
    CHECK_INT(weft_refcount(f.self, shared), 2);
    CHECK(weft_is_immortal(immortal));
    CHECK_INT(weft_refcount(f.self, node_of(immortal)->left), 1);
    CHECK_INT(values_live(f.self), 4);
    CHECK_INT(weft_unshare(f.self, shared), WEFT_OK);
    weft_object *other = node_of(shared)->left;
    node_of(shared)->left = NULL;
    weft_decref(f.self, other);
    weft_decref(f.self, shared);
    CHECK_INT(values_live(f.self), 2);
    CHECK_INT(weft_thread_detach(f.self), WEFT_OK);
    CHECK_INT(weft_runtime_free(f.v.runtime), WEFT_OK);
}

/* ---- several threads ------------------------------------------------------------------------------------------------- */

typedef struct exchange {
    fixture *f;
    weft_object *nodes[4000];
} exchange;

static void *make_and_end(void *arg)
{
    exchange *e = arg;
    fixture mine = *e->f;
    mine.self = weft_thread_attach(e->f->v.runtime);
    if (!CHECK(mine.self != NULL))
        return NULL;
    for (int i = 0; i < 4000; i++)
        e->nodes[i] = i % 2 ? cycle_new(&mine) : node_new(&mine, NULL, NULL);
    CHECK_INT(weft_thread_detach(mine.self), WEFT_OK);
    return NULL;
}

static void run_thread(void *(*run)(void *arg), void *arg, weft_thread *self)
{
    pthread_t id;
    CHECK_INT(weft_block_begin(self), WEFT_OK);
    if (CHECK_INT(pthread_create(&id, NULL, run, arg), 0))
        pthread_join(id, NULL);
    CHECK_INT(weft_block_end(self), WEFT_OK);
}

TEST_CASE(young, the log of a thread that has ended is looked at, and its blocks may be freed by others)
{
    static exchange e;
    fixture f = open_fixture();
    e.f = &f;
    run_thread(make_and_end, &e, f.self);
    CHECK_INT(logged(f.self), 6000);
    for (int i = 0; i < 4000; i += 4)
        weft_decref(f.self, e.nodes[i]); /* owned by the ended thread: merged on its behalf */
    CHECK_INT(weft_gc_collect(f.self, WEFT_GC_YOUNG), 4000);
    CHECK_INT(values_live(f.self), 1000);
    for (int i = 2; i < 4000; i += 4) {
        CHECK(!is_young(e.nodes[i]));
        weft_decref(f.self, e.nodes[i]);
    }
    CHECK_INT(logged(f.self), 0);
    values_close(&f.v);
}

static void churn(int index, void *arg)
{
    fixture *shared = arg;
    fixture f = *shared;
    weft_object *kept[64] = {NULL};
    uint64_t state = test_seed() + (uint64_t)index;
    f.self = weft_thread_attach(f.v.runtime);
    REQUIRE(f.self != NULL);
    for (int i = 0; i < test_scale(100000); i++) {
        size_t k = test_random(&state) % 64;
        weft_xdecref(f.self, kept[k]);
        weft_object *cycle = cycle_new(&f);
        kept[k] = node_new(&f, i % 2 ? cycle : NULL, NULL);
        if (i % 1000 == 0)
            CHECK(weft_gc_collect(f.self, WEFT_GC_YOUNG) >= 0);
        weft_safepoint(f.self);
    }
    for (size_t k = 0; k < 64; k++)
        weft_xdecref(f.self, kept[k]);
    CHECK_INT(weft_thread_detach(f.self), WEFT_OK);
}

TEST_CASE(stress_young, threads make and drop cycles while each collects)
{
    fixture f = open_fixture();
    CHECK_INT(weft_block_begin(f.self), WEFT_OK);
    test_threads(4, churn, &f);
    CHECK_INT(weft_block_end(f.self), WEFT_OK);
    CHECK(values_live(f.self) < 4 * 4 * 10000);
    CHECK(weft_gc_collect(f.self, WEFT_GC_YOUNG) >= 0);
    CHECK_INT(weft_thread_detach(f.self), WEFT_OK);
    CHECK_INT(weft_runtime_free(f.v.runtime), WEFT_OK);
}

/* ---- threads that help ------------------------------------------------------------------------------------------------ */

enum { TABLE = 256, HELPERS = 4 };

typedef struct crossing {
    fixture *f;
    weft_object *table; /* a list, of nodes whose left is a node and whose right is that one's own right */
    uint32_t helped;    /* atomic: collections in which more than one thread took part were seen */
} crossing;

/* What stands in the table is a ring of three, and so is what its last node refers to, and so on. */
static void check_ring(const weft_object *a, int depth)
{
    for (; depth > 0 && a && a != &weft_none; depth--) {
        const weft_object *d = ((const node *)(const void *)a)->left;
        const weft_object *b = d ? ((const node *)(const void *)d)->left : NULL;
        REQUIRE(b != NULL && ((const node *)(const void *)b)->left == a);
        a = ((const node *)(const void *)b)->right;
    }
}

/* A ring of three, into which another thread's node is tied; some stand in the table for a while. */
static void cross_once(crossing *c, fixture *f, uint64_t *random)
{
    weft_object *a = node_new(f, NULL, NULL), *b = node_new(f, a, NULL), *d = node_new(f, b, NULL);
    node_of(a)->left = d; /* d's own reference */
    int64_t k = (int64_t)(test_random(random) % TABLE);
    weft_object *other = weft_list_get(f->self, c->table, k);
    if (CHECK(other != NULL)) {
        check_ring(other, 100);
        node_of(b)->right = other; /* b owns it now; a chain grows through all threads' rings, until it is cut */
        if (test_random(random) % 4 == 0 || weft_type_index(other) != weft_type_index(a)) {
            node_of(b)->right = NULL;
            weft_decref(f->self, other);
        }
    }
    if (test_random(random) % 4 == 0)
        CHECK_INT(weft_list_set(f->self, c->table, k, a), WEFT_OK);
    CHECK(node_of(a)->left == d && node_of(d)->left == b && node_of(b)->left == a);
    weft_decref(f->self, a);
    weft_decref(f->self, b);
}

static void cross(int index, void *arg)
{
    crossing *c = arg;
    fixture f = *c->f;
    uint64_t random = test_seed() + (uint64_t)index;
    f.self = weft_thread_attach(f.v.runtime);
    REQUIRE(f.self != NULL);
    for (int i = 0; i < test_scale(100000); i++) {
        cross_once(c, &f, &random);
        weft_safepoint(f.self);
        if (i % 20 == 0) {
            weft_gc_stats stats;
            CHECK_INT(weft_gc_statistics(f.self, &stats), WEFT_OK);
            if (stats.last.threads > 1 && stats.last.generation == WEFT_GC_YOUNG)
                __atomic_fetch_add(&c->helped, 1, __ATOMIC_RELAXED);
        }
    }
    CHECK_INT(weft_thread_detach(f.self), WEFT_OK);
}

TEST_CASE(stress_young, threads help in collections of what they have tied together, and nothing is lost or left)
{
    fixture f = open_fixture();
    crossing c = {.f = &f, .table = weft_list_new(f.self, 0)};
    for (int i = 0; i < TABLE; i++)
        CHECK_INT(weft_list_append(f.self, c.table, &weft_none), WEFT_OK);
    weft_gc_settings settings;
    CHECK_INT(weft_gc_get_settings(f.self, &settings), WEFT_OK);
    settings.young = 2000;
    settings.threads = HELPERS;
    CHECK_INT(weft_gc_set_settings(f.self, &settings), WEFT_OK);
    CHECK_INT(weft_block_begin(f.self), WEFT_OK);
    test_threads(HELPERS, cross, &c);
    CHECK_INT(weft_block_end(f.self), WEFT_OK);
    if (platform_cores() > 1)
        CHECK(c.helped > 0);
    weft_decref(f.self, c.table);
    CHECK(weft_gc_collect(f.self, WEFT_GC_FULL) >= 0);
    CHECK_INT(values_live(f.self), 0);
    values_close(&f.v);
}

static void help_alone(int index, void *arg)
{
    fixture f = *(fixture *)arg;
    f.self = weft_thread_attach(f.v.runtime);
    REQUIRE(f.self != NULL);
    for (int i = 0; i < test_scale(200000); i++) {
        cycle_new(&f);
        weft_safepoint(f.self);
    }
    (void)index;
    CHECK_INT(weft_thread_detach(f.self), WEFT_OK);
}

TEST_CASE(stress_young, what threads clear for a collection is counted with what it freed itself)
{
    fixture f = open_fixture();
    CHECK_INT(weft_block_begin(f.self), WEFT_OK);
    test_threads(2, help_alone, &f);
    CHECK_INT(weft_block_end(f.self), WEFT_OK);
    CHECK(weft_gc_collect(f.self, WEFT_GC_FULL) >= 0);
    weft_gc_stats stats;
    CHECK_INT(weft_gc_statistics(f.self, &stats), WEFT_OK);
    CHECK_INT(stats.freed, stats.found);
    CHECK_INT(stats.freed, 4 * (int64_t)test_scale(200000));
    CHECK_INT(stats.freed_bytes, stats.freed * sizeof(node));
    CHECK_INT(values_live(f.self), 0);
    values_close(&f.v);
}

TEST_CASE(young, collections that find nothing come less and less often, and one that finds much takes that back)
{
    fixture f = open_fixture();

    enum { COUNT = 40000 };

    static weft_object *nodes[COUNT];
    weft_gc_stats before, after;
    CHECK_INT(weft_gc_statistics(f.self, &before), WEFT_OK);
    for (int i = 0; i < COUNT; i++) {
        nodes[i] = node_new(&f, NULL, NULL);
        weft_safepoint(f.self);
    }
    CHECK_INT(weft_gc_statistics(f.self, &after), WEFT_OK);
    CHECK_INT(after.collections[WEFT_GC_YOUNG] - before.collections[WEFT_GC_YOUNG], 2); /* after 10,000, 20,000 more */
    for (int i = 0; i < 60000; i++) {
        cycle_new(&f);
        weft_safepoint(f.self);
    }
    CHECK_INT(weft_gc_statistics(f.self, &before), WEFT_OK);
    for (int i = 0; i < 30000; i++) {
        cycle_new(&f);
        weft_safepoint(f.self);
    }
    CHECK_INT(weft_gc_statistics(f.self, &after), WEFT_OK);
    CHECK(after.collections[WEFT_GC_YOUNG] - before.collections[WEFT_GC_YOUNG] >= 5);
    for (int i = 0; i < COUNT; i++)
        weft_decref(f.self, nodes[i]);
    CHECK(weft_gc_collect(f.self, WEFT_GC_YOUNG) >= 0);
    values_close(&f.v);
}

TEST_CASE(young, the threshold goes up by what is found and not past what its documentation says)
{
    fixture f = open_fixture();

    enum { COUNT = 250000, YOUNG = 1000, LEAST = 50000, TOLD_LATE = YOUNG_CHUNK + 1 };

    static weft_object *nodes[COUNT];
    weft_gc_settings settings;
    weft_gc_stats stats;
    CHECK_INT(weft_gc_get_settings(f.self, &settings), WEFT_OK);
    settings.young = YOUNG;
    settings.floor = 10 * COUNT; /* no full one */
    CHECK_INT(weft_gc_set_settings(f.self, &settings), WEFT_OK);
    uint64_t number = 0, looked_at = 0, last = 0;
    for (int i = 0; i < COUNT; i++) {
        nodes[i] = node_new(&f, NULL, NULL);
        weft_safepoint(f.self);
        if (i % 100)
            continue;
        CHECK_INT(weft_gc_statistics(f.self, &stats), WEFT_OK);
        if (stats.last.number == number)
            continue;
        uint64_t half = (uint64_t)i / 2, candidates = stats.last.candidates;
        CHECK_INT(stats.last.generation, WEFT_GC_YOUNG);
        CHECK(candidates >= YOUNG && candidates + TOLD_LATE >= (2 * last < LEAST ? 2 * last : LEAST));
        CHECK(candidates <= (half > LEAST ? half : LEAST) + TOLD_LATE);
        number = stats.last.number;
        last = candidates;
        looked_at += candidates;
    }
    CHECK_INT(looked_at + logged(f.self), COUNT); /* each once */
    CHECK(number >= 8 && last > LEAST);
    for (int i = 0; i < COUNT; i++)
        weft_decref(f.self, nodes[i]);
    values_close(&f.v);
}

/* ---- the schedule ------------------------------------------------------------------------------------------------------ */

TEST_CASE(young, a collection comes by itself when ten thousand objects were made)
{
    fixture f = open_fixture();
    for (int i = 0; i < 4000; i++) {
        cycle_new(&f);
        weft_safepoint(f.self);
    }
    CHECK_INT(values_live(f.self), 8000);
    for (int i = 0; i < 2000; i++) {
        cycle_new(&f);
        weft_safepoint(f.self);
    }
    int64_t live = values_live(f.self); /* before: in which order arguments are computed is not said */
    CHECK(live < 3000);
    CHECK_INT(weft_gc_collect(f.self, WEFT_GC_YOUNG), live);
    values_close(&f.v);
}

TEST_CASE(young, without memory for the log objects are made and count as old)
{
    fixture f = open_fixture();

    enum { COUNT = 2000 };

    static weft_object *nodes[COUNT];
    bool seen = false;
    for (int i = 0; i < COUNT; i++) {
        CHECK_INT(weft_fail_allocation(f.self, 2, false), WEFT_OK); /* the first is the object's */
        nodes[i] = node_new(&f, NULL, NULL);
        seen = seen || !is_young(nodes[i]);
    }
    CHECK_INT(weft_fail_allocation(f.self, 0, false), WEFT_OK);
    CHECK(seen);
    CHECK(!young_is_complete(f.self->runtime));
    CHECK_INT(weft_gc_collect(f.self, WEFT_GC_YOUNG), 0);
    CHECK(young_is_complete(f.self->runtime));
    for (int i = 0; i < COUNT; i++) {
        CHECK(!is_young(nodes[i]));
        weft_decref(f.self, nodes[i]);
    }
    values_close(&f.v);
}

TEST_CASE(young, a collection without memory changes nothing)
{
    fixture f = open_fixture();
    for (int i = 0; i < 3000; i++)
        cycle_new(&f);
    uint64_t before = logged(f.self);
    int64_t found = -1;
    for (uint64_t n = 1; n < 20 && found < 0; n++) {
        CHECK_INT(weft_fail_allocation(f.self, n, true), WEFT_OK);
        found = weft_gc_collect(f.self, WEFT_GC_YOUNG);
        CHECK_INT(weft_fail_allocation(f.self, 0, false), WEFT_OK);
        if (found >= 0)
            break;
        CHECK_INT(found, WEFT_ERROR_MEMORY);
        weft_error_clear();
        CHECK_INT(logged(f.self), before);
        CHECK_INT(values_live(f.self), 6000);
    }
    CHECK_INT(found, 6000);
    values_close(&f.v);
}

/* ---- fork ---------------------------------------------------------------------------------------------------------------- */

static int in_child(fixture *f, weft_object *kept)
{
    if (weft_fork_after_child(f->self) != WEFT_OK || logged(f->self) != 0)
        return 1;
    cycle_new(f);
    if (weft_gc_collect(f->self, WEFT_GC_FULL) < 0 || !is_young(kept))
        return 2; /* a full collection has written to the parent's objects */
    cycle_new(f);
    if (weft_gc_collect(f->self, WEFT_GC_YOUNG) < 2 || is_young(kept) || weft_refcount(f->self, kept) != 2)
        return 3;
    return 0;
}

TEST_CASE(young, a full collection in a forked child leaves young what its parent made)
{
    fixture f = open_fixture();
    weft_object *kept = cycle_new(&f);
    weft_incref(f.self, kept);
    cycle_new(&f);
    CHECK_INT(weft_fork_before(f.self), WEFT_OK);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(10);
        _exit(in_child(&f, kept));
    }
    CHECK_INT(weft_fork_after_parent(f.self), WEFT_OK);
    int status = -1;
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
    CHECK(is_young(kept));
    CHECK_INT(weft_gc_collect(f.self, WEFT_GC_YOUNG), 2);
    weft_object *other = node_of(kept)->left;
    node_of(kept)->left = NULL;
    weft_decref(f.self, other);
    weft_decref(f.self, kept);
    values_close(&f.v);
}
