/* shared.h - what the shared half of the collector keeps for a runtime, and how its files see one another.
 *
 * collect.c: requests and the order of a collection; finalize.c, clear.c: what is done with those found; control.c, events.c,
 * statistics.c, inspect.c: the rest of weft/gc.h; helper.c: the finalizer thread. */
#ifndef WEFT_GC_SHARED_H
#define WEFT_GC_SHARED_H

#include <pthread.h>

#include "core/core.h"
#include "gc/histogram.h"

/* A request that another thread's collection serves. On the stack of who asks; the fields: gc_shared.lock. */
struct gc_request {
    gc_request *next;
    bool done, again; /* again: given up before it looked */
    weft_status status;
    uint64_t found;
};

typedef struct gc_callback gc_callback; /* events.c */

/* The finalizer thread. Its lock is its own: it takes it while it is not attached. */
typedef struct gc_helper {
    pthread_mutex_t lock; /* nothing is taken inside */
    pthread_cond_t wake;
    pthread_t thread;
    bool exists, ending;
    bool asked;  /* until it has done what it was asked for */
    bool unable; /* it could not attach */
} gc_helper;

typedef struct gc_statistics {
    weft_gc_stats sums;         /* but for the histograms */
    histogram pauses[3], stops; /* written with the lock, read without */
} gc_statistics;

/* Fields: `lock`, unless said. Only attached threads take it, and reach no safepoint with it: it is free whenever the
 * world stands, at a fork above all. Nothing is taken inside. */
struct gc_shared {
    pthread_mutex_t lock;

    uint64_t number;              /* collections begun */
    uint32_t under_way;           /* collections begun and not ended; also read without the lock */
    uint64_t calling_since;       /* atomic; ns: when one last began to run callbacks and finalizers */
    struct thread *gatherer;      /* has begun a collection, and has not looked yet: others may join it; NULL: nobody */
    weft_gc_generation gathering; /* what it will do */
    bool gatherer_calls;          /* it runs callbacks: who joins must not wait for long */
    gc_request *requests;         /* of those that joined it */
    uint32_t looks;               /* atomic futex: changes when a gatherer has looked */
    bool put_off;                 /* atomic: a collection was due while another was under way */
    uint64_t retry_ns;            /* atomic: for want of memory, none starts by itself until then */
    bool orphans;                 /* atomic: threads that a fork left behind hold references */

    weft_gc_settings settings; /* each field atomic */
    bool enabled;              /* atomic */
    uint32_t debug;            /* atomic */
    weft_object *garbage;      /* the list, or NULL: none yet */

    gc_callback *callbacks; /* in the order in which they were added */
    uint64_t callbacks_added;

    gc_statistics statistics;
    gc_helper helper;
};

static inline gc_shared *gc_shared_of(const thread *self)
{
    return self->head.runtime->gc.shared;
}

/* ---- collect.c ---------------------------------------------------------------------------------------------------- */

/* A collection that starts by itself, of what gc_due says. False: not now, or none is due. Its errors are nobody's. */
bool gc_collect_due(thread *self);

/* Gives up a reference to each that is not NULL, the last first; it has left the array when its own is given up. */
void gc_give_up(thread *self, gc_array *a);

/* Stops the world, and starts it; adds what it took to the event. */
uint64_t gc_stop(thread *self, gc_run *run);
void gc_start(thread *self, gc_run *run, uint64_t stood);

/* Garbage of a collection that other threads clear: what `t` owns, that has neither finalizers nor weak references, and of
 * which the array holds one reference each; takes the array. It becomes a run of `t`, which clears it when it runs again.
 * World stopped; `t` stands in world_park and is willing. */
void gc_share_stopped(thread *self, thread *t, gc_array *garbage);
bool gc_may_share(const thread *self); /* does nobody want to be told of each object? */
void gc_share_clear_now(thread *self);

/* At a safepoint. */
static inline void gc_share_clear(thread *self)
{
    if (WEFT_UNLIKELY(self->gc.run.is_share) && !self->gc.run.share_begun)
        gc_share_clear_now(self);
}

/* ---- finalize.c --------------------------------------------------------------------------------------------------- */

/* Callbacks, finalizers, clearing. World running. MEMORY: finalized, and nothing cleared. */
weft_status gc_finalize(thread *self, gc_run *run);

/* ---- clear.c ------------------------------------------------------------------------------------------------------ */

/* Clears each of run->garbage, and drops the run's reference. Meanwhile the array has gaps: NULL. World running. */
void gc_clear_all(thread *self, gc_run *run);

/* ---- control.c ---------------------------------------------------------------------------------------------------- */

void gc_control_open(gc_shared *s);
/* Puts `o` into the garbage list; false: no memory. */
bool gc_garbage_add(thread *self, weft_object *o);

/* ---- events.c ----------------------------------------------------------------------------------------------------- */

void gc_events_call(thread *self, enum weft_gc_phase phase, const weft_gc_event *event, weft_object *o);
bool gc_events_wanted(const thread *self);
void gc_events_close(gc_shared *s);

/* ---- statistics.c -------------------------------------------------------------------------------------------------- */

void gc_statistics_add(thread *self, const weft_gc_event *event);
/* What the clearing of a share has come to. */
void gc_statistics_add_share(thread *self, const weft_gc_event *event);

/* ---- helper.c ------------------------------------------------------------------------------------------------------ */

void gc_helper_open(gc_helper *h);
void gc_helper_close(gc_helper *h);
/* Has the finalizer thread do the collection. False: there is none, and none can be made. */
bool gc_helper_ask(thread *self);
/* The calling thread ends, from within what a collection calls: was it the finalizer thread? */
void gc_helper_ends(gc_helper *h);
void gc_helper_after_fork_child(gc_helper *h);

#endif
