/* making.c - what it costs to make and drop one object of a built-in type, and the bytes that one takes.
 *
 * As in allocation.c eight are made and then eight dropped, over 64 places; as in operations.c the value is that of the
 * least disturbed of many short batches. */
#include "probes/probes.h"

#include <stdlib.h>

#include "lib/timing.h"

enum { PLACES = 64, GROUP = 8, ROUNDS = 100, BATCHES = 300, KEPT = 10000 };

enum { DICT_KEYS = 5, SLOTS = 3 };

/* Made before: what the objects are made of. */
typedef struct parts {
    weft_object *keys[DICT_KEYS];
    weft_object *value;
    const weft_type *instance_type;
} parts;

/* A new object, or NULL with an error. */
typedef weft_object *(*maker)(weft_thread *self, const parts *p);

static bool parts_make(weft_thread *self, parts *p)
{
    static const char names[] = "alphabetagammadeltaomega";
    static const char *const slots[SLOTS] = {"a", "b", "c"};
    for (size_t i = 0; i < DICT_KEYS; i++)
        if (!(p->keys[i] = weft_str_new(self, names + 4 * i, 5)))
            return false;
    p->value = weft_float_new(self, 1);
    p->instance_type = weft_instance_type(self, "three", slots, SLOTS);
    return p->value && p->instance_type;
}

static void parts_drop(weft_thread *self, parts *p)
{
    for (size_t i = 0; i < DICT_KEYS; i++)
        weft_xdecref(self, p->keys[i]);
    weft_xdecref(self, p->value);
}

static weft_object *make_float(weft_thread *self, const parts *p)
{
    (void)p;
    return weft_float_new(self, 1);
}

static weft_object *make_int(weft_thread *self, const parts *p)
{
    (void)p;
    return weft_int_new(self, 1000);
}

static weft_object *make_list(weft_thread *self, const parts *p)
{
    (void)p;
    return weft_list_new(self, 0);
}

static weft_object *make_tuple2(weft_thread *self, const parts *p)
{
    return weft_tuple_new(self, (weft_object *[]){p->value, p->keys[0]}, 2);
}

static weft_object *make_dict(weft_thread *self, const parts *p)
{
    (void)p;
    return weft_dict_new(self);
}

static weft_object *make_dict_of(weft_thread *self, const parts *p, size_t count)
{
    weft_object *dict = weft_dict_new(self);
    for (size_t i = 0; dict && i < count; i++) {
        if (weft_dict_set(self, dict, p->keys[i], p->value) < 0) {
            weft_decref(self, dict);
            return NULL;
        }
    }
    return dict;
}

static weft_object *make_dict1(weft_thread *self, const parts *p)
{
    return make_dict_of(self, p, 1);
}

static weft_object *make_dict5(weft_thread *self, const parts *p)
{
    return make_dict_of(self, p, DICT_KEYS);
}

static weft_object *make_instance3(weft_thread *self, const parts *p)
{
    return weft_instance_new(self, p->instance_type);
}

/* A group is always given back whole. */
static inline bool make_and_drop(weft_thread *self, const parts *p, maker make, weft_object **places)
{
    bool ok = true;
    for (size_t i = 0; i < GROUP; i++)
        ok = (places[i] = make(self, p)) != NULL && ok;
    for (size_t i = 0; i < GROUP; i++)
        weft_xdecref(self, places[i]);
    return ok;
}

/* Inline in each probe, so that `make` is a constant. */
static inline __attribute__((always_inline)) double best_batch(weft_thread *self, const parts *p, maker make)
{
    weft_object *places[PLACES];
    double best = -1;
    for (int i = 0; i < BATCHES; i++) {
        double start = seconds_now();
        for (int round = 0; round < ROUNDS; round++)
            for (size_t group = 0; group < PLACES; group += GROUP)
                if (!make_and_drop(self, p, make, places + group))
                    return -1;
        double ns = (seconds_now() - start) * 1e9 / ROUNDS / PLACES;
        if (best < 0 || ns < best)
            best = ns;
        weft_safepoint(self);
    }
    return best;
}

/* Bytes in use, in blocks as they were allocated, for each of many objects that are kept. */
static double bytes_each(weft_thread *self, const parts *p, maker make)
{
    weft_heap_stats *before = malloc(2 * sizeof *before), *after = before + 1;
    weft_object **kept = calloc(KEPT, sizeof *kept);
    double bytes = -1;
    if (!before || !kept) {
        weft_error_set(WEFT_ERROR_MEMORY, "no memory for %d objects", KEPT);
    } else if (weft_heap_statistics(self, before) == WEFT_OK) {
        bool ok = true;
        for (size_t i = 0; ok && i < KEPT; i++)
            ok = (kept[i] = make(self, p)) != NULL;
        if (ok && weft_heap_statistics(self, after) == WEFT_OK)
            bytes = ((double)after->bytes_used - (double)before->bytes_used) / KEPT;
        for (size_t i = 0; i < KEPT; i++)
            weft_xdecref(self, kept[i]);
    }
    free(kept);
    free(before);
    return bytes;
}

#define PROBE(name, measure, make)                                          \
    double probe_##name(weft_thread *self, uint32_t threads)                \
    {                                                                       \
        parts p = {0};                                                      \
        (void)threads;                                                      \
        double value = parts_make(self, &p) ? measure(self, &p, make) : -1; \
        parts_drop(self, &p);                                               \
        return value;                                                       \
    }

PROBE(make_drop_float, best_batch, make_float)
PROBE(make_drop_list, best_batch, make_list)
PROBE(make_drop_tuple2, best_batch, make_tuple2)
PROBE(make_drop_dict, best_batch, make_dict)
PROBE(make_drop_dict1, best_batch, make_dict1)
PROBE(bytes_float, bytes_each, make_float)
PROBE(bytes_int, bytes_each, make_int)
PROBE(bytes_list, bytes_each, make_list)
PROBE(bytes_tuple2, bytes_each, make_tuple2)
PROBE(bytes_instance3, bytes_each, make_instance3)
PROBE(bytes_dict5, bytes_each, make_dict5)
