/* test_buffer.c - the buffer: growth, parts, copies, bad input, many threads at once. */
#include <stdlib.h>

#include "values.h"

TEST_CASE(buffer, grows to any size and keeps what was appended)
{
    values v = values_open();
    for (size_t capacity = 0; capacity < 2000; capacity = capacity * 3 + 1) {
        weft_object *o = weft_buffer_new(v.self, capacity);
        REQUIRE(o != NULL && weft_is_buffer(o));
        int64_t size = 0;
        for (int step = 0; size < 20000; step = step * 2 + 1) {
            char piece[32768];
            for (int i = 0; i < step; i++)
                piece[i] = (char)(size + i);
            CHECK_INT(weft_buffer_append(v.self, o, piece, (size_t)step), WEFT_OK);
            size += step;
            CHECK_INT(weft_buffer_size(v.self, o), size);
        }
        weft_object *bytes = weft_buffer_bytes(v.self, o);
        size_t found = 0, wrong = 0;
        const uint8_t *data = weft_bytes_data(v.self, bytes, &found);
        CHECK_INT(found, size);
        for (size_t i = 0; i < found; i++)
            wrong += data[i] != (uint8_t)i;
        CHECK_INT(wrong, 0);
        weft_decref(v.self, bytes);
        weft_decref(v.self, o);
    }
    values_close(&v);
}

TEST_CASE(buffer, gives its memory back when it dies)
{
    values v = values_open();
    size_t before = values_bytes(v.self);
    weft_object *o = weft_buffer_new(v.self, 100000);
    CHECK(values_bytes(v.self) >= before + 100000);
    weft_decref(v.self, o);
    CHECK(values_bytes(v.self) < before + 100000);
    values_close(&v);
}

TEST_CASE(buffer, parts are read and written and the end is cut off)
{
    values v = values_open();
    weft_object *o = weft_buffer_new(v.self, 0);
    char part[8] = "........";
    CHECK_INT(weft_buffer_append(v.self, o, "0123456789", 10), WEFT_OK);
    CHECK_INT(weft_buffer_read(v.self, o, 2, 5, part), WEFT_OK);
    CHECK(memcmp(part, "234.....", 8) == 0);
    CHECK_INT(weft_buffer_read(v.self, o, 10, 10, part), WEFT_OK);
    CHECK_INT(weft_buffer_write(v.self, o, 8, "xy", 2), WEFT_OK);
    CHECK_INT(weft_buffer_write(v.self, o, 10, "", 0), WEFT_OK);
    CHECK_INT(weft_buffer_write(v.self, o, 0, NULL, 0), WEFT_OK);
    CHECK_TEXT(v.self, weft_buffer_str(v.self, o), "01234567xy");
    CHECK_INT(weft_buffer_truncate(v.self, o, 9), WEFT_OK);
    CHECK_TEXT(v.self, weft_buffer_str(v.self, o), "01234567x");
    CHECK_TEXT(v.self, weft_repr(v.self, o), "<buffer of 9 bytes>");
    CHECK_INT(weft_buffer_truncate(v.self, o, 0), WEFT_OK);
    CHECK_TEXT(v.self, weft_buffer_str(v.self, o), "");
    weft_object *empty = weft_buffer_bytes(v.self, o);
    CHECK(empty != NULL && weft_is_immortal(empty));
    weft_decref(v.self, o);
    values_close(&v);
}

TEST_CASE(buffer, bad arguments are refused and change nothing)
{
    values v = values_open();
    weft_object *o = weft_buffer_new(v.self, 0), *s = values_str(v.self, "text");
    char part[4];
    CHECK_INT(weft_buffer_append(v.self, o, "ab\xFF", 3), WEFT_OK);
    CHECK_NULL(weft_buffer_new(v.self, SIZE_MAX), WEFT_ERROR_OVERFLOW, "cannot take");
    CHECK_NULL(weft_buffer_new(v.self, PTRDIFF_MAX), WEFT_ERROR_OVERFLOW, "cannot take");
    CHECK_FAILS(weft_buffer_append(v.self, o, "", SIZE_MAX), WEFT_ERROR_OVERFLOW, "cannot take");
    CHECK_FAILS(weft_buffer_append(v.self, o, NULL, 1), WEFT_ERROR_VALUE, "data is NULL");
    CHECK_FAILS(weft_buffer_append(v.self, s, "", 1), WEFT_ERROR_TYPE, "buffer expected, got str");
    CHECK_FAILS(weft_buffer_append(v.self, NULL, "", 1), WEFT_ERROR_VALUE, "NULL");
    CHECK_FAILS(weft_buffer_append(NULL, o, "", 1), WEFT_ERROR_THREAD, "weft_buffer_append");
    CHECK_FAILS(weft_buffer_size(v.self, s), WEFT_ERROR_TYPE, "buffer expected, got str");
    CHECK_FAILS(weft_buffer_read(v.self, o, 1, 4, part), WEFT_ERROR_INDEX, "bytes 1 to 4 of 3");
    CHECK_FAILS(weft_buffer_read(v.self, o, -1, 1, part), WEFT_ERROR_INDEX, "bytes -1 to 1");
    CHECK_FAILS(weft_buffer_read(v.self, o, 2, 1, part), WEFT_ERROR_INDEX, "bytes 2 to 1");
    CHECK_FAILS(weft_buffer_read(v.self, o, 0, 1, NULL), WEFT_ERROR_VALUE, "data is NULL");
    CHECK_FAILS(weft_buffer_write(v.self, o, 2, "xy", 2), WEFT_ERROR_INDEX, "2 bytes from byte 2 of 3");
    CHECK_FAILS(weft_buffer_write(v.self, o, -1, "x", 1), WEFT_ERROR_INDEX, "from byte -1");
    CHECK_FAILS(weft_buffer_write(v.self, o, 1, "x", SIZE_MAX), WEFT_ERROR_INDEX, "of 3");
    CHECK_FAILS(weft_buffer_write(v.self, o, 4, "", 0), WEFT_ERROR_INDEX, "from byte 4");
    CHECK_FAILS(weft_buffer_write(v.self, o, 0, NULL, 1), WEFT_ERROR_VALUE, "data is NULL");
    CHECK_FAILS(weft_buffer_truncate(v.self, o, 4), WEFT_ERROR_INDEX, "bytes 0 to 4 of 3");
    CHECK_FAILS(weft_buffer_truncate(v.self, o, -1), WEFT_ERROR_INDEX, "bytes 0 to -1");
    CHECK_NULL(weft_buffer_str(v.self, o), WEFT_ERROR_VALUE, "malformed UTF-8 at byte 2");
    CHECK_NULL(weft_buffer_str(v.self, s), WEFT_ERROR_TYPE, "buffer expected");
    CHECK_NULL(weft_buffer_bytes(v.self, s), WEFT_ERROR_TYPE, "buffer expected");
    CHECK_NULL(weft_buffer_bytes(NULL, o), WEFT_ERROR_THREAD, "weft_buffer_bytes");
    CHECK_INT(weft_buffer_size(v.self, o), 3);
    CHECK_INT(weft_buffer_read(v.self, o, 0, 3, part), WEFT_OK);
    CHECK(memcmp(part, "ab\xFF", 3) == 0);
    weft_decref(v.self, o);
    weft_decref(v.self, s);
    values_close(&v);
}

