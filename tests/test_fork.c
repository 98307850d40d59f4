/* Forking with a runtime: the child goes on as if nothing had happened. */
#include "heap/tsan.h"
#include "probes.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* How fork_once forks. */
typedef enum fork_way {
    FORK_EXPLICIT,   /* between weft_fork_before and _after */
    FORK_ATTACHED,   /* fork() and nothing else */
    FORK_BLOCKED,    /* in a blocking region */
    FORK_STOPPED,    /* in a world that it has stopped */
    FORK_UNATTACHED, /* by an OS thread that the runtime does not know */
    FORK_WAYS
} fork_way;

typedef struct forks {
    weft_runtime *runtime;
    fork_way way;
    int generations; /* children that fork themselves */
    int ways;        /* fork_or_churn: how many ways it changes between */
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

static bool garbage_make(weft_thread *self)
{
    weft_object *list = weft_list_new(self, 0);
    bool good = list && weft_list_append(self, list, list) == WEFT_OK;
    weft_xdecref(self, list);
    return good;
}

/* In the child: allocate, collect, count, stop, start threads that do the same, let go. Exits with the number of what failed. */
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
    return garbage_make(self) && weft_gc_collect(self, WEFT_GC_YOUNG) >= 0;
}

/* Ends without detaching. */
static void *child_thread(void *arg)
{
    forks *f = arg;
    weft_thread *self = weft_thread_attach(f->runtime);
    return self && child_work(self, f) ? NULL : arg;
}

/* Back to a thread that is attached and runs, after fork_begin and a fork; NULL if that fails. */
static weft_thread *fork_return(weft_thread *self, forks *f, bool in_child)
{
    weft_status status = WEFT_OK;
    if (f->way == FORK_EXPLICIT)
        status = in_child ? weft_fork_after_child(self) : weft_fork_after_parent(self);
    else if (f->way == FORK_BLOCKED)
        status = weft_block_end(self);
    else if (f->way == FORK_STOPPED)
        status = weft_world_start(self);
    else if (f->way == FORK_UNATTACHED)
        self = weft_thread_attach(f->runtime);
    return status == WEFT_OK ? self : NULL;
}

static weft_status fork_begin(weft_thread *self, const forks *f)
{
    switch (f->way) {
    case FORK_EXPLICIT:
        return weft_fork_before(self);
    case FORK_BLOCKED:
        return weft_block_begin(self);
    case FORK_STOPPED:
        return weft_world_stop(self);
    case FORK_UNATTACHED:
        return weft_thread_detach(self);
    default:
        return WEFT_OK;
    }
}

static int child_check(weft_thread *self, forks *f);

/* Waits for a child that forks a child, and so on. */
static int child_forks(weft_thread *self, forks *f)
{
    if (fork_begin(self, f) != WEFT_OK)
        return 21;
    pid_t pid = fork();
    if (pid == 0) {
        alarm(30);
        _exit(child_check(self, f));
    }
    int status = -1;
    if (fork_return(self, f, false) == NULL || pid < 0 || waitpid(pid, &status, 0) != pid)
        return 22;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 23;
}

static int child_check(weft_thread *self, forks *f)
{
    self = fork_return(self, f, true);
    if (self == NULL)
        return 1;
    if (f->generations-- > 0) {
        int result = child_forks(self, f);
        if (result != 0)
            return result;
    }
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
    if (weft_gc_disable(self) != WEFT_OK || !garbage_make(self) || weft_gc_collect(self, WEFT_GC_FULL) < 1)
        return 10;
    if (weft_list_clear(self, f->list) != WEFT_OK)
        return 7;
    weft_decref(self, f->list);
    if (weft_thread_detach(self) != WEFT_OK || weft_runtime_free(f->runtime) != WEFT_OK)
        return 8;
    return 0;
}

