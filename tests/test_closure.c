/* test_closure.c - closures, and calling what can be called. */
#include "values.h"

/* Adds the first argument to the first bound value. */
static weft_object *add(weft_thread *self, weft_object *bound, weft_object *arguments)
{
    weft_object *a = weft_tuple_get(self, bound, 0), *b = weft_tuple_get(self, arguments, 0);
    return a && b ? weft_int_add(self, a, b) : NULL;
}

static weft_object *count_arguments(weft_thread *self, weft_object *bound, weft_object *arguments)
{
    return weft_int_new(self, 100 * weft_tuple_size(self, bound) + weft_tuple_size(self, arguments));
}

static weft_object *tuple_of_int(weft_thread *self, int64_t value)
{
    weft_object *i = weft_int_new(self, value), *t = weft_tuple_new(self, &i, 1);
    CHECK(t != NULL);
    weft_xdecref(self, i);
    return t;
}

static weft_object *adder(weft_thread *self, int64_t value)
{
    weft_object *name = values_str(self, "add"), *bound = tuple_of_int(self, value);
    weft_object *c = weft_closure_new(self, add, name, bound);
    weft_xdecref(self, name);
    weft_xdecref(self, bound);
    return c;
}

TEST_CASE(closure, a call hands over the bound values and the arguments)
{
    values v = values_open();
    weft_object *c = adder(v.self, 1000), *arguments = tuple_of_int(v.self, 7);
    REQUIRE(c != NULL);
    CHECK(weft_is_closure(c));
    CHECK_INT(weft_sizeof(c), weft_flavour_name()[0] == 'g' ? 64 : 48);
    weft_object *sum = weft_call(v.self, c, arguments);
    REQUIRE(sum != NULL);
    CHECK_INT(weft_int_get(sum), 1007);
    CHECK_TEXT(v.self, weft_repr(v.self, c), "<closure add>");
    CHECK_TEXT(v.self, weft_ref(v.self, weft_closure_name(v.self, c)), "add");
    CHECK_INT(weft_int_get(weft_tuple_get(v.self, weft_closure_bound(v.self, c), 0)), 1000);
    weft_decref(v.self, sum);
    weft_decref(v.self, arguments);
    weft_decref(v.self, c);
    values_close(&v);
}

TEST_CASE(closure, nothing bound and no arguments are empty tuples)
{
    values v = values_open();
    weft_object *name = values_str(v.self, "count"), *c = weft_closure_new(v.self, count_arguments, name, NULL);
    REQUIRE(c != NULL);
    weft_decref(v.self, name);
    weft_object *n = weft_call(v.self, c, NULL);
    REQUIRE(n != NULL);
    CHECK_INT(weft_int_get(n), 0);
    weft_object *one = tuple_of_int(v.self, 5), *m = weft_call(v.self, c, one);
    CHECK_INT(weft_int_get(m), 1);
    weft_decref(v.self, one);
    weft_decref(v.self, m);
    weft_decref(v.self, n);
    weft_decref(v.self, c);
    values_close(&v);
}

typedef struct callable {
    weft_object object;
    int64_t calls;
} callable;

static weft_object *call_counted(weft_thread *self, weft_object *o, weft_object *arguments)
{
    ((callable *)(void *)o)->calls += weft_tuple_size(self, arguments);
    return weft_ref(self, o);
}

TEST_CASE(closure, a type of the program may be callable)
{
    values v = values_open();
    const weft_type *type = weft_type_register(
        v.self, &(weft_type_spec){.name = "callable", .size = sizeof(callable), .call = call_counted});
    REQUIRE(type != NULL);
    weft_object *o = weft_new(v.self, type), *arguments = tuple_of_int(v.self, 5);
    weft_object *result = weft_call(v.self, o, arguments);
    CHECK_PTR(result, o);
    CHECK_INT(((callable *)(void *)o)->calls, 1);
    weft_xdecref(v.self, result);
    weft_decref(v.self, arguments);
    weft_decref(v.self, o);
    values_close(&v);
}

static int count_child(weft_object *child, void *arg)
{
    (void)child;
    return ++*(int *)arg == 3 ? 99 : 0;
}

TEST_CASE(closure, traverse visits name and values)
{
    values v = values_open();
    weft_object *c = adder(v.self, 1000);
    int count = 0;
    CHECK_INT(weft_type_of(c)->traverse(c, count_child, &count), 0);
    CHECK_INT(count, 2);
    CHECK_INT(weft_type_of(c)->traverse(c, count_child, &count), 99);
    weft_type_of(c)->clear(v.self, c);
    CHECK_TEXT(v.self, weft_repr(v.self, c), "<closure add>");
    weft_decref(v.self, c);
    values_close(&v);
}

static bool make(weft_thread *self, void *arg)
{
    weft_object *o = weft_closure_new(self, add, arg, NULL);
    weft_xdecref(self, o);
    return o != NULL;
}

TEST_CASE(closure, bad arguments and no memory are errors)
{
    values v = values_open();
    weft_object *name = values_str(v.self, "name"), *i = weft_int_new(v.self, 1000), *c = adder(v.self, 1000);
    CHECK_NULL(weft_closure_new(v.self, NULL, name, NULL), WEFT_ERROR_VALUE, "function is NULL");
    CHECK_NULL(weft_closure_new(v.self, add, NULL, NULL), WEFT_ERROR_VALUE, "str expected, got NULL");
    CHECK_NULL(weft_closure_new(v.self, add, i, NULL), WEFT_ERROR_TYPE, "str expected, got int");
    CHECK_NULL(weft_closure_new(v.self, add, name, i), WEFT_ERROR_TYPE, "tuple expected, got int");
    CHECK_NULL(weft_closure_new(NULL, add, name, NULL), WEFT_ERROR_THREAD, "weft_closure_new");
    CHECK_NULL(weft_closure_bound(v.self, i), WEFT_ERROR_TYPE, "closure expected, got int");
    CHECK_NULL(weft_closure_name(v.self, NULL), WEFT_ERROR_VALUE, "NULL");
    CHECK_NULL(weft_call(v.self, NULL, NULL), WEFT_ERROR_VALUE, "NULL");
    CHECK_NULL(weft_call(v.self, i, NULL), WEFT_ERROR_TYPE, "int cannot be called");
    CHECK_NULL(weft_call(v.self, c, i), WEFT_ERROR_TYPE, "weft_call: tuple expected, got int");
    CHECK_NULL(weft_call(NULL, c, NULL), WEFT_ERROR_THREAD, "weft_call");
    CHECK_NULL(weft_call(v.self, c, NULL), WEFT_ERROR_INDEX, "index 0"); /* the function's own error */
    CHECK_INT(weft_refcount(v.self, name), 1);
    CHECK_INT(values_exhaust(v.self, make, name), 1);
    weft_decref(v.self, name);
    weft_decref(v.self, i);
    weft_decref(v.self, c);
    values_close(&v);
}
