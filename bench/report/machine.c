/* machine.c - see machine.h. What cannot be found out is "unknown" or 0. */
#include "report/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

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
    return m;
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
    json_end_map(json);
}
