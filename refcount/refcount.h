/* refcount.h - the refcount module: what a count is in this flavour, and how an object comes to life and dies.
 *
 * biased_ft.c, queue_ft.c, sharded_ft.c: the free-threaded flavour; plain_gil.c: the GIL one. dying.h is shared. */
#ifndef WEFT_REFCOUNT_REFCOUNT_H
#define WEFT_REFCOUNT_REFCOUNT_H

#include "core/core.h"
#include "heap/magazine.h"

/* The contract, with a body for each flavour:
 *   header_init(self, o, index)   a fresh header: one reference, owned by self, not tracked
 *   header_init_container(self, o, index)   the same in a dead block of a container: object of a type that traverses
 *   header_is_ready(o)            can the two that follow be done without a call, in this dead block of a container?
 *   header_init_ready(self, o, index)   header_init_container; the rest of the object may be written before
 *   header_init_tracked(self, o, index)   the same, and object_track: so the rest of it must be written before
 *   header_kill(o)                what every late reader of a dead block understands
 *   header_bury(o)                the same, and what belongs to the block stays: needed for containers, right for all
 *   header_is_plain(self, o)      nobody but self counts it, and no bit but TRACKED and LOGGED or OLD is set
 *   header_die(o)                 its count is zero from now on
 *   header_die_plain(self, o)     the same, of a plain one, and it is no longer tracked; header_free_plain(o): its block is free
 *   object_last_word_of(o), object_last_word_make(index)   the type of an object whose last reference its owner gives up;
 *                                 no type's if the count was full, and the object must live
 *   object_is_last(o)             is that so?
 *   HEADER_FRONT                  bytes of the block in front of an object whose type traverses
 *   header_front(type)            the same for this type
 *   header_front_init(block, n)    makes those bytes ready
 *   object_is_live(o)             core.h
 *   object_track, object_untrack  core.h; object_untrack_dying of an object whose count is zero
 *   object_publish(o)             from now on count_try_ref by others may succeed
 *   count_try_ref(self, o)        one more reference, unless the object is dying
 *   count_defer(self, o)          only the collector frees it from now on
 *   count_is_last(self, o)        does the calling thread see that the next weft_decref gives up the last reference?
 *   count_id, count_id_of(self)   whose objects are this thread's own: read once by functions that ask more often
 *   count_try_take(id, o), count_try_drop(id, o)   weft_incref, weft_decref if they take no call; else false
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

static inline heap_kind header_kind(const weft_type *type)
{
    return type->traverse ? HEAP_CONTAINER : HEAP_OBJECT;
}

static inline weft_object *object_alloc_fixed(thread *self, uint32_t index, size_t size)
{
    weft_object *o = heap_alloc_small(self, HEAP_OBJECT, size);
    if (WEFT_LIKELY(o != NULL))
        header_init(self, o, index);
    return o;
}

static inline weft_object *object_alloc_container(thread *self, uint32_t index, size_t size)
{
    char *block = heap_alloc_small(self, HEAP_CONTAINER, size + HEADER_FRONT);
    if (WEFT_UNLIKELY(block == NULL))
        return NULL;
    weft_object *o = (weft_object *)(void *)(block + HEADER_FRONT);
    header_init_container(self, o, index);
    header_front_init(block, HEADER_FRONT);
    return o;
}

/* A block for an object of a built-in type that traverses, if there is one at hand for which it takes no call; else NULL. It is
 * dead until the caller has written what is behind the header, and then the header (header_init_ready, _tracked). */
static inline weft_object *object_take_container(thread *self, size_t size)
{
    weft_magazine *m = heap_magazine(self, HEAP_CONTAINER, size + HEADER_FRONT);
    uint32_t count = m->count;
    if (WEFT_UNLIKELY(count == 0))
        return NULL;
    char *block = m->slots[count - 1];
    weft_object *o = (weft_object *)(void *)(block + HEADER_FRONT);
    if (WEFT_UNLIKELY(!header_is_ready(o)))
        return NULL;
    m->count = count - 1;
    if (o == NULL)
        __builtin_unreachable(); /* so that callers test once, not twice */
    return o;
}

/* Of any size: inline as far as its magazine. */
static inline weft_object *object_alloc_sized(thread *self, uint32_t index, size_t size)
{
    if (WEFT_UNLIKELY(size > WEFT_SMALL_MAX))
        return object_alloc(self, type_at(index), size);
    return object_alloc_fixed(self, index, size);
}

static inline weft_object *object_alloc_container_sized(thread *self, uint32_t index, size_t size)
{
    if (WEFT_UNLIKELY(size > WEFT_SMALL_MAX - HEADER_FRONT))
        return object_alloc(self, type_at(index), size);
    return object_alloc_container(self, index, size);
}

/* ---- the death of objects with a plain header, whose last reference was given up; the header is not dead yet ---------- */

/* Frees the block of one whose type traverses, after header_die_plain: `size` of the object, a constant if it can be. */
static inline void object_free_container(thread *self, weft_object *o, size_t size)
{
    header_free_plain(o);
    heap_free_small(self, HEAP_CONTAINER, (char *)o - HEADER_FRONT, size + HEADER_FRONT);
}

/* One that refers to nothing. */
static inline void object_die_leaf(thread *self, weft_object *o, size_t size)
{
    header_kill(o);
    heap_free_small(self, HEAP_OBJECT, o, size);
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
    object_last_word word = object_last_word_of(o);
    if (word == object_last_word_make(WEFT_TYPE_INT) || word == object_last_word_make(WEFT_TYPE_FLOAT)) {
        object_die_leaf(self, o, sizeof(weft_int_object));
        return;
    }
    if (WEFT_UNLIKELY(!object_is_last(o)))
        return; /* it is full */
    uint32_t index = weft_type_index(o);
    const weft_type *type = type_at(index);
    if (index >= WEFT_TYPE_BUILTIN_END && magazine_put(magazine_at(&self->head, type->free_magazine), o)) {
        header_kill(o); /* only now, so that the magazine is looked at once; it is this thread's alone */
        return;
    }
    type->die(&self->head, o);
}

#endif
