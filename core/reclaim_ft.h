/* reclaim_ft.h - what the two halves of the free-threaded reclaimer share: grace periods. See reclaim_ft.c. */
#ifndef WEFT_CORE_RECLAIM_FT_H
#define WEFT_CORE_RECLAIM_FT_H

#include "core/core.h"

/* The goal of whatever has been unlinked before this call. */
uint64_t reclaim_epoch_advance(thread *self);

/* Has every thread but self passed a quiescent point since `goal` was set? Asks those who have not to hurry. */
bool reclaim_grace_passed(thread *self, uint64_t goal);

/* Waits for a grace period here, but not for ever: false, it has not passed. */
bool reclaim_await_grace(thread *self);

/* ---- reclaim_references_ft.c -------------------------------------------------------------------------------------- */

/* At a safepoint: drops what is due, and comes again if that is not all. May run destructors. */
void reclaim_references_poll(thread *self);
/* Before the thread is away for long, or for good. May run destructors; leaves nothing behind. */
void reclaim_references_leave(thread *self);
/* The thread has become attached. */
void reclaim_references_enter(thread *self);
/* Those of a thread that is gone, in a forked child. */
void reclaim_references_take(thread *self, thread *of);
/* Forgets them, with the runtime. */
void reclaim_references_close(thread *t);

#endif