/* Returns the thread: another one if it was not attached meanwhile. */
static weft_thread *fork_once(weft_thread *self, forks *f)
{
    CHECK_INT(fork_begin(self, f), WEFT_OK);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(30); /* a child that hangs is a failure, not a hung test */
        _exit(child_check(self, f));
    }
    self = fork_return(self, f, false);
    CHECK(self != NULL);
    int status = -1;
    CHECK_INT(weft_block_begin(self), WEFT_OK);
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    CHECK_INT(weft_block_end(self), WEFT_OK);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
    return self;
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
        for (int i = 0; i < f->rounds; i++) {
            f->way = (fork_way)(i % f->ways);
            self = fork_once(self, f);
        }
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
        if (test_random(&random) % 256 == 0)
            CHECK(garbage_make(self) && weft_gc_collect(self, WEFT_GC_YOUNG) >= 0);
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
    forks f = {.runtime = v.runtime, .rounds = test_scale(200), .ways = FORK_WAYS};
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
    for (f.way = FORK_EXPLICIT; f.way < FORK_WAYS; f.way++) {
        v.self = fork_once(v.self, &f);
        CHECK_INT(weft_list_size(v.self, f.list), 1000);
    }
    weft_decref(v.self, f.list);
    values_close(&v);
}

TEST_CASE(fork, a child may fork in its turn)
{
    values v = values_open();
    forks f = {.runtime = v.runtime, .type = probe_type(v.self, NULL)};
    f.list = weft_list_new(v.self, 0);
    for (f.way = FORK_EXPLICIT; f.way < FORK_WAYS; f.way++) {
        f.generations = 3;
        v.self = fork_once(v.self, &f);
    }
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
        bool plain = i % 2;
        CHECK_INT(plain ? WEFT_OK : weft_fork_before(self), WEFT_OK);
        pid_t pid = fork();
        if (pid == 0) {
            alarm(10);
            weft_heap_stats stats;
            if (!plain && weft_fork_after_child(self) != WEFT_OK)
                _exit(2);
            if (weft_heap_statistics(self, &stats) != WEFT_OK)
                _exit(1);
            weft_object *o = weft_new(self, f->type);
            _exit(o == NULL || stats.objects == 0);
        }
        CHECK_INT(plain ? WEFT_OK : weft_fork_after_parent(self), WEFT_OK);
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

/* ---- several runtimes ------------------------------------------------------------------------------------------------- */

enum { PAIR = 2 };

typedef struct pair {
    weft_runtime *runtimes[PAIR];
    const weft_type *types[PAIR];
    weft_object *lists[PAIR];
    bool end;       /* atomic */
    uint32_t ready; /* atomic */
    int rounds;
} pair;

static bool work_in(weft_thread *self, const pair *p, int which)
{
    weft_object *o = weft_new(self, p->types[which]);
    if (o == NULL || weft_list_append(self, p->lists[which], o) != WEFT_OK)
        return false;
    weft_decref(self, o);
    if (weft_list_size(self, p->lists[which]) > 100)
        weft_xdecref(self, weft_list_pop(self, p->lists[which], 0));
    weft_safepoint(self);
    return true;
}

static void wait_status(pid_t pid)
{
    int status = -1;
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
}

static int pair_child(weft_thread *const *selves, pair *p)
{
    for (int which = 0; which < PAIR; which++) {
        weft_thread *self = selves[which] ? selves[which] : weft_thread_attach(p->runtimes[which]);
        if (self == NULL)
            return 1 + which;
        for (int i = 0; i < 200; i++)
            if (!work_in(self, p, which))
                return 3;
        if (weft_world_stop(self) != WEFT_OK || weft_world_start(self) != WEFT_OK)
            return 4;
        if (weft_list_clear(self, p->lists[which]) != WEFT_OK)
            return 5;
        weft_decref(self, p->lists[which]);
        if (weft_thread_detach(self) != WEFT_OK)
            return 6;
    }
    for (int which = 0; which < PAIR; which++)
        if (weft_runtime_free(p->runtimes[which]) != WEFT_OK)
            return 7;
    return 0;
}

/* 0 forks, attached to one, both or none of the runtimes; 1 is attached to both at once, 2 and 3 to one each. */
static void fork_or_work(int index, void *arg)
{
    pair *p = arg;
    weft_thread *selves[PAIR] = {NULL};
    for (int which = 0; which < PAIR; which++)
        if (index == 1 || index == 2 + which)
            selves[which] = weft_thread_attach(p->runtimes[which]);
    __atomic_fetch_add(&p->ready, 1, __ATOMIC_ACQ_REL);
    while (index != 0 && !__atomic_load_n(&p->end, __ATOMIC_ACQUIRE))
        for (int which = 0; which < PAIR; which++)
            if (selves[which] && !CHECK(work_in(selves[which], p, which)))
                return;
    if (index == 0) {
        while (__atomic_load_n(&p->ready, __ATOMIC_ACQUIRE) < 4)
            sched_yield();
        for (int i = 0; i < p->rounds; i++) {
            for (int which = 0; which < PAIR; which++)
                if (i >> which & 1)
                    selves[which] = weft_thread_attach(p->runtimes[which]);
            pid_t pid = fork();
            if (pid == 0) {
                alarm(20);
                _exit(pair_child(selves, p));
            }
            for (int which = 0; which < PAIR; which++)
                if (selves[which])
                    CHECK_INT(weft_thread_detach(selves[which]), WEFT_OK);
            selves[0] = selves[1] = NULL;
            wait_status(pid);
        }
        __atomic_store_n(&p->end, true, __ATOMIC_RELEASE);
    }
    for (int which = 0; which < PAIR; which++)
        if (selves[which])
            CHECK_INT(weft_thread_detach(selves[which]), WEFT_OK);
}

static pair pair_open(int rounds)
{
    pair p = {.rounds = rounds};
    for (int which = 0; which < PAIR; which++) {
        p.runtimes[which] = weft_runtime_new(NULL);
        weft_thread *self = weft_thread_attach(p.runtimes[which]);
        p.types[which] = weft_type_register(self, &(weft_type_spec){.name = "leaf", .size = 48});
        p.lists[which] = weft_list_new(self, 0);
        CHECK_INT(weft_thread_detach(self), WEFT_OK);
    }
    return p;
}

static void pair_close(pair *p)
{
    weft_thread *const none[PAIR] = {NULL};
    CHECK_INT(pair_child(none, p), 0);
}

TEST_CASE(fork, a fork stops the worlds of two runtimes whoever forks and is attached to which)
{
    pair p = pair_open(test_scale(100));
    test_threads(4, fork_or_work, &p);
    pair_close(&p);
}

/* All are attached to both, stop worlds, block and work in them; 0 and 1 fork. */
static void fork_in_both(int index, void *arg)
{
    pair *p = arg;
    uint64_t random = test_seed() + (uint64_t)index;
    weft_thread *selves[PAIR];
    for (int i = 0; i < PAIR; i++) {
        int which = index & 1 ? 1 - i : i;
        selves[which] = weft_thread_attach(p->runtimes[which]);
    }
    for (int i = 0; i < p->rounds; i++) {
        int which = (int)(test_random(&random) % PAIR);
        weft_thread *self = selves[which];
        CHECK(work_in(self, p, which));
        switch (test_random(&random) % 8) {
        case 0:
            CHECK_INT(weft_world_stop(self), WEFT_OK);
            CHECK_INT(weft_world_start(self), WEFT_OK);
            break;
        case 1:
            CHECK_INT(weft_block_begin(self), WEFT_OK);
            CHECK(work_in(selves[1 - which], p, 1 - which));
            CHECK_INT(weft_block_end(self), WEFT_OK);
            break;
        case 2:
            CHECK_INT(weft_thread_detach(self), WEFT_OK);
            selves[which] = weft_thread_attach(p->runtimes[which]);
            break;
        default:
            break;
        }
        if (index < 2 && i % 20 == 0) {
            pid_t pid = fork();
            if (pid == 0) {
                alarm(20);
                _exit(pair_child(selves, p));
            }
            CHECK_INT(weft_block_begin(selves[0]), WEFT_OK);
            CHECK_INT(weft_block_begin(selves[1]), WEFT_OK);
            wait_status(pid);
            CHECK_INT(weft_block_end(selves[1]), WEFT_OK);
            CHECK_INT(weft_block_end(selves[0]), WEFT_OK);
        }
    }
    for (int which = 0; which < PAIR; which++)
        CHECK_INT(weft_thread_detach(selves[which]), WEFT_OK);
}

TEST_CASE(fork, threads that are attached to two runtimes stop and fork them without waiting for each other)
{
    pair p = pair_open(test_scale(1000));
    test_threads(4, fork_in_both, &p);
    pair_close(&p);
}

TEST_CASE(fork, who has one world stopped is away from the other runtimes)
{
    pair p = pair_open(0);
    weft_thread *selves[PAIR] = {weft_thread_attach(p.runtimes[0]), weft_thread_attach(p.runtimes[1])};
    CHECK_INT(weft_world_stop(selves[0]), WEFT_OK);
    CHECK_INT(weft_world_stop(selves[1]), WEFT_ERROR_THREAD);
    CHECK_ERROR(WEFT_ERROR_THREAD, "weft_world_stop: this thread has the world of another runtime stopped");
    CHECK_INT(weft_block_end(selves[1]), WEFT_ERROR_THREAD);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(10);
        _exit(weft_world_start(selves[0]) == WEFT_OK ? pair_child(selves, &p) : 9);
    }
    wait_status(pid);
    CHECK_INT(weft_world_start(selves[0]), WEFT_OK);
    CHECK(work_in(selves[1], &p, 1));
    CHECK_INT(weft_fork_before(selves[0]), WEFT_OK);
    CHECK_INT(weft_fork_before(selves[0]), WEFT_ERROR_BUSY);
    CHECK_INT(weft_fork_before(selves[1]), WEFT_OK);
    pid = fork();
    if (pid == 0) {
        alarm(10);
        bool both = weft_fork_after_child(selves[1]) == WEFT_OK && weft_fork_after_child(selves[0]) == WEFT_OK;
        _exit(both ? pair_child(selves, &p) : 10);
    }
    CHECK_INT(weft_fork_after_parent(selves[0]), WEFT_OK);
    CHECK_INT(weft_fork_after_parent(selves[0]), WEFT_ERROR_BUSY);
    CHECK_INT(weft_fork_after_parent(selves[1]), WEFT_OK);
    wait_status(pid);
    for (int which = 0; which < PAIR; which++)
        CHECK_INT(weft_thread_detach(selves[which]), WEFT_OK);
    pair_close(&p);
}

