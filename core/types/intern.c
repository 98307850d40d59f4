/* intern.c - one str for each text: a runtime's table of interned strings.
 *
 * An open-addressed table of (hash, str), at most three quarters full. It holds no references: a str that dies takes
 * itself out (str_forget), before its block is freed. So a str in the table may be dying, but its text is there, as long
 * as one holds the runtime's lock.
 *
 * Lookups take no lock. They load the table, compare hashes, take a reference if the str is not dying (it was published
 * when it was put in), look at the slot again, and only then read the text. Who finds nothing that way looks again
 * under the lock and puts its str in; a str that is dying there is overwritten, and finds when it comes to take itself
 * out that it is gone already. A table that has become too small is retired. docs/intern.md.
 *
 * The lock is the runtime's, held for a few loads and stores, and while a larger table is filled; nothing blocks or
 * allocates inside, and no reference is dropped inside, since that could come back here. Any attached thread. */
#include "core/types/intern.h"

#include <string.h>

#include "core/types/str.h"
#include "refcount/refcount.h"

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
    if (o == NULL || !count_try_ref(thread_of(self), o))
        return NULL;
    /* order: acquire - after the increment: if the block has become another object meanwhile, it has left the slot. */
    if (WEFT_LIKELY(weft_load_acquire(&slot->str) == o) && str_equal(str_of(o), s))
        return o;
    weft_decref(self, o);
    return NULL;
}

static weft_object *find(weft_thread *self, const str_object *s, uint64_t hash)
{
    /* order: acquire - pairs with table_replace_locked. No safepoint until we are done with it. */
    intern_table *t = weft_load_acquire(&self->runtime->interned);
    if (t == NULL)
        return NULL;
    for (uint64_t i = hash;; i++) {
        intern_slot *slot = &t->slots[i & (t->capacity - 1)];
        /* relaxed: one that is out of date leads to the lock, or to a str that is not equal */
        uint64_t found = weft_load_relaxed(&slot->hash);
        if (found == 0)
            return NULL;
        /* One try: if it fails, a reference may have been dropped that ran anything, and the table may be gone. */
        if (found == hash)
            return slot_try_take(self, slot, s);
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
    for (uint64_t i = hash;; i++) {
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
        uint64_t k = from->slots[i].hash;
        while (to->slots[k & (to->capacity - 1)].hash != 0)
            k++;
        slot_put_locked(&to->slots[k & (to->capacity - 1)], from->slots[i].str, from->slots[i].hash);
        to->live++;
    }
    to->used = to->live;
}

static bool table_has_room(const intern_table *t)
{
    return t != NULL && t->used < t->capacity / 4 * 3;
}

/* How large a table must be that takes the place of this one, which is full of live strs or of free places. */
static size_t table_next_capacity(const intern_table *t)
{
    size_t capacity = FIRST_CAPACITY;
    while (t != NULL && capacity <= t->live * 2)
        capacity *= 2;
    return capacity;
}

static void table_replace_locked(weft_runtime *runtime, intern_table *fresh)
{
    table_copy_locked(fresh, runtime->interned);
    /* order: release - pairs with find. */
    weft_store_release(&runtime->interned, fresh);
}

/* An empty one, or NULL with the error set. */
static intern_table *table_new(weft_thread *self, size_t capacity)
{
    intern_table *t = heap_alloc(thread_of(self), HEAP_RAW, table_bytes(capacity));
    if (t == NULL)
        return NULL;
    memset(t, 0, table_bytes(capacity));
    t->capacity = capacity;
    return t;
}

/* Takes the lock, with a table that has room for one more. WEFT_ERROR_MEMORY: the lock is not held. The table is made
 * while the lock is free, so by then it may not be needed, or not be large enough. */
static weft_status lock_with_room(weft_thread *self)
{
    weft_runtime *runtime = self->runtime;
    for (;;) {
        pthread_mutex_lock(&runtime->lock);
        if (WEFT_LIKELY(table_has_room(runtime->interned)))
            return WEFT_OK;
        size_t capacity = table_next_capacity(runtime->interned);
        pthread_mutex_unlock(&runtime->lock);
        intern_table *fresh = table_new(self, capacity);
        if (fresh == NULL)
            return WEFT_ERROR_MEMORY;
        pthread_mutex_lock(&runtime->lock);
        intern_table *old = runtime->interned;
        bool replaced = !table_has_room(old) && table_next_capacity(old) <= capacity;
        if (replaced)
            table_replace_locked(runtime, fresh);
        pthread_mutex_unlock(&runtime->lock);
        if (!replaced)
            heap_free(thread_of(self), HEAP_RAW, fresh, table_bytes(capacity));
        else if (old != NULL)
            weft_mem_retire(self, old, table_bytes(old->capacity));
    }
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
    if (lock_with_room(self) != WEFT_OK)
        return NULL;
    weft_object *result;
    intern_slot *slot = table_search_locked(runtime->interned, str_of(o), hash, false);
    if (slot->str != NULL && count_try_ref(thread_of(self), slot->str)) {
        result = slot->str;
    } else { /* nothing there, or a str that is dying: it will not find itself, and leave the slot alone */
        put_in_locked(runtime->interned, slot, o, hash);
        result = weft_ref(self, o);
    }
    pthread_mutex_unlock(&runtime->lock);
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
        /* relaxed: who reads the old one fails to count it, or counts what the block has become; and the maker of that
         * comes after this, so that the second look at the slot sees it (slot_try_take) */
        weft_store_relaxed(&slot->str, (weft_object *)NULL);
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
