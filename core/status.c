/* status.c - the calling OS thread's last error. Any thread. */
#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local error_scope last_error;

void error_save(error_scope *scope)
{
    *scope = last_error;
}

void error_restore(const error_scope *scope)
{
    last_error = *scope;
}

weft_status weft_error_status(void)
{
    return last_error.status;
}

const char *weft_error_message(void)
{
    return last_error.message;
}

void weft_error_clear(void)
{
    last_error.status = WEFT_OK;
    last_error.message[0] = '\0';
}

weft_status weft_error_set(weft_status status, const char *format, ...)
{
    va_list args;
    /* Formatted aside: an argument may be the present message. */
    char message[sizeof last_error.message];
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    for (size_t i = 0; i < sizeof message; i++) {
        last_error.message[i] = message[i];
        if (message[i] == '\0')
            break;
    }
    last_error.status = status;
    return status;
}

const char *weft_status_name(weft_status status)
{
    static const char *const names[] = {"ok",     "memory", "type",  "index",  "key",   "value", "overflow",
                                        "thread", "busy",   "limit", "system", "parse", "user"};
    int index = -(int)status;
    if (index < 0 || (size_t)index >= sizeof names / sizeof names[0])
        return "unknown";
    return names[index];
}
