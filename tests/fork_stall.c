/* fork_stall.c - a process that forks at the worst moment: while another OS thread, about to attach, holds a lock of
 * mimalloc's. The fork must wait for it, or the child inherits the lock.
 *
 * The library's calls of pthread_mutex_lock end here, since the program comes before shared libraries. */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "weft/weft.h"

enum { STALL_MS = 200, MIMALLOC_BYTES = 1 << 20, LOCKS_MOST = 20 };

typedef int (*mutex_lock_fn)(pthread_mutex_t *mutex);

static mutex_lock_fn real_lock; /* found before there are threads: mimalloc locks when it is loaded */
static uintptr_t mimalloc_base;
static bool stalls;                   /* atomic: a thread stands with a lock of mimalloc's in hand */
static _Thread_local int stall_after; /* how many locks of mimalloc's from now on; 0: never */

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    if (real_lock == NULL)
        *(void **)&real_lock = dlsym(RTLD_NEXT, "pthread_mutex_lock");
    int error = real_lock(mutex);
    uintptr_t caller = (uintptr_t)__builtin_return_address(0);
    if (stall_after > 0 && caller - mimalloc_base < MIMALLOC_BYTES && --stall_after == 0) {
        __atomic_store_n(&stalls, true, __ATOMIC_RELEASE);
        test_sleep_ms(STALL_MS);
        __atomic_store_n(&stalls, false, __ATOMIC_RELEASE);
    }
    return error;
}

typedef struct stall {
    weft_runtime *runtime;
    int after;
    bool over; /* atomic */
    bool in_a_lock;
} stall;

static void *attach_slowly(void *arg)
{
    stall *s = arg;
    stall_after = s->after;
    weft_thread *self = weft_thread_attach(s->runtime);
    s->in_a_lock = stall_after == 0;
    stall_after = 0;
    __atomic_store_n(&s->over, true, __ATOMIC_RELEASE);
    return weft_thread_detach(self) == WEFT_OK ? NULL : arg;
}

static void *attach_and_allocate(void *arg)
{
    stall *s = arg;
    weft_thread *self = weft_thread_attach(s->runtime);
    free(malloc(100));
    return self && weft_float_new(self, 1) && weft_thread_detach(self) == WEFT_OK ? NULL : arg;
}

static int child(weft_thread *self, stall *s)
{
    alarm(10);
    pthread_t id;
    void *result = s;
    if (weft_fork_after_child(self) != WEFT_OK || weft_block_begin(self) != WEFT_OK)
        return 1;
    if (pthread_create(&id, NULL, attach_and_allocate, s) != 0 || pthread_join(id, &result) != 0)
        return 2;
    return result == NULL ? 0 : 3;
}

static void fork_and_look(weft_thread *self, stall *s)
{
    CHECK_INT(weft_fork_before(self), WEFT_OK);
    pid_t pid = fork();
    if (pid == 0)
        _exit(child(self, s));
    CHECK_INT(weft_fork_after_parent(self), WEFT_OK);
    int status = -1;
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
}

TEST_CASE(fork_stall, a fork waits for a thread that attaches and has any lock of the allocator)
{
    Dl_info where;
    REQUIRE(dladdr(dlsym(RTLD_DEFAULT, "mi_thread_init"), &where) != 0);
    mimalloc_base = (uintptr_t)where.dli_fbase;
    stall s = {.runtime = weft_runtime_new(NULL)};
    weft_thread *self = weft_thread_attach(s.runtime);
    REQUIRE(self != NULL);
    int locks = 0;
    for (s.after = 1; s.after <= LOCKS_MOST; s.after++) {
        /* What attaches below comes from the pool, so that it does not allocate under the runtime's lock. */
        pthread_t id;
        __atomic_store_n(&s.over, false, __ATOMIC_RELEASE);
        CHECK_INT(pthread_create(&id, NULL, attach_and_allocate, &s), 0);
        pthread_join(id, NULL);
        CHECK_INT(pthread_create(&id, NULL, attach_slowly, &s), 0);
        while (!__atomic_load_n(&stalls, __ATOMIC_ACQUIRE) && !__atomic_load_n(&s.over, __ATOMIC_ACQUIRE)) {}
        fork_and_look(self, &s);
        CHECK_INT(weft_block_begin(self), WEFT_OK);
        pthread_join(id, NULL);
        CHECK_INT(weft_block_end(self), WEFT_OK);
        if (!s.in_a_lock)
            break;
        locks++;
    }
    CHECK(locks > 0 && locks < LOCKS_MOST);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
    CHECK_INT(weft_runtime_free(s.runtime), WEFT_OK);
}
