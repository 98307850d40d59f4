/* Critical sections: which locks are held when. */
#include "core/lock_ft.h"

#include "cells.h"

static bool is_locked(const weft_object *o)
{
    return weft_load_acquire(&o->lock) != 0;
}

typedef struct fixture {
    cells cells;
    weft_thread *self;
    weft_object *a, *b, *c; /* in the order of their addresses */
} fixture;

static bool fixture_open(fixture *f)
{
    if (!cells_open(&f->cells))
        return false;
    f->self = f->cells.self;
    weft_object *o[3] = {cell_new(&f->cells), cell_new(&f->cells), cell_new(&f->cells)};
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 2; k++)
            if ((uintptr_t)o[k] > (uintptr_t)o[k + 1]) {
                weft_object *swap = o[k];
                o[k] = o[k + 1];
                o[k + 1] = swap;
            }
    f->a = o[0];
    f->b = o[1];
    f->c = o[2];
    return true;
}

static void fixture_close(fixture *f)
{
    CHECK(!is_locked(f->a) && !is_locked(f->b) && !is_locked(f->c));
    CHECK(f->self->critical == NULL);
    weft_decref(f->self, f->a);
    weft_decref(f->self, f->b);
    weft_decref(f->self, f->c);
    cells_close(&f->cells);
}

#define CHECK_LOCKED(f, in_a, in_b, in_c) \
    (CHECK_INT(is_locked((f)->a), in_a), CHECK_INT(is_locked((f)->b), in_b), CHECK_INT(is_locked((f)->c), in_c))

static void block(fixture *f)
{
    CHECK_INT(weft_block_begin(f->self), WEFT_OK);
    CHECK_LOCKED(f, 0, 0, 0);
    CHECK_INT(weft_block_end(f->self), WEFT_OK);
}

TEST_CASE(critical_ft, a section holds its lock from begin to end)
{
    fixture f;
    REQUIRE(fixture_open(&f));
    weft_critical one, two;
    weft_critical_begin(f.self, &one, f.a);
    CHECK_LOCKED(&f, 1, 0, 0);
    weft_critical_end(f.self, &one);
    CHECK_LOCKED(&f, 0, 0, 0);
    weft_critical_begin2(f.self, &two, f.c, f.b);
    CHECK_LOCKED(&f, 0, 1, 1);
    weft_critical_end(f.self, &two);
    weft_critical_begin2(f.self, &two, f.c, f.c);
    CHECK_LOCKED(&f, 0, 0, 1);
    weft_critical_end(f.self, &two);
    fixture_close(&f);
}

TEST_CASE(critical_ft, nested sections hold all their locks until the thread blocks)
{
    fixture f;
    REQUIRE(fixture_open(&f));
    weft_critical one, two;
    weft_critical_begin(f.self, &one, f.a);
    weft_critical_begin2(f.self, &two, f.b, f.c);
    CHECK_LOCKED(&f, 1, 1, 1);
    weft_critical_end(f.self, &two);
    CHECK_LOCKED(&f, 1, 0, 0);
    weft_critical_end(f.self, &one);
    fixture_close(&f);
}

TEST_CASE(critical_ft, blocking leaves every section and only the innermost is taken again before the next ends)
{
    fixture f;
    REQUIRE(fixture_open(&f));
    weft_critical one, two, three;
    weft_critical_begin(f.self, &one, f.a);
    weft_critical_begin(f.self, &two, f.b);
    weft_critical_begin(f.self, &three, f.c);
    block(&f);
    CHECK_LOCKED(&f, 0, 0, 1);
    block(&f);
    weft_critical_end(f.self, &three);
    CHECK_LOCKED(&f, 0, 1, 0);
    weft_critical_begin(f.self, &three, f.c);
    CHECK_LOCKED(&f, 0, 1, 1);
    block(&f);
    weft_critical_end(f.self, &three);
    weft_critical_end(f.self, &two);
    CHECK_LOCKED(&f, 1, 0, 0);
    weft_critical_end(f.self, &one);
    fixture_close(&f);
}

TEST_CASE(critical_ft, a section on an object that an outer one holds takes nothing and gives nothing back)
{
    fixture f;
    REQUIRE(fixture_open(&f));
    weft_critical one, two, three;
    weft_critical_begin(f.self, &one, f.a);
    weft_critical_begin(f.self, &two, f.b);
    weft_critical_begin(f.self, &three, f.a);
    CHECK_LOCKED(&f, 1, 1, 0);
    weft_critical_end(f.self, &three);
    CHECK_LOCKED(&f, 1, 1, 0);
    weft_critical_begin2(f.self, &three, f.b, f.a);
    weft_critical_end(f.self, &three);
    CHECK_LOCKED(&f, 1, 1, 0);
    weft_critical_begin2(f.self, &three, f.c, f.b); /* one held, one not */
    CHECK_LOCKED(&f, 1, 1, 1);
    weft_critical_end(f.self, &three);
    CHECK_LOCKED(&f, 1, 1, 0);
    weft_critical_end(f.self, &two);
    weft_critical_end(f.self, &one);
    fixture_close(&f);
}

