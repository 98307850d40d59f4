/* status.h - how Weft says that something went wrong.
 *
 * Every function that can fail returns NULL or a negative weft_status, and sets the calling OS thread's last error:
 * a status and a message that names what was wrong. A function that fails leaves its arguments as they were.
 * The last error belongs to the OS thread, not to a weft_thread, so that it is there for threads that failed to
 * attach as well. A call that succeeds does not touch it. */
#ifndef WEFT_STATUS_H
#define WEFT_STATUS_H

#include "weft/base.h"

WEFT_BEGIN_DECLS

typedef enum weft_status {
    WEFT_OK = 0,
    WEFT_ERROR_MEMORY = -1,   /* memory is exhausted, or a limit set on it was reached */
    WEFT_ERROR_TYPE = -2,     /* an object of another type than asked for */
    WEFT_ERROR_INDEX = -3,    /* an index outside the container */
    WEFT_ERROR_KEY = -4,      /* a key that is not there */
    WEFT_ERROR_VALUE = -5,    /* an argument of the right type and an unusable value: size 0, NULL, bad UTF-8 */
    WEFT_ERROR_OVERFLOW = -6, /* a size or a number that does not fit */
    WEFT_ERROR_THREAD = -7,   /* self is NULL, another OS thread's, or not attached */
    WEFT_ERROR_BUSY = -8,     /* in use: a runtime with attached threads, a container changed while iterated */
    WEFT_ERROR_LIMIT = -9,    /* a fixed limit: the 65,535th thread, the last type index */
    WEFT_ERROR_SYSTEM = -10,  /* the operating system or the allocator refused or misbehaved */
    WEFT_ERROR_PARSE = -11,   /* malformed input text */
    WEFT_ERROR_USER = -12     /* for the program's own callbacks */
} weft_status;

/* The calling OS thread's last error, WEFT_OK if none since the last weft_error_clear. Any thread, attached or not. */
WEFT_API weft_status weft_error_status(void);

/* Its message: UTF-8, never NULL, "" when there is none. Valid until the thread's next error or weft_error_clear. */
WEFT_API const char *weft_error_message(void);

WEFT_API void weft_error_clear(void);

/* Sets the last error and returns `status`, so that a callback can `return weft_error_set(...)`. Messages are cut at
 * 255 bytes. Any thread. */
WEFT_API weft_status weft_error_set(weft_status status, const char *format, ...) WEFT_PRINTF(2, 3);

/* "memory", "type", ...: a static string for each status, "unknown" for anything else. */
WEFT_API const char *weft_status_name(weft_status status);

WEFT_END_DECLS

#endif
