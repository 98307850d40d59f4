/* test_protocol.c - hash, equal and repr of any object: whose callback is asked, what its failures do, deep and circular
 * structures, bad input. */
#include "core/hash.h"

#include "values.h"

/* A type of the program's own: a number, whose callbacks do as they are told. */
typedef enum odd_mood { FINE, FAILS, GIVES_NO_STR, LARGE } odd_mood;

typedef struct odd {
    weft_object object;
    int64_t number;
    odd_mood mood;
} odd;

static int odd_equal_calls;

static odd *odd_of(weft_object *o)
{
    return (odd *)(void *)o;
}

static weft_status odd_hash(weft_thread *self, weft_object *o, uint64_t *hash)
{
    (void)self;
    *hash = 5;
    if (odd_of(o)->mood == FAILS)
        return weft_error_set(WEFT_ERROR_USER, "odd hash");
    return WEFT_OK;
}

/* Equal to any int of the same value too. */
static int odd_equal(weft_thread *self, weft_object *a, weft_object *b)
{
    odd_equal_calls++;
    if (odd_of(a)->mood == FAILS)
        return weft_error_set(WEFT_ERROR_USER, "odd equal");
    int64_t value;
    if (weft_is_int(b))
        return weft_int_value(self, b, &value) == WEFT_OK && value == odd_of(a)->number;
    if (weft_type_of(b) != weft_type_of(a))
        return 0;
    return odd_of(a)->number == odd_of(b)->number ? (odd_of(a)->mood == LARGE ? 1000 : 1) : 0;
}

static weft_object *odd_repr(weft_thread *self, weft_object *o)
{
    if (odd_of(o)->mood == FAILS) {
        weft_error_set(WEFT_ERROR_USER, "odd repr");
        return NULL;
    }
    if (odd_of(o)->mood == GIVES_NO_STR)
        return weft_int_new(self, 1000);
    return weft_str_format(self, "odd%lld", (long long)odd_of(o)->number);
}

static const weft_type *odd_type(weft_thread *self)
{
    const weft_type *type = weft_type_register(
        self,
        &(weft_type_spec){.name = "odd", .size = sizeof(odd), .hash = odd_hash, .equal = odd_equal, .repr = odd_repr});
    CHECK(type != NULL);
    return type;
}

static weft_object *odd_new(weft_thread *self, const weft_type *type, int64_t number, odd_mood mood)
{
    weft_object *o = weft_new(self, type);
    CHECK(o != NULL);
    odd_of(o)->number = number;
    odd_of(o)->mood = mood;
    return o;
}

TEST_CASE(protocol, the callbacks of a type are asked)
{
    values v = values_open();
    const weft_type *type = odd_type(v.self);
    weft_object *a = odd_new(v.self, type, 7, FINE), *b = odd_new(v.self, type, 7, LARGE),
                *c = odd_new(v.self, type, 8, FINE);
    uint64_t hash = 0;
    CHECK_INT(weft_hash(v.self, a, &hash), WEFT_OK);
    CHECK_INT(hash, 5);
    CHECK_INT(weft_equal(v.self, a, b), 1);
    CHECK_INT(weft_equal(v.self, b, a), 1);
    CHECK_INT(weft_equal(v.self, a, c), 0);
    CHECK_TEXT(v.self, weft_repr(v.self, c), "odd8");
    weft_decref(v.self, a);
    weft_decref(v.self, b);
    weft_decref(v.self, c);
    values_close(&v);
}

TEST_CASE(protocol, a built - in type leaves the judgement to a type of the program)
{
    values v = values_open();
    const weft_type *type = odd_type(v.self);
    weft_object *a = odd_new(v.self, type, 7, FINE), *i = weft_int_new(v.self, 7), *j = weft_int_new(v.self, 8);
    CHECK_INT(weft_equal(v.self, a, i), 1);
    CHECK_INT(weft_equal(v.self, i, a), 1);
    CHECK_INT(weft_equal(v.self, a, j), 0);
    CHECK_INT(weft_equal(v.self, j, a), 0);
    CHECK_INT(weft_equal(v.self, &weft_none, a), 0); /* none says nothing about equality at all */
    weft_decref(v.self, a);
    values_close(&v);
}

TEST_CASE(protocol, the same object is equal to itself without being asked)
{
    values v = values_open();
    weft_object *a = odd_new(v.self, odd_type(v.self), 7, FAILS);
    odd_equal_calls = 0;
    CHECK_INT(weft_equal(v.self, a, a), 1);
    CHECK_INT(odd_equal_calls, 0);
    weft_decref(v.self, a);
    values_close(&v);
}

TEST_CASE(protocol, the failure of a callback is the failure of the call)
{
    values v = values_open();
    const weft_type *type = odd_type(v.self);
    weft_object *a = odd_new(v.self, type, 7, FAILS), *b = odd_new(v.self, type, 7, FINE);
    weft_object *c = odd_new(v.self, type, 7, GIVES_NO_STR);
    weft_object *left[] = {b, a}, *right[] = {b, b};
    weft_object *x = weft_tuple_new(v.self, left, 2), *y = weft_tuple_new(v.self, right, 2);
    weft_object *z = weft_tuple_new(v.self, &c, 1);
    uint64_t hash = 77;
    CHECK_FAILS(weft_hash(v.self, a, &hash), WEFT_ERROR_USER, "odd hash");
    CHECK_FAILS(weft_hash(v.self, x, &hash), WEFT_ERROR_USER, "odd hash");
    CHECK_INT(hash, 77);
    CHECK_FAILS(weft_equal(v.self, a, b), WEFT_ERROR_USER, "odd equal");
    CHECK_FAILS(weft_equal(v.self, x, y), WEFT_ERROR_USER, "odd equal");
    CHECK_NULL(weft_repr(v.self, a), WEFT_ERROR_USER, "odd repr");
    CHECK_NULL(weft_repr(v.self, x), WEFT_ERROR_USER, "odd repr");
    CHECK_NULL(weft_repr(v.self, c), WEFT_ERROR_TYPE, "the repr of odd gave no str but a int");
    CHECK_NULL(weft_repr(v.self, z), WEFT_ERROR_TYPE, "the repr of odd gave no str");
    weft_object *all[] = {x, y, z, a, b, c};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        weft_decref(v.self, all[i]);
    values_close(&v);
}

