/* deque.c - queues with two ends. deque.h has the shape. Any attached thread, any number at once. */
#include "core/types/deque.h"

#include <string.h>

#include "core/error.h"
#include "core/text_buffer.h"
#include "core/types/items.h"
#include "core/types/copies.h"
#include "core/types/types.h"

enum { DEQUE_PLACES_LEAST = 8 };

static weft_status deque_check(const weft_object *o, const char *function)
{
    if (WEFT_LIKELY(object_check(o, WEFT_TYPE_DEQUE, function)))
        return WEFT_OK;
    return o ? WEFT_ERROR_TYPE : WEFT_ERROR_VALUE;
}

static weft_status item_check(const weft_object *o, weft_deque_end end, const weft_object *item, const char *function)
{
    weft_status status = deque_check(o, function);
    if (status == WEFT_OK && item == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: the item is NULL", function);
    if (status == WEFT_OK && (unsigned)end > WEFT_DEQUE_BACK)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: a deque has no end %d", function, (int)end);
    return status;
}

static weft_status index_error(const char *function, int64_t index, size_t size)
{
    return weft_error_set(WEFT_ERROR_INDEX, "%s: index %lld is outside a deque of %zu", function, (long long)index,
                          size);
}

weft_object *weft_deque_new(weft_thread *self, int64_t most)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (most < -1) {
        (void)weft_error_set(WEFT_ERROR_VALUE, "%s: at most %lld items", __func__, (long long)most);
        return NULL;
    }
    weft_object *o = object_alloc_container(thread_of(self), WEFT_TYPE_DEQUE, sizeof(deque));
    if (o == NULL)
        return NULL;
    deque *d = deque_of(o);
    d->ring = NULL;
    d->places = d->first = d->size = 0;
    d->version = 0;
    d->most = most;
    object_track(thread_of(self), o);
    return o;
}

/* ---- the ring: inside the guard -------------------------------------------------------------------------------- */

static inline weft_object **place_locked(const deque *d, size_t index)
{
    return &d->ring[(d->first + index) & (d->places - 1)];
}

static weft_status resize_locked(weft_thread *self, deque *d, size_t places)
{
    weft_object **fresh = heap_alloc(thread_of(self), HEAP_RAW, places * sizeof *fresh);
    if (fresh == NULL)
        return WEFT_ERROR_MEMORY;
    size_t to_end = d->places - d->first < d->size ? d->places - d->first : d->size;
    if (d->size != 0) {
        memcpy(fresh, d->ring + d->first, to_end * sizeof *fresh);
        memcpy(fresh + to_end, d->ring, (d->size - to_end) * sizeof *fresh);
    }
    if (d->ring != NULL)
        heap_free(thread_of(self), HEAP_RAW, d->ring, d->places * sizeof *fresh);
    d->ring = fresh;
    d->places = places;
    d->first = 0;
    return WEFT_OK;
}

static weft_status reserve_locked(weft_thread *self, deque *d, size_t need)
{
    if (need <= d->places)
        return WEFT_OK;
    if (need > (size_t)PTRDIFF_MAX / 4 / sizeof(weft_object *))
        return weft_error_set(WEFT_ERROR_OVERFLOW, "a deque of %zu items is longer than memory can be", need);
    size_t places = d->places ? d->places : DEQUE_PLACES_LEAST;
    while (places < need)
        places *= 2;
    return resize_locked(self, d, places);
}

/* Gives memory back when three quarters are unused. Not the caller's error if there is none for a smaller ring. */
static void trim_locked(weft_thread *self, deque *d)
{
    if (d->places <= DEQUE_PLACES_LEAST || d->size > d->places / 4)
        return;
    size_t places = d->places / 2;
    error_scope saved;
    error_save(&saved);
    if (resize_locked(self, d, places) != WEFT_OK)
        error_restore(&saved);
}

