/* peek.c - reads that count nothing: weft_dict_peek and weft_list_peek. docs/dict.md says why what they return stays good
 * until the caller's next safepoint.
 *
 * They differ from the reads of dict_lookup.c and list.h in that nothing needs to be held: in a container that was opened to
 * peeks, whatever is found - key or value, also one that is just being taken out - lives until then. So a search looks
 * at keys freely, and starts again when the array it was in has been replaced meanwhile. Any attached thread. */
#include "core/types/dict.h"
#include "core/types/list.h"
#include "core/types/types.h"
#include "weft/containers.h"

/* ---- dict ------------------------------------------------------------------------------------------------------ */

/* 1 and *value, 0 not there, DICT_ASK: only weft_equal knows. */
static int table_peek(const dict_table *t, const weft_object *key, uint64_t hash, weft_object **value)
{
    dict_entry *entries = dict_entries(t);
    for (dict_walk w = dict_walk_begin(t, hash);; dict_walk_next(&w)) {
        size_t number = dict_slot_load(t, t->log2_width, w.slot);
        if (number == SLOT_EMPTY)
            return 0;
        if (number == SLOT_GONE || entries[number].hash != hash)
            continue;
        dict_entry *e = &entries[number];
        /* order: acquire - of both: pairs with the release stores of writers, so that they are seen as they were put in.
         * NULL: the entry has been removed, and stays so. */
        const weft_object *found_key = weft_load_acquire(&e->key);
        if (found_key == NULL)
            continue;
        int same = WEFT_LIKELY(found_key == key) ? 1 : dict_same_key(found_key, key);
        if (same == DICT_ASK)
            return DICT_ASK;
        weft_object *found = same ? weft_load_acquire(&e->value) : NULL;
        if (found == NULL)
            continue;
        *value = found;
        return 1;
    }
}

static int dict_peek(dict *d, const weft_object *key, uint64_t hash, weft_object **value)
{
    for (;;) {
        /* order: acquire - pairs with the release store of a new table, so that it is seen as it was filled. */
        const dict_table *t = weft_load_acquire(&d->table);
        int found = t ? table_peek(t, key, hash, value) : 0;
        if (found != 1 || ref_array_is((void *const *)&d->table, t))
            return found;
    }
}

/* With the guard, for keys that must be asked. Letting go of those may run destructors, which may take out what was found:
 * so it is held that long. */
static int dict_peek_asking(weft_thread *self, dict *d, weft_object *key, uint64_t hash, weft_object **value)
{
    for (;;) {
        guard g;
        dict_search s;
        guard_enter(self, &g, &d->object);
        int found = dict_find(self, d, key, hash, &g, &s);
        if (found == 1)
            *value = ref_read_guarded(self, s.entry->value);
        guard_leave(self, &g);
        dict_search_end(self, &s);
        if (found != 1 || ref_lend(self, *value))
            return found;
    }
}

int weft_dict_peek(weft_thread *self, weft_object *o, weft_object *key, weft_object **value)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_DICT, __func__))
        return o ? WEFT_ERROR_TYPE : WEFT_ERROR_VALUE;
    if (key == NULL || value == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: %s is NULL", __func__, key ? "value" : "the key");
    uint64_t hash;
    weft_status status = dict_hash(self, key, &hash);
    if (WEFT_UNLIKELY(status != WEFT_OK))
        return status;
    if (WEFT_UNLIKELY(!guard_peekable(o)))
        guard_open_to_peeks(self, o);
    weft_object *found_value = NULL;
    int found = dict_peek(dict_of(o), key, hash, &found_value);
    if (WEFT_UNLIKELY(found == DICT_ASK))
        found = dict_peek_asking(self, dict_of(o), key, hash, &found_value);
    if (found >= 0)
        *value = found == 1 ? found_value : NULL; /* a table that has been replaced may have had one */
    return found;
}

/* ---- list ------------------------------------------------------------------------------------------------------ */

weft_object *weft_list_peek(weft_thread *self, weft_object *o, int64_t index)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (!object_check(o, WEFT_TYPE_LIST, __func__))
        return NULL;
    if (WEFT_UNLIKELY(!guard_peekable(o)))
        guard_open_to_peeks(self, o);
    list *l = list_of(o);
    for (;;) {
        /* order: acquire - as in list_item. */
        weft_object **items = weft_load_acquire(&l->items);
        size_t size = list_size(l);
        if (WEFT_UNLIKELY((size_t)index >= size)) {
            (void)weft_error_set(WEFT_ERROR_INDEX, "%s: index %lld is outside a list of %zu", __func__,
                                 (long long)index, size);
            return NULL;
        }
        if (WEFT_LIKELY(items != NULL) && ref_array_is((void *const *)&l->items, items)) {
            weft_object *item =
                weft_load_acquire(&items[index]); /* order: acquire - pairs with the place's release stores */
            if (WEFT_LIKELY(item != NULL) && ref_array_is((void *const *)&l->items, items))
                return item;
        }
        platform_yield(); /* items are on the move, which ends soon: nobody who moves them waits for anything */
    }
}
