/* open.c - instances that take any attribute. open.h has their shape and why nothing ever moves.
 *
 * Reading takes no lock: as a list's items are read (docs/dict.md). Writers take the instance's guard and drop the old value
 * after it. Any attached thread, any number at once. */
#include "core/types/open.h"

#include <string.h>

#include "core/text_buffer.h"
#include "core/types/dict.h"
#include "core/types/instance.h"
#include "core/types/slot.h"

/* ---- arguments ------------------------------------------------------------------------------------------------- */

static weft_status open_check(const weft_object *o, const char *function)
{
    if (WEFT_UNLIKELY(o == NULL))
        return weft_error_set(WEFT_ERROR_VALUE, "%s: the object is NULL", function);
    if (WEFT_UNLIKELY(!open_is_type(weft_type_of(o))))
        return weft_error_set(WEFT_ERROR_TYPE, "%s: an instance that takes attributes expected, got %s", function,
                              weft_type_of(o)->name);
    return WEFT_OK;
}

static inline weft_status open_check_name(const weft_object *o, const weft_object *name, const char *function)
{
    weft_status status = open_check(o, function);
    if (WEFT_UNLIKELY(status != WEFT_OK))
        return status;
    return object_check(name, WEFT_TYPE_STR, function) ? WEFT_OK : weft_error_status();
}

static weft_status no_attribute(weft_thread *self, const weft_object *o, const weft_object *name, const char *function)
{
    return weft_error_set(WEFT_ERROR_KEY, "%s: %s has no attribute %s", function, weft_type_of(o)->name,
                          weft_str_utf8(self, name, NULL));
}

/* ---- the values whose names the type knows --------------------------------------------------------------------- */

static weft_object *value_get_guarded(weft_thread *self, open_object *x, size_t place)
{
    weft_object *value = NULL;
    guard g;
    guard_enter(self, &g, &x->object);
    open_values *values = x->values;
    if (values != NULL && place < values->capacity && values->items[place] != NULL)
        value = ref_read_guarded(self, values->items[place]);
    guard_leave(self, &g);
    return value;
}

/* A new reference, or NULL without an error. An array that was replaced keeps what it had, so a place that is empty there
 * was empty when that happened, or is still. */
static weft_object *value_get(weft_thread *self, open_object *x, size_t place)
{
    if (WEFT_UNLIKELY(!guard_readable(self, &x->object)))
        return value_get_guarded(self, x, place);
    /* order: acquire - pairs with the release stores of `values`, so that the array is seen as it was made. */
    open_values *values = weft_load_acquire(&x->values);
    if (WEFT_UNLIKELY(values == NULL || place >= values->capacity))
        return NULL;
    weft_object *value = ref_read(self, &values->items[place], (void *const *)&x->values, values);
    if (WEFT_LIKELY(value != NULL))
        return value;
    return weft_load_relaxed(&values->items[place]) == NULL ? NULL : value_get_guarded(self, x, place);
}

/* Room for the place, and for what other instances have: but not for many names that this one may never use. */
static size_t values_capacity_for(size_t place, size_t known)
{
    enum { FEW = 15 };

    size_t need = known <= FEW && known > place ? known : place + 1;
    return (heap_round(open_values_bytes(need)) - offsetof(open_values, items)) / sizeof(weft_object *);
}

