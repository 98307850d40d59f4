/* json_load.c - real JSON files into objects and out again, one file a task.
 *
 * What a file must become again is found without Weft: its text goes through yajl's parser straight into yajl's
 * generator. Where that equals the file, writing back must reproduce the file byte by byte; where it does not (another
 * indent, `[]` on one line), it must reproduce this canonical form, and the line of JSON counts the file under
 * "canonical", not "identical". Every task compares. The last `size` loads of each file are kept, as a server keeps
 * its documents; the next one replaces the oldest, maybe from another thread. Without files: those of the iso-codes package. */
#include "bench.h"

#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "lib/json.h"
#include "workloads/json_canonical.h"
#include "workloads/json_reader.h"

static const char default_files[] = "/usr/share/iso-codes/json/*.json";

enum { KEPT_MAX = 1000 };

typedef struct source {
    char *path;
    char *expected; /* what must be written, `size` bytes */
    size_t size;
} source;

/* Constant while tasks run, but for what `documents` holds. */
typedef struct loads {
    source *sources; /* largest first, so that no thread is left with the largest at the end */
    size_t count;
    size_t identical; /* of them, files whose own bytes are expected */
    uint64_t repeat;
    uint64_t kept;          /* loads of each file that stay */
    weft_object *documents; /* list of count * kept documents, or none where nothing was loaded yet */
} loads;

static void free_loads(weft_thread *self, loads *l)
{
    weft_xdecref(self, l->documents);
    for (size_t i = 0; i < l->count; i++) {
        free(l->sources[i].path);
        free(l->sources[i].expected);
    }
    free(l->sources);
    free(l);
}

/* What will be expected of the file. The objects are dropped; the point is that the loader's own messages come first. */
static weft_status prepare(weft_thread *self, source *s, const char *path, size_t *identical)
{
    weft_object *o = json_load_file(self, path);
    if (!o)
        return weft_error_status();
    weft_decref(self, o);
    size_t file_size = 0;
    char *text = file_read(path, &file_size);
    if (!text)
        return weft_error_set(WEFT_ERROR_SYSTEM, "%s: cannot read: %s", path, strerror(errno));
    s->path = strdup(path);
    if (json_is_canonical(text, file_size)) {
        ++*identical;
        s->expected = text;
        s->size = file_size;
    } else {
        s->expected = json_canonical(text, file_size, &s->size);
        free(text);
    }
    if (!s->path || !s->expected)
        return weft_error_set(WEFT_ERROR_MEMORY, "%s: no memory for its canonical form", path);
    return WEFT_OK;
}

static int larger_first(const void *a, const void *b)
{
    size_t x = ((const source *)a)->size, y = ((const source *)b)->size;
    return (x < y) - (x > y);
}

static weft_status make_documents(weft_thread *self, loads *l)
{
    weft_status status = WEFT_OK;
    l->documents = weft_list_new(self, l->count * l->kept);
    if (!l->documents)
        return weft_error_status();
    for (size_t i = 0; status == WEFT_OK && i < l->count * l->kept; i++)
        status = weft_list_append(self, l->documents, &weft_none);
    return status;
}

static loads *prepare_all(weft_thread *self, const char *const *paths, size_t count, const bench_options *options)
{
    loads *l = calloc(1, sizeof *l);
    if (l)
        l->sources = calloc(count, sizeof *l->sources);
    if (!l || !l->sources) {
        free(l);
        weft_error_set(WEFT_ERROR_MEMORY, "no memory for %zu files", count);
        return NULL;
    }
    l->repeat = options->repeat;
    l->kept = options->size;
    for (size_t i = 0; i < count; i++) {
        l->count = i + 1;
        if (prepare(self, &l->sources[i], paths[i], &l->identical) != WEFT_OK) {
            free_loads(self, l);
            return NULL;
        }
    }
    if (make_documents(self, l) != WEFT_OK) {
        free_loads(self, l);
        return NULL;
    }
    qsort(l->sources, count, sizeof *l->sources, larger_first);
    return l;
}

