/* Deferred reclamation: retired memory lives as long as a reader may look, and not much longer. */
#include "core/core.h"
#include "probes.h"

#include <sched.h>
#include <stdlib.h>

static size_t waiting(weft_thread *self)
{
    CHECK_INT(weft_world_stop(self), WEFT_OK);
    size_t bytes = reclaim_bytes_stopped(self->runtime);
    CHECK_INT(weft_world_start(self), WEFT_OK);
    return bytes;
}

static void retire_bytes(weft_thread *self, size_t bytes)
{
    void *p = weft_mem_alloc(self, bytes);
    REQUIRE(p != NULL);
    memset(p, 0x5A, bytes);
    weft_mem_retire(self, p, bytes);
}

TEST_CASE(reclaim, alone a thread need not wait)
{
    values v = values_open();
    for (int i = 0; i < 10000; i++)
        retire_bytes(v.self, 64);
    CHECK(waiting(v.self) <= RECLAIM_BATCH * 64);
    weft_mem_retire(v.self, NULL, 64);
    retire_bytes(v.self, 1 << 20);
    CHECK(waiting(v.self) < 1 << 20);
    values_close(&v);
}

/* ---- a reader that holds still ---- */

typedef struct still {
    weft_runtime *runtime;
    uint32_t step; /* atomic */
    void (*between)(struct still *s, weft_thread *self);
    bool blocked;
    size_t before, during, after;
} still;

static void await_step(still *s, uint32_t step)
{
    while (__atomic_load_n(&s->step, __ATOMIC_ACQUIRE) < step)
        sched_yield();
}

static void set_step(still *s, uint32_t step)
{
    __atomic_store_n(&s->step, step, __ATOMIC_RELEASE);
}

