/* fork.c - a worker forks; the child finds the world as it was, without the other threads, and checks it: all counts, then
 * that everything can be dropped to nothing, then that new threads can work in it. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stress/stress.h"

enum { CHILD_THREADS = 2 };

/* gcc's ASan does not see to its own locks at a fork: another thread that was inside malloc, outside Weft (it is being
 * made, say), leaves the child unable to allocate. Nothing that Weft could help; other builds find what hangs in it. */
#if defined(__SANITIZE_ADDRESS__)
enum { CHILD_SECONDS = 15, CHILD_HANG_IS_ALLOCATORS = 1 };
#else
enum { CHILD_SECONDS = 100, CHILD_HANG_IS_ALLOCATORS = 0 };
#endif

/* TSan does not let the child of a process with threads start threads. */
#if defined(__SANITIZE_THREAD__)
enum { CHILD_MAY_START_THREADS = 0 };
#else
enum { CHILD_MAY_START_THREADS = 1 };
#endif

static void child_threads(worker *w)
{
    for (int i = 0; i < POOL; i++)
        P.pool[i].mutex = (weft_mutex){0}; /* held by threads that the fork left behind */
    P.child = false;
    boards_make(w);
    if (weft_thread_detach(w->self) != WEFT_OK)
        fail("weft_thread_detach in a child: %s", weft_error_message());
    for (int i = 0; i < CHILD_THREADS; i++) {
        worker *other = &P.workers[i];
        other->generation++;
        if (pthread_create(&other->os_thread, NULL, row_main, other) != 0)
            fail("pthread_create in a child: %s", strerror(errno));
    }
    for (int i = 0; i < CHILD_THREADS; i++)
        pthread_join(P.workers[i].os_thread, NULL);
    me = w;
    row_start(w);
    P.child = true;
}

/* What is done around fork() itself. */
typedef enum fork_way { FORK_EXPLICIT, FORK_RUNNING, FORK_BLOCKED, FORK_STOPPED, FORK_WAYS } fork_way;

static void must(weft_status status, const char *what)
{
    if (status != WEFT_OK)
        fail("%s: %s", what, weft_error_message());
}

static void fork_before(worker *w, fork_way way)
{
    if (way == FORK_EXPLICIT)
        must(weft_fork_before(w->self), "weft_fork_before");
    else if (way == FORK_BLOCKED)
        must(weft_block_begin(w->self), "weft_block_begin before a fork");
    else if (way == FORK_STOPPED)
        must(weft_world_stop(w->self), "weft_world_stop before a fork");
}

static void fork_after(worker *w, fork_way way, bool in_child)
{
    if (way == FORK_EXPLICIT)
        must(in_child ? weft_fork_after_child(w->self) : weft_fork_after_parent(w->self), "weft_fork_after");
    else if (way == FORK_BLOCKED)
        must(weft_block_end(w->self), "weft_block_end after a fork");
    else if (way == FORK_STOPPED)
        must(weft_world_start(w->self), "weft_world_start after a fork");
}

_Noreturn static void child_main(worker *w, fork_way way)
{
    if (getenv("STRESS_WAIT") == NULL) /* or somebody wants to look at it */
        alarm(CHILD_SECONDS);
    fork_after(w, way, true);
    if (weft_fail_allocation(w->self, 0, false) != WEFT_OK)
        fail("weft_fail_allocation in a child: %s", weft_error_message());
    check_world(w);
    bool over = P.over;
    P.over = true;
    check_nothing_left(w);
    P.over = over;
    for (int i = 0; i < WORKERS; i++)
        if (i != WORKER_FINALIZER) /* which the child has made anew */
            P.workers[i].destroying = NULL;
    if (CHILD_MAY_START_THREADS && !P.options.fail) {
        child_threads(w);
        P.over = true;
        check_nothing_left(w);
    }
    if (weft_thread_detach(w->self) != WEFT_OK || weft_runtime_free(P.runtime) != WEFT_OK)
        fail("the end of a child: %s", weft_error_message());
    _exit(0);
}

static void child_await(worker *w, pid_t pid)
{
    int status = 0;
    if (weft_block_begin(w->self) != WEFT_OK)
        fail("weft_block_begin: %s", weft_error_message());
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    if (weft_block_end(w->self) != WEFT_OK)
        fail("weft_block_end: %s", weft_error_message());
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        if (CHILD_HANG_IS_ALLOCATORS)
            return;
        fail("a forked child hung");
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail("a forked child ended with %s %d", WIFEXITED(status) ? "status" : "signal",
             WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

/* Runs after the library's handler, having been registered before it: the worlds stand still. */
static void look_before_fork(void)
{
    if (me && me->self)
        P.child_hides = check_is_hidden(me);
}

/* Runs before the library's, which may destroy what threads that are gone have left: finalizers are to know where they are.
 * The library may make a thread of its own again, which has a row to itself. */
static void begin_child(void)
{
    worker *left = &P.workers[WORKER_LEFT], *library = &P.workers[WORKER_FINALIZER];
    P.forked = P.child = true;
    left->finalizing = library->finalizing;
    left->destroying = library->destroying;
    library->finalizing = library->destroying = NULL;
}

void forks_open(void)
{
    if (pthread_atfork(look_before_fork, NULL, begin_child) != 0)
        fail("pthread_atfork");
}

void operation_fork(worker *w, dice *d)
{
    if (P.forked || !is_due(&P.next_fork_us, 60000))
        return;
    fork_way way = (fork_way)dice_below(d, FORK_WAYS);
    fork_before(w, way);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        child_main(w, way);
    P.child_hides = false;
    fork_after(w, way, false);
    if (pid < 0)
        return; /* too many processes: nothing that Weft could help */
    __atomic_fetch_add(&P.forks, 1, __ATOMIC_RELAXED);
    child_await(w, pid);
}
