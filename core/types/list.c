/* list.c - the list's public functions. How its array is kept is list_array.c's; list.h has the invariants.
 *
 * Any attached thread, any number at once. Reads take no lock; writers take the list's guard and drop references after
 * they have left it. */
#include "core/types/list.h"

#include "core/text_buffer.h"
#include "core/types/copies.h"
#include "core/types/types.h"

static weft_status list_index_error(const char *function, int64_t index, size_t size)
{
    return weft_error_set(WEFT_ERROR_INDEX, "%s: index %lld is outside a list of %zu", function, (long long)index,
                          size);
}

/* Is it an object to put into a list? Sets WEFT_ERROR_VALUE if not. */
static bool list_item_check(const weft_object *item, const char *function)
{
    if (WEFT_LIKELY(item != NULL))
        return true;
    (void)weft_error_set(WEFT_ERROR_VALUE, "%s: the item is NULL", function);
    return false;
}

weft_object *weft_list_new(weft_thread *self, size_t capacity)
{
    WEFT_CHECK_THREAD(self, NULL);
    thread *t = thread_of(self);
    weft_object *o = object_alloc_container(t, WEFT_TYPE_LIST, sizeof(list));
    if (o == NULL)
        return NULL;
    list *l = list_of(o);
    l->items = NULL;
    l->size = 0;
    if (capacity != 0 && list_reserve_locked(self, l, capacity) != WEFT_OK) {
        object_abandon(t, o);
        return NULL;
    }
    object_track(t, o);
    return o;
}

int64_t weft_list_size(weft_thread *self, const weft_object *o)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_LIST, __func__))
        return o ? WEFT_ERROR_TYPE : WEFT_ERROR_VALUE;
    return (int64_t)list_size((const list *)(const void *)o);
}

weft_object *list_item_guarded(weft_thread *self, list *l, size_t index)
{
    guard g;
    guard_enter(self, &g, &l->object);
    weft_object *item = index < l->size ? ref_read_guarded(self, l->items[index]) : NULL;
    guard_leave(self, &g);
    return item;
}

weft_object *weft_list_get(weft_thread *self, weft_object *o, int64_t index)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (!object_check(o, WEFT_TYPE_LIST, __func__))
        return NULL;
    weft_object *item = list_item(self, list_of(o), (size_t)index); /* a negative one is a very large one */
    if (WEFT_UNLIKELY(item == NULL))
        (void)list_index_error(__func__, index, list_size(list_of(o)));
    return item;
}

weft_status weft_list_set(weft_thread *self, weft_object *o, int64_t index, weft_object *item)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_LIST, __func__))
        return o ? WEFT_ERROR_TYPE : WEFT_ERROR_VALUE;
    if (!list_item_check(item, __func__))
        return WEFT_ERROR_VALUE;
    list *l = list_of(o);
    guard g;
    guard_enter(self, &g, o);
    size_t size = l->size;
    if (WEFT_UNLIKELY((size_t)index >= size)) {
        guard_leave(self, &g);
        return list_index_error(__func__, index, size);
    }
    weft_object *old = l->items[index];
    weft_incref(self, item);
    /* order: release - pairs with ref_read. */
    weft_store_release(&l->items[index], item);
    bool peeked = guard_is_peeked(&g, o);
    guard_leave(self, &g);
    ref_drop(self, old, peeked);
    return WEFT_OK;
}

weft_status weft_list_append(weft_thread *self, weft_object *o, weft_object *item)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_LIST, __func__))
        return o ? WEFT_ERROR_TYPE : WEFT_ERROR_VALUE;
    if (!list_item_check(item, __func__))
        return WEFT_ERROR_VALUE;
    list *l = list_of(o);
    weft_status status = WEFT_OK;
    guard g;
    guard_enter(self, &g, o);
    size_t size = l->size;
    if (WEFT_LIKELY(size < list_capacity_locked(l)) || (status = list_reserve_locked(self, l, size + 1)) == WEFT_OK) {
        weft_incref(self, item);
        /* order: release - the slot's pairs with ref_read; the size's with list_size, so that who sees the size sees
         * the item. */
        weft_store_release(&l->items[size], item);
        weft_store_release(&l->size, size + 1);
    }
    guard_leave(self, &g);
    return status;
}

