/* json_parse.c - JSON text to objects, in one pass and without recursion: weft/json.h.
 *
 * The containers that are open stand in an array, each with the key that waits for its value. Nobody else can see them, and
 * the thread reaches a safepoint from time to time. Keys are mostly the same few, so a small cache by hash hands out the
 * str that was made for a key before. The thread that calls. */
#include <math.h>
#include <string.h>

#include "core/hash.h"
#include "core/text_buffer.h"
#include "core/types/number_text.h"
#include "core/types/str.h"
#include "core/types/types.h"
#include "core/types/utf8.h"

enum { FIRST_LEVELS = 16, KEYS_CACHED = 64, KEY_CACHED_MAX = 64, NUMBER_ON_STACK = 64, STEPS_TO_SAFEPOINT = 1024 };

typedef struct level {
    weft_object *container; /* a list or a dict */
    weft_object *key;       /* of the value to come; NULL in a list, and between entries */
} level;

typedef struct reader {
    weft_thread *self;
    const char *start, *at, *end;
    level *levels; /* raw memory or `few` */
    size_t depth, capacity;
    unsigned steps;
    level few[FIRST_LEVELS];
    weft_object *keys[KEYS_CACHED]; /* a reference each, or NULL */
} reader;

/* ---- errors ---------------------------------------------------------------------------------------------------- */

static void *fail_at(const reader *r, const char *at, weft_status status, const char *problem)
{
    weft_error_set(status, "weft_json_parse: byte %zu: %s", (size_t)(at - r->start), problem);
    return NULL;
}

static void *fail(const reader *r, const char *problem)
{
    return fail_at(r, r->at, WEFT_ERROR_PARSE, r->at == r->end ? "the text ends here" : problem);
}

/* ---- bytes ----------------------------------------------------------------------------------------------------- */

static inline bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The next byte that is not white space, or 0 at the end; a NUL in the text is no token either. */
static inline char peek(reader *r)
{
    while (r->at < r->end && is_space(*r->at))
        r->at++;
    return r->at < r->end ? *r->at : '\0';
}

/* Skips the word if it is there. */
static bool take_word(reader *r, const char *word, size_t size)
{
    if ((size_t)(r->end - r->at) < size || memcmp(r->at, word, size) != 0)
        return false;
    r->at += size;
    return true;
}

static inline void skip_digits(reader *r)
{
    while (r->at < r->end && is_digit(*r->at))
        r->at++;
}

/* ---- numbers --------------------------------------------------------------------------------------------------- */

static weft_object *make_int(reader *r, const char *from)
{
    bool negative = *from == '-';
    int64_t value = 0;
    for (const char *p = from + negative; p < r->at; p++) {
        /* below zero, where there is room for one more */
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, *p - '0', &value))
            return fail_at(r, from, WEFT_ERROR_OVERFLOW, "the integer does not fit in 64 bits");
    }
    if (!negative && __builtin_sub_overflow(INT64_C(0), value, &value))
        return fail_at(r, from, WEFT_ERROR_OVERFLOW, "the integer does not fit in 64 bits");
    return int_make(r->self, value);
}

static weft_object *make_float(reader *r, const char *from)
{
    char few[NUMBER_ON_STACK], *text = few;
    size_t size = (size_t)(r->at - from);
    if (size >= sizeof few && (text = weft_mem_alloc(r->self, size + 1)) == NULL)
        return NULL;
    memcpy(text, from, size);
    text[size] = '\0';
    double value = number_float_read(text);
    if (text != few)
        weft_mem_free(r->self, text, size + 1);
    if (isinf(value))
        return fail_at(r, from, WEFT_ERROR_OVERFLOW, "the number is too large for a float");
    return float_make(r->self, value);
}

/* At least one digit must be here. */
static bool take_digits(reader *r)
{
    if (r->at == r->end || !is_digit(*r->at))
        return fail(r, "a digit expected") != NULL;
    skip_digits(r);
    return true;
}

static weft_object *parse_number(reader *r)
{
    const char *from = r->at;
    bool whole = true;
    r->at += *r->at == '-';
    const char *digits = r->at;
    if (!take_digits(r))
        return NULL;
    if (*digits == '0' && r->at - digits > 1)
        return fail_at(r, digits, WEFT_ERROR_PARSE, "a number that begins with 0");
    if (r->at < r->end && *r->at == '.') {
        whole = false;
        r->at++;
        if (!take_digits(r))
            return NULL;
    }
    if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
        whole = false;
        r->at++;
        if (r->at < r->end && (*r->at == '+' || *r->at == '-'))
            r->at++;
        if (!take_digits(r))
            return NULL;
    }
    return whole ? make_int(r, from) : make_float(r, from);
}

/* ---- strings --------------------------------------------------------------------------------------------------- */

/* Bytes up to the first that ends a run of plain characters: a quote, a backslash, a control character, the end. */
static size_t plain_run(const reader *r)
{
    const char *p = r->at;
    while (p < r->end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20)
        p++;
    return (size_t)(p - r->at);
}