static void *set_up(weft_thread *self, const bench_options *options, size_t *tasks)
{
    glob_t found = {0};
    const char *const *paths = options->files;
    size_t count = options->file_count;
    if (options->size > KEPT_MAX) {
        weft_error_set(WEFT_ERROR_VALUE, "--size is how many loads of a file are kept: 1 to %d, got %" PRIu64, KEPT_MAX,
                       options->size);
        return NULL;
    }
    if (count == 0) {
        if (glob(default_files, 0, NULL, &found) != 0) {
            weft_error_set(WEFT_ERROR_SYSTEM, "no file %s: install the package iso-codes, or name files",
                           default_files);
            return NULL;
        }
        paths = (const char *const *)found.gl_pathv;
        count = found.gl_pathc;
    }
    loads *l = prepare_all(self, paths, count, options);
    globfree(&found);
    if (l)
        *tasks = count * l->repeat;
    return l;
}

static weft_status write_and_compare(weft_thread *self, const source *s, weft_object *o)
{
    json_match match = {.expected = s->expected, .size = s->size};
    yajl_gen gen = json_new_generator(json_match_piece, &match);
    if (!gen)
        return weft_error_status();
    weft_status status = json_write(self, gen, o);
    yajl_gen_free(gen);
    if (status == WEFT_OK && !json_match_complete(&match))
        status =
            weft_error_set(WEFT_ERROR_USER, "%s: written back differently from offset %zu on", s->path, match.same);
    return status;
}

static weft_status run(weft_thread *self, void *state, size_t task, uint64_t *checksum)
{
    const loads *l = state;
    const source *s = &l->sources[task % l->count];
    weft_object *o = json_load_file(self, s->path);
    if (!o)
        return weft_error_status();
    weft_status status = write_and_compare(self, s, o);
    if (status == WEFT_OK)
        status = weft_list_set(self, l->documents, (int64_t)(task % (l->count * l->kept)), o);
    weft_decref(self, o);
    *checksum += s->size;
    return status;
}

static weft_status check(weft_thread *self, void *state, uint64_t checksum)
{
    const loads *l = state;
    uint64_t expected = 0;
    (void)self;
    for (size_t i = 0; i < l->count; i++)
        expected += l->sources[i].size * l->repeat;
    if (checksum != expected)
        return weft_error_set(WEFT_ERROR_USER, "wrong answer: %" PRIu64 " bytes written back, %" PRIu64 " expected",
                              checksum, expected);
    return WEFT_OK;
}

static void describe(void *state, json_writer *json)
{
    const loads *l = state;
    json_integer(json, "files", (int64_t)l->count);
    json_integer(json, "identical", (int64_t)l->identical);
    json_integer(json, "canonical", (int64_t)(l->count - l->identical));
}

static void print_piece(void *failed, const char *piece, size_t size)
{
    if (fwrite(piece, 1, size, stdout) != size)
        *(bool *)failed = true;
}

/* The objects of the smallest file, written out. */
static weft_status dump(weft_thread *self, void *state)
{
    const loads *l = state;
    bool failed = false;
    weft_object *o = weft_list_get(self, l->documents, (int64_t)l->count - 1);
    yajl_gen gen = o ? json_new_generator(print_piece, &failed) : NULL;
    weft_status status = gen ? json_write(self, gen, o) : weft_error_status();
    if (gen)
        yajl_gen_free(gen);
    weft_xdecref(self, o);
    if (status == WEFT_OK && (fflush(stdout) != 0 || failed))
        status = weft_error_set(WEFT_ERROR_SYSTEM, "cannot write: %s", strerror(errno));
    return status;
}

static void tear_down(weft_thread *self, void *state)
{
    free_loads(self, state);
}

const workload workload_json_load = {
    .name = "json_load",
    .summary = "real JSON files into dicts, lists and strings, and written back identically",
    .units = "size: loads of each file that are kept; repeat: times each is loaded",
    .size = 5,
    .repeat = 20,
    .set_up = set_up,
    .run = run,
    .check = check,
    .describe = describe,
    .dump = dump,
    .tear_down = tear_down,
};
