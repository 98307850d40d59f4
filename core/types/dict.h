/* dict.h - what the dict's files share with each other: the type's callbacks, and iteration. */
#ifndef WEFT_CORE_TYPES_DICT_H
#define WEFT_CORE_TYPES_DICT_H

#include "core/types/dict_lookup.h"
#include "weft/refcount.h"

/* As weft_dict_next, for a dict known to be one. Never fails. */
bool dict_next(weft_thread *self, dict *d, size_t *position, weft_object **key, weft_object **value);

int dict_get_guarded(weft_thread *self, dict *d, weft_object *key, uint64_t hash, weft_object **value);

/* As weft_dict_get, for a dict known to be one and a hash known; *value is written only if the key is there, and `value`
 * may be NULL. */
static inline int dict_get(weft_thread *self, dict *d, weft_object *key, uint64_t hash, weft_object **value)
{
    if (WEFT_LIKELY(!guard_is_free() && guard_readable(self, &d->object))) {
        int found = dict_read(self, d, key, hash, value);
        if (WEFT_LIKELY(found != DICT_ASK))
            return found;
    }
    if (guard_is_free() && d->table != NULL) {
        dict_search s;
        int found = dict_probe_locked(d->table, key, hash, &s);
        if (found == 1 && value != NULL)
            *value = weft_ref(self, s.entry->value);
        if (WEFT_LIKELY(found != DICT_ASK))
            return found;
    }
    return dict_get_guarded(self, d, key, hash, value);
}

size_t dict_size(weft_thread *self, dict *d);

/* Outside the guard: a key and a value that were taken out. What `key_out` and `value_out`, each of which may be NULL, get
 * is theirs; the rest is dropped. */
static inline void dict_let_go(weft_thread *self, weft_object *key, weft_object *value, bool peeked,
                               weft_object **key_out, weft_object **value_out)
{
    if (WEFT_UNLIKELY(peeked && key_out != NULL))
        ref_linger(self, key);
    if (WEFT_UNLIKELY(peeked && value_out != NULL))
        ref_linger(self, value);
    if (key_out != NULL)
        *key_out = key;
    if (value_out != NULL)
        *value_out = value;
    if (key_out == NULL)
        ref_drop(self, key, peeked);
    if (value_out == NULL)
        ref_drop(self, value, peeked);
}

/* weft_dict_set, weft_dict_replace and dict_put of any dict; for one that is not the caller's alone: dict_shared.c. */
weft_status dict_set_shared(weft_thread *self, dict *d, weft_object *key, uint64_t hash, weft_object *value);
int dict_replace_shared(weft_thread *self, dict *d, weft_object *key, uint64_t hash, weft_object *expected,
                        weft_object *value);
int dict_put_shared(weft_thread *self, dict *d, weft_object *key, uint64_t hash, weft_object *value, weft_object **old);

/* Sets an entry, for a dict known to be one and a hash known; unless `old` is NULL, *old is what was there or NULL. 1 the
 * key was there, 0 it is new, or a negative status. dict_ops.c. */
int dict_put(weft_thread *self, dict *d, weft_object *key, uint64_t hash, weft_object *value, weft_object **old);
/* Takes an entry out and drops it. 1, 0 it was not there, or a negative status. */
int dict_take(weft_thread *self, dict *d, weft_object *key, uint64_t hash);
bool dict_take_last(weft_thread *self, dict *d, weft_object **key, weft_object **value);

/* The entries of one moment, in a table of the caller's (dict_drop_table), or NULL if there are none. */
weft_status dict_clone(weft_thread *self, dict *d, dict_table **clone);

void dict_empty(weft_thread *self, weft_object *o);
void dict_destroy(weft_thread *self, weft_object *o);
int dict_traverse(weft_object *o, weft_visit_fn visit, void *arg);
int dict_equal(weft_thread *self, weft_object *a, weft_object *b);
weft_object *dict_repr(weft_thread *self, weft_object *o);

#endif
