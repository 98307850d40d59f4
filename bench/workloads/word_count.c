/* word_count.c - the words of a real text counted into one dict that all threads share.
 *
 * The text is cut into pieces of about `size` bytes between words; a task counts one piece, and the text is gone through
 * `repeat` times. Words are runs of ASCII letters, capitals made small. A count is an int object, replaced by one that is
 * one more: get, then compare and swap, again if another thread was faster; so no lock of the program's own is needed.
 *
 * The check sorts the words of the text in plain C and counts them by their runs. Without files: the licence texts that
 * every Debian has. */
#include "bench.h"

#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char default_files[] = "/usr/share/common-licenses/*";

enum { TEXT_ROOM = 1 << 20, PIECE = 4096 };

typedef struct words {
    char *text; /* constant while tasks run, small letters only; so is all but `counts` */
    size_t size, capacity;
    size_t piece_size;
    size_t pieces;
    uint64_t repeat;
    weft_object *counts; /* dict: str -> int; every thread writes */
} words;

typedef struct slice {
    const char *start;
    size_t size;
} slice;

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

/* The first word that begins at or after *position and before `end`; *position moves behind it. A word that begins
 * before `end` belongs to it as a whole. */
static bool next_word(const words *w, size_t *position, size_t end, slice *word)
{
    size_t start = *position;
    while (start < end && !is_letter(w->text[start]))
        start++;
    if (start >= end)
        return false;
    size_t behind = start;
    while (behind < w->size && is_letter(w->text[behind]))
        behind++;
    *word = (slice){w->text + start, behind - start};
    *position = behind;
    return true;
}

/* Where piece `index` begins: not within a word. */
static size_t piece_start(const words *w, size_t index)
{
    size_t start = index * w->piece_size;
    if (start >= w->size)
        return w->size;
    while (start > 0 && start < w->size && is_letter(w->text[start - 1]) && is_letter(w->text[start]))
        start++;
    return start;
}

/* ---- counting -------------------------------------------------------------------------------------------------- */

/* 1 counted, 0 another thread was faster, or an error. */
static int try_count(weft_thread *self, weft_object *counts, weft_object *key)
{
    weft_object *old = NULL;
    int found = weft_dict_get(self, counts, key, &old);
    if (found < 0)
        return found;
    weft_object *more = weft_int_new(self, found ? weft_int_get(old) + 1 : 1);
    int stored = more ? weft_dict_replace(self, counts, key, old, more) : (int)weft_error_status();
    weft_xdecref(self, more);
    weft_xdecref(self, old);
    return stored;
}

static weft_status count_word(weft_thread *self, weft_object *counts, const slice *word)
{
    weft_object *key = weft_str_new(self, word->start, word->size);
    if (!key)
        return weft_error_status();
    int stored;
    do {
        weft_safepoint(self);
        stored = try_count(self, counts, key);
    } while (stored == 0);
    weft_decref(self, key);
    return stored > 0 ? WEFT_OK : weft_error_status();
}

static weft_status run(weft_thread *self, void *state, size_t task, uint64_t *checksum)
{
    const words *w = state;
    size_t piece = task % w->pieces;
    size_t position = piece_start(w, piece), end = piece_start(w, piece + 1);
    slice word;
    while (next_word(w, &position, end, &word)) {
        weft_status status = count_word(self, w->counts, &word);
        if (status < 0)
            return status;
        ++*checksum;
    }
    return WEFT_OK;
}

/* ---- the check ------------------------------------------------------------------------------------------------- */

static int compare_slices(const void *a, const void *b)
{
    const slice *x = a, *y = b;
    int order = memcmp(x->start, y->start, x->size < y->size ? x->size : y->size);
    return order ? order : (x->size > y->size) - (x->size < y->size);
}

static weft_status check_word(weft_thread *self, const words *w, const slice *word, uint64_t expected)
{
    weft_object *key = weft_str_new(self, word->start, word->size);
    weft_object *value = NULL;
    int found = key ? weft_dict_get(self, w->counts, key, &value) : -1;
    int64_t counted = found == 1 ? weft_int_get(value) : 0;
    weft_xdecref(self, value);
    weft_xdecref(self, key);
    if ((uint64_t)counted == expected)
        return WEFT_OK;
    return weft_error_set(WEFT_ERROR_USER, "wrong answer: \"%.*s\" counted %" PRId64 " times instead of %" PRIu64,
                          (int)(word->size < 60 ? word->size : 60), word->start, counted, expected);
}

/* Compares the run of equal words that begins at `first`; sets *next to its end. */
static weft_status check_run(weft_thread *self, const words *w, const slice *all, size_t count, size_t first,
                             size_t *next)
{
    size_t behind = first + 1;
    while (behind < count && compare_slices(&all[first], &all[behind]) == 0)
        behind++;
    *next = behind;
    return check_word(self, w, &all[first], (behind - first) * w->repeat);
}

