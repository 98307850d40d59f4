/* lazy.c - iterators that compute: range; map, filter, enumerate and zip over others; and a generator from a callback.
 *
 * Nothing is asked of a source before an item is asked for. Each level of an iterator over an iterator costs stack, so the
 * levels are counted (core/protocol.h). Any attached thread; an iterator is used by one at a time (weft/iterate.h). */
#include "core/protocol.h"
#include "core/types/types.h"
#include "weft/iterate.h"

/* ---- range ----------------------------------------------------------------------------------------------------- */

typedef struct range {
    weft_object object;
    int64_t next;  /* atomic, relaxed: as all positions of iterators */
    uint64_t left; /* the same */
    int64_t step;  /* constant */
} range;

static inline range *range_of(weft_object *o)
{
    return (range *)(void *)o;
}

/* How many numbers there are; the unsigned differences are right even where the signed ones do not fit. */
static uint64_t range_count(int64_t start, int64_t end, int64_t step)
{
    if (step > 0)
        return start < end ? ((uint64_t)end - (uint64_t)start - 1) / (uint64_t)step + 1 : 0;
    return end < start ? ((uint64_t)start - (uint64_t)end - 1) / (0 - (uint64_t)step) + 1 : 0;
}

weft_object *weft_range(weft_thread *self, int64_t start, int64_t end, int64_t step)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (step == 0) {
        (void)weft_error_set(WEFT_ERROR_VALUE, "%s: the step is 0", __func__);
        return NULL;
    }
    weft_object *o = object_alloc_fixed(thread_of(self), WEFT_TYPE_RANGE, sizeof(range));
    if (o == NULL)
        return NULL;
    range_of(o)->next = start;
    range_of(o)->left = range_count(start, end, step);
    range_of(o)->step = step;
    return o;
}

static int range_next(weft_thread *self, weft_object *o, weft_object **item)
{
    range *r = range_of(o);
    uint64_t left = weft_load_relaxed(&r->left);
    if (left == 0)
        return 0;
    int64_t number = weft_load_relaxed(&r->next);
    weft_object *found = int_make(self, number);
    if (found == NULL)
        return weft_error_status();
    weft_store_relaxed(&r->left, left - 1);
    weft_store_relaxed(&r->next, (int64_t)((uint64_t)number + (uint64_t)r->step)); /* may wrap behind the last one */
    *item = found;
    return 1;
}

/* ---- what the others have in common ----------------------------------------------------------------------------- */

typedef struct lazy {
    weft_object object;
    weft_object *source; /* an iterator; zip: a tuple of them. Constant; NULL: none, or the collector has cleared it */
    weft_object *held;   /* the same; of the program */

    union {
        weft_map_fn map;
        weft_filter_fn filter;
        weft_generate_fn generate;
    } call; /* constant */

    void *arg;     /* constant */
    int64_t state; /* enumerate: the next number; zip, generator: LAZY_*. Atomic, relaxed */
} lazy;

enum { LAZY_READY, LAZY_RUNNING, LAZY_ENDED };

static inline lazy *lazy_of(weft_object *o)
{
    return (lazy *)(void *)o;
}

/* `source` is stolen, also if this fails; NULL if it could not be had. */
static weft_object *lazy_new(weft_thread *self, uint32_t index, weft_object *source, weft_object *held, void *arg)
{
    weft_object *o = object_alloc_container(thread_of(self), index, sizeof(lazy));
    if (o == NULL) {
        weft_xdecref(self, source);
        return NULL;
    }
    lazy *z = lazy_of(o);
    z->source = source;
    z->held = held;
    weft_xincref(self, held);
    z->call.map = NULL;
    z->arg = arg;
    z->state = 0;
    object_track(thread_of(self), o);
    return o;
}

static weft_object *lazy_over(weft_thread *self, uint32_t index, weft_object *source, weft_object *held, void *arg,
                              bool has_call, const char *function)
{
    if (!has_call) {
        (void)weft_error_set(WEFT_ERROR_VALUE, "%s: the callback is NULL", function);
        return NULL;
    }
    weft_object *it = weft_iterate(self, source);
    return it ? lazy_new(self, index, it, held, arg) : NULL;
}

/* The next item of the source. */
static int lazy_step(weft_thread *self, const lazy *z, weft_object **item)
{
    weft_object *source = weft_load_acquire(&z->source); /* order: acquire - pairs with lazy_clear */
    if (source == NULL)
        return 0;
    if (!protocol_level_enter("weft_next"))
        return WEFT_ERROR_LIMIT;
    int more = weft_next(self, source, item);
    protocol_level_leave();
    return more;
}

/* A callback gave NULL: the error it set, or one in its place. */
static int lazy_failed(const char *what)
{
    weft_status status = weft_error_status();
    return status != WEFT_OK ? status : weft_error_set(WEFT_ERROR_USER, "weft_next: the callback of a %s failed", what);
}

