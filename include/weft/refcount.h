/* refcount.h - reference counts: what object.h's flavour headers do inline, and the rest.
 *
 *   weft_incref(self, o), weft_decref(self, o)       one reference more, one less
 *   weft_try_incref(self, o)                         one more unless it is dying: for lock-free readers
 *   weft_incref_published(self, o)                   one more, and let lock-free readers in from now on
 *
 * Biased counting: PEP 703, after Choi, Shull and Torrellas, "Biased Reference Counting", PACT 2018. */
#ifndef WEFT_REFCOUNT_H
#define WEFT_REFCOUNT_H

#include "weft/base.h"
#include "weft/object.h"

WEFT_BEGIN_DECLS

static inline void weft_xincref(weft_thread *self, weft_object *o)
{
    if (o)
        weft_incref(self, o);
}

static inline void weft_xdecref(weft_thread *self, weft_object *o)
{
    if (o)
        weft_decref(self, o);
}

/* Returns `o` with one more reference. */
static inline weft_object *weft_ref(weft_thread *self, weft_object *o)
{
    weft_incref(self, o);
    return o;
}

/* Makes `o` immortal: it is never freed, and counting it writes nothing. For good. The caller keeps its reference,
 * which no longer matters. WEFT_ERROR_VALUE for NULL. May stop the world. */
WEFT_API weft_status weft_immortalize(weft_thread *self, weft_object *o);
/* Is it never freed? What became so by 2^31 references of its owner is known to that thread alone at first. */
WEFT_API bool weft_is_immortal(const weft_object *o);

/* Gives `o` a count in every thread, so that many threads can count it at full speed; it is then freed only by
 * weft_unshare or a full collection. In the GIL flavour nothing changes. Already shared or immortal: WEFT_OK.
 * WEFT_ERROR_MEMORY: nothing changed. Stops the world. */
WEFT_API weft_status weft_share(weft_thread *self, weft_object *o);

/* Sums the counts again; the caller must hold a reference. WEFT_OK too when it was not shared. Stops the world. */
WEFT_API weft_status weft_unshare(weft_thread *self, weft_object *o);
WEFT_API bool weft_is_shared(const weft_object *o);

/* References that exist at this moment, for tests and statistics: exact only in a stopped world or when nobody else
 * uses the object. A queued object counts its queue. INT64_MAX if immortal. */
WEFT_API int64_t weft_refcount(weft_thread *self, weft_object *o);

WEFT_END_DECLS

#endif