static weft_status values_reserve_locked(weft_thread *self, open_object *x, size_t place)
{
    open_values *old = x->values;
    size_t had = old ? old->capacity : 0;
    if (WEFT_LIKELY(place < had))
        return WEFT_OK;
    /* relaxed: how many there are is a hint here */
    size_t capacity = values_capacity_for(place, weft_load_relaxed(&open_keys_of(&x->object)->count));
    open_values *fresh = heap_alloc(thread_of(self), HEAP_RAW, open_values_bytes(capacity));
    if (fresh == NULL)
        return WEFT_ERROR_MEMORY;
    fresh->capacity = capacity;
    if (had != 0)
        memcpy(fresh->items, old->items, had * sizeof *old->items);
    memset(fresh->items + had, 0, (capacity - had) * sizeof *fresh->items);
    /* order: release - pairs with value_get. */
    weft_store_release(&x->values, fresh);
    if (old == NULL)
        return WEFT_OK;
    if (guard_alone(self, &x->object))
        heap_free(thread_of(self), HEAP_RAW, old, open_values_bytes(had));
    else
        weft_mem_retire(self, old, open_values_bytes(had));
    return WEFT_OK;
}

static weft_status value_set(weft_thread *self, open_object *x, size_t place, weft_object *value)
{
    weft_object *old = NULL;
    guard g;
    guard_enter(self, &g, &x->object);
    weft_status status = values_reserve_locked(self, x, place);
    if (WEFT_LIKELY(status == WEFT_OK)) {
        old = x->values->items[place];
        weft_incref(self, value);
        /* order: release - pairs with ref_read. */
        weft_store_release(&x->values->items[place], value);
    }
    guard_leave(self, &g);
    weft_xdecref(self, old);
    return status;
}

/* Returns what was there, or NULL. */
static weft_object *value_take(weft_thread *self, open_object *x, size_t place)
{
    weft_object *old = NULL;
    guard g;
    guard_enter(self, &g, &x->object);
    if (x->values != NULL && place < x->values->capacity) {
        old = x->values->items[place];
        /* order: release - before it can die, so that ref_read's second look misses it. */
        weft_store_release(&x->values->items[place], (weft_object *)NULL);
    }
    guard_leave(self, &g);
    return old;
}

/* ---- the instance's own dict ----------------------------------------------------------------------------------- */

/* A new reference to the dict, made if need be; NULL: out of memory. */
static weft_object *more_make(weft_thread *self, open_object *x)
{
    weft_object *more;
    while ((more = slot_get(self, &x->object, &x->more)) == NULL) {
        weft_object *fresh = weft_dict_new(self);
        if (fresh == NULL)
            return NULL;
        (void)slot_replace(self, &x->object, &x->more, NULL, fresh);
        weft_decref(self, fresh);
    }
    return more;
}

static weft_status more_set(weft_thread *self, open_object *x, weft_object *name, weft_object *value)
{
    weft_object *more = more_make(self, x);
    if (more == NULL)
        return WEFT_ERROR_MEMORY;
    weft_status status = weft_dict_set(self, more, name, value);
    weft_decref(self, more);
    return status;
}

/* NULL without an error if it is not there. Keys are strs, whose comparison cannot fail. */
static weft_object *more_get(weft_thread *self, open_object *x, weft_object *name)
{
    weft_object *value = NULL, *more = slot_get(self, &x->object, &x->more);
    if (more != NULL) {
        (void)dict_get(self, dict_of(more), name, str_hash(str_of(name)), &value);
        weft_decref(self, more);
    }
    return value;
}

static bool more_delete(weft_thread *self, open_object *x, weft_object *name)
{
    weft_object *more = slot_get(self, &x->object, &x->more);
    if (more == NULL)
        return false;
    bool found = weft_dict_pop(self, more, name, NULL) == 1;
    weft_decref(self, more);
    return found;
}

/* ---- attributes ------------------------------------------------------------------------------------------------ */

weft_object *weft_attribute_get(weft_thread *self, weft_object *o, weft_object *name)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (open_check_name(o, name, __func__) != WEFT_OK)
        return NULL;
    int place = open_key_find(open_keys_of(o), name);
    weft_object *value =
        WEFT_LIKELY(place >= 0) ? value_get(self, open_of(o), (size_t)place) : more_get(self, open_of(o), name);
    if (WEFT_UNLIKELY(value == NULL))
        (void)no_attribute(self, o, name, __func__);
    return value;
}

