/* protocol.h - how deep hash, equal, compare and repr may go into objects that hold others. */
#ifndef WEFT_CORE_PROTOCOL_H
#define WEFT_CORE_PROTOCOL_H

#include <stdbool.h>

/* One level down: false, with WEFT_ERROR_LIMIT in the name of `function`, if that is too deep for the stack. Around every
 * call that may come back for an object within. */
bool protocol_level_enter(const char *function);
void protocol_level_leave(void);

#endif
