/* file.h - whole files into memory. Any thread. */
#ifndef WEFT_BENCH_FILE_H
#define WEFT_BENCH_FILE_H

#include <stddef.h>

/* The file's bytes, malloced, with a NUL behind them; NULL with errno set. */
char *file_read(const char *path, size_t *size);

#endif
