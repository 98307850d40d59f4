/* object.c - how objects begin and end.
 *
 * An object that dies is finalized, destroyed (it drops what it refers to) and its block freed. What dies meanwhile is
 * put on the thread's list of dying objects, linked through their own headers, so that a structure of any depth is
 * destroyed in constant stack and without allocating. Threads: the one whose decrement reached zero. */
#include <string.h>

#include "core/error.h"
#include "core/types/intern.h"
#include "refcount/refcount.h"
#include "refcount/weak.h"

static size_t object_size(const weft_object *o, const weft_type *type)
{
    if (type->item_size == 0)
        return type->block_size;
    return type->size + ((const weft_var_object *)(const void *)o)->count * type->item_size + header_front(type);
}

size_t weft_sizeof(const weft_object *o)
{
    return o ? heap_round(object_size(o, weft_type_of(o))) : 0;
}

weft_object *object_alloc(thread *self, const weft_type *type, size_t size)
{
    size_t front = header_front(type);
    char *block = heap_alloc(self, header_kind(type), size + front);
    if (block == NULL)
        return NULL;
    weft_object *o = (weft_object *)(void *)(block + front);
    if (type->traverse)
        header_init_container(self, o, type->index);
    else
        header_init(self, o, type->index);
    header_front_init(block, front);
    return o;
}

static weft_object *object_new_zeroed(weft_thread *self, const weft_type *type, size_t size)
{
    weft_object *o = object_alloc(thread_of(self), type, size);
    if (o) {
        memset(o + 1, 0, size - sizeof *o);
        if (type->traverse)
            object_track(thread_of(self), o);
    }
    return o;
}

static weft_status type_check_for_new(weft_thread *self, const weft_type *type, bool variable, const char *function)
{
    if (type == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: type is NULL", function);
    if (type->runtime != self->runtime)
        return weft_error_set(WEFT_ERROR_TYPE, "%s: type %s is not of this runtime", function, type->name);
    if ((type->item_size != 0) != variable)
        return weft_error_set(WEFT_ERROR_TYPE, "%s: type %s is of %s size", function, type->name,
                              variable ? "fixed" : "variable");
    return WEFT_OK;
}

/* All that weft_new does, without haste. */
static __attribute__((noinline)) weft_object *object_new_any(weft_thread *self, const weft_type *type)
{
    if (thread_check(self, "weft_new") != WEFT_OK || type_check_for_new(self, type, false, "weft_new") != WEFT_OK)
        return NULL;
    return object_new_zeroed(self, type, type->size);
}

/* In a row for small objects that traverse, if there is a block: what is not on the way is a jump out of the function, so
 * that nothing need be saved. */
weft_object *weft_new_slow(weft_thread *self, const weft_type *type)
{
    if (WEFT_UNLIKELY(!thread_is_ready(self) || type == NULL || type->runtime != self->runtime))
        return object_new_any(self, type);
    size_t front = header_front(type);
    size_t body = type->block_size - front - sizeof(weft_object); /* a very large one if it varies */
    char *block = NULL;
    if (WEFT_UNLIKELY(body - 1 >= OBJECT_SHORT_BODY ||
                      (block = magazine_take(&heap_magazines_of(self, header_kind(type))[type->size_class])) == NULL))
        return object_new_any(self, type);
    weft_object *o = (weft_object *)(void *)(block + front);
    if (type->traverse)
        header_init_container(thread_of(self), o, type->index);
    else
        header_init(thread_of(self), o, type->index);
    header_front_init(block, front);
    weft_clear_short_((char *)(o + 1), block + type->block_size);
    if (type->traverse)
        object_track(thread_of(self), o);
    return o;
}

weft_object *weft_new_var(weft_thread *self, const weft_type *type, size_t count)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (type_check_for_new(self, type, true, __func__) != WEFT_OK)
        return NULL;
    size_t size;
    if (__builtin_mul_overflow(count, (size_t)type->item_size, &size) ||
        __builtin_add_overflow(size, (size_t)type->size, &size) || size > PTRDIFF_MAX - 64) {
        weft_error_set(WEFT_ERROR_OVERFLOW, "weft_new_var: %zu items of %u bytes", count, (unsigned)type->item_size);
        return NULL;
    }
    weft_object *o = object_new_zeroed(self, type, size);
    if (o)
        ((weft_var_object *)(void *)o)->count = count;
    return o;
}

