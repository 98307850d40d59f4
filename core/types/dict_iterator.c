/* dict_iterator.c - iterators over dicts and sets: dict_next, and a look whether keys have come or gone meanwhile.
 *
 * Any attached thread; an iterator is used by one at a time (weft/iterate.h). */
#include "core/types/dict_iterator.h"

#include "core/types/dict.h"
#include "core/types/types.h"
#include "weft/containers.h"

typedef struct dict_iterator {
    weft_object object;
    weft_object *source; /* constant; NULL once the collector has cleared it */
    size_t position;     /* dict_next's; SIZE_MAX at the end. Atomic, relaxed */
    uint64_t version;    /* the dict's when the iteration began; constant */
    uint32_t size;       /* the low bits of the number of its keys then; constant */
    uint32_t part;       /* weft_dict_part; constant */
} dict_iterator;

static inline dict_iterator *dict_iterator_of(weft_object *o)
{
    return (dict_iterator *)(void *)o;
}

weft_object *dict_iterator_new(weft_thread *self, weft_object *source, weft_dict_part part)
{
    weft_object *o = object_alloc_container(thread_of(self), WEFT_TYPE_DICT_ITERATOR, sizeof(dict_iterator));
    if (o == NULL)
        return NULL;
    dict *d = dict_of(source);
    dict_iterator *it = dict_iterator_of(o);
    it->source = weft_ref(self, source);
    it->position = 0;
    it->version = dict_version(d); /* before the size, so that a key that comes in between is noticed */
    it->size = (uint32_t)dict_size(self, d);
    it->part = part;
    object_track(thread_of(self), o);
    return o;
}

/* New keys and new tables change the version, which is loaded after the entry was read; removed ones change the number. */
static bool has_changed(weft_thread *self, dict *d, const dict_iterator *it)
{
    return dict_version(d) != it->version || (uint32_t)dict_size(self, d) != it->size;
}

static weft_object *pair_stolen(weft_thread *self, weft_object *key, weft_object *value)
{
    assert(key != NULL && value != NULL); /* the dict gave what it was asked for */
    weft_object *both[2] = {key, value};
    weft_object *pair = weft_tuple_new(self, both, 2);
    weft_decref(self, key);
    weft_decref(self, value);
    return pair;
}

static int dict_iterator_next(weft_thread *self, weft_object *o, weft_object **item)
{
    dict_iterator *it = dict_iterator_of(o);
    weft_object *source = weft_load_acquire(&it->source); /* order: acquire - pairs with dict_iterator_clear */
    size_t position = weft_load_relaxed(&it->position);
    if (source == NULL || position == SIZE_MAX)
        return 0;
    dict *d = dict_of(source);
    weft_object *key = NULL, *value = NULL;
    bool there = dict_next(self, d, &position, it->part == WEFT_DICT_VALUES ? NULL : &key,
                           it->part == WEFT_DICT_KEYS ? NULL : &value);
    if (WEFT_UNLIKELY(has_changed(self, d, it))) {
        weft_xdecref(self, key);
        weft_xdecref(self, value);
        return weft_error_set(WEFT_ERROR_BUSY, "weft_next: the %s was changed while it was iterated",
                              weft_type_of(source)->name);
    }
    weft_store_relaxed(&it->position, there ? position : SIZE_MAX);
    if (!there)
        return 0;
    *item = it->part == WEFT_DICT_KEYS ? key : it->part == WEFT_DICT_VALUES ? value : pair_stolen(self, key, value);
    return *item != NULL ? 1 : weft_error_status();
}

weft_object *weft_dict_iterate(weft_thread *self, weft_object *o, weft_dict_part part)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (!object_check(o, WEFT_TYPE_DICT, __func__))
        return NULL;
    if ((unsigned)part > WEFT_DICT_ITEMS) {
        (void)weft_error_set(WEFT_ERROR_VALUE, "%s: a dict has no part %d", __func__, (int)part);
        return NULL;
    }
    return dict_iterator_new(self, o, part);
}

static int dict_iterator_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    weft_object *source = dict_iterator_of(o)->source;
    return source ? visit(source, arg) : 0;
}

static void dict_iterator_clear(weft_thread *self, weft_object *o)
{
    dict_iterator *it = dict_iterator_of(o);
    weft_object *source = it->source;
    weft_store_release(&it->source, (weft_object *)NULL); /* order: release - pairs with dict_iterator_next */
    weft_xdecref(self, source);
}

void dict_iterator_type_init(void)
{
    static const weft_type_spec spec = {
        .name = "dict iterator",
        .size = sizeof(dict_iterator),
        .flags = WEFT_TYPE_IDENTITY,
        .traverse = dict_iterator_traverse,
        .clear = dict_iterator_clear,
        .destroy = dict_iterator_clear,
        .next = dict_iterator_next,
    };
    type_set_builtin(WEFT_TYPE_DICT_ITERATOR, &spec);
}
