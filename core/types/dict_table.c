/* dict_table.c - tables: made, filled, emptied, replaced. See dict_table.h.
 *
 * Called inside the dict's guard, except where the name says otherwise. */
#include "core/types/dict_table.h"

#include <string.h>

/* Signed numbers of this width go up to the capacity. */
static unsigned dict_width_for(unsigned log2_slots)
{
    return log2_slots < 8 ? 0 : log2_slots < 16 ? 1 : log2_slots < 32 ? 2 : 3;
}

enum {
    DICT_MIN_SLOTS = 1 << DICT_MIN_LOG2,
    DICT_MIN_BYTES = sizeof(dict_table) + DICT_MIN_SLOTS + DICT_MIN_SLOTS * 2 / 3 * sizeof(dict_entry)
};

static dict_table *dict_table_init(dict_table *t, unsigned log2_slots, unsigned log2_width)
{
    t->used = 0;
    t->filled = 0;
    t->popped_filled = t->popped_from = 0;
    t->log2_slots = (uint8_t)log2_slots;
    t->log2_width = (uint8_t)log2_width;
    t->index_bytes = ((uint64_t)1 << (log2_slots + log2_width)) & (((uint64_t)1 << 48) - 1);
    return t;
}

/* The smallest one, which most dicts never outgrow: everything about it is constant. */
static dict_table *dict_table_new_small(weft_thread *self)
{
    dict_table *t = heap_alloc_small(thread_of(self), HEAP_RAW, DICT_MIN_BYTES);
    if (WEFT_UNLIKELY(t == NULL))
        return NULL;
    memset(t->index, 0xFF, DICT_MIN_SLOTS); /* SLOT_EMPTY */
    return dict_table_init(t, DICT_MIN_LOG2, 0);
}

/* An empty table, or NULL with the error set. */
static dict_table *dict_table_new(weft_thread *self, unsigned log2_slots)
{
    unsigned width = dict_width_for(log2_slots);
    if (log2_slots == DICT_MIN_LOG2)
        return dict_table_new_small(self);
    if (log2_slots > DICT_MAX_LOG2) {
        (void)weft_error_set(WEFT_ERROR_OVERFLOW, "a dict of %zu items is larger than memory can be",
                             dict_capacity(log2_slots));
        return NULL;
    }
    dict_table *t = heap_alloc(thread_of(self), HEAP_RAW, dict_table_bytes(log2_slots, width));
    if (t == NULL)
        return NULL;
    memset(t->index, 0xFF, (size_t)1 << (log2_slots + width));
    return dict_table_init(t, log2_slots, width);
}

static void dict_table_free(weft_thread *self, dict_table *t, bool readers)
{
    size_t bytes = dict_table_bytes(t->log2_slots, t->log2_width);
    if (readers)
        weft_mem_retire(self, t, bytes);
    else if (WEFT_LIKELY(t->log2_slots == DICT_MIN_LOG2))
        heap_free_small(thread_of(self), HEAP_RAW, t, DICT_MIN_BYTES);
    else
        heap_free(thread_of(self), HEAP_RAW, t, bytes);
}

/* The slot a new key goes to: the first on its way that holds no entry. */
static size_t dict_free_slot(const dict_table *t, uint64_t hash)
{
    dict_walk w = dict_walk_begin(t, hash);
    while (dict_slot_load(t, t->log2_width, w.slot) < SLOT_GONE)
        dict_walk_next(&w);
    return w.slot;
}

/* Room for one more and then half as many again: doubles a table that is full of live entries, shrinks one that is
 * full of removed ones. */
static unsigned dict_log2_for(size_t used)
{
    unsigned log2 = DICT_MIN_LOG2;
    while (log2 <= DICT_MAX_LOG2 && dict_capacity(log2) < used + used / 2 + 1)
        log2++;
    return log2;
}

/* Moves the live entries of `from` to the front of `to`, which may be the same table; nobody reads `to`. */
static void dict_pack(dict_table *to, const dict_table *from)
{
    dict_entry *target = dict_entries(to);
    const dict_entry *source = dict_entries(from);
    size_t packed = 0, filled = from->filled;
    for (size_t i = 0; i < filled; i++) {
        if (source[i].value == NULL)
            continue;
        target[packed] = source[i];
        dict_slot_store(to, dict_free_slot(to, target[packed].hash), packed);
        packed++;
    }
    to->filled = packed;
    to->used = packed;
    to->popped_filled = to->popped_from = 0;
}

/* Makes room for another entry. */
static weft_status dict_rebuild_locked(weft_thread *self, dict *d)
{
    dict_table *old = d->table;
    bool readers = !guard_alone(self, &d->object);
    unsigned log2 = dict_log2_for(old ? old->used : 0);
    if (old != NULL && !readers && log2 == old->log2_slots) {
        memset(old->index, 0xFF, dict_slots(old) << old->log2_width);
        dict_pack(old, old);
        dict_raise_version_locked(d);
        return WEFT_OK;
    }
    dict_table *fresh = dict_table_new(self, log2);
    if (fresh == NULL)
        return log2 > DICT_MAX_LOG2 ? WEFT_ERROR_OVERFLOW : WEFT_ERROR_MEMORY;
    if (old != NULL)
        dict_pack(fresh, old);
    dict_raise_version_locked(d);
    /* order: release - pairs with readers' acquire loads of `table`, who then see all of it. */
    weft_store_release(&d->table, fresh);
    if (old != NULL)
        dict_table_free(self, old, readers);
    return WEFT_OK;
}

/* Before an entry comes or goes: the number is not to be believed until it is written anew. */
static inline size_t dict_used_change(dict_table *t)
{
    size_t used = t->used;
    /* order: release - and the stores of the change are releases too: who has seen the change sees this. */
    weft_store_release(&t->used, used | DICT_USED_CHANGES);
    return used;
}