weft_status weft_list_insert(weft_thread *self, weft_object *o, int64_t index, weft_object *item)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_LIST, __func__))
        return o ? WEFT_ERROR_TYPE : WEFT_ERROR_VALUE;
    if (!list_item_check(item, __func__))
        return WEFT_ERROR_VALUE;
    list *l = list_of(o);
    guard g;
    guard_enter(self, &g, o);
    size_t size = l->size;
    bool inside = (size_t)index <= size;
    weft_status status = inside ? list_reserve_locked(self, l, size + 1) : WEFT_ERROR_INDEX;
    if (status == WEFT_OK) {
        weft_incref(self, item);
        list_put_in_locked(self, l, (size_t)index, item);
    }
    guard_leave(self, &g);
    return inside ? status : list_index_error(__func__, index, size);
}

/* Nothing is on the move: so readers may go on. */
static weft_object *list_take_last_locked(list *l, size_t size)
{
    weft_object *item = l->items[size - 1];
    /* order: release - before the item can die, so that ref_read's second look misses it. */
    weft_store_release(&l->items[size - 1], (weft_object *)NULL);
    weft_store_release(&l->size, size - 1);
    return item;
}

weft_object *weft_list_pop(weft_thread *self, weft_object *o, int64_t index)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (!object_check(o, WEFT_TYPE_LIST, __func__))
        return NULL;
    list *l = list_of(o);
    weft_object *item = NULL;
    guard g;
    guard_enter(self, &g, o);
    size_t size = l->size;
    size_t at = index == -1 ? size - 1 : (size_t)index; /* of an empty list: a very large one */
    if (WEFT_LIKELY(at < size)) {
        item = at + 1 == size ? list_take_last_locked(l, size) : list_take_out_locked(self, l, at);
        if (WEFT_UNLIKELY(list_is_loose(l)))
            list_trim_locked(self, l);
    }
    bool peeked = guard_is_peeked(&g, o);
    guard_leave(self, &g);
    if (WEFT_UNLIKELY(item == NULL))
        (void)list_index_error(__func__, index, size);
    else if (WEFT_UNLIKELY(peeked))
        ref_linger(self, item);
    return item;
}

static void list_empty(weft_thread *self, weft_object *o)
{
    size_t size;
    guard g;
    guard_enter(self, &g, o);
    bool readers = !guard_alone(self, o), peeked = guard_is_peeked(&g, o);
    weft_object **items = list_take_array_locked(list_of(o), &size);
    guard_leave(self, &g);
    list_drop_array(self, items, size, readers, peeked);
}

weft_status weft_list_clear(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_LIST, __func__))
        return o ? WEFT_ERROR_TYPE : WEFT_ERROR_VALUE;
    list_empty(self, o);
    return WEFT_OK;
}

/* Nobody else has a reference, so nobody reads; but somebody may have read. */
static void list_destroy(weft_thread *self, weft_object *o)
{
    size_t size;
    weft_object **items = list_take_array_locked(list_of(o), &size);
    list_drop_array(self, items, size, false, object_is_peeked(o));
}

/* In a stopped world: nobody is inside a guard. */
int list_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    list *l = list_of(o);
    for (size_t i = 0; i < l->size; i++) {
        int result = visit(l->items[i], arg);
        if (result != 0)
            return result;
    }
    return 0;
}

/* Item by item; a list that changes meanwhile is compared as it is at each step. */
int list_equal(weft_thread *self, weft_object *a, weft_object *b)
{
    if (!weft_is_list(b) || list_size(list_of(a)) != list_size(list_of(b)))
        return 0;
    for (size_t i = 0;; i++) {
        weft_object *x = list_item(self, list_of(a), i);
        weft_object *y = list_item(self, list_of(b), i);
        int equal = x != NULL && y != NULL ? weft_equal(self, x, y) : x == y;
        bool end = x == NULL;
        weft_xdecref(self, x);
        weft_xdecref(self, y);
        if (end || equal != 1)
            return equal;
    }
}

weft_object *list_repr(weft_thread *self, weft_object *o)
{
    text_buffer b;
    text_buffer_open(&b, self);
    text_buffer_add_ascii(&b, "[");
    weft_object *item;
    for (size_t i = 0; !b.failed && (item = list_item(self, list_of(o), i)) != NULL; i++) {
        if (i > 0)
            text_buffer_add_ascii(&b, ", ");
        text_buffer_add_repr(&b, item);
        weft_decref(self, item);
    }
    text_buffer_add_ascii(&b, "]");
    return text_buffer_finish(&b);
}

void list_type_init(void)
{
    static const weft_type_spec spec = {
        .name = "list",
        .size = sizeof(list),
        .traverse = list_traverse,
        .clear = list_empty,
        .destroy = list_destroy,
        .equal = list_equal,
        .repr = list_repr,
        .raw_size = list_raw_size,
        .copy = list_copy,
        .copy_fill = list_copy_fill,
    };
    type_set_builtin(WEFT_TYPE_LIST, &spec);
}