TEST_CASE(critical_ft, weft_lock on an object that a section of the same thread holds is an error)
{
    fixture f;
    REQUIRE(fixture_open(&f));
    weft_critical outer, inner;
    weft_critical_begin(f.self, &outer, f.a);
    CHECK_INT(weft_lock(f.self, f.a), WEFT_ERROR_BUSY);
    CHECK_INT(weft_error_status(), WEFT_ERROR_BUSY);
    weft_critical_begin2(f.self, &inner, f.b, f.c);
    CHECK_INT(weft_lock(f.self, f.a), WEFT_ERROR_BUSY);
    CHECK_INT(weft_lock(f.self, f.b), WEFT_ERROR_BUSY);
    CHECK_INT(weft_lock(f.self, f.c), WEFT_ERROR_BUSY);
    weft_critical_end(f.self, &inner);
    CHECK_INT(weft_lock(f.self, f.b), WEFT_OK);
    weft_unlock(f.self, f.b);
    CHECK(is_locked(f.a));
    weft_critical_end(f.self, &outer);
    CHECK_INT(weft_lock(f.self, f.a), WEFT_OK);
    weft_unlock(f.self, f.a);
    fixture_close(&f);
}

TEST_CASE(critical_ft, after blocking the inner section on the same object holds the lock itself)
{
    fixture f;
    REQUIRE(fixture_open(&f));
    weft_critical one, two, three;
    weft_critical_begin(f.self, &one, f.a);
    weft_critical_begin(f.self, &two, f.a);
    block(&f);
    CHECK_LOCKED(&f, 1, 0, 0);
    weft_critical_begin(f.self, &three, f.a);
    weft_critical_end(f.self, &three);
    CHECK_LOCKED(&f, 1, 0, 0);
    weft_critical_end(f.self, &two);
    CHECK_LOCKED(&f, 1, 0, 0); /* the outer one took it */
    weft_critical_end(f.self, &one);
    CHECK_LOCKED(&f, 0, 0, 0);

    weft_critical_begin2(f.self, &one, f.a, f.b);
    weft_critical_begin2(f.self, &two, f.b, f.c);
    block(&f);
    CHECK_LOCKED(&f, 0, 1, 1);
    weft_critical_end(f.self, &two);
    CHECK_LOCKED(&f, 1, 1, 0);
    weft_critical_end(f.self, &one);
    fixture_close(&f);
}

TEST_CASE(critical_ft, a thread cannot detach inside a section)
{
    fixture f;
    REQUIRE(fixture_open(&f));
    weft_critical one;
    weft_critical_begin(f.self, &one, f.a);
    CHECK_INT(weft_thread_detach(f.self), WEFT_ERROR_BUSY);
    block(&f);
    CHECK_INT(weft_thread_detach(f.self), WEFT_ERROR_BUSY);
    weft_critical_end(f.self, &one);
    fixture_close(&f);
}

/* ---- with other threads ------------------------------------------------------------------------------------------------ */

typedef struct other {
    fixture *f;
    pthread_t os;
    weft_object *section; /* it enters a section on this */
    weft_object *second;  /* and on this at once, if not NULL */
    weft_object *lock;    /* and then locks this */
    bool in_section;      /* atomic */
    bool has_both;        /* atomic */
    bool go;              /* atomic: ends */
} other;

static void *other_run(void *arg)
{
    other *o = arg;
    weft_thread *self = weft_thread_attach(o->f->cells.runtime);
    weft_critical section;
    if (o->second)
        weft_critical_begin2(self, &section, o->section, o->second);
    else
        weft_critical_begin(self, &section, o->section);
    weft_store_release(&o->in_section, true);
    if (o->lock) {
        weft_lock(self, o->lock);
        weft_store_release(&o->has_both, is_locked(o->section));
        weft_unlock(self, o->lock);
    }
    while (!weft_load_acquire(&o->go))
        weft_safepoint(self);
    weft_critical_end(self, &section);
    weft_thread_detach(self);
    return NULL;
}

static void other_start(other *o, fixture *f, weft_object *section, weft_object *lock)
{
    *o = (other){.f = f, .section = section, .lock = lock};
    pthread_create(&o->os, NULL, other_run, o);
}

