/* operations_weak.c - weak references, taken and read while their referents die in other threads, and two weak dicts that
 * all threads share. Weak references stand where any object does. */
#include "stress/stress.h"

static bool is_weak(const weft_object *o)
{
    return o && weft_type_index(o) == WEFT_TYPE_WEAKREF;
}

/* Its referent is gone, for good. What it does here, amid a death or a collection, may be anything. */
static void weak_called(weft_thread *self, weft_object *weak, void *arg)
{
    worker *w = worker_of(self);
    weft_object *o = weft_weak_get(self, weak);
    if (o != NULL || arg != &P)
        fail("a weak reference's callback finds its referent %p alive", (void *)o);
    uint64_t count = __atomic_fetch_add(&P.weak_called, 1, __ATOMIC_RELAXED);
    if (count % 5 == 0 && !w->calm)
        weft_safepoint(self);
    if (count % 7 == 0) {
        weft_xdecref(self, weft_list_new(self, 1));
        weft_error_set(WEFT_ERROR_USER, "a callback's own error");
    }
}

static void weak_make(worker *w, dice *d, weft_object *o)
{
    bool callback = dice_one_in(d, 2);
    uint32_t place = dice_below(d, HELD);
    weft_object *weak = weft_weak_new(w->self, o, callback ? weak_called : NULL, callback ? &P : NULL);
    if (weak || !may_have_failed(w, "weft_weak_new"))
        held_put(w, place, weak);
}

void operation_weak(worker *w, dice *d)
{
    uint32_t place = dice_below(d, HELD), to = dice_below(d, HELD);
    weft_object *o = w->held[place];
    if (o == NULL)
        return;
    if (!is_weak(o)) {
        if (weft_weak_count(w->self, o) < 0)
            fail("weft_weak_count: %s", weft_error_message());
        weak_make(w, d, o);
        return;
    }
    weft_object *referent = weft_weak_get(w->self, o);
    if (referent == NULL)
        return;
    kind_inspect(referent, "weft_weak_get");
    held_put(w, to, referent);
}

/* ---- weak dicts: callbacks and searches hold references on the stack ------------------------------------------------- */

/* Key and value are in places. */
static void weak_keys(worker *w, weft_object *dict, weft_object *key, weft_object *value, uint32_t what)
{
    weft_object *found = NULL;
    int status = what < 5   ? (int)weft_weak_dict_set(w->self, dict, key, value)
                 : what < 8 ? weft_weak_dict_get(w->self, dict, key, &found)
                            : weft_weak_dict_pop(w->self, dict, key, &found);
    if (status < 0)
        may_have_failed(w, "a weak dict");
    if (found)
        kind_inspect(found, "a weak dict's value");
    w->hides = false; /* `found` goes straight into the table */
    held_put(w, HELD - 2, found);
}

static void weak_look(worker *w, weft_object *dict)
{
    if (weft_weak_dict_size(w->self, dict) < 0)
        fail("weft_weak_dict_size: %s", weft_error_message());
    weft_object *items = weft_weak_dict_items(w->self, dict);
    if (items == NULL)
        may_have_failed(w, "weft_weak_dict_items");
    weft_xdecref(w->self, items);
}

void operation_weak_dict(worker *w, dice *d)
{
    weft_object *a = w->held[dice_below(d, HELD)], *b = w->held[dice_below(d, HELD)];
    uint32_t what = dice_below(d, 10), number = dice_below(d, BOARD_KEYS);
    bool by_key = dice_one_in(d, 2), look = dice_one_in(d, 40);
    if (!is_node(a) || b == NULL)
        return;
    keep(w, a, b);
    w->hides = true;
    if (look) {
        weak_look(w, P.board_weak[by_key]);
    } else if (by_key) {
        weak_keys(w, P.board_weak[0], a, b, what);
    } else {
        weft_object *key = weft_int_new(w->self, (int64_t)number * 1000);
        held_put(w, HELD - 3, key);
        if (key)
            weak_keys(w, P.board_weak[1], key, a, what);
        else
            may_have_failed(w, "a key");
    }
    w->hides = false;
    unkeep(w);
}
