/* machine.h - on what machine a figure was measured, and how busy it was. */
#ifndef WEFT_BENCH_MACHINE_H
#define WEFT_BENCH_MACHINE_H

#include "lib/json.h"

typedef struct machine {
    char cpu[128];
    char kernel[160];
    char compiler[96];
    char date[40];
    long cores;
    double memory_bytes;
    double load;    /* load average of the last minute when the run began */
    double control; /* speed-up of two threads that share nothing and use no Weft: what the machine had to give */
} machine;

/* Takes about a second, for the control. */
machine machine_describe(void);
/* One line, on stdout. */
void machine_print(const machine *m);
void machine_write(json_writer *json, const char *key, const machine *m);

#endif
