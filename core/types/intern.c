/* intern.c - one str for each text: a runtime's table of interned strings.
 *
 * An open-addressed table of (hash, str), twice as large as it need be. It holds no references: a str that dies takes
 * itself out (str_forget), before its block is freed. So a str in the table may be dying, but its text is there, as long
 * as one holds the runtime's lock.
 *
 * Lookups take no lock. They load the table, compare hashes, take a reference if the str is not dying (it was published
 * when it was put in), look at the slot again, and only then read the text. Who finds nothing that way looks again
 * under the lock and puts its str in. A table that has become too small is retired.
 *
 * The lock is the runtime's, held for a few loads and stores, and while a larger table is filled; nothing blocks inside,
 * and no reference is dropped inside, since that could come back here. Any attached thread. */
#include "core/types/intern.h"

#include <string.h>

#include "core/types/str.h"

enum { FIRST_CAPACITY = 64 };

/* Slots: hash 0: never used, ends a search. hash and no str: free again. Both written under the lock. */
typedef struct intern_slot {
    uint64_t hash;    /* atomic */
    weft_object *str; /* atomic: release when put in, acquire when read */
} intern_slot;

typedef struct intern_table {
    size_t capacity; /* constant: a power of two */
    size_t used;     /* slots whose hash is not 0; lock */
    size_t live;     /* slots with a str; lock */
    intern_slot slots[];
} intern_table;

static size_t table_bytes(size_t capacity)
{
    return sizeof(intern_table) + capacity * sizeof(intern_slot);
}

/* ---- without the lock ----------------------------------------------------------------------------------------- */

/* A new reference to the str in the slot if it has this text and surely lives, else NULL. */
static weft_object *slot_try_take(weft_thread *self, intern_slot *slot, const str_object *s)
{
    /* order: acquire - pairs with slot_put, so that the text is seen. */
    weft_object *o = weft_load_acquire(&slot->str);
    if (o == NULL || !weft_try_incref(self, o))
        return NULL;
    /* order: acquire - after the increment: if the block has become another object meanwhile, it has left the slot. */
    if (WEFT_LIKELY(weft_load_acquire(&slot->str) == o) && str_equal(str_of(o), s))
        return o;
    weft_decref(self, o);
    return NULL;
}

static weft_object *find(weft_thread *self, const str_object *s, uint64_t hash)
{
    /* order: acquire - pairs with table_grow_locked. No safepoint until we are done with it. */
    intern_table *t = weft_load_acquire(&self->runtime->interned);
    if (t == NULL)
        return NULL;
    for (size_t i = hash;; i++) {
        intern_slot *slot = &t->slots[i & (t->capacity - 1)];
        uint64_t found =
            weft_load_relaxed(&slot->hash); /* a stale one leads to the lock, or to a str that is not equal */
        if (found == 0)
            return NULL;
        if (found == hash) {
            weft_object *o = slot_try_take(self, slot, s);
            if (WEFT_LIKELY(o != NULL))
                return o;
        }
    }
}

/* ---- under the lock -------------------------------------------------------------------------------------------- */

static void slot_put_locked(intern_slot *slot, weft_object *str, uint64_t hash)
{
    weft_store_relaxed(&slot->hash, hash);
    /* order: release - pairs with slot_try_take. */
    weft_store_release(&slot->str, str);
}

/* The slot of this text, or of this very str if `itself`; or else the first that is free for it. */
static intern_slot *table_search_locked(intern_table *t, const str_object *s, uint64_t hash, bool itself)
{
    intern_slot *room = NULL;
    for (size_t i = hash;; i++) {
        intern_slot *slot = &t->slots[i & (t->capacity - 1)];
        if (slot->hash == 0)
            return room ? room : slot;
        if (slot->str == NULL) {
            if (room == NULL)
                room = slot;
        } else if (slot->hash == hash && (itself ? slot->str == &s->var.object : str_equal(str_of(slot->str), s))) {
            return slot;
        }
    }
}

