/* How objects begin and end: types, chains of destruction, finalizers. */
#include "probes.h"

/* ---- chains ---- */

typedef struct chain {
    int64_t links;
    int width;
} chain;

static void chain_live_and_die(void *arg)
{
    chain *c = arg;
    values v = values_open();
    const weft_type *type = probe_type(v.self, NULL);
    probes_reset();
    weft_object *head = NULL;
    for (int64_t i = 0; i < c->links; i++) {
        weft_object *o = probe_new(v.self, type);
        probe_of(o)->first = head; /* the reference moves */
        if (c->width == 2)
            probe_of(o)->second = weft_list_new(v.self, 1);
        if (c->width == 3 && head)
            probe_of(o)->second = weft_ref(v.self, head);
        head = o;
    }
    weft_decref(v.self, head);
    CHECK_INT(probes_destroyed(), c->links);
    values_close(&v);
}

TEST_CASE(object, a chain of ten million dies on a stack of 64 KiB)
{
    chain c = {.links = test_scale(10000000), .width = 1};
    test_thread_with_stack(64 * 1024, chain_live_and_die, &c);
}

TEST_CASE(object, a chain with other containers and shared links dies on a stack of 64 KiB)
{
    chain c = {.links = test_scale(300000), .width = 2};
    test_thread_with_stack(64 * 1024, chain_live_and_die, &c);
    c.width = 3;
    test_thread_with_stack(64 * 1024, chain_live_and_die, &c);
}

/* ---- finalizers ---- */

static weft_object *saved;
static int64_t finalized;

static void finalize_saves(weft_thread *self, weft_object *o)
{
    finalized++;
    saved = weft_ref(self, o);
    weft_error_set(WEFT_ERROR_USER, "of no interest to whoever dropped the object");
}

TEST_CASE(object, a finalizer runs once and may bring the object back)
{
    values v = values_open();
    const weft_type *type = probe_type(v.self, finalize_saves);
    probes_reset();
    saved = NULL;
    finalized = 0;
    weft_object *o = probe_new(v.self, type);
    probe_of(o)->first = weft_float_new(v.self, 2.5);
    weft_error_clear();
    weft_decref(v.self, o);
    CHECK_PTR(saved, o);
    CHECK_INT(finalized, 1);
    CHECK_INT(probes_destroyed(), 0);
    CHECK_INT(weft_error_status(), WEFT_OK);
    CHECK_INT(weft_refcount(v.self, o), 1);
    CHECK(weft_float_get(probe_of(o)->first) == 2.5);
    weft_decref(v.self, o);
    CHECK_INT(finalized, 1);
    CHECK_INT(probes_destroyed(), 1);
    values_close(&v);
}

static weft_runtime *finalize_runtime;

static void finalize_works(weft_thread *self, weft_object *o)
{
    (void)o;
    finalized++;
    weft_object *list = weft_list_new(self, 0);
    for (int i = 0; i < 100; i++) {
        weft_object *f = weft_float_new(self, i);
        CHECK_INT(weft_list_append(self, list, f), WEFT_OK);
        weft_decref(self, f);
    }
    weft_lock(self, list);
    weft_unlock(self, list);
    CHECK_INT(weft_block_begin(self), WEFT_OK);
    CHECK_INT(weft_block_end(self), WEFT_OK);
    CHECK_INT(weft_world_stop(self), WEFT_OK);
    CHECK_INT(weft_world_start(self), WEFT_OK);
    CHECK_INT(weft_thread_detach(self), WEFT_ERROR_BUSY);
    weft_decref(self, list);
}

static int finalize_way;

/* Hands its object out, and changes how it is counted, as another thread might that got it. */
static void finalize_recounts(weft_thread *self, weft_object *o)
{
    finalized++;
    saved = finalize_way & 1 ? weft_ref(self, o) : NULL;
    if (finalize_way >> 1 == 0)
        CHECK_INT(weft_share(self, o), WEFT_OK);
    else if (finalize_way >> 1 == 1)
        CHECK_INT(weft_gc_defer(self, o), WEFT_OK);
    else
        CHECK_INT(weft_immortalize(self, o), WEFT_OK);
}

