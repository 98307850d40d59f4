/* types.h - what the built-in types show to each other and to the rest of the core.
 *
 * Each type's file has a function that puts its record in place and fills its static objects. builtin_types_init
 * (builtin.c) calls them all, once a process, before any thread is attached. */
#ifndef WEFT_CORE_TYPES_H
#define WEFT_CORE_TYPES_H

#include "core/core.h"

void scalar_types_init(void); /* none, bool, int, float */
void str_type_init(void);
void bytes_type_init(void);
void tuple_type_init(void);
void list_type_init(void);
void dict_type_init(void);

typedef struct bytes_object {
    weft_var_object var;
    uint8_t data[];
} bytes_object;

typedef struct tuple_object {
    weft_var_object var;
    weft_object *items[]; /* constant from creation on, never NULL */
} tuple_object;

#endif
