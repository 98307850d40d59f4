/* dict_iter.c - going through a dict in order of insertion: for the program, the collector, comparison, repr.
 *
 * A position is the number of an entry. Entries never move within a table, so an iteration sees none twice while the
 * table stays. Any attached thread. */
#include "core/text_buffer.h"
#include "core/types/dict.h"

/* 1 and references, 0 there is no such entry (any more), DICT_ASK: take the guard and look again. */
static inline __attribute__((always_inline)) int entry_read(weft_thread *self, dict *d, const dict_table *t,
                                                            dict_entry *e, weft_object **key, weft_object **value)
{
    /* order: acquire - as ref_read. An entry below `filled` has a value until it is removed, for good. */
    if (weft_load_acquire(&e->value) == NULL)
        return 0;
    weft_object *k = NULL, *v = NULL;
    if (key != NULL && (k = ref_read(self, &e->key, (void *const *)&d->table, t)) == NULL)
        return DICT_ASK;
    if (value != NULL && (v = ref_read(self, &e->value, (void *const *)&d->table, t)) == NULL) {
        weft_xdecref(self, k);
        return DICT_ASK;
    }
    if (key != NULL)
        *key = k;
    if (value != NULL)
        *value = v;
    return 1;
}

static inline __attribute__((always_inline)) int next_read(weft_thread *self, dict *d, size_t *position,
                                                           weft_object **key, weft_object **value)
{
    /* order: acquire - pairs with the release stores of the table, and of `filled` when an entry is complete. */
    const dict_table *t = weft_load_acquire(&d->table);
    size_t filled = t ? weft_load_acquire(&t->filled) : 0;
    for (size_t i = *position; i < filled; i++) {
        int there = entry_read(self, d, t, &dict_entries(t)[i], key, value);
        if (there == 0)
            continue;
        *position = there == 1 ? i + 1 : i;
        return there;
    }
    return 0;
}

static bool next_guarded(weft_thread *self, dict *d, size_t *position, weft_object **key, weft_object **value)
{
    bool found = false;
    guard g;
    guard_enter(self, &g, &d->object);
    const dict_table *t = d->table;
    size_t filled = t ? t->filled : 0;
    for (size_t i = *position; i < filled && !found; i++) {
        const dict_entry *e = &dict_entries(t)[i];
        if (e->value == NULL)
            continue;
        if (key != NULL)
            *key = ref_read_guarded(self, e->key);
        if (value != NULL)
            *value = ref_read_guarded(self, e->value);
        *position = i + 1;
        found = true;
    }
    guard_leave(self, &g);
    return found;
}

bool dict_next(weft_thread *self, dict *d, size_t *position, weft_object **key, weft_object **value)
{
    if (WEFT_LIKELY(!guard_is_free() && guard_readable(self, &d->object))) {
        int found = next_read(self, d, position, key, value);
        if (WEFT_LIKELY(found != DICT_ASK))
            return found == 1;
    }
    return next_guarded(self, d, position, key, value);
}

/* The whole of weft_dict_next, of which that does the common part without a call. */
static __attribute__((noinline)) int dict_next_any(weft_thread *self, weft_object *o, size_t *position,
                                                   weft_object **key, weft_object **value)
{
    static const char name[] = "weft_dict_next";
    if (thread_check(self, name) != WEFT_OK)
        return WEFT_ERROR_THREAD;
    if (!object_check(o, WEFT_TYPE_DICT, name))
        return o ? WEFT_ERROR_TYPE : WEFT_ERROR_VALUE;
    if (WEFT_UNLIKELY(position == NULL))
        return weft_error_set(WEFT_ERROR_VALUE, "%s: position is NULL", name);
    return dict_next(self, dict_of(o), position, key, value);
}

/* The entry at *position, if the dict is the caller's own and nobody else has used it, and key and value take no call. False: look
 * again, by dict_next. As list_item_own. */
