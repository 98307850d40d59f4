/* dict.c - the dict's public functions. dict_table.h has its shape, dict_lookup.h how keys are found, docs/dict.md the
 * argument that readers need no lock.
 *
 * Any attached thread, any number at once. Writers take the dict's guard, and drop references after they left it. */
#include "core/types/dict.h"

#include "core/types/copies.h"
#include "core/types/types.h"

/* The checks that all functions with a key begin with. Sets the error; *hash is the key's. */
static inline __attribute__((always_inline)) weft_status dict_check(weft_thread *self, const weft_object *o,
                                                                    weft_object *key, const char *function,
                                                                    uint64_t *hash)
{
    if (WEFT_UNLIKELY(!object_check(o, WEFT_TYPE_DICT, function)))
        return o ? WEFT_ERROR_TYPE : WEFT_ERROR_VALUE;
    if (WEFT_UNLIKELY(key == NULL))
        return weft_error_set(WEFT_ERROR_VALUE, "%s: the key is NULL", function);
    return dict_hash(self, key, hash);
}

static weft_status dict_null_error(const char *function, const char *what)
{
    return weft_error_set(WEFT_ERROR_VALUE, "%s: %s is NULL", function, what);
}

/* The whole of weft_dict_new, of which that does the common part without a call: then it saves no registers. */
static __attribute__((noinline)) weft_object *dict_new_any(weft_thread *self)
{
    if (thread_check(self, "weft_dict_new") != WEFT_OK)
        return NULL;
    thread *t = thread_of(self);
    weft_object *o = object_alloc_container(t, WEFT_TYPE_DICT, sizeof(dict));
    if (o == NULL)
        return NULL;
    dict_of(o)->table = NULL;
    dict_of(o)->version = 0;
    object_track(t, o);
    return o;
}

weft_object *weft_dict_new(weft_thread *self)
{
    weft_object *o = NULL;
    if (thread_is_current(self))
        o = object_take_container(thread_of(self), sizeof(dict));
    if (WEFT_UNLIKELY(o == NULL))
        return dict_new_any(self);
    dict_of(o)->table = NULL;
    dict_of(o)->version = 0;
    header_init_tracked(thread_of(self), o, WEFT_TYPE_DICT);
    return o;
}

static inline size_t size_now(const dict *d)
{
    /* order: acquire - pairs with the release stores of the table and of `used`: who sees the number of entries sees
     * the entries. */
    const dict_table *t = weft_load_acquire(&d->table);
    return t ? weft_load_acquire(&t->used) : 0;
}

/* Who has seen an entry come or go sees the number of entries after that, or that it changes, and waits. */
size_t dict_size(weft_thread *self, dict *d)
{
    if (WEFT_LIKELY(guard_readable(self, &d->object))) {
        size_t size = size_now(d);
        if (WEFT_LIKELY(!(size & DICT_USED_CHANGES)))
            return size;
    }
    guard g;
    guard_enter(self, &g, &d->object);
    size_t size = size_now(d);
    guard_leave(self, &g);
    return size;
}

int64_t weft_dict_size(weft_thread *self, const weft_object *o)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_DICT, __func__))
        return o ? WEFT_ERROR_TYPE : WEFT_ERROR_VALUE;
    return (int64_t)dict_size(self, dict_of(o));
}

int dict_get_guarded(weft_thread *self, dict *d, weft_object *key, uint64_t hash, weft_object **value)
{
    guard g;
    dict_search s;
    guard_enter(self, &g, &d->object);
    int found = dict_find(self, d, key, hash, &g, &s);
    if (found == 1 && value != NULL)
        *value = ref_read_guarded(self, s.entry->value);
    guard_leave(self, &g);
    dict_search_end(self, &s);
    return found;
}

int weft_dict_get(weft_thread *self, weft_object *o, weft_object *key, weft_object **value)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    uint64_t hash;
    weft_status status = dict_check(self, o, key, __func__, &hash);
    if (WEFT_UNLIKELY(status != WEFT_OK))
        return status;
    if (WEFT_UNLIKELY(value == NULL))
        return dict_null_error(__func__, "value");
    int found = dict_get(self, dict_of(o), key, hash, value);
    if (found == 0)
        *value = NULL;
    return found;
}

int weft_dict_contains(weft_thread *self, weft_object *o, weft_object *key)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    uint64_t hash;
    weft_status status = dict_check(self, o, key, __func__, &hash);
    return WEFT_LIKELY(status == WEFT_OK) ? dict_get(self, dict_of(o), key, hash, NULL) : (int)status;
}

/* Stores a new value into an entry and hands back the old one, to be dropped outside the guard. */
static inline weft_object *dict_store_locked(weft_thread *self, dict_entry *e, weft_object *value)
{
    weft_object *old = e->value;
    weft_incref(self, value);
    /* order: release - pairs with ref_read. */
    weft_store_release(&e->value, value);
    return old;
}

weft_status weft_dict_set(weft_thread *self, weft_object *o, weft_object *key, weft_object *value)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    uint64_t hash;
    weft_status status = dict_check(self, o, key, __func__, &hash);
    if (WEFT_UNLIKELY(status != WEFT_OK))
        return status;
    if (WEFT_UNLIKELY(value == NULL))
        return dict_null_error(__func__, "the value");
    dict *d = dict_of(o);
    weft_object *old = NULL;
    dict_search s;
    guard_pass *own = guard_try(self, o);
    if (WEFT_UNLIKELY(own == NULL))
        return dict_set_shared(self, d, key, hash, value);
    int found = d->table == NULL ? 0 : dict_probe_locked(d->table, key, hash, &s);
    if (WEFT_LIKELY(found == 1))
        old = dict_store_locked(self, s.entry, value);
    else if (found == 0)
        status = dict_insert_locked(self, d, key, hash, value);
    guard_end(own);
    if (WEFT_UNLIKELY(found == DICT_ASK))
        return dict_set_shared(self, d, key, hash, value);
    if (old != NULL)
        weft_decref(self, old); /* nobody has peeked: who needs no lock is alone */
    return status;
}

