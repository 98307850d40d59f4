/* dict_ops.c - the dict's operations on two values or on many entries: swap, pop the last, lists of parts, copy, update.
 *
 * Whole dicts are read as a clone of the table, taken in one step: so hashes are not computed again. Any attached thread. */
#include "core/types/dict.h"
#include "core/types/items.h"
#include "core/types/types.h"
#include "weft/containers.h"

/* ---- one entry, for dicts and sets ------------------------------------------------------------------------------ */

int dict_put(weft_thread *self, dict *d, weft_object *key, uint64_t hash, weft_object *value, weft_object **old)
{
    if (!guard_alone(self, &d->object))
        return dict_put_shared(self, d, key, hash, value, old);
    weft_object *was = NULL;
    guard g;
    dict_search s;
    guard_enter(self, &g, &d->object);
    int found = dict_find(self, d, key, hash, &g, &s);
    if (found == 1) {
        was = s.entry->value;
        weft_incref(self, value);
        weft_store_release(&s.entry->value, value); /* order: release - pairs with ref_read. */
    } else if (found == 0) {
        found = dict_insert_locked(self, d, key, hash, value);
    }
    bool peeked = guard_is_peeked(&g, &d->object);
    guard_leave(self, &g);
    dict_search_end(self, &s);
    if (was != NULL && old != NULL && peeked)
        ref_linger(self, was);
    else if (was != NULL && old == NULL)
        ref_drop(self, was, peeked);
    if (old != NULL && found >= 0)
        *old = was;
    return found;
}

int dict_take(weft_thread *self, dict *d, weft_object *key, uint64_t hash)
{
    weft_object *old_key = NULL, *old_value = NULL;
    guard g;
    dict_search s;
    guard_enter(self, &g, &d->object);
    int found = dict_find(self, d, key, hash, &g, &s);
    if (found == 1)
        dict_remove_locked(d, s.entry, s.slot, &old_key, &old_value);
    bool peeked = guard_is_peeked(&g, &d->object);
    guard_leave(self, &g);
    dict_search_end(self, &s);
    if (found == 1)
        dict_let_go(self, old_key, old_value, peeked, NULL, NULL);
    return found;
}

bool dict_take_last(weft_thread *self, dict *d, weft_object **key, weft_object **value)
{
    weft_object *old_key, *old_value;
    guard g;
    guard_enter(self, &g, &d->object);
    bool there = dict_remove_last_locked(d, &old_key, &old_value);
    bool peeked = guard_is_peeked(&g, &d->object);
    guard_leave(self, &g);
    if (there)
        dict_let_go(self, old_key, old_value, peeked, key, value);
    return there;
}

weft_status dict_clone(weft_thread *self, dict *d, dict_table **clone)
{
    bool failed;
    guard g;
    guard_enter(self, &g, &d->object);
    *clone = dict_clone_locked(self, d, &failed);
    guard_leave(self, &g);
    return failed ? weft_error_status() : WEFT_OK;
}

/* ---- public ---------------------------------------------------------------------------------------------------- */

int weft_dict_swap(weft_thread *self, weft_object *o, weft_object *key, weft_object *value, weft_object **old)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_DICT, __func__))
        return o ? WEFT_ERROR_TYPE : WEFT_ERROR_VALUE;
    if (key == NULL || value == NULL || old == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: %s is NULL", __func__,
                              key == NULL     ? "the key"
                              : value == NULL ? "the value"
                                              : "old");
    uint64_t hash;
    weft_status status = dict_hash(self, key, &hash);
    return status == WEFT_OK ? dict_put(self, dict_of(o), key, hash, value, old) : (int)status;
}

int weft_dict_pop_last(weft_thread *self, weft_object *o, weft_object **key, weft_object **value)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_DICT, __func__))
        return o ? WEFT_ERROR_TYPE : WEFT_ERROR_VALUE;
    if (key == NULL || value == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: %s is NULL", __func__, key ? "value" : "key");
    if (dict_take_last(self, dict_of(o), key, value))
        return 1;
    *key = *value = NULL;
    return 0;
}

static weft_object *part_of_entry(weft_thread *self, const dict_entry *e, weft_dict_part part)
{
    if (part == WEFT_DICT_ITEMS) {
        weft_object *both[2] = {e->key, e->value};
        return weft_tuple_new(self, both, 2);
    }
    return weft_ref(self, part == WEFT_DICT_KEYS ? e->key : e->value);
}

weft_object *weft_dict_list(weft_thread *self, weft_object *o, weft_dict_part part)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (!object_check(o, WEFT_TYPE_DICT, __func__))
        return NULL;
    if ((unsigned)part > WEFT_DICT_ITEMS) {
        (void)weft_error_set(WEFT_ERROR_VALUE, "%s: a dict has no part %d", __func__, (int)part);
        return NULL;
    }
    dict_table *t;
    if (dict_clone(self, dict_of(o), &t) != WEFT_OK)
        return NULL;
    size_t count = t ? t->used : 0;
    weft_object *result = weft_list_new(self, count);
    for (size_t i = 0; result != NULL && i < count; i++) {
        weft_object *item = part_of_entry(self, &dict_entries(t)[i], part);
        if (item == NULL) {
            weft_decref(self, result);
            result = NULL;
            break;
        }
        list_of(result)->items[i] = item;
        list_of(result)->size = i + 1;
    }
    dict_drop_table(self, t, false, false);
    return result;
}

weft_object *weft_dict_copy(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (!object_check(o, WEFT_TYPE_DICT, __func__))
        return NULL;
    weft_object *copy = weft_dict_new(self);
    if (copy == NULL)
        return NULL;
    dict_table *t;
    if (dict_clone(self, dict_of(o), &t) != WEFT_OK) {
        weft_decref(self, copy);
        return NULL;
    }
    dict_of(copy)->table = t;
    return copy;
}

weft_status weft_dict_update(weft_thread *self, weft_object *o, weft_object *from)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_DICT, __func__) || !object_check(from, WEFT_TYPE_DICT, __func__))
        return weft_error_status();
    dict_table *t;
    weft_status status = dict_clone(self, dict_of(from), &t);
    int put = status;
    for (size_t i = 0; t != NULL && i < t->used && put >= 0; i++) {
        const dict_entry *e = &dict_entries(t)[i];
        put = dict_put(self, dict_of(o), e->key, e->hash, e->value, NULL);
    }
    dict_drop_table(self, t, false, false);
    return put < 0 ? (weft_status)put : WEFT_OK;
}