static bool make(weft_thread *self, void *arg)
{
    (void)arg;
    weft_object *o = weft_buffer_new(self, 100);
    weft_xdecref(self, o);
    return o != NULL;
}

static bool append(weft_thread *self, void *arg)
{
    char piece[1000] = {0};
    int64_t before = weft_buffer_size(self, arg);
    weft_status status = weft_buffer_append(self, arg, piece, sizeof piece);
    CHECK_INT(weft_buffer_size(self, arg), before + (status == WEFT_OK ? 1000 : 0));
    return status == WEFT_OK;
}

static bool copy(weft_thread *self, void *arg)
{
    weft_object *bytes = weft_buffer_bytes(self, arg);
    weft_xdecref(self, bytes);
    return bytes != NULL;
}

static bool text(weft_thread *self, void *arg)
{
    weft_object *str = weft_buffer_str(self, arg);
    weft_xdecref(self, str);
    return str != NULL;
}

TEST_CASE(buffer, running out of memory is an error at each allocation)
{
    values v = values_open();
    weft_object *o = weft_buffer_new(v.self, 0);
    CHECK_INT(values_exhaust(v.self, make, NULL), 2);
    CHECK_INT(values_exhaust(v.self, append, o), 1);
    CHECK_INT(values_exhaust(v.self, copy, o), 2);
    CHECK_INT(values_exhaust(v.self, text, o), 2);
    weft_decref(v.self, o);
    values_close(&v);
}

/* ---- several threads ------------------------------------------------------------------------------------------- */

enum { THREADS = 4, ROUNDS = 5000, PIECE = 7 };

typedef struct sharing {
    weft_runtime *runtime;
    weft_object *buffer;
} sharing;

static void append_pieces(int index, void *arg)
{
    sharing *s = arg;
    VALUES_THREAD(self, s->runtime);
    char piece[PIECE];
    memset(piece, 'a' + index, sizeof piece);
    for (int i = 0; i < test_scale(ROUNDS); i++) {
        CHECK_INT(weft_buffer_append(self, s->buffer, piece, sizeof piece), WEFT_OK);
        int64_t size = weft_buffer_size(self, s->buffer);
        CHECK_INT(size % PIECE, 0);
        CHECK_INT(weft_buffer_read(self, s->buffer, size - PIECE, size, piece), WEFT_OK);
        for (int k = 1; k < PIECE; k++)
            CHECK_INT(piece[k], piece[0]);
        memset(piece, 'a' + index, sizeof piece);
        weft_safepoint(self);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(buffer, pieces that threads append stay whole)
{
    values v = values_open();
    sharing s = {v.runtime, weft_buffer_new(v.self, 0)};
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(THREADS, append_pieces, &s);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    weft_object *str = weft_buffer_str(v.self, s.buffer);
    size_t size = 0;
    const char *all = weft_str_utf8(v.self, str, &size);
    CHECK_INT(size, THREADS * PIECE * test_scale(ROUNDS));
    int counts[THREADS] = {0}, broken = 0;
    for (size_t i = 0; i < size; i++) {
        counts[all[i] - 'a']++;
        broken += all[i] != all[i / PIECE * PIECE];
    }
    CHECK_INT(broken, 0);
    for (int t = 0; t < THREADS; t++)
        CHECK_INT(counts[t], PIECE * test_scale(ROUNDS));
    weft_decref(v.self, str);
    weft_decref(v.self, s.buffer);
    values_close(&v);
}
