/* set_algebra.c - whole sets: union, intersection, difference, what is in one only, subsets.
 *
 * Each operand is first read in one step into a table of this call's own, so that no order of events among threads can
 * make an item be seen twice. Items of a table are looked up in another by their hashes, which are not computed
 * again; only weft_equal may run code of the program. Any attached thread. */
#include "core/types/set.h"
#include "core/types/types.h"

/* Both operands. `theirs` is a set that nobody else has, so that keys can be asked about in it. */
typedef struct operands {
    dict_table *mine;
    weft_object *theirs;
} operands;

static void operands_drop(weft_thread *self, operands *o)
{
    dict_drop_table(self, o->mine, false, false);
    weft_xdecref(self, o->theirs);
}

static weft_status operands_take(weft_thread *self, weft_object *set, weft_object *source, const char *function,
                                 operands *o)
{
    *o = (operands){NULL, NULL};
    dict_table *theirs;
    weft_status status = set_collect(self, source, function, &theirs);
    if (status != WEFT_OK)
        return status;
    o->theirs = set_make(self, WEFT_TYPE_SET, theirs);
    status = o->theirs ? dict_clone(self, dict_of(set), &o->mine) : WEFT_ERROR_MEMORY;
    if (status != WEFT_OK)
        operands_drop(self, o);
    return status;
}

static size_t entries_of(const dict_table *t)
{
    return t ? t->filled : 0;
}

/* Visits each item of `t` with whether it is in `in`; a result other than 0 ends it and is returned. */
typedef int (*sift_fn)(weft_thread *self, const dict_entry *e, bool inside, void *arg);

static int sift(weft_thread *self, const dict_table *t, dict *in, sift_fn visit, void *arg)
{
    for (size_t i = 0; i < entries_of(t); i++) {
        const dict_entry *e = &dict_entries(t)[i];
        if (e->value == NULL)
            continue;
        int inside = dict_get(self, in, e->key, e->hash, NULL);
        int result = inside < 0 ? inside : visit(self, e, inside, arg);
        if (result != 0)
            return result;
    }
    return 0;
}

/* ---- new sets ----------------------------------------------------------------------------------------------------- */

/* Adds to the set `arg`. */
static int add_to(weft_thread *self, const dict_entry *e, void *arg)
{
    int added = dict_put(self, dict_of((weft_object *)arg), e->key, e->hash, &weft_true, NULL);
    return added < 0 ? added : 0;
}

static int add_inside(weft_thread *self, const dict_entry *e, bool inside, void *arg)
{
    return inside ? add_to(self, e, arg) : 0;
}

static int add_outside(weft_thread *self, const dict_entry *e, bool inside, void *arg)
{
    return inside ? 0 : add_to(self, e, arg);
}

/* A set of that kind with the table of `made`, which only this call has; NULL if it failed. */
static weft_object *as_kind(weft_thread *self, uint32_t index, weft_object *made, int result)
{
    weft_object *o = NULL;
    if (result == 0 && index == WEFT_TYPE_SET)
        return made;
    if (result == 0)
        o = set_make(self, index, dict_take_table_locked(dict_of(made)));
    weft_decref(self, made);
    return o;
}

/* A new set of what `visit` adds of the items of `set`; and, if `both`, of those of the other. */
static weft_object *sifted(weft_thread *self, weft_object *set, weft_object *source, sift_fn visit, bool both,
                           const char *function)
{
    operands o;
    if (set_check(set, function) != WEFT_OK || operands_take(self, set, source, function, &o) != WEFT_OK)
        return NULL;
    weft_object *made = set_make(self, WEFT_TYPE_SET, NULL);
    if (made == NULL) {
        operands_drop(self, &o);
        return NULL;
    }
    int result = sift(self, o.mine, dict_of(o.theirs), visit, made);
    if (result == 0 && both) {
        weft_object *mine = set_make(self, WEFT_TYPE_SET, o.mine);
        o.mine = NULL;
        result = mine ? sift(self, dict_of(o.theirs)->table, dict_of(mine), visit, made) : WEFT_ERROR_MEMORY;
        weft_xdecref(self, mine);
    }
    operands_drop(self, &o);
    return as_kind(self, weft_type_index(set), made, result);
}

weft_object *weft_set_intersection(weft_thread *self, weft_object *set, weft_object *source)
{
    WEFT_CHECK_THREAD(self, NULL);
    return sifted(self, set, source, add_inside, false, __func__);
}

weft_object *weft_set_difference(weft_thread *self, weft_object *set, weft_object *source)
{
    WEFT_CHECK_THREAD(self, NULL);
    return sifted(self, set, source, add_outside, false, __func__);
}

weft_object *weft_set_exclusive(weft_thread *self, weft_object *set, weft_object *source)
{
    WEFT_CHECK_THREAD(self, NULL);
    return sifted(self, set, source, add_outside, true, __func__);
}

