/* sort.h - a stable, adaptive merge sort of an array that belongs to the caller alone.
 *
 * Each object comes with a number that says as much about its place as a number can: for ints all, for strs what their
 * first eight bytes say, for anything else nothing. Objects whose numbers differ are never looked at. */
#ifndef WEFT_CORE_TYPES_SORT_H
#define WEFT_CORE_TYPES_SORT_H

#include "weft/list.h"

typedef struct sort_item {
    int64_t key;
    weft_object *o;
} sort_item;

/* How two items with the same key stand. */
typedef enum sort_kind {
    SORT_KEYS, /* they are level */
    SORT_STRS, /* as their texts do */
    SORT_ASK   /* as `less` says; all keys are 0 */
} sort_kind;

typedef struct sorter {
    weft_thread *self;
    weft_less_fn less; /* SORT_ASK */
    void *arg;
    sort_item *temp; /* room for as many as are sorted */
    sort_kind kind;
} sorter;

/* Sorts a[0 .. count). WEFT_OK, or what `less` failed with: then the order is unspecified, and some may be missing and
 * others there twice. Passes safepoints. */
weft_status sort_run(const sorter *s, sort_item *a, size_t count);

#endif
