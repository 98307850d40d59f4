/* list_sort.c - sorting a list that others may use meanwhile, and whose items' order runs code of the program.
 *
 * The list is not locked for that long. Its items are taken down, each with a reference; what was taken down is sorted; and if
 * the list still holds the same items in the same order, it gets the new array in one step. Otherwise somebody has
 * changed it, which stands, and the sort was in vain: WEFT_ERROR_BUSY. Any attached thread. */
#include <string.h>

#include "core/types/list.h"
#include "core/types/sort.h"
#include "core/types/str.h"
#include "core/types/types.h"

/* One sort. */
typedef struct list_sort {
    list *l;
    weft_object *
        *taken; /* a list_array: the items in their old order, a reference to each; then the list's new array */
    size_t count;
    sort_item *pairs; /* twice as many as items: the second half for merging */
} list_sort;

static size_t pairs_bytes(size_t count)
{
    return 2 * count * sizeof(sort_item);
}

/* ---- keys ------------------------------------------------------------------------------------------------------ */

static int order_default(weft_thread *self, weft_object *a, weft_object *b, void *arg)
{
    (void)arg;
    int order;
    weft_status status = weft_compare(self, a, b, &order);
    return status == WEFT_OK ? order < 0 : (int)status;
}

/* Numbers in the order of the floats. -0.0 and 0.0 are level. Not for NaN. */
static int64_t key_of_float(double value)
{
    int64_t bits;
    value += 0.0; /* -0.0 becomes 0.0 */
    memcpy(&bits, &value, sizeof bits);
    return bits < 0 ? INT64_MIN - bits : bits;
}

/* The first eight bytes, so that comparing the numbers is comparing those; what is missing counts as 0. */
static int64_t key_of_str(const weft_object *o)
{
    uint8_t bytes[8] = {0};
    size_t size = str_size(str_of(o));
    memcpy(bytes, str_text(str_of(o)), size < 8 ? size : 8);
    uint64_t key = 0;
    for (int i = 0; i < 8; i++)
        key = key << 8 | bytes[i];
    return (int64_t)(key ^ (uint64_t)1 << 63);
}

/* Fills the pairs with keys, as long as all items are of one of the types that have some. */
static sort_kind fill_keys(const list_sort *sort)
{
    uint32_t type = weft_type_index(sort->taken[0]);
    size_t i;
    for (i = 0; i < sort->count; i++) {
        weft_object *o = sort->taken[i];
        if (weft_type_index(o) != type)
            return SORT_ASK;
        sort->pairs[i].o = o;
        if (type == WEFT_TYPE_INT)
            sort->pairs[i].key = weft_int_get(o);
        else if (type == WEFT_TYPE_FLOAT && weft_float_get(o) == weft_float_get(o))
            sort->pairs[i].key = key_of_float(weft_float_get(o));
        else if (type == WEFT_TYPE_STR)
            sort->pairs[i].key = key_of_str(o);
        else
            return SORT_ASK;
    }
    return type == WEFT_TYPE_STR ? SORT_STRS : SORT_KEYS;
}

static weft_status sort_taken(weft_thread *self, const list_sort *sort, weft_less_fn less, void *arg)
{
    sort_item *pairs = sort->pairs;
    sorter s = {.self = self, .less = less, .arg = arg, .temp = pairs + sort->count, .kind = SORT_ASK};
    if (less == NULL) {
        s.less = order_default;
        s.kind = fill_keys(sort);
    }
    if (s.kind == SORT_ASK) {
        for (size_t i = 0; i < sort->count; i++)
            pairs[i] = (sort_item){0, sort->taken[i]};
    }
    return sort_run(&s, pairs, sort->count);
}

/* ---- the list -------------------------------------------------------------------------------------------------- */

/* A reference to each item, in one step. */
static weft_status take_down(weft_thread *self, list_sort *sort)
{
    list *l = sort->l;
    guard g;
    guard_enter(self, &g, &l->object);
    size_t count = l->size;
    if (count > 1 && (sort->taken = list_array_new(self, count)) != NULL) {
        for (size_t i = 0; i < count; i++)
            sort->taken[i] = weft_ref(self, l->items[i]);
    }
    sort->count = count;
    guard_leave(self, &g);
    if (count > 1 && sort->taken == NULL)
        return weft_error_status();
    return WEFT_OK;
}

/* Gives the list the sorted items if it still has those that were taken down: the array it had, to be dropped, or NULL. */
static weft_object **install(weft_thread *self, list_sort *sort, bool *readers)
{
    list *l = sort->l;
    weft_object **old = NULL;
    guard g;
    guard_enter(self, &g, &l->object);
    if (l->size == sort->count && memcmp(l->items, sort->taken, sort->count * sizeof *l->items) == 0) {
        old = l->items;
        *readers = !guard_alone(self, &l->object);
        for (size_t i = 0; i < sort->count; i++)
            sort->taken[i] = sort->pairs[i].o;
        /* order: release - pairs with readers' acquire loads of `items`: they see all of the new order. */
        weft_store_release(&l->items, sort->taken);
    }
    guard_leave(self, &g);
    return old;
}

/* Drops the references that were taken down, in the order in which they lie in memory, more often than not. */
static void drop_taken(weft_thread *self, weft_object **items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        weft_decref(self, items[i]);
}

weft_status weft_list_sort(weft_thread *self, weft_object *o, weft_less_fn less, void *arg)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_LIST, __func__))
        return o ? WEFT_ERROR_TYPE : WEFT_ERROR_VALUE;
    list_sort sort = {.l = list_of(o)};
    weft_status status = take_down(self, &sort);
    if (status != WEFT_OK || sort.count < 2)
        return status;
    sort.pairs = heap_alloc(thread_of(self), HEAP_RAW, pairs_bytes(sort.count));
    status = sort.pairs ? sort_taken(self, &sort, less, arg) : WEFT_ERROR_MEMORY;
    bool readers = false;
    weft_object **old = status == WEFT_OK ? install(self, &sort, &readers) : NULL;
    if (status == WEFT_OK && old == NULL)
        status = weft_error_set(WEFT_ERROR_BUSY, "%s: the list was changed while it was being sorted", __func__);
    if (sort.pairs != NULL)
        heap_free(thread_of(self), HEAP_RAW, sort.pairs, pairs_bytes(sort.count));
    weft_object **done = old != NULL ? old : sort.taken; /* still the old order, either way */
    drop_taken(self, done, sort.count);
    list_array_free(self, done, readers && old != NULL);
    return status;
}