static inline bool next_read_own(weft_thread *self, dict *d, size_t *position, weft_object **key, weft_object **value)
{
    /* order: acquire - so that they come before guard_alone's load: then both are as this thread has left them. */
    const dict_table *t = weft_load_acquire(&d->table);
    size_t i = *position;
    if (WEFT_UNLIKELY(t == NULL || i >= weft_load_acquire(&t->filled)) || WEFT_UNLIKELY(!guard_alone(self, &d->object)))
        return false;
    dict_entry *e = &dict_entries(t)[i];
    weft_object *k = ref_read_own(count_id_of(self), &e->key, (void *const *)&d->table, t, false);
    if (WEFT_UNLIKELY(k == NULL))
        return false;
    *key = k;
    weft_object *v = ref_read_own(count_id_of(self), &e->value, (void *const *)&d->table, t, false);
    if (WEFT_UNLIKELY(v == NULL)) {
        (void)count_try_drop(count_id_of(self), *key); /* what was taken without a call is dropped without one */
        return false;
    }
    *value = v;
    *position += 1;
    return true;
}

int weft_dict_next(weft_thread *self, weft_object *o, size_t *position, weft_object **key, weft_object **value)
{
    if (WEFT_LIKELY(key != NULL) && thread_is_current(self) && WEFT_LIKELY(o != NULL && weft_is_dict(o)) &&
        WEFT_LIKELY(position != NULL && value != NULL) &&
        WEFT_LIKELY(next_read_own(self, dict_of(o), position, key, value)))
        return 1;
    return dict_next_any(self, o, position, key, value);
}

/* In a stopped world: nobody is inside a guard. */
int dict_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    const dict_table *t = dict_of(o)->table;
    for (size_t i = 0; t != NULL && i < t->filled; i++) {
        const dict_entry *e = &dict_entries(t)[i];
        if (e->value == NULL)
            continue;
        int result = visit(e->key, arg);
        if (result == 0)
            result = visit(e->value, arg);
        if (result != 0)
            return result;
    }
    return 0;
}

/* Is what `a` has under `key` also in `b`? 1, 0, or a negative status. */
static int entry_equal(weft_thread *self, dict *b, weft_object *key, weft_object *value)
{
    uint64_t hash;
    weft_object *other = NULL;
    weft_status status = dict_hash(self, key, &hash);
    if (status != WEFT_OK)
        return status;
    int equal = dict_get(self, b, key, hash, &other);
    if (equal == 1)
        equal = weft_equal(self, value, other);
    weft_xdecref(self, other);
    return equal;
}

/* The same keys with equal values, in any order. Dicts that change meanwhile are compared as they are at each step. */
int dict_equal(weft_thread *self, weft_object *a, weft_object *b)
{
    if (!weft_is_dict(b) || dict_size(self, dict_of(a)) != dict_size(self, dict_of(b)))
        return 0;
    int equal = 1;
    size_t position = 0;
    weft_object *key, *value;
    while (equal == 1 && dict_next(self, dict_of(a), &position, &key, &value)) {
        equal = entry_equal(self, dict_of(b), key, value);
        weft_decref(self, key);
        weft_decref(self, value);
    }
    return equal;
}

weft_object *dict_repr(weft_thread *self, weft_object *o)
{
    text_buffer b;
    size_t position = 0;
    weft_object *key, *value;
    const char *between = "{";
    text_buffer_open(&b, self);
    while (!b.failed && dict_next(self, dict_of(o), &position, &key, &value)) {
        text_buffer_add_ascii(&b, between);
        text_buffer_add_repr(&b, key);
        text_buffer_add_ascii(&b, ": ");
        text_buffer_add_repr(&b, value);
        between = ", ";
        weft_decref(self, key);
        weft_decref(self, value);
    }
    text_buffer_add_ascii(&b, between[0] == '{' ? "{}" : "}");
    return text_buffer_finish(&b);
}