/* ---- map, filter, enumerate ------------------------------------------------------------------------------------- */

weft_object *weft_map(weft_thread *self, weft_object *source, weft_map_fn call, void *arg, weft_object *held)
{
    WEFT_CHECK_THREAD(self, NULL);
    weft_object *o = lazy_over(self, WEFT_TYPE_MAP, source, held, arg, call != NULL, __func__);
    if (o != NULL)
        lazy_of(o)->call.map = call;
    return o;
}

static int map_next(weft_thread *self, weft_object *o, weft_object **item)
{
    lazy *z = lazy_of(o);
    weft_object *given;
    int more = lazy_step(self, z, &given);
    if (more != 1)
        return more;
    weft_object *made = z->call.map(self, given, z->arg);
    weft_decref(self, given);
    if (made == NULL)
        return lazy_failed("map");
    *item = made;
    return 1;
}

weft_object *weft_filter(weft_thread *self, weft_object *source, weft_filter_fn call, void *arg, weft_object *held)
{
    WEFT_CHECK_THREAD(self, NULL);
    weft_object *o = lazy_over(self, WEFT_TYPE_FILTER, source, held, arg, call != NULL, __func__);
    if (o != NULL)
        lazy_of(o)->call.filter = call;
    return o;
}

static int filter_next(weft_thread *self, weft_object *o, weft_object **item)
{
    lazy *z = lazy_of(o);
    for (;;) {
        weft_object *given;
        int more = lazy_step(self, z, &given);
        if (more != 1)
            return more;
        int keep = z->call.filter(self, given, z->arg);
        if (keep > 0) {
            *item = given;
            return 1;
        }
        weft_decref(self, given);
        if (keep < 0)
            return keep;
        weft_safepoint(self); /* a filter may leave out very many */
    }
}

weft_object *weft_enumerate(weft_thread *self, weft_object *source, int64_t start)
{
    WEFT_CHECK_THREAD(self, NULL);
    weft_object *o = lazy_over(self, WEFT_TYPE_ENUMERATE, source, NULL, NULL, true, __func__);
    if (o != NULL)
        lazy_of(o)->state = start;
    return o;
}

static int enumerate_next(weft_thread *self, weft_object *o, weft_object **item)
{
    lazy *z = lazy_of(o);
    weft_object *both[2];
    int more = lazy_step(self, z, &both[1]);
    if (more != 1)
        return more;
    int64_t number = weft_load_relaxed(&z->state);
    weft_object *pair = NULL;
    if (number == INT64_MAX)
        (void)weft_error_set(WEFT_ERROR_OVERFLOW, "weft_next: an enumeration has no more numbers");
    else if ((both[0] = int_make(self, number)) != NULL) {
        pair = weft_tuple_new(self, both, 2);
        weft_decref(self, both[0]);
    }
    weft_decref(self, both[1]);
    if (pair == NULL)
        return weft_error_status();
    weft_store_relaxed(&z->state, number + 1);
    *item = pair;
    return 1;
}

/* ---- zip --------------------------------------------------------------------------------------------------------- */

enum { ZIP_FEW = 8 };

/* Room for `count` references: `few`, or raw memory. NULL sets the error. */
static weft_object **zip_room(weft_thread *self, weft_object **few, size_t count)
{
    if (count <= ZIP_FEW)
        return few;
    if (count > (size_t)PTRDIFF_MAX / sizeof *few) {
        (void)weft_error_set(WEFT_ERROR_OVERFLOW, "weft_zip: %zu sources are too many", count);
        return NULL;
    }
    return heap_alloc(thread_of(self), HEAP_RAW, count * sizeof *few);
}

/* Drops the first `filled`, and the room. */
static void zip_leave(weft_thread *self, weft_object **room, const weft_object *const *few, size_t count, size_t filled)
{
    while (filled > 0)
        weft_decref(self, room[--filled]);
    if ((const weft_object *const *)room != few)
        heap_free(thread_of(self), HEAP_RAW, room, count * sizeof *room);
}

weft_object *weft_zip(weft_thread *self, weft_object *const *sources, size_t count)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (sources == NULL && count != 0) {
        (void)weft_error_set(WEFT_ERROR_VALUE, "%s: sources is NULL with a count of %zu", __func__, count);
        return NULL;
    }
    weft_object *few[ZIP_FEW], **iterators = zip_room(self, few, count);
    if (iterators == NULL)
        return NULL;
    size_t filled = 0;
    while (filled < count && (iterators[filled] = weft_iterate(self, sources[filled])) != NULL)
        filled++;
    weft_object *all = filled == count ? weft_tuple_new(self, iterators, count) : NULL;
    zip_leave(self, iterators, (const weft_object *const *)few, count, filled);
    if (all == NULL)
        return NULL;
    weft_object *o = lazy_new(self, WEFT_TYPE_ZIP, all, NULL, NULL);
    if (o != NULL && count == 0)
        lazy_of(o)->state = LAZY_ENDED;
    return o;
}

