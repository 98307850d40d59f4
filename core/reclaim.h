/* reclaim.h - deferred reclamation: memory that a lock-free reader may still look at is retired, and freed after every
 * thread that was attached has passed a quiescent point (safepoint, blocking region, detach). docs/reclaim.md.
 *
 * reclaim_ft.c: quiescent-state based, epochs in the threads' slots. reclaim_gil.c: frees at once. */
#ifndef WEFT_CORE_RECLAIM_H
#define WEFT_CORE_RECLAIM_H

#include "heap/heap.h"

struct thread;
struct weft_runtime;

enum { RECLAIM_BATCH = 254 };

typedef struct reclaim_batch {
    struct reclaim_batch *next;
    uint64_t goal; /* freed when every attached thread's epoch has reached it */
    size_t bytes;
    uint32_t count;

    struct {
        void *block;
        size_t size; /* low four bits: heap_kind; sizes are multiples of 16 */
    } items[RECLAIM_BATCH];
} reclaim_batch;

/* References that wait. Owner thread only. */
typedef struct reclaim_queue {
    reclaim_batch *open;   /* being filled, or NULL; its items' sizes mean nothing */
    reclaim_batch *oldest; /* closed */
    reclaim_batch *newest;
} reclaim_queue;

/* Owner thread only. */
typedef struct reclaim_thread {
    reclaim_batch *open;   /* being filled, or NULL */
    reclaim_batch *oldest; /* closed, goals ascending */
    reclaim_batch *newest;
    reclaim_batch *spare; /* an empty one, or NULL */
    size_t bytes;         /* in open and closed ones */
    reclaim_queue references;
} reclaim_thread;

/* Takes the block over; `size` is its own, a multiple of 16. Attached thread, anywhere but between a lock-free load of
 * a pointer and its last use. Never fails: docs/reclaim.md says what it does without memory. */
void reclaim_retire(struct thread *self, heap_kind kind, void *block, size_t size);

/* Takes over a reference that another thread may be using without one of its own: it is dropped at a safepoint of this
 * thread, after a grace period. Attached thread, where it may drop references. Never fails: without memory it waits as
 * above, and the object may live for good. */
void reclaim_retire_reference(struct thread *self, weft_object *o);

/* Tells that this thread holds no pointer that it read without a lock. Attached thread. */
void reclaim_quiesce(struct thread *self);

/* The same when the thread has just become attached; sees to what waits for it. */
void reclaim_enter(struct thread *self);

/* Frees what is due and drops references that are; past a bound of bytes, stops the world to make it due. At a safepoint of an attached thread. */
void reclaim_poll(struct thread *self);

/* Gives what still waits to whichever thread polls next: before a thread is away for long, or for good. May run destructors. */
void reclaim_hand_over(struct thread *self);

/* Frees everything of every thread. The world is stopped by self, and nobody walks the heap. */
void reclaim_all_stopped(struct thread *self);

/* In a forked child: takes over the references of a thread that is gone. */
void reclaim_after_fork_child(struct thread *self, struct thread *gone);

/* Forgets what t still has: its runtime is being freed, and the blocks go with the heap. */
void reclaim_close(struct thread *t);

/* Bytes that wait, of all threads. World stopped. */
size_t reclaim_bytes_stopped(struct weft_runtime *runtime);

#endif
