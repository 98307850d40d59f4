/* machine.c - see machine.h. What cannot be found out is "unknown" or 0. */
#include "report/machine.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "lib/statistics.h"
#include "lib/timing.h"

enum { CONTROL_STEPS = 50000000, CONTROL_ROUNDS = 7 };

static void find_cpu(char *name, size_t size)
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256];
    snprintf(name, size, "unknown");
    while (file && fgets(line, sizeof line, file)) {
        const char *value = strchr(line, ':');
        if (!value || strncmp(line, "model name", 10) != 0)
            continue;
        line[strcspn(line, "\n")] = '\0';
        snprintf(name, size, "%s", value + 2);
        break;
    }
    if (file)
        fclose(file);
}

static void *spin(void *arg)
{
    uint32_t x = 1;
    for (uint32_t i = 0; i < CONTROL_STEPS; i++)
        x = x * 1664525 + 1013904223; /* each step waits for the one before */
    *(volatile uint32_t *)arg = x;
    return NULL;
}

static double spin_seconds(bool two)
{
    pthread_t other;
    uint32_t results[2];
    double start = seconds_now();
    two = two && pthread_create(&other, NULL, spin, &results[1]) == 0;
    spin(&results[0]);
    if (two)
        pthread_join(other, NULL);
    return seconds_now() - start;
}

/* What two threads get done in the time of one, when nothing of ours can slow them down. */
static double control_speedup(void)
{
    double speedups[CONTROL_ROUNDS];
    for (int i = 0; i < CONTROL_ROUNDS; i++) {
        double one = spin_seconds(false);
        speedups[i] = 2 * one / spin_seconds(true);
    }
    return spread_of(speedups, CONTROL_ROUNDS).median;
}

machine machine_describe(void)
{
    machine m = {.cores = sysconf(_SC_NPROCESSORS_ONLN)};
    struct utsname system;
    time_t now = time(NULL);
    struct tm utc;
    find_cpu(m.cpu, sizeof m.cpu);
    snprintf(m.kernel, sizeof m.kernel, "unknown");
    if (uname(&system) == 0)
        snprintf(m.kernel, sizeof m.kernel, "%.40s %.60s %.40s", system.sysname, system.release, system.machine);
    snprintf(m.compiler, sizeof m.compiler, "%s, %s", WEFT_BENCH_COMPILER, WEFT_BENCH_BUILD);
    if (gmtime_r(&now, &utc))
        strftime(m.date, sizeof m.date, "%Y-%m-%d %H:%M UTC", &utc);
    m.memory_bytes = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    if (getloadavg(&m.load, 1) != 1)
        m.load = 0;
    m.control = control_speedup();
    return m;
}

void machine_print(const machine *m)
{
    printf("%s, %ld cores; load average %.2f; two threads without Weft do %.2f times the work of one; %s\n", m->cpu,
           m->cores, m->load, m->control, m->compiler);
}

void machine_write(json_writer *json, const char *key, const machine *m)
{
    json_map(json, key);
    json_string(json, "cpu", m->cpu);
    json_integer(json, "cores", m->cores);
    json_integer(json, "memory_bytes", (int64_t)m->memory_bytes);
    json_string(json, "kernel", m->kernel);
    json_string(json, "compiler", m->compiler);
    json_string(json, "date", m->date);
    json_number(json, "load_average", m->load);
    json_number(json, "control_2_threads_speedup", m->control);
    json_end_map(json);
}
