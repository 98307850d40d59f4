/* tuple.c - a fixed number of items that never change, so reading them needs neither a lock nor a count.
 *
 * A tuple whose items all belong to types that hold no references can never be part of a cycle: the collector is not
 * told about it. The empty tuple is static and immortal. Any attached thread. */
#include "core/hash.h"
#include "core/text_buffer.h"
#include "core/types/types.h"

static weft_var_object empty_tuple = {WEFT_STATIC_OBJECT(WEFT_TYPE_TUPLE), 0};

enum { TUPLE_OF_2 = sizeof(tuple_object) + 2 * sizeof(weft_object *) };

static inline tuple_object *tuple_of(const weft_object *o)
{
    return (tuple_object *)(void *)(uintptr_t)o;
}

/* Are the arguments of weft_tuple_new usable? Sets the error. */
static bool check_items(weft_object *const *items, size_t count, const char *function)
{
    if (count > ((size_t)PTRDIFF_MAX - sizeof(tuple_object)) / sizeof(weft_object *)) {
        weft_error_set(WEFT_ERROR_OVERFLOW, "%s: %zu items are too many", function, count);
        return false;
    }
    if (items == NULL) {
        weft_error_set(WEFT_ERROR_VALUE, "%s: items is NULL with a count of %zu", function, count);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (items[i] == NULL) {
            weft_error_set(WEFT_ERROR_VALUE, "%s: item %zu is NULL", function, i);
            return false;
        }
    }
    return true;
}

static __attribute__((noinline)) weft_object *tuple_new_any(weft_thread *self, weft_object *const *items, size_t count)
{
    if (thread_check(self, "weft_tuple_new") != WEFT_OK)
        return NULL;
    if (count == 0)
        return &empty_tuple.object;
    if (!check_items(items, count, "weft_tuple_new"))
        return NULL;
    weft_object *o = object_alloc_container_sized(thread_of(self), WEFT_TYPE_TUPLE,
                                                  sizeof(tuple_object) + count * sizeof(weft_object *));
    if (o == NULL)
        return NULL;
    tuple_of(o)->var.count = count;
    bool holds_containers = false;
    for (size_t i = 0; i < count; i++) {
        tuple_of(o)->items[i] = weft_ref(self, items[i]);
        holds_containers |= type_traverses(weft_type_index(items[i]));
    }
    if (holds_containers)
        object_track(thread_of(self), o);
    return o;
}

/* Two of two that hold nothing themselves: the most common ones by far. Whatever takes a call is left to tuple_new_any, so
 * that nothing need be saved here. */
weft_object *weft_tuple_new(weft_thread *self, weft_object *const *items, size_t count)
{
    weft_object *a, *b;
    if (WEFT_UNLIKELY(!thread_is_current(self)) || count != 2 || items == NULL || (a = items[0]) == NULL ||
        (b = items[1]) == NULL || type_traverses(weft_type_index(a)) || type_traverses(weft_type_index(b)))
        return tuple_new_any(self, items, count);
    thread *at = thread_of(self);
    count_id id = count_id_of(self);
    if (WEFT_UNLIKELY(!count_try_take(id, a)))
        return tuple_new_any(self, items, 2);
    if (WEFT_UNLIKELY(!count_try_take(id, b)))
        goto without_b;
    weft_object *o = object_take_container(at, TUPLE_OF_2);
    if (WEFT_UNLIKELY(o == NULL))
        goto without_block;
    tuple_of(o)->var.count = 2;
    tuple_of(o)->items[0] = a;
    weft_store_relaxed(&tuple_of(o)->items[1],
                       b); /* or gcc would put both into one register first, which takes longer */
    header_init_ready(at, o, WEFT_TYPE_TUPLE);
    return o;

without_block: /* what was taken without a call is dropped without one */
    (void)count_try_drop(id, b);
without_b:
    (void)count_try_drop(id, a);
    return tuple_new_any(self, items, 2);
}

int64_t weft_tuple_size(weft_thread *self, const weft_object *tuple)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(tuple, WEFT_TYPE_TUPLE, __func__))
        return weft_error_status();
    return (int64_t)tuple_of(tuple)->var.count;
}

weft_object *weft_tuple_get(weft_thread *self, weft_object *tuple, int64_t index)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (!object_check(tuple, WEFT_TYPE_TUPLE, __func__))
        return NULL;
    if (WEFT_UNLIKELY((uint64_t)index >= tuple_of(tuple)->var.count)) {
        weft_error_set(WEFT_ERROR_INDEX, "%s: index %lld of a tuple of %zu", __func__, (long long)index,
                       tuple_of(tuple)->var.count);
        return NULL;
    }
    return tuple_of(tuple)->items[index];
}