static void await(const bool *flag)
{
    for (int i = 0; i < 5000 && !weft_load_acquire(flag); i++)
        test_sleep_ms(1);
    CHECK(weft_load_acquire(flag));
}

static void other_end(other *o)
{
    weft_store_release(&o->go, true);
    weft_block_begin(o->f->self);
    pthread_join(o->os, NULL);
    weft_block_end(o->f->self);
}

TEST_CASE(critical_ft, a thread that waits for a lock has left its sections and has both in the end)
{
    fixture f;
    REQUIRE(fixture_open(&f));
    weft_lock(f.self, f.b);
    other o;
    other_start(&o, &f, f.a, f.b);
    await_parked(f.b, 1);
    CHECK_LOCKED(&f, 0, 1, 0);
    /* It may have a only after we end; b alone does not let it go on. */
    weft_critical section;
    weft_critical_begin(f.self, &section, f.a);
    weft_unlock(f.self, f.b);
    test_sleep_ms(5);
    CHECK(!weft_load_acquire(&o.has_both));
    weft_critical_end(f.self, &section);
    await(&o.has_both);
    other_end(&o);
    fixture_close(&f);
}

TEST_CASE(critical_ft, a thread that has a lock but not its section again gives the lock back before it waits)
{
    fixture f;
    REQUIRE(fixture_open(&f));
    weft_lock(f.self, f.b);
    other o;
    other_start(&o, &f, f.a, f.b);
    await_parked(f.b, 1);
    weft_lock(f.self, f.a); /* the opposite order: with b in its hands it would wait for us, and we for it */
    weft_unlock(f.self, f.b);
    await_parked(f.a, 1);
    if (CHECK(weft_lock_try_(f.b)))
        weft_unlock(f.self, f.b);
    weft_unlock(f.self, f.a);
    await(&o.has_both);
    other_end(&o);
    fixture_close(&f);
}

TEST_CASE(critical_ft, a stopped thread has left its sections and takes the innermost when it goes on)
{
    fixture f;
    REQUIRE(fixture_open(&f));
    other o;
    other_start(&o, &f, f.a, NULL);
    await(&o.in_section);
    CHECK(is_locked(f.a));
    CHECK_INT(weft_world_stop(f.self), WEFT_OK);
    CHECK_LOCKED(&f, 0, 0, 0);
    CHECK_INT(weft_world_start(f.self), WEFT_OK);
    for (int i = 0; i < 5000 && !is_locked(f.a); i++)
        test_sleep_ms(1);
    CHECK(is_locked(f.a));
    other_end(&o);
    fixture_close(&f);
}

TEST_CASE(critical_ft, a section on two objects that waits for one of them does not hold the other)
{
    fixture f;
    REQUIRE(fixture_open(&f));
    for (int i = 0; i < 2; i++) {
        weft_object *mine = i ? f.b : f.a, *free_one = i ? f.a : f.b;
        weft_lock(f.self, mine);
        other o = {.f = &f, .section = f.a, .second = f.b};
        pthread_create(&o.os, NULL, other_run, &o);
        await_parked(mine, 1);
        CHECK(!is_locked(free_one));
        weft_unlock(f.self, mine);
        await(&o.in_section);
        CHECK_LOCKED(&f, 1, 1, 0);
        other_end(&o);
    }
    fixture_close(&f);
}

/* ---- threads and destructors that end in the middle ------------------------------------------------------------------- */

static void *end_inside(void *arg)
{
    static weft_critical section; /* not on the stack, so that whoever resumes it does so and not something else */
    fixture *f = arg;
    weft_thread *self = weft_thread_attach(f->cells.runtime);
    weft_critical_begin(self, &section, f->a);
    weft_block_begin(self);
    return NULL;
}

TEST_CASE(critical_ft, a thread that ends in a blocking region does not take up its sections again)
{
    fixture f;
    REQUIRE(fixture_open(&f));
    pthread_t os;
    pthread_create(&os, NULL, end_inside, &f);
    weft_block_begin(f.self);
    pthread_join(os, NULL);
    weft_block_end(f.self);
    CHECK_LOCKED(&f, 0, 0, 0);
    fixture_close(&f);
}

typedef struct finalized {
    weft_object object;
    fixture *f;
} finalized;

static bool finalizer_ran;

static void finalize_in_section(weft_thread *self, weft_object *o)
{
    fixture *f = ((finalized *)(void *)o)->f;
    weft_critical section;
    weft_critical_begin(self, &section, f->a);
    weft_critical_end(self, &section);
    finalizer_ran = true;
}

typedef struct last_reference {
    fixture *f;
    weft_object *object;
} last_reference;

