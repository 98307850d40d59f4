/* error_saved.h - keeps the caller's last error over a step that may fail without the operation failing. */
#ifndef WEFT_CORE_TYPES_ERROR_SAVED_H
#define WEFT_CORE_TYPES_ERROR_SAVED_H

#include <string.h>

#include "weft/status.h"

typedef struct error_saved {
    weft_status status;
    char message[256];
} error_saved;

static inline void error_save(error_saved *saved)
{
    saved->status = weft_error_status();
    saved->message[0] = 0;
    if (saved->status != WEFT_OK) {
        strncpy(saved->message, weft_error_message(), sizeof saved->message - 1);
        saved->message[sizeof saved->message - 1] = 0;
    }
}

static inline void error_restore(const error_saved *saved)
{
    if (saved->status == WEFT_OK)
        weft_error_clear();
    else
        (void)weft_error_set(saved->status, "%s", saved->message);
}

#endif