/* The first entry: the table is complete before anybody can see it. */
static weft_status dict_insert_first_locked(weft_thread *self, dict *d, weft_object *key, uint64_t hash,
                                            weft_object *value)
{
    dict_table *t = dict_table_new_small(self);
    if (WEFT_UNLIKELY(t == NULL))
        return WEFT_ERROR_MEMORY;
    weft_incref(self, key);
    weft_incref(self, value);
    t->index[hash & (DICT_MIN_SLOTS - 1)] = 0; /* where every walk begins */
    dict_entries(t)[0] = (dict_entry){hash, key, value};
    t->filled = t->used = 1;
    dict_raise_version_locked(d);
    /* order: release - pairs with readers' acquire loads of `table`, who then see all of it. */
    weft_store_release(&d->table, t);
    return WEFT_OK;
}

weft_status dict_insert_locked(weft_thread *self, dict *d, weft_object *key, uint64_t hash, weft_object *value)
{
    dict_table *t = d->table;
    if (t == NULL)
        return dict_insert_first_locked(self, d, key, hash, value);
    if (WEFT_UNLIKELY(t->filled == dict_capacity(t->log2_slots))) {
        weft_status status = dict_rebuild_locked(self, d);
        if (status != WEFT_OK)
            return status;
        t = d->table;
    }
    assert(t != NULL && t->filled < dict_capacity(t->log2_slots));
    size_t slot = dict_free_slot(t, hash);
    size_t number = t->filled;
    dict_entry *e = &dict_entries(t)[number];
    weft_incref(self, key);
    weft_incref(self, value);
    e->hash = hash;
    e->key = key;
    e->value = value;
    dict_raise_version_locked(d);
    /* order: release - pairs with dict_next's acquire load: entries below `filled` are complete. */
    weft_store_release(&t->filled, number + 1);
    size_t used = dict_used_change(t);
    dict_slot_store(t, slot, number);
    /* order: release - pairs with dict_size: who sees the number of entries sees the entries. */
    weft_store_release(&t->used, used + 1);
    return WEFT_OK;
}

void dict_remove_locked(dict *d, dict_entry *e, size_t slot, weft_object **key, weft_object **value)
{
    dict_table *t = d->table;
    *key = e->key;
    *value = e->value;
    size_t used = dict_used_change(t);
    /* order: release - before either can die, so that ref_read's second look misses it. The value goes first: its
     * store is the moment of removal. */
    weft_store_release(&e->value, (weft_object *)NULL);
    weft_store_release(&e->key, (weft_object *)NULL);
    dict_slot_store(t, slot, SLOT_GONE);
    weft_store_release(&t->used, used - 1); /* order: release - as in dict_insert_locked */
}

static size_t slot_of_entry(const dict_table *t, uint64_t hash, size_t number)
{
    dict_walk w = dict_walk_begin(t, hash);
    while (dict_slot_load(t, t->log2_width, w.slot) != number)
        dict_walk_next(&w);
    return w.slot;
}

/* Remembers how far the entries at the end are gone, so that popping all of them one by one takes no longer than that. */
bool dict_remove_last_locked(dict *d, weft_object **key, weft_object **value)
{
    dict_table *t = d->table;
    if (t == NULL || t->used == 0)
        return false;
    size_t number = t->filled == t->popped_filled ? t->popped_from : t->filled;
    dict_entry *entries = dict_entries(t);
    do
        number--;
    while (entries[number].value == NULL);
    uint64_t hash = entries[number].hash;
    dict_remove_locked(d, &entries[number], slot_of_entry(t, hash, number), key, value);
    if (t->filled <= UINT32_MAX) {
        t->popped_filled = (uint32_t)t->filled;
        t->popped_from = (uint32_t)number;
    }
    return true;
}

dict_table *dict_clone_locked(weft_thread *self, const dict *d, bool *failed)
{
    *failed = false;
    if (d->table == NULL || d->table->used == 0)
        return NULL;
    unsigned log2 = DICT_MIN_LOG2;
    while (dict_capacity(log2) < d->table->used)
        log2++;
    dict_table *t = dict_table_new(self, log2);
    *failed = t == NULL;
    if (t == NULL)
        return NULL;
    dict_pack(t, d->table);
    dict_entry *entries = dict_entries(t);
    for (size_t i = 0; i < t->filled; i++) {
        weft_incref(self, entries[i].key);
        weft_incref(self, entries[i].value);
    }
    return t;
}

dict_table *dict_take_table_locked(dict *d)
{
    dict_table *t = d->table;
    dict_raise_version_locked(d);
    /* order: release - pairs with readers' acquire loads of `table`. */
    weft_store_release(&d->table, (dict_table *)NULL);
    return t;
}

void dict_drop_table_plain(weft_thread *self, dict_table *t)
{
    dict_entry *entries = dict_entries(t);
    for (size_t i = 0, filled = t->filled; i < filled; i++) {
        if (WEFT_UNLIKELY(entries[i].value == NULL))
            continue;
        weft_decref(self, entries[i].key);
        weft_decref(self, entries[i].value);
    }
    dict_table_free(self, t, false);
}

/* Outside the guard. The entries stay as they are: readers may still be on them, and find that the dict has another
 * table now. */
void dict_drop_table(weft_thread *self, dict_table *t, bool readers, bool peeked)
{
    if (t == NULL)
        return;
    dict_entry *entries = dict_entries(t);
    for (size_t i = 0; i < t->filled; i++) {
        if (entries[i].value == NULL)
            continue;
        ref_drop(self, entries[i].key, peeked);
        ref_drop(self, entries[i].value, peeked);
    }
    dict_table_free(self, t, readers);
}