/* The header is dead already. */
static void object_free(thread *self, weft_object *o, const weft_type *type)
{
    size_t size = object_size(o, type);
    void *block = (char *)o - header_front(type);
    heap_kind kind = header_kind(type);
    if (WEFT_UNLIKELY(object_bits(o) & WEFT_BIT_INTERNED) && type->index == WEFT_TYPE_STR)
        str_forget(self, o);
    header_bury(o);
    if (WEFT_UNLIKELY(size > WEFT_SMALL_MAX) || WEFT_UNLIKELY(!magazine_put(heap_magazine(self, kind, size), block)))
        heap_free_slow(self, kind, block, size);
}

void object_abandon(thread *self, weft_object *o)
{
    object_untrack(self, o);
    object_free(self, o, weft_type_of(o));
}

/* True if the finalizer brought the object back. Its error, if it set one, is nobody's. */
static bool object_finalize(thread *self, weft_object *o, const weft_type *type)
{
    object_set_bits(o, WEFT_BIT_FINALIZED);
    count_resurrect(o);
    error_scope scope;
    error_save(&scope);
    type->finalize(&self->head, o);
    error_restore(&scope);
    return !count_drop_resurrected(self, o);
}

static void object_destroy(thread *self, weft_object *o)
{
    const weft_type *type = weft_type_of(o);
    if (type->finalize && !(object_bits(o) & WEFT_BIT_FINALIZED) && object_finalize(self, o, type))
        return;
    /* Untracked first: destroy may reach a safepoint, and a collection there must not see an object half gone. */
    object_untrack_dying(self, o);
    if (WEFT_UNLIKELY(object_bits(o) & WEFT_BIT_WEAK))
        weak_object_dies(self, o);
    if (type->destroy)
        type->destroy(&self->head, o);
    object_free(self, o, type);
}

void object_die_pending(thread *self)
{
    if (self->destroying)
        return;
    self->destroying = true;
    while (self->dying) {
        weft_object *o = self->dying;
        self->dying = dying_take_link(o);
        object_destroy(self, o);
    }
    self->destroying = false;
}

void object_die_later(thread *self, weft_object *o)
{
    dying_set_link(o, self->dying);
    self->dying = o;
}

void object_die(thread *self, weft_object *o)
{
    const weft_type *type = weft_type_of(o);
    if (type->destroy == NULL && type->finalize == NULL && !(object_bits(o) & WEFT_BIT_WEAK)) {
        object_free(self, o, type); /* drops nothing, so nothing nests */
        return;
    }
    if (self->destroying) {
        object_die_later(self, o);
        return;
    }
    self->destroying = true;
    object_destroy(self, o);
    self->destroying = false;
    if (self->dying)
        object_die_pending(self);
}

void object_die_plain(weft_thread *self, weft_object *o)
{
    thread *t = thread_of(self);
    const weft_type *type = weft_type_of(o);
    if (WEFT_UNLIKELY(type->finalize != NULL)) {
        header_die(o);
        object_die(t, o);
    } else if (type->destroy == NULL) {
        header_die_plain(t, o);
        object_free(t, o, type);
    } else if (object_die_begin(t, o)) {
        type->destroy(self, o);
        object_free(t, o, type);
        object_die_end(t);
    }
}

bool object_check_failed(const weft_object *o, uint32_t index, const char *function)
{
    if (o == NULL)
        weft_error_set(WEFT_ERROR_VALUE, "%s: %s expected, got NULL", function, type_at(index)->name);
    else
        weft_error_set(WEFT_ERROR_TYPE, "%s: %s expected, got %s", function, type_at(index)->name,
                       weft_type_of(o)->name);
    return false;
}
