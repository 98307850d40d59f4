/* copy.c - copies of objects: weft_copy, weft_deep_copy.
 *
 * A type gives two callbacks: copy makes an object that refers to nothing yet, copy_fill puts the references in. So a deep
 * copy needs no recursion: what a reference maps to is made at once, empty, and put on a list; the list is worked off in
 * order, and each filling may put more on it. The list is also the memory of what has been copied: an object met again
 * maps to the copy that it has, which keeps sharing and cycles. Types whose filling asks for hashes come last, when what
 * they hash is whole.
 *
 * A tuple or frozen set cannot be filled later. Its items are mapped first and then it is made: that only recurses where such
 * stand directly in such, and no cycle consists of them alone. Any attached thread; others may change what is copied. */
#include <string.h>

#include "core/core.h"
#include "core/hash.h"
#include "core/protocol.h"
#include "core/types/types.h"

static bool copies_are_itself(const weft_type *type)
{
    return (type->index >= WEFT_TYPE_NONE && type->index <= WEFT_TYPE_BYTES) || (type->flags & WEFT_TYPE_IMMUTABLE);
}

/* A new object that refers to nothing yet. */
static weft_object *copy_empty(weft_thread *self, weft_object *o, const char *function)
{
    const weft_type *type = weft_type_of(o);
    if (type->copy != NULL)
        return type->copy(self, o);
    weft_error_set(WEFT_ERROR_TYPE, "%s: %s cannot be copied", function, type->name);
    return NULL;
}

static weft_object *map_to_itself(weft_thread *self, weft_object *child, void *arg)
{
    (void)arg;
    return weft_ref(self, child);
}

weft_object *weft_copy(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (o == NULL) {
        weft_error_set(WEFT_ERROR_VALUE, "%s: the object is NULL", __func__);
        return NULL;
    }
    const weft_type *type = weft_type_of(o);
    if (copies_are_itself(type) || type->index == WEFT_TYPE_TUPLE || type->index == WEFT_TYPE_FROZENSET)
        return weft_ref(self, o);
    weft_object *copy = copy_empty(self, o, __func__);
    if (copy != NULL && type->copy_fill != NULL && type->copy_fill(self, copy, o, map_to_itself, NULL) != WEFT_OK) {
        weft_decref(self, copy);
        copy = NULL;
    }
    return copy;
}

/* ---- the list of what was copied ------------------------------------------------------------------------------- */

enum { FIRST_LOG2 = 4 };

typedef struct copied {
    weft_object *from, *to; /* a reference each */
} copied;

typedef struct deep_copy {
    copied *list;  /* raw memory; half as many as the index has places */
    size_t *index; /* by the address of `from`: 0 empty, else 1 + the number in the list */
    size_t count;  /* in the list */
    unsigned log2; /* places of the index; 0: neither is there */
    const char *function;
} deep_copy;

static size_t list_bytes(unsigned log2)
{
    return ((size_t)1 << log2) / 2 * sizeof(copied);
}

static size_t index_bytes(unsigned log2)
{
    return sizeof(size_t) << log2;
}

/* The place of `from` in the index, or the empty one where it would go. */
static size_t *index_place(const deep_copy *d, const weft_object *from)
{
    size_t mask = ((size_t)1 << d->log2) - 1;
    for (size_t i = (size_t)hash_address(from);; i++) {
        size_t *place = &d->index[i & mask];
        if (*place == 0 || d->list[*place - 1].from == from)
            return place;
    }
}

static void deep_free(weft_thread *self, deep_copy *d)
{
    if (d->log2 == 0)
        return;
    weft_mem_free(self, d->list, list_bytes(d->log2));
    weft_mem_free(self, d->index, index_bytes(d->log2));
}

