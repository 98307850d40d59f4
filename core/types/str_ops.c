/* str_ops.c - slices, search, split and join. Strings do not change, so nothing here needs a lock, but for a list that is
 * joined. Indexes are in code points: in ASCII text those are bytes; in other text they are found by walking. */
#include "core/text_buffer.h"
#include "core/types/str.h"
#include "core/types/types.h"
#include "core/types/utf8.h"

/* The byte at which code point `index` of s begins. */
static size_t offset_of(str_object *s, int64_t index)
{
    return str_is_wide(s) ? utf8_offset(str_text(s), str_size(s), index) : (size_t)index;
}

/* A str of `size` bytes from byte `offset` of s. */
static weft_object *piece(weft_thread *self, str_object *s, size_t offset, size_t size)
{
    const char *text = str_text(s) + offset;
    return str_from_valid(self, text, size, str_is_wide(s) ? utf8_count(text, size) : (int64_t)size);
}

weft_object *weft_str_slice(weft_thread *self, weft_object *o, int64_t start, int64_t end)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (!object_check(o, WEFT_TYPE_STR, __func__))
        return NULL;
    str_object *s = str_of(o);
    int64_t length = str_length(s);
    if (start < 0 || end < start || end > length) {
        weft_error_set(WEFT_ERROR_INDEX, "%s: code points %lld to %lld of %lld", __func__, (long long)start,
                       (long long)end, (long long)length);
        return NULL;
    }
    if (start == 0 && end == length)
        return weft_ref(self, o);
    size_t offset = offset_of(s, start);
    size_t size =
        str_is_wide(s) ? utf8_offset(str_text(s) + offset, str_size(s) - offset, end - start) : (size_t)(end - start);
    return str_from_valid(self, str_text(s) + offset, size, end - start);
}

/* The offset of `part` in s at byte `from` or later, or SIZE_MAX. Whole sequences match whole sequences only, because no
 * byte both begins and continues one. */
static size_t find_bytes(str_object *s, str_object *part, size_t from)
{
    const char *text = str_text(s);
    const char *found = memmem(text + from, str_size(s) - from, str_text(part), str_size(part));
    return found ? (size_t)(found - text) : SIZE_MAX;
}

int weft_str_find(weft_thread *self, weft_object *o, weft_object *part, int64_t start, int64_t *index)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_STR, __func__) || !object_check(part, WEFT_TYPE_STR, __func__))
        return weft_error_status();
    str_object *s = str_of(o);
    if (start < 0 || start > str_length(s))
        return weft_error_set(WEFT_ERROR_INDEX, "%s: start is %lld in a str of %lld", __func__, (long long)start,
                              (long long)str_length(s));
    size_t from = offset_of(s, start);
    size_t found = find_bytes(s, str_of(part), from);
    if (found == SIZE_MAX)
        return 0;
    if (index != NULL)
        *index = start + (str_is_wide(s) ? utf8_count(str_text(s) + from, found - from) : (int64_t)(found - from));
    return 1;
}

/* Appends a piece of s to a list that nobody else knows. */
static weft_status append_piece(weft_thread *self, weft_object *list, str_object *s, size_t offset, size_t size)
{
    weft_object *o = piece(self, s, offset, size);
    if (o == NULL)
        return WEFT_ERROR_MEMORY;
    weft_status status = weft_list_append(self, list, o);
    weft_decref(self, o);
    return status;
}

weft_object *weft_str_split(weft_thread *self, weft_object *o, weft_object *separator)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (!object_check(o, WEFT_TYPE_STR, __func__) || !object_check(separator, WEFT_TYPE_STR, __func__))
        return NULL;
    str_object *s = str_of(o), *between = str_of(separator);
    if (str_size(between) == 0) {
        weft_error_set(WEFT_ERROR_VALUE, "%s: the separator is empty", __func__);
        return NULL;
    }
    weft_object *list = weft_list_new(self, 0);
    if (list == NULL)
        return NULL;
    size_t from = 0, found;
    while ((found = find_bytes(s, between, from)) != SIZE_MAX) {
        if (append_piece(self, list, s, from, found - from) != WEFT_OK)
            goto failed;
        from = found + str_size(between);
    }
    if (append_piece(self, list, s, from, str_size(s) - from) == WEFT_OK)
        return list;
failed:
    weft_decref(self, list);
    return NULL;
}

/* Adds item `i`, after a separator if it is not the first. False: it is no str. */
static bool add_item(text_buffer *b, const weft_object *separator, const weft_object *item, int64_t i)
{
    if (!weft_is_str(item)) {
        weft_error_set(WEFT_ERROR_TYPE, "weft_str_join: str expected, got %s as item %lld", weft_type_of(item)->name,
                       (long long)i);
        return false;
    }
    if (i > 0)
        text_buffer_add_str(b, separator);
    text_buffer_add_str(b, item);
    return true;
}

static bool add_tuple(text_buffer *b, const weft_object *separator, weft_object *items)
{
    const tuple_object *tuple = (const tuple_object *)(void *)items;
    for (size_t i = 0; i < tuple->var.count; i++) {
        if (!add_item(b, separator, tuple->items[i], (int64_t)i))
            return false;
    }
    return true;
}

static bool add_list(weft_thread *self, text_buffer *b, const weft_object *separator, weft_object *list)
{
    for (int64_t i = 0; i < weft_list_size(self, list); i++) {
        weft_object *item = weft_list_get(self, list, i);
        if (item == NULL) { /* another thread has made the list shorter just now, so this is its end */
            weft_error_clear();
            return true;
        }
        bool added = add_item(b, separator, item, i);
        weft_decref(self, item);
        if (!added)
            return false;
    }
    return true;
}

weft_object *weft_str_join(weft_thread *self, weft_object *o, weft_object *items)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (!object_check(o, WEFT_TYPE_STR, __func__))
        return NULL;
    if (items == NULL || (!weft_is_list(items) && !weft_is_tuple(items))) {
        weft_error_set(items ? WEFT_ERROR_TYPE : WEFT_ERROR_VALUE, "%s: list or tuple expected, got %s", __func__,
                       items ? weft_type_of(items)->name : "NULL");
        return NULL;
    }
    text_buffer b;
    text_buffer_open(&b, self);
    if (weft_is_tuple(items) ? add_tuple(&b, o, items) : add_list(self, &b, o, items))
        return text_buffer_finish(&b);
    text_buffer_drop(&b);
    return NULL;
}
