/* page.c - index.html: the same figures to look at. One file, nothing loaded from elsewhere. */
#include "report/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double mib = 1024 * 1024;

static const char head[] =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Weft: what free threading "
    "costs</title>\n"
    "<style>\n"
    "body { font: 16px/1.55 system-ui, sans-serif; color: #1f2933; background: #f5f7fa; margin: 0; }\n"
    "main { max-width: 960px; margin: 0 auto; padding: 32px 20px 64px; }\n"
    "h1 { font-size: 30px; line-height: 1.2; margin: 0 0 8px; } h2 { font-size: 20px; margin: 44px 0 8px; }\n"
    "p { max-width: 66ch; margin: 8px 0 16px; } .quiet { color: #616e7c; }\n"
    ".tiles { display: flex; flex-wrap: wrap; gap: 16px; margin: 24px 0; }\n"
    ".tile { flex: 1 1 200px; background: #fff; border: 1px solid #e4e7eb; border-radius: 8px; padding: 16px 20px; }\n"
    ".tile b { display: block; font-size: 32px; line-height: 1.2; font-variant-numeric: tabular-nums; }\n"
    ".tile span { color: #616e7c; font-size: 14px; }\n"
    ".card + .card { margin-top: 16px; }\n"
    ".card { background: #fff; border: 1px solid #e4e7eb; border-radius: 8px; padding: 8px 16px; overflow-x: auto; }\n"
    "table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 14px; }\n"
    "th, td { text-align: right; padding: 7px 8px; white-space: nowrap; border-bottom: 1px solid #e4e7eb; }\n"
    "th { color: #616e7c; font-weight: 600; font-size: 13px; } th:first-child, td:first-child { text-align: left; }\n"
    "tr:last-child td { border-bottom: 0; } .mean td { font-weight: 600; border-top: 2px solid #9aa5b1; }\n"
    ".spread { color: #7b8794; font-size: 12px; font-weight: 400; } .what { white-space: normal; text-align: left; "
    "color: #616e7c; }\n"
    "svg { display: block; width: 100%; height: auto; margin: 8px 0; }\n"
    "</style>\n</head>\n<body>\n<main>\n";

/* Text in HTML: names come from programs and from the system. */
static void put_text(FILE *page, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '<':
            fputs("&lt;", page);
            break;
        case '>':
            fputs("&gt;", page);
            break;
        case '&':
            fputs("&amp;", page);
            break;
        default:
            fputc(*text, page);
        }
}

static void put_spread(FILE *page, const spread *s, double unit, int digits)
{
    fprintf(page, "<td>%.*f <span class=\"spread\">%.*f&ndash;%.*f</span></td>", digits, s->median / unit, digits,
            s->low / unit, digits, s->high / unit);
}

static void put_tile(FILE *page, double value, int digits, const char *what)
{
    fprintf(page, "<div class=\"tile\"><b>%.*f</b><span>%s</span></div>\n", digits, value, what);
}

static double best_speedup(const report *r)
{
    double best = 0;
    for (uint32_t i = 0; i < r->count; i++)
        best = r->comparisons[i].speedup.median > best ? r->comparisons[i].speedup.median : best;
    return best;
}

static void put_opening(FILE *page, const report *r)
{
    fputs("<h1>What free threading costs</h1>\n"
          "<p>Weft is built twice from one source: free-threaded, with biased reference counts and a heap for every "
          "thread, and GIL-style, with plain counts and one thread running at a time. These are the same programs on "
          "both, each checking its own answer.</p>\n<div class=\"tiles\">\n",
          page);
    if (r->quick)
        fputs("</div><p><b>A trial of the report on a fraction of the work: these are no measurements.</b></p>"
              "<div class=\"tiles\">\n",
              page);
    put_tile(page, r->time_ratio.median, 3,
             "times the GIL flavour&rsquo;s time, one thread, geometric mean (goal 1.05)");
    put_tile(page, r->memory_ratio.median, 3, "times its peak memory, geometric mean (goal 1.00)");
    put_tile(page, best_speedup(r), 2, "times faster with two threads, the best workload");
    fputs("</div>\n", page);
}

