/* intern.h - what the death of a str asks of the table of interned ones. */
#ifndef WEFT_CORE_TYPES_INTERN_H
#define WEFT_CORE_TYPES_INTERN_H

#include "core/core.h"

/* Takes `o`, which has WEFT_BIT_INTERNED and is dead, out of the table, before its block is freed. Waits for nobody but
 * another thread in the middle of a change to the table. */
void str_forget(thread *self, weft_object *o);

#endif
