/* weak.c - weak references: objects that know another object without keeping it alive.
 *
 * A table beside the heap leads from an object to the list of its weak references, newest first; WEFT_BIT_WEAK says that
 * the object may be in it. The table is cut into stripes, each with its lock, made when the first weak reference is.
 *
 * A get takes no lock: it loads the referent, takes a reference if the object is surely not dying (weft_try_incref),
 * and looks whether the weak reference still names it. A referent is therefore made PUBLISHED when its first weak
 * reference is made, and when it dies its weak references are cleared before its block can be used again. Weak references
 * themselves are published too, since a death in one thread may race with the weak reference's own in another.
 *
 * The stripe's lock protects the lists: `next`, `prev`, and changes of `referent`. Who clears a `referent` without taking
 * a reference to its weak reference never touches that one again: it may be freed at once. Under the lock nothing is
 * decremented, no safepoint is passed and nothing blocks, so a stopped world holds none. docs/weakrefs.md.
 * Threads: any attached one. */
#include "refcount/weak.h"

#include <stdlib.h>

#include "core/error.h"
#include "core/hash.h"
#include "core/types/types.h"
#include "refcount/refcount.h"
#include "refcount/weak_object.h"
#include "refcount/weak_table.h"

static const uint64_t stripe_shift = 64 - 6;

WEFT_STATIC_ASSERT(WEAK_STRIPES == 1 << 6, "the top bits of the hash choose the stripe");

/* ---- the table ----------------------------------------------------------------------------------------------------- */

static weak_table *table_of(thread *self)
{
    /* order: acquire - pairs with table_make's release. */
    return weft_load_acquire(&self->head.runtime->gc.weak);
}

