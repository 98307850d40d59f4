/* bytes.c - immutable bytes, of any value and any number. The empty one is static. Any attached thread. */
#include <string.h>

#include "core/hash.h"
#include "core/types/text_repr.h"
#include "core/types/types.h"

static weft_var_object empty_bytes = {WEFT_STATIC_OBJECT(WEFT_TYPE_BYTES), 0};

static inline bytes_object *bytes_of(const weft_object *o)
{
    return (bytes_object *)(void *)(uintptr_t)o;
}

weft_object *weft_bytes_new(weft_thread *self, const void *data, size_t size)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (size == 0)
        return &empty_bytes.object;
    if (data == NULL) {
        weft_error_set(WEFT_ERROR_VALUE, "%s: data is NULL with a size of %zu", __func__, size);
        return NULL;
    }
    if (size > (size_t)PTRDIFF_MAX - sizeof(bytes_object)) {
        weft_error_set(WEFT_ERROR_OVERFLOW, "%s: %zu bytes are too many", __func__, size);
        return NULL;
    }
    weft_object *o = object_alloc_sized(thread_of(self), WEFT_TYPE_BYTES, sizeof(bytes_object) + size);
    if (o == NULL)
        return NULL;
    bytes_object *b = bytes_of(o);
    b->var.count = size;
    memcpy(b->data, data, size);
    return o;
}

const uint8_t *weft_bytes_data(weft_thread *self, const weft_object *o, size_t *size)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (!object_check(o, WEFT_TYPE_BYTES, __func__))
        return NULL;
    if (size != NULL)
        *size = bytes_of(o)->var.count;
    return bytes_of(o)->data;
}

static weft_status hash_callback(weft_thread *self, weft_object *o, uint64_t *hash)
{
    (void)self;
    *hash = hash_bytes(bytes_of(o)->data, bytes_of(o)->var.count, WEFT_TYPE_BYTES);
    return WEFT_OK;
}

static int equal_callback(weft_thread *self, weft_object *a, weft_object *b)
{
    (void)self;
    return weft_is_bytes(b) && bytes_of(a)->var.count == bytes_of(b)->var.count &&
           memcmp(bytes_of(a)->data, bytes_of(b)->data, bytes_of(a)->var.count) == 0;
}

static weft_object *repr_callback(weft_thread *self, weft_object *o)
{
    return bytes_repr(self, bytes_of(o)->data, bytes_of(o)->var.count);
}

void bytes_type_init(void)
{
    type_set_builtin(WEFT_TYPE_BYTES, &(weft_type_spec){.name = "bytes",
                                                        .size = sizeof(bytes_object),
                                                        .item_size = 1,
                                                        .hash = hash_callback,
                                                        .equal = equal_callback,
                                                        .repr = repr_callback});
}