TEST_CASE(object, a finalizer may have its object shared or deferred or made immortal and no reference is left over)
{
    for (finalize_way = 0; finalize_way < 6; finalize_way++) {
        values v = values_open();
        const weft_type *type = probe_type(v.self, finalize_recounts);
        bool immortal = finalize_way >> 1 == 2;
        probes_reset();
        saved = NULL;
        finalized = 0;
        weft_decref(v.self, probe_new(v.self, type));
        CHECK_INT(finalized, 1);
        if (saved != NULL) {
            CHECK_INT(probes_destroyed(), 0);
            CHECK_INT(weft_refcount(v.self, saved), immortal ? INT64_MAX : 1);
            weft_decref(v.self, saved);
        }
        CHECK(weft_gc_collect(v.self, WEFT_GC_FULL) >= 0);
        CHECK_INT(finalized, 1);
        CHECK_INT(probes_destroyed(), !immortal);
        CHECK_INT(values_live(v.self), immortal);
        CHECK_INT(weft_thread_detach(v.self), WEFT_OK);
        CHECK_INT(weft_runtime_free(v.runtime), WEFT_OK);
    }
}

TEST_CASE(object, a finalizer may allocate and lock and block and stop the world)
{
    values v = values_open();
    finalize_runtime = v.runtime;
    const weft_type *type = probe_type(v.self, finalize_works);
    probes_reset();
    finalized = 0;
    for (int i = 0; i < 10; i++) {
        weft_object *o = probe_new(v.self, type);
        probe_of(o)->first = probe_new(v.self, type);
        weft_decref(v.self, o);
    }
    CHECK_INT(finalized, 20);
    CHECK_INT(probes_destroyed(), 20);
    values_close(&v);
}

/* ---- types ---- */

static void refused(weft_thread *self, weft_type_spec spec, weft_status status, const char *names)
{
    CHECK_PTR(weft_type_register(self, &spec), NULL);
    CHECK_INT(weft_error_status(), status);
    CHECK(strstr(weft_error_message(), names) != NULL);
}

static int traverse_nothing(weft_object *o, weft_visit_fn visit, void *arg)
{
    (void)o;
    (void)visit;
    (void)arg;
    return 0;
}

TEST_CASE(type, a bad specification is refused by name of what is wrong)
{
    values v = values_open();
    CHECK_PTR(weft_type_register(v.self, NULL), NULL);
    CHECK_INT(weft_error_status(), WEFT_ERROR_VALUE);
    refused(v.self, (weft_type_spec){.size = 32}, WEFT_ERROR_VALUE, "name");
    refused(v.self, (weft_type_spec){.name = "", .size = 32}, WEFT_ERROR_VALUE, "name");
    refused(v.self, (weft_type_spec){.name = "caf\xC3", .size = 32}, WEFT_ERROR_VALUE, "malformed UTF-8 at byte 3");
    refused(v.self, (weft_type_spec){.name = "\xFFx", .size = 32}, WEFT_ERROR_VALUE, "malformed UTF-8 at byte 0");
    refused(v.self, (weft_type_spec){.name = "x", .size = 0}, WEFT_ERROR_VALUE, "size is 0");
    refused(v.self, (weft_type_spec){.name = "x", .size = 15}, WEFT_ERROR_VALUE, "size is 15");
    refused(v.self, (weft_type_spec){.name = "x", .size = 16, .item_size = 8}, WEFT_ERROR_VALUE, "at least 24");
    refused(v.self, (weft_type_spec){.name = "x", .size = SIZE_MAX}, WEFT_ERROR_VALUE, "too large");
    refused(v.self, (weft_type_spec){.name = "x", .size = 24, .item_size = SIZE_MAX}, WEFT_ERROR_VALUE, "item_size");
    refused(v.self, (weft_type_spec){.name = "x", .size = 24, .flags = 1u << 30}, WEFT_ERROR_VALUE, "flags");
    refused(v.self, (weft_type_spec){.name = "x", .size = 24, .traverse = traverse_nothing}, WEFT_ERROR_VALUE,
            "destroy");
    values_close(&v);
}

