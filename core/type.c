/* type.c - the region of type records, and their registration.
 *
 * One region a process, so that an index means the same in every runtime and none needs a lookup of the runtime.
 * Reserved address space, committed as indexes are given out. Built-in types have fixed indexes; a runtime's types
 * give theirs back when it is freed. Threads: registration takes the region's lock; records are constant afterwards. */
#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "core/types/utf8.h"

enum { TYPES_STEP = 4096 }; /* records committed at once: 1 MiB */

weft_type *weft_type_region;

static pthread_mutex_t types_lock = PTHREAD_MUTEX_INITIALIZER; /* innermost */
static uint32_t types_used = WEFT_TYPE_BUILTIN_END;            /* types_lock */
static uint32_t types_committed;                               /* types_lock */
static uint32_t types_free;                                    /* types_lock: list through record.index, 0 ends it */

static weft_status types_open_locked(void)
{
    if (weft_type_region)
        return WEFT_OK;
    void *region = platform_reserve(sizeof(weft_type) * (size_t)WEFT_TYPE_MAX);
    if (region == NULL || !platform_commit(region, sizeof(weft_type) * TYPES_STEP)) {
        if (region)
            platform_release(region, sizeof(weft_type) * (size_t)WEFT_TYPE_MAX);
        return weft_error_set(WEFT_ERROR_MEMORY, "no address space for the table of types");
    }
    types_committed = TYPES_STEP;
    weft_type_region = (weft_type *)region;
    builtin_types_init();
    return WEFT_OK;
}

weft_status types_open(void)
{
    pthread_mutex_lock(&types_lock);
    weft_status status = types_open_locked();
    pthread_mutex_unlock(&types_lock);
    return status;
}

static void type_fill(weft_type *type, uint32_t index, const weft_type_spec *spec, weft_runtime *runtime)
{
    memset(type, 0, sizeof *type);
    type->index = index;
    type->flags = spec->flags;
    type->size = (uint32_t)spec->size;
    type->item_size = (uint32_t)spec->item_size;
    type->traverse = spec->traverse;
    type->clear = spec->clear;
    type->finalize = spec->finalize;
    type->destroy = spec->destroy;
    type->hash = spec->hash;
    type->equal = spec->equal;
    type->repr = spec->repr;
    type->iterate = spec->iterate;
    type->next = spec->next;
    type->call = spec->call;
    type->raw_size = spec->raw_size;
    type->copy = spec->copy;
    type->copy_fill = spec->copy_fill;
    type->runtime = runtime;
    type->die = object_die_plain;
    if (type->item_size == 0) {
        type->block_size = (uint32_t)heap_round(spec->size + header_front(type));
        type->size_class = type->block_size <= WEFT_SMALL_MAX ? heap_class_of(type->block_size) : 0;
    }
    size_t body = type->block_size - header_front(type) - sizeof(weft_object); /* a very large one if it varies */
    bool is_leaf = !spec->traverse && !spec->finalize && !spec->destroy;
    type->new_magazine = magazine_offset(!spec->traverse && body - 1 < OBJECT_SHORT_BODY ? type->size_class : 0);
    type->free_magazine = magazine_offset(is_leaf ? type->size_class : 0);
    strncpy(type->name, spec->name, sizeof type->name - 1);
}

void type_set_builtin(uint32_t index, const weft_type_spec *spec)
{
    assert(index < WEFT_TYPE_BUILTIN_END);
    type_fill(weft_type_region + index, index, spec, NULL);
}

void type_set_die(uint32_t index, void (*die)(weft_thread *self, weft_object *o))
{
    weft_type_region[index].die = die;
}

static weft_status type_name_check(const char *name)
{
    if (name == NULL || name[0] == '\0')
        return weft_error_set(WEFT_ERROR_VALUE, "weft_type_register: name is empty");
    size_t size = strlen(name);
    if (size >= sizeof((weft_type *)0)->name)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_type_register: name of %zu bytes, at most 63", size);
    utf8_error error;
    if (utf8_check(name, size, &error) < 0)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_type_register: name: malformed UTF-8 at byte %zu: %s",
                              error.offset, error.problem);
    return WEFT_OK;
}

