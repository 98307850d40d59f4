/* list_array.c - the array behind a list: growing, trimming, moving items while others read them. See list.h.
 *
 * Called inside the list's guard, except where the name says otherwise. */
#include <string.h>

#include "core/error.h"
#include "core/types/guard.h"
#include "core/types/list.h"

/* Room for more items than are needed: for a quarter of them while arrays are small and their slack adds up; for as many
 * again when they are large, where the system gives memory only to what is used of it, and each array that was outgrown
 * leaves a hole of a size of its own. */
static size_t list_capacity_for(size_t need)
{
    enum { SMALL = 64, LARGE = 4096 };

    size_t slack = need < SMALL ? need / 4 + 2 : need < LARGE ? need / 2 : need;
    size_t bytes = heap_round(list_array_bytes(need + slack));
    return (bytes - offsetof(list_array, items)) / sizeof(weft_object *);
}

/* The list's array is replaced by one of `capacity`, or made that long where it is. */
static weft_status list_resize_locked(weft_thread *self, list *l, size_t capacity)
{
    size_t size = l->size;
    assert(l->items != NULL || size == 0);
    list_array *old = l->items ? list_array_of(l->items) : NULL;
    size_t bytes = list_array_bytes(capacity);
    list_array *fresh;
    bool in_place = old != NULL && guard_alone(self, &l->object);
    if (in_place)
        fresh = weft_mem_realloc(self, old, list_array_bytes(old->capacity), bytes);
    else
        fresh = heap_alloc(thread_of(self), HEAP_RAW, bytes);
    if (fresh == NULL)
        return WEFT_ERROR_MEMORY;
    if (!in_place && size != 0)
        memcpy(fresh->items, old->items, size * sizeof(weft_object *));
    fresh->capacity = capacity;
    /* order: release - pairs with the acquire load of `items` by readers, who then see the items in it. */
    weft_store_release(&l->items, fresh->items);
    if (!in_place && old != NULL)
        weft_mem_retire(self, old, list_array_bytes(old->capacity));
    return WEFT_OK;
}

weft_status list_reserve_locked(weft_thread *self, list *l, size_t need)
{
    if (need <= list_capacity_locked(l))
        return WEFT_OK;
    if (need > (size_t)PTRDIFF_MAX / 2 / sizeof(weft_object *))
        return weft_error_set(WEFT_ERROR_OVERFLOW, "a list of %zu items is longer than memory can be", need);
    return list_resize_locked(self, l, list_capacity_for(need));
}

void list_trim_locked(weft_thread *self, list *l)
{
    /* Not the caller's error if memory for a smaller one cannot be had. */
    error_scope saved;
    error_save(&saved);
    if (list_resize_locked(self, l, list_capacity_for(l->size)) != WEFT_OK)
        error_restore(&saved);
}

weft_object **list_take_array_locked(list *l, size_t *size)
{
    weft_object **items = l->items;
    *size = l->size;
    /* The size first: an array must never be seen with a size that is too large for it.
     * order: release - pairs with readers' acquire loads of both. */
    weft_store_release(&l->size, (size_t)0);
    weft_store_release(&l->items, (weft_object **)NULL);
    return items;
}

weft_object **list_array_new(weft_thread *self, size_t capacity)
{
    if (capacity > (size_t)PTRDIFF_MAX / 2 / sizeof(weft_object *)) {
        (void)weft_error_set(WEFT_ERROR_OVERFLOW, "a list of %zu items is longer than memory can be", capacity);
        return NULL;
    }
    size_t bytes = heap_round(list_array_bytes(capacity));
    list_array *array = heap_alloc(thread_of(self), HEAP_RAW, bytes);
    if (array == NULL)
        return NULL;
    array->capacity = (bytes - offsetof(list_array, items)) / sizeof(weft_object *);
    return array->items;
}

void list_array_free(weft_thread *self, weft_object **items, bool readers)
{
    if (items == NULL)
        return;
    list_array *array = list_array_of(items);
    size_t bytes = list_array_bytes(array->capacity);
    if (readers)
        weft_mem_retire(self, array, bytes);
    else
        heap_free(thread_of(self), HEAP_RAW, array, bytes);
}

/* Outside the guard: dropping a reference may run anything. The slots keep their pointers, as readers may still be on
 * them; they find that the list has another array now. */
void list_drop_array(weft_thread *self, weft_object **items, size_t size, bool readers, bool peeked)
{
    for (size_t i = size; i-- > 0;)
        ref_drop(self, items[i], peeked);
    list_array_free(self, items, readers);
}

weft_object **list_hide_locked(weft_thread *self, list *l)
{
    weft_object **items = l->items;
    if (!guard_alone(self, &l->object)) /* order: release - pairs with readers' acquire loads of `items`. */
        weft_store_release(&l->items, (weft_object **)NULL);
    return items;
}

/* Without readers one memmove. With readers each slot holds a valid object at all times, and those who come while items
 * are on the move see no array and wait for the guard: so that nobody sees item 5 moved and then item 6 not. */
weft_object **list_move_locked(weft_thread *self, list *l, size_t from, size_t to, size_t count)
{
    weft_object **items = list_hide_locked(self, l);
    if (guard_alone(self, &l->object)) {
        if (count != 0)
            memmove(items + to, items + from, count * sizeof *items);
        return items;
    }
    /* order: release - pairs with ref_read. */
    if (to < from) {
        for (size_t i = 0; i < count; i++)
            weft_store_release(&items[to + i], items[from + i]);
    } else {
        for (size_t i = count; i-- > 0;)
            weft_store_release(&items[to + i], items[from + i]);
    }
    return items;
}

void list_settle_locked(list *l, weft_object **items, size_t size)
{
    /* order: release - a reader who sees the array sees all items moved. The size is stored while readers see the array
     * or none, never a smaller one. */
    weft_store_release(&l->size, size);
    weft_store_release(&l->items, items);
}

void list_put_in_locked(weft_thread *self, list *l, size_t index, weft_object *stolen)
{
    weft_object **items = list_move_locked(self, l, index, index + 1, l->size - index);
    /* order: release - pairs with ref_read. */
    weft_store_release(&items[index], stolen);
    list_settle_locked(l, items, l->size + 1);
}

weft_object *list_take_out_locked(weft_thread *self, list *l, size_t index)
{
    weft_object *item = l->items[index];
    weft_object **items = list_move_locked(self, l, index + 1, index, l->size - index - 1);
    /* order: release - before the item can die, so that ref_read's second look misses it. */
    weft_store_release(&items[l->size - 1], (weft_object *)NULL);
    list_settle_locked(l, items, l->size - 1);
    return item;
}
