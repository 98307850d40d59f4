/* list_slice.c - slices of lists: read, replaced, deleted. Each in one step for all other threads. Any attached thread. */
#include <string.h>

#include "core/types/items.h"
#include "core/types/list.h"
#include "core/types/types.h"

/* The places start, start + step and so on before end. */
typedef struct slice {
    size_t start, end, step;
    size_t count; /* of places */
} slice;

/* What does not depend on the list. */
static weft_status slice_check(const weft_object *o, int64_t start, int64_t end, int64_t step, const char *function,
                               slice *s)
{
    if (!object_check(o, WEFT_TYPE_LIST, function))
        return o ? WEFT_ERROR_TYPE : WEFT_ERROR_VALUE;
    if (step < 1)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: step %lld, at least 1", function, (long long)step);
    if (start < 0 || end < start)
        return weft_error_set(WEFT_ERROR_INDEX, "%s: no slice from %lld to %lld", function, (long long)start,
                              (long long)end);
    size_t length = (size_t)(end - start);
    *s = (slice){(size_t)start, (size_t)end, (size_t)step, length / (size_t)step + (length % (size_t)step != 0)};
    return WEFT_OK;
}

static weft_status slice_outside(const slice *s, size_t size, const char *function)
{
    return weft_error_set(WEFT_ERROR_INDEX, "%s: %zu to %zu is outside a list of %zu", function, s->start, s->end,
                          size);
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

/* WEFT_ERROR_INDEX without a message if it is outside. */
static weft_status copy_locked(weft_thread *self, list *l, const slice *s, item_bag *into)
{
    if (s->end > l->size)
        return WEFT_ERROR_INDEX;
    weft_status status = items_reserve(self, into, s->count);
    if (status != WEFT_OK)
        return status;
    for (size_t i = 0; i < s->count; i++)
        into->items[i] = weft_ref(self, l->items[s->start + i * s->step]);
    into->count = s->count;
    return WEFT_OK;
}

weft_object *weft_list_slice(weft_thread *self, weft_object *o, int64_t start, int64_t end, int64_t step)
{
    WEFT_CHECK_THREAD(self, NULL);
    slice s;
    if (slice_check(o, start, end, step, __func__, &s) != WEFT_OK)
        return NULL;
    weft_object *result = weft_list_new(self, 0);
    if (result == NULL)
        return NULL;
    item_bag copy = {NULL, 0};
    guard g;
    guard_enter(self, &g, o);
    size_t size = list_of(o)->size;
    weft_status status = copy_locked(self, list_of(o), &s, &copy);
    guard_leave(self, &g);
    if (status != WEFT_OK) {
        weft_decref(self, result);
        if (status == WEFT_ERROR_INDEX)
            (void)slice_outside(&s, size, __func__);
        return NULL;
    }
    list_of(result)->items = copy.items;
    list_of(result)->size = copy.count;
    return result;
}

/* ---- changing -------------------------------------------------------------------------------------------------- */

/* Takes out the items of a slice of step 1 and puts those of `more` in their place; what was taken out is in `out` then,
 * which has room for it. */
static weft_status splice_locked(weft_thread *self, list *l, const slice *s, item_bag *more, item_bag *out)
{
    size_t old_size = l->size, new_size = old_size - s->count + more->count;
    weft_status status = list_reserve_locked(self, l, new_size);
    if (status != WEFT_OK)
        return status;
    if (s->count != 0)
        memcpy(out->items, l->items + s->start, s->count * sizeof *out->items);
    out->count = s->count;
    weft_object **items = list_move_locked(self, l, s->end, s->start + more->count, old_size - s->end);
    /* order: release - pairs with ref_read. */
    for (size_t i = 0; i < more->count; i++)
        weft_store_release(&items[s->start + i], more->items[i]);
    for (size_t i = new_size; i < old_size; i++)
        weft_store_release(&items[i], (weft_object *)NULL);
    list_settle_locked(l, items, new_size);
    more->count = 0;
    return WEFT_OK;
}

/* Each place of the slice gets an item of `more`, which has the old ones then. */
static void exchange_locked(weft_thread *self, list *l, const slice *s, item_bag *more)
{
    weft_object **items = list_hide_locked(self, l);
    for (size_t i = 0; i < s->count; i++) {
        weft_object **place = &items[s->start + i * s->step];
        weft_object *old = *place;
        weft_store_release(place, more->items[i]); /* order: release - pairs with ref_read. */
        more->items[i] = old;
    }
    list_settle_locked(l, items, l->size);
}

/* Takes out the places of the slice; `out` has room. */
static void thin_locked(weft_thread *self, list *l, const slice *s, item_bag *out)
{
    size_t size = l->size, kept = s->start, next = s->start;
    weft_object **items = list_hide_locked(self, l);
    for (size_t i = s->start; i < size; i++) {
        if (i == next && i < s->end) {
            out->items[out->count++] = items[i];
            next += s->step;
        } else { /* order: release - pairs with ref_read. */
            weft_store_release(&items[kept++], items[i]);
        }
    }
    for (size_t i = kept; i < size; i++)
        weft_store_release(&items[i], (weft_object *)NULL);
    list_settle_locked(l, items, kept);
}

/* Drops what was taken out of a list. */
static void drop_taken(weft_thread *self, item_bag *taken, bool peeked)
{
    if (peeked) {
        while (taken->count > 0)
            ref_drop(self, taken->items[--taken->count], true);
    }
    items_drop(self, taken);
}

weft_status weft_list_slice_set(weft_thread *self, weft_object *o, int64_t start, int64_t end, int64_t step,
                                weft_object *source)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    slice s;
    weft_status status = slice_check(o, start, end, step, __func__, &s);
    if (status != WEFT_OK)
        return status;
    item_bag more, out = {NULL, 0};
    if ((status = items_collect(self, source, __func__, &more)) != WEFT_OK)
        return status;
    size_t given = more.count;
    bool exchanged = given == s.count;
    if (!exchanged && step != 1) {
        items_drop(self, &more);
        return weft_error_set(WEFT_ERROR_VALUE, "%s: %zu items for %zu places", __func__, given, s.count);
    }
    list *l = list_of(o);
    guard g;
    guard_enter(self, &g, o);
    size_t size = l->size;
    if (s.end > size)
        status = WEFT_ERROR_INDEX;
    else if (exchanged && given != 0)
        exchange_locked(self, l, &s, &more);
    else if (!exchanged && (status = items_reserve(self, &out, s.count)) == WEFT_OK)
        status = splice_locked(self, l, &s, &more, &out);
    if (status == WEFT_OK && list_is_loose(l))
        list_trim_locked(self, l);
    bool peeked = guard_is_peeked(&g, o) && status == WEFT_OK;
    guard_leave(self, &g);
    drop_taken(self, &more, peeked);
    drop_taken(self, &out, peeked);
    return status == WEFT_ERROR_INDEX ? slice_outside(&s, size, __func__) : status;
}

weft_status weft_list_slice_delete(weft_thread *self, weft_object *o, int64_t start, int64_t end, int64_t step)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    slice s;
    weft_status status = slice_check(o, start, end, step, __func__, &s);
    if (status != WEFT_OK)
        return status;
    item_bag none = {NULL, 0}, out = {NULL, 0};
    list *l = list_of(o);
    guard g;
    guard_enter(self, &g, o);
    size_t size = l->size;
    if (s.end > size)
        status = WEFT_ERROR_INDEX;
    else if (s.count != 0 && (status = items_reserve(self, &out, s.count)) == WEFT_OK) {
        if (s.step == 1)
            status = splice_locked(self, l, &s, &none, &out); /* shorter: cannot fail */
        else
            thin_locked(self, l, &s, &out);
        if (list_is_loose(l))
            list_trim_locked(self, l);
    }
    bool peeked = guard_is_peeked(&g, o);
    guard_leave(self, &g);
    drop_taken(self, &out, peeked);
    return status == WEFT_ERROR_INDEX ? slice_outside(&s, size, __func__) : status;
}
