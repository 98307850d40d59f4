/* protocol.c - what can be done with any object: hash, equal, repr. The types' callbacks do the work; here is
 * what they have in common.
 *
 * Objects that hold others may be nested deeply, or in a circle. Each level of a hash, a comparison or a repr costs
 * stack, so the levels are counted, for each OS thread: too many are an error instead of a crash. A repr also keeps
 * the objects it is in the middle of in a list through the stack; meeting one again, or too deep, it writes "...".
 * Objects without references of their own (numbers, text) are outside all this and pay nothing for it. */
#include "core/protocol.h"

#include "core/hash.h"
#include "core/types/str.h"

enum { DEPTH_MAX = 200 }; /* levels; a level takes about 200 bytes of stack, and threads with 64 KiB exist */

typedef struct repr_level {
    struct repr_level *outer;
    const weft_object *object;
} repr_level;

/* The calling OS thread's own. */
static _Thread_local struct {
    repr_level *repr; /* innermost */
    uint32_t depth;   /* of all three together */
} nesting __attribute__((tls_model("initial-exec")));

static inline bool is_nested(const weft_type *type)
{
    return type->traverse != NULL;
}

bool protocol_level_enter(const char *function)
{
    if (WEFT_UNLIKELY(nesting.depth >= DEPTH_MAX)) {
        weft_error_set(WEFT_ERROR_LIMIT, "%s: objects nested more than %d deep", function, DEPTH_MAX);
        return false;
    }
    nesting.depth++;
    return true;
}

void protocol_level_leave(void)
{
    nesting.depth--;
}

/* ---- hash ----------------------------------------------------------------------------------------------------- */

static weft_status hash_failed(const weft_type *type)
{
    return weft_error_set(WEFT_ERROR_TYPE, "weft_hash: %s is not hashable", type->name);
}

weft_status weft_hash(weft_thread *self, weft_object *o, uint64_t *hash)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (WEFT_UNLIKELY(o == NULL || hash == NULL))
        return weft_error_set(WEFT_ERROR_VALUE, "%s: %s is NULL", __func__, o ? "hash" : "the object");
    const weft_type *type = weft_type_of(o);
    if (type->hash == NULL) {
        if (!(type->flags & WEFT_TYPE_IDENTITY))
            return hash_failed(type);
        *hash = hash_address(o);
        return WEFT_OK;
    }
    uint64_t result = 0; /* so that a callback that fails half-way leaves *hash as it was */
    if (is_nested(type) && !protocol_level_enter(__func__))
        return WEFT_ERROR_LIMIT;
    weft_status status = type->hash(self, o, &result);
    if (is_nested(type))
        protocol_level_leave();
    if (WEFT_LIKELY(status == WEFT_OK))
        *hash = result;
    return status;
}

/* ---- equal ---------------------------------------------------------------------------------------------------- */

/* Which of two different objects is asked whether they are equal? The first, unless it has nothing to say, or is of a
 * built-in type while the other is of a type of the program's that has: a built-in type knows no types but its
 * like. So it makes no difference which comes first. */
static inline bool asks_second(const weft_type *first, const weft_type *second)
{
    if (first == second || second->equal == NULL)
        return false;
    return first->equal == NULL || (first->runtime == NULL && second->runtime != NULL);
}

int weft_equal(weft_thread *self, weft_object *a, weft_object *b)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (WEFT_UNLIKELY(a == NULL || b == NULL))
        return weft_error_set(WEFT_ERROR_VALUE, "%s: the %s object is NULL", __func__, a ? "second" : "first");
    if (a == b)
        return 1;
    const weft_type *type = weft_type_of(a);
    if (asks_second(type, weft_type_of(b))) {
        weft_object *swap = a;
        a = b;
        b = swap;
        type = weft_type_of(a);
    }
    if (type->equal == NULL)
        return 0;
    if (is_nested(type) && !protocol_level_enter(__func__))
        return WEFT_ERROR_LIMIT;
    int equal = type->equal(self, a, b);
    if (is_nested(type))
        protocol_level_leave();
    return equal > 0 ? 1 : equal;
}

/* ---- repr ----------------------------------------------------------------------------------------------------- */

static bool in_progress(const weft_object *o)
{
    for (const repr_level *level = nesting.repr; level; level = level->outer) {
        if (level->object == o)
            return true;
    }
    return false;
}

static weft_object *repr_nested(weft_thread *self, weft_object *o, const weft_type *type)
{
    if (in_progress(o) || nesting.depth >= DEPTH_MAX)
        return str_from_ascii(self, "...", 3);
    nesting.depth++;
    repr_level level = {nesting.repr, o};
    nesting.repr = &level;
    weft_object *result = type->repr(self, o);
    nesting.repr = level.outer;
    nesting.depth--;
    return result;
}

weft_object *weft_repr(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (o == NULL) {
        weft_error_set(WEFT_ERROR_VALUE, "%s: the object is NULL", __func__);
        return NULL;
    }
    const weft_type *type = weft_type_of(o);
    if (type->repr == NULL)
        return weft_str_format(self, "<%s at %p>", type->name, (void *)o);
    weft_object *result = is_nested(type) ? repr_nested(self, o, type) : type->repr(self, o);
    if (WEFT_UNLIKELY(result != NULL && !weft_is_str(result))) {
        weft_error_set(WEFT_ERROR_TYPE, "%s: the repr of %s gave no str but a %s", __func__, type->name,
                       weft_type_of(result)->name);
        weft_decref(self, result);
        return NULL;
    }
    return result;
}
