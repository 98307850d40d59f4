/* instance_type.c - makes the types of instances with declared slots, and finds slots by name.
 *
 * A type's slot names are one block of raw memory that belongs to the type, constant once it is registered; it goes
 * with the runtime. Any attached thread. */
#include <string.h>

#include "core/types/instance.h"
#include "core/types/utf8.h"

bool instance_check_type_name(const char *name, const char *function)
{
    utf8_error error;
    if (name == NULL || utf8_check(name, strlen(name), &error) >= 0)
        return true;
    weft_error_set(WEFT_ERROR_VALUE, "%s: the type's name: malformed UTF-8 at byte %zu: %s", function, error.offset,
                   error.problem);
    return false;
}

/* Is slot `i` well named? Sets the error. */
static bool check_name(const char *const *slots, size_t i)
{
    utf8_error error;
    if (slots[i] == NULL || slots[i][0] == '\0') {
        weft_error_set(WEFT_ERROR_VALUE, "weft_instance_type: the name of slot %zu is %s", i,
                       slots[i] ? "empty" : "NULL");
        return false;
    }
    if (utf8_check(slots[i], strlen(slots[i]), &error) < 0) {
        weft_error_set(WEFT_ERROR_VALUE, "weft_instance_type: the name of slot %zu: malformed UTF-8 at byte %zu: %s", i,
                       error.offset, error.problem);
        return false;
    }
    for (size_t earlier = 0; earlier < i; earlier++) {
        if (strcmp(slots[earlier], slots[i]) == 0) {
            weft_error_set(WEFT_ERROR_VALUE, "weft_instance_type: slots %zu and %zu are both named %s", earlier, i,
                           slots[i]);
            return false;
        }
    }
    return true;
}

static bool check_slots(const char *const *slots, size_t count)
{
    if (count > WEFT_INSTANCE_SLOTS_MAX) {
        weft_error_set(WEFT_ERROR_LIMIT, "weft_instance_type: %zu slots are more than %d", count,
                       WEFT_INSTANCE_SLOTS_MAX);
        return false;
    }
    if (slots == NULL && count > 0) {
        weft_error_set(WEFT_ERROR_VALUE, "weft_instance_type: slots is NULL with a count of %zu", count);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!check_name(slots, i))
            return false;
    }
    return true;
}

/* Bytes of the block of names; not 0 even if there are none. */
static size_t names_size(const char *const *slots, size_t count)
{
    size_t size = (count + 1) * sizeof(char *);
    for (size_t i = 0; i < count; i++)
        size += strlen(slots[i]) + 1;
    return size;
}

static void copy_names(const char **names, const char *const *slots, size_t count)
{
    char *at = (char *)(names + count + 1);
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(slots[i]) + 1;
        names[i] = memcpy(at, slots[i], size);
        at += size;
    }
    names[count] = NULL;
}

const weft_type *weft_instance_type(weft_thread *self, const char *name, const char *const *slots, size_t count)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (!instance_check_type_name(name, __func__) || !check_slots(slots, count))
        return NULL;
    size_t size = names_size(slots, count);
    const char **names = weft_mem_alloc(self, size);
    if (names == NULL)
        return NULL;
    copy_names(names, slots, count);
    weft_type_spec spec = {.name = name,
                           .size = sizeof(instance_object) + count * sizeof(weft_object *),
                           .flags = WEFT_TYPE_IDENTITY,
                           .traverse = instance_traverse,
                           .clear = instance_clear,
                           .destroy = instance_destroy,
                           .repr = instance_repr,
                           .copy = instance_copy,
                           .copy_fill = instance_copy_fill};
    const weft_type *type = weft_type_register(self, &spec);
    if (type == NULL) {
        weft_mem_free(self, names, size);
        return NULL;
    }
    weft_type *record = (weft_type *)(uintptr_t)type; /* nobody else knows the type yet */
    record->data = names;
    record->slots = count;
    record->die = instance_die;
    return type;
}

int64_t weft_instance_slot(weft_thread *self, const weft_type *type, const char *name)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (type == NULL || name == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "%s: %s is NULL", __func__, type ? "name" : "type");
    if (!instance_is_type(type))
        return weft_error_set(WEFT_ERROR_TYPE, "%s: %s is not an instance type", __func__, type->name);
    size_t count = instance_slot_count(type);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(instance_slot_name(type, i), name) == 0)
            return (int64_t)i;
    }
    return weft_error_set(WEFT_ERROR_KEY, "%s: %s has no slot %s", __func__, type->name, name);
}