/* An item of each source into `room`; *filled, 0 before, counts them. */
static int zip_fill(weft_thread *self, const tuple_object *sources, weft_object **room, size_t *filled)
{
    if (!protocol_level_enter("weft_next"))
        return WEFT_ERROR_LIMIT;
    int more = 1;
    for (; *filled < sources->var.count; ++*filled) {
        more = weft_next(self, sources->items[*filled], &room[*filled]);
        if (more != 1)
            break;
    }
    protocol_level_leave();
    return more;
}

static int zip_next(weft_thread *self, weft_object *o, weft_object **item)
{
    lazy *z = lazy_of(o);
    weft_object *source = weft_load_acquire(&z->source); /* order: acquire - pairs with lazy_clear */
    if (source == NULL || weft_load_relaxed(&z->state) == LAZY_ENDED)
        return 0;
    const tuple_object *sources = (const tuple_object *)(void *)source;
    size_t count = sources->var.count, filled = 0;
    weft_object *few[ZIP_FEW], **room = zip_room(self, few, count);
    if (room == NULL)
        return weft_error_status();
    int more = zip_fill(self, sources, room, &filled);
    if (more == 1) {
        *item = weft_tuple_new(self, room, count);
        if (*item == NULL)
            more = weft_error_status();
    } else if (more == 0) {
        weft_store_relaxed(&z->state, (int64_t)LAZY_ENDED);
    }
    zip_leave(self, room, (const weft_object *const *)few, count, filled);
    return more;
}

/* ---- generator --------------------------------------------------------------------------------------------------- */

weft_object *weft_generator(weft_thread *self, weft_generate_fn call, void *arg, weft_object *held)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (call == NULL) {
        (void)weft_error_set(WEFT_ERROR_VALUE, "%s: the callback is NULL", __func__);
        return NULL;
    }
    weft_object *o = lazy_new(self, WEFT_TYPE_GENERATOR, NULL, held, arg);
    if (o != NULL)
        lazy_of(o)->call.generate = call;
    return o;
}

static int generator_next(weft_thread *self, weft_object *o, weft_object **item)
{
    lazy *z = lazy_of(o);
    int64_t state = LAZY_READY;
    /* order: acquire - pairs with the release below: the callback sees what it did the last time, also on another thread. */
    if (!__atomic_compare_exchange_n(&z->state, &state, LAZY_RUNNING, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        if (state == LAZY_ENDED)
            return 0;
        return weft_error_set(WEFT_ERROR_BUSY, "weft_next: the generator is running");
    }
    weft_object *found = NULL;
    int more = z->call.generate(self, z->arg, &found);
    weft_store_release(&z->state, (int64_t)(more == 0 ? LAZY_ENDED : LAZY_READY));
    if (more > 0 && found == NULL)
        return lazy_failed("generator");
    if (more > 0)
        *item = found;
    return more > 0 ? 1 : more;
}

/* ---- the types ---------------------------------------------------------------------------------------------------- */

static int lazy_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    lazy *z = lazy_of(o);
    int result = z->source ? visit(z->source, arg) : 0;
    return result == 0 && z->held ? visit(z->held, arg) : result;
}

static void lazy_clear(weft_thread *self, weft_object *o)
{
    lazy *z = lazy_of(o);
    weft_object *source = z->source, *held = z->held;
    weft_store_release(&z->source, (weft_object *)NULL); /* order: release - pairs with the loads of who goes on */
    weft_store_release(&z->held, (weft_object *)NULL);
    if (weft_type_index(o) == WEFT_TYPE_GENERATOR) /* what its callback works on may be gone */
        weft_store_release(&z->state, (int64_t)LAZY_ENDED);
    weft_xdecref(self, source);
    weft_xdecref(self, held);
}

static void lazy_type(uint32_t index, const char *name, weft_next_fn next)
{
    weft_type_spec spec = {
        .name = name,
        .size = sizeof(lazy),
        .flags = WEFT_TYPE_IDENTITY,
        .traverse = lazy_traverse,
        .clear = lazy_clear,
        .destroy = lazy_clear,
        .next = next,
    };
    type_set_builtin(index, &spec);
}

void lazy_types_init(void)
{
    static const weft_type_spec spec = {
        .name = "range", .size = sizeof(range), .flags = WEFT_TYPE_IDENTITY, .next = range_next};
    type_set_builtin(WEFT_TYPE_RANGE, &spec);
    lazy_type(WEFT_TYPE_MAP, "map", map_next);
    lazy_type(WEFT_TYPE_FILTER, "filter", filter_next);
    lazy_type(WEFT_TYPE_ENUMERATE, "enumerate", enumerate_next);
    lazy_type(WEFT_TYPE_ZIP, "zip", zip_next);
    lazy_type(WEFT_TYPE_GENERATOR, "generator", generator_next);
}
