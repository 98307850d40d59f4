/* cells.h - for the tests of locks: a runtime with the calling thread attached, and objects that hold one number. */
#ifndef WEFT_TESTS_CELLS_H
#define WEFT_TESTS_CELLS_H

#include "core/lock.h"
#include "harness.h"
#include "weft/weft.h"

typedef struct cell {
    weft_object object;
    int64_t value; /* plain: what the locks are to protect */
} cell;

typedef struct cells {
    weft_runtime *runtime;
    weft_thread *self; /* the thread that opened it */
    const weft_type *type;
} cells;

static inline bool cells_open(cells *c)
{
    static const weft_type_spec spec = {.name = "cell", .size = sizeof(cell)};
    *c = (cells){.runtime = weft_runtime_new(NULL)};
    if (!CHECK(c->runtime != NULL))
        return false;
    c->self = weft_thread_attach(c->runtime);
    if (!CHECK(c->self != NULL))
        return false;
    c->type = weft_type_register(c->self, &spec);
    return CHECK(c->type != NULL);
}

static inline weft_object *cell_new(cells *c)
{
    weft_object *o = weft_new(c->self, c->type);
    CHECK(o != NULL);
    return o;
}

static inline int64_t *cell_value(weft_object *o)
{
    return &((cell *)(void *)o)->value;
}

static inline void cells_close(cells *c)
{
    CHECK_INT(weft_thread_detach(c->self), WEFT_OK);
    CHECK_INT(weft_runtime_free(c->runtime), WEFT_OK);
}

/* test_threads from an attached thread, which must not hold up stops while it waits. */
static inline void cells_threads(cells *c, int count, void (*run)(int index, void *arg), void *arg)
{
    CHECK_INT(weft_block_begin(c->self), WEFT_OK);
    test_threads(count, run, arg);
    CHECK_INT(weft_block_end(c->self), WEFT_OK);
}

/* Until `count` threads are parked on the lock. The caller, attached, stays so that it does not give up its own sections;
 * in the GIL flavour it must be in a blocking region for others to come so far. */
static inline void await_parked(const void *lock, size_t count)
{
    for (int i = 0; i < 10000 && parking_count(lock) != count; i++)
        test_sleep_ms(1);
    CHECK_INT(parking_count(lock), count);
}

#endif
