/* cell.c - one reference that threads share and change: a variable that several closures hold, a slot for a result.
 *
 * Reading takes no lock; set, swap and replace are one step each for every other thread. See slot.h for how. Any attached
 * thread, any number at once. */
#include "core/text_buffer.h"
#include "core/types/slot.h"
#include "core/types/types.h"

typedef struct cell_object {
    weft_object object;
    weft_object *value; /* slot.h; NULL: empty */
} cell_object;

static inline cell_object *cell_of(weft_object *o)
{
    return (cell_object *)(void *)o;
}

weft_object *weft_cell_new(weft_thread *self, weft_object *value)
{
    WEFT_CHECK_THREAD(self, NULL);
    thread *t = thread_of(self);
    weft_object *o = object_alloc_container(t, WEFT_TYPE_CELL, sizeof(cell_object));
    if (o == NULL)
        return NULL;
    weft_xincref(self, value);
    cell_of(o)->value = value;
    object_track(t, o);
    return o;
}

weft_object *weft_cell_get(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (!object_check(o, WEFT_TYPE_CELL, __func__))
        return NULL;
    weft_object *value = slot_get(self, o, &cell_of(o)->value);
    if (value == NULL)
        weft_error_set(WEFT_ERROR_KEY, "%s: the cell is empty", __func__);
    return value;
}

weft_status weft_cell_set(weft_thread *self, weft_object *o, weft_object *value)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_CELL, __func__))
        return weft_error_status();
    slot_set(self, o, &cell_of(o)->value, value);
    return WEFT_OK;
}

weft_status weft_cell_swap(weft_thread *self, weft_object *o, weft_object *value, weft_object **old)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_CELL, __func__))
        return weft_error_status();
    if (old == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: old is NULL", __func__);
    *old = slot_swap(self, o, &cell_of(o)->value, value);
    return WEFT_OK;
}

int weft_cell_replace(weft_thread *self, weft_object *o, weft_object *expected, weft_object *value)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_CELL, __func__))
        return weft_error_status();
    return slot_replace(self, o, &cell_of(o)->value, expected, value);
}

/* ---- callbacks ------------------------------------------------------------------------------------------------- */

static int cell_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    weft_object *value = cell_of(o)->value; /* the world is stopped */
    return value ? visit(value, arg) : 0;
}

static void cell_clear(weft_thread *self, weft_object *o)
{
    slot_set(self, o, &cell_of(o)->value, NULL);
}

static void cell_destroy(weft_thread *self, weft_object *o)
{
    weft_xdecref(self, cell_of(o)->value); /* nobody else can see it any more */
}

/* "cell(5)", "cell()" if it is empty. */
static weft_object *cell_repr(weft_thread *self, weft_object *o)
{
    text_buffer b;
    text_buffer_open(&b, self);
    text_buffer_add_ascii(&b, "cell(");
    weft_object *value = slot_get(self, o, &cell_of(o)->value);
    if (value != NULL) {
        text_buffer_add_repr(&b, value);
        weft_decref(self, value);
    }
    text_buffer_add_ascii(&b, ")");
    return text_buffer_finish(&b);
}

static weft_object *cell_copy(weft_thread *self, weft_object *o)
{
    (void)o;
    return weft_cell_new(self, NULL);
}

static weft_status cell_copy_fill(weft_thread *self, weft_object *to, weft_object *from, weft_copy_child_fn map,
                                  void *arg)
{
    weft_object *value = slot_get(self, from, &cell_of(from)->value);
    if (value == NULL)
        return WEFT_OK;
    weft_object *mapped = map(self, value, arg);
    weft_decref(self, value);
    if (mapped == NULL)
        return weft_error_status();
    slot_set(self, to, &cell_of(to)->value, mapped);
    weft_decref(self, mapped);
    return WEFT_OK;
}

void cell_type_init(void)
{
    static const weft_type_spec spec = {
        .name = "cell",
        .size = sizeof(cell_object),
        .flags = WEFT_TYPE_IDENTITY,
        .traverse = cell_traverse,
        .clear = cell_clear,
        .destroy = cell_destroy,
        .repr = cell_repr,
        .copy = cell_copy,
        .copy_fill = cell_copy_fill,
    };
    type_set_builtin(WEFT_TYPE_CELL, &spec);
}
