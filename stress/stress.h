/* stress.h - a randomised program over one runtime: what its files share.
 *
 * Rows of threads (workers) come and go and work on a common pool of objects. Every reference that exists stands in a
 * place that the program knows: a pool slot, a board, a worker's table, an object's fields. So the program can stop the
 * world at any time, add up those places, and compare the sums with the counts (check.c).
 *
 * That demands a discipline of the operations (operations*.c): a reference moves from one place to the next without a
 * safepoint between, and a place is emptied before its reference is dropped. Callbacks of the user types may block, and
 * do, except while the worker is `calm`: inside calls that hold references on the C stack for a moment.
 *
 * Each row has its own stream of random numbers, and each operation takes one number of it, from which all its choices
 * follow. So a seed gives the same operations in each row, whatever the others do. */
#ifndef WEFT_STRESS_STRESS_H
#define WEFT_STRESS_STRESS_H

#include <pthread.h>
#include <stdio.h>

#include "weft/weft.h"

/* ---- random numbers: rows.c -------------------------------------------------------------------------------------- */

typedef struct dice {
    uint64_t state;
} dice;

uint64_t dice_next(dice *d);
uint32_t dice_below(dice *d, uint32_t bound);

static inline bool dice_one_in(dice *d, uint32_t n)
{
    return dice_below(d, n) == 0;
}

/* ---- the program's places ---------------------------------------------------------------------------------------- */

enum {
    HELD = 24,   /* references of a worker */
    SWEPT = 512, /* the same, for garbage that a check has found */
    POOL = 48,
    NODE_REFS = 4,
    BOARD_SLOTS = 8,
    BOARD_NODES = 4,
    BOARD_KEYS = 24,
    WORKERS_MAX = 64,
    WORKERS = WORKERS_MAX + 3, /* and the main thread, and the library's own, and that of a child's parent */
    WORKER_MAIN = WORKERS_MAX,
    WORKER_FINALIZER = WORKERS_MAX + 1,
    WORKER_LEFT = WORKERS_MAX + 2,
    LIVE_LIMIT = 12000 /* live objects above which checks clear containers */
};

typedef struct kind_counts {
    uint64_t created, destroyed;
} kind_counts;

enum { KIND_NODE, KIND_PLAIN, KIND_ROW, KIND_COUNTED /* kinds with a destroy callback */ };

/* A row of threads, one after another. Its thread's alone; all of it by who has stopped the world. */
typedef struct worker {
    int index;
    uint32_t generation;
    weft_thread *self;
    dice dice, sweep_dice;
    weft_object *held[HELD];
    weft_object *kept[2]; /* what the present operation must not lose */
    weft_object *swept[SWEPT];
    weft_object *looked, *looking; /* a list of what the collector sees, and the one of those that is looked at */
    weft_object *finalizing;       /* an object inside its finalize callback, which has one reference */
    weft_object *destroying;       /* an object inside its destroy callback: its fields still count */
    kind_counts counts[KIND_COUNTED];
    bool calm;           /* callbacks must not block */
    bool locked;         /* has a lock that the end of its thread would leave locked */
    bool hides;          /* inside a call that holds references on the C stack, and may reach a safepoint with them */
    const char *doing;   /* atomic: for who looks at a program that hangs */
    uint64_t operations; /* atomic: the same */
    pthread_t os_thread;
    bool ended; /* atomic: can be joined at once */
} worker;

typedef struct pool_slot {
    weft_mutex mutex;
    weft_object *object;
} pool_slot;

typedef struct options {
    uint64_t seed;
    double seconds;
    int threads;
    uint64_t operations;  /* bit n: operation n is done */
    uint32_t generations; /* a row ends after as many threads; 0: when the time is over */
    bool fail;            /* allocations fail now and then */
    bool collect;         /* collections start by themselves, and operations start some */
    bool verbose;
} options;

typedef struct program {
    options options;
    weft_runtime *runtime;
    const weft_type *node_type, *plain_type, *row_type, *leaf_type, *large_type, *instance_type;
    pool_slot pool[POOL];
    weft_object *board_instance, *board_list, *board_dict, *board_nodes[BOARD_NODES];
    weft_object *board_weak[2]; /* weak dicts: by key, by value */
    worker workers[WORKERS];
    uint32_t immortals;                   /* atomic: made so far */
    bool flooded;                         /* atomic: too many live objects at the last check */
    bool forked;                          /* a forked child */
    bool child;                           /* a forked child that still has one thread */
    bool child_hides;                     /* a thread that the fork left behind held references on its stack */
    uint64_t next_check_us, next_fork_us; /* atomic: see is_due */
    uint32_t over;                        /* atomic: the time is over */
    uint64_t checks, objects_checked, forks, swept;          /* atomic: for the last line */
    uint64_t collections, found, weak_called, hidden_checks; /* atomic: the same */
} program;

