/* Forking with a runtime: the child goes on as if nothing had happened. */
#include "heap/tsan.h"
#include "probes.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct forks {
    weft_runtime *runtime;
    weft_object *list;
    const weft_type *type;
    bool end;          /* atomic */
    uint32_t attached; /* atomic */
    int rounds;
} forks;

/* TSan's runtime dies in the child of several threads when a new one gets the stack of one that is gone ("dup thread with
 * used id"): there the child does by itself what its threads would do. */
#ifdef HEAP_TSAN
enum { CHILD_THREADS = 0 };
#else
enum { CHILD_THREADS = 3 };
#endif

/* In the child: allocate, count, stop, start threads that do the same, let go. Exits with the number of what failed. */
static bool child_work(weft_thread *self, forks *f)
{
    for (int i = 0; i < 100; i++) {
        weft_object *o = probe_new(self, f->type);
        if (o == NULL || weft_list_append(self, f->list, o) != WEFT_OK)
            return false;
        weft_decref(self, o);
        weft_xdecref(self, weft_list_pop(self, f->list, -1));
        weft_safepoint(self);
    }
    weft_mem_retire(self, weft_mem_alloc(self, 100000), 100000);
    return true;
}

/* Ends without detaching. */
static void *child_thread(void *arg)
{
    forks *f = arg;
    weft_thread *self = weft_thread_attach(f->runtime);
    return self && child_work(self, f) ? NULL : arg;
}

static int child_check(weft_thread *self, forks *f)
{
    if (weft_fork_after_child(self) != WEFT_OK)
        return 1;
    for (int round = 0; round < 2; round++) {
        pthread_t ids[CHILD_THREADS + 1];
        if (weft_block_begin(self) != WEFT_OK)
            return 2;
        for (int i = 0; i < CHILD_THREADS; i++)
            if (pthread_create(&ids[i], NULL, child_thread, f) != 0)
                return 3;
        for (int i = 0; i < CHILD_THREADS; i++) {
            void *result;
            if (pthread_join(ids[i], &result) != 0 || result != NULL)
                return 4;
        }
        if (weft_block_end(self) != WEFT_OK)
            return 5;
        if (!child_work(self, f))
            return 9;
        if (weft_world_stop(self) != WEFT_OK || weft_world_start(self) != WEFT_OK)
            return 6;
    }
    weft_safepoint(self);
    if (weft_list_clear(self, f->list) != WEFT_OK)
        return 7;
    weft_decref(self, f->list);
    if (weft_thread_detach(self) != WEFT_OK || weft_runtime_free(f->runtime) != WEFT_OK)
        return 8;
    return 0;
}

static void fork_once(weft_thread *self, forks *f)
{
    CHECK_INT(weft_fork_before(self), WEFT_OK);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(30); /* a child that hangs is a failure, not a hung test */
        _exit(child_check(self, f));
    }
    CHECK_INT(weft_fork_after_parent(self), WEFT_OK);
    int status = -1;
    CHECK_INT(weft_block_begin(self), WEFT_OK);
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    CHECK_INT(weft_block_end(self), WEFT_OK);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
}

