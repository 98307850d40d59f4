/* types.h - what the built-in types show to each other and to the rest of the core.
 *
 * Each type's file has a function that puts its record in place and fills its static objects. builtin_types_init
 * (builtin.c) calls them all, once a process, before any thread is attached. */
#ifndef WEFT_CORE_TYPES_H
#define WEFT_CORE_TYPES_H

#include "core/core.h"

void scalar_types_init(void); /* none, bool, int, float */
void atomic_int_type_init(void);
void buffer_type_init(void);
void str_type_init(void);
void bytes_type_init(void);
void tuple_type_init(void);
void list_type_init(void);
void dict_type_init(void);
void set_types_init(void);
void deque_type_init(void);
void iterator_types_init(void); /* over the built-in containers */
void lazy_types_init(void);     /* range, map, filter, enumerate, zip, generator */
void weak_type_init(void);      /* refcount/weak.c */
void weak_dict_type_init(void);
void cell_type_init(void);
void closure_type_init(void);

enum { INT_CACHED_COUNT = WEFT_INT_CACHED_MAX - WEFT_INT_CACHED_MIN + 1 };

extern weft_int_object int_cached[INT_CACHED_COUNT]; /* constant once the types are there, but for ignored counts */

/* A new reference; NULL sets WEFT_ERROR_MEMORY. */
static inline weft_object *int_make(weft_thread *self, int64_t value)
{
    uint64_t index = (uint64_t)value - (uint64_t)WEFT_INT_CACHED_MIN;
    if (index < INT_CACHED_COUNT)
        return &int_cached[index].object;
    weft_object *o = object_alloc_fixed(thread_of(self), WEFT_TYPE_INT, sizeof(weft_int_object));
    if (WEFT_LIKELY(o != NULL))
        ((weft_int_object *)(void *)o)->value = value;
    return o;
}

static inline weft_object *float_make(weft_thread *self, double value)
{
    weft_object *o = object_alloc_fixed(thread_of(self), WEFT_TYPE_FLOAT, sizeof(weft_float_object));
    if (WEFT_LIKELY(o != NULL))
        ((weft_float_object *)(void *)o)->value = value;
    return o;
}

typedef struct bytes_object {
    weft_var_object var;
    uint8_t data[];
} bytes_object;

typedef struct tuple_object {
    weft_var_object var;
    weft_object *items[]; /* constant from creation on, never NULL */
} tuple_object;

#endif
