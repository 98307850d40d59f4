/* probe.c - `weft_bench probe NAME`: measures one quantity and prints it, for figures.c to compare. The table of probes is
 * probes/table.c. */
#include "bench.h"

#include <stdio.h>
#include <string.h>

#include "lib/json.h"
#include "probes/probes.h"

static bool quick;

size_t probe_objects(size_t full)
{
    enum { FRACTION = 100 };

    return quick ? full / FRACTION : full;
}

static const probe *find_probe(const char *name)
{
    for (const probe *p = bench_probes; p->name; p++)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}

static bool print_value(const probe *p, uint32_t threads, double value)
{
    json_writer json = json_begin(false);
    json_map(&json, NULL);
    json_string(&json, "probe", p->name);
    json_string(&json, "flavour", weft_flavour_name());
    json_integer(&json, "threads", threads);
    json_number(&json, "value", value);
    json_string(&json, "unit", p->unit);
    json_end_map(&json);
    return json_finish(&json, NULL);
}

static int fail(const char *name)
{
    fprintf(stderr, "weft_bench: probe %s: %s\n", name, weft_error_message());
    return 1;
}

int bench_run_probe(const char *name, uint32_t threads, bool trial)
{
    quick = trial;
    const probe *p = find_probe(name);
    if (!p) {
        fprintf(stderr, "weft_bench: no probe '%s' (see weft_bench --help)\n", name);
        return 2;
    }
    weft_runtime *runtime = weft_runtime_new(NULL);
    weft_thread *self = runtime ? weft_thread_attach(runtime) : NULL;
    if (!self)
        return fail(name);
    double value = p->measure(self, threads);
    int result = value < 0 ? fail(name) : 0;
    if (result == 0 && !print_value(p, threads, value))
        result = 1;
    if (weft_thread_detach(self) < 0 || weft_runtime_free(runtime) < 0)
        result = fail(name);
    return result;
}
