/* The collector threads: rounds, helpers that come too late or cannot be made, forks, and their end. */
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/core.h"
#include "gc/crew_ft.h"
#include "values.h"

typedef struct job {
    uint32_t expected; /* threads that wait for one another in `work`; 0: nobody waits */
    uint32_t here;     /* atomic */
    uint32_t calls[CREW_MOST];
    pthread_t threads[CREW_MOST];
    bool blocked[CREW_MOST]; /* all signals are */
    int written;             /* before the round: plain */
} job;

static bool signals_blocked(void)
{
    sigset_t now;
    pthread_sigmask(SIG_SETMASK, NULL, &now);
    return sigismember(&now, SIGTERM) && sigismember(&now, SIGUSR1) && sigismember(&now, SIGALRM);
}

static void work(void *arg, uint32_t who)
{
    job *j = (job *)arg;
    CHECK_INT(j->written, 42);
    j->calls[who]++;
    j->threads[who] = pthread_self();
    j->blocked[who] = signals_blocked();
    __atomic_fetch_add(&j->here, 1, __ATOMIC_RELAXED);
    while (weft_load_relaxed(&j->here) < j->expected)
        platform_yield();
}

TEST_CASE(crew, all threads work at once and with different numbers and without signals)
{
    values v = values_open();
    for (int round = 0; round < 100; round++) {
        job j = {.expected = 4, .written = 42};
        CHECK_INT(gc_crew_gather(v.runtime, 4), 4);
        gc_crew_run(v.runtime, 4, work, &j);
        for (int who = 0; who < 4; who++) {
            CHECK_INT(j.calls[who], 1);
            CHECK(who == 0 || j.blocked[who]);
            for (int other = 0; other < who; other++)
                CHECK(!pthread_equal(j.threads[who], j.threads[other]));
        }
        CHECK(!j.blocked[0]);
    }
    values_close(&v);
}

TEST_CASE(crew, no more take part than are wanted and rounds need not have all)
{
    values v = values_open();
    CHECK_INT(gc_crew_gather(v.runtime, 6), 6);
    for (uint32_t round = 0; round < 3000; round++) {
        uint32_t count = 1 + round % 6, calls = 0;
        job j = {.expected = round % 4 ? 0 : count, .written = 42};
        CHECK_INT(gc_crew_gather(v.runtime, count), count);
        gc_crew_run(v.runtime, count, work, &j);
        for (uint32_t who = 0; who < CREW_MOST; who++) {
            CHECK(j.calls[who] <= (who < count));
            calls += j.calls[who];
        }
        CHECK_INT(j.calls[0], 1);
        CHECK_INT(j.here, calls);
    }
    values_close(&v);
}

TEST_CASE(crew, a thread that cannot be made is done without)
{
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
    SKIP("sanitizers do not survive a limit on the address space");
#endif
    values v = values_open();
    struct rlimit before, none;
    CHECK_INT(gc_crew_gather(v.runtime, 2), 2);
    CHECK_INT(getrlimit(RLIMIT_AS, &before), 0);
    none = (struct rlimit){1 << 20, before.rlim_max};
    if (setrlimit(RLIMIT_AS, &none) != 0)
        SKIP("the address space cannot be limited");
    uint32_t count = gc_crew_gather(v.runtime, 40);
    CHECK_INT(setrlimit(RLIMIT_AS, &before), 0);
    CHECK(count >= 2 && count < 40); /* a few stacks may have been kept for reuse */
    job j = {.expected = count, .written = 42};
    gc_crew_run(v.runtime, count, work, &j);
    CHECK_INT(j.here, count);
    values_close(&v);
}

static int in_child(values *v)
{
    job j = {.expected = 3, .written = 42};
    if (weft_fork_after_child(v->self) != WEFT_OK || gc_crew_gather(v->runtime, 3) != 3)
        return 1;
    gc_crew_run(v->runtime, 3, work, &j);
    if (j.here != 3)
        return 2;
    return weft_thread_detach(v->self) == WEFT_OK && weft_runtime_free(v->runtime) == WEFT_OK ? 0 : 3;
}

TEST_CASE(crew, a forked child makes threads of its own)
{
#ifdef __SANITIZE_THREAD__
    SKIP("TSan takes the threads that a child makes for those of its parent");
#endif
    values v = values_open();
    job j = {.expected = 3, .written = 42};
    CHECK_INT(gc_crew_gather(v.runtime, 3), 3);
    gc_crew_run(v.runtime, 3, work, &j);
    CHECK_INT(weft_fork_before(v.self), WEFT_OK);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(20);
        _exit(in_child(&v));
    }
    CHECK_INT(weft_fork_after_parent(v.self), WEFT_OK);
    int status = -1;
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
    job again = {.expected = 3, .written = 42};
    gc_crew_run(v.runtime, 3, work, &again);
    CHECK_INT(again.here, 3);
    values_close(&v);
}