static weak_table *table_make(thread *self)
{
    weft_runtime *runtime = self->head.runtime;
    weak_table *made = heap_should_fail(&runtime->heap) ? NULL : (weak_table *)calloc(1, sizeof *made);
    if (made == NULL) {
        weft_error_set(WEFT_ERROR_MEMORY, "weft_weak_new: out of memory");
        return NULL;
    }
    for (int i = 0; i < WEAK_STRIPES; i++)
        weak_lock_init(&made->stripes[i].lock);
    weak_table *expected = NULL;
    /* order: acq_rel - who finds it finds it zeroed and its locks ready. */
    if (__atomic_compare_exchange_n(&runtime->gc.weak, &expected, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return made;
    free(made);
    return expected;
}

static weak_stripe *stripe_of(weak_table *table, const weft_object *o)
{
    return &table->stripes[hash_address(o) >> stripe_shift];
}

/* The place of `o`, or the empty one where it would stand. There are slots, and one is empty. */
static weak_slot *slot_find(weak_stripe *s, const weft_object *o)
{
    size_t i = hash_address(o) & (s->capacity - 1);
    while (s->slots[i].object != NULL && s->slots[i].object != o)
        i = (i + 1) & (s->capacity - 1);
    return &s->slots[i];
}

/* NULL: it has none. */
static weak_slot *slot_of(weak_stripe *s, const weft_object *o)
{
    if (s->capacity == 0)
        return NULL;
    weak_slot *slot = slot_find(s, o);
    return slot->object != NULL ? slot : NULL;
}

/* Room for one more; at most three quarters are used. */
static bool stripe_grow(weft_runtime *runtime, weak_stripe *s)
{
    if ((s->used + 1) * 4 <= s->capacity * 3)
        return true;
    weak_stripe grown = {.capacity = s->capacity ? s->capacity * 2 : 8};
    grown.slots = heap_should_fail(&runtime->heap) ? NULL : (weak_slot *)calloc(grown.capacity, sizeof *grown.slots);
    if (grown.slots == NULL)
        return false;
    for (size_t i = 0; i < s->capacity; i++)
        if (s->slots[i].object != NULL)
            *slot_find(&grown, s->slots[i].object) = s->slots[i];
    free(s->slots);
    s->slots = grown.slots;
    s->capacity = grown.capacity;
    return true;
}

/* Takes the slot out and closes the gap, so that searches need no tombstones. */
static void slot_remove(weak_stripe *s, weak_slot *slot)
{
    size_t mask = s->capacity - 1;
    size_t hole = (size_t)(slot - s->slots);
    for (size_t i = (hole + 1) & mask; s->slots[i].object != NULL; i = (i + 1) & mask) {
        size_t home = hash_address(s->slots[i].object) & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            s->slots[hole] = s->slots[i];
            hole = i;
        }
    }
    s->slots[hole] = (weak_slot){NULL, NULL};
    s->used--;
}

weft_status weak_open(weft_runtime *runtime)
{
    runtime->gc.weak = NULL;
    return WEFT_OK;
}

void weak_close(weft_runtime *runtime)
{
    weak_table *table = runtime->gc.weak;
    if (table == NULL)
        return;
    for (int i = 0; i < WEAK_STRIPES; i++)
        free(table->stripes[i].slots);
    free(table);
}

/* ---- lists --------------------------------------------------------------------------------------------------------- */

static void list_add(weak_slot *slot, weak_object *w)
{
    w->next = slot->first;
    w->prev = NULL;
    if (slot->first != NULL)
        slot->first->prev = w;
    slot->first = w;
    w->listed = true;
}

static void list_remove(weak_stripe *s, weak_slot *slot, weak_object *w)
{
    if (w->next != NULL)
        w->next->prev = w->prev;
    if (w->prev != NULL)
        w->prev->next = w->next;
    else
        slot->first = w->next;
    if (slot->first == NULL)
        slot_remove(s, slot);
}

/* One without a callback, with a reference; NULL: none, or it is just dying. */
static weft_object *list_shareable(thread *self, weak_slot *slot)
{
    for (weak_object *w = slot->first; w != NULL; w = w->next)
        if (w->callback == NULL && count_try_ref(self, &w->object))
            return &w->object;
    return NULL;
}

/* ---- making and asking ----------------------------------------------------------------------------------------------- */

static weak_object *weak_alloc(thread *self, weft_object *o, uint32_t index, size_t size, weft_weak_fn callback,
                               void *arg)
{
    weak_object *w = (weak_object *)(void *)object_alloc_container_sized(self, index, size);
    if (w == NULL)
        return NULL;
    w->referent = o; /* field by field: late readers of the block may be looking at the header */
    w->callback = callback;
    w->arg = arg;
    w->next = w->prev = NULL;
    w->garbage = w->listed = false;
    object_track(self, &w->object);
    object_publish(&w->object);
    return w;
}

/* Puts `w` into its referent's list, or another that will do in its place. NULL: MEMORY is set. */
static weft_object *weak_enter(thread *self, weak_table *table, weft_object *o, weak_object *w)
{
    weak_stripe *s = stripe_of(table, o);
    weak_lock(&s->lock);
    weak_slot *slot = slot_of(s, o);
    weft_object *result = slot && w->callback == NULL ? list_shareable(self, slot) : NULL;
    if (result == NULL && (slot != NULL || stripe_grow(self->head.runtime, s))) {
        slot = slot_find(s, o);
        s->used += slot->object == NULL;
        slot->object = o;
        list_add(slot, w);
        object_publish(o);
        object_set_bits(o, WEFT_BIT_WEAK);
        result = &w->object;
    }
    weak_unlock(&s->lock);
    if (result == NULL)
        weft_error_set(WEFT_ERROR_MEMORY, "weft_weak_new: out of memory");
    return result;
}

weft_object *weak_make(thread *self, weft_object *o, uint32_t index, size_t size, weft_weak_fn callback, void *arg)
{
    weak_table *table = table_of(self);
    if (table == NULL && (table = table_make(self)) == NULL)
        return NULL;
    weak_object *w = weak_alloc(self, o, index, size, callback, arg);
    if (w == NULL || weft_is_immortal(o)) /* what never dies need not know */
        return w ? &w->object : NULL;
    weft_object *result = weak_enter(self, table, o, w);
    if (result != &w->object) {
        weft_store_relaxed(&w->referent, (weft_object *)NULL); /* is in no list */
        weft_decref(&self->head, &w->object);
    }
    return result;
}

weft_object *weft_weak_new(weft_thread *self, weft_object *o, weft_weak_fn callback, void *arg)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (o == NULL) {
        weft_error_set(WEFT_ERROR_VALUE, "weft_weak_new: o is NULL");
        return NULL;
    }
    return weak_make(thread_of(self), o, WEFT_TYPE_WEAKREF, sizeof(weak_object), callback, arg);
}

