/* crew_ft.h - the collector threads: they do parts of a collection while the world stands.
 *
 * A runtime makes them when a collection first wants them, and ends them with itself. Between collections they sleep. They
 * are not attached, take no locks, and have all signals blocked. */
#ifndef WEFT_GC_CREW_FT_H
#define WEFT_GC_CREW_FT_H

#include <pthread.h>

#include "weft/base.h"

struct weft_runtime;

enum { CREW_MOST = 64 }; /* threads, the collecting one among them */

/* Zeroed: no threads yet. */
typedef struct gc_crew {
    uint32_t state;    /* atomic futex: crew_ft.c */
    uint32_t finished; /* atomic futex: that have joined this round, and returned */
    uint32_t ending;   /* atomic */
    uint32_t count;    /* threads that exist; world stopped, as all below */
    void (*work)(void *arg, uint32_t who);
    void *arg;
    pthread_t threads[CREW_MOST - 1];
} gc_crew;

/* How many threads, up to `wanted`, will take part in gc_crew_run, the calling one among them: at least 1. Those that
 * are missing are made; one that cannot be made is done without. World stopped. */
uint32_t gc_crew_gather(struct weft_runtime *runtime, uint32_t wanted);

/* Calls work(arg, who) by the calling thread, as 0, and by up to count - 1 others, as 1, 2 and so on, that come before
 * the calling one has returned from it; so the work must be such that who comes takes a share of what is left. Returns
 * when all have returned. What the caller wrote before is seen by all, and what they wrote by the caller. World stopped. */
void gc_crew_run(struct weft_runtime *runtime, uint32_t count, void (*work)(void *arg, uint32_t who), void *arg);

/* They end. No collection is under way. */
void gc_crew_close(struct weft_runtime *runtime);
/* They were left behind; new ones are made when they are wanted. World stopped. */
void gc_crew_after_fork_child(struct weft_runtime *runtime);

#endif