/* Adds every item of `t` to the set. */
static int add_all(weft_thread *self, const dict_table *t, weft_object *set)
{
    int result = 0;
    for (size_t i = 0; i < entries_of(t) && result == 0; i++)
        result = add_to(self, &dict_entries(t)[i], set);
    return result;
}

weft_object *weft_set_union(weft_thread *self, weft_object *set, weft_object *source)
{
    WEFT_CHECK_THREAD(self, NULL);
    dict_table *theirs, *mine;
    if (set_check(set, __func__) != WEFT_OK || set_collect(self, source, __func__, &theirs) != WEFT_OK)
        return NULL;
    weft_object *made = NULL;
    if (dict_clone(self, dict_of(set), &mine) == WEFT_OK && (made = set_make(self, WEFT_TYPE_SET, mine)) != NULL)
        made = as_kind(self, weft_type_index(set), made, add_all(self, theirs, made));
    dict_drop_table(self, theirs, false, false);
    return made;
}

/* ---- in place ----------------------------------------------------------------------------------------------------- */

weft_status weft_set_update(weft_thread *self, weft_object *set, weft_object *source)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    dict_table *theirs;
    weft_status status = set_check_mutable(set, __func__);
    if (status != WEFT_OK || (status = set_collect(self, source, __func__, &theirs)) != WEFT_OK)
        return status;
    int result = add_all(self, theirs, set);
    dict_drop_table(self, theirs, false, false);
    return (weft_status)result;
}

static int take_from(weft_thread *self, const dict_entry *e, void *arg)
{
    int taken = dict_take(self, dict_of((weft_object *)arg), e->key, e->hash);
    return taken < 0 ? taken : 0;
}

static int take_inside(weft_thread *self, const dict_entry *e, bool inside, void *arg)
{
    return inside ? take_from(self, e, arg) : 0;
}

static int take_outside(weft_thread *self, const dict_entry *e, bool inside, void *arg)
{
    return inside ? 0 : take_from(self, e, arg);
}

static weft_status sift_in_place(weft_thread *self, weft_object *set, weft_object *source, sift_fn visit,
                                 const char *function)
{
    operands o;
    weft_status status = set_check_mutable(set, function);
    if (status != WEFT_OK || (status = operands_take(self, set, source, function, &o)) != WEFT_OK)
        return status;
    int result = sift(self, o.mine, dict_of(o.theirs), visit, set);
    operands_drop(self, &o);
    return (weft_status)result;
}

weft_status weft_set_keep(weft_thread *self, weft_object *set, weft_object *source)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    return sift_in_place(self, set, source, take_outside, __func__);
}

weft_status weft_set_subtract(weft_thread *self, weft_object *set, weft_object *source)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    return sift_in_place(self, set, source, take_inside, __func__);
}

/* ---- questions ---------------------------------------------------------------------------------------------------- */

enum { FOUND_ONE = 1 };

static int stop_inside(weft_thread *self, const dict_entry *e, bool inside, void *arg)
{
    (void)self;
    (void)e;
    (void)arg;
    return inside ? FOUND_ONE : 0;
}

static int stop_outside(weft_thread *self, const dict_entry *e, bool inside, void *arg)
{
    (void)self;
    (void)e;
    (void)arg;
    return inside ? 0 : FOUND_ONE;
}

/* 1 if no item of `set` makes `visit` stop; `turned`: no item of the other, looked up in the set. */
static int none_found(weft_thread *self, weft_object *set, weft_object *source, sift_fn visit, bool turned,
                      const char *function)
{
    operands o;
    weft_status status = set_check(set, function);
    if (status != WEFT_OK || (status = operands_take(self, set, source, function, &o)) != WEFT_OK)
        return status;
    int result;
    if (turned) {
        weft_object *mine = set_make(self, WEFT_TYPE_SET, o.mine);
        o.mine = NULL;
        result = mine ? sift(self, dict_of(o.theirs)->table, dict_of(mine), visit, NULL) : WEFT_ERROR_MEMORY;
        weft_xdecref(self, mine);
    } else {
        result = sift(self, o.mine, dict_of(o.theirs), visit, NULL);
    }
    operands_drop(self, &o);
    return result < 0 ? result : !result;
}

int weft_set_is_subset(weft_thread *self, weft_object *set, weft_object *of_items)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    return none_found(self, set, of_items, stop_outside, false, __func__);
}

int weft_set_is_superset(weft_thread *self, weft_object *set, weft_object *of_items)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    return none_found(self, set, of_items, stop_outside, true, __func__);
}

int weft_set_is_disjoint(weft_thread *self, weft_object *set, weft_object *source)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    return none_found(self, set, source, stop_inside, false, __func__);
}
