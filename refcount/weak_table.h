/* weak_table.h - the table from objects to their weak references: refcount/weak.c. */
#ifndef WEFT_REFCOUNT_WEAK_TABLE_H
#define WEFT_REFCOUNT_WEAK_TABLE_H

#ifdef WEFT_GIL
#include "refcount/weak_lock_gil.h"
#else
#include "refcount/weak_lock_ft.h"
#endif

struct weak_object;

enum { WEAK_STRIPES = 64 };

/* Everything here: under the stripe's lock, or with the world stopped. */
typedef struct weak_slot {
    weft_object *object;       /* NULL: empty */
    struct weak_object *first; /* not NULL otherwise; newest first */
} weak_slot;

typedef struct weak_stripe {
    weak_lock_type lock;
    weak_slot *slots; /* open addressing, linear */
    size_t capacity;  /* a power of two, or 0 */
    size_t used;
} weak_stripe;

typedef struct weak_table {
    weak_stripe stripes[WEAK_STRIPES];
} weak_table;

#endif
