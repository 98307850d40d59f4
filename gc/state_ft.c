/* state_ft.c - nothing to set up but zeroes. */
#include "gc/gc.h"

void gc_state_init(gc_state *state)
{
    state->collections = 0;
}
