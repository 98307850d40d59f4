/* copies.c - how the built-in containers are copied, and how much raw memory they hold.
 *
 * A list or dict is copied as it is at one moment: inside its guard references to all it holds are put aside, and the
 * copy is filled with what they map to afterwards, since mapping may run anything. Any attached thread. */
#include "core/types/copies.h"

#include "core/types/deque.h"
#include "core/types/dict.h"
#include "core/types/list.h"
#include "core/types/types.h"

/* References put aside. */
typedef struct taken {
    weft_object **items; /* raw memory, or NULL: none */
    size_t count;
    size_t next; /* the first that has not been used */
} taken;

static weft_status taken_open(weft_thread *self, taken *t, size_t count)
{
    *t = (taken){NULL, count, 0};
    if (count != 0)
        t->items = heap_alloc(thread_of(self), HEAP_RAW, count * sizeof *t->items);
    return count == 0 || t->items != NULL ? WEFT_OK : WEFT_ERROR_MEMORY;
}

static void taken_close(weft_thread *self, taken *t)
{
    if (t->items == NULL)
        return;
    for (size_t i = t->next; i < t->count; i++)
        weft_decref(self, t->items[i]);
    heap_free(thread_of(self), HEAP_RAW, t->items, t->count * sizeof *t->items);
}

/* What the next one maps to, or NULL with an error. */
static weft_object *taken_map(weft_thread *self, taken *t, weft_copy_child_fn map, void *arg)
{
    weft_object *o = t->items[t->next++], *mapped = map(self, o, arg);
    weft_decref(self, o);
    return mapped;
}

/* ---- list ------------------------------------------------------------------------------------------------------ */

size_t list_raw_size(const weft_object *o)
{
    const list *l = (const list *)(const void *)o; /* the world is stopped */
    return l->items ? heap_round(list_array_bytes(list_capacity_locked(l))) : 0;
}

weft_object *list_copy(weft_thread *self, weft_object *o)
{
    return weft_list_new(self, list_size(list_of(o)));
}

static weft_status list_take(weft_thread *self, list *l, taken *t)
{
    guard g;
    guard_enter(self, &g, &l->object);
    weft_status status = taken_open(self, t, l->size);
    for (size_t i = 0; status == WEFT_OK && i < t->count; i++)
        t->items[i] = ref_read_guarded(self, l->items[i]);
    guard_leave(self, &g);
    return status;
}

weft_status list_copy_fill(weft_thread *self, weft_object *to, weft_object *from, weft_copy_child_fn map, void *arg)
{
    taken t;
    weft_status status = list_take(self, list_of(from), &t);
    if (status != WEFT_OK)
        return status;
    while (status == WEFT_OK && t.next < t.count) {
        weft_object *mapped = taken_map(self, &t, map, arg);
        status = mapped ? weft_list_append(self, to, mapped) : weft_error_status();
        weft_xdecref(self, mapped);
    }
    taken_close(self, &t);
    return status;
}

/* ---- dict ------------------------------------------------------------------------------------------------------ */

size_t dict_raw_size(const weft_object *o)
{
    const dict_table *t = dict_of(o)->table; /* the world is stopped */
    return t ? heap_round(dict_table_bytes(t->log2_slots, t->log2_width)) : 0;
}

weft_object *dict_copy(weft_thread *self, weft_object *o)
{
    (void)o;
    return weft_dict_new(self);
}

/* Sets what an entry maps to. */
static weft_status entry_map(weft_thread *self, weft_object *to, const dict_entry *e, weft_copy_child_fn map, void *arg)
{
    weft_object *key = map(self, e->key, arg), *value = key ? map(self, e->value, arg) : NULL;
    weft_status status = value ? weft_dict_set(self, to, key, value) : weft_error_status();
    weft_xdecref(self, key);
    weft_xdecref(self, value);
    return status;
}

weft_status dict_copy_fill(weft_thread *self, weft_object *to, weft_object *from, weft_copy_child_fn map, void *arg)
{
    dict_table *clone;
    weft_status status = dict_clone(self, dict_of(from), &clone);
    for (size_t i = 0; status == WEFT_OK && clone != NULL && i < clone->filled; i++) {
        if (dict_entries(clone)[i].value != NULL)
            status = entry_map(self, to, &dict_entries(clone)[i], map, arg);
    }
    dict_drop_table(self, clone, false, false);
    return status;
}

/* ---- set ------------------------------------------------------------------------------------------------------- */

weft_object *set_copy(weft_thread *self, weft_object *o)
{
    (void)o;
    return weft_set_new(self, NULL);
}

weft_status set_copy_fill(weft_thread *self, weft_object *to, weft_object *from, weft_copy_child_fn map, void *arg)
{
    dict_table *clone;
    weft_status status = dict_clone(self, dict_of(from), &clone);
    for (size_t i = 0; status == WEFT_OK && clone != NULL && i < clone->filled; i++) {
        const dict_entry *e = &dict_entries(clone)[i];
        if (e->value == NULL)
            continue;
        weft_object *item = map(self, e->key, arg);
        if (item == NULL || weft_set_add(self, to, item) < 0)
            status = weft_error_status();
        weft_xdecref(self, item);
    }
    dict_drop_table(self, clone, false, false);
    return status;
}

/* ---- deque ----------------------------------------------------------------------------------------------------- */

size_t deque_raw_size(const weft_object *o)
{
    return heap_round(deque_of(o)->places * sizeof(weft_object *)); /* the world is stopped */
}

weft_object *deque_copy(weft_thread *self, weft_object *o)
{
    return weft_deque_new(self, deque_of(o)->most);
}

static weft_status deque_take(weft_thread *self, deque *d, taken *t)
{
    guard g;
    guard_enter(self, &g, &d->object);
    weft_status status = taken_open(self, t, d->size);
    for (size_t i = 0; status == WEFT_OK && i < t->count; i++)
        t->items[i] = ref_read_guarded(self, d->ring[(d->first + i) & (d->places - 1)]);
    guard_leave(self, &g);
    return status;
}

weft_status deque_copy_fill(weft_thread *self, weft_object *to, weft_object *from, weft_copy_child_fn map, void *arg)
{
    taken t;
    weft_status status = deque_take(self, deque_of(from), &t);
    if (status != WEFT_OK)
        return status;
    while (status == WEFT_OK && t.next < t.count) {
        weft_object *mapped = taken_map(self, &t, map, arg);
        status = mapped ? weft_deque_push(self, to, WEFT_DEQUE_BACK, mapped) : weft_error_status();
        weft_xdecref(self, mapped);
    }
    taken_close(self, &t);
    return status;
}

/* ---- types without references ---------------------------------------------------------------------------------- */

weft_object *buffer_copy(weft_thread *self, weft_object *o)
{
    weft_object *bytes = weft_buffer_bytes(self, o);
    if (bytes == NULL)
        return NULL;
    size_t size;
    const uint8_t *data = weft_bytes_data(self, bytes, &size);
    weft_object *copy = weft_buffer_new(self, size);
    if (copy != NULL && weft_buffer_append(self, copy, data, size) != WEFT_OK) {
        weft_decref(self, copy);
        copy = NULL;
    }
    weft_decref(self, bytes);
    return copy;
}

weft_object *atomic_int_copy(weft_thread *self, weft_object *o)
{
    int64_t value;
    return weft_atomic_int_get(self, o, &value) == WEFT_OK ? weft_atomic_int_new(self, value) : NULL;
}
