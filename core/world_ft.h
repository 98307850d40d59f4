/* world_ft.h - the free-threaded world: the words of the thread ids. */
#ifndef WEFT_CORE_WORLD_FT_H
#define WEFT_CORE_WORLD_FT_H

#include <pthread.h>

struct queue_node;

/* The word of a slot. Every change is one compare-and-swap or one fetch_or, so that mode and requests are seen together. */
enum {
    SLOT_FREE = 0,     /* no OS thread has the id */
    SLOT_DETACHED = 1, /* its thread is in a blocking region */
    SLOT_ATTACHED = 2, /* its thread runs */
    SLOT_BORROWED = 3, /* another attached thread merges on its behalf; BASE says what it goes back to */
    SLOT_STOPPED = 4,  /* held by who stopped the world; BASE as above */
    SLOT_MODE = 7,     /* mask */

    SLOT_BASE_DETACHED = 8, /* BORROWED and STOPPED go back to DETACHED, not to FREE */
    SLOT_PENDING = 0x10,    /* something was pushed to the queue since it was last drained */
    SLOT_STOP = 0x20,       /* a stop is asked for or in force */
    SLOT_QUIESCE = 0x40,    /* somebody waits for a grace period */
    SLOT_COLLECT = 0x80,    /* a collection is due */
    SLOT_WAITING = 0x100,   /* its thread sleeps on the word, or is about to, and wants to attach */

    GUARDS_NONE = 2 << 24 /* not an id; core/types/guard_ft.h */
};

/* One a thread id, never freed while the runtime lives: a pusher touches it after its thread may have ended. */
typedef struct id_slot {
    uint32_t word; /* atomic, see above */
    uint32_t unused;
    struct queue_node *queue; /* atomic: push by compare-and-swap, pop all by exchange */
    uint64_t epoch;           /* atomic: reclaim_ft.c; written by the attached thread */
    int64_t *shards;          /* counts of sharded objects: the attached thread; all by who stopped the world */
    size_t shards_capacity;   /* changed in a stopped world */
    struct thread *thread;    /* constant: who has the id whenever anybody has */
    uint32_t guards_off;      /* atomic: its thread's guard_id is GUARDS_NONE, and it has noticed */
    uint32_t guards_revoked;  /* atomic: containers that others have taken from it */
    uint64_t unused2;
} id_slot;

WEFT_STATIC_ASSERT(sizeof(id_slot) == 64, "a cache line of its own");

typedef struct world {
    id_slot *slots;                          /* by id; constant. 0 is unused */
    uint32_t slots_used;                     /* highest id given out; runtime->lock to write, atomic to read */
    uint32_t stopping;                       /* atomic futex: 0 nobody, 1 one stops the world, 2 others wait to */
    bool stop_in_force;                      /* runtime->lock: a new slot starts out stopped */
    struct thread *stopper;                  /* atomic */
    uint32_t spins;                          /* looks at a word before sleeping on it; constant */
    uint64_t epoch;                          /* atomic: reclaim_ft.c */
    struct reclaim_batch *orphans;           /* batches handed over; runtime->lock to change, atomic to look */
    struct reclaim_batch *orphan_references; /* the same of references */
    uint32_t shards_used;                    /* sharded_ft.c: highest index given out; stopped world */
    uint32_t shards_capacity; /* indexes below this have room in every slot; stopped world and runtime->lock */
    uint32_t *shards_free;    /* indexes to use again; stopped world */
    uint32_t shards_free_count, shards_free_capacity;
    struct weft_object **shards_of; /* by index: whose count it is, or NULL; stopped world */

    struct {
        uint64_t stops, last_stop_ns, max_stop_ns;
    } stats; /* the stopper */
} world;

typedef struct world_thread {
    id_slot *slot;               /* constant: slots[id] */
    struct weft_object *guarded; /* atomic: container that the thread is changing without the lock: guard_ft.h */
    uint32_t guard_id;           /* atomic: the id whose containers it may so change, or GUARDS_NONE */
} world_thread;

#endif
