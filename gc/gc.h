/* gc.h - the gc module: finding cycles, and what is done with those found.
 *
 * Shared by both flavours: collect.c (the order of a collection), finalize.c, clear.c, control.c, inspect.c, events.c,
 * statistics.c. By flavour: who is a candidate, how garbage is found, when a collection is due:
 *   free-threaded  find_ft.c and its parts: walk, subtract, mark beside the heap; young_ft.c: the log of young blocks
 *   GIL            find_gil.c: generations on linked lists
 * docs/collector.md has the order of a collection and why it is safe. */
#ifndef WEFT_GC_GC_H
#define WEFT_GC_GC_H

#include "gc/array.h"
#include "weft/gc.h"
#ifdef WEFT_GIL
#include "gc/state_gil.h"
#else
#include "gc/state_ft.h"
#endif

struct thread;
struct weft_runtime;

typedef struct gc_shared gc_shared;

/* A collector in a runtime. */
typedef struct gc_state {
    gc_flavour flavour;      /* state_ft.h, state_gil.h */
    gc_shared *shared;       /* collect.c; constant */
    struct weak_table *weak; /* refcount/weak.c; atomic: made with the first weak reference, then constant */
} gc_state;

typedef struct gc_request gc_request;

/* One collection. The collecting thread's; in a stopped world its owner's arrays may be read by others. */
typedef struct gc_run {
    weft_gc_event
        event; /* what it has come to; find fills candidates, marked, side_bytes, threads, the times of its parts */
    gc_array garbage;      /* unreachable; the run holds one reference to each; NULL, while it clears, for those gone.
                              Its room stays for the thread's next run */
    gc_array resurrected;  /* were in garbage; the run still holds its references */
    gc_array callbacks;    /* weak references whose callback is due; the run holds one reference to each */
    gc_array drops;        /* references to be given up when the world runs again */
    gc_request *requests;  /* of other threads, that this one serves */
    bool touched;          /* user code has been given what it may have stored: look again for what can be reached */
    bool recorded;         /* the statistics know it */
    weft_object *clearing; /* inside this one's clear, which may hold references on its stack; NULL: in none */
    bool finalizers;       /* some of garbage may have a finalizer that is due: find may know better */
    bool weak;             /* some of garbage may have weak references: the same */
    size_t deferred;       /* so many of garbage, its first, were deferred: find's own */
    size_t shared;         /* found as well, and cleared by other threads: gc_share_stopped */
    bool is_share;         /* it is what another thread has found: only cleared */
    bool share_begun;      /* ... which is under way */
} gc_run;

/* A collector in a thread. The attached thread's, but for roots, which who has the world stopped reads. */
typedef struct gc_thread {
    gc_run run; /* here and not on the stack: a finalizer may end the thread */
    bool collecting;
    weft_gc_roots_fn roots; /* NULL: none */
    void *roots_arg;
    uint32_t weak_calls; /* callbacks of weak references that it is in: who has just died, and what else is on the stack
                            there, is in no place that the collector knows. Also read by who has the world stopped */
} gc_thread;

/* Opens and closes what a runtime and a thread need: gc/collect.c, which calls the flavour's below. */
weft_status gc_open(struct weft_runtime *runtime);
void gc_close(struct weft_runtime *runtime);

/* At a safepoint whose poll says that a collection is due: does it, if nobody else does and it is allowed. */
void gc_poll(struct thread *self);

/* `self` detaches; or its OS thread ends, perhaps in the middle of a collection, which it gives up. Attached. */
void gc_thread_ends(struct thread *self);

/* In a forked child; world stopped. And when it runs: what collections of threads that are gone held is given up. */
void gc_after_fork_child(struct thread *self);
void gc_after_fork_child_running(struct thread *self);

/* For weft_runtime_free, before it looks who is attached: the library's own thread ends. The caller is not attached. */
void gc_helper_stop(struct weft_runtime *runtime);

/* The settings, and whether collections start by themselves. Any thread, without a lock. */
void gc_settings_read(struct weft_runtime *runtime, weft_gc_settings *settings);
bool gc_is_enabled(struct weft_runtime *runtime);

/* ---- the flavour's contract ---------------------------------------------------------------------------------------- */

weft_status gc_flavour_open(struct weft_runtime *runtime);
void gc_flavour_close(struct weft_runtime *runtime);
void gc_flavour_after_fork_child(struct thread *self);
/* The thread ends, or its OS thread does. Attached. */
void gc_flavour_thread_ends(struct thread *self);

/* Finds the garbage of run->event.asked, sets run->event.generation to what it did. The world is stopped by self and all
 * queues are drained. Free-threaded: what it puts into run->garbage is owned by self from then on, so that clearing it
 * counts plainly. Objects that live on are left as they were, or (young ones) become old. MEMORY: nothing has changed, and
 * run->garbage is empty. */
weft_status gc_find_stopped(struct thread *self, gc_run *run);

/* After finalizers and callbacks have run: moves what is reachable from outside run->garbage again, with all it refers
 * to, from there to run->resurrected. MEMORY: nothing moved. */
weft_status gc_find_resurrected_stopped(struct thread *self, gc_run *run);

/* Calls visit for every tracked live object of the generation (WEFT_GC_INCREMENT: old ones), frozen ones included with
 * WEFT_GC_FULL, until it returns something but 0. */
int gc_visit_stopped(struct thread *self, weft_gc_generation generation, int (*visit)(weft_object *o, void *arg),
                     void *arg);

/* How many were frozen or given back. */
size_t gc_freeze_stopped(struct thread *self);
size_t gc_unfreeze_stopped(struct thread *self);
size_t gc_frozen_count_stopped(struct thread *self);

/* Which collection is due, given the settings; false: none. Any attached thread, without a lock: a hint. */
bool gc_due(struct weft_runtime *runtime, weft_gc_generation *generation);
/* The settings have changed, or collections were switched on or off. Any attached thread. */
void gc_settings_changed(struct thread *self);
void gc_settings_default(weft_gc_settings *settings);
void gc_counts(struct weft_runtime *runtime, weft_gc_counts *counts);

#endif
