/* thread.h - attaching OS threads to a runtime, blocking regions, safepoints, stopping the world.
 *
 * A weft_thread is one OS thread's membership in one runtime. An OS thread may be attached to several runtimes at
 * once. Every other call takes the weft_thread as its first argument and may be made only by the OS thread that
 * attached it, while attached and outside a blocking region; any other use is WEFT_ERROR_THREAD.
 * An attached thread must reach a safepoint often: every loop of the program that may run long calls weft_safepoint. */
#ifndef WEFT_THREAD_H
#define WEFT_THREAD_H

#include "weft/base.h"
#include "weft/status.h"

WEFT_BEGIN_DECLS

/* A magazine keeps free blocks of one size for its thread alone (Bonwick and Adams 2001): a stack of pointers. */
typedef struct weft_magazine {
    void **slots;   /* room for the most it may ever hold, or NULL: none yet */
    uint32_t count; /* slots filled */
    uint32_t limit; /* most it may hold now; 0 while there are no slots or the cache is switched off */
} weft_magazine;

#define WEFT_BLOCK_ALIGN 16u    /* every block is a multiple of this and aligned to it */
#define WEFT_SMALL_MAX 512u     /* larger requests go past the magazines */
#define WEFT_SIZE_CLASSES 33u   /* class = ceil(bytes / 16); class 0 is never used */
#define WEFT_MAX_THREADS 65534u /* attached at once to one runtime; ids 1 to 65,534 */

/* The head of a thread, which the inline fast paths read. The rest is the library's. Nobody writes any of it. */
struct weft_thread {
    const uint32_t *poll;  /* word with WEFT_POLL_MASK bits set when a safepoint has something to do */
    weft_runtime *runtime; /* constant while attached */
    uint32_t zero;         /* with what follows: word 1 of an object that this thread has just made */
    uint16_t id;           /* this thread's owner id: 1 to WEFT_MAX_THREADS; constant while attached */
    uint16_t zeros;
    const weft_runtime *usable; /* runtime, or NULL while no call may be made: not attached, or in a blocking region */
    struct weft_critical *critical;              /* innermost critical section, or NULL: owner thread only */
    weft_magazine objects[WEFT_SIZE_CLASSES];    /* blocks that held objects: owner thread only */
    weft_magazine raw[WEFT_SIZE_CLASSES];        /* blocks that held anything else: owner thread only */
    weft_magazine containers[WEFT_SIZE_CLASSES]; /* free-threaded: blocks of objects whose type traverses; the same */
};

/* Attaches the calling OS thread. Returns its weft_thread, or NULL: WEFT_ERROR_VALUE (runtime is NULL),
 * WEFT_ERROR_THREAD (already attached to this runtime), WEFT_ERROR_LIMIT (WEFT_MAX_THREADS are attached),
 * WEFT_ERROR_MEMORY. Waits while the world is stopped. */
WEFT_API WEFT_MUST_USE weft_thread *weft_thread_attach(weft_runtime *runtime);

/* Ends the membership; `self` is invalid afterwards. Objects stay, whoever owned them. An OS thread that ends while
 * attached is detached by the library. WEFT_ERROR_BUSY inside a critical section, a destructor, a stopped world, or what
 * a collection calls. */
WEFT_API weft_status weft_thread_detach(weft_thread *self);

/* The calling OS thread's membership in `runtime`, or NULL (no error is set). */
WEFT_API weft_thread *weft_thread_current(weft_runtime *runtime);

/* Everything between begin and end may block: the thread counts as stopped and must not touch any object.
 * begin also leaves every critical section, end enters the innermost again. Does not nest: WEFT_ERROR_THREAD. */
WEFT_API weft_status weft_block_begin(weft_thread *self);
WEFT_API weft_status weft_block_end(weft_thread *self);

WEFT_API void weft_safepoint_slow(weft_thread *self);

/* Stops every other attached thread at a safepoint or in a blocking region, and keeps it there until
 * weft_world_start by the same thread. Waits for another stop to end first (and is itself stopped by it). Does not
 * nest: WEFT_ERROR_BUSY. Between the two, no reference may be dropped and nothing freed; and if the OS thread is attached to
 * other runtimes, it is away from them: using those is WEFT_ERROR_THREAD. */
WEFT_API weft_status weft_world_stop(weft_thread *self);
WEFT_API weft_status weft_world_start(weft_thread *self);

/* fork(2) may be called at any time, by any OS thread: the child has that thread alone, in every runtime what it was
 * there (attached, in a blocking region, not attached, or who has the world stopped), and goes on as if nothing had
 * happened. What other threads had attached is detached; locks and mutexes that they held stay locked, but for critical
 * sections. Handlers of pthread_atfork, registered when the first runtime is made, stop the worlds of all runtimes and start
 * them again; in the child they run what was left to destroy. Handlers that the program registered before that must not call
 * Weft. Not for signal handlers, visits of the heap, and destroy callbacks of a world that is stopped; vfork, posix_spawn,
 * system and popen run no handlers and need none. docs/fork.md.
 *
 * The same by hand, for what makes a process without calling fork: before in the thread that forks; then after_parent in the
 * parent, after_child in the child. Between before and after no Weft call may be made but these, once for each runtime at
 * choice. WEFT_ERROR_BUSY for after without before; before fails like weft_world_stop. */
WEFT_API weft_status weft_fork_before(weft_thread *self);
WEFT_API weft_status weft_fork_after_parent(weft_thread *self);
WEFT_API weft_status weft_fork_after_child(weft_thread *self);

WEFT_END_DECLS

#endif
