/* error.h - keeping the last error over a call whose error is nobody's business: a finalizer, a destructor. */
#ifndef WEFT_CORE_ERROR_H
#define WEFT_CORE_ERROR_H

#include "weft/status.h"

typedef struct error_scope {
    weft_status status;
    char message[256];
} error_scope;

void error_save(error_scope *scope);
void error_restore(const error_scope *scope);

#endif