weft_object *weak_get(thread *self, weak_object *w)
{
    /* order: acquire, both - the second look pairs with the release that cleared it, through the reference taken in
     * between: a block that already holds another object was freed after that. */
    weft_object *o = weft_load_acquire(&w->referent);
    if (o == NULL || !count_try_ref(self, o))
        return NULL;
    if (WEFT_LIKELY(weft_load_acquire(&w->referent) == o))
        return o;
    weft_decref(&self->head, o);
    return NULL;
}

weft_object *weft_weak_get(weft_thread *self, weft_object *weak)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (!object_check(weak, WEFT_TYPE_WEAKREF, __func__))
        return NULL;
    return weak_get(thread_of(self), (weak_object *)(void *)weak);
}

int64_t weft_weak_count(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (o == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_weak_count: o is NULL");
    weak_table *table = table_of(thread_of(self));
    if (table == NULL || !(object_bits(o) & WEFT_BIT_WEAK))
        return 0;
    weak_stripe *s = stripe_of(table, o);
    weak_lock(&s->lock);
    int64_t count = 0;
    weak_slot *slot = slot_of(s, o);
    for (weak_object *w = slot ? slot->first : NULL; w != NULL; w = w->next)
        count++;
    weak_unlock(&s->lock);
    return count;
}

/* ---- the end of a referent ------------------------------------------------------------------------------------------- */

/* order: release, the clearing - pairs with weak_get. After it `w` may be gone, unless a reference was taken. */
static void referent_clear(weak_object *w)
{
    weft_store_release(&w->referent, (weft_object *)NULL);
}

static void call_back(thread *self, weak_object *w)
{
    error_scope scope;
    error_save(&scope);
    self->gc.weak_calls++;
    w->callback(&self->head, &w->object, w->arg);
    self->gc.weak_calls--;
    error_restore(&scope);
}

/* Takes the whole list of `o` apart; those whose callback is due come back linked, with a reference each. */
static weak_object *list_take(thread *self, weak_stripe *s, const weft_object *o)
{
    weak_slot *slot = slot_of(s, o);
    if (slot == NULL)
        return NULL;
    weak_object *due = NULL, **end = &due, *w = slot->first;
    slot_remove(s, slot);
    while (w != NULL) {
        weak_object *next = w->next;
        if (w->callback != NULL && count_try_ref(self, &w->object)) {
            w->next = NULL;
            *end = w;
            end = &w->next;
        }
        referent_clear(w);
        w = next;
    }
    return due;
}

void weak_object_dies(thread *self, weft_object *o)
{
    weak_stripe *s = stripe_of(table_of(self), o);
    weak_lock(&s->lock);
    weak_object *w = list_take(self, s, o);
    weak_unlock(&s->lock);
    while (w != NULL) {
        weak_object *next = w->next;
        call_back(self, w);
        weft_decref(&self->head, &w->object);
        w = next;
    }
}

/* ---- the end of a weak reference ------------------------------------------------------------------------------------- */

void weak_destroy(weft_thread *self, weft_object *object)
{
    weak_object *w = (weak_object *)(void *)object;
    /* order: acquire - pairs with referent_clear: who cleared it is done with this object. */
    weft_object *o = weft_load_acquire(&w->referent);
    if (o == NULL || !w->listed)
        return;
    weak_stripe *s = stripe_of(table_of(thread_of(self)), o);
    weak_lock(&s->lock);
    if (weft_load_relaxed(&w->referent) == o) /* it has not died while this thread waited */
        list_remove(s, slot_of(s, o), w);
    weak_unlock(&s->lock);
}

static int weak_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    (void)o;
    (void)visit;
    (void)arg;
    return 0; /* tracked all the same, so that a collection knows which of them are garbage */
}