static weft_status deep_grow(weft_thread *self, deep_copy *d)
{
    deep_copy larger = *d;
    larger.log2 = d->log2 ? d->log2 + 1 : FIRST_LOG2;
    larger.list = weft_mem_alloc(self, list_bytes(larger.log2));
    if (larger.list == NULL)
        return WEFT_ERROR_MEMORY;
    larger.index = weft_mem_alloc(self, index_bytes(larger.log2));
    if (larger.index == NULL) {
        weft_mem_free(self, larger.list, list_bytes(larger.log2));
        return WEFT_ERROR_MEMORY;
    }
    memset(larger.index, 0, index_bytes(larger.log2));
    if (d->count != 0)
        memcpy(larger.list, d->list, d->count * sizeof *d->list);
    for (size_t i = 0; i < d->count; i++)
        *index_place(&larger, d->list[i].from) = i + 1;
    deep_free(self, d);
    *d = larger;
    return WEFT_OK;
}

/* Takes references of its own. */
static weft_status deep_remember(weft_thread *self, deep_copy *d, weft_object *from, weft_object *to)
{
    if (d->log2 == 0 || d->count == ((size_t)1 << d->log2) / 2) {
        weft_status status = deep_grow(self, d);
        if (status != WEFT_OK)
            return status;
    }
    d->list[d->count] = (copied){weft_ref(self, from), weft_ref(self, to)};
    *index_place(d, from) = ++d->count;
    return WEFT_OK;
}

/* A half-made copy may be part of a cycle, which only clear takes apart. */
static void deep_close(weft_thread *self, deep_copy *d, bool failed)
{
    for (size_t i = 0; i < d->count; i++) {
        copied *c = &d->list[i];
        const weft_type *type = weft_type_of(c->to);
        if (failed && c->to != c->from && type->clear != NULL)
            type->clear(self, c->to);
    }
    for (size_t i = 0; i < d->count; i++) {
        weft_decref(self, d->list[i].from);
        weft_decref(self, d->list[i].to);
    }
    deep_free(self, d);
}

/* ---- mapping --------------------------------------------------------------------------------------------------- */

static weft_object *deep_map(weft_thread *self, weft_object *child, void *arg);

/* Maps the items into `items`; true with *same if all are what they were. */
static bool map_items(weft_thread *self, deep_copy *d, const tuple_object *t, weft_object **items, bool *same)
{
    *same = true;
    for (size_t i = 0; i < t->var.count; i++) {
        items[i] = deep_map(self, t->items[i], d);
        if (items[i] == NULL) {
            while (i-- > 0)
                weft_decref(self, items[i]);
            return false;
        }
        *same &= items[i] == t->items[i];
    }
    return true;
}

static weft_object *deep_tuple(weft_thread *self, deep_copy *d, weft_object *o)
{
    enum { FEW = 8 };

    const tuple_object *t = (const tuple_object *)(const void *)o;
    weft_object *few[FEW], **items = few, *result = NULL;
    size_t count = t->var.count, bytes = count * sizeof *items;
    bool same;
    if (!protocol_level_enter(d->function))
        return NULL;
    if (count > FEW && (items = weft_mem_alloc(self, bytes)) == NULL)
        goto out;
    if (map_items(self, d, t, items, &same)) {
        result = same ? weft_ref(self, o) : weft_tuple_new(self, items, count);
        for (size_t i = 0; i < count; i++)
            weft_decref(self, items[i]);
    }
    if (items != few)
        weft_mem_free(self, items, bytes);
    if (result != NULL && deep_remember(self, d, o, result) != WEFT_OK) {
        weft_decref(self, result);
        result = NULL;
    }
out:
    protocol_level_leave();
    return result;
}

static bool map_into(weft_thread *self, deep_copy *d, weft_object *item, weft_object *list, bool *same)
{
    weft_object *mapped = deep_map(self, item, d);
    bool good = mapped != NULL && weft_list_append(self, list, mapped) == WEFT_OK;
    *same &= mapped == item;
    weft_xdecref(self, mapped);
    return good;
}