weft_status weft_attribute_set(weft_thread *self, weft_object *o, weft_object *name, weft_object *value)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    weft_status status = open_check_name(o, name, __func__);
    if (WEFT_UNLIKELY(status != WEFT_OK))
        return status;
    if (WEFT_UNLIKELY(value == NULL))
        return weft_error_set(WEFT_ERROR_VALUE, "%s: the value is NULL", __func__);
    int place;
    if (!open_key_add(self, open_keys_of(o), name, &place))
        return WEFT_ERROR_MEMORY;
    return WEFT_LIKELY(place >= 0) ? value_set(self, open_of(o), (size_t)place, value)
                                   : more_set(self, open_of(o), name, value);
}

weft_status weft_attribute_delete(weft_thread *self, weft_object *o, weft_object *name)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    weft_status status = open_check_name(o, name, __func__);
    if (WEFT_UNLIKELY(status != WEFT_OK))
        return status;
    int place = open_key_find(open_keys_of(o), name);
    if (place < 0)
        return more_delete(self, open_of(o), name) ? WEFT_OK : no_attribute(self, o, name, __func__);
    weft_object *old = value_take(self, open_of(o), (size_t)place);
    if (old == NULL)
        return no_attribute(self, o, name, __func__);
    weft_decref(self, old);
    return WEFT_OK;
}

/* Positions below WEFT_OPEN_KEYS_MAX are places, the rest are those of the instance's own dict. */
static bool open_next(weft_thread *self, open_object *x, size_t *position, weft_object **name, weft_object **value)
{
    const open_keys *keys = open_keys_of(&x->object);
    /* order: acquire - pairs with key_append_locked: the names below are there. */
    size_t known = weft_load_acquire(&keys->count);
    for (size_t place = *position; place < known; place++) {
        weft_object *found = value_get(self, x, place);
        if (found == NULL)
            continue;
        *position = place + 1;
        *name = weft_ref(self, keys->names[place]);
        *value = found;
        return true;
    }
    weft_object *more = slot_get(self, &x->object, &x->more);
    if (more == NULL)
        return false;
    size_t within = *position < WEFT_OPEN_KEYS_MAX ? 0 : *position - WEFT_OPEN_KEYS_MAX;
    bool there = dict_next(self, dict_of(more), &within, name, value);
    if (there)
        *position = within + WEFT_OPEN_KEYS_MAX;
    weft_decref(self, more);
    return there;
}

int weft_attribute_next(weft_thread *self, weft_object *o, size_t *position, weft_object **name, weft_object **value)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    weft_status status = open_check(o, __func__);
    if (status != WEFT_OK)
        return status;
    if (position == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: position is NULL", __func__);
    weft_object *n = NULL, *v = NULL;
    if (!open_next(self, open_of(o), position, &n, &v))
        return 0;
    if (name != NULL)
        *name = n;
    else
        weft_decref(self, n);
    if (value != NULL)
        *value = v;
    else
        weft_decref(self, v);
    return 1;
}

/* ---- callbacks of every open type ------------------------------------------------------------------------------ */

int open_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    const open_values *values = open_of(o)->values; /* the world is stopped */
    for (size_t i = 0; values != NULL && i < values->capacity; i++) {
        int result = values->items[i] ? visit(values->items[i], arg) : 0;
        if (result != 0)
            return result;
    }
    return open_of(o)->more ? visit(open_of(o)->more, arg) : 0;
}

/* Outside the guard. The places keep their pointers, as readers may still be on them. */
static void values_drop(weft_thread *self, open_values *values, bool readers)
{
    if (values == NULL)
        return;
    for (size_t i = 0; i < values->capacity; i++)
        weft_xdecref(self, values->items[i]);
    if (readers)
        weft_mem_retire(self, values, open_values_bytes(values->capacity));
    else
        heap_free(thread_of(self), HEAP_RAW, values, open_values_bytes(values->capacity));
}