static void weak_clear(weft_thread *self, weft_object *o)
{
    (void)self;
    (void)o;
}

void weak_type_init(void)
{
    static const weft_type_spec spec = {
        .name = "weakref",
        .size = sizeof(weak_object),
        .flags = WEFT_TYPE_IDENTITY,
        .traverse = weak_traverse,
        .clear = weak_clear,
        .destroy = weak_destroy,
    };
    type_set_builtin(WEFT_TYPE_WEAKREF, &spec);
}

/* ---- in a collection ------------------------------------------------------------------------------------------------- */

static bool is_weak(const weft_object *o)
{
    uint32_t index = weft_type_index(o);
    return index == WEFT_TYPE_WEAKREF || index == WEFT_TYPE_WEAK_ENTRY;
}

/* Those that are garbage themselves are told apart, for their callbacks do not run. */
static void garbage_mark(gc_run *run, bool garbage)
{
    for (size_t i = 0; i < run->garbage.count; i++)
        if (is_weak(run->garbage.items[i]))
            ((weak_object *)(void *)run->garbage.items[i])->garbage = garbage;
}

static weak_slot *garbage_slot(weak_table *table, weft_object *o)
{
    return object_bits(o) & WEFT_BIT_WEAK ? slot_of(stripe_of(table, o), o) : NULL;
}

void weak_each_table(thread *self, weft_object *o, void (*visit)(weft_object *dict, void *arg), void *arg)
{
    weak_slot *slot = garbage_slot(table_of(self), o);
    for (const weak_object *w = slot ? slot->first : NULL; w != NULL; w = w->next) {
        weft_object *dict = weft_type_index(&w->object) == WEFT_TYPE_WEAK_ENTRY ? weak_entry_dict(w) : NULL;
        if (dict != NULL)
            visit(dict, arg);
    }
}

static size_t callbacks_at_most(weak_table *table, const gc_run *run)
{
    size_t count = 0;
    for (size_t i = 0; i < run->garbage.count; i++) {
        weak_slot *slot = garbage_slot(table, run->garbage.items[i]);
        for (weak_object *w = slot ? slot->first : NULL; w != NULL; w = w->next)
            count += w->callback != NULL;
    }
    return count;
}

static void garbage_clear(thread *self, weak_table *table, gc_run *run, weft_object *o)
{
    weak_slot *slot = garbage_slot(table, o);
    if (slot == NULL)
        return;
    weak_object *w = slot->first;
    slot_remove(stripe_of(table, o), slot);
    while (w != NULL) {
        weak_object *next = w->next;
        /* One whose count is zero already may stand in the list of dying objects of a thread that is stopped. */
        if (w->callback != NULL && !w->garbage && object_is_live(&w->object) && count_try_ref(self, &w->object))
            gc_array_push(&run->callbacks, &w->object);
        referent_clear(w);
        run->event.weak_cleared++;
        w = next;
    }
}

weft_status weak_clear_stopped(thread *self, gc_run *run)
{
    weak_table *table = table_of(self);
    if (table == NULL || !run->weak)
        return WEFT_OK;
    if (!gc_array_reserve(self->head.runtime, &run->callbacks, callbacks_at_most(table, run)))
        return weft_error_set(WEFT_ERROR_MEMORY, "out of memory: the callbacks of weak references");
    garbage_mark(run, true);
    for (size_t i = 0; i < run->garbage.count; i++)
        garbage_clear(self, table, run, run->garbage.items[i]);
    garbage_mark(run, false);
    return WEFT_OK;
}

void weak_call_back(thread *self, gc_run *run)
{
    for (size_t i = 0; i < run->callbacks.count; i++)
        call_back(self, (weak_object *)(void *)run->callbacks.items[i]);
    while (run->callbacks.count > 0)
        weft_decref(&self->head, run->callbacks.items[--run->callbacks.count]);
}
