/* critical.h - what leaving and entering the world does to a thread's critical sections. lock_ft.c, lock_gil.c. */
#ifndef WEFT_CORE_CRITICAL_H
#define WEFT_CORE_CRITICAL_H

struct thread;

/* Unlocks what the thread's critical sections hold, and marks them as left. Called before it stops running. */
void critical_leave_all(struct thread *t);

/* Locks the innermost one again, waiting if need be. The thread runs. */
void critical_resume(struct thread *t);

#endif
