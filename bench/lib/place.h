/* place.h - threads of a measurement, each on a core of its own. */
#ifndef WEFT_BENCH_PLACE_H
#define WEFT_BENCH_PLACE_H

#include <stdint.h>

/* Moves the calling thread to the core that is the one for `index`, and leaves it there, free to be moved again: threads that
 * wake each other are often left on one core by the scheduler for longer than a batch takes, which would measure that. Nothing
 * happens where it cannot be done. */
void place_thread(uint32_t index);

#endif
