/* list_ops.c - what is done with lists as a whole: swap, reverse, extend, search. Any attached thread. */
#include "core/types/items.h"
#include "core/types/list.h"
#include "core/types/types.h"

/* WEFT_OK if `o` is a list. */
static weft_status list_check(const weft_object *o, const char *function)
{
    if (WEFT_LIKELY(object_check(o, WEFT_TYPE_LIST, function)))
        return WEFT_OK;
    return o ? WEFT_ERROR_TYPE : WEFT_ERROR_VALUE;
}

static weft_status item_check(const weft_object *o, const weft_object *item, const char *function)
{
    weft_status status = list_check(o, function);
    if (status == WEFT_OK && item == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: the item is NULL", function);
    return status;
}

weft_status weft_list_swap(weft_thread *self, weft_object *o, int64_t i, int64_t j)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    weft_status status = list_check(o, __func__);
    if (status != WEFT_OK)
        return status;
    list *l = list_of(o);
    guard g;
    guard_enter(self, &g, o);
    size_t size = l->size;
    bool inside = (size_t)i < size && (size_t)j < size;
    if (inside) {
        weft_object **items = list_hide_locked(self, l);
        weft_object *first = items[i];
        /* order: release - pairs with ref_read. */
        weft_store_release(&items[i], items[j]);
        weft_store_release(&items[j], first);
        list_settle_locked(l, items, size);
    }
    guard_leave(self, &g);
    if (!inside)
        return weft_error_set(WEFT_ERROR_INDEX, "%s: index %lld is outside a list of %zu", __func__,
                              (long long)((size_t)i < size ? j : i), size);
    return WEFT_OK;
}

weft_status weft_list_reverse(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    weft_status status = list_check(o, __func__);
    if (status != WEFT_OK)
        return status;
    list *l = list_of(o);
    guard g;
    guard_enter(self, &g, o);
    size_t size = l->size;
    if (size > 1) {
        weft_object **items = list_hide_locked(self, l);
        for (size_t i = 0, j = size - 1; i < j; i++, j--) {
            weft_object *first = items[i];
            /* order: release - pairs with ref_read. */
            weft_store_release(&items[i], items[j]);
            weft_store_release(&items[j], first);
        }
        list_settle_locked(l, items, size);
    }
    guard_leave(self, &g);
    return WEFT_OK;
}

/* The references become the list's; on failure they stay the caller's. */
static weft_status append_all_locked(weft_thread *self, list *l, const item_bag *more)
{
    size_t size = l->size;
    weft_status status = list_reserve_locked(self, l, size + more->count);
    if (status != WEFT_OK)
        return status;
    /* order: release - pairs with ref_read; the size's with list_size: all of them appear with that one store. */
    for (size_t i = 0; i < more->count; i++)
        weft_store_release(&l->items[size + i], more->items[i]);
    weft_store_release(&l->size, size + more->count);
    return WEFT_OK;
}

weft_status weft_list_extend(weft_thread *self, weft_object *o, weft_object *source)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    weft_status status = list_check(o, __func__);
    if (status != WEFT_OK)
        return status;
    item_bag more;
    status = items_collect(self, source, __func__, &more);
    if (status != WEFT_OK || more.count == 0) {
        items_drop(self, &more);
        return status;
    }
    guard g;
    guard_enter(self, &g, o);
    status = append_all_locked(self, list_of(o), &more);
    guard_leave(self, &g);
    if (status == WEFT_OK)
        more.count = 0;
    items_drop(self, &more);
    return status;
}

/* ---- searching ------------------------------------------------------------------------------------------------- */

/* 1, *index and, unless `found` is NULL, a reference to the first item at `start` or later that is equal; 0; an error. */
static int list_find(weft_thread *self, list *l, weft_object *item, size_t start, size_t *index, weft_object **found)
{
    for (size_t i = start;; i++) {
        weft_object *candidate = list_item(self, l, i);
        if (candidate == NULL)
            return 0;
        int equal = candidate == item ? 1 : weft_equal(self, candidate, item);
        if (equal == 1 && found != NULL)
            *found = candidate;
        else
            weft_decref(self, candidate);
        *index = i;
        if (equal != 0)
            return equal;
    }
}

int weft_list_index(weft_thread *self, weft_object *o, weft_object *item, int64_t start, int64_t *index)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    weft_status status = item_check(o, item, __func__);
    if (status != WEFT_OK)
        return status;
    size_t size = list_size(list_of(o));
    if (start < 0 || (size_t)start > size)
        return weft_error_set(WEFT_ERROR_INDEX, "%s: start %lld is outside a list of %zu", __func__, (long long)start,
                              size);
    size_t at;
    int found = list_find(self, list_of(o), item, (size_t)start, &at, NULL);
    if (found == 1 && index != NULL)
        *index = (int64_t)at;
    return found;
}

int weft_list_contains(weft_thread *self, weft_object *o, weft_object *item)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    weft_status status = item_check(o, item, __func__);
    size_t at;
    return status == WEFT_OK ? list_find(self, list_of(o), item, 0, &at, NULL) : (int)status;
}

int64_t weft_list_count(weft_thread *self, weft_object *o, weft_object *item)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    weft_status status = item_check(o, item, __func__);
    if (status != WEFT_OK)
        return status;
    int64_t count = 0;
    size_t at = 0;
    int found;
    for (size_t start = 0; (found = list_find(self, list_of(o), item, start, &at, NULL)) == 1; start = at + 1)
        count++;
    return found < 0 ? found : count;
}

/* Takes out this very object, wherever it has gone meanwhile; NULL if it is not there any more. */
static weft_object *take_out_object(weft_thread *self, list *l, weft_object *item, size_t guess)
{
    weft_object *taken = NULL;
    guard g;
    guard_enter(self, &g, &l->object);
    size_t at = guess;
    if (guess >= l->size || l->items[guess] != item) {
        at = 0;
        while (at < l->size && l->items[at] != item)
            at++;
    }
    if (at < l->size) {
        taken = list_take_out_locked(self, l, at);
        if (list_is_loose(l))
            list_trim_locked(self, l);
    }
    bool peeked = guard_is_peeked(&g, &l->object);
    guard_leave(self, &g);
    if (taken != NULL && peeked)
        ref_linger(self, taken);
    return taken;
}

/* The answer of weft_equal is about an object, and holds wherever in the list it is when the callback has returned. If it
 * has gone altogether, the search goes on behind its place: so it ends, whatever the callback does. */
int weft_list_remove(weft_thread *self, weft_object *o, weft_object *item)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    weft_status status = item_check(o, item, __func__);
    if (status != WEFT_OK)
        return status;
    weft_object *candidate, *taken = NULL;
    size_t at = 0;
    int found = 0;
    for (size_t start = 0; taken == NULL; start = at + 1) {
        found = list_find(self, list_of(o), item, start, &at, &candidate);
        if (found != 1)
            break;
        taken = take_out_object(self, list_of(o), candidate, at);
        weft_decref(self, candidate);
    }
    weft_xdecref(self, taken);
    return found;
}