static void open_clear(weft_thread *self, weft_object *o)
{
    guard g;
    guard_enter(self, &g, o);
    bool readers = !guard_alone(self, o);
    open_values *values = open_of(o)->values;
    /* order: release - pairs with value_get and ref_read's second look. */
    weft_store_release(&open_of(o)->values, (open_values *)NULL);
    guard_leave(self, &g);
    values_drop(self, values, readers);
    slot_set(self, o, &open_of(o)->more, NULL);
}

static void open_destroy(weft_thread *self, weft_object *o)
{
    values_drop(self, open_of(o)->values, false); /* nobody else can see it any more */
    weft_xdecref(self, open_of(o)->more);
}

/* "Point(x=1, y=2)" */
static weft_object *open_repr(weft_thread *self, weft_object *o)
{
    const char *separator = "";
    size_t position = 0;
    weft_object *name, *value;
    text_buffer b;
    text_buffer_open(&b, self);
    text_buffer_add_utf8(&b, weft_type_of(o)->name);
    text_buffer_add_ascii(&b, "(");
    while (!b.failed && open_next(self, open_of(o), &position, &name, &value)) {
        text_buffer_add_ascii(&b, separator);
        text_buffer_add_str(&b, name);
        text_buffer_add_ascii(&b, "=");
        text_buffer_add_repr(&b, value);
        weft_decref(self, name);
        weft_decref(self, value);
        separator = ", ";
    }
    text_buffer_add_ascii(&b, ")");
    return text_buffer_finish(&b);
}

static size_t open_raw_size(const weft_object *o)
{
    const open_values *values = open_of(o)->values;
    return values ? heap_round(open_values_bytes(values->capacity)) : 0;
}

static weft_object *open_copy(weft_thread *self, weft_object *o)
{
    return open_new(self, weft_type_of(o));
}

static weft_status open_copy_fill(weft_thread *self, weft_object *to, weft_object *from, weft_copy_child_fn map,
                                  void *arg)
{
    size_t position = 0;
    weft_object *name, *value;
    weft_status status = WEFT_OK;
    while (status == WEFT_OK && open_next(self, open_of(from), &position, &name, &value)) {
        weft_object *mapped = map(self, value, arg);
        status = mapped ? weft_attribute_set(self, to, name, mapped) : weft_error_status();
        weft_xdecref(self, mapped);
        weft_decref(self, name);
        weft_decref(self, value);
    }
    return status;
}

/* ---- types and instances --------------------------------------------------------------------------------------- */

weft_object *open_new(weft_thread *self, const weft_type *type)
{
    weft_object *o = object_alloc_container(thread_of(self), type->index, sizeof(open_object));
    if (WEFT_UNLIKELY(o == NULL))
        return NULL;
    open_of(o)->values = NULL;
    open_of(o)->more = NULL;
    object_track(thread_of(self), o);
    return o;
}

const weft_type *weft_open_type(weft_thread *self, const char *name)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (!instance_check_type_name(name, __func__))
        return NULL;
    open_keys *keys = weft_mem_alloc(self, sizeof *keys);
    if (keys == NULL)
        return NULL;
    memset(keys, 0, sizeof *keys);
    weft_type_spec spec = {.name = name,
                           .size = sizeof(open_object),
                           .flags = WEFT_TYPE_IDENTITY,
                           .traverse = open_traverse,
                           .clear = open_clear,
                           .destroy = open_destroy,
                           .repr = open_repr,
                           .raw_size = open_raw_size,
                           .copy = open_copy,
                           .copy_fill = open_copy_fill};
    const weft_type *type = weft_type_register(self, &spec);
    if (type == NULL) {
        weft_mem_free(self, keys, sizeof *keys);
        return NULL;
    }
    ((weft_type *)(uintptr_t)type)->data = keys; /* nobody else knows the type yet */
    return type;
}
