/* chart.c - bar charts by gnuplot, as SVG that the page holds inline.
 *
 * The script is written to a file in the report's folder and left there until the chart is done; gnuplot prints the SVG.
 * Each chart has a name of its own, since ids are shared by all of a page. */
#include "report/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/process.h"

typedef struct chart {
    const char *name;
    const char *label; /* of the axis */
    double goal;       /* a dashed line */
    const char *goal_label;
    bool more_is_better;
} chart;

static const spread *value_of(const comparison *c, const chart *kind)
{
    if (kind->more_is_better)
        return &c->speedup;
    return strcmp(kind->name, "memory") == 0 ? &c->memory_ratio : &c->time_ratio;
}

static double largest(const report *r, const chart *kind)
{
    double most = kind->goal;
    for (uint32_t i = 0; i < r->count; i++) {
        const spread *s = value_of(&r->comparisons[i], kind);
        most = s->high > most ? s->high : most;
    }
    return most;
}

static void write_style(FILE *script, const report *r, const chart *kind)
{
    fprintf(script,
            "set terminal svg size 880,300 dynamic noenhanced name '%s' font 'system-ui,sans-serif,13' background "
            "'#ffffff'\n"
            "set style fill solid noborder\nset boxwidth 0.5\nset key off\nset border 3 lc rgb '#9aa5b1'\n"
            "set grid ytics lc rgb '#e4e7eb' lt 1\nset tics nomirror textcolor rgb '#52606d' scale 0\n"
            "set ylabel '%s' textcolor rgb '#52606d'\nset yrange [0:%g]\nset xrange [-0.6:%g]\n"
            "set arrow from graph 0,first %g to graph 1,first %g nohead lw 1.5 dt 2 lc rgb '#cf1124'\n"
            "set rmargin 15\nset label '%s' at graph 1.012,first %g left textcolor rgb '#cf1124'\n",
            kind->name, kind->label, largest(r, kind) * 1.25, r->count - 0.4, kind->goal, kind->goal, kind->goal_label,
            kind->goal);
}

/* Columns: position, median, quartiles, colour, name. */
static void write_data(FILE *script, const report *r, const chart *kind)
{
    fputs("$data << END\n", script);
    for (uint32_t i = 0; i < r->count; i++) {
        const spread *s = value_of(&r->comparisons[i], kind);
        bool good = kind->more_is_better ? s->median >= kind->goal : s->median <= kind->goal;
        fprintf(script, "%u %g %g %g %d \"%s\"\n", i, s->median, s->low, s->high, good ? 0x2186eb : 0xb44d12,
                r->comparisons[i].name);
    }
    fputs("END\n"
          "plot $data using 1:2:5:xtic(6) with boxes lc rgb variable, "
          "$data using 1:3:(0):($4-$3) with vectors nohead lw 2 lc rgb '#323f4b', "
          "$data using 1:(0):(sprintf('%.2f', $2)) with labels offset 0,0.9 textcolor rgb '#ffffff'\n",
          script);
}

/* The SVG alone: a page has no use for the XML declaration and the document type. */
static char *strip_prolog(char *text)
{
    char *svg = strstr(text, "<svg");
    if (!svg) {
        fputs("bench: gnuplot printed no SVG\n", stderr);
        free(text);
        return NULL;
    }
    memmove(text, svg, strlen(svg) + 1);
    return text;
}

static char *draw(const report *r, const chart *kind)
{
    char path[4096];
    process_result result;
    snprintf(path, sizeof path, "%s/%s.gnuplot", r->folder, kind->name);
    FILE *script = fopen(path, "w");
    if (!script) {
        fprintf(stderr, "bench: cannot write %s: %s\n", path, strerror(errno));
        return NULL;
    }
    write_style(script, r, kind);
    write_data(script, r, kind);
    bool ok = fclose(script) == 0;
    const char *const argv[] = {"gnuplot", path, NULL};
    ok = ok && process_run(argv, &result);
    unlink(path);
    if (ok)
        return strip_prolog(result.output);
    fputs("bench: the charts need gnuplot (Debian: gnuplot-nox); results.json is complete without them\n", stderr);
    return NULL;
}

char *chart_ratios(const report *r, bool memory)
{
    static const chart time = {"time", "free-threaded / GIL", 1.05, "goal 1.05", false};
    static const chart peak = {"memory", "free-threaded / GIL", 1.0, "goal 1.00", false};
    return draw(r, memory ? &peak : &time);
}

char *chart_speedups(const report *r)
{
    static const chart speedup = {"speedup", "times one thread", 2.0, "two cores", true};
    return draw(r, &speedup);
}
