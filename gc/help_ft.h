/* help_ft.h - threads that wait at a safepoint while the world is stopped lend a hand to who has stopped it.
 *
 * They are on their cores already, and what they have just made is in their caches; so a young collection needs no threads
 * of its own (crew_ft.h has those of a full one, which takes long enough to start some).
 * Work is cut into roles, one a helper and one, 0, for who has the world stopped, and into steps: each role is played
 * once in each step, and no step begins before the last one is over. A helper plays its own role alone; the roles of those
 * that sleep, or are kept from running, are played by who has the world stopped, when it has played its own. So nobody is
 * waited for who has not begun. */
#ifndef WEFT_GC_HELP_FT_H
#define WEFT_GC_HELP_FT_H

#include "core/core.h"

/* Gives out roles, to at most `most` threads; returns how many there are, at least 1: threads[role]->young.role is the
 * role, 0 for those without. World stopped. */
uint32_t help_open_stopped(thread *self, uint32_t most);

/* There will be much to do: helpers that have fallen asleep come when they are awake, in whatever step that is. */
void help_wake_stopped(thread *self);

/* A step: returns when work(arg, role) has been called for each role. */
void help_step_stopped(thread *self, void (*work)(void *arg, uint32_t role), void *arg);

/* Lets the helpers go. */
void help_close_stopped(thread *self);

/* Helps, if somebody asks for it; returns when that is over, or the world runs. `t` is STOPPED, and willing. */
void help_while_stopped(thread *t);

#endif
