/* process.c - see process.h. */
#include "lib/process.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Starts it with its stdout in `write_end`. 0 or an errno. */
static int start(const char *const argv[], int read_end, int write_end, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    error = posix_spawn_file_actions_addclose(&actions, read_end);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&actions, write_end, STDOUT_FILENO);
    if (!error)
        error = posix_spawn_file_actions_addclose(&actions, write_end);
    if (!error) /* posix_spawnp does not write to its arguments */
        error = posix_spawnp(pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* All there is to read; NULL with errno. */
static char *read_to_end(int file, size_t *size)
{
    size_t capacity = 4096, used = 0;
    char *buffer = malloc(capacity);
    while (buffer) {
        ssize_t got = read(file, buffer + used, capacity - used - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        used += (size_t)got;
        if (used + 1 < capacity)
            continue;
        capacity *= 2;
        char *larger = realloc(buffer, capacity);
        if (!larger)
            free(buffer);
        buffer = larger;
    }
    if (buffer)
        buffer[used] = '\0';
    *size = used;
    return buffer;
}

static bool judge(const char *name, int status)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (WIFSIGNALED(status))
        fprintf(stderr, "bench: %s ended by signal %d (%s)\n", name, WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        fprintf(stderr, "bench: %s failed with status %d\n", name, WEXITSTATUS(status));
    return false;
}

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

static bool finish(const char *name, pid_t pid, process_result *result)
{
    struct rusage usage;
    int status = 0;
    while (wait4(pid, &status, 0, &usage) < 0)
        if (errno != EINTR)
            return false;
    result->cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    result->peak_bytes = (int64_t)usage.ru_maxrss * 1024;
    return judge(name, status);
}

bool process_run(const char *const argv[], process_result *result)
{
    int ends[2];
    pid_t pid = 0;
    *result = (process_result){0};
    if (pipe(ends) < 0) {
        fprintf(stderr, "bench: no pipe: %s\n", strerror(errno));
        return false;
    }
    int error = start(argv, ends[0], ends[1], &pid);
    close(ends[1]);
    if (error) {
        fprintf(stderr, "bench: cannot start %s: %s\n", argv[0], strerror(error));
        close(ends[0]);
        return false;
    }
    result->output = read_to_end(ends[0], &result->size);
    close(ends[0]);
    bool ok = finish(argv[0], pid, result) && result->output;
    if (!ok) {
        free(result->output);
        result->output = NULL;
    }
    return ok;
}
