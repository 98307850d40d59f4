/* critical_ft.c - critical sections, past the fast path: sections that wait, that nest in one on the same object, and
 * that are left while their thread blocks. docs/locks.md has the table of states. The thread itself calls all of this.
 *
 * A section is taken or left. The taken ones are the innermost few; the low bit of the pointer to a section (in
 * thread.critical or in the inner one's `outer`) says that it, and so everything outside it, is left. The low bit of a
 * section's `first` or `second` says that the lock is held by a taken section further out. */
#include "core/lock_ft.h"

/* ---- low bits ------------------------------------------------------------------------------------------------------------- */

static bool is_marked(const void *p)
{
    return (uintptr_t)p & 1u;
}

static weft_critical *section_marked(weft_critical *section)
{
    return (weft_critical *)((uintptr_t)section | 1u);
}

static weft_critical *section_unmarked(weft_critical *section)
{
    return (weft_critical *)((uintptr_t)section & ~(uintptr_t)1u);
}

static weft_object *object_marked(weft_object *o)
{
    return (weft_object *)((uintptr_t)o | 1u);
}

static weft_object *object_unmarked(weft_object *o)
{
    return (weft_object *)((uintptr_t)o & ~(uintptr_t)1u);
}

/* ---- the locks of one section ------------------------------------------------------------------------------------------------ */

bool critical_holds(const thread *t, const weft_object *o)
{
    const weft_critical *section = t->head.critical;
    while (section != NULL && !is_marked(section)) {
        if (section->first == o || section->second == o)
            return true;
        section = section->outer;
    }
    return false;
}

/* Takes the lock unless an outer section has it, which it marks. */
static bool try_place(const thread *t, weft_object **place)
{
    weft_object *o = *place;
    if (o == NULL || lock_kind_object.try_take(o))
        return true;
    if (!critical_holds(t, o))
        return false;
    *place = object_marked(o);
    return true;
}

static void release_place(weft_object **place)
{
    weft_object *o = *place;
    *place = object_unmarked(o);
    if (o != NULL && !is_marked(o))
        weft_lock_release_(o);
}

static bool try_places(const thread *t, weft_critical *section)
{
    if (!try_place(t, &section->first))
        return false;
    if (try_place(t, &section->second))
        return true;
    release_place(&section->first);
    return false;
}

static bool try_places_spinning(thread *t, weft_critical *section)
{
    lock_spin spin = {0};
    do {
        if (try_places(t, section)) {
            lock_spin_end(t, &spin);
            return true;
        }
    } while (lock_spin_wait(t, &spin));
    return false;
}

/* For whichever is taken by somebody, holding nothing; then the other is tried. The chain has been set aside. */
static void wait_places(thread *t, const weft_critical *section)
{
    weft_object *wanted = section->first;
    weft_object *other = section->second;
    for (;;) {
        lock_wait(t, &lock_kind_object, wanted);
        if (other == NULL || try_lock_spinning(t, &lock_kind_object, other))
            return;
        weft_lock_release_(wanted);
        weft_object *swap = wanted;
        wanted = other;
        other = swap;
    }
}

/* ---- begin and end -------------------------------------------------------------------------------------------------------------- */

void weft_critical_slow(weft_thread *self, weft_critical *section)
{
    assert(thread_check(self, "weft_critical_begin") == WEFT_OK);
    thread *t = thread_of(self);
    if (!try_places_spinning(t, section)) {
        weft_critical *aside = critical_set_aside(t);
        wait_places(t, section);
        section->outer = aside;
    }
    self->critical = section;
}

void weft_critical_end_slow(weft_thread *self, weft_critical *section)
{
    assert(self->critical == section);
    self->critical = section->outer;
    release_place(&section->second);
    release_place(&section->first);
    critical_resume(thread_of(self));
}

/* ---- leaving and resuming: core/critical.h, core/lock.h --------------------------------------------------------------------------- */

void critical_leave_all(thread *t)
{
    weft_critical **link = &t->head.critical;
    while (*link != NULL && !is_marked(*link)) {
        weft_critical *section = *link;
        *link = section_marked(section);
        release_place(&section->second);
        release_place(&section->first);
        link = &section->outer;
    }
}

weft_critical *critical_set_aside(thread *t)
{
    critical_leave_all(t);
    weft_critical *aside = t->head.critical;
    t->head.critical = NULL;
    return aside;
}

void critical_put_back(thread *t, weft_critical *aside)
{
    t->head.critical = aside;
}

bool try_critical_resume(thread *t)
{
    weft_critical *section = t->head.critical;
    if (!is_marked(section))
        return true;
    section = section_unmarked(section);
    if (!try_places_spinning(t, section))
        return false;
    t->head.critical = section;
    return true;
}

void critical_resume(thread *t)
{
    if (try_critical_resume(t))
        return;
    weft_critical *section = section_unmarked(critical_set_aside(t));
    wait_places(t, section);
    t->head.critical = section;
}