int weft_dict_pop(weft_thread *self, weft_object *o, weft_object *key, weft_object **value)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    uint64_t hash;
    weft_status status = dict_check(self, o, key, __func__, &hash);
    if (WEFT_UNLIKELY(status != WEFT_OK))
        return status;
    dict *d = dict_of(o);
    weft_object *old_key = NULL, *old_value = NULL;
    guard g;
    dict_search s;
    guard_enter(self, &g, o);
    int found = dict_find(self, d, key, hash, &g, &s);
    if (found == 1)
        dict_remove_locked(d, s.entry, s.slot, &old_key, &old_value);
    bool peeked = guard_is_peeked(&g, o);
    guard_leave(self, &g);
    dict_search_end(self, &s);
    if (found == 1)
        dict_let_go(self, old_key, old_value, peeked, NULL, value);
    else if (found == 0 && value != NULL)
        *value = NULL;
    return found;
}

int weft_dict_set_default(weft_thread *self, weft_object *o, weft_object *key, weft_object *fallback,
                          weft_object **value)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    uint64_t hash;
    weft_status status = dict_check(self, o, key, __func__, &hash);
    if (WEFT_UNLIKELY(status != WEFT_OK))
        return status;
    if (WEFT_UNLIKELY(fallback == NULL || value == NULL))
        return dict_null_error(__func__, fallback ? "value" : "the fallback");
    dict *d = dict_of(o);
    guard g;
    dict_search s;
    guard_enter(self, &g, o);
    int found = dict_find(self, d, key, hash, &g, &s);
    if (found == 1)
        *value = ref_read_guarded(self, s.entry->value);
    else if (found == 0 && (status = dict_insert_locked(self, d, key, hash, fallback)) == WEFT_OK)
        *value = ref_read_guarded(self, fallback);
    else if (found == 0)
        found = status;
    guard_leave(self, &g);
    dict_search_end(self, &s);
    return found;
}

int weft_dict_replace(weft_thread *self, weft_object *o, weft_object *key, weft_object *expected, weft_object *value)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    uint64_t hash;
    weft_status status = dict_check(self, o, key, __func__, &hash);
    if (WEFT_UNLIKELY(status != WEFT_OK))
        return status;
    if (WEFT_UNLIKELY(value == NULL))
        return dict_null_error(__func__, "the value");
    dict *d = dict_of(o);
    if (!guard_alone(self, o))
        return dict_replace_shared(self, d, key, hash, expected, value);
    weft_object *old = NULL;
    guard g;
    dict_search s;
    guard_enter(self, &g, o);
    int found = dict_find(self, d, key, hash, &g, &s);
    int stored = found;
    if (found >= 0) {
        stored = (found == 1 ? s.entry->value : NULL) == expected;
        if (stored && found == 1)
            old = dict_store_locked(self, s.entry, value);
        else if (stored && (status = dict_insert_locked(self, d, key, hash, value)) != WEFT_OK)
            stored = status;
    }
    bool peeked = guard_is_peeked(&g, o);
    guard_leave(self, &g);
    dict_search_end(self, &s);
    if (old != NULL)
        ref_drop(self, old, peeked);
    return stored;
}

void dict_empty(weft_thread *self, weft_object *o)
{
    guard g;
    guard_enter(self, &g, o);
    bool readers = !guard_alone(self, o), peeked = guard_is_peeked(&g, o);
    dict_table *t = dict_take_table_locked(dict_of(o));
    guard_leave(self, &g);
    dict_drop_table(self, t, readers, peeked);
}

weft_status weft_dict_clear(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_DICT, __func__))
        return o ? WEFT_ERROR_TYPE : WEFT_ERROR_VALUE;
    dict_empty(self, o);
    return WEFT_OK;
}

/* Nobody else has a reference, so nobody reads; but somebody may have read. */
void dict_destroy(weft_thread *self, weft_object *o)
{
    dict_drop_table(self, dict_of(o)->table, false, object_is_peeked(o));
}

static __attribute__((noinline)) void dict_die_full(weft_thread *self, weft_object *o)
{
    thread *t = thread_of(self);
    if (object_die_begin(t, o)) {
        dict_drop_table_plain(self, dict_of(o)->table);
        object_free_container(t, o, sizeof(dict));
        object_die_end(t);
    }
}

static void dict_die(weft_thread *self, weft_object *o)
{
    if (dict_of(o)->table == NULL) {
        header_die_plain(thread_of(self), o);
        object_free_container(thread_of(self), o, sizeof(dict));
    } else {
        dict_die_full(self, o);
    }
}

void dict_type_init(void)
{
    static const weft_type_spec spec = {
        .name = "dict",
        .size = sizeof(dict),
        .traverse = dict_traverse,
        .clear = dict_empty,
        .destroy = dict_destroy,
        .equal = dict_equal,
        .repr = dict_repr,
        .flags = WEFT_TYPE_HASHES,
        .raw_size = dict_raw_size,
        .copy = dict_copy,
        .copy_fill = dict_copy_fill,
    };
    type_set_builtin(WEFT_TYPE_DICT, &spec);
    type_set_die(WEFT_TYPE_DICT, dict_die);
}
