/* dict_table.h - the dict, and the table behind it: an index of slots by hash, and the entries in order of insertion.
 *
 * The shape is that of CPython's compact dict (Raymond Hettinger, 2012): the index is sparse and holds small numbers, the
 * entries are dense. A table is one block of raw memory:
 *
 *     header | index: 2^n slots of 1, 2, 4 or 8 bytes | entries: two thirds as many as slots
 *
 * Invariants, outside a guard (guard.h):
 *   - a slot is SLOT_EMPTY, SLOT_GONE (its entry was removed), or the number of an entry below `filled`.
 *   - an entry is handed out once in the life of a table with readers: its hash never changes, its key is set once and
 *     then NULL for good, and it is complete before `filled` and the slot say that it exists.
 *   - an entry whose value is NULL was removed: value first, then key, then slot.
 *   - filled <= capacity < slots: so there is always an empty slot, where every search ends.
 *   - a live entry's slot does not move: so a search that began before a change finds every key that stayed.
 * docs/dict.md says why that is enough for readers without a lock. */
#ifndef WEFT_CORE_TYPES_DICT_TABLE_H
#define WEFT_CORE_TYPES_DICT_TABLE_H

#include "core/types/guard.h"

typedef struct dict_entry {
    uint64_t hash;      /* constant once the entry is seen */
    weft_object *key;   /* written under the guard, read by anyone: acquire, release */
    weft_object *value; /* the same */
} dict_entry;

/* Set in `used` while an entry comes or goes, which takes more than one store. */
#define DICT_USED_CHANGES ((size_t)1 << (8 * sizeof(size_t) - 1))

typedef struct dict_table {
    size_t used;   /* live entries; written under the guard. With DICT_USED_CHANGES: not for readers without it */
    size_t filled; /* entries handed out, live or removed; the same */
    /* Constant. */
    uint64_t log2_slots : 8;
    uint64_t log2_width : 8;   /* bytes of a slot */
    uint64_t index_bytes : 48; /* of all slots: so the entries are found without a shift by a variable */
    uint32_t popped_filled;    /* when `filled` is this, entries from popped_from on are gone; under the guard */
    uint32_t popped_from;
    uint8_t index[]; /* and then the entries */
} dict_table;

typedef struct dict {
    weft_object object;
    dict_table *table; /* NULL: nothing in it. Written under the guard, read by anyone: acquire, release */
    uint64_t version;  /* new keys and new tables so far: written under the guard, read by anyone, relaxed */
} dict;

#define SLOT_EMPTY SIZE_MAX
#define SLOT_GONE (SIZE_MAX - 1)

enum { DICT_MIN_LOG2 = 3, DICT_MAX_LOG2 = 44 /* index_bytes goes on to 2^47 */ };

static inline dict *dict_of(const weft_object *o)
{
    return (dict *)(void *)(uintptr_t)o;
}

static inline size_t dict_slots(const dict_table *t)
{
    return (size_t)1 << t->log2_slots;
}

/* Entries of a table of 2^log2 slots. */
static inline size_t dict_capacity(unsigned log2)
{
    return ((size_t)2 << log2) / 3;
}

static inline dict_entry *dict_entries(const dict_table *t)
{
    return (dict_entry *)(void *)((uintptr_t)t->index + t->index_bytes);
}

static inline size_t dict_table_bytes(unsigned log2_slots, unsigned log2_width)
{
    return sizeof(dict_table) + ((size_t)1 << (log2_slots + log2_width)) +
           dict_capacity(log2_slots) * sizeof(dict_entry);
}

/* Empty and gone slots are all ones but the lowest bit or so: the numbers are signed, so they come out alike from any
 * width. `width` is a constant where it matters.
 * order: acquire - pairs with the release store of dict_slot_store, so that the entry is seen complete. */
static inline size_t dict_slot_load(const dict_table *t, unsigned log2_width, size_t slot)
{
    const void *index = t->index;
    switch (log2_width) {
    case 0:
        return (size_t)weft_load_acquire((const int8_t *)index + slot);
    case 1:
        return (size_t)weft_load_acquire((const int16_t *)index + slot);
    case 2:
        return (size_t)weft_load_acquire((const int32_t *)index + slot);
    default:
        return (size_t)weft_load_acquire((const int64_t *)index + slot);
    }
}

/* order: release - pairs with dict_slot_load. */
static inline void dict_slot_store(dict_table *t, size_t slot, size_t value)
{
    void *index = t->index;
    switch (t->log2_width) {
    case 0:
        weft_store_release((int8_t *)index + slot, (int8_t)value);
        break;
    case 1:
        weft_store_release((int16_t *)index + slot, (int16_t)value);
        break;
    case 2:
        weft_store_release((int32_t *)index + slot, (int32_t)value);
        break;
    default:
        weft_store_release((int64_t *)index + slot, (int64_t)value);
        break;
    }
}

/* For functions written once for any width of slot and compiled for each of the four. */
#define DICT_BY_WIDTH(t, call) \
    switch ((t)->log2_width) { \
    case 0:                    \
        return call(0);        \
    case 1:                    \
        return call(1);        \
    case 2:                    \
        return call(2);        \
    default:                   \
        return call(3);        \
    }

/* The order in which slots are looked at: i = 5 i + 1 visits all of a power of two; the hash's upper bits come in from
 * above so that keys that share the lower bits part soon (CPython's dictobject.c explains it at length). */
typedef struct dict_walk {
    size_t slot;
    size_t mask;
    uint64_t perturb;
} dict_walk;

static inline dict_walk dict_walk_begin(const dict_table *t, uint64_t hash)
{
    size_t mask = dict_slots(t) - 1;
    return (dict_walk){(size_t)hash & mask, mask, hash};
}

static inline void dict_walk_next(dict_walk *w)
{
    w->perturb >>= 5;
    w->slot = (w->slot * 5 + (size_t)w->perturb + 1) & w->mask;
}

/* A new entry for a key that is not there; takes references of its own. WEFT_ERROR_MEMORY, _OVERFLOW: nothing changed. */
weft_status dict_insert_locked(weft_thread *self, dict *d, weft_object *key, uint64_t hash, weft_object *value);

/* Takes entry and slot out of the table. The references are the caller's: they are dropped outside the guard. */
void dict_remove_locked(dict *d, dict_entry *e, size_t slot, weft_object **key, weft_object **value);

/* Takes out the entry that came last. False: the dict is empty. */
bool dict_remove_last_locked(dict *d, weft_object **key, weft_object **value);

/* Takes the table away; the dict is empty then. Its references are dropped outside the guard by dict_drop_table. */
dict_table *dict_take_table_locked(dict *d);
void dict_drop_table(weft_thread *self, dict_table *t, bool readers, bool peeked);
/* The same for a table that nobody reads, of a dict with a plain header. */
void dict_drop_table_plain(weft_thread *self, dict_table *t);

/* A table of the same entries, without gaps, with references of its own; NULL, and no error, if there are none, or with the
 * error set. */
dict_table *dict_clone_locked(weft_thread *self, const dict *d, bool *failed);

/* Is raised before the change that it is about can be seen. */
static inline void dict_raise_version_locked(dict *d)
{
    weft_store_relaxed(&d->version, d->version + 1);
}

static inline uint64_t dict_version(const dict *d)
{
    return weft_load_relaxed(&d->version);
}

#endif
