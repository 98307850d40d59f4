/* young_run_ft.h - what a young collection keeps while it looks: gc/young_find_ft.c gives out the work, young_trace_ft.c
 * does it. Who has the world stopped, and its helpers, each with a role. */
#ifndef WEFT_GC_YOUNG_RUN_FT_H
#define WEFT_GC_YOUNG_RUN_FT_H

#include "gc/help_ft.h"
#include "gc/young_ft.h"

/* A role looks after the candidates that its thread owns, 0 after all others as well; no other role writes to them after
 * they have been gathered. The role's; mail of the others to it is read one step after they have written it. */
typedef struct young_role {
    _Alignas(128) struct young_run *run; /* two lines: each role is written to by another thread */
    thread *thread;                      /* who clears its garbage, perhaps */
    uint32_t number;
    uint16_t id;              /* thread's */
    object_word own;          /* is_own_candidate */
    gc_array found;           /* stack of marked objects; then garbage */
    gc_array mail[HELP_MOST]; /* by the role that it is for */
    young_chunk *strangers;   /* candidates of the role that stood in others' logs */
    size_t candidates;
    bool everything; /* a mark could not be noted: all candidates live */
    bool special;    /* some garbage has a finalizer or weak references */
} young_role;

typedef struct young_run {
    thread *self;
    gc_run *run;
    uint32_t roles_count;
    bool atomic;     /* young_bits_change_stopped */
    bool everything; /* of any role */
    uint32_t lock;   /* atomic: for what is not made for several threads */
    size_t logged;
    young_role roles[HELP_MOST];
} young_run;

/* The steps, for one role. */
void young_gather(void *run, uint32_t role);           /* the logs' candidates; those of other roles by mail */
void young_gather_strangers(void *run, uint32_t role); /* those that came by mail */
void young_subtract(void *run, uint32_t role);         /* what candidates refer to; those of other roles by mail */
void young_mail_subtract(void *run, uint32_t role);    /* what came by mail */
void young_mark(void *run, uint32_t role);             /* what has references left leads to; others' by mail */
void young_sweep(void *run, uint32_t role);            /* puts the counts back; garbage into `found` */

/* Between young_mark and young_sweep, by one thread: what was mailed, and all that it leads to. */
void young_mark_rest(young_run *y);

#endif
