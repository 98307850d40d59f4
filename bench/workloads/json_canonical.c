/* json_canonical.c - see json_canonical.h: each event of yajl's parser becomes a call of yajl's generator. */
#include "workloads/json_canonical.h"

#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_parse.h>

#include "workloads/json_reader.h"

static int on_null(void *gen)
{
    return yajl_gen_null(gen) == yajl_gen_status_ok;
}

static int on_boolean(void *gen, int value)
{
    return yajl_gen_bool(gen, value) == yajl_gen_status_ok;
}

static int on_number(void *gen, const char *text, size_t size)
{
    bool is_integer = false;
    int64_t integer = 0;
    double real = 0;
    char digits[32];
    if (json_parse_number(text, size, &is_integer, &integer, &real) != WEFT_OK)
        return 0;
    if (is_integer)
        return yajl_gen_integer(gen, integer) == yajl_gen_status_ok;
    size_t length = json_format_real(real, digits);
    return yajl_gen_number(gen, digits, length) == yajl_gen_status_ok;
}

static int on_string(void *gen, const unsigned char *text, size_t size)
{
    return yajl_gen_string(gen, text, size) == yajl_gen_status_ok;
}

static int on_start_map(void *gen)
{
    return yajl_gen_map_open(gen) == yajl_gen_status_ok;
}

static int on_end_map(void *gen)
{
    return yajl_gen_map_close(gen) == yajl_gen_status_ok;
}

static int on_start_array(void *gen)
{
    return yajl_gen_array_open(gen) == yajl_gen_status_ok;
}

static int on_end_array(void *gen)
{
    return yajl_gen_array_close(gen) == yajl_gen_status_ok;
}

static bool transcribe(yajl_gen gen, const char *text, size_t size)
{
    static const yajl_callbacks callbacks = {
        .yajl_null = on_null,
        .yajl_boolean = on_boolean,
        .yajl_number = on_number,
        .yajl_string = on_string,
        .yajl_start_map = on_start_map,
        .yajl_map_key = on_string,
        .yajl_end_map = on_end_map,
        .yajl_start_array = on_start_array,
        .yajl_end_array = on_end_array,
    };
    yajl_handle parser = yajl_alloc(&callbacks, NULL, gen);
    if (!parser)
        return false;
    bool ok = yajl_parse(parser, (const unsigned char *)text, size) == yajl_status_ok &&
              yajl_complete_parse(parser) == yajl_status_ok;
    yajl_free(parser);
    return ok;
}

void json_match_piece(void *match, const char *piece, size_t size)
{
    json_match *m = match;
    size_t i = 0, left = m->size - m->same;
    if (m->differs)
        return;
    if (size <= left && memcmp(m->expected + m->same, piece, size) == 0) {
        m->same += size;
        return;
    }
    while (i < size && i < left && piece[i] == m->expected[m->same + i])
        i++;
    m->same += i;
    m->differs = true;
}

bool json_match_complete(const json_match *match)
{
    return !match->differs && match->same == match->size;
}

bool json_is_canonical(const char *text, size_t size)
{
    json_match match = {.expected = text, .size = size};
    yajl_gen gen = json_new_generator(json_match_piece, &match);
    if (!gen)
        return false;
    bool same = transcribe(gen, text, size) && json_match_complete(&match);
    yajl_gen_free(gen);
    return same;
}

char *json_canonical(const char *text, size_t size, size_t *result_size)
{
    char *result = NULL;
    yajl_gen gen = json_new_generator(NULL, NULL);
    if (gen && transcribe(gen, text, size)) {
        const unsigned char *buffer = NULL;
        yajl_gen_get_buf(gen, &buffer, result_size);
        result = malloc(*result_size + 1);
        if (result)
            memcpy(result, buffer, *result_size + 1);
    }
    if (gen)
        yajl_gen_free(gen);
    return result;
}
