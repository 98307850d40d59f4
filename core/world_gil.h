/* world_gil.h - the GIL flavour's world: one lock a runtime. */
#ifndef WEFT_CORE_WORLD_GIL_H
#define WEFT_CORE_WORLD_GIL_H

#include <pthread.h>

typedef struct world {
    pthread_mutex_t lock;    /* protects the fields below but poll */
    pthread_cond_t free;     /* signalled when the holder leaves */
    pthread_cond_t switched; /* signalled when another thread has taken the lock */
    struct thread *holder;   /* who runs; NULL: nobody */
    uint64_t switches;       /* times the lock was taken */
    uint32_t waiting;        /* threads that want it */
    uint32_t next_id;
    struct thread *stopper; /* keeps the lock through its safepoints */
    uint32_t poll;          /* atomic: WORLD_POLL_* */

    struct {
        uint64_t stops, last_stop_ns, max_stop_ns;
    } stats;
} world;

enum { WORLD_POLL_DROP = 1, WORLD_POLL_COLLECT = 2, WORLD_POLL_DYING = 4 };

typedef struct world_thread {
    bool running; /* holds the lock */
} world_thread;

#endif
