/* set.h - sets: dicts that have no values.
 *
 * A set is a dict whose values are all weft_true, which is immortal and so costs no counting. Everything that is argued about
 * dicts (docs/dict.md) holds for sets: order, lock-free membership, keys whose equality runs code. */
#ifndef WEFT_CORE_TYPES_SET_H
#define WEFT_CORE_TYPES_SET_H

#include "core/types/dict.h"
#include "weft/set.h"

/* Its table never changes once it is made, so it is open to readers from the start. */
typedef struct frozenset {
    dict d;
    uint64_t hash; /* 0: nobody has asked yet. Atomic, relaxed: whoever computes it stores the same */
} frozenset;

static inline bool is_any_set(const weft_object *o)
{
    return weft_type_index(o) == WEFT_TYPE_SET || weft_type_index(o) == WEFT_TYPE_FROZENSET;
}

/* ---- set.c: also for set_algebra.c -------------------------------------------------------------------------------- */

/* Is it a set of either kind? Sets the error. */
weft_status set_check(const weft_object *o, const char *function);
/* Is it one that can change? */
weft_status set_check_mutable(const weft_object *o, const char *function);

/* A new set of that kind with this table, which is stolen, also on failure. */
weft_object *set_make(weft_thread *self, uint32_t index, dict_table *stolen);

/* The items of one moment of a set, or of anything that can be iterated, in a table of the caller's. */
weft_status set_collect(weft_thread *self, weft_object *source, const char *function, dict_table **table);

#endif