static void put_locked(deque *d, weft_deque_end end, weft_object *stolen)
{
    if (end == WEFT_DEQUE_FRONT)
        d->first = (d->first + d->places - 1) & (d->places - 1);
    *place_locked(d, end == WEFT_DEQUE_FRONT ? 0 : d->size) = stolen;
    d->size++;
    d->version++;
}

static weft_object *take_locked(deque *d, weft_deque_end end)
{
    weft_object *item = *place_locked(d, end == WEFT_DEQUE_FRONT ? 0 : d->size - 1);
    if (end == WEFT_DEQUE_FRONT)
        d->first = (d->first + 1) & (d->places - 1);
    d->size--;
    d->version++;
    return item;
}

static inline bool is_full_locked(const deque *d)
{
    return d->most >= 0 && d->size == (size_t)d->most;
}

static inline weft_deque_end other_end(weft_deque_end end)
{
    return end == WEFT_DEQUE_FRONT ? WEFT_DEQUE_BACK : WEFT_DEQUE_FRONT;
}

/* ---- items ------------------------------------------------------------------------------------------------------ */

int64_t weft_deque_size(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    weft_status status = deque_check(o, __func__);
    if (status != WEFT_OK)
        return status;
    guard g;
    guard_enter(self, &g, o);
    size_t size = deque_of(o)->size;
    guard_leave(self, &g);
    return (int64_t)size;
}

int64_t weft_deque_most(weft_thread *self, const weft_object *o)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    weft_status status = deque_check(o, __func__);
    return status == WEFT_OK ? deque_of(o)->most : status;
}

weft_status weft_deque_push(weft_thread *self, weft_object *o, weft_deque_end end, weft_object *item)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    weft_status status = item_check(o, end, item, __func__);
    if (status != WEFT_OK)
        return status;
    deque *d = deque_of(o);
    if (d->most == 0)
        return WEFT_OK;
    weft_object *out = NULL;
    guard g;
    guard_enter(self, &g, o);
    if (is_full_locked(d))
        out = take_locked(d, other_end(end));
    else
        status = reserve_locked(self, d, d->size + 1);
    if (status == WEFT_OK) {
        weft_incref(self, item);
        put_locked(d, end, item);
    }
    guard_leave(self, &g);
    weft_xdecref(self, out);
    return status;
}

int weft_deque_pop(weft_thread *self, weft_object *o, weft_deque_end end, weft_object **item)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    weft_status status = item_check(o, end, o, __func__);
    if (status != WEFT_OK)
        return status;
    if (item == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: item is NULL", __func__);
    deque *d = deque_of(o);
    weft_object *out = NULL;
    guard g;
    guard_enter(self, &g, o);
    if (d->size > 0) {
        out = take_locked(d, end);
        trim_locked(self, d);
    }
    guard_leave(self, &g);
    *item = out;
    return out != NULL;
}

weft_object *weft_deque_get(weft_thread *self, weft_object *o, int64_t index)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (deque_check(o, __func__) != WEFT_OK)
        return NULL;
    deque *d = deque_of(o);
    weft_object *item = NULL;
    guard g;
    guard_enter(self, &g, o);
    size_t size = d->size;
    if ((size_t)index < size)
        item = weft_ref(self, *place_locked(d, (size_t)index));
    guard_leave(self, &g);
    if (item == NULL)
        (void)index_error(__func__, index, size);
    return item;
}

weft_status weft_deque_set(weft_thread *self, weft_object *o, int64_t index, weft_object *item)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    weft_status status = item_check(o, WEFT_DEQUE_FRONT, item, __func__);
    if (status != WEFT_OK)
        return status;
    deque *d = deque_of(o);
    weft_object *old = NULL;
    guard g;
    guard_enter(self, &g, o);
    size_t size = d->size;
    if ((size_t)index < size) {
        old = *place_locked(d, (size_t)index);
        *place_locked(d, (size_t)index) = weft_ref(self, item);
    }
    guard_leave(self, &g);
    if (old == NULL)
        return index_error(__func__, index, size);
    weft_decref(self, old);
    return WEFT_OK;
}

