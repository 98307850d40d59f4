/* process.h - runs a program and keeps what it prints. One caller at a time. */
#ifndef WEFT_BENCH_PROCESS_H
#define WEFT_BENCH_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct process_result {
    char *output; /* its stdout, malloced, with a NUL behind; never NULL on success */
    size_t size;
    double cpu_seconds; /* user and system time */
    int64_t peak_bytes; /* ru_maxrss: not below the caller's own, the system carries that over */
} process_result;

/* Runs argv[0] (searched in PATH) to its end; stderr goes where ours goes. False after a message on stderr: it could not
 * be started, ended by a signal, or with another status than 0. */
bool process_run(const char *const argv[], process_result *result);

#endif