/* 0 forks; the others make and free runtimes. */
static void fork_or_make(int index, void *arg)
{
    pair *p = arg;
    while (index != 0 && !__atomic_load_n(&p->end, __ATOMIC_ACQUIRE)) {
        weft_runtime *runtime = weft_runtime_new(NULL);
        if (!CHECK(runtime != NULL) || !CHECK_INT(weft_runtime_free(runtime), WEFT_OK))
            return;
    }
    for (int i = 0; index == 0 && i < p->rounds; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            alarm(10);
            weft_runtime *runtime = weft_runtime_new(NULL);
            weft_thread *self = runtime ? weft_thread_attach(runtime) : NULL;
            _exit(self == NULL || weft_thread_detach(self) != WEFT_OK || weft_runtime_free(runtime) != WEFT_OK);
        }
        wait_status(pid);
    }
    if (index == 0)
        __atomic_store_n(&p->end, true, __ATOMIC_RELEASE);
}

TEST_CASE(fork, a process may fork while its threads make and free runtimes)
{
#ifdef __SANITIZE_ADDRESS__
    SKIP("ASan's own allocator is left locked in such a child");
#endif
    pair p = pair_open(test_scale(300));
    test_threads(3, fork_or_make, &p);
    pair_close(&p);
}

/* ---- other ways to make a process ---------------------------------------------------------------------------------------- */

static void *spawn_all(void *arg)
{
    bool *good = arg;
    char name[] = "true";
    char *const words[] = {name, NULL};
    pid_t pid;
    int status = -1;
    FILE *pipe = popen("echo 7", "r");
    *good = system("true") == 0 && posix_spawnp(&pid, name, NULL, NULL, words, words + 1) == 0 &&
            waitpid(pid, &status, 0) == pid && status == 0 && pipe && fgetc(pipe) == '7' && pclose(pipe) == 0;
    return NULL;
}

TEST_CASE(fork, system and popen and posix_spawn need not wait for a stopped world)
{
    values v = values_open();
    CHECK_INT(weft_world_stop(v.self), WEFT_OK);
    bool good = false;
    pthread_t id;
    CHECK_INT(pthread_create(&id, NULL, spawn_all, &good), 0);
    pthread_join(id, NULL);
    CHECK(good);
    CHECK_INT(weft_world_start(v.self), WEFT_OK);
    values_close(&v);
}
