/* buffer.c - bytes that grow: an array of raw memory, changed and copied out inside the object's guard, so that threads
 * may share a buffer. What is read is always a copy; the array moves. Any attached thread, any number at once. */
#include <string.h>

#include "core/types/copies.h"
#include "core/types/guard.h"
#include "core/types/types.h"

enum { FIRST_CAPACITY = 64 };

/* All inside the guard. */
typedef struct buffer_object {
    weft_object object;
    uint8_t *data;   /* raw memory, NULL if capacity is 0 */
    size_t size;     /* bytes in use */
    size_t capacity; /* bytes of data */
} buffer_object;

static inline buffer_object *buffer_of(weft_object *o)
{
    return (buffer_object *)(void *)o;
}

/* Room for `more` bytes. WEFT_ERROR_MEMORY, _OVERFLOW: nothing changed. */
static weft_status reserve_guarded(weft_thread *self, buffer_object *b, size_t more)
{
    if (WEFT_LIKELY(more <= b->capacity - b->size))
        return WEFT_OK;
    if (more > (size_t)PTRDIFF_MAX / 2 - b->size)
        return weft_error_set(WEFT_ERROR_OVERFLOW, "a buffer of %zu bytes cannot take %zu more", b->size, more);
    size_t capacity = b->capacity ? b->capacity + b->capacity / 2 : FIRST_CAPACITY;
    if (capacity < b->size + more)
        capacity = b->size + more;
    uint8_t *data = b->data ? weft_mem_realloc(self, b->data, b->capacity, capacity) : weft_mem_alloc(self, capacity);
    if (data == NULL)
        return WEFT_ERROR_MEMORY;
    b->data = data;
    b->capacity = capacity;
    return WEFT_OK;
}

weft_object *weft_buffer_new(weft_thread *self, size_t capacity)
{
    WEFT_CHECK_THREAD(self, NULL);
    weft_object *o = object_alloc_fixed(thread_of(self), WEFT_TYPE_BUFFER, sizeof(buffer_object));
    if (o == NULL)
        return NULL;
    buffer_object *b = buffer_of(o);
    b->data = NULL;
    b->size = b->capacity = 0;
    if (reserve_guarded(self, b, capacity) != WEFT_OK) {
        object_abandon(thread_of(self), o);
        return NULL;
    }
    return o;
}

int64_t weft_buffer_size(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_BUFFER, __func__))
        return weft_error_status();
    guard g;
    guard_enter(self, &g, o);
    size_t size = buffer_of(o)->size;
    guard_leave(self, &g);
    return (int64_t)size;
}

weft_status weft_buffer_append(weft_thread *self, weft_object *o, const void *data, size_t size)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_BUFFER, __func__))
        return weft_error_status();
    if (size == 0)
        return WEFT_OK;
    if (data == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: data is NULL with a size of %zu", __func__, size);
    buffer_object *b = buffer_of(o);
    guard g;
    guard_enter(self, &g, o);
    weft_status status = reserve_guarded(self, b, size);
    if (WEFT_LIKELY(status == WEFT_OK)) {
        memcpy(b->data + b->size, data, size);
        b->size += size;
    }
    guard_leave(self, &g);
    return status;
}

/* Is start .. end a part of `size` bytes? Sets the error. */
static bool check_range(int64_t start, int64_t end, size_t size, const char *function)
{
    if (start >= 0 && start <= end && (uint64_t)end <= size)
        return true;
    weft_error_set(WEFT_ERROR_INDEX, "%s: bytes %lld to %lld of %zu", function, (long long)start, (long long)end, size);
    return false;
}

weft_status weft_buffer_read(weft_thread *self, weft_object *o, int64_t start, int64_t end, void *data)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_BUFFER, __func__))
        return weft_error_status();
    if (data == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: data is NULL", __func__);
    buffer_object *b = buffer_of(o);
    guard g;
    guard_enter(self, &g, o);
    bool inside = check_range(start, end, b->size, __func__);
    if (inside && start < end)
        memcpy(data, b->data + start, (size_t)(end - start));
    guard_leave(self, &g);
    return inside ? WEFT_OK : WEFT_ERROR_INDEX;
}