static void drop_last(int index, void *arg)
{
    (void)index;
    last_reference *last = arg;
    weft_thread *self = weft_thread_attach(last->f->cells.runtime);
    weft_decref(self, last->object);
    weft_thread_detach(self);
}

/* What others queued to a thread dies when it leaves the world, in the middle of leaving. */
TEST_CASE(critical_ft, a finalizer with a section of its own does not bring back those that its thread has left)
{
    static const weft_type_spec spec = {
        .name = "finalized", .size = sizeof(finalized), .finalize = finalize_in_section};
    fixture f;
    REQUIRE(fixture_open(&f));
    const weft_type *type = weft_type_register(f.self, &spec);
    REQUIRE(type != NULL);
    weft_object *o = weft_new(f.self, type);
    REQUIRE(o != NULL);
    ((finalized *)(void *)o)->f = &f;
    last_reference last = {&f, o};
    finalizer_ran = false;

    weft_critical one, two;
    weft_critical_begin(f.self, &one, f.a);
    weft_critical_begin(f.self, &two, f.b);
    test_threads(1, drop_last, &last); /* this thread stays, so the reference is queued to it */
    CHECK(!finalizer_ran);
    block(&f);
    CHECK(finalizer_ran);
    CHECK_LOCKED(&f, 0, 1, 0);
    weft_critical_end(f.self, &two);
    weft_critical_end(f.self, &one);
    fixture_close(&f);
}

/* ---- storms ---------------------------------------------------------------------------------------------------------------- */

typedef struct storm {
    fixture *f;
    int rounds;
    int64_t counts[3]; /* the objects' sections */
} storm;

/* Every way to hold one or two of three objects, in any order, with plain locks always taken before or in sections on
 * other objects and never two of them: so whatever the order, there is always somebody who can go on. */
static void storm_run(int index, void *arg)
{
    storm *s = arg;
    weft_object *o[] = {s->f->a, s->f->b, s->f->c};
    uint64_t random = test_seed() + (uint64_t)index;
    weft_thread *self = weft_thread_attach(s->f->cells.runtime);
    for (int i = 0; i < s->rounds; i++) {
        uint64_t r = test_random(&random);
        uint64_t x = r % 3, y = (x + 1 + r / 3 % 2) % 3;
        weft_critical one, two;
        switch (r / 64 % 4) {
        case 0: /* two at once */
            weft_critical_begin2(self, &one, o[x], o[y]);
            (*cell_value(o[x]))++;
            (*cell_value(o[y]))++;
            weft_critical_end(self, &one);
            break;
        case 1: /* one in the other, and a safepoint in between */
            weft_critical_begin(self, &one, o[x]);
            weft_safepoint(self);
            (*cell_value(o[x]))++;
            weft_critical_begin(self, &two, o[y]);
            (*cell_value(o[y]))++;
            weft_critical_end(self, &two);
            weft_critical_end(self, &one);
            break;
        case 2: /* a lock in a section */
            weft_critical_begin(self, &one, o[x]);
            weft_lock(self, o[y]);
            (*cell_value(o[x]))++;
            (*cell_value(o[y]))++;
            weft_unlock(self, o[y]);
            weft_critical_end(self, &one);
            break;
        default: /* a section under a lock, and a block in it */
            weft_lock(self, o[y]);
            (*cell_value(o[y]))++;
            weft_unlock(self, o[y]);
            weft_critical_begin2(self, &one, o[y], o[x]);
            weft_block_begin(self);
            weft_block_end(self);
            (*cell_value(o[x]))++;
            weft_critical_end(self, &one);
        }
    }
    weft_thread_detach(self);
}

TEST_CASE(stress_critical_ft, sections and locks on the same objects in every order make progress and exclude)
{
    enum { THREADS = 4 };

    fixture f;
    REQUIRE(fixture_open(&f));
    storm s = {.f = &f, .rounds = test_scale(40000)};
    cells_threads(&f.cells, THREADS, storm_run, &s);
    CHECK_INT(*cell_value(f.a) + *cell_value(f.b) + *cell_value(f.c), 2 * THREADS * s.rounds);
    fixture_close(&f);
}

TEST_CASE(critical_ft, ten thousand nested sections are left and resumed without recursion)
{
    enum { DEPTH = 10000 };

    static weft_critical sections[DEPTH];
    fixture f;
    REQUIRE(fixture_open(&f));
    for (int i = 0; i < DEPTH; i++)
        weft_critical_begin(f.self, &sections[i], i % 2 ? f.a : f.b);
    block(&f);
    for (int i = DEPTH - 1; i >= 0; i--) {
        CHECK(is_locked(i % 2 ? f.a : f.b));
        weft_critical_end(f.self, &sections[i]);
    }
    fixture_close(&f);
}
