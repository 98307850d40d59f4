/* gc.h - the cycle collector: when it runs, what it found, and what it may not touch.
 *
 * Counts free an object at once when its last reference goes; the collector finds what counts alone never free: cycles.
 * It runs by itself at safepoints (weft_gc_set_thresholds), or when asked. In both flavours an object that is
 * unreachable is finalized once (PEP 442), its weak references are cleared, and it is then cleared and freed.
 *
 * Free-threaded: trial deletion over the heap itself, in a stopped world, by several threads (docs/collector.md).
 * GIL: generations on linked lists, the old one in increments, as CPython's default build. */
#ifndef WEFT_GC_H
#define WEFT_GC_H

#include "weft/base.h"
#include "weft/object.h"

WEFT_BEGIN_DECLS

/* What a collection looks at. */
typedef enum weft_gc_generation {
    WEFT_GC_YOUNG = 0,     /* objects made since the last collection */
    WEFT_GC_INCREMENT = 1, /* those, and (GIL flavour) the next slice of the old ones */
    WEFT_GC_FULL = 2       /* all */
} weft_gc_generation;

/* ---- control --------------------------------------------------------------------------------------------------- */

/* Collects now, also while disabled. Returns how many unreachable objects were found, or an error: VALUE (generation),
 * MEMORY (given up; nothing changed). Another thread's collection that has not looked yet serves this call too; from
 * within a finalizer or callback of a collection of this very thread it does nothing and returns 0. A safepoint. */
WEFT_API int64_t weft_gc_collect(weft_thread *self, weft_gc_generation generation);

/* Switches collections by themselves on (as they are at first) and off. */
WEFT_API weft_status weft_gc_enable(weft_thread *self);
WEFT_API weft_status weft_gc_disable(weft_thread *self);
/* 1 or 0, or WEFT_ERROR_THREAD. */
WEFT_API int weft_gc_is_enabled(weft_thread *self);

/* When collections start by themselves, and how they are done. */
typedef struct weft_gc_settings {
    uint32_t young;        /* a young one when this many more tracked objects were made than died since the last
                             (GIL: 700, as CPython documents it). Free-threaded: 10,000, at least, and threads that look
                             together look at as many each; one that finds hardly anything makes the next wait for
                             twice as many, up to half of what the heap holds, 50,000 in a small one and 300,000 in a
                             large one, until one finds much (docs/young.md). 0: none by themselves */
    uint32_t old;          /* GIL: as CPython 3.14's second threshold (10): how much of the old generation an
                             increment looks at. Free-threaded: unused */
    uint32_t growth;       /* free-threaded: a full one when objects, or bytes, have grown by this many per cent of what
                             the last full one left (100) */
    uint64_t floor;        /* ... but not before this many tracked objects were made since then (100,000) */
    uint32_t threads;      /* that find garbage, the collecting one included: 1 to 64. Default: the cores, at most 8.
                             GIL: always 1 */
    bool finalizer_thread; /* finalizers and callbacks of collections that start by themselves run in a thread of the
                              library's own, which is attached while it does so, instead of in the one at the safepoint */
} weft_gc_settings;

WEFT_API weft_status weft_gc_get_settings(weft_thread *self, weft_gc_settings *settings);
/* WEFT_ERROR_VALUE names the field that is out of range. */
WEFT_API weft_status weft_gc_set_settings(weft_thread *self, const weft_gc_settings *settings);

/* What the schedule counts. */
typedef struct weft_gc_counts {
    uint64_t young; /* tracked objects made less those that died, since the last collection; never below 0.
                       Free-threaded: one made in the place of one that died counts no more, a death takes nothing off */
    uint64_t old;   /* GIL: young collections since the last increment. Free-threaded: since the last full one */
    uint64_t
        grown; /* tracked objects made less died since the last full one; free-threaded: an estimate, since the blocks
                       of dead ones that threads keep at hand are in it */
    uint64_t survived; /* tracked objects that the last full one left */
} weft_gc_counts;

WEFT_API weft_status weft_gc_get_counts(weft_thread *self, weft_gc_counts *counts);

/* Takes all objects that exist now out of the collector's sight (before a fork, say): their references count as coming
 * from outside; they still die by counts. unfreeze gives all of them back, as old ones. Both stop the world. */
WEFT_API weft_status weft_gc_freeze(weft_thread *self);
WEFT_API weft_status weft_gc_unfreeze(weft_thread *self);
/* How many are frozen, or a negative status. Stops the world. */
WEFT_API int64_t weft_gc_frozen_count(weft_thread *self);

enum {
    WEFT_GC_DEBUG_COLLECTABLE = 1u << 1, /* event callbacks are told each object found: WEFT_GC_EVENT_OBJECT */
    WEFT_GC_DEBUG_SAVE_ALL = 1u << 5     /* what was found is kept in the garbage list instead of freed */
};

WEFT_API weft_status weft_gc_set_debug(weft_thread *self, uint32_t flags);
WEFT_API uint32_t weft_gc_get_debug(weft_thread *self);

/* The garbage list: objects saved by WEFT_GC_DEBUG_SAVE_ALL. A strong reference to the runtime's one list; NULL: an error.
 * Objects that outlive their type's clear do not come here: whether one has died cannot be known without a reference that
 * keeps it alive, and another thread may hold it for a moment. The next collection finds those that are garbage still. */