static void table_copy_locked(intern_table *to, const intern_table *from)
{
    for (size_t i = 0; from && i < from->capacity; i++) {
        if (from->slots[i].str == NULL)
            continue;
        size_t k = from->slots[i].hash;
        while (to->slots[k & (to->capacity - 1)].hash != 0)
            k++;
        slot_put_locked(&to->slots[k & (to->capacity - 1)], from->slots[i].str, from->slots[i].hash);
        to->live++;
    }
    to->used = to->live;
}

/* Room for one more: *old is the table that was replaced, to be retired, or NULL. WEFT_ERROR_MEMORY: nothing changed. */
static weft_status table_reserve_locked(weft_thread *self, intern_table **old)
{
    weft_runtime *runtime = self->runtime;
    intern_table *t = runtime->interned;
    *old = NULL;
    if (t && t->used < t->capacity / 4 * 3)
        return WEFT_OK;
    size_t capacity = FIRST_CAPACITY;
    while (t && capacity <= t->live * 2)
        capacity *= 2;
    intern_table *larger = heap_alloc(thread_of(self), HEAP_RAW, table_bytes(capacity));
    if (larger == NULL)
        return WEFT_ERROR_MEMORY;
    memset(larger, 0, table_bytes(capacity));
    larger->capacity = capacity;
    table_copy_locked(larger, t);
    /* order: release - pairs with find. */
    weft_store_release(&runtime->interned, larger);
    *old = t;
    return WEFT_OK;
}

/* Puts `o` into the slot: from now on others find it. */
static void put_in_locked(intern_table *t, intern_slot *slot, weft_object *o, uint64_t hash)
{
    object_publish(o);
    object_set_bits(o, WEFT_BIT_INTERNED);
    t->used += slot->hash == 0;
    t->live += slot->str == NULL;
    slot_put_locked(slot, o, hash);
}

/* A new reference to the str of this text, which becomes `o` if there is none that lives. */
static weft_object *find_or_put_in(weft_thread *self, weft_object *o, uint64_t hash)
{
    weft_runtime *runtime = self->runtime;
    intern_table *old;
    pthread_mutex_lock(&runtime->lock);
    weft_object *result = NULL;
    if (table_reserve_locked(self, &old) == WEFT_OK) {
        intern_slot *slot = table_search_locked(runtime->interned, str_of(o), hash, false);
        if (slot->str != NULL && weft_try_incref(self, slot->str)) {
            result = slot->str;
        } else { /* nothing there, or a str that is dying: it will not find itself, and leave the slot alone */
            put_in_locked(runtime->interned, slot, o, hash);
            result = weft_ref(self, o);
        }
    }
    pthread_mutex_unlock(&runtime->lock);
    if (old)
        weft_mem_retire(self, old, table_bytes(old->capacity));
    return result;
}

void str_forget(thread *self, weft_object *o)
{
    weft_runtime *runtime = self->head.runtime;
    str_object *s = str_of(o);
    uint64_t hash = str_hash(s);
    pthread_mutex_lock(&runtime->lock);
    intern_slot *slot = table_search_locked(runtime->interned, s, hash, true);
    if (slot->str == o) {
        weft_store_relaxed(&slot->str,
                           (weft_object *)NULL); /* whoever reads the old one fails to count it, or looks again */
        runtime->interned->live--;
    }
    pthread_mutex_unlock(&runtime->lock);
}

weft_object *weft_str_intern(weft_thread *self, weft_object *o, bool immortal)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (!object_check(o, WEFT_TYPE_STR, __func__))
        return NULL;
    str_object *s = str_of(o);
    weft_object *result = str_find_static(str_text(s), str_size(s));
    if (result != NULL)
        return result;
    uint64_t hash = str_hash(s);
    result = find(self, s, hash);
    if (result == NULL)
        result = find_or_put_in(self, o, hash);
    if (result != NULL && immortal && weft_immortalize(self, result) != WEFT_OK) {
        weft_decref(self, result);
        return NULL;
    }
    return result;
}
