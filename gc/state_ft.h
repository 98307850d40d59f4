/* state_ft.h - what the free-threaded collector keeps: the logs of young blocks, the schedule, the collector threads. It finds old objects by
 * walking the heap, so it keeps no lists of them. */
#ifndef WEFT_GC_STATE_FT_H
#define WEFT_GC_STATE_FT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gc/crew_ft.h"

enum { GC_THREADS_MOST = CREW_MOST }; /* that find garbage */

struct weft_object;

enum { YOUNG_CHUNK = 340 }; /* blocks: a chunk is a page */

/* A piece of a log: addresses of blocks. */
typedef struct young_chunk {
    struct young_chunk *next; /* an older one */
    size_t count;             /* filled; not of the one that a thread is filling */
    struct weft_object *items[YOUNG_CHUNK];
    uint32_t saved[YOUNG_CHUNK]; /* while a collection looks at them: their true `local` */
} young_chunk;

/* A thread's log. The attached thread writes; who has the world stopped. Others read `next` and `told` to count. */
typedef struct young_thread {
    struct weft_object **next; /* where the next block goes; atomic to read */
    struct weft_object **end;  /* until where nobody need be told */
    struct weft_object **told; /* until where the runtime's count goes; atomic to read */
    young_chunk *chunks;       /* newest first: the one that is being filled */
    young_chunk *spare;        /* empty ones, for the next */
    uint32_t role;             /* in the collection under way: help_ft.h; who has the world stopped */
    bool willing; /* it stands at a safepoint where it may take one: itself before it stops, then the same */
} young_thread;

enum { HELP_MOST = 8 };

/* Work in a stopped world that is shared with threads that wait in it: gc/help_ft.h. */
typedef struct help_state {
    uint32_t step;     /* atomic futex: goes up with each piece of work; odd while there may be another */
    uint32_t sleepers; /* atomic: that wait for it to change */
    uint32_t done;     /* atomic: roles whose part of this step has been played */
    uint32_t roles;    /* who has the world stopped, as the rest */
    void (*work)(void *arg, uint32_t role);
    void *arg;
    struct thread *threads[HELP_MOST]; /* by role; 0 is who has the world stopped */
    uint32_t taken[HELP_MOST];         /* atomic: the last step of which somebody plays it */
} help_state;

typedef struct young_state {
    uint64_t logged;        /* atomic: blocks that threads have told of since the logs were emptied */
    uint32_t incomplete;    /* atomic: nothing is logged any more, so a young collection would not be one */
    uint32_t limbo_full;    /* atomic: a thread holds too much in its limbo */
    young_chunk *inherited; /* from the parent process: stays young until a young collection; world stopped */
    help_state help;
} young_state;

/* When a collection is due. Written in gc_settings_changed, under gc_shared.lock, and in stopped worlds; read by anyone,
 * relaxed: hints. */
typedef struct schedule_state {
    uint64_t young;             /* settings.young; UINT64_MAX: never */
    uint64_t due;               /* blocks logged that make a young collection due: at least that many */
    uint64_t patience;          /* between young and a bound: due for one thread; changed by the same two */
    uint64_t growth;            /* per cent */
    uint64_t floor;             /* containers */
    uint32_t enabled;           /* collections by themselves */
    int64_t containers;         /* held after the last full collection */
    int64_t bytes;              /* the same */
    uint64_t survived;          /* objects that it left */
    uint64_t young_collections; /* since then */
} schedule_state;

typedef struct gc_flavour {
    young_state young;
    schedule_state schedule;
    gc_crew crew; /* full collections' helpers */
} gc_flavour;

#endif