TEST_CASE(type, objects are made of a type of the right kind and runtime)
{
    values v = values_open();
    weft_runtime *other = weft_runtime_new(NULL);
    weft_thread *there = weft_thread_attach(other);
    weft_type_spec spec = {.name = "fixed", .size = 40};
    const weft_type *fixed = weft_type_register(v.self, &spec);
    spec = (weft_type_spec){.name = "variable", .size = 24, .item_size = 8};
    const weft_type *variable = weft_type_register(v.self, &spec);
    REQUIRE(fixed && variable);
    CHECK_PTR(weft_new(v.self, NULL), NULL);
    CHECK_INT(weft_error_status(), WEFT_ERROR_VALUE);
    CHECK_PTR(weft_new(v.self, variable), NULL);
    CHECK_INT(weft_error_status(), WEFT_ERROR_TYPE);
    CHECK_PTR(weft_new_var(v.self, fixed, 1), NULL);
    CHECK_INT(weft_error_status(), WEFT_ERROR_TYPE);
    CHECK_PTR(weft_new(there, fixed), NULL);
    CHECK_INT(weft_error_status(), WEFT_ERROR_TYPE);
    CHECK_PTR(weft_new_var(v.self, variable, SIZE_MAX / 4), NULL);
    CHECK_INT(weft_error_status(), WEFT_ERROR_OVERFLOW);
    CHECK_PTR(weft_new_var(v.self, variable, SIZE_MAX / 32), NULL);
    CHECK(weft_error_status() == WEFT_ERROR_MEMORY || weft_error_status() == WEFT_ERROR_OVERFLOW);
    weft_object *o = weft_new(v.self, fixed);
    CHECK_INT(weft_sizeof(o), 48);
    for (size_t i = sizeof *o; i < 40; i++)
        CHECK_INT(((unsigned char *)(void *)o)[i], 0);
    weft_object *w = weft_new_var(v.self, variable, 3);
    CHECK_INT(weft_sizeof(w), 48);
    weft_object *empty = weft_new_var(v.self, variable, 0);
    CHECK_INT(((weft_var_object *)(void *)empty)->count, 0);
    weft_decref(v.self, o);
    weft_decref(v.self, w);
    weft_decref(v.self, empty);
    CHECK_INT(weft_thread_detach(there), WEFT_OK);
    CHECK_INT(weft_runtime_free(other), WEFT_OK);
    values_close(&v);
}

TEST_CASE(type, a type index is used again after its runtime is gone)
{
    uint32_t index = 0;
    for (int i = 0; i < 3; i++) {
        values v = values_open();
        weft_type_spec spec = {.name = "again", .size = 32};
        const weft_type *type = weft_type_register(v.self, &spec);
        REQUIRE(type != NULL);
        CHECK(index == 0 || type->index == index);
        index = type->index;
        CHECK_STR(type->name, "again");
        values_close(&v);
    }
}

TEST_CASE(object, running out of memory is an error and leaks nothing)
{
    values v = values_open();
    const weft_type *type = probe_type(v.self, NULL);
    for (uint64_t n = 1; n < 4; n++) {
        CHECK_INT(weft_fail_allocation(v.self, n, false), WEFT_OK);
        int failed = 0;
        for (int i = 0; i < 5; i++) {
            weft_object *o = weft_new(v.self, type);
            if (o) {
                probe_of(o)->canary = PROBE_CANARY;
                weft_decref(v.self, o);
            } else {
                CHECK_INT(weft_error_status(), WEFT_ERROR_MEMORY);
                failed++;
            }
        }
        CHECK_INT(failed, 1);
    }
    CHECK_INT(weft_fail_allocation(v.self, 0, false), WEFT_OK);
    values_close(&v);
}