/* ---- many items --------------------------------------------------------------------------------------------------- */

/* Pushes the last `count` of `more`, as many as the deque may hold; what does not fit in any more is taken out into `out`,
 * which has room. */
static weft_status push_all_locked(weft_thread *self, deque *d, weft_deque_end end, item_bag *more, size_t skip,
                                   item_bag *out)
{
    size_t count = more->count - skip, total = d->size + count;
    size_t pushed_out = d->most >= 0 && total > (size_t)d->most ? total - (size_t)d->most : 0;
    weft_status status = items_reserve(self, out, pushed_out);
    if (status == WEFT_OK)
        status = reserve_locked(self, d, total - pushed_out);
    if (status != WEFT_OK)
        return status;
    while (out->count < pushed_out)
        out->items[out->count++] = take_locked(d, other_end(end));
    for (size_t i = skip; i < more->count; i++)
        put_locked(d, end, more->items[i]);
    more->count = skip;
    return WEFT_OK;
}

weft_status weft_deque_extend(weft_thread *self, weft_object *o, weft_deque_end end, weft_object *source)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    weft_status status = item_check(o, end, o, __func__);
    item_bag more, out = {NULL, 0};
    if (status != WEFT_OK || (status = items_collect(self, source, __func__, &more)) != WEFT_OK)
        return status;
    deque *d = deque_of(o);
    size_t skip = d->most >= 0 && more.count > (size_t)d->most ? more.count - (size_t)d->most : 0;
    guard g;
    guard_enter(self, &g, o);
    status = push_all_locked(self, d, end, &more, skip, &out);
    guard_leave(self, &g);
    items_drop(self, &out);
    items_drop(self, &more);
    return status;
}

/* Only as many items move as have to, the shorter way round. */
static void rotate_locked(deque *d, int64_t by)
{
    size_t steps = by < 0 ? (size_t)(-(by + 1)) + 1 : (size_t)by;
    steps %= d->size;
    if (by < 0 && steps != 0)
        steps = d->size - steps; /* to the right */
    bool right = steps <= d->size / 2;
    size_t moves = right ? steps : d->size - steps;
    for (; moves > 0; moves--)
        put_locked(d, right ? WEFT_DEQUE_FRONT : WEFT_DEQUE_BACK,
                   take_locked(d, right ? WEFT_DEQUE_BACK : WEFT_DEQUE_FRONT));
}

weft_status weft_deque_rotate(weft_thread *self, weft_object *o, int64_t by)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    weft_status status = deque_check(o, __func__);
    if (status != WEFT_OK)
        return status;
    guard g;
    guard_enter(self, &g, o);
    if (deque_of(o)->size > 1)
        rotate_locked(deque_of(o), by);
    guard_leave(self, &g);
    return WEFT_OK;
}

/* Drops the items of a ring that no other thread sees, and the ring. */
static void drop_ring(weft_thread *self, const deque *d)
{
    for (size_t i = 0; i < d->size; i++)
        weft_decref(self, *place_locked(d, i));
    if (d->ring != NULL)
        heap_free(thread_of(self), HEAP_RAW, d->ring, d->places * sizeof *d->ring);
}

/* Takes the ring away. */
static void deque_empty(weft_thread *self, weft_object *o)
{
    deque *d = deque_of(o);
    guard g;
    guard_enter(self, &g, o);
    deque old = {.ring = d->ring, .places = d->places, .first = d->first, .size = d->size};
    d->ring = NULL;
    d->places = d->first = d->size = 0;
    d->version++;
    guard_leave(self, &g);
    drop_ring(self, &old);
}

static void deque_destroy(weft_thread *self, weft_object *o)
{
    drop_ring(self, deque_of(o));
}

weft_status weft_deque_clear(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    weft_status status = deque_check(o, __func__);
    if (status == WEFT_OK)
        deque_empty(self, o);
    return status;
}

