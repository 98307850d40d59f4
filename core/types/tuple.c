/* tuple.c - a fixed number of items that never change, so reading them needs neither a lock nor a count.
 *
 * A tuple whose items all belong to types that hold no references can never be part of a cycle: the collector is not
 * told about it. The empty tuple is static and immortal. Any attached thread. */
#include "core/hash.h"
#include "core/text_buffer.h"
#include "core/types/types.h"

static weft_var_object empty_tuple = {WEFT_STATIC_OBJECT(WEFT_TYPE_TUPLE), 0};

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

weft_object *weft_tuple_new(weft_thread *self, weft_object *const *items, size_t count)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (count == 0)
        return &empty_tuple.object;
    if (!check_items(items, count, __func__))
        return NULL;
    weft_object *o = object_alloc_container_sized(thread_of(self), WEFT_TYPE_TUPLE,
                                                  sizeof(tuple_object) + count * sizeof(weft_object *));
    if (o == NULL)
        return NULL;
    tuple_object *t = tuple_of(o);
    t->var.count = count;
    bool holds_containers = false;
    for (size_t i = 0; i < count; i++) {
        t->items[i] = weft_ref(self, items[i]);
        holds_containers |= weft_type_of(items[i])->traverse != NULL;
    }
    if (holds_containers)
        object_track(thread_of(self), o);
    return o;
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
}
