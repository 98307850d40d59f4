/* guard_ft.c - the parts of guards that are not for the fast path: see guard_ft.h. Any attached thread. */
#include "core/types/guard.h"

enum { GUARDS_REVOKED_MOST = 4096 /* containers taken from one thread id before it takes the lock always */ };

/* Waits until `owner` is not changing `o` (NULL: whatever it was changing when we came) without its lock. */
static void wait_for_owner(const thread *owner, const weft_object *o)
{
    /* order: acquire - pairs with guard_leave and guard_enter: what the owner did to the container is seen. */
    const weft_object *guarded = weft_load_acquire(&owner->world.guarded);
    const weft_object *until = o ? o : guarded;
    while (guarded != NULL && guarded == until) {
        platform_yield();
        guarded = weft_load_acquire(&owner->world.guarded);
    }
}

/* Inside the lock of `o`: on return its owner, if it has one, is not at work on it and will take the lock. */
static void guard_notify(weft_thread *self, uint16_t owner, const weft_object *o)
{
    if (owner == WEFT_OWNER_NONE || owner == WEFT_OWNER_STATIC)
        return;
    id_slot *s = &self->runtime->world.slots[owner];
    /* order: acquire - pairs with the release below: its thread has noticed guard_id, and what it did before is seen. */
    if (weft_load_acquire(&s->guards_off))
        return;
    bool off = __atomic_add_fetch(&s->guards_revoked, 1, __ATOMIC_RELAXED) >= GUARDS_REVOKED_MOST;
    if (off)
        weft_store_relaxed(&s->thread->world.guard_id, (uint32_t)GUARDS_NONE);
    platform_barrier(); /* the other half of guard_enter */
    wait_for_owner(s->thread, off ? NULL : o);
    if (off)
        weft_store_release(&s->guards_off, 1u);
}

/* The first access by a thread that is not the owner. */
void guard_take(weft_thread *self, weft_object *o)
{
    /* order: acquire - pairs with count_merge: if there is no owner any more, what it did is seen. */
    guard_notify(self, weft_load_acquire(&o->owner), o);
    /* order: release - pairs with guard_readable. */
    __atomic_fetch_or(&o->bits, WEFT_BIT_READERS, __ATOMIC_RELEASE);
}

void guard_enter_slow(weft_thread *self, guard *g, weft_object *o)
{
    guard_end(g->own);
    g->own = NULL;
    weft_critical_begin(self, &g->section, o);
    if (WEFT_UNLIKELY(!guard_readable(self, o)))
        guard_take(self, o);
}

/* The lock is taken even by an owner that is alone, so that it is alone no more: with WEFT_BIT_READERS set every writer
 * holds the lock, and under it sees the other bit. */
void guard_open_to_peeks(weft_thread *self, weft_object *o)
{
    weft_critical section;
    weft_critical_begin(self, &section, o);
    if (!(weft_load_relaxed(&o->bits) & WEFT_BIT_READERS))
        guard_take(self, o);
    /* order: release - pairs with guard_peekable. */
    __atomic_fetch_or(&o->bits, WEFT_BIT_PEEKED, __ATOMIC_RELEASE);
    weft_critical_end(self, &section);
}

weft_object *ref_read_shared(weft_thread *self, weft_object *o, weft_object *const *place, void *const *origin,
                             const void *array)
{
    if (!weft_try_incref(self, o))
        return NULL;
    /* The block may have died and come back as another object between our load and the increment. The increment has
     * acquired what the new object's maker had seen, and that is the old one's removal: then the place or the array is
     * another now. order: acquire - pairs with the release stores of writers, for that reason. */
    if (WEFT_LIKELY(weft_load_acquire(place) == o && weft_load_acquire(origin) == array))
        return o;
    weft_decref(self, o); /* may run anything: the caller must not go on with the array */
    return NULL;
}
