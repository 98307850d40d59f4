/* refcount.h - the refcount module: what a count is in this flavour, and how an object comes to life and dies.
 *
 * biased_ft.c, queue_ft.c, sharded_ft.c: the free-threaded flavour; plain_gil.c: the GIL one. dying.h is shared. */
#ifndef WEFT_REFCOUNT_REFCOUNT_H
#define WEFT_REFCOUNT_REFCOUNT_H

#include "core/core.h"
#include "heap/magazine.h"

/* The contract, with a body for each flavour:
 *   header_init(self, o, index)   a fresh header: one reference, owned by self, not tracked
 *   header_kill(o)                what every late reader of a dead block understands
 *   header_is_plain(self, o)      nobody but self counts it, and no bit but TRACKED and OLD is set
 *   header_die(o)                 its count is zero from now on
 *   header_die_plain(self, o)     the same, of a plain one, and it is no longer tracked; header_free_plain(o): its block is free
 *   HEADER_FRONT                  bytes of the block in front of an object whose type traverses
 *   header_front(type)            the same for this type
 *   header_front_init(block, n)    makes those bytes ready
 *   object_is_live(o)             core.h
 *   object_track, object_untrack  core.h; object_untrack_dying of an object whose count is zero
 *   object_publish(o)             from now on count_try_ref by others may succeed
 *   count_try_ref(self, o)        one more reference, unless the object is dying
 *   count_defer(self, o)          only the collector frees it from now on
 *   count_try_take(self, o), count_try_drop(self, o)   weft_incref, weft_decref if they take no call; else false
 *   count_resurrect(o)            a dead object gets one reference, for its finalizer
 *   count_drop_resurrected(o)     gives it back; true if that was the last
 *   object_bits(o), object_set_bits(o, bits), object_clear_bits(o, bits)
 *   dying_link(o), dying_set_link(o, next)   the list of dying objects, through word 0 */
#ifdef WEFT_GIL
#include "refcount/plain_gil.h"
#else
#include "refcount/biased_ft.h"
#endif

void count_defer(thread *self, weft_object *o);

enum { OBJECT_SHORT_BODY = 64 /* bytes behind the header that weft_clear_short_ clears, at most */ };

/* `front` and `size` are constants: HEADER_FRONT for a type that traverses, 0 for one that does not. */
static inline weft_object *object_alloc_behind(thread *self, uint32_t index, size_t size, size_t front)
{
    char *block = heap_alloc_small(self, HEAP_OBJECT, size + front);
    if (WEFT_UNLIKELY(block == NULL))
        return NULL;
    weft_object *o = (weft_object *)(void *)(block + front);
    header_init(self, o, index);
    header_front_init(block, front);
    return o;
}

static inline weft_object *object_alloc_fixed(thread *self, uint32_t index, size_t size)
{
    return object_alloc_behind(self, index, size, 0);
}

static inline weft_object *object_alloc_container(thread *self, uint32_t index, size_t size)
{
    return object_alloc_behind(self, index, size, HEADER_FRONT);
}

/* Of any size: inline as far as its magazine. `front` as above. */
static inline weft_object *object_alloc_sized(thread *self, uint32_t index, size_t size, size_t front)
{
    if (WEFT_UNLIKELY(size > WEFT_SMALL_MAX - front))
        return object_alloc(self, type_at(index), size);
    return object_alloc_behind(self, index, size, front);
}

/* ---- the death of objects with a plain header, whose last reference was given up; the header is not dead yet ---------- */

/* Frees its block after header_die_plain: `size` and `front` as above, constants if they can be. */
static inline void object_free_sized(thread *self, weft_object *o, size_t size, size_t front)
{
    header_free_plain(o);
    heap_free_small(self, HEAP_OBJECT, (char *)o - front, size + front);
}

/* One that drops nothing when it dies. */
static inline void object_die_leaf(thread *self, weft_object *o, size_t size)
{
    header_die_plain(self, o);
    object_free_sized(self, o, size, 0);
}

/* Around the part of a death in which references are dropped. False: another object is dying, and this one will when that
 * one has; it is not the caller's any more. */
static inline bool object_die_begin(thread *self, weft_object *o)
{
    if (self->destroying) {
        header_die(o);
        object_die_later(self, o);
        return false;
    }
    self->destroying = true;
    header_die_plain(self, o);
    return true;
}

static inline void object_die_end(thread *self)
{
    self->destroying = false;
    if (WEFT_UNLIKELY(self->dying != NULL))
        object_die_pending(self);
}

WEFT_STATIC_ASSERT(sizeof(weft_int_object) == sizeof(weft_float_object), "one magazine for both");

/* Numbers are told apart by a branch, built-in types by a jump through their record, and both are predicted: so the next
 * allocation need not wait for the loads of the object's type, of the type's record, and of the magazine's count: 3.4 ns for
 * a float made and dropped, where it was 11.7. */
static inline void object_die_by_type(thread *self, weft_object *o)
{
    uint32_t index = weft_type_index(o);
    if (index == WEFT_TYPE_INT || index == WEFT_TYPE_FLOAT) {
        object_die_leaf(self, o, sizeof(weft_int_object));
        return;
    }
    const weft_type *type = type_at(index);
    if (index >= WEFT_TYPE_BUILTIN_END && magazine_put(magazine_at(&self->head, type->free_magazine), o)) {
        header_kill(o); /* only now, so that the magazine is looked at once; it is this thread's alone */
        return;
    }
    type->die(&self->head, o);
}

#endif