/* A frozen set is made as a tuple is: of what its items map to. */
static weft_object *deep_frozenset(weft_thread *self, deep_copy *d, weft_object *o)
{
    weft_object *items = weft_list_new(self, 0), *item, *result = NULL;
    if (items == NULL || !protocol_level_enter(d->function)) {
        weft_xdecref(self, items);
        return NULL;
    }
    bool good = true, same = true;
    size_t position = 0;
    while (good && weft_set_next(self, o, &position, &item) == 1) {
        good = map_into(self, d, item, items, &same);
        weft_decref(self, item);
    }
    if (good)
        result = same ? weft_ref(self, o) : weft_frozenset_new(self, items);
    weft_decref(self, items);
    if (result != NULL && deep_remember(self, d, o, result) != WEFT_OK) {
        weft_decref(self, result);
        result = NULL;
    }
    protocol_level_leave();
    return result;
}

static weft_object *deep_map(weft_thread *self, weft_object *child, void *arg)
{
    deep_copy *d = arg;
    const weft_type *type = weft_type_of(child);
    if (copies_are_itself(type))
        return weft_ref(self, child);
    if (d->log2 != 0) {
        size_t number = *index_place(d, child);
        if (number != 0)
            return weft_ref(self, d->list[number - 1].to);
    }
    if (type->index == WEFT_TYPE_TUPLE)
        return deep_tuple(self, d, child);
    if (type->index == WEFT_TYPE_FROZENSET)
        return deep_frozenset(self, d, child);
    weft_object *copy = copy_empty(self, child, d->function);
    if (copy != NULL && deep_remember(self, d, child, copy) != WEFT_OK) {
        weft_decref(self, copy);
        copy = NULL;
    }
    return copy;
}

/* So that they come before the dict or set, whose turn is when all that does not hash has been filled. */
static weft_status deep_meet_keys(weft_thread *self, deep_copy *d, weft_object *o)
{
    size_t position = 0;
    weft_object *key;
    while ((weft_is_set(o) ? weft_set_next(self, o, &position, &key)
                           : weft_dict_next(self, o, &position, &key, NULL)) == 1) {
        weft_object *mapped = deep_map(self, key, d);
        weft_decref(self, key);
        if (mapped == NULL)
            return weft_error_status();
        weft_decref(self, mapped);
    }
    return WEFT_OK;
}

/* Those that hash, or the others? */
static weft_status deep_fill(weft_thread *self, deep_copy *d, size_t number, bool hashing)
{
    copied c = d->list[number]; /* the list may move while it grows */
    const weft_type *type = weft_type_of(c.from);
    if (c.to == c.from || type->copy_fill == NULL)
        return WEFT_OK;
    if (((type->flags & WEFT_TYPE_HASHES) != 0) == hashing) {
        weft_safepoint(self);
        return type->copy_fill(self, c.to, c.from, deep_map, d);
    }
    return hashing || type->runtime != NULL ? WEFT_OK : deep_meet_keys(self, d, c.from);
}

static weft_status deep_fill_all(weft_thread *self, deep_copy *d)
{
    weft_status status = WEFT_OK;
    size_t next = 0, next_hashing = 0;
    while (status == WEFT_OK && next_hashing < d->count) {
        if (next < d->count)
            status = deep_fill(self, d, next++, false);
        else
            status = deep_fill(self, d, next_hashing++, true);
    }
    return status;
}

weft_object *weft_deep_copy(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (o == NULL) {
        weft_error_set(WEFT_ERROR_VALUE, "%s: the object is NULL", __func__);
        return NULL;
    }
    deep_copy d = {.function = __func__};
    weft_object *copy = deep_map(self, o, &d);
    bool failed = copy == NULL || deep_fill_all(self, &d) != WEFT_OK;
    deep_close(self, &d, failed);
    if (failed) {
        weft_xdecref(self, copy);
        copy = NULL;
    }
    return copy;
}
