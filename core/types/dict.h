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

int dict_traverse(weft_object *o, weft_visit_fn visit, void *arg);
int dict_equal(weft_thread *self, weft_object *a, weft_object *b);
weft_object *dict_repr(weft_thread *self, weft_object *o);

#endif
