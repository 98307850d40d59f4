/* lock.c - waiting for a lock: spin a little, leave the world, park, enter again. Attached threads. */
#include "core/lock.h"

bool try_lock_spinning(thread *self, const lock_kind *kind, void *lock)
{
    lock_spin spin = {0};
    do {
        if (kind->try_take(lock)) {
            lock_spin_end(self, &spin);
            return true;
        }
    } while (lock_spin_wait(self, &spin));
    return false;
}

static bool waiting_validate(void *arg)
{
    lock_waiting *waiting = arg;
    return waiting->kind->is_waited_for(waiting->lock);
}

/* True: the lock was handed over. The thread is away from the announcement to the verdict, and only then: a lock that is
 * merely free is taken by attached threads alone, so that a stopped world knows who holds what. */
static bool lock_sleep(thread *self, lock_waiting *waiting, uint64_t since)
{
    /* order: release - pairs with the fork of a process whose world has stopped: the child finds it complete. */
    weft_store_release(&self->waiting, waiting);
    thread_leave(self);
    int64_t limit = waiting->kind->announce(waiting->lock);
    parking_result result = parking_park(&waiting->waiter, waiting->lock, since, waiting_validate, waiting, limit);
    thread_enter(self);
    weft_store_release(&self->waiting, (lock_waiting *)NULL);
    return result == PARKING_HANDED;
}

void lock_wait(thread *self, const lock_kind *kind, void *lock)
{
    lock_waiting waiting = {.waiter = {.state = PARKING_WAITING}, .kind = kind, .lock = lock};
    uint64_t since = platform_now_ns();
    while (!lock_sleep(self, &waiting, since) && !try_lock_spinning(self, kind, lock))
        ;
}

/* With the lock in hand the sections are only tried: waiting for them would hold up others in the opposite order. */
void lock_take(thread *self, const lock_kind *kind, void *lock)
{
    while (!try_lock_spinning(self, kind, lock)) {
        struct weft_critical *aside = critical_set_aside(self);
        lock_wait(self, kind, lock);
        critical_put_back(self, aside);
        if (try_critical_resume(self))
            return;
        kind->give_back(lock);
        critical_resume(self);
    }
}

void lock_after_fork_child(thread *gone)
{
    lock_waiting *waiting = gone->waiting;
    gone->waiting = NULL;
    if (waiting && parking_was_handed(&waiting->waiter))
        waiting->kind->give_back(waiting->lock);
}