static int tuple_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    tuple_object *t = tuple_of(o);
    for (size_t i = 0; i < t->var.count; i++) {
        int result = t->items[i] ? visit(t->items[i], arg) : 0;
        if (result != 0)
            return result;
    }
    return 0;
}

/* A tuple cannot be emptied while somebody may read it, and need not be: no cycle is made of tuples alone, since a
 * tuple refers only to what was there before it. */
static void tuple_clear(weft_thread *self, weft_object *o)
{
    (void)self;
    (void)o;
}

static void tuple_destroy(weft_thread *self, weft_object *o)
{
    tuple_object *t = tuple_of(o);
    for (size_t i = 0; i < t->var.count; i++)
        weft_decref(self, t->items[i]);
}

enum { TUPLE_SMALL = (WEFT_SMALL_MAX - HEADER_FRONT - sizeof(tuple_object)) / sizeof(weft_object *) };

/* Of any number of items, whatever dies with it. */
static __attribute__((noinline)) void tuple_die_any(weft_thread *self, weft_object *o)
{
    thread *t = thread_of(self);
    size_t count = tuple_of(o)->var.count;
    if (WEFT_UNLIKELY(count > TUPLE_SMALL)) {
        object_die_plain(self, o);
    } else if (object_die_begin(t, o)) {
        for (size_t i = 0; i < count; i++)
            weft_decref(self, tuple_of(o)->items[i]);
        object_free_container(t, o, sizeof(tuple_object) + count * sizeof(weft_object *));
        object_die_end(t);
    }
}

/* As weft_tuple_new: two items that live on are dropped without a call. So nothing dies but the tuple, which need not wait
 * for others that are dying. */
static void tuple_die(weft_thread *self, weft_object *o)
{
    count_id id = count_id_of(self);
    weft_object *a = tuple_of(o)->items[0];
    if (tuple_of(o)->var.count == 2 && count_try_drop(id, a)) {
        if (count_try_drop(id, tuple_of(o)->items[1])) {
            header_die_plain(thread_of(self), o);
            object_free_container(thread_of(self), o, TUPLE_OF_2);
            return;
        }
        (void)count_try_take(id, a); /* it is ours or constant, so this cannot fail */
    }
    tuple_die_any(self, o);
}

static weft_status tuple_hash(weft_thread *self, weft_object *o, uint64_t *hash)
{
    tuple_object *t = tuple_of(o);
    uint64_t so_far = t->var.count;
    for (size_t i = 0; i < t->var.count; i++) {
        uint64_t item;
        weft_status status = weft_hash(self, t->items[i], &item);
        if (status != WEFT_OK)
            return status;
        so_far = hash_fold(so_far, item);
    }
    *hash = hash_mix(so_far);
    return WEFT_OK;
}

static int tuple_equal(weft_thread *self, weft_object *a, weft_object *b)
{
    if (!weft_is_tuple(b) || tuple_of(a)->var.count != tuple_of(b)->var.count)
        return 0;
    int equal = 1;
    for (size_t i = 0; i < tuple_of(a)->var.count && equal == 1; i++)
        equal = weft_equal(self, tuple_of(a)->items[i], tuple_of(b)->items[i]);
    return equal;
}

static weft_object *tuple_repr(weft_thread *self, weft_object *o)
{
    tuple_object *t = tuple_of(o);
    text_buffer b;
    text_buffer_open(&b, self);
    text_buffer_add_ascii(&b, "(");
    for (size_t i = 0; i < t->var.count; i++) {
        if (i > 0)
            text_buffer_add_ascii(&b, ", ");
        text_buffer_add_repr(&b, t->items[i]);
    }
    text_buffer_add_ascii(&b, t->var.count == 1 ? ",)" : ")");
    return text_buffer_finish(&b);
}

void tuple_type_init(void)
{
    type_set_builtin(WEFT_TYPE_TUPLE, &(weft_type_spec){.name = "tuple",
                                                        .size = sizeof(tuple_object),
                                                        .item_size = sizeof(weft_object *),
                                                        .traverse = tuple_traverse,
                                                        .clear = tuple_clear,
                                                        .destroy = tuple_destroy,
                                                        .hash = tuple_hash,
                                                        .equal = tuple_equal,
                                                        .repr = tuple_repr});
    type_set_die(WEFT_TYPE_TUPLE, tuple_die);
}
