/* reclaim.h - deferred reclamation: memory that a lock-free reader may still look at is retired, and freed after every
 * thread that was attached has passed a quiescent point (safepoint, blocking region, detach). docs/reclaim.md.
 *
 * reclaim_ft.c: quiescent-state based, epochs in the threads' slots. reclaim_gil.c: frees at once. */
#ifndef WEFT_CORE_RECLAIM_H
#define WEFT_CORE_RECLAIM_H

#include "heap/heap.h"

struct thread;
struct weft_runtime;

typedef struct reclaim_batch {
    struct reclaim_batch *next;
    uint64_t goal; /* freed when every attached thread's epoch has reached it */
    size_t bytes;
    uint32_t count;
    struct {
        void *block;
        size_t size; /* low bit: heap_kind */
    } items[126];
} reclaim_batch;

/* Owner thread only. */
typedef struct reclaim_thread {
    reclaim_batch *open;   /* being filled, or NULL */
    reclaim_batch *oldest; /* closed, in order of goal */
    reclaim_batch *newest;
    size_t bytes;
} reclaim_thread;

/* Never fails: without memory for a batch it waits for the grace period instead, at the next safepoint at the latest. */
void reclaim_retire(struct thread *self, heap_kind kind, void *block, size_t size);

/* Frees what is due. Attached thread, outside lock-free reads. */
void reclaim_poll(struct thread *self);

/* Everything of every thread: the world was stopped, and is now running only self. */
void reclaim_all_stopped(struct weft_runtime *runtime, struct thread *self);

#endif
