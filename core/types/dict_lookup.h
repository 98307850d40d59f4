/* dict_lookup.h - finding a key in a dict: inside its guard, or without a lock.
 *
 * Two keys are the same if they are one object; if both are str or both int and alike, which is seen at once; or if
 * weft_equal says so, which may run code of the program. That is done with the guard left and references held, and then
 * the dict is looked at again (dict_lookup.c). */
#ifndef WEFT_CORE_TYPES_DICT_LOOKUP_H
#define WEFT_CORE_TYPES_DICT_LOOKUP_H

#include "core/hash.h"
#include "core/types/dict_table.h"
#include "core/types/str.h"

/* What weft_hash gives. */
static inline weft_status dict_hash(weft_thread *self, weft_object *key, uint64_t *hash)
{
    uint32_t type = weft_type_index(key);
    if (WEFT_LIKELY(type == WEFT_TYPE_STR))
        *hash = str_hash(str_of(key));
    else if (type == WEFT_TYPE_INT)
        *hash = hash_int(((const weft_int_object *)(const void *)key)->value);
    else
        return weft_hash(self, key, hash);
    return WEFT_OK;
}

/* Two different objects with the same hash: 1 the same key, 0 not, DICT_ASK only weft_equal knows. Both are alive. */
enum { DICT_ASK = 2 };

static inline int dict_same_key(const weft_object *a, const weft_object *b)
{
    uint32_t type = weft_type_index(a);
    if (type != weft_type_index(b))
        return DICT_ASK;
    if (type == WEFT_TYPE_STR)
        return str_equal(str_of(a), str_of(b));
    if (type == WEFT_TYPE_INT)
        return ((const weft_int_object *)(const void *)a)->value == ((const weft_int_object *)(const void *)b)->value;
    return DICT_ASK;
}

enum { DICT_FEW = 4 };

/* Where a key was found, and the keys that were asked about on the way. Lives on the stack; must be ended. */
typedef struct dict_search {
    dict_entry *entry; /* if found */
    size_t slot;       /* the entry's */
    uintptr_t *asked;  /* references to keys that weft_equal was asked about; low bit: they are equal */
    size_t asked_count, asked_capacity;
    uintptr_t few[DICT_FEW];
} dict_search;

/* Inside the guard. 1 found, 0 not there, DICT_ASK: the search ended at a key that only weft_equal knows about. */
int dict_probe_locked(const dict_table *t, const weft_object *key, uint64_t hash, dict_search *s);

/* The rest of the search after DICT_ASK; leaves and enters the guard. 1, 0, or a negative status. */
int dict_find_asking(weft_thread *self, dict *d, weft_object *key, uint64_t hash, guard *g, dict_search *s);

void dict_search_end_asked(weft_thread *self, dict_search *s);

/* Inside the guard `g`, which may have been left meanwhile if it asks, and is held when it returns, whatever it returns:
 * 1 found (s->entry, s->slot), 0 not there, or a negative status from an equality callback or for want of memory. */
static inline int dict_find(weft_thread *self, dict *d, weft_object *key, uint64_t hash, guard *g, dict_search *s)
{
    s->asked_count = 0;
    int found = d->table == NULL ? 0 : dict_probe_locked(d->table, key, hash, s);
    return WEFT_LIKELY(found != DICT_ASK) ? found : dict_find_asking(self, d, key, hash, g, s);
}

/* Outside the guard, after every dict_find. */
static inline void dict_search_end(weft_thread *self, dict_search *s)
{
    if (WEFT_UNLIKELY(s->asked_count != 0))
        dict_search_end_asked(self, s);
}

/* Without a lock, if guard_readable: 1 and *value, a new reference, or NULL if `value` is; 0 not there;
 * DICT_ASK: take the guard and look again. */
int dict_read(weft_thread *self, dict *d, weft_object *key, uint64_t hash, weft_object **value);

#endif
