/* dict_shared.c - storing a value into a dict that other threads use too, with as little as possible inside the lock.
 *
 * What takes time is finding the entry (two or three cache misses in a large dict) and counting the new value. Both come
 * before the lock: the search as any reader's, without one. Inside, the entry is believed if the table is still the same
 * and the entry still has the key; else the search is made again. The old value is dropped after the lock.
 * Also for keys that weft_equal must be asked about, which is all that comes here in the GIL flavour. Any attached thread. */
#include "core/types/dict.h"

/* Where the first entry of a hash was, as seen without a lock; `table` NULL: nowhere. */
typedef struct dict_hint {
    const dict_table *table;
    uint64_t version; /* the dict's */
    dict_entry *entry;
    size_t slot;
} dict_hint;

static inline __attribute__((always_inline)) dict_hint look_ahead(const dict_table *t, unsigned width, uint64_t hash)
{
    dict_entry *entries = dict_entries(t);
    for (dict_walk w = dict_walk_begin(t, hash);; dict_walk_next(&w)) {
        size_t number = dict_slot_load(t, width, w.slot);
        if (number >= SLOT_GONE) {
            if (number == SLOT_EMPTY)
                return (dict_hint){.table = NULL};
            continue;
        }
        dict_entry *e = &entries[number];
        if (e->hash != hash)
            continue;
        return (dict_hint){.table = t, .entry = e, .slot = w.slot};
    }
}

static dict_hint table_look_ahead(const dict_table *t, uint64_t hash)
{
#define CALL(width) look_ahead(t, width, hash)
    DICT_BY_WIDTH(t, CALL)
#undef CALL
}

/* The table is not freed before the caller's next safepoint; but waiting for the lock is as good as one, and the next table
 * may stand in the same place then. So the version is noted too, which every new table raises. */
static dict_hint dict_look_ahead(weft_thread *self, const dict *d, uint64_t hash)
{
    uint64_t version = dict_version(d);
    /* order: acquire - as dict_read. */
    const dict_table *t = guard_readable(self, &d->object) ? weft_load_acquire(&d->table) : NULL;
    dict_hint hint = {.table = NULL};
    if (t != NULL)
        hint = table_look_ahead(t, hash);
    hint.version = version;
    return hint;
}

/* dict_find. In a table that is still the dict's an entry with a key is alive and in its place; and no other one has the
 * same key, so the search would end there. */
static inline int find_hinted(weft_thread *self, dict *d, weft_object *key, uint64_t hash, const dict_hint *hint,
                              guard *g, dict_search *s)
{
    s->asked_count = 0;
    if (WEFT_LIKELY(hint->table != NULL && hint->table == d->table && hint->version == d->version)) {
        const weft_object *there = hint->entry->key;
        if (WEFT_LIKELY(there == key) || (there != NULL && dict_same_key(there, key) == 1)) {
            s->entry = hint->entry;
            s->slot = hint->slot;
            return 1;
        }
    }
    return dict_find(self, d, key, hash, g, s);
}

/* A value to be stored, and what came of it. */
typedef struct change {
    weft_object *value;    /* borrowed */
    weft_object *expected; /* is stored only in place of this one (NULL: if the key is new), or */
    bool whatever;         /* is there */
    bool stored;
    bool peeked;      /* how the old one is to be dropped */
    weft_object *old; /* what was there, if it was replaced: the reference is the caller's */
} change;

/* In the guard, with a reference to c->value that goes to the entry if the key is there. */
static inline __attribute__((always_inline)) int change_locked(weft_thread *self, dict *d, weft_object *key,
                                                               uint64_t hash, int found, dict_search *s, change *c)
{
    weft_object *there = found == 1 ? s->entry->value : NULL;
    c->stored = found >= 0 && (c->whatever || there == c->expected);
    if (!c->stored)
        return found;
    if (found == 1) {
        c->old = there;
        /* order: release - pairs with ref_read. */
        weft_store_release(&s->entry->value, c->value);
        return found;
    }
    weft_status status = dict_insert_locked(self, d, key, hash, c->value);
    c->stored = status == WEFT_OK;
    return status == WEFT_OK ? found : (int)status;
}

/* 1 the key was there, 0 it was not, or a negative status. */
static inline __attribute__((always_inline)) int change_shared(weft_thread *self, dict *d, weft_object *key,
                                                               uint64_t hash, change *c)
{
    guard g;
    dict_search s;
    dict_hint hint = dict_look_ahead(self, d, hash);
    weft_incref(self, c->value);
    guard_enter_shared(self, &g, &d->object);
    int found = find_hinted(self, d, key, hash, &hint, &g, &s);
    found = change_locked(self, d, key, hash, found, &s, c);
    c->peeked = guard_is_peeked(&g, &d->object);
    guard_leave(self, &g);
    dict_search_end(self, &s);
    if (c->old == NULL)
        weft_decref(self, c->value); /* a new entry has taken its own */
    return found;
}

weft_status dict_set_shared(weft_thread *self, dict *d, weft_object *key, uint64_t hash, weft_object *value)
{
    change c = {.value = value, .whatever = true};
    int found = change_shared(self, d, key, hash, &c);
    if (c.old != NULL)
        ref_drop(self, c.old, c.peeked);
    return found < 0 ? (weft_status)found : WEFT_OK;
}

int dict_replace_shared(weft_thread *self, dict *d, weft_object *key, uint64_t hash, weft_object *expected,
                        weft_object *value)
{
    change c = {.value = value, .expected = expected};
    int found = change_shared(self, d, key, hash, &c);
    if (c.old != NULL)
        ref_drop(self, c.old, c.peeked);
    return found < 0 ? found : c.stored;
}

int dict_put_shared(weft_thread *self, dict *d, weft_object *key, uint64_t hash, weft_object *value, weft_object **old)
{
    change c = {.value = value, .whatever = true};
    int found = change_shared(self, d, key, hash, &c);
    if (c.old != NULL && old != NULL && c.peeked)
        ref_linger(self, c.old);
    else if (c.old != NULL && old == NULL)
        ref_drop(self, c.old, c.peeked);
    if (old != NULL && found >= 0)
        *old = c.old;
    return found;
}