TEST_CASE(protocol, a type without callbacks is known by its address only)
{
    values v = values_open();
    const weft_type *plain = weft_type_register(v.self, &(weft_type_spec){.name = "plain", .size = 32});
    const weft_type *known =
        weft_type_register(v.self, &(weft_type_spec){.name = "known", .size = 32, .flags = WEFT_TYPE_IDENTITY});
    weft_object *a = weft_new(v.self, plain), *b = weft_new(v.self, known), *c = weft_new(v.self, known);
    uint64_t hb = 0, hc = 0, again = 1;
    CHECK_FAILS(weft_hash(v.self, a, &hb), WEFT_ERROR_TYPE, "plain is not hashable");
    CHECK_INT(weft_hash(v.self, b, &hb), WEFT_OK);
    CHECK_INT(weft_hash(v.self, b, &again), WEFT_OK);
    CHECK_INT(weft_hash(v.self, c, &hc), WEFT_OK);
    CHECK(hb == again && hb != hc);
    CHECK_INT(weft_equal(v.self, a, b), 0);
    CHECK_INT(weft_equal(v.self, b, b), 1);
    weft_object *repr = weft_repr(v.self, a);
    CHECK(strncmp(weft_str_utf8(v.self, repr, NULL), "<plain at 0x", 12) == 0);
    weft_decref(v.self, repr);
    weft_decref(v.self, a);
    weft_decref(v.self, b);
    weft_decref(v.self, c);
    values_close(&v);
}

TEST_CASE(protocol, a circle is shown once around)
{
    static const char *const slots[] = {"next"};
    values v = values_open();
    const weft_type *type = weft_instance_type(v.self, "Node", slots, 1);
    weft_object *a = weft_instance_new(v.self, type), *b = weft_instance_new(v.self, type);
    weft_object *items[] = {a, a}, *both = weft_tuple_new(v.self, items, 2);
    CHECK_INT(weft_instance_set(v.self, a, 0, b), WEFT_OK);
    CHECK_INT(weft_instance_set(v.self, b, 0, both), WEFT_OK);
    CHECK_TEXT(v.self, weft_repr(v.self, a), "Node(next=Node(next=(..., ...)))");
    CHECK_TEXT(v.self, weft_repr(v.self, both), "(Node(next=Node(next=...)), Node(next=Node(next=...)))");
    CHECK_INT(weft_instance_set(v.self, a, 0, NULL), WEFT_OK);
    weft_decref(v.self, both);
    weft_decref(v.self, a);
    weft_decref(v.self, b);
    values_close(&v);
}

TEST_CASE(protocol, bad arguments are refused)
{
    values v = values_open();
    weft_object *i = weft_int_new(v.self, 1000);
    uint64_t hash = 77;
    CHECK_FAILS(weft_hash(v.self, NULL, &hash), WEFT_ERROR_VALUE, "the object is NULL");
    CHECK_FAILS(weft_hash(v.self, i, NULL), WEFT_ERROR_VALUE, "hash is NULL");
    CHECK_FAILS(weft_hash(NULL, i, &hash), WEFT_ERROR_THREAD, "weft_hash");
    CHECK_FAILS(weft_equal(v.self, NULL, i), WEFT_ERROR_VALUE, "the first object is NULL");
    CHECK_FAILS(weft_equal(v.self, i, NULL), WEFT_ERROR_VALUE, "the second object is NULL");
    CHECK_FAILS(weft_equal(NULL, i, i), WEFT_ERROR_THREAD, "weft_equal");
    CHECK_NULL(weft_repr(v.self, NULL), WEFT_ERROR_VALUE, "the object is NULL");
    CHECK_NULL(weft_repr(NULL, i), WEFT_ERROR_THREAD, "weft_repr");
    CHECK_INT(hash, 77);
    weft_decref(v.self, i);
    values_close(&v);
}

TEST_CASE(protocol, the key of the hashes is there before anything is hashed)
{
    values v = values_open();
    CHECK(hash_key != 0);
    values_close(&v);
}

/* ---- several threads ------------------------------------------------------------------------------------------- */

enum { THREADS = 4 };

typedef struct circle {
    weft_runtime *runtime;
    weft_object *o;
} circle;

static void show_circle(int index, void *arg)
{
    circle *c = arg;
    (void)index;
    VALUES_THREAD(self, c->runtime);
    for (int i = 0; i < test_scale(2000); i++) {
        CHECK_TEXT(self, weft_repr(self, c->o), "Node(next=...)");
        weft_safepoint(self);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(protocol, threads that show the same circle do not stop at each other)
{
    static const char *const slots[] = {"next"};
    values v = values_open();
    circle c = {v.runtime, weft_instance_new(v.self, weft_instance_type(v.self, "Node", slots, 1))};
    CHECK_INT(weft_instance_set(v.self, c.o, 0, c.o), WEFT_OK);
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(THREADS, show_circle, &c);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    CHECK_INT(weft_instance_set(v.self, c.o, 0, NULL), WEFT_OK);
    weft_safepoint(v.self);
    CHECK_INT(weft_refcount(v.self, c.o), 1);
    weft_decref(v.self, c.o);
    values_close(&v);
}