/* Index 1 attaches and neither passes a safepoint nor blocks (or does block) until 0 has retired. */
static void retire_beside_reader(int index, void *arg)
{
    still *s = arg;
    weft_thread *self = weft_thread_attach(s->runtime);
    if (index == 1) {
        if (s->blocked)
            CHECK_INT(weft_block_begin(self), WEFT_OK);
        set_step(s, 1);
        await_step(s, 2);
        if (s->blocked)
            CHECK_INT(weft_block_end(self), WEFT_OK);
        weft_safepoint(self);
        set_step(s, 3);
        while (__atomic_load_n(&s->step, __ATOMIC_ACQUIRE) < 4)
            weft_safepoint(self);
    } else {
        await_step(s, 1);
        thread *t = thread_of(self);
        for (int i = 0; i < 1000; i++)
            retire_bytes(self, 256);
        s->during = t->reclaim.bytes;
        set_step(s, 2);
        await_step(s, 3);
        for (int i = 0; i < 10; i++) {
            reclaim_poll(t);
            weft_safepoint(self);
        }
        s->after = t->reclaim.bytes;
        set_step(s, 4);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(reclaim, memory waits for a reader that runs until it passes a safepoint)
{
    still s = {.runtime = weft_runtime_new(NULL)};
    test_threads(2, retire_beside_reader, &s);
    CHECK(s.during >= 999 * 256);
    CHECK(s.after <= RECLAIM_BATCH * 256); /* an open batch at most */
    CHECK_INT(weft_runtime_free(s.runtime), WEFT_OK);
}

TEST_CASE(reclaim, memory does not wait for a reader that blocks)
{
    still s = {.runtime = weft_runtime_new(NULL), .blocked = true};
    test_threads(2, retire_beside_reader, &s);
    CHECK(s.during <= RECLAIM_BATCH * 256);
    CHECK_INT(weft_runtime_free(s.runtime), WEFT_OK);
}

/* Nobody passes a safepoint; they only come and go. */
static void come_and_go(int index, void *arg)
{
    still *s = arg;
    weft_thread *self = weft_thread_attach(s->runtime);
    if (index == 1) {
        set_step(s, 1);
        await_step(s, 2);
        CHECK_INT(weft_block_begin(self), WEFT_OK);
        set_step(s, 3);
        await_step(s, 4);
    } else {
        await_step(s, 1);
        retire_bytes(self, 1 << 18);
        CHECK_INT(weft_block_begin(self), WEFT_OK);
        CHECK(weft_load_relaxed(&s->runtime->world.orphans) != NULL); /* the other one is in the way */
        CHECK_INT(weft_block_end(self), WEFT_OK);
        CHECK_INT(thread_of(self)->reclaim.bytes, 1 << 18);
        CHECK_INT(weft_block_begin(self), WEFT_OK);
        set_step(s, 2);
        await_step(s, 3);
        CHECK(weft_load_relaxed(&s->runtime->world.orphans) == NULL);
        set_step(s, 4);
    }
    CHECK_INT(weft_block_end(self), WEFT_OK);
    CHECK_INT(thread_of(self)->reclaim.bytes, 0);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(reclaim, what is left by who goes is taken by who comes and by who goes next)
{
    still s = {.runtime = weft_runtime_new(NULL)};
    test_threads(2, come_and_go, &s);
    CHECK_INT(weft_runtime_free(s.runtime), WEFT_OK);
}

/* ---- bounds ---- */

static void churn(int index, void *arg)
{
    still *s = arg;
    weft_thread *self = weft_thread_attach(s->runtime);
    thread *t = thread_of(self);
    size_t most = 0;
    for (int i = 0; i < test_scale(20000); i++) {
        retire_bytes(self, (size_t)(i % 50 == 0 ? 1 << 18 : 512));
        weft_safepoint(self);
        if (t->reclaim.bytes > most)
            most = t->reclaim.bytes;
    }
    CHECK(most <= 5 << 20); /* the bound of 4 MiB, and the block that went past it */
    s->after = (size_t)index;
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(reclaim, bytes that wait are bounded under churn by more threads than cores)
{
    still s = {.runtime = weft_runtime_new(NULL)};
    test_threads(4, churn, &s);
    values v = {s.runtime, weft_thread_attach(s.runtime)};
    weft_heap_stats *stats = calloc(1, sizeof *stats);
    CHECK_INT(weft_heap_statistics(v.self, stats), WEFT_OK);
    CHECK(stats->bytes_deferred <= 5 << 20);
    free(stats);
    values_close(&v);
}

static void retire_and_leave(int index, void *arg)
{
    (void)index;
    still *s = arg;
    weft_thread *self = weft_thread_attach(s->runtime);
    for (int i = 0; i < 200; i++)
        retire_bytes(self, 1024);
    /* Ends without detaching; what it retired goes to somebody else. */
}

TEST_CASE(reclaim, what ended threads retired is freed by others)
{
    values v = values_open();
    still s = {.runtime = v.runtime};
    for (int i = 0; i < 20; i++) {
        CHECK_INT(weft_block_begin(v.self), WEFT_OK);
        test_threads(4, retire_and_leave, &s);
        CHECK_INT(weft_block_end(v.self), WEFT_OK);
    }
    for (int i = 0; i < 100; i++) /* each frees a part */
        reclaim_poll(thread_of(v.self));
    CHECK(waiting(v.self) <= 128 * 1024);
    values_close(&v);
}

/* ---- readers never see freed memory (an age histogram in the manner of rcutorture) ---- */

enum { AGES = 4 };

typedef struct version {
    uint64_t age; /* 0: current; 1: replaced; 0xDEAD: freed. Atomic */
} version;

typedef struct torture {
    weft_runtime *runtime;
    version *current; /* atomic */
    bool end;         /* atomic */
    uint64_t seen[AGES];
    uint64_t bad; /* atomic */
    int rounds;
} torture;

static void torture_run(int index, void *arg)
{
    torture *t = arg;
    weft_thread *self = weft_thread_attach(t->runtime);
    if (index == 0) {
        for (int i = 0; i < t->rounds; i++) {
            version *fresh = weft_mem_alloc(self, sizeof *fresh);
            __atomic_store_n(&fresh->age, 0, __ATOMIC_RELAXED);
            version *old = __atomic_exchange_n(&t->current, fresh, __ATOMIC_ACQ_REL);
            __atomic_store_n(&old->age, 1, __ATOMIC_RELEASE);
            weft_mem_retire(self, old, sizeof *old);
            if (i % 64 == 0)
                weft_safepoint(self);
        }
        __atomic_store_n(&t->end, true, __ATOMIC_RELEASE);
    } else {
        uint64_t random = test_seed() + (uint64_t)index;
        while (!__atomic_load_n(&t->end, __ATOMIC_ACQUIRE)) {
            version *p = __atomic_load_n(&t->current, __ATOMIC_ACQUIRE);
            for (uint64_t k = test_random(&random) % 64; k > 0; k--) {
                uint64_t age = __atomic_load_n(&p->age, __ATOMIC_ACQUIRE);
                if (age > 1)
                    __atomic_fetch_add(&t->bad, 1, __ATOMIC_RELAXED);
            }
            if (test_random(&random) % 8 == 0)
                weft_safepoint(self);
            if (test_random(&random) % 256 == 0) {
                CHECK_INT(weft_block_begin(self), WEFT_OK);
                sched_yield();
                CHECK_INT(weft_block_end(self), WEFT_OK);
            }
        }
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(reclaim, no reader ever sees memory that was freed)
{
    values v = values_open();
    torture t = {.runtime = v.runtime, .rounds = test_scale(3000000)};
    t.current = weft_mem_alloc(v.self, sizeof *t.current);
    t.current->age = 0;
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(4, torture_run, &t);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    CHECK_INT(t.bad, 0); /* a freed block holds a link or another size's data, and ASan sees the read itself */
    weft_mem_free(v.self, t.current, sizeof *t.current);
    values_close(&v);
}
