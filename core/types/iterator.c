/* iterator.c - weft_iterate and weft_next, and the iterators over what has an order by index: list, tuple, str, bytes,
 * deque. Those over dicts and sets are dict_iterator.c's, those over other iterators lazy.c's.
 *
 * A position is one word that is loaded and stored, relaxed: threads that share an iterator, which they should not, may get
 * the same item twice, and that is all. Any attached thread. */
#include "core/types/deque.h"
#include "core/types/dict_iterator.h"
#include "core/types/items.h"
#include "core/types/list.h"
#include "core/types/str.h"
#include "core/types/types.h"
#include "core/types/utf8.h"
#include "weft/iterate.h"

typedef struct iterator {
    weft_object object;
    weft_object *source; /* constant; NULL once the collector has cleared it */
    size_t position;     /* of what comes next: an index; in a str a byte. Atomic, relaxed */
    uint64_t version;    /* the deque's when the iteration began; constant */
} iterator;

static inline iterator *iterator_of(weft_object *o)
{
    return (iterator *)(void *)o;
}

static weft_object *iterator_new(weft_thread *self, weft_object *source)
{
    weft_object *o = object_alloc_container(thread_of(self), WEFT_TYPE_ITERATOR, sizeof(iterator));
    if (o == NULL)
        return NULL;
    iterator *it = iterator_of(o);
    it->source = weft_ref(self, source);
    it->position = 0;
    it->version = weft_is_deque(source) ? deque_version(self, deque_of(source)) : 0;
    object_track(thread_of(self), o);
    return o;
}

/* ---- next ------------------------------------------------------------------------------------------------------ */

/* The item at `position`, and the position behind it; NULL: the end, or an error, which *status says. */
static weft_object *str_item(weft_thread *self, str_object *s, size_t *position, int *status)
{
    size_t at = *position;
    if (at >= str_size(s))
        return NULL;
    const char *text = str_text(s) + at;
    size_t size = utf8_sequence_size(*text);
    *position = at + size;
    weft_object *item = str_from_valid(self, text, size, 1);
    if (item == NULL)
        *status = weft_error_status();
    return item;
}

static weft_object *bytes_item(const bytes_object *b, size_t *position)
{
    size_t at = *position;
    if (at >= b->var.count)
        return NULL;
    *position = at + 1;
    return &int_cached[b->data[at] - WEFT_INT_CACHED_MIN].object; /* immortal */
}

static weft_object *tuple_item(weft_thread *self, const tuple_object *t, size_t *position)
{
    size_t at = *position;
    if (at >= t->var.count)
        return NULL;
    *position = at + 1;
    return weft_ref(self, t->items[at]);
}

static weft_object *other_item(weft_thread *self, const iterator *it, weft_object *source, size_t *position,
                               int *status)
{
    switch (weft_type_index(source)) {
    case WEFT_TYPE_TUPLE:
        return tuple_item(self, (const tuple_object *)(void *)source, position);
    case WEFT_TYPE_STR:
        return str_item(self, str_of(source), position, status);
    case WEFT_TYPE_BYTES:
        return bytes_item((const bytes_object *)(void *)source, position);
    default:
        return deque_item_if(self, deque_of(source), it->version, (*position)++, status);
    }
}

static inline __attribute__((always_inline)) int iterator_step(weft_thread *self, weft_object *o, weft_object **item)
{
    iterator *it = iterator_of(o);
    weft_object *source = weft_load_acquire(&it->source); /* order: acquire - pairs with iterator_clear */
    size_t position = weft_load_relaxed(&it->position);
    int status = 0;
    weft_object *found = NULL;
    if (WEFT_UNLIKELY(source == NULL || position == SIZE_MAX))
        found = NULL;
    else if (WEFT_LIKELY(weft_is_list(source)))
        found = list_item(self, list_of(source), position++);
    else
        found = other_item(self, it, source, &position, &status);
    if (WEFT_UNLIKELY(status < 0))
        return status;
    *item = found;
    weft_store_relaxed(&it->position, WEFT_LIKELY(found != NULL) ? position : SIZE_MAX);
    return found != NULL;
}

