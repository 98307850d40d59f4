/* world.h - which threads run: entering and leaving the world, stopping it, the merge queues' owners.
 *
 * world_ft.c: one word a thread id, changed only by compare-and-swap: docs/counting.md has every transition.
 * world_gil.c: one lock, handed over at safepoints on request every 5 ms. */
#ifndef WEFT_CORE_WORLD_H
#define WEFT_CORE_WORLD_H

#include "weft/thread.h"

struct thread;

#ifdef WEFT_GIL
#include "core/world_gil.h"
#else
#include "core/world_ft.h"
#endif

weft_status world_open(struct weft_runtime *runtime);
void world_close(struct weft_runtime *runtime);

/* Gives a new thread its id and slot, for as long as the runtime lives. runtime->lock is held. */
weft_status world_add_thread_locked(struct weft_runtime *runtime, struct thread *t);

/* The calling OS thread begins to run as `t`: waits while the world is stopped. Runs no destructor. Cannot fail. */
void world_enter(struct thread *t);

/* The same, but gives up when the time is over: false, and nothing has changed. */
bool try_world_enter(struct thread *t, uint64_t ns);

/* It stops running, until world_enter: before anything that may block. Merges what is queued, but destroys nothing (the
 * next safepoint does). Does not look at critical sections. Cannot fail. */
void world_leave(struct thread *t);

/* The same with critical sections, which are all left, and the innermost taken up again; and with the OS thread's other
 * memberships. core/memberships.c. */
void thread_enter(struct thread *t);
void thread_leave(struct thread *t);

/* As thread_leave, but first destroys everything that merging brings to zero: for long blocks, and (ending) for good:
 * the id may then be given to another OS thread. */
void thread_leave_clean(struct thread *t, bool ending);

/* Whether nothing can stop or run beside `self` now. */
bool world_is_stopped_by(const struct thread *self);

/* Whether t's next safepoint calls gc_poll. The GIL flavour has one such mark for all threads. t itself. */
void world_set_collect(struct thread *t, bool due);

/* What a safepoint does when its poll says that there is something. */
void world_poll(struct thread *t);

/* For the sake of who waits for t's safepoint while t itself waits: weft_world_stop and _start without checks. */
void world_stop(struct thread *t);
/* False, and nothing has changed, if another is stopping it. Leaves the OS thread's other memberships as they are. */
bool try_world_stop(struct thread *t);
void world_start(struct thread *t);
/* The counterpart of try_world_stop. */
void world_start_alone(struct thread *t);

/* Merges all that is queued anywhere; what dies goes on self's list, to be destroyed when the world runs again. World
 * stopped by self. */
void world_drain_stopped(struct thread *self);

/* Around a fork, the world having been stopped by t: what else must stand still; and in the child, where t is the only
 * thread left. */
void world_before_fork(struct thread *t);
void world_after_fork_parent(struct thread *t);
void world_after_fork_child(struct thread *t);

/* Statistics of stops: nanoseconds from the request to the moment when all stood still. */
typedef struct world_stats {
    uint64_t stops;
    uint64_t last_stop_ns;
    uint64_t max_stop_ns;
} world_stats;

#endif