extern program P;

/* The calling thread's row. */
extern _Thread_local worker *me;

/* Says what went wrong, and with which seed, and ends the process. */
_Noreturn void fail(const char *format, ...) WEFT_PRINTF(1, 2);

/* A call that may only fail for want of memory, and only while allocations are made to fail. */
bool may_have_failed(worker *w, const char *what);

/* ---- user types: kinds.c ------------------------------------------------------------------------------------------ */

typedef struct node {
    weft_object object;
    uint64_t canary;
    uint32_t salt;
    uint32_t finalized;
    uint32_t busy;    /* threads inside its lock */
    uint32_t cleared; /* by a collection */
    weft_object *refs[NODE_REFS];
    uint64_t canary_end;
} node;

typedef struct row {
    weft_var_object object;
    uint64_t canary;
    weft_object *items[];
} row;

typedef struct leaf {
    weft_object object;
    uint64_t canary;
    uint64_t payload[2];
} leaf;

typedef struct large {
    weft_object object;
    uint64_t canary;
    uint8_t bytes[900];
} large;

bool kinds_register(weft_thread *self);
/* NULL if there is no memory. */
weft_object *kind_new(worker *w, dice *d);
weft_object *node_new(worker *w, dice *d, const weft_type *type);

static inline bool is_node(const weft_object *o)
{
    return o && (weft_type_of(o) == P.node_type || weft_type_of(o) == P.plain_type);
}

/* Fails unless `o` is whole. */
void kind_inspect(const weft_object *o, const char *where);
/* The calling thread's row, also if it is the library's own thread. */
worker *worker_of(weft_thread *self);
/* The program's index of a kind with a destroy callback, or KIND_COUNTED. */
int kind_of(const weft_object *o);

/* ---- operations -------------------------------------------------------------------------------------------------------- */

typedef struct operation {
    const char *name;
    uint32_t weight;
    void (*run)(worker *w, dice *d);
} operation;

extern const operation operations[];
uint32_t operations_count(void);

/* Drops a reference that stands nowhere any more. */
void drop(worker *w, weft_object *stolen);
/* Puts a new reference into the table and drops what was there; NULL only empties it. */
void held_put(worker *w, uint32_t place, weft_object *stolen);
/* References to both until `unkeep`. */
void keep(worker *w, weft_object *a, weft_object *b);
void unkeep(worker *w);
void pause_us(uint32_t microseconds);
uint64_t now_us(void);
/* True at most once in `every_us`: for what would take all the time if every thread did it as often as it could. */
bool is_due(uint64_t *next_us, uint64_t every_us);

/* operations_containers.c */
void operation_list(worker *w, dice *d);
void operation_dict(worker *w, dice *d);
void operation_instance(worker *w, dice *d);
void operation_read(worker *w, dice *d);
/* operations_locks.c */
void operation_section(worker *w, dice *d);
void operation_sections(worker *w, dice *d);
void operation_lock(worker *w, dice *d);
/* operations_collect.c */
void operation_collect(worker *w, dice *d);
void operation_freeze(worker *w, dice *d);
void operation_inspect(worker *w, dice *d);
void operation_settings(worker *w, dice *d);
void operation_defer(worker *w, dice *d);
/* operations_weak.c */
void operation_weak(worker *w, dice *d);
void operation_weak_dict(worker *w, dice *d);
/* fork.c */
void operation_fork(worker *w, dice *d);
/* Before the first runtime is made. */
void forks_open(void);

/* ---- checks: check.c ------------------------------------------------------------------------------------------------- */

/* Stops the world, adds up all references, and fails unless they are what the counts say. Returns the live objects. */
size_t check_world(worker *w);
/* World stopped: does any thread hold references that the check cannot know? */
bool check_is_hidden(worker *w);
/* In a world without other threads: drops everything, and fails unless nothing is left. */
void check_nothing_left(worker *w);

/* ---- rows: rows.c -------------------------------------------------------------------------------------------------------- */

/* Attaches the worker's thread. */
void row_start(worker *w);
/* The next thread of the row, from birth to death; `arg` is the worker. */
void *row_main(void *arg);
/* Says on stderr what each row is doing. */
void rows_describe(void);
/* Fills the boards. */
void boards_make(worker *w);

#endif