/* 0 forks; the others come, go, allocate, block and end. */
static void fork_or_churn(int index, void *arg)
{
    forks *f = arg;
    uint64_t random = test_seed() + (uint64_t)index;
    weft_thread *self = weft_thread_attach(f->runtime);
    if (index == 0) {
        while (__atomic_load_n(&f->attached, __ATOMIC_ACQUIRE) < 3)
            weft_safepoint(self);
        for (int i = 0; i < f->rounds; i++)
            fork_once(self, f);
        __atomic_store_n(&f->end, true, __ATOMIC_RELEASE);
        CHECK_INT(weft_thread_detach(self), WEFT_OK);
        return;
    }
    __atomic_fetch_add(&f->attached, 1, __ATOMIC_ACQ_REL);
    while (!__atomic_load_n(&f->end, __ATOMIC_ACQUIRE)) {
        weft_object *o = probe_new(self, f->type);
        probe_of(o)->first = weft_float_new(self, index);
        CHECK_INT(weft_list_append(self, f->list, o), WEFT_OK);
        weft_decref(self, o);
        if (weft_list_size(self, f->list) > 1000)
            weft_xdecref(self, weft_list_pop(self, f->list, 0));
        if (index == 2)
            weft_mem_retire(self, weft_mem_alloc(self, 64), 64);
        if (test_random(&random) % 16 == 0) {
            CHECK_INT(weft_block_begin(self), WEFT_OK);
            sched_yield();
            CHECK_INT(weft_block_end(self), WEFT_OK);
        }
        if (index == 3 && test_random(&random) % 32 == 0) {
            CHECK_INT(weft_thread_detach(self), WEFT_OK);
            self = weft_thread_attach(f->runtime);
        }
        weft_safepoint(self);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(fork, a child forked amid threads at work allocates and frees and starts threads)
{
    values v = values_open();
    forks f = {.runtime = v.runtime, .rounds = test_scale(100)};
    f.type = probe_type(v.self, NULL);
    f.list = weft_list_new(v.self, 0);
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    /* v.self's OS thread does not exist in the child, its membership must not matter there. */
    test_threads(4, fork_or_churn, &f);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    weft_decref(v.self, f.list);
    values_close(&v);
}

TEST_CASE(fork, a child of the main thread has what its parent had)
{
    values v = values_open();
    forks f = {.runtime = v.runtime, .type = probe_type(v.self, NULL)};
    f.list = weft_list_new(v.self, 0);
    for (int i = 0; i < 1000; i++) {
        weft_object *o = probe_new(v.self, f.type);
        CHECK_INT(weft_list_append(v.self, f.list, o), WEFT_OK);
        weft_decref(v.self, o);
    }
    for (int i = 0; i < 3; i++)
        fork_once(v.self, &f);
    CHECK_INT(weft_list_size(v.self, f.list), 1000);
    weft_decref(v.self, f.list);
    values_close(&v);
}

/* Attaches, allocates, ends. */
static void *short_thread(void *arg)
{
    forks *f = arg;
    weft_thread *self = weft_thread_attach(f->runtime);
    return self ? weft_new(self, f->type) : NULL;
}

/* 0 forks, and the child walks the heap and allocates; around the others OS threads begin and end all the time. */
static void fork_or_begin(int index, void *arg)
{
    forks *f = arg;
    while (index != 0 && !__atomic_load_n(&f->end, __ATOMIC_ACQUIRE)) {
        pthread_t id;
        if (CHECK_INT(pthread_create(&id, NULL, short_thread, f), 0))
            pthread_join(id, NULL);
    }
    if (index != 0)
        return;
    weft_thread *self = weft_thread_attach(f->runtime);
    for (int i = 0; i < f->rounds; i++) {
        CHECK_INT(weft_fork_before(self), WEFT_OK);
        pid_t pid = fork();
        if (pid == 0) {
            alarm(10);
            weft_heap_stats stats;
            if (weft_fork_after_child(self) != WEFT_OK || weft_heap_statistics(self, &stats) != WEFT_OK)
                _exit(1);
            weft_object *o = weft_new(self, f->type);
            _exit(o == NULL || stats.objects == 0);
        }
        CHECK_INT(weft_fork_after_parent(self), WEFT_OK);
        int status = -1;
        CHECK_INT(weft_block_begin(self), WEFT_OK);
        CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
        CHECK_INT(weft_block_end(self), WEFT_OK);
        if (!CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0))
            break;
    }
    __atomic_store_n(&f->end, true, __ATOMIC_RELEASE);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(fork, a child forked while OS threads begin and end does not inherit a lock of the allocator)
{
#ifdef __SANITIZE_ADDRESS__
    SKIP("ASan's own allocator is left locked in such a child");
#endif
    values v = values_open();
    forks f = {.runtime = v.runtime, .type = weft_type_register(v.self, &(weft_type_spec){.name = "leaf", .size = 48})};
    f.rounds = test_scale(1500);
    weft_object *one = weft_new(v.self, f.type);
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(4, fork_or_begin, &f);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    weft_decref(v.self, one);
    weft_thread_detach(v.self);
    CHECK_INT(weft_runtime_free(v.runtime), WEFT_OK);
}