static void put_ratio_table(FILE *page, const report *r)
{
    fputs("<div class=\"card\"><table>\n<tr><th>workload</th><th>GIL, s</th><th>free-threaded, s</th><th>ratio</th>"
          "<th>GIL, MiB</th><th>free-threaded, MiB</th><th>ratio</th></tr>\n",
          page);
    for (uint32_t i = 0; i < r->count; i++) {
        const comparison *c = &r->comparisons[i];
        fprintf(page, "<tr><td>%s</td><td>%.3f</td><td>%.3f</td>", c->name, c->gil_seconds.median,
                c->ft_seconds.median);
        put_spread(page, &c->time_ratio, 1, 3);
        fprintf(page, "<td>%.1f</td><td>%.1f</td>", c->gil_peak.median / mib, c->ft_peak.median / mib);
        put_spread(page, &c->memory_ratio, 1, 3);
        fputs("</tr>\n", page);
    }
    fputs("<tr class=\"mean\"><td>geometric mean</td><td></td><td></td>", page);
    put_spread(page, &r->time_ratio, 1, 3);
    fputs("<td></td><td></td>", page);
    put_spread(page, &r->memory_ratio, 1, 3);
    fputs("</tr>\n</table></div>\n", page);
}

static void put_thread_table(FILE *page, const report *r)
{
    fputs("<div class=\"card\"><table>\n<tr><th>workload</th><th>1 thread, s</th><th>2 threads, s</th>"
          "<th>speed-up</th></tr>\n",
          page);
    for (uint32_t i = 0; i < r->count; i++) {
        const comparison *c = &r->comparisons[i];
        fprintf(page, "<tr><td>%s</td>", c->name);
        put_spread(page, &c->one_thread_seconds, 1, 3);
        put_spread(page, &c->two_threads_seconds, 1, 3);
        put_spread(page, &c->speedup, 1, 2);
        fputs("</tr>\n", page);
    }
    fputs("</table></div>\n", page);
}

static void put_workloads(FILE *page, const report *r)
{
    fputs("<h2>The workloads</h2>\n<div class=\"card\"><table>\n", page);
    for (uint32_t i = 0; i < r->count; i++) {
        fprintf(page, "<tr><td>%s</td><td class=\"what\">", r->comparisons[i].name);
        put_text(page, r->comparisons[i].summary);
        fputs("</td></tr>\n", page);
    }
    fputs("</table></div>\n", page);
}

static void put_method(FILE *page, const report *r)
{
    const comparison *first = &r->comparisons[0];
    fprintf(
        page,
        "<h2>How it was measured</h2>\n"
        "<p>Each run is a process of its own that times its work alone with the monotonic clock and reads its own "
        "peak of resident memory (VmHWM). The flavours ran in turn, %u rounds of %s and as many of the others as "
        "fit in the time, changing places from round to round. A ratio is taken within a round; shown is the median "
        "over the rounds, and small beside it the first and third quartile, which the thin bars of the charts show "
        "too.</p>\n<p>On ",
        first->rounds, first->name);
    put_text(page, r->machine.cpu);
    fprintf(page, ", %ld cores, %.1f GiB, ", r->machine.cores, r->machine.memory_bytes / mib / 1024);
    put_text(page, r->machine.kernel);
    fputs("; compiled by ", page);
    put_text(page, r->machine.compiler);
    fprintf(page,
            "; %s; load average at the start %.2f%s. Two threads that share nothing and use no Weft did %.2f times the "
            "work of one: no speed-up here can be better.</p>\n",
            r->machine.date, r->machine.load,
            r->machine.load > 0.5 ? " (the machine was not idle: times and speed-ups suffer from it)" : "",
            r->machine.control);
}

static void put_chart(FILE *page, char *svg, const char *caption)
{
    fprintf(page, "<div class=\"card\">%s<p class=\"quiet\">%s</p></div>\n", svg ? svg : "", caption);
    free(svg);
}

static void put_page(FILE *page, const report *r)
{
    fputs(head, page);
    put_opening(page, r);
    fputs("<h2>Time and memory, one thread</h2>\n", page);
    put_ratio_table(page, r);
    fputs("<h2>Time</h2>\n", page);
    put_chart(page, chart_ratios(r, false),
              "Seconds free-threaded over seconds GIL-style; lower is better. The goal is set for "
              "the geometric mean; a workload beyond it is brown.");
    fputs("<h2>Peak memory</h2>\n", page);
    put_chart(page, chart_ratios(r, true), "Peak bytes free-threaded over peak bytes GIL-style; lower is better.");
    fputs("<h2>Two threads, free-threaded</h2>\n", page);
    put_thread_table(page, r);
    put_chart(page, chart_speedups(r), "The same work on one thread and divided between two; higher is better.");
    put_workloads(page, r);
    put_method(page, r);
    fputs("</main>\n</body>\n</html>\n", page);
}

bool report_write_page(const report *r)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/index.html", r->folder);
    FILE *page = fopen(path, "w");
    if (page) {
        put_page(page, r);
        bool bad = ferror(page) != 0;
        if (fclose(page) == 0 && !bad)
            return true;
    }
    fprintf(stderr, "bench: cannot write %s: %s\n", path, strerror(errno));
    return false;
}