static int iterator_next(weft_thread *self, weft_object *o, weft_object **item)
{
    return iterator_step(self, o, item);
}

int weft_next(weft_thread *self, weft_object *o, weft_object **item)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (WEFT_UNLIKELY(o == NULL || item == NULL))
        return weft_error_set(WEFT_ERROR_VALUE, "%s: %s is NULL", __func__, o ? "item" : "the iterator");
    if (WEFT_LIKELY(weft_type_index(o) == WEFT_TYPE_ITERATOR))
        return iterator_step(self, o, item);
    const weft_type *type = weft_type_of(o);
    if (type->next == NULL)
        return weft_error_set(WEFT_ERROR_TYPE, "%s: %s is not an iterator", __func__, type->name);
    weft_object *found = NULL;
    int more = type->next(self, o, &found);
    if (more < 0)
        return more;
    *item = found;
    return found != NULL;
}

/* ---- iterate --------------------------------------------------------------------------------------------------- */

static weft_object *iterate_by_callback(weft_thread *self, weft_object *o, const weft_type *type)
{
    if (type->iterate == NULL) {
        (void)weft_error_set(WEFT_ERROR_TYPE, "weft_iterate: %s cannot be iterated", type->name);
        return NULL;
    }
    weft_object *it = type->iterate(self, o);
    if (it != NULL && weft_type_of(it)->next == NULL) {
        (void)weft_error_set(WEFT_ERROR_TYPE, "weft_iterate: iterating a %s gave a %s, which is not an iterator",
                             type->name, weft_type_of(it)->name);
        weft_decref(self, it);
        return NULL;
    }
    return it;
}

weft_object *weft_iterate(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (o == NULL) {
        (void)weft_error_set(WEFT_ERROR_VALUE, "%s: the object is NULL", __func__);
        return NULL;
    }
    switch (weft_type_index(o)) {
    case WEFT_TYPE_LIST:
    case WEFT_TYPE_TUPLE:
    case WEFT_TYPE_STR:
    case WEFT_TYPE_BYTES:
    case WEFT_TYPE_DEQUE:
        return iterator_new(self, o);
    case WEFT_TYPE_DICT:
    case WEFT_TYPE_SET:
    case WEFT_TYPE_FROZENSET:
        return dict_iterator_new(self, o, WEFT_DICT_KEYS);
    default:
        break;
    }
    const weft_type *type = weft_type_of(o);
    return type->next && !type->iterate ? weft_ref(self, o) : iterate_by_callback(self, o, type);
}

weft_object *weft_list_from(weft_thread *self, weft_object *source)
{
    WEFT_CHECK_THREAD(self, NULL);
    item_bag all;
    if (items_collect(self, source, __func__, &all) != WEFT_OK)
        return NULL;
    weft_object *result = weft_list_new(self, 0);
    if (result == NULL) {
        items_drop(self, &all);
        return NULL;
    }
    list_of(result)->items = all.items;
    list_of(result)->size = all.count;
    return result;
}

/* ---- the type -------------------------------------------------------------------------------------------------- */

static int iterator_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    weft_object *source = iterator_of(o)->source;
    return source ? visit(source, arg) : 0;
}

static void iterator_clear(weft_thread *self, weft_object *o)
{
    iterator *it = iterator_of(o);
    weft_object *source = it->source;
    weft_store_release(&it->source, (weft_object *)NULL); /* order: release - pairs with iterator_step */
    weft_xdecref(self, source);
}

void iterator_types_init(void)
{
    static const weft_type_spec spec = {
        .name = "iterator",
        .size = sizeof(iterator),
        .flags = WEFT_TYPE_IDENTITY,
        .traverse = iterator_traverse,
        .clear = iterator_clear,
        .destroy = iterator_clear,
        .next = iterator_next,
    };
    type_set_builtin(WEFT_TYPE_ITERATOR, &spec);
    dict_iterator_type_init();
}