static weft_status check_all(weft_thread *self, const words *w, const slice *all, size_t count, uint64_t checksum)
{
    int64_t distinct = 0;
    for (size_t i = 0; i < count; distinct++) {
        weft_status status = check_run(self, w, all, count, i, &i);
        if (status < 0)
            return status;
    }
    int64_t size = weft_dict_size(self, w->counts);
    if (size == distinct && checksum == count * w->repeat)
        return WEFT_OK;
    return weft_error_set(WEFT_ERROR_USER,
                          "wrong answer: %" PRId64 " different words of %" PRIu64 ", %" PRId64 " of %" PRIu64
                          " expected",
                          size, checksum, distinct, count * w->repeat);
}

static weft_status check(weft_thread *self, void *state, uint64_t checksum)
{
    const words *w = state;
    slice *all = malloc((w->size / 2 + 1) * sizeof *all), word;
    if (!all)
        return weft_error_set(WEFT_ERROR_MEMORY, "no memory to check the counts");
    size_t count = 0, position = 0;
    while (next_word(w, &position, w->size, &word))
        all[count++] = word;
    qsort(all, count, sizeof *all, compare_slices);
    weft_status status = check_all(self, w, all, count, checksum);
    free(all);
    return status;
}

/* As `uniq -c` prints, in the order in which words came first. */
static weft_status dump(weft_thread *self, void *state)
{
    const words *w = state;
    weft_object *key = NULL, *value = NULL;
    size_t position = 0;
    while (weft_dict_next(self, w->counts, &position, &key, &value) == 1) {
        printf("%7" PRId64 " %s\n", weft_int_get(value), weft_str_utf8(self, key, NULL));
        weft_decref(self, key);
        weft_decref(self, value);
    }
    return fflush(stdout) == 0 ? WEFT_OK : weft_error_set(WEFT_ERROR_SYSTEM, "cannot write: %s", strerror(errno));
}

/* ---- the text -------------------------------------------------------------------------------------------------- */

/* Room for more text. One large block from the start: growing in small steps would leave a trail of freed ones. */
static bool reserve(words *w, size_t more)
{
    if (w->capacity - w->size >= more)
        return true;
    size_t capacity = (w->size + more > TEXT_ROOM / 2 ? (w->size + more) * 2 : TEXT_ROOM);
    char *longer = realloc(w->text, capacity);
    if (!longer)
        return false;
    w->text = longer;
    w->capacity = capacity;
    return true;
}

/* Reads what the open file has; a line end comes behind it, so that words do not run from one file into the next. */
static weft_status append_text(words *w, FILE *file, const char *path)
{
    size_t got = 1;
    while (got > 0) {
        if (!reserve(w, PIECE + 1))
            return weft_error_set(WEFT_ERROR_MEMORY, "%s: no memory for its text", path);
        got = fread(w->text + w->size, 1, PIECE, file);
        w->size += got;
    }
    if (ferror(file))
        return weft_error_set(WEFT_ERROR_SYSTEM, "%s: cannot read: %s", path, strerror(errno));
    w->text[w->size++] = '\n';
    return WEFT_OK;
}

static weft_status append_file(words *w, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return weft_error_set(WEFT_ERROR_SYSTEM, "%s: cannot open: %s", path, strerror(errno));
    weft_status status = append_text(w, file, path);
    fclose(file);
    return status;
}

static weft_status read_text(words *w, const char *const *paths, size_t count)
{
    weft_status status = WEFT_OK;
    for (size_t i = 0; status == WEFT_OK && i < count; i++)
        status = append_file(w, paths[i]);
    for (size_t i = 0; i < w->size; i++)
        if (w->text[i] >= 'A' && w->text[i] <= 'Z')
            w->text[i] = (char)(w->text[i] + ('a' - 'A'));
    return status;
}

static weft_status read_files(words *w, const bench_options *options)
{
    glob_t found = {0};
    if (options->file_count)
        return read_text(w, options->files, options->file_count);
    if (glob(default_files, 0, NULL, &found) != 0)
        return weft_error_set(WEFT_ERROR_SYSTEM, "no file %s: name a text to count", default_files);
    weft_status status = read_text(w, (const char *const *)found.gl_pathv, found.gl_pathc);
    globfree(&found);
    return status;
}

static void tear_down(weft_thread *self, void *state)
{
    words *w = state;
    weft_xdecref(self, w->counts);
    free(w->text);
    free(w);
}

static void *set_up(weft_thread *self, const bench_options *options, size_t *tasks)
{
    words *w = calloc(1, sizeof *w);
    if (!w) {
        weft_error_set(WEFT_ERROR_MEMORY, "no memory for the text");
        return NULL;
    }
    if (read_files(w, options) == WEFT_OK)
        w->counts = weft_dict_new(self);
    if (!w->counts) {
        tear_down(self, w);
        return NULL;
    }
    w->piece_size = options->size;
    w->pieces = (w->size + w->piece_size - 1) / w->piece_size;
    w->repeat = options->repeat;
    *tasks = w->pieces * w->repeat;
    return w;
}

const workload workload_word_count = {
    .name = "word_count",
    .summary = "the words of a real text counted into one dict that all threads share",
    .units = "size: bytes of text a task; repeat: times the text is gone through",
    .size = 8192,
    .repeat = 100,
    .set_up = set_up,
    .run = run,
    .check = check,
    .dump = dump,
    .tear_down = tear_down,
};