static weft_status type_spec_check(const weft_type_spec *spec)
{
    if (spec == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_type_register: spec is NULL");
    if (type_name_check(spec->name) != WEFT_OK)
        return weft_error_status();
    size_t least = spec->item_size ? sizeof(weft_var_object) : sizeof(weft_object);
    if (spec->size < least)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_type_register: %s: size is %zu, at least %zu", spec->name,
                              spec->size, least);
    if (spec->size > UINT32_MAX / 2)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_type_register: %s: size %zu is too large", spec->name,
                              spec->size);
    if (spec->item_size > UINT32_MAX)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_type_register: %s: item_size %zu is too large", spec->name,
                              spec->item_size);
    if (spec->flags & ~(uint32_t)(WEFT_TYPE_IDENTITY | WEFT_TYPE_IMMUTABLE | WEFT_TYPE_HASHES))
        return weft_error_set(WEFT_ERROR_VALUE, "weft_type_register: %s: unknown flags 0x%x", spec->name,
                              (unsigned)spec->flags);
    if (spec->clear && !spec->traverse)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_type_register: %s: clear without traverse", spec->name);
    if (spec->traverse && !spec->destroy)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_type_register: %s: traverse without destroy", spec->name);
    if (spec->copy && (spec->flags & WEFT_TYPE_IMMUTABLE))
        return weft_error_set(WEFT_ERROR_VALUE, "weft_type_register: %s: copy of an immutable type", spec->name);
    if (spec->copy ? !spec->copy_fill != !spec->traverse : spec->copy_fill != NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_type_register: %s: copy_fill belongs to copy and traverse",
                              spec->name);
    return WEFT_OK;
}

/* An index, or 0 with an error. */
static uint32_t type_take_index_locked(void)
{
    if (types_free) {
        uint32_t index = types_free;
        types_free = weft_type_region[index].index;
        return index;
    }
    if (types_used == WEFT_TYPE_MAX) {
        weft_error_set(WEFT_ERROR_LIMIT, "weft_type_register: %d types are registered, there can be no more",
                       (int)WEFT_TYPE_MAX);
        return 0;
    }
    if (types_used == types_committed) {
        if (!platform_commit(weft_type_region + types_committed, sizeof(weft_type) * TYPES_STEP)) {
            weft_error_set(WEFT_ERROR_MEMORY, "weft_type_register: out of memory");
            return 0;
        }
        types_committed += TYPES_STEP;
    }
    return types_used++;
}

static void type_give_index_locked(uint32_t index)
{
    weft_type *type = weft_type_region + index;
    memset(type, 0, sizeof *type);
    type->index = types_free;
    types_free = index;
}

/* Room in the runtime's own list, so that it can give the index back. */
static bool runtime_reserve_type_locked(weft_runtime *runtime)
{
    if (runtime->types_count < runtime->types_capacity)
        return true;
    size_t capacity = runtime->types_capacity ? 2 * runtime->types_capacity : 16;
    uint32_t *types = realloc(runtime->types, capacity * sizeof *types);
    if (types == NULL)
        return false;
    runtime->types = types;
    runtime->types_capacity = capacity;
    return true;
}

const weft_type *weft_type_register(weft_thread *self, const weft_type_spec *spec)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (type_spec_check(spec) != WEFT_OK)
        return NULL;
    weft_runtime *runtime = self->runtime;
    uint32_t index = 0;
    pthread_mutex_lock(&runtime->lock);
    if (heap_should_fail(&runtime->heap) || !runtime_reserve_type_locked(runtime)) {
        weft_error_set(WEFT_ERROR_MEMORY, "weft_type_register: %s: out of memory", spec->name);
    } else {
        pthread_mutex_lock(&types_lock);
        index = type_take_index_locked();
        if (index) {
            type_fill(weft_type_region + index, index, spec, runtime);
            runtime->types[runtime->types_count++] = index;
        }
        pthread_mutex_unlock(&types_lock);
    }
    pthread_mutex_unlock(&runtime->lock);
    return index ? weft_type_region + index : NULL;
}

void types_close(weft_runtime *runtime)
{
    pthread_mutex_lock(&types_lock);
    for (size_t i = 0; i < runtime->types_count; i++) {
        weft_type *type = weft_type_region + runtime->types[i];
        if (type->data_free)
            type->data_free(type->data);
        type_give_index_locked(runtime->types[i]);
    }
    pthread_mutex_unlock(&types_lock);
    free(runtime->types);
}
