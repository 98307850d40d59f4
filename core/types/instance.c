/* instance.c - objects with declared slots: a header and one word a slot.
 *
 * Reading a slot takes no lock: the reader loads the slot, takes a reference only if the object is surely not dying,
 * and looks at the slot again. If the try fails (nobody but the owner has counted the object yet, or it is just being
 * replaced), it enters the instance's guard (guard.h) and publishes the object, so that later readers get through.
 * Writers exchange the slot inside the guard and drop the old object after it, so no destructor runs inside. Any
 * attached thread, any number at once. The types themselves are in instance_type.c. */
#include "core/text_buffer.h"
#include "core/types/guard.h"
#include "core/types/instance.h"

/* Is `slot` one of o's? Sets the error. */
static bool check_slot(const weft_object *o, int64_t slot, const char *function)
{
    if (o == NULL) {
        weft_error_set(WEFT_ERROR_VALUE, "%s: the object is NULL", function);
        return false;
    }
    const weft_type *type = weft_type_of(o);
    if (!instance_is_type(type)) {
        weft_error_set(WEFT_ERROR_TYPE, "%s: instance expected, got %s", function, type->name);
        return false;
    }
    if (WEFT_UNLIKELY((uint64_t)slot >= instance_slot_count(type))) {
        weft_error_set(WEFT_ERROR_INDEX, "%s: slot %lld of %s, which has %zu", function, (long long)slot, type->name,
                       instance_slot_count(type));
        return false;
    }
    return true;
}

weft_object *weft_instance_new(weft_thread *self, const weft_type *type)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (type == NULL) {
        weft_error_set(WEFT_ERROR_VALUE, "%s: type is NULL", __func__);
        return NULL;
    }
    if (!instance_is_type(type) || type->runtime != self->runtime) {
        weft_error_set(WEFT_ERROR_TYPE, "%s: %s is not an instance type of this runtime", __func__, type->name);
        return NULL;
    }
    /* The rest of what weft_new does. */
    weft_object *o = object_alloc_container_sized(thread_of(self), type->index, type->size);
    if (WEFT_UNLIKELY(o == NULL))
        return NULL;
    size_t count = instance_slot_count(type);
    for (size_t i = 0; i < count; i++)
        instance_of(o)->slots[i] = NULL;
    object_track(thread_of(self), o);
    return o;
}

/* A new reference, or NULL if the slot is unset, inside the guard: now nobody replaces it. */
static weft_object *get_guarded(weft_thread *self, instance_object *instance, size_t slot)
{
    guard g;
    guard_enter(self, &g, &instance->object);
    weft_object *value = weft_load_relaxed(&instance->slots[slot]); /* the guard orders it */
    if (value != NULL)
        value = ref_read_guarded(self, value);
    guard_leave(self, &g);
    return value;
}

/* A new reference, or NULL if the slot is unset. */
static inline weft_object *slot_get(weft_thread *self, instance_object *instance, size_t slot)
{
    static void *const no_array =
        NULL; /* slots are part of the object: there is no array that could be another by now */
    weft_object *value = ref_read(self, &instance->slots[slot], &no_array, NULL);
    if (WEFT_LIKELY(value != NULL))
        return value;
    return weft_load_relaxed(&instance->slots[slot]) != NULL ? get_guarded(self, instance, slot) : NULL;
}

weft_object *weft_instance_get(weft_thread *self, weft_object *o, int64_t slot)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (!check_slot(o, slot, __func__))
        return NULL;
    weft_object *value = slot_get(self, instance_of(o), (size_t)slot);
    if (value == NULL)
        weft_error_set(WEFT_ERROR_KEY, "%s: slot %s of %s is unset", __func__,
                       instance_slot_name(weft_type_of(o), (size_t)slot), weft_type_of(o)->name);
    return value;
}

/* Puts `value`, with a reference of the slot's own, in its place and drops what was there. */
static inline void slot_set(weft_thread *self, instance_object *instance, size_t slot, weft_object *value)
{
    guard g;
    guard_enter(self, &g, &instance->object);
    weft_object *old = weft_load_relaxed(&instance->slots[slot]); /* written only inside the guard */
    weft_xincref(self, value); /* here: a fork while this thread waited for the guard would lose it in the child */
    /* order: release - pairs with ref_read, so that a reader sees the object as its maker left it. */
    weft_store_release(&instance->slots[slot], value);
    guard_leave(self, &g);
    weft_xdecref(self, old);
}

weft_status weft_instance_set(weft_thread *self, weft_object *o, int64_t slot, weft_object *value)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!check_slot(o, slot, __func__))
        return weft_error_status();
    slot_set(self, instance_of(o), (size_t)slot, value);
    return WEFT_OK;
}

/* ---- callbacks of every instance type -------------------------------------------------------------------------- */

int instance_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    size_t count = instance_slot_count(weft_type_of(o));
    for (size_t i = 0; i < count; i++) {
        weft_object *value = instance_of(o)->slots[i]; /* the world is stopped */
        int result = value ? visit(value, arg) : 0;
        if (result != 0)
            return result;
    }
    return 0;
}

void instance_clear(weft_thread *self, weft_object *o)
{
    size_t count = instance_slot_count(weft_type_of(o));
    for (size_t i = 0; i < count; i++)
        slot_set(self, instance_of(o), i, NULL); /* a finalizer may have shown `o` to others: as carefully as ever */
}

void instance_destroy(weft_thread *self, weft_object *o)
{
    size_t count = instance_slot_count(weft_type_of(o));
    for (size_t i = 0; i < count; i++)
        weft_xdecref(self, instance_of(o)->slots[i]); /* nobody else can see it any more */
}

/* "Point(x=1, y=2)", unset slots left out. */
weft_object *instance_repr(weft_thread *self, weft_object *o)
{
    const weft_type *type = weft_type_of(o);
    const char *separator = "";
    text_buffer b;
    text_buffer_open(&b, self);
    text_buffer_add_utf8(&b, type->name);
    text_buffer_add_ascii(&b, "(");
    for (size_t i = 0; i < instance_slot_count(type); i++) {
        weft_object *value = slot_get(self, instance_of(o), i);
        if (value == NULL)
            continue;
        text_buffer_add_ascii(&b, separator);
        text_buffer_add_utf8(&b, instance_slot_name(type, i));
        text_buffer_add_ascii(&b, "=");
        text_buffer_add_repr(&b, value);
        weft_decref(self, value);
        separator = ", ";
    }
    text_buffer_add_ascii(&b, ")");
    return text_buffer_finish(&b);
}
