/* test_object_cycles.c - cycles through cells, closures and open instances are found by the collector. */
#include "values.h"
#include "weft/gc.h"

static weft_object *nothing(weft_thread *self, weft_object *bound, weft_object *arguments)
{
    (void)bound;
    (void)arguments;
    return weft_ref(self, &weft_none);
}

TEST_CASE(object_cycles, a closure bound to the cell that holds it)
{
    values v = values_open();
    weft_object *cell = weft_cell_new(v.self, NULL), *bound = weft_tuple_new(v.self, &cell, 1);
    weft_object *name = values_str(v.self, "loop"), *c = weft_closure_new(v.self, nothing, name, bound);
    CHECK_INT(weft_cell_set(v.self, cell, c), WEFT_OK);
    weft_decref(v.self, name);
    weft_decref(v.self, bound);
    weft_decref(v.self, c);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 0); /* the cell is held */
    weft_decref(v.self, cell);
    CHECK_INT(values_live(v.self), 4);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 3);
    values_close(&v);
}

TEST_CASE(object_cycles, open instances that refer to each other by shared names and by their own)
{
    values v = values_open();
    const weft_type *type = weft_open_type(v.self, "Node");
    weft_object *first = weft_instance_new(v.self, type), *last = first;
    for (int i = 0; i < WEFT_OPEN_KEYS_MAX + 10; i++) {
        weft_object *next = weft_instance_new(v.self, type), *name = weft_str_format(v.self, "next %d", i);
        CHECK_INT(weft_attribute_set(v.self, last, name, next), WEFT_OK);
        CHECK_INT(weft_attribute_set(v.self, next, name, first), WEFT_OK);
        weft_decref(v.self, name);
        if (last != first)
            weft_decref(v.self, last);
        last = next;
    }
    weft_decref(v.self, last);
    CHECK_INT(weft_gc_collect(v.self, WEFT_GC_FULL), 0);
    weft_decref(v.self, first);
    CHECK(weft_gc_collect(v.self, WEFT_GC_FULL) > WEFT_OPEN_KEYS_MAX + 10);
    CHECK_INT(values_live(v.self), WEFT_OPEN_KEYS_MAX); /* the names */
    CHECK_INT(weft_thread_detach(v.self), WEFT_OK);
    CHECK_INT(weft_runtime_free(v.runtime), WEFT_OK);
}
