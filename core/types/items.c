/* items.c - collecting what a container is to be filled with. See items.h. */
#include "core/types/items.h"

#include <string.h>

#include "core/types/types.h"
#include "weft/iterate.h"

void items_drop(weft_thread *self, item_bag *i)
{
    while (i->count > 0)
        weft_decref(self, i->items[--i->count]);
    list_array_free(self, i->items, false);
    i->items = NULL;
}

weft_status items_reserve(weft_thread *self, item_bag *i, size_t need)
{
    size_t capacity = i->items ? list_array_of(i->items)->capacity : 0;
    if (need <= capacity)
        return WEFT_OK;
    weft_object **fresh = list_array_new(self, need < capacity + capacity / 2 ? capacity + capacity / 2 : need);
    if (fresh == NULL)
        return weft_error_status();
    if (i->count != 0)
        memcpy(fresh, i->items, i->count * sizeof *fresh);
    list_array_free(self, i->items, false);
    i->items = fresh;
    return WEFT_OK;
}

weft_status items_add(weft_thread *self, item_bag *i, weft_object *stolen)
{
    weft_status status = items_reserve(self, i, i->count + 1);
    if (WEFT_LIKELY(status == WEFT_OK))
        i->items[i->count++] = stolen;
    else
        weft_decref(self, stolen);
    return status;
}

static weft_status collect_array(weft_thread *self, weft_object *const *from, size_t count, item_bag *into)
{
    weft_status status = items_reserve(self, into, count);
    if (status != WEFT_OK)
        return status;
    for (size_t i = 0; i < count; i++)
        into->items[i] = weft_ref(self, from[i]);
    into->count = count;
    return WEFT_OK;
}

static weft_status collect_list(weft_thread *self, list *l, item_bag *into)
{
    guard g;
    guard_enter(self, &g, &l->object);
    weft_status status = collect_array(self, l->items, l->size, into);
    guard_leave(self, &g);
    return status;
}

static weft_status collect_iterable(weft_thread *self, weft_object *source, item_bag *into)
{
    weft_object *it = weft_iterate(self, source);
    if (it == NULL)
        return weft_error_status();
    weft_object *item;
    int more;
    while ((more = weft_next(self, it, &item)) == 1) {
        weft_status status = items_add(self, into, item);
        if (status != WEFT_OK) {
            more = status;
            break;
        }
        weft_safepoint(self); /* there may be very many */
    }
    weft_decref(self, it);
    if (more < 0)
        items_drop(self, into);
    return (weft_status)more;
}

weft_status items_collect(weft_thread *self, weft_object *source, const char *function, item_bag *into)
{
    *into = (item_bag){NULL, 0};
    if (source == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: what to take the items from is NULL", function);
    if (weft_is_list(source))
        return collect_list(self, list_of(source), into);
    if (weft_type_index(source) == WEFT_TYPE_TUPLE) {
        tuple_object *t = (tuple_object *)(void *)source;
        return collect_array(self, t->items, t->var.count, into);
    }
    return collect_iterable(self, source, into);
}
