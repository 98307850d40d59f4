/* open.h - the inside of instances that take any attribute: the names with their type, the values with each instance.
 *
 * A name's place is the same in all instances of a type, and for good: the place at which the type met it first. So finding
 * a value is a search among the type's names, which never move, and one load from the instance's array. Once the type knows
 * WEFT_OPEN_KEYS_MAX names it learns no more, and every other name is kept in a dict of the instance's own. Whether a name
 * is the type's or not never changes after an instance first has it, so nothing ever moves from one to the other. */
#ifndef WEFT_CORE_TYPES_OPEN_H
#define WEFT_CORE_TYPES_OPEN_H

#include "core/core.h"

enum { OPEN_INDEX_SIZE = 64 };

WEFT_STATIC_ASSERT((int)OPEN_INDEX_SIZE >= 2 * (int)WEFT_OPEN_KEYS_MAX, "a search ends soon, at an empty place");

/* The names of a type, type->data. Only ever added to, under the runtime's lock; read by anyone. */
typedef struct open_keys {
    uint32_t count;                         /* atomic: release when a name is there */
    uint8_t index[OPEN_INDEX_SIZE];         /* by hash: 0 empty, else 1 + a name's place; atomic: release, acquire */
    weft_object *names[WEFT_OPEN_KEYS_MAX]; /* interned strs, a reference each; constant once in the index */
} open_keys;

typedef struct open_values {
    size_t capacity;      /* constant */
    weft_object *items[]; /* NULL: unset. Written under the instance's guard, read by anyone: acquire, release */
} open_values;

typedef struct open_object {
    weft_object object;
    open_values *values; /* raw memory, or NULL. Written under the guard, read by anyone: acquire, release */
    weft_object *more;   /* a dict, or NULL: slot.h */
} open_object;

static inline open_object *open_of(const weft_object *o)
{
    return (open_object *)(void *)(uintptr_t)o;
}

static inline open_keys *open_keys_of(const weft_object *o)
{
    return weft_type_of(o)->data;
}

static inline size_t open_values_bytes(size_t capacity)
{
    return offsetof(open_values, items) + capacity * sizeof(weft_object *);
}

int open_traverse(weft_object *o, weft_visit_fn visit, void *arg);
weft_object *open_new(weft_thread *self, const weft_type *type);

/* No type of the program's own can have this callback, so it marks ours. */
static inline bool open_is_type(const weft_type *type)
{
    return type->traverse == open_traverse;
}

/* The place of the name, or -1. Any thread. */
int open_key_find(const open_keys *keys, weft_object *name);

/* The same, and the type learns it: -1 if it knows too many already. False: out of memory. */
bool open_key_add(weft_thread *self, open_keys *keys, weft_object *name, int *place);

#endif