/* Code points of the run that begins here, or -1 with an error. */
static int64_t check_run(const reader *r, size_t size)
{
    utf8_error error;
    int64_t length = utf8_check(r->at, size, &error);
    if (length < 0)
        fail_at(r, r->at + error.offset, WEFT_ERROR_PARSE, error.problem);
    return length;
}

/* Four hexadecimal digits, or -1 with an error. */
static int32_t parse_hex(reader *r)
{
    int32_t value = 0;
    for (int i = 0; i < 4; i++, r->at++) {
        char c = r->at < r->end ? *r->at : '\0';
        int digit = is_digit(c)            ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) {
            fail(r, "four hexadecimal digits expected");
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

/* The rest of \u: a code point, which may take a second \u; -1 with an error. */
static int32_t parse_unicode(reader *r, const char *from)
{
    int32_t high = parse_hex(r);
    if (high < 0xD800 || high > 0xDFFF)
        return high;
    if (high > 0xDBFF || !take_word(r, "\\u", 2)) {
        fail_at(r, from, WEFT_ERROR_PARSE, "half of a surrogate pair");
        return -1;
    }
    int32_t low = parse_hex(r);
    if (low < 0)
        return -1;
    if (low < 0xDC00 || low > 0xDFFF) {
        fail_at(r, from, WEFT_ERROR_PARSE, "half of a surrogate pair");
        return -1;
    }
    return 0x10000 + (high - 0xD800) * 0x400 + (low - 0xDC00);
}

static void add_code_point(text_buffer *b, int32_t c)
{
    char bytes[4];
    size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = size; i-- > 1; c >>= 6)
        bytes[i] = (char)(0x80 | (c & 0x3F));
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    bytes[0] = (char)(lead[size] | c);
    text_buffer_add(b, bytes, size, 1);
}

/* Behind the backslash. */
static bool parse_escape(reader *r, text_buffer *b)
{
    static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *from = r->at - 1;
    char c = r->at < r->end ? *r->at : '\0';
    const char *found = c ? memchr(names, c, sizeof names - 1) : NULL;
    if (found != NULL) {
        text_buffer_add(b, &meanings[found - names], 1, 1);
        r->at++;
        return true;
    }
    if (c != 'u')
        return fail(r, "an unknown escape") != NULL;
    r->at++;
    int32_t code_point = parse_unicode(r, from);
    if (code_point >= 0)
        add_code_point(b, code_point);
    return code_point >= 0;
}

/* The rest of a string that has escapes; `r->at` is where its text began. */
static weft_object *parse_escaped(reader *r)
{
    text_buffer b;
    text_buffer_open(&b, r->self);
    while (!b.failed) {
        size_t size = plain_run(r);
        int64_t length = check_run(r, size);
        if (length < 0)
            break;
        text_buffer_add(&b, r->at, size, length);
        r->at += size;
        if (r->at == r->end || (unsigned char)*r->at < 0x20) {
            fail(r, "a control character in a string");
            break;
        }
        if (*r->at++ == '"')
            return text_buffer_finish(&b);
        if (!parse_escape(r, &b))
            break;
    }
    text_buffer_drop(&b);
    return NULL;
}

/* At the opening quote. */
static weft_object *parse_string(reader *r)
{
    r->at++;
    size_t size = plain_run(r);
    if (WEFT_UNLIKELY(r->at + size == r->end || r->at[size] != '"'))
        return parse_escaped(r);
    int64_t length = check_run(r, size);
    if (length < 0)
        return NULL;
    const char *text = r->at;
    r->at += size + 1;
    return str_from_valid(r->self, text, size, length);
}

/* The same, but a key that was there before is the same object. */
static weft_object *parse_key(reader *r)
{
    if (peek(r) != '"')
        return fail(r, "a string expected, as a key");
    const char *text = r->at + 1;
    r->at++;
    size_t size = plain_run(r);
    r->at--;
    if (size < 2 || size > KEY_CACHED_MAX || text + size == r->end || text[size] != '"')
        return parse_string(r);
    weft_object **place = &r->keys[hash_bytes(text, size, WEFT_TYPE_STR) % KEYS_CACHED];
    if (*place != NULL && str_size(str_of(*place)) == size && memcmp(str_text(str_of(*place)), text, size) == 0) {
        r->at += size + 2;
        return weft_ref(r->self, *place);
    }
    weft_object *key = parse_string(r);
    if (key != NULL) {
        weft_xdecref(r->self, *place);
        *place = weft_ref(r->self, key);
    }
    return key;
}

/* ---- containers ------------------------------------------------------------------------------------------------ */

static bool levels_grow(reader *r)
{
    size_t bytes = r->capacity * sizeof *r->levels;
    level *more = weft_mem_alloc(r->self, 2 * bytes);
    if (more == NULL)
        return false;
    memcpy(more, r->levels, bytes);
    if (r->levels != r->few)
        weft_mem_free(r->self, r->levels, bytes);
    r->levels = more;
    r->capacity *= 2;
    return true;
}

/* Takes the reference. */
static bool push(reader *r, weft_object *container)
{
    if (container == NULL)
        return false;
    if (r->depth == r->capacity && !levels_grow(r)) {
        weft_decref(r->self, container);
        return false;
    }
    r->levels[r->depth++] = (level){container, NULL};
    return true;
}

/* The key of the next value, and the colon. */
static bool begin_entry(reader *r)
{
    level *top = &r->levels[r->depth - 1];
    top->key = parse_key(r);
    if (top->key == NULL)
        return false;
    if (peek(r) != ':')
        return fail(r, "':' expected") != NULL;
    r->at++;
    return true;
}

/* At the opening bracket. 1: it is empty and complete, *value is it; 0: it is open; -1 an error. */
static int begin_container(reader *r, weft_object **value)
{
    bool object = *r->at == '{';
    if (r->depth == WEFT_JSON_DEPTH_MAX) {
        weft_error_set(WEFT_ERROR_LIMIT, "weft_json_parse: byte %zu: more than %d arrays and objects within each other",
                       (size_t)(r->at - r->start), WEFT_JSON_DEPTH_MAX);
        return -1;
    }
    weft_object *container = object ? weft_dict_new(r->self) : weft_list_new(r->self, 0);
    if (container == NULL)
        return -1;
    r->at++;
    if (peek(r) == (object ? '}' : ']')) {
        r->at++;
        *value = container;
        return 1;
    }
    if (!push(r, container))
        return -1;
    return !object || begin_entry(r) ? 0 : -1;
}

static weft_object *parse_scalar(reader *r, char c)
{
    switch (c) {
    case '"':
        return parse_string(r);
    case 't':
        return take_word(r, "true", 4) ? &weft_true : fail(r, "a value expected");
    case 'f':
        return take_word(r, "false", 5) ? &weft_false : fail(r, "a value expected");
    case 'n':
        return take_word(r, "null", 4) ? &weft_none : fail(r, "a value expected");
    default:
        return c == '-' || is_digit(c) ? parse_number(r) : fail(r, "a value expected");
    }
}

/* The next value that is complete: a scalar or an empty container, behind any number of brackets. NULL with an error. */
static weft_object *parse_value(reader *r)
{
    for (;;) {
        char c = peek(r);
        if (c != '[' && c != '{')
            return parse_scalar(r, c);
        weft_object *empty = NULL;
        int complete = begin_container(r, &empty);
        if (complete != 0)
            return empty;
    }
}

/* Puts a complete value, whose reference it takes, into the innermost container. */
static bool put_in(reader *r, weft_object *value)
{
    level *top = &r->levels[r->depth - 1];
    weft_status status;
    if (top->key != NULL) {
        status = weft_dict_set(r->self, top->container, top->key, value);
        weft_decref(r->self, top->key);
        top->key = NULL;
    } else {
        status = weft_list_append(r->self, top->container, value);
    }
    weft_decref(r->self, value);
    return status == WEFT_OK;
}

/* After a value in the innermost container: 1 it is complete and *value is it, 0 another value follows, -1 an error. */
static int go_on(reader *r, weft_object **value)
{
    level *top = &r->levels[r->depth - 1];
    bool object = weft_is_dict(top->container);
    char c = peek(r);
    if (c == ',') {
        r->at++;
        return !object || begin_entry(r) ? 0 : -1;
    }
    if (c != (object ? '}' : ']')) {
        fail(r, object ? "',' or '}' expected" : "',' or ']' expected");
        return -1;
    }
    r->at++;
    *value = top->container;
    r->depth--;
    return 1;
}

/* ---- all of it ------------------------------------------------------------------------------------------------- */

static weft_object *parse_text(reader *r)
{
    weft_object *value;
    for (;;) {
        value = parse_value(r);
        int complete = value ? 1 : -1;
        while (complete == 1 && r->depth > 0)
            complete = put_in(r, value) ? go_on(r, &value) : -1;
        if (complete < 0)
            return NULL;
        if (complete == 1)
            break;
        if (WEFT_UNLIKELY(++r->steps % STEPS_TO_SAFEPOINT == 0))
            weft_safepoint(r->self);
    }
    (void)peek(r);
    if (r->at == r->end)
        return value;
    weft_decref(r->self, value);
    return fail(r, "something comes after the value");
}

static void reader_close(reader *r)
{
    for (size_t i = 0; i < r->depth; i++) {
        weft_decref(r->self, r->levels[i].container);
        weft_xdecref(r->self, r->levels[i].key);
    }
    if (r->levels != r->few)
        weft_mem_free(r->self, r->levels, r->capacity * sizeof *r->levels);
    for (size_t i = 0; i < KEYS_CACHED; i++)
        weft_xdecref(r->self, r->keys[i]);
}

weft_object *weft_json_parse(weft_thread *self, const char *text, size_t size)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (text == NULL) {
        weft_error_set(WEFT_ERROR_VALUE, "%s: text is NULL with a size of %zu", __func__, size);
        return NULL;
    }
    reader r = {.self = self, .start = text, .at = text, .end = text + size, .capacity = FIRST_LEVELS};
    r.levels = r.few;
    weft_object *value = parse_text(&r);
    reader_close(&r);
    return value;
}
