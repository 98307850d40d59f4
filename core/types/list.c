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

/* The whole of weft_list_new, of which that does the common part without a call: then it saves no registers. */
static __attribute__((noinline)) weft_object *list_new_any(weft_thread *self, size_t capacity)
{
    if (thread_check(self, "weft_list_new") != WEFT_OK)
        return NULL;
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

weft_object *weft_list_new(weft_thread *self, size_t capacity)
{
    weft_object *o = NULL;
    if (thread_is_current(self) && WEFT_LIKELY(capacity == 0))
        o = object_take_container(thread_of(self), sizeof(list));
    if (WEFT_UNLIKELY(o == NULL))
        return list_new_any(self, capacity);
    list_of(o)->items = NULL;
    list_of(o)->size = 0;
    header_init_tracked(thread_of(self), o, WEFT_TYPE_LIST);
    return o;
}

static __attribute__((noinline)) int64_t list_size_any(weft_thread *self, const weft_object *o)
{
    static const char name[] = "weft_list_size";
    if (thread_check(self, name) != WEFT_OK)
        return WEFT_ERROR_THREAD;
    if (!object_check(o, WEFT_TYPE_LIST, name))
        return o ? WEFT_ERROR_TYPE : WEFT_ERROR_VALUE;
    return (int64_t)list_size((const list *)(const void *)o);
}

int64_t weft_list_size(weft_thread *self, const weft_object *o)
{
    if (thread_is_current(self) && WEFT_LIKELY(o != NULL && weft_is_list(o)))
        return (int64_t)list_size((const list *)(const void *)o);
    return list_size_any(self, o);
}

weft_object *list_item_guarded(weft_thread *self, list *l, size_t index)
{
    guard g;
    guard_enter(self, &g, &l->object);
    weft_object *item = index < l->size ? ref_read_guarded(self, l->items[index]) : NULL;
    guard_leave(self, &g);
    return item;
}

/* The whole of the functions below, of which they do the common part without a call: then they save no registers. */

static __attribute__((noinline)) weft_object *list_get_any(weft_thread *self, weft_object *o, int64_t index)
{
    static const char name[] = "weft_list_get";
    if (thread_check(self, name) != WEFT_OK || !object_check(o, WEFT_TYPE_LIST, name))
        return NULL;
    weft_object *item = list_item(self, list_of(o), (size_t)index); /* a negative one is a very large one */
    if (WEFT_UNLIKELY(item == NULL))
        (void)list_index_error(name, index, list_size(list_of(o)));
    return item;
}

static __attribute__((noinline)) weft_status list_set_any(weft_thread *self, weft_object *o, int64_t index,
                                                          weft_object *item)
{
    static const char name[] = "weft_list_set";
    if (thread_check(self, name) != WEFT_OK)
        return WEFT_ERROR_THREAD;
    if (!object_check(o, WEFT_TYPE_LIST, name))
        return o ? WEFT_ERROR_TYPE : WEFT_ERROR_VALUE;
    if (!list_item_check(item, name))
        return WEFT_ERROR_VALUE;
    list *l = list_of(o);
    guard g;
    guard_enter(self, &g, o);
    size_t size = l->size;
    if (WEFT_UNLIKELY((size_t)index >= size)) {
        guard_leave(self, &g);
        return list_index_error(name, index, size);
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

/* Puts an item behind the last; there is room. The reference is the list's. */
static inline void list_put_last_locked(list *l, size_t size, weft_object *stolen)
{
    /* order: release - the slot's pairs with ref_read; the size's with list_size, so that who sees the size sees the item. */
    weft_store_release(&l->items[size], stolen);
    weft_store_release(&l->size, size + 1);
}

static __attribute__((noinline)) weft_status list_append_any(weft_thread *self, weft_object *o, weft_object *item)
{
    static const char name[] = "weft_list_append";
    if (thread_check(self, name) != WEFT_OK)
        return WEFT_ERROR_THREAD;
    if (!object_check(o, WEFT_TYPE_LIST, name))
        return o ? WEFT_ERROR_TYPE : WEFT_ERROR_VALUE;
    if (!list_item_check(item, name))
        return WEFT_ERROR_VALUE;
    list *l = list_of(o);
    guard g;
    guard_enter(self, &g, o);
    size_t size = l->size;
    weft_status status = list_reserve_locked(self, l, size + 1);
    if (status == WEFT_OK) {
        weft_incref(self, item);
        list_put_last_locked(l, size, item);
    }
    guard_leave(self, &g);
    return status;
}

static __attribute__((noinline)) weft_status list_drop(weft_thread *self, weft_object *old)
{
    weft_decref(self, old);
    return WEFT_OK;
}

weft_object *weft_list_get(weft_thread *self, weft_object *o, int64_t index)
{
    if (thread_is_current(self) && WEFT_LIKELY(o != NULL && weft_is_list(o))) {
        weft_object *item = list_item_own(self, list_of(o), (size_t)index);
        if (WEFT_LIKELY(item != NULL))
            return item;
    }
    return list_get_any(self, o, index);
}

weft_status weft_list_set(weft_thread *self, weft_object *o, int64_t index, weft_object *item)
{
    guard_pass *pass = NULL;
    if (thread_is_current(self) && WEFT_LIKELY(o != NULL && weft_is_list(o)) && WEFT_LIKELY(item != NULL))
        pass = guard_try(self, o);
    if (WEFT_UNLIKELY(pass == NULL))
        return list_set_any(self, o, index, item);
    list *l = list_of(o);
    count_id id = count_id_of(self);
    if (WEFT_UNLIKELY((size_t)index >= l->size) || WEFT_UNLIKELY(!count_try_take(id, item))) {
        guard_end(pass);
        return list_set_any(self, o, index, item);
    }
    weft_object *old = l->items[index];
    /* order: release - pairs with ref_read. */
    weft_store_release(&l->items[index], item);
    guard_end(pass);
    return WEFT_LIKELY(count_try_drop(id, old)) ? WEFT_OK : list_drop(self, old);
}

weft_status weft_list_append(weft_thread *self, weft_object *o, weft_object *item)
{
    guard_pass *pass = NULL;
    if (thread_is_current(self) && WEFT_LIKELY(o != NULL && weft_is_list(o)) && WEFT_LIKELY(item != NULL))
        pass = guard_try(self, o);
    if (WEFT_UNLIKELY(pass == NULL))
        return list_append_any(self, o, item);
    list *l = list_of(o);
    size_t size = l->size;
    if (WEFT_UNLIKELY(size >= list_capacity_locked(l)) || WEFT_UNLIKELY(!count_try_take(count_id_of(self), item))) {
        guard_end(pass);
        return list_append_any(self, o, item);
    }
    list_put_last_locked(l, size, item);
    guard_end(pass);
    return WEFT_OK;
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
    list *l = list_of(o);
    if (l->items != NULL)
        list_drop_array(self, l->items, l->size, false, object_is_peeked(o));
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

static __attribute__((noinline)) void list_die_full(weft_thread *self, weft_object *o)
{
    thread *t = thread_of(self);
    if (object_die_begin(t, o)) {
        weft_object **items = list_of(o)->items;
        for (size_t i = list_of(o)->size; i-- > 0;)
            weft_decref(self, items[i]); /* peeked at it was not, or its header would not be plain */
        list_array_free(self, items, false);
        object_free_container(t, o, sizeof(list));
        object_die_end(t);
    }
}

static void list_die(weft_thread *self, weft_object *o)
{
    if (list_of(o)->items == NULL) {
        header_die_plain(thread_of(self), o);
        object_free_container(thread_of(self), o, sizeof(list));
    } else {
        list_die_full(self, o);
    }
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
    type_set_die(WEFT_TYPE_LIST, list_die);
}
