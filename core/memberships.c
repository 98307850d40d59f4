/* memberships.c - one OS thread in several runtimes: none of them waits for it while it waits in another.
 *
 * A thread that parks for a stop, sleeps for a lock or waits for the GIL of one runtime sets its running memberships in
 * others aside: they are away, and `blocked` by the library. Afterwards it takes them up again, all or none within a limit of
 * time. Who has a world stopped is away from its other runtimes all the while. docs/fork.md says why.
 * Almost every OS thread has one membership, for which all this is one comparison. Threads: the one whose memberships
 * they are. */
#include <time.h>

#include "core/core.h"
#include "core/critical.h"

enum { OTHERS_FIRST_NS = 10 * 1000 * 1000, OTHERS_MOST_NS = 1000 * 1000 * 1000 };

static bool has_others(const thread *t)
{
    return memberships != t || t->os_next != NULL;
}

void thread_others_leave(thread *t)
{
    if (WEFT_LIKELY(!has_others(t)))
        return;
    for (thread *m = memberships; m; m = m->os_next) {
        if (m == t || thread_is_blocked(m) || m->stopping)
            continue;
        world_leave(m);
        m->aside = true;
        thread_set_usable(m, false);
    }
}

static bool try_others_enter(const thread *t, uint64_t ns)
{
    for (thread *m = memberships; m; m = m->os_next) {
        if (m == t || !m->aside)
            continue;
        if (!try_world_enter(m, ns))
            return false;
        m->aside = false;
        thread_set_usable(m, true);
    }
    return true;
}

/* Whoever waits for one world while it is in another may be waiting for somebody who does the same the other way round.
 * So it waits only for so long, and then begins again with neither. */
static void enter_with_others(thread *t)
{
    for (uint64_t ns = OTHERS_FIRST_NS;; ns = ns < OTHERS_MOST_NS ? ns * 2 : ns) {
        if (try_world_enter(t, ns)) {
            if (try_others_enter(t, ns))
                return;
            world_leave(t);
        }
        thread_others_leave(t);
    }
}

void thread_others_enter(thread *t)
{
    if (WEFT_LIKELY(!has_others(t)) || try_others_enter(t, OTHERS_FIRST_NS))
        return;
    world_leave(t);
    thread_others_leave(t);
    enter_with_others(t);
}

void thread_enter(thread *t)
{
    if (WEFT_LIKELY(!has_others(t)))
        world_enter(t);
    else
        enter_with_others(t);
    critical_resume(t);
}

void thread_leave(thread *t)
{
    critical_leave_all(t);
    world_leave(t);
    thread_others_leave(t);
}

void thread_all_pause(uint64_t ns)
{
    thread *t = memberships;
    while (t && (thread_is_blocked(t) || t->stopping))
        t = t->os_next;
    if (t)
        thread_leave(t);
    nanosleep(&(struct timespec){.tv_nsec = (long)ns}, NULL);
    if (t)
        thread_enter(t);
}
