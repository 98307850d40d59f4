/* file.c - see file.h. */
#include "lib/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Everything that is left in the file, in pieces of doubling size: works for pipes and /proc too. */
static char *read_all(FILE *file, size_t *size)
{
    size_t capacity = 1 << 16, used = 0;
    char *buffer = malloc(capacity);
    while (buffer) {
        used += fread(buffer + used, 1, capacity - used - 1, file);
        if (used < capacity - 1)
            break;
        char *larger = realloc(buffer, capacity * 2);
        if (!larger)
            free(buffer);
        capacity *= 2;
        buffer = larger;
    }
    if (buffer && ferror(file)) {
        free(buffer);
        return NULL;
    }
    if (buffer)
        buffer[used] = '\0';
    *size = used;
    return buffer;
}

char *file_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *text = read_all(file, size);
    int error = errno;
    fclose(file);
    errno = error;
    return text;
}
