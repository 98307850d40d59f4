/* set.c - sets and frozen sets: one item at a time, and what every type has. set.h says what they are made of.
 *
 * Any attached thread, any number at once. */
#include "core/types/set.h"

#include "core/text_buffer.h"
#include "core/types/items.h"
#include "core/types/copies.h"
#include "core/types/types.h"
#include "weft/iterate.h"

static weft_status check_failed(const weft_object *o, const char *wanted, const char *function)
{
    if (o == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: %s expected, got NULL", function, wanted);
    return weft_error_set(WEFT_ERROR_TYPE, "%s: %s expected, got %s", function, wanted, weft_type_of(o)->name);
}

weft_status set_check(const weft_object *o, const char *function)
{
    return WEFT_LIKELY(o != NULL && is_any_set(o)) ? WEFT_OK : check_failed(o, "set", function);
}

weft_status set_check_mutable(const weft_object *o, const char *function)
{
    return WEFT_LIKELY(o != NULL && weft_is_set(o)) ? WEFT_OK : check_failed(o, "set that can change", function);
}

static inline weft_status item_hash(weft_thread *self, weft_object *item, const char *function, uint64_t *hash)
{
    if (WEFT_UNLIKELY(item == NULL))
        return weft_error_set(WEFT_ERROR_VALUE, "%s: the item is NULL", function);
    return dict_hash(self, item, hash);
}

/* ---- making ----------------------------------------------------------------------------------------------------- */

weft_object *set_make(weft_thread *self, uint32_t index, dict_table *stolen)
{
    bool frozen = index == WEFT_TYPE_FROZENSET;
    weft_object *o = frozen ? object_alloc_container(thread_of(self), WEFT_TYPE_FROZENSET, sizeof(frozenset))
                            : object_alloc_container(thread_of(self), WEFT_TYPE_SET, sizeof(dict));
    if (o == NULL) {
        dict_drop_table(self, stolen, false, false);
        return NULL;
    }
    dict_of(o)->table = stolen;
    dict_of(o)->version = 0;
    object_track(thread_of(self), o);
    if (frozen) {
        ((frozenset *)(void *)o)->hash = 0;
        guard_open_to_readers(o);
    }
    return o;
}

/* Puts items into a set that nobody else has. */
static weft_status fill(weft_thread *self, dict *d, const item_bag *from)
{
    int added = 0;
    for (size_t i = 0; i < from->count && added >= 0; i++) {
        uint64_t hash;
        weft_status status = dict_hash(self, from->items[i], &hash);
        added = status == WEFT_OK ? dict_put(self, d, from->items[i], hash, &weft_true, NULL) : (int)status;
    }
    return added < 0 ? (weft_status)added : WEFT_OK;
}

weft_status set_collect(weft_thread *self, weft_object *source, const char *function, dict_table **table)
{
    *table = NULL;
    if (source != NULL && is_any_set(source))
        return dict_clone(self, dict_of(source), table);
    item_bag all;
    weft_status status = items_collect(self, source, function, &all);
    if (status != WEFT_OK)
        return status;
    weft_object *o = set_make(self, WEFT_TYPE_SET, NULL);
    status = o ? fill(self, dict_of(o), &all) : WEFT_ERROR_MEMORY;
    items_drop(self, &all);
    if (status == WEFT_OK)
        *table = dict_take_table_locked(dict_of(o));
    weft_xdecref(self, o);
    return status;
}

static weft_object *set_from(weft_thread *self, uint32_t index, weft_object *source, const char *function)
{
    dict_table *table = NULL;
    if (source != NULL && set_collect(self, source, function, &table) != WEFT_OK)
        return NULL;
    return set_make(self, index, table);
}

weft_object *weft_set_new(weft_thread *self, weft_object *source)
{
    WEFT_CHECK_THREAD(self, NULL);
    return set_from(self, WEFT_TYPE_SET, source, __func__);
}

weft_object *weft_frozenset_new(weft_thread *self, weft_object *source)
{
    WEFT_CHECK_THREAD(self, NULL);
    return set_from(self, WEFT_TYPE_FROZENSET, source, __func__);
}

/* ---- one item --------------------------------------------------------------------------------------------------- */

int64_t weft_set_size(weft_thread *self, const weft_object *o)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    weft_status status = set_check(o, __func__);
    return status == WEFT_OK ? (int64_t)dict_size(self, dict_of(o)) : status;
}

int weft_set_contains(weft_thread *self, weft_object *o, weft_object *item)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    uint64_t hash;
    weft_status status = set_check(o, __func__);
    if (status == WEFT_OK)
        status = item_hash(self, item, __func__, &hash);
    return WEFT_LIKELY(status == WEFT_OK) ? dict_get(self, dict_of(o), item, hash, NULL) : (int)status;
}

