/* closure.c - a C function with a name and the values that it was bound to; and calling what can be called.
 *
 * A closure never changes, so it is read without a lock. Like a tuple it refers only to what was there before it: no cycle
 * is made of closures and tuples alone, and clear has nothing to do. Any attached thread. */
#include "core/text_buffer.h"
#include "core/types/types.h"

/* All constant. */
typedef struct closure_object {
    weft_object object;
    weft_function function;
    weft_object *name;  /* a str */
    weft_object *bound; /* a tuple */
} closure_object;

static inline closure_object *closure_of(const weft_object *o)
{
    return (closure_object *)(void *)(uintptr_t)o;
}

weft_object *weft_closure_new(weft_thread *self, weft_function function, weft_object *name, weft_object *bound)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (function == NULL) {
        weft_error_set(WEFT_ERROR_VALUE, "%s: function is NULL", __func__);
        return NULL;
    }
    if (!object_check(name, WEFT_TYPE_STR, __func__) ||
        (bound != NULL && !object_check(bound, WEFT_TYPE_TUPLE, __func__)))
        return NULL;
    thread *t = thread_of(self);
    weft_object *none = weft_tuple_new(self, NULL, 0); /* static */
    weft_object *o = object_alloc_container(t, WEFT_TYPE_CLOSURE, sizeof(closure_object));
    if (o == NULL)
        return NULL;
    closure_object *c = closure_of(o);
    c->function = function;
    c->name = weft_ref(self, name);
    c->bound = weft_ref(self, bound ? bound : none);
    object_track(t, o);
    return o;
}

weft_object *weft_closure_bound(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, NULL);
    return object_check(o, WEFT_TYPE_CLOSURE, __func__) ? closure_of(o)->bound : NULL;
}

weft_object *weft_closure_name(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, NULL);
    return object_check(o, WEFT_TYPE_CLOSURE, __func__) ? closure_of(o)->name : NULL;
}

weft_object *weft_call(weft_thread *self, weft_object *callable, weft_object *arguments)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (WEFT_UNLIKELY(callable == NULL)) {
        weft_error_set(WEFT_ERROR_VALUE, "%s: the callable is NULL", __func__);
        return NULL;
    }
    const weft_type *type = weft_type_of(callable);
    if (WEFT_UNLIKELY(type->call == NULL)) {
        weft_error_set(WEFT_ERROR_TYPE, "%s: %s cannot be called", __func__, type->name);
        return NULL;
    }
    if (arguments == NULL)
        arguments = weft_tuple_new(self, NULL, 0); /* static */
    else if (WEFT_UNLIKELY(!object_check(arguments, WEFT_TYPE_TUPLE, __func__)))
        return NULL;
    return type->call(self, callable, arguments);
}

/* ---- callbacks ------------------------------------------------------------------------------------------------- */

static weft_object *closure_call(weft_thread *self, weft_object *o, weft_object *arguments)
{
    return closure_of(o)->function(self, closure_of(o)->bound, arguments);
}

static int closure_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    closure_object *c = closure_of(o);
    int result = c->name ? visit(c->name, arg) : 0;
    return result == 0 && c->bound ? visit(c->bound, arg) : result;
}

static void closure_clear(weft_thread *self, weft_object *o)
{
    (void)self;
    (void)o;
}

static void closure_destroy(weft_thread *self, weft_object *o)
{
    weft_decref(self, closure_of(o)->name);
    weft_decref(self, closure_of(o)->bound);
}

/* "<closure name>" */
static weft_object *closure_repr(weft_thread *self, weft_object *o)
{
    text_buffer b;
    text_buffer_open(&b, self);
    text_buffer_add_ascii(&b, "<closure ");
    text_buffer_add_str(&b, closure_of(o)->name);
    text_buffer_add_ascii(&b, ">");
    return text_buffer_finish(&b);
}

void closure_type_init(void)
{
    static const weft_type_spec spec = {
        .name = "closure",
        .size = sizeof(closure_object),
        .flags = WEFT_TYPE_IDENTITY | WEFT_TYPE_IMMUTABLE,
        .traverse = closure_traverse,
        .clear = closure_clear,
        .destroy = closure_destroy,
        .repr = closure_repr,
        .call = closure_call,
    };
    type_set_builtin(WEFT_TYPE_CLOSURE, &spec);
}
