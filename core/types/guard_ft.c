/* guard_ft.c - the parts of guards that are not for the fast path: see guard_ft.h. Any attached thread. */
#include "core/types/guard.h"

enum { GUARDS_REVOKED_MOST = 256 /* containers taken from one thread id before it takes the lock always */ };

/* Waits until the thread of `s` is not changing `o` (NULL: whatever it was changing when we came) without its lock. */
static void wait_for_owner(const id_slot *s, const weft_object *o)
{
    /* order: acquire - pairs with guard_leave and guard_enter: what the owner did to the container is seen. */
    const weft_object *guarded = weft_load_acquire(&s->guarded);
    const weft_object *until = o ? o : guarded;
    while (guarded != NULL && guarded == until) {
        platform_yield();
        guarded = weft_load_acquire(&s->guarded);
    }
}

/* WEFT_BIT_READERS is set on `o`. On return its owner, if it has one, has noticed. */
static void guard_take_from(weft_thread *self, uint16_t owner, const weft_object *o)
{
    if (owner == WEFT_OWNER_NONE || owner == WEFT_OWNER_STATIC)
        return;
    id_slot *s = &self->runtime->world.slots[owner];
    /* order: acquire - pairs with the release below: its thread has noticed guard_id, and what it did before is seen. */
    if (weft_load_acquire(&s->guards_off))
        return;
    bool off = __atomic_add_fetch(&s->guards_revoked, 1, __ATOMIC_RELAXED) >= GUARDS_REVOKED_MOST;
    if (off)
        __atomic_store_n(&s->guard_id, (uint32_t)SLOT_GUARDS_NONE, __ATOMIC_SEQ_CST);
    platform_barrier(); /* the other half of guard_enter */
    wait_for_owner(s, off ? NULL : o);
    if (off)
        weft_store_release(&s->guards_off, 1u);
}

void guard_enter_slow(weft_thread *self, guard *g, weft_object *o)
{
    weft_store_release(&g->own->guarded, (weft_object *)NULL);
    g->own = NULL;
    weft_critical_begin(self, &g->section, o);
    if (guard_readable(self, o))
        return;
    /* order: seq_cst - with TSan, where the barrier counts for nothing; else it would do relaxed. */
    __atomic_fetch_or(&o->bits, WEFT_BIT_READERS, __ATOMIC_SEQ_CST);
    guard_take_from(self, weft_load_relaxed(&o->owner), o);
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