int weft_set_add(weft_thread *self, weft_object *o, weft_object *item)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    uint64_t hash;
    weft_status status = set_check_mutable(o, __func__);
    if (status == WEFT_OK)
        status = item_hash(self, item, __func__, &hash);
    if (WEFT_UNLIKELY(status != WEFT_OK))
        return status;
    int found = dict_put(self, dict_of(o), item, hash, &weft_true, NULL);
    return found < 0 ? found : !found;
}

int weft_set_remove(weft_thread *self, weft_object *o, weft_object *item)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    uint64_t hash;
    weft_status status = set_check_mutable(o, __func__);
    if (status == WEFT_OK)
        status = item_hash(self, item, __func__, &hash);
    return status == WEFT_OK ? dict_take(self, dict_of(o), item, hash) : (int)status;
}

int weft_set_pop(weft_thread *self, weft_object *o, weft_object **item)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    weft_status status = set_check_mutable(o, __func__);
    if (status != WEFT_OK)
        return status;
    if (item == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: item is NULL", __func__);
    if (dict_take_last(self, dict_of(o), item, NULL))
        return 1;
    *item = NULL;
    return 0;
}

weft_status weft_set_clear(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    weft_status status = set_check_mutable(o, __func__);
    if (status == WEFT_OK)
        dict_empty(self, o);
    return status;
}

int weft_set_next(weft_thread *self, weft_object *o, size_t *position, weft_object **item)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    weft_status status = set_check(o, __func__);
    if (status != WEFT_OK)
        return status;
    if (position == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: position is NULL", __func__);
    return dict_next(self, dict_of(o), position, item, NULL);
}

/* ---- what every type has ----------------------------------------------------------------------------------------- */

/* Tables are read one after the other, item by item: a set that changes meanwhile is compared as it is at each step. */
static int set_equal(weft_thread *self, weft_object *a, weft_object *b)
{
    if (!is_any_set(b) || dict_size(self, dict_of(a)) != dict_size(self, dict_of(b)))
        return 0;
    return weft_set_is_subset(self, a, b);
}

/* The sum of what the items' hashes give, mixed once more: the order does not matter. */
static weft_status frozenset_hash(weft_thread *self, weft_object *o, uint64_t *hash)
{
    (void)self;
    frozenset *s = (frozenset *)(void *)o;
    uint64_t known = weft_load_relaxed(&s->hash);
    if (known == 0) {
        const dict_table *t = s->d.table;
        size_t count = t ? t->used : 0;
        known = count;
        for (size_t i = 0; i < count; i++)
            known += hash_mix(dict_entries(t)[i].hash);
        known = hash_mix(known) | 1;
        weft_store_relaxed(&s->hash, known);
    }
    *hash = known;
    return WEFT_OK;
}

static weft_object *set_repr(weft_thread *self, weft_object *o)
{
    bool frozen = weft_is_frozenset(o);
    text_buffer b;
    size_t position = 0;
    weft_object *item;
    const char *between = frozen ? "frozenset({" : "{";
    bool empty = true;
    text_buffer_open(&b, self);
    while (!b.failed && dict_next(self, dict_of(o), &position, &item, NULL)) {
        text_buffer_add_ascii(&b, between);
        text_buffer_add_repr(&b, item);
        weft_decref(self, item);
        between = ", ";
        empty = false;
    }
    if (empty)
        text_buffer_add_ascii(&b, frozen ? "frozenset()" : "set()");
    else
        text_buffer_add_ascii(&b, frozen ? "})" : "}");
    return text_buffer_finish(&b);
}

/* A frozen set cannot be emptied while somebody may read it, and need not be: what it holds was there before it, so each
 * cycle that it is part of has an object in it that can be cleared. */
static void frozenset_clear(weft_thread *self, weft_object *o)
{
    (void)self;
    (void)o;
}

void set_types_init(void)
{
    weft_type_spec spec = {
        .name = "set",
        .size = sizeof(dict),
        .traverse = dict_traverse,
        .clear = dict_empty,
        .destroy = dict_destroy,
        .equal = set_equal,
        .repr = set_repr,
        .flags = WEFT_TYPE_HASHES,
        .raw_size = dict_raw_size,
        .copy = set_copy,
        .copy_fill = set_copy_fill,
    };
    type_set_builtin(WEFT_TYPE_SET, &spec);
    spec.name = "frozenset";
    spec.size = sizeof(frozenset);
    spec.clear = frozenset_clear;
    spec.hash = frozenset_hash;
    spec.flags = 0;
    spec.copy = NULL; /* core/copy.c knows it, as it does tuples */
    spec.copy_fill = NULL;
    type_set_builtin(WEFT_TYPE_FROZENSET, &spec);
}
