/* gc.h - the collector's state in a runtime. */
#ifndef WEFT_GC_GC_H
#define WEFT_GC_GC_H

#include <stdint.h>

#ifdef WEFT_GIL
#include "gc/state_gil.h"
#else
#include "gc/state_ft.h"
#endif

void gc_state_init(gc_state *state);

#endif
