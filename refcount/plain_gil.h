/* plain_gil.h - inline half of the plain counts. All of it: the thread that holds the runtime's lock. */
#ifndef WEFT_REFCOUNT_PLAIN_GIL_H
#define WEFT_REFCOUNT_PLAIN_GIL_H

#include "gc/links_gil.h"
#include "refcount/refcount.h"

WEFT_STATIC_ASSERT(GC_PLACE_NONE == 0, "where a new object is");

static inline void header_init(thread *self, weft_object *o, uint32_t index)
{
    (void)weft_header_begin_(&self->head, o, index);
}

static inline void header_kill(weft_object *o)
{
    o->type = WEFT_TYPE_INVALID;
}

static inline void header_init_container(thread *self, weft_object *o, uint32_t index)
{
    header_init(self, o, index);
}

static inline bool header_is_ready(const weft_object *o)
{
    (void)o;
    return true;
}

static inline void header_bury(weft_object *o)
{
    header_kill(o);
}

typedef uint32_t object_last_word;

static inline object_last_word object_last_word_of(const weft_object *o)
{
    return o->type;
}

static inline object_last_word object_last_word_make(uint32_t index)
{
    return index;
}

static inline bool object_is_last(const weft_object *o)
{
    (void)o;
    return true; /* counts of 63 bits are never full */
}

enum { HEADER_FRONT = sizeof(gc_links) };

static inline size_t header_front(const weft_type *type)
{
    return type->traverse ? HEADER_FRONT : 0;
}

/* Links that are in no list, and whose second word is not a header's. */
static inline void header_front_init(void *block, size_t front)
{
    if (front) {
        ((gc_links *)block)->next = NULL;
        ((gc_links *)block)->prev = NULL;
    }
}

static inline uint8_t object_bits(const weft_object *o)
{
    return o->bits;
}

static inline void object_set_bits(weft_object *o, uint8_t bits)
{
    o->bits |= bits;
}

static inline void object_clear_bits(weft_object *o, uint8_t bits)
{
    o->bits &= (uint8_t)~bits;
}

/* The next safepoint is to collect: gc/schedule_gil.c. */
void gc_becomes_due(thread *self);

static inline void object_track(thread *self, weft_object *o)
{
    gc_flavour *gc = &self->head.runtime->gc.flavour;
    o->bits |= WEFT_BIT_TRACKED;
    o->place = GC_PLACE_YOUNG;
    gc_links_append(&gc->young, object_links(o));
    if (WEFT_UNLIKELY(++gc->tracked - gc->base > gc->limit))
        gc_becomes_due(self);
}

static inline void object_untrack(thread *self, weft_object *o)
{
    if (o->bits & WEFT_BIT_TRACKED) {
        gc_flavour *gc = &self->head.runtime->gc.flavour;
        o->bits &= (uint8_t)~WEFT_BIT_TRACKED;
        o->place = GC_PLACE_NONE;
        gc_links_remove(object_links(o));
        gc->tracked--;
        gc->base = gc->tracked < gc->base ? gc->tracked : gc->base;
    }
}

static inline void header_init_ready(thread *self, weft_object *o, uint32_t index)
{
    header_init(self, o, index);
    header_front_init(object_links(o), HEADER_FRONT);
}

static inline void header_init_tracked(thread *self, weft_object *o, uint32_t index)
{
    gc_flavour *gc = &self->head.runtime->gc.flavour;
    o->count = 1;
    *(weft_word_ *)(void *)&o->type = index | (weft_word_)WEFT_BIT_TRACKED << 32 | (weft_word_)GC_PLACE_YOUNG << 40 |
                                      (weft_word_)WEFT_HEADER_MARK << 56;
    gc_links_append(&gc->young, object_links(o));
    if (WEFT_UNLIKELY(++gc->tracked - gc->base > gc->limit))
        gc_becomes_due(self);
}

WEFT_STATIC_ASSERT(offsetof(weft_object, bits) - offsetof(weft_object, type) == 4 &&
                       offsetof(weft_object, place) - offsetof(weft_object, type) == 5,
                   "where header_init_tracked writes them");

/* A deferred object's count is this much higher, so that it never reaches zero by itself. */
#define COUNT_DEFERRED (INT64_C(1) << 58)

/* In a thread's list of dying objects: `count` is a link. Not one of the bits that both flavours have. */
enum { HEADER_BIT_DYING = 128 };

/* Nor is one whose destructor is running, which has let another thread in: its count is 0. */
static inline void object_untrack_dying(thread *self, weft_object *o)
{
    object_untrack(self, o);
}

static inline bool header_is_plain(const thread *self, const weft_object *o)
{
    (void)self;
    return WEFT_LIKELY((o->bits & ~(WEFT_BIT_TRACKED | WEFT_BIT_OLD)) == 0);
}

static inline void header_die(weft_object *o)
{
    o->count = 0;
}

static inline void header_die_plain(thread *self, weft_object *o)
{
    header_die(o);
    object_untrack(self, o);
}

static inline void header_free_plain(weft_object *o)
{
    header_kill(o);
}

static inline bool object_is_live(const weft_object *o)
{
    return o->type != WEFT_TYPE_INVALID && o->count != 0 && !(o->bits & HEADER_BIT_DYING);
}

static inline void object_publish(weft_object *o)
{
    (void)o;
}

static inline bool count_try_ref(thread *self, weft_object *o)
{
    if (!object_is_live(o))
        return false;
    weft_incref(&self->head, o);
    return true;
}

typedef uint8_t count_id; /* all objects are */

static inline count_id count_id_of(const weft_thread *self)
{
    (void)self;
    return 0;
}

static inline bool count_try_take(count_id id, weft_object *o)
{
    (void)id;
    weft_incref(NULL, o);
    return true;
}

static inline bool count_try_drop(count_id id, weft_object *o)
{
    (void)id;
    int64_t count = o->count;
    if (WEFT_LIKELY(count > 1))
        o->count = count - 1;
    return WEFT_LIKELY(count != 1);
}

static inline bool count_is_last(const thread *self, const weft_object *o)
{
    (void)self;
    return o->count == 1;
}

static inline void count_resurrect(weft_object *o)
{
    o->count = 1;
}

static inline bool count_drop_resurrected(thread *self, weft_object *o)
{
    (void)self;
    return --o->count == 0;
}

static inline void dying_set_link(weft_object *o, weft_object *next)
{
    o->count = (int64_t)(intptr_t)next;
    o->bits |= HEADER_BIT_DYING;
}

static inline weft_object *dying_take_link(weft_object *o)
{
    weft_object *next = (weft_object *)(intptr_t)o->count;
    o->count = 0;
    o->bits &= (uint8_t)~HEADER_BIT_DYING;
    return next;
}

#endif
