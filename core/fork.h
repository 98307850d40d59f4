/* fork.h - the runtimes of the process, and what a fork does with all of them. fork.c. */
#ifndef WEFT_CORE_FORK_H
#define WEFT_CORE_FORK_H

#include "weft/runtime.h"

/* Registers the handlers, once a process. WEFT_ERROR_MEMORY is set. Any thread. */
weft_status fork_open(void);

/* Around making and freeing a runtime: no fork meanwhile, so that no lock that this takes is inherited, and no other
 * thread does the same. Waits away from the world. Any thread. */
void runtimes_lock(void);
void runtimes_unlock(void);

void runtimes_add_locked(weft_runtime *runtime);
void runtimes_remove_locked(weft_runtime *runtime);

/* In a forked child, world running: sees to what the threads that are gone have left. May call the program, which may make
 * and free other runtimes. */
struct thread;
void fork_inherit(struct thread *t);

#endif