WEFT_API WEFT_MUST_USE weft_object *weft_gc_garbage(weft_thread *self);

/* ---- looking ----------------------------------------------------------------------------------------------------- */

/* Is it one that a collection looks at? */
WEFT_API bool weft_gc_is_tracked(const weft_object *o);
/* Has its finalizer run? */
WEFT_API bool weft_gc_is_finalized(const weft_object *o);

/* A new list of all tracked objects of a generation (WEFT_GC_YOUNG: young ones; _INCREMENT: old ones; _FULL: all; frozen
 * ones only with all), that list left out. NULL: an error. */
WEFT_API WEFT_MUST_USE weft_object *weft_gc_objects(weft_thread *self, weft_gc_generation generation);

/* A new list of the tracked objects that refer to one of the `count` objects directly; of the objects that they refer
 * to. NULL: an error. */
WEFT_API WEFT_MUST_USE weft_object *weft_gc_referrers(weft_thread *self, weft_object *const *objects, size_t count);
WEFT_API WEFT_MUST_USE weft_object *weft_gc_referents(weft_thread *self, weft_object *const *objects, size_t count);

/* ---- roots ------------------------------------------------------------------------------------------------------- */

/* Called with the world stopped, once a collection and for each attached or blocked thread that has one: calls visit for
 * every object that the thread refers to without counting. Those, and all they refer to, stay. Rules as for traverse. */
typedef int (*weft_gc_roots_fn)(weft_thread *self, weft_visit_fn visit, void *visit_arg, void *arg);

/* This thread's; NULL: none. It goes when the thread detaches. */
WEFT_API weft_status weft_gc_set_roots(weft_thread *self, weft_gc_roots_fn roots, void *arg);

/* Makes `o` deferred: only a collection frees it, so that an interpreter may hold references to it that are not
 * counted, as long as the thread's roots callback visits them at every safepoint. For good. The caller's own reference
 * is still to be given back. WEFT_ERROR_VALUE for NULL, or an object that is not tracked. */
WEFT_API weft_status weft_gc_defer(weft_thread *self, weft_object *o);

/* ---- events and statistics --------------------------------------------------------------------------------------- */

/* One collection; times in nanoseconds. */
typedef struct weft_gc_event {
    uint64_t number;               /* of the collection, from 1 on */
    weft_gc_generation asked;      /* what was asked for */
    weft_gc_generation generation; /* what was done: more, if little of the heap was old */
    bool automatic;
    uint32_t threads;     /* that took part in finding */
    weft_status status;   /* WEFT_OK, or MEMORY: given up */
    uint64_t candidates;  /* objects looked at */
    uint64_t marked;      /* of them reachable */
    uint64_t found;       /* of them not */
    uint64_t finalized;   /* finalizers run */
    uint64_t resurrected; /* found, and then reachable again */
    uint64_t freed;
    uint64_t freed_bytes;
    uint64_t weak_cleared;                             /* weak references */
    uint64_t side_bytes;                               /* of the tables kept beside the objects, at most */
    uint64_t pause_ns;                                 /* the world stood, all stops together */
    uint64_t stop_ns;                                  /* until it stood, longest of its stops */
    uint64_t index_ns, subtract_ns, mark_ns, sweep_ns; /* the parts of finding; GIL: subtract, mark */
    uint64_t finalize_ns, clear_ns;                    /* with the world running */
} weft_gc_event;

enum weft_gc_phase { WEFT_GC_EVENT_START, WEFT_GC_EVENT_STOP, WEFT_GC_EVENT_OBJECT };

/* Called at the start (only number, asked, automatic are set) and the end of each collection, by the collecting thread
 * with the world running; `o` is NULL but for _OBJECT. It may do anything that a finalizer may. */
typedef void (*weft_gc_event_fn)(weft_thread *self, enum weft_gc_phase phase, const weft_gc_event *event,
                                 weft_object *o, void *arg);

/* Adds a callback; the same pair may be added once: WEFT_ERROR_VALUE. remove: WEFT_ERROR_KEY if it is not there;
 * a call that another thread has begun may still be running when it returns. */
WEFT_API weft_status weft_gc_add_callback(weft_thread *self, weft_gc_event_fn fn, void *arg);
WEFT_API weft_status weft_gc_remove_callback(weft_thread *self, weft_gc_event_fn fn, void *arg);

/* A distribution: percentiles to within 1 %. */
typedef struct weft_gc_histogram {
    uint64_t count, sum, min, p50, p90, p99, p999, max;
} weft_gc_histogram;

typedef struct weft_gc_stats {
    uint64_t collections[3];                                                              /* done, by generation */
    uint64_t given_up;                                                                    /* for want of memory */
    uint64_t candidates, found, finalized, resurrected, freed, freed_bytes, weak_cleared; /* sums */
    weft_gc_histogram pause[3]; /* nanoseconds the world stood, by generation */
    weft_gc_histogram stop;     /* nanoseconds from a request until it stood */
    weft_gc_event last;
} weft_gc_stats;

/* Fills *stats, without stopping anybody: may be called while a collection runs, and changes nothing about when the
 * next one does. */
WEFT_API weft_status weft_gc_statistics(weft_thread *self, weft_gc_stats *stats);

WEFT_END_DECLS

#endif
