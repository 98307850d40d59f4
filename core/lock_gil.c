/* lock_gil.c - what the free-threaded flavour's lock_ft.c and critical_ft.c are for, in the GIL one: nothing, since only
 * the thread that holds the GIL runs. */
#include "core/lock.h"

/* Who has the mutex needs the GIL to give it back. */
bool lock_spin_step(lock_spin *spin)
{
    (void)spin;
    return false;
}

bool lock_spin_wait(thread *self, lock_spin *spin)
{
    (void)self;
    (void)spin;
    return false;
}

void lock_spin_end(thread *self, const lock_spin *spin)
{
    (void)self;
    (void)spin;
}

void critical_leave_all(thread *t)
{
    (void)t;
}

void critical_resume(thread *t)
{
    (void)t;
}

struct weft_critical *critical_set_aside(thread *t)
{
    (void)t;
    return NULL;
}

void critical_put_back(thread *t, struct weft_critical *aside)
{
    (void)t;
    (void)aside;
}

bool try_critical_resume(thread *t)
{
    (void)t;
    return true;
}
