/* operations_containers.c - lists, dicts and instances, private and common: what many threads read without a lock while
 * others write. Inside these calls the library holds references on its stack, so callbacks must not block. */
#include "stress/stress.h"

/* The common board, or a container among what the worker holds; NULL if that is of another type. */
static weft_object *pick(worker *w, dice *d, weft_object *board, bool (*is)(const weft_object *o))
{
    weft_object *o = w->held[dice_below(d, HELD)];
    return dice_one_in(d, 2) || o == NULL || !is(o) ? board : o;
}

static bool is_list(const weft_object *o)
{
    return weft_is_list(o);
}

static bool is_dict(const weft_object *o)
{
    return weft_is_dict(o);
}

static bool is_instance(const weft_object *o)
{
    return weft_type_of(o) == P.instance_type;
}

/* A status that is either fine, or what other threads' doings or a lack of memory explain. */
static void allow(worker *w, int status, weft_status expected, const char *what)
{
    if (status < 0 && status != (int)expected)
        may_have_failed(w, what);
}

void operation_list(worker *w, dice *d)
{
    weft_object *list = pick(w, d, P.board_list, is_list);
    uint32_t place = dice_below(d, HELD), what = dice_below(d, 16);
    int64_t index = (int64_t)dice_below(d, 12) - 1;
    weft_object *item = w->held[place];
    int64_t size = weft_list_size(w->self, list);
    if (size < 0)
        fail("weft_list_size: %s", weft_error_message());
    w->calm = true;
    if ((size > 60 && what < 14) || what == 15) {
        if (weft_list_clear(w->self, list) != WEFT_OK)
            fail("weft_list_clear: %s", weft_error_message());
    } else if (what < 5 && item) {
        allow(w, weft_list_append(w->self, list, item), WEFT_OK, "weft_list_append");
    } else if (what < 8 && item) {
        allow(w, weft_list_set(w->self, list, index, item), WEFT_ERROR_INDEX, "weft_list_set");
    } else if (what < 10 && item) {
        allow(w, weft_list_insert(w->self, list, index, item), WEFT_ERROR_INDEX, "weft_list_insert");
    } else if (what < 15) {
        weft_object *popped = weft_list_pop(w->self, list, index);
        if (popped)
            kind_inspect(popped, "weft_list_pop");
        else
            allow(w, weft_error_status(), WEFT_ERROR_INDEX, "weft_list_pop");
        if (popped)
            held_put(w, place, popped);
    }
    w->calm = false;
}

void operation_dict(worker *w, dice *d)
{
    weft_object *dict = pick(w, d, P.board_dict, is_dict);
    uint32_t place = dice_below(d, HELD), what = dice_below(d, 16), number = dice_below(d, BOARD_KEYS);
    weft_object *item = w->held[place], *other = w->held[dice_below(d, HELD)], *found = NULL;
    w->calm = true;
    weft_object *key =
        number % 3 ? weft_int_new(w->self, (int64_t)number * 100) : weft_str_format(w->self, "key %u", number);
    if (key == NULL) {
        may_have_failed(w, "a key");
        w->calm = false;
        return;
    }
    w->kept[0] = key;
    int status = 0;
    /* A store into a dict that others use counts its value before it waits for the dict. */
    w->hides = (what > 0 && what < 5) || what == 10 || what == 11;
    if (what == 0)
        status = weft_dict_clear(w->self, dict);
    else if (what < 5 && item)
        status = weft_dict_set(w->self, dict, key, item);
    else if (what < 8)
        status = weft_dict_pop(w->self, dict, key, what == 5 ? NULL : &found);
    else if (what < 10 && item)
        status = weft_dict_set_default(w->self, dict, key, item, &found);
    else if (what < 12 && item)
        status = weft_dict_replace(w->self, dict, key, other, item);
    else
        status = weft_dict_get(w->self, dict, key, &found);
    w->hides = false;
    allow(w, status, WEFT_OK, "a dict operation");
    w->calm = false;
    if (found) {
        kind_inspect(found, "dict");
        held_put(w, place, found);
    }
    unkeep(w);
}

void operation_instance(worker *w, dice *d)
{
    weft_object *instance = pick(w, d, P.board_instance, is_instance);
    uint32_t place = dice_below(d, HELD);
    int64_t slot = dice_below(d, BOARD_SLOTS);
    weft_object *value = dice_one_in(d, 6) ? NULL : w->held[place];
    w->calm = true;
    if (weft_instance_set(w->self, instance, slot, value) != WEFT_OK)
        fail("weft_instance_set: %s", weft_error_message());
    w->calm = false;
}

static void read_entries(worker *w, weft_object *dict)
{
    size_t position = 0;
    int status;
    keep(w, dict, dict);
    for (;;) {
        weft_object *key, *value;
        w->calm = true;
        status = weft_dict_next(w->self, dict, &position, &key, &value);
        if (status == 1)
            weft_decref(w->self, key);
        w->calm = false;
        if (status != 1)
            break;
        kind_inspect(value, "weft_dict_next");
        held_put(w, HELD - 1, value);
    }
    if (status < 0)
        fail("weft_dict_next: %s", weft_error_message());
    unkeep(w);
}

/* Lock-free reads of what others are changing. */
void operation_read(worker *w, dice *d)
{
    uint32_t place = dice_below(d, HELD), count = 1 + dice_below(d, 12), what = dice_below(d, 3);
    weft_object *list = pick(w, d, P.board_list, is_list), *instance = pick(w, d, P.board_instance, is_instance);
    if (dice_one_in(d, 20)) {
        read_entries(w, pick(w, d, P.board_dict, is_dict));
        return;
    }
    keep(w, list, instance);
    for (uint32_t i = 0; i < count; i++) {
        int64_t index = dice_below(d, BOARD_SLOTS);
        w->calm = true;
        weft_object *o = what == 0 ? weft_instance_get(w->self, instance, index) : weft_list_get(w->self, list, index);
        w->calm = false;
        if (o) {
            kind_inspect(o, "read");
            held_put(w, place, o);
        } else {
            allow(w, weft_error_status(), what == 0 ? WEFT_ERROR_KEY : WEFT_ERROR_INDEX, "a read");
        }
    }
    unkeep(w);
}
