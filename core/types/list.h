/* list.h - the list: a growable array of references, read without a lock.
 *
 * Invariants, outside a guard (guard.h):
 *   - items[0 .. size) are valid objects, one reference each. What is behind them was never written, or is NULL.
 *   - items is NULL (no array), or points into a list_array.
 *   - size <= the capacity of the array that `items` points to, at every moment at which `items` points to one. So a
 *     reader that sees the same `items` before and after it reads `size` may touch items[0 .. size).
 * While items move about, `items` is NULL for readers who have no guard: they wait for the guard (list_move_locked). */
#ifndef WEFT_CORE_TYPES_LIST_H
#define WEFT_CORE_TYPES_LIST_H

#include "core/types/guard.h"

typedef struct list {
    weft_object object;
    weft_object **items; /* written under the guard, read by anyone: acquire, release */
    size_t size;         /* the same */
} list;

typedef struct list_array {
    size_t capacity; /* constant */
    weft_object *items[];
} list_array;

static inline list *list_of(weft_object *o)
{
    return (list *)(void *)o;
}

static inline list_array *list_array_of(weft_object **items)
{
    return (list_array *)(void *)((char *)items - offsetof(list_array, items));
}

static inline size_t list_array_bytes(size_t capacity)
{
    return offsetof(list_array, items) + capacity * sizeof(weft_object *);
}

static inline size_t list_capacity_locked(const list *l)
{
    return l->items ? list_array_of(l->items)->capacity : 0;
}

/* Makes room for `need` items in all, `size` of which are there. WEFT_ERROR_MEMORY, _OVERFLOW: nothing changed. */
weft_status list_reserve_locked(weft_thread *self, list *l, size_t need);

/* Gives memory back. Never fails: the array may stay as it is. */
void list_trim_locked(weft_thread *self, list *l);

enum { LIST_TRIM_MIN = 16 /* smaller arrays are not worth giving back */ };

/* Is much of the array unused? */
static inline bool list_is_loose(const list *l)
{
    size_t capacity = list_capacity_locked(l);
    return capacity >= LIST_TRIM_MIN && l->size <= capacity / 4;
}

/* Takes the array away; the list is empty then. The caller drops the items outside the guard: list_drop_array. */
weft_object **list_take_array_locked(list *l, size_t *size);
void list_drop_array(weft_thread *self, weft_object **items, size_t size, bool readers, bool peeked);

/* The items of a list_array that no list has yet, with room for `capacity`, not 0. NULL: WEFT_ERROR_MEMORY, _OVERFLOW. */
weft_object **list_array_new(weft_thread *self, size_t capacity);
/* NULL is allowed. What the array held is the caller's. */
void list_array_free(weft_thread *self, weft_object **items, bool readers);

/* For changes of several places that others see as one. hide: readers who come find no array, and wait for the guard; those
 * who came before may find any item in its old or its new place, so each place must hold a valid object at all times.
 * move: hides, and moves `count` items. Both return the array, which settle shows again, with `size` items. */
weft_object **list_hide_locked(weft_thread *self, list *l);
weft_object **list_move_locked(weft_thread *self, list *l, size_t from, size_t to, size_t count);
void list_settle_locked(list *l, weft_object **items, size_t size);

/* Puts an item at `index`, or takes it out; the items behind it move. There is room for it. */
void list_put_in_locked(weft_thread *self, list *l, size_t index, weft_object *stolen);
weft_object *list_take_out_locked(weft_thread *self, list *l, size_t index);

static inline size_t list_size(const list *l)
{
    /* order: acquire - pairs with the release store of a writer, so that who has seen the size sees the items. */
    return weft_load_acquire(&l->size);
}

weft_object *list_item_guarded(weft_thread *self, list *l, size_t index);

/* A new reference to item `index` if that takes no call: its list and it are the caller's own. Else NULL. */
static inline weft_object *list_item_own(weft_thread *self, list *l, size_t index)
{
    /* order: acquire - so that they come before guard_alone's load: then both are as this thread has left them. */
    weft_object **items = weft_load_acquire(&l->items);
    size_t size = weft_load_acquire(&l->size);
    count_id id = count_id_of(self);
    if (WEFT_UNLIKELY(index >= size) || WEFT_UNLIKELY(!guard_alone_id(id, &l->object)))
        return NULL;
    return ref_read_own(id, &items[index], (void *const *)&l->items, items, true);
}

/* A new reference to item `index`, or NULL without an error: there is none. Takes no lock if it can be helped. */
static inline __attribute__((always_inline)) weft_object *list_item(weft_thread *self, list *l, size_t index)
{
    if (WEFT_UNLIKELY(!guard_readable(self, &l->object)))
        return list_item_guarded(self, l, index);
    /* order: acquire - pairs with the release stores of `items`, so that the array is seen as it was made. */
    weft_object **items = weft_load_acquire(&l->items);
    if (WEFT_UNLIKELY(index >= list_size(l)))
        return NULL;
    /* The array was there before and after the size was read: so it is at least that long. */
    if (WEFT_UNLIKELY(!ref_array_is((void *const *)&l->items, items) || items == NULL))
        return list_item_guarded(self, l, index);
    weft_object *item = ref_read(self, &items[index], (void *const *)&l->items, items);
    return WEFT_LIKELY(item != NULL) ? item : list_item_guarded(self, l, index);
}

int list_traverse(weft_object *o, weft_visit_fn visit, void *arg);
int list_equal(weft_thread *self, weft_object *a, weft_object *b);
weft_object *list_repr(weft_thread *self, weft_object *o);

#endif
