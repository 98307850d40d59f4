/* interrupt.h - stops the calling thread for a moment every now and then, wherever it is just then: so that operations
 * meet in the middle also where the machine has fewer processors to spare than the test has threads. */
#ifndef WEFT_TESTS_INTERRUPT_H
#define WEFT_TESTS_INTERRUPT_H

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum { INTERRUPT_EVERY_NS = 300000, INTERRUPT_FOR_NS = 5000 };

static inline void interrupt_pause(int number)
{
    int error = errno;
    (void)number;
    nanosleep(&(struct timespec){.tv_nsec = INTERRUPT_FOR_NS}, NULL);
    errno = error;
}

/* For the calling thread, until interrupt_end. */
static inline timer_t interrupt_begin(void)
{
    struct sigaction action = {.sa_handler = interrupt_pause, .sa_flags = SA_RESTART};
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR2};
    event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
    const struct itimerspec every = {{0, INTERRUPT_EVERY_NS}, {0, INTERRUPT_EVERY_NS}};
    timer_t timer = NULL;
    CHECK_INT(sigaction(SIGUSR2, &action, NULL), 0);
    CHECK_INT(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    CHECK_INT(timer_settime(timer, 0, &every, NULL), 0);
    return timer;
}

static inline void interrupt_end(timer_t timer)
{
    CHECK_INT(timer_delete(timer), 0);
}

#endif
