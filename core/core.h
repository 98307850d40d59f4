/* core.h - the core module: runtimes, threads, types, objects, and how an object dies. */
#ifndef WEFT_CORE_CORE_H
#define WEFT_CORE_CORE_H

#include <pthread.h>

#include "core/platform/platform.h"
#include "core/reclaim.h"
#include "core/world.h"
#include "gc/gc.h"
#include "heap/heap.h"
#include "weft/weft.h"

/* A thread: the public head, and what only the library touches. Comes from the runtime's pool, goes back at detach,
 * and is freed with the runtime: an object's owner id stays meaningful after its thread has ended.
 * Unless said otherwise: the OS thread that is attached. */
typedef struct thread {
    weft_thread head;
    heap_thread heap;
    world_thread world; /* core/world.h */
    reclaim_thread reclaim;
    gc_thread gc;
    young_thread young; /* gc/state_ft.h */
    const void *anchor; /* which OS thread is attached: the address of its thread-local anchor, one more inside
                                weft_block_begin .. end or aside; NULL: none. Atomic, so that misuse by another thread is
                                an error and not a race */
    bool aside;         /* away while its OS thread waits in another runtime, or has that one stopped */
    bool forking;       /* between weft_fork_before and _after */
    bool inherits;      /* forked in a world it had stopped: fork_inherit is due when that runs again */
    bool stopping;      /* has the world stopped */
    bool destroying;    /* inside object_destroy's loop */

    struct {
        uint64_t ended_ns;        /* when it last got a lock that it had to wait for */
        uint32_t first;           /* pauses before its first look at the next */
    } lock_patience;              /* core/lock_ft.c */
    struct lock_waiting *waiting; /* the lock it waits for, or NULL; atomic: core/lock.h */
    weft_object
        *merging;       /* an object whose reference it gives up, and no queue had memory for: queue_ft.c; also who has
                                the world stopped */
    weft_object *dying; /* objects that died while another did: refcount/dying.h */
    struct thread *os_next;   /* next membership of the same OS thread */
    struct thread *pool_next; /* runtime's lock */
    struct thread *all_next;  /* constant once linked */
} thread;

struct weft_runtime {
    heap heap;
    world world;
    gc_state gc;
    pthread_mutex_t lock;          /* pool, all, types, interned; innermost: nothing is taken inside */
    thread *pool;                  /* lock */
    thread *all;                   /* lock to write, atomic to read */
    uint32_t attached;             /* lock */
    uint32_t max_threads;          /* constant */
    struct intern_table *interned; /* read by anyone, acquire; written under lock: core/types/intern.c */
    uint32_t *types;               /* indexes of the types registered here; lock */
    size_t types_count, types_capacity;
    weft_runtime *next; /* of the process: core/fork.h */
    thread *forker;     /* over a fork, the forking OS thread's; core/fork.c */
    uint32_t fork_from; /* what it was doing here */
};

static inline thread *thread_of(weft_thread *self)
{
    return (thread *)(void *)self;
}

extern _Thread_local char thread_anchor __attribute__((tls_model("initial-exec")));

/* Is `self` attached by the calling OS thread and not blocked? Sets WEFT_ERROR_THREAD if not. Every out-of-line public
 * function asks first; the messages name `function`. */
weft_status thread_check_failed(const weft_thread *self, const char *function);

/* The membership that the OS thread has found usable last, if it still is; else one that nobody has, so never NULL. It
 * saves the look at the membership itself. */
extern _Thread_local const weft_thread *thread_current __attribute__((tls_model("initial-exec")));
extern const weft_thread thread_nobody;

static inline bool thread_is_current(const weft_thread *self)
{
    return WEFT_LIKELY(self == thread_current);
}

static inline bool thread_is_ready(const weft_thread *self)
{
    if (thread_is_current(self))
        return true;
    const thread *t = (const thread *)(const void *)self;
    if (WEFT_UNLIKELY(t == NULL || weft_load_relaxed(&t->anchor) != (const void *)&thread_anchor))
        return false;
    thread_current = self;
    return true;
}

/* The OS thread's membership `t` ends to be usable. */
static inline void thread_is_current_no_more(const thread *t)
{
    if (thread_current == &t->head)
        thread_current = &thread_nobody;
}

/* May no call be made with t? It is in a blocking region, or aside. Asked by the OS thread that is attached alone. */
static inline bool thread_is_blocked(const thread *t)
{
    return weft_load_relaxed(&t->anchor) == (const void *)(&thread_anchor + 1);
}

/* By that one, too. */
static inline void thread_set_usable(thread *t, bool usable)
{
    weft_store_relaxed(&t->anchor, (const void *)(&thread_anchor + (usable ? 0 : 1)));
    t->head.usable = usable ? t->head.runtime : NULL;
    if (!usable)
        thread_is_current_no_more(t);
}

static inline weft_status thread_check(const weft_thread *self, const char *function)
{
    if (thread_is_ready(self))
        return WEFT_OK;
    return thread_check_failed(self, function);
}

/* For the first line of a public function: returns `failure` after setting the error. (It returns whatever
 * thread_check_failed says, so that the compiler sees that nothing goes on from there, and need not save registers on the
 * common way.) */