weft_status weft_buffer_write(weft_thread *self, weft_object *o, int64_t start, const void *data, size_t size)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_BUFFER, __func__))
        return weft_error_status();
    if (data == NULL && size != 0)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: data is NULL with a size of %zu", __func__, size);
    buffer_object *b = buffer_of(o);
    guard g;
    guard_enter(self, &g, o);
    bool inside = start >= 0 && (uint64_t)start <= b->size && size <= b->size - (uint64_t)start;
    if (inside && size != 0)
        memcpy(b->data + start, data, size);
    size_t found = b->size;
    guard_leave(self, &g);
    return inside ? WEFT_OK
                  : weft_error_set(WEFT_ERROR_INDEX, "%s: %zu bytes from byte %lld of %zu", __func__, size,
                                   (long long)start, found);
}

weft_status weft_buffer_truncate(weft_thread *self, weft_object *o, int64_t size)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(o, WEFT_TYPE_BUFFER, __func__))
        return weft_error_status();
    buffer_object *b = buffer_of(o);
    guard g;
    guard_enter(self, &g, o);
    bool inside = check_range(0, size, b->size, __func__);
    if (inside)
        b->size = (size_t)size;
    guard_leave(self, &g);
    return inside ? WEFT_OK : WEFT_ERROR_INDEX;
}

/* A copy of the present contents in raw memory of *size bytes, or NULL with *size 0 and perhaps an error: nothing of the
 * program's runs and nothing is made of it inside the guard. */
static uint8_t *copy_out(weft_thread *self, weft_object *o, size_t *size, weft_status *status)
{
    buffer_object *b = buffer_of(o);
    uint8_t *copy = NULL;
    *status = WEFT_OK;
    guard g;
    guard_enter(self, &g, o);
    *size = b->size;
    if (b->size > 0) {
        copy = weft_mem_alloc(self, b->size);
        if (copy != NULL)
            memcpy(copy, b->data, b->size);
        else
            *status = WEFT_ERROR_MEMORY;
    }
    guard_leave(self, &g);
    return copy;
}

weft_object *weft_buffer_bytes(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (!object_check(o, WEFT_TYPE_BUFFER, __func__))
        return NULL;
    size_t size;
    weft_status status;
    uint8_t *copy = copy_out(self, o, &size, &status);
    weft_object *result = status == WEFT_OK ? weft_bytes_new(self, copy, size) : NULL;
    weft_mem_free(self, copy, size);
    return result;
}

weft_object *weft_buffer_str(weft_thread *self, weft_object *o)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (!object_check(o, WEFT_TYPE_BUFFER, __func__))
        return NULL;
    size_t size;
    weft_status status;
    uint8_t *copy = copy_out(self, o, &size, &status);
    weft_object *result = status == WEFT_OK ? weft_str_new(self, (const char *)copy, size) : NULL;
    weft_mem_free(self, copy, size);
    return result;
}

static void destroy_callback(weft_thread *self, weft_object *o)
{
    weft_mem_free(self, buffer_of(o)->data, buffer_of(o)->capacity);
}

static weft_object *repr_callback(weft_thread *self, weft_object *o)
{
    return weft_str_format(self, "<buffer of %lld bytes>", (long long)weft_buffer_size(self, o));
}

static size_t raw_size_callback(const weft_object *o)
{
    return heap_round(((const buffer_object *)(const void *)o)->capacity); /* the world is stopped */
}

void buffer_type_init(void)
{
    type_set_builtin(WEFT_TYPE_BUFFER, &(weft_type_spec){.name = "buffer",
                                                         .size = sizeof(buffer_object),
                                                         .flags = WEFT_TYPE_IDENTITY,
                                                         .destroy = destroy_callback,
                                                         .raw_size = raw_size_callback,
                                                         .copy = buffer_copy,
                                                         .repr = repr_callback});
}
