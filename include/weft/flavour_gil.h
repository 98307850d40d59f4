/* flavour_gil.h - the GIL-style flavour, the yardstick: one plain count, locks that do nothing because only the thread
 * that holds the runtime's lock runs. Included by flavour.h only. */
#ifndef WEFT_FLAVOUR_GIL_H
#define WEFT_FLAVOUR_GIL_H

#include "weft/base.h"
#include "weft/thread.h"

WEFT_BEGIN_DECLS

#define weft_flavour_tag weft_flavour_gil
WEFT_API extern const char weft_flavour_gil;

/* All fields: the thread that holds the lock. A count below zero is immortal. An object whose type traverses has two
 * list links in front (gc/links_gil.h). */
struct weft_object {
    int64_t count; /* dying objects: the list's link */
    uint32_t type;
    uint8_t bits;
    uint8_t place; /* which of the collector's lists it is in; 0: none */
    uint8_t unused;
    uint8_t mark; /* WEFT_HEADER_MARK: tells a header from the links of another object */
};

WEFT_STATIC_ASSERT(sizeof(weft_object) == 16, "two words");

enum {
    WEFT_BIT_TRACKED = 1,
    WEFT_BIT_FINALIZED = 2,
    WEFT_BIT_INTERNED = 2, /* of a str, which has no finalizer: it stands in the table of core/types/intern.c */
    WEFT_BIT_FROZEN = 4,
    WEFT_BIT_OLD = 8,
    WEFT_BIT_DEFERRED = 16,
    WEFT_BIT_WEAK = 32,

    WEFT_HEADER_MARK = 0xFF
};

#define WEFT_POLL_MASK 0xFFFFFFFFu

#define WEFT_STATIC_OBJECT(type_index)                         \
    {                                                          \
        INT64_MIN / 2, (type_index), 0, 0, 0, WEFT_HEADER_MARK \
    }

WEFT_API void weft_decref_zero(weft_thread *self, weft_object *o);

static inline uint32_t weft_type_index(const weft_object *o)
{
    return o->type;
}

static inline void weft_incref(weft_thread *self, weft_object *o)
{
    (void)self;
    if (WEFT_LIKELY(o->count >= 0))
        o->count++;
}

static inline void weft_decref(weft_thread *self, weft_object *o)
{
    if (WEFT_LIKELY(o->count >= 0) && WEFT_UNLIKELY(--o->count == 0))
        weft_decref_zero(self, o);
}

/* Nobody else runs, so an object in a slot is alive. */
static inline bool weft_try_incref(weft_thread *self, weft_object *o)
{
    weft_incref(self, o);
    return true;
}

static inline void weft_incref_published(weft_thread *self, weft_object *o)
{
    weft_incref(self, o);
}

WEFT_END_DECLS

#endif