/* ---- reading on --------------------------------------------------------------------------------------------------- */

uint64_t deque_version(weft_thread *self, deque *d)
{
    guard g;
    guard_enter(self, &g, &d->object);
    uint64_t version = d->version;
    guard_leave(self, &g);
    return version;
}

weft_object *deque_item_if(weft_thread *self, deque *d, uint64_t version, size_t index, int *status)
{
    weft_object *item = NULL;
    guard g;
    guard_enter(self, &g, &d->object);
    bool same = d->version == version;
    if (same && index < d->size)
        item = weft_ref(self, *place_locked(d, index));
    guard_leave(self, &g);
    if (!same)
        *status = weft_error_set(WEFT_ERROR_BUSY, "weft_next: the deque was changed while it was iterated");
    return item;
}

/* The item at `index` as the deque is now, or NULL. */
static weft_object *item_now(weft_thread *self, deque *d, size_t index)
{
    guard g;
    guard_enter(self, &g, &d->object);
    weft_object *item = index < d->size ? weft_ref(self, *place_locked(d, index)) : NULL;
    guard_leave(self, &g);
    return item;
}

int weft_deque_index(weft_thread *self, weft_object *o, weft_object *item, int64_t start, int64_t *index)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    weft_status status = item_check(o, WEFT_DEQUE_FRONT, item, __func__);
    if (status != WEFT_OK)
        return status;
    int64_t size = weft_deque_size(self, o);
    if (start < 0 || start > size)
        return index_error(__func__, start, (size_t)size);
    weft_object *candidate;
    for (size_t i = (size_t)start; (candidate = item_now(self, deque_of(o), i)) != NULL; i++) {
        int equal = weft_equal(self, candidate, item);
        weft_decref(self, candidate);
        if (equal == 1 && index != NULL)
            *index = (int64_t)i;
        if (equal != 0)
            return equal;
    }
    return 0;
}

/* ---- what every type has ------------------------------------------------------------------------------------------ */

/* In a stopped world: nobody is inside a guard. */
static int deque_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    const deque *d = deque_of(o);
    for (size_t i = 0; i < d->size; i++) {
        int result = visit(*place_locked(d, i), arg);
        if (result != 0)
            return result;
    }
    return 0;
}

/* Item by item; deques that change meanwhile are compared as they are at each step. */
static int deque_equal(weft_thread *self, weft_object *a, weft_object *b)
{
    if (!weft_is_deque(b) || weft_deque_size(self, a) != weft_deque_size(self, b))
        return 0;
    for (size_t i = 0;; i++) {
        weft_object *x = item_now(self, deque_of(a), i), *y = item_now(self, deque_of(b), i);
        int equal = x != NULL && y != NULL ? weft_equal(self, x, y) : x == y;
        bool end = x == NULL;
        weft_xdecref(self, x);
        weft_xdecref(self, y);
        if (end || equal != 1)
            return equal;
    }
}

static weft_object *deque_repr(weft_thread *self, weft_object *o)
{
    text_buffer b;
    text_buffer_open(&b, self);
    text_buffer_add_ascii(&b, "deque([");
    weft_object *item;
    for (size_t i = 0; !b.failed && (item = item_now(self, deque_of(o), i)) != NULL; i++) {
        if (i > 0)
            text_buffer_add_ascii(&b, ", ");
        text_buffer_add_repr(&b, item);
        weft_decref(self, item);
    }
    text_buffer_add_ascii(&b, "])");
    return text_buffer_finish(&b);
}

void deque_type_init(void)
{
    static const weft_type_spec spec = {
        .name = "deque",
        .size = sizeof(deque),
        .traverse = deque_traverse,
        .clear = deque_empty,
        .destroy = deque_destroy,
        .equal = deque_equal,
        .repr = deque_repr,
        .raw_size = deque_raw_size,
        .copy = deque_copy,
        .copy_fill = deque_copy_fill,
    };
    type_set_builtin(WEFT_TYPE_DEQUE, &spec);
}
