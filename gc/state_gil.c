/* state_gil.c - the lists of tracked objects begin empty. */
#include "gc/gc.h"

void gc_state_init(gc_state *state)
{
    gc_links_init(&state->young);
}
