/* instance.h - the inside of instances with declared slots, shared by instance.c and instance_type.c. */
#ifndef WEFT_CORE_TYPES_INSTANCE_H
#define WEFT_CORE_TYPES_INSTANCE_H

#include "core/core.h"

/* A slot is read atomically by anyone and written inside the object's guard; NULL is unset. The slot holds a reference. */
typedef struct instance_object {
    weft_object object;
    weft_object *slots[];
} instance_object;

int instance_traverse(weft_object *o, weft_visit_fn visit, void *arg);
void instance_clear(weft_thread *self, weft_object *o);
void instance_destroy(weft_thread *self, weft_object *o);
void instance_die(weft_thread *self, weft_object *o);
weft_object *instance_repr(weft_thread *self, weft_object *o);
weft_object *instance_copy(weft_thread *self, weft_object *o);
weft_status instance_copy_fill(weft_thread *self, weft_object *to, weft_object *from, weft_copy_child_fn map,
                               void *arg);

/* Is it UTF-8? weft_type_register judges the rest. Sets the error. */
bool instance_check_type_name(const char *name, const char *function);

static inline instance_object *instance_of(const weft_object *o)
{
    return (instance_object *)(void *)(uintptr_t)o;
}

/* No type of the program's own can have this callback, so it marks ours. */
static inline bool instance_is_type(const weft_type *type)
{
    return type->traverse == instance_traverse;
}

static inline size_t instance_slot_count(const weft_type *type)
{
    return type->slots;
}

/* type->data is one block: the pointers to the names, and the names behind them. Constant. */
static inline const char *instance_slot_name(const weft_type *type, size_t slot)
{
    return ((const char *const *)type->data)[slot];
}

#endif