#define WEFT_CHECK_THREAD(self, failure)                 \
    do {                                                 \
        if (WEFT_UNLIKELY(!thread_is_ready(self))) {     \
            (void)thread_check_failed((self), __func__); \
            return failure;                              \
        }                                                \
    } while (0)

/* Is `o` an object of the built-in type `index`? Sets WEFT_ERROR_TYPE ("weft_list_append: list expected, got str"), or
 * WEFT_ERROR_VALUE for NULL. */
bool object_check_failed(const weft_object *o, uint32_t index, const char *function);

static inline bool object_check(const weft_object *o, uint32_t index, const char *function)
{
    if (WEFT_LIKELY(o != NULL && weft_type_index(o) == index))
        return true;
    (void)object_check_failed(o, index, function);
    return false; /* for certain, so that the compiler knows */
}

/* ---- objects: core/object.c ------------------------------------------------------------------------------------ */

/* A block of `size` bytes with a fresh header: one reference, owned by self, not tracked, the rest uninitialised. For
 * built-in types. NULL sets WEFT_ERROR_MEMORY. */
weft_object *object_alloc(thread *self, const weft_type *type, size_t size);

/* The same for a fixed-size built-in type of at most WEFT_SMALL_MAX, inline as far as its magazine: one that does not
 * traverse, and one that does. */
static inline weft_object *object_alloc_fixed(thread *self, uint32_t index, size_t size);
static inline weft_object *object_alloc_container(thread *self, uint32_t index, size_t size);

/* Lets the collector see `o`, which is new: nobody else has seen it, and it was not published yet. From now on traverse must
 * hold. Nothing to do for types that do not traverse. */
static inline void object_track(thread *self, weft_object *o);
static inline void object_untrack(thread *self, weft_object *o);

/* The count has reached zero and word 1 says dead: finalize, destroy, free, without recursion. */
void object_die(thread *self, weft_object *o);

/* The last reference to an object whose header is plain (refcount.h) was given up, but the header is not dead yet. For any
 * type; some built-in ones have a function of their own (type_set_die). */
void object_die_plain(weft_thread *self, weft_object *o);

/* Puts a dead object on the list of dying ones, for the next object_die_pending. */
void object_die_later(thread *self, weft_object *o);

/* Destroys what is on that list, unless this thread is destroying already. */
void object_die_pending(thread *self);

/* Frees the memory of an object under construction that was never tracked nor shared: a constructor that fails. */
void object_abandon(thread *self, weft_object *o);

/* Is this block of the object heap an object, not a dead block in a magazine or one under construction? World stopped. */
static inline bool object_is_live(const weft_object *o);

/* ---- threads: core/thread.c ------------------------------------------------------------------------------------ */

/* This OS thread's, one a runtime, linked through os_next: core/thread.c. */
extern _Thread_local thread *memberships __attribute__((tls_model("initial-exec")));

/* While an OS thread waits in one runtime, or has its world stopped, it is away from the others, so that nobody there
 * waits for it in turn: sets its running memberships but `t` aside; takes them up again, t being entered, for which it may
 * have to leave t for a while. Sections are not left. core/memberships.c. */
void thread_others_leave(thread *t);
void thread_others_enter(thread *t);

/* Every running membership of the OS thread sleeps for a moment. No world that it has stopped is started. */
void thread_all_pause(uint64_t ns);

/* A membership for an OS thread that has none and forks: beyond max_threads if it must be; not entered. NULL without an
 * error set: no memory. Leaving runs no destructors; what is to be destroyed waits for who gets the id next. */
thread *thread_attach_forking(weft_runtime *runtime);
void thread_detach_forking(thread *t, bool entered);

/* Frees the pool. No thread is attached. */
void threads_close(weft_runtime *runtime);

/* In a forked child: every other thread is gone, and its struct goes to the pool; `attached` of those left count as
 * attached, self or none. runtime->lock is held. */
void threads_after_fork_child(thread *self, uint32_t attached);

/* ---- types: core/type.c ---------------------------------------------------------------------------------------- */

/* The region and the built-in types, once a process. */
weft_status types_open(void);
/* Gives the runtime's indexes back. */
void types_close(weft_runtime *runtime);

/* Puts the record of a built-in type in its place. Called by the type's file from builtin_types_init, once a process. */
void type_set_builtin(uint32_t index, const weft_type_spec *spec);
/* Gives it a function of its own for the death of objects with a plain header, in place of object_die_plain: it knows sizes
 * and calls that the general one has to look up. Objects with anything special still die by the type's callbacks. */
void type_set_die(uint32_t index, void (*die)(weft_thread *self, weft_object *o));
/* Calls every built-in type's init function: core/types/builtin.c. */
void builtin_types_init(void);

static inline const weft_type *type_at(uint32_t index)
{
    return weft_type_region + index;
}

/* Do objects of the type hold references? Most that are asked about are numbers and text. */
static inline bool type_traverses(uint32_t index)
{
    return index >= WEFT_TYPE_TUPLE && type_at(index)->traverse != NULL;
}

#include "refcount/refcount.h" /* the flavour's bodies of the inline functions above */

#endif
