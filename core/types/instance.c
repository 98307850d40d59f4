/* instance.c - objects with declared slots: a header and one word a slot.
 *
 * Slots are read without a lock: see slot.h. Any attached thread, any number at once. The types themselves are in
 * instance_type.c; instances that take any attribute in open.c. */
#include "core/text_buffer.h"
#include "core/types/instance.h"
#include "core/types/open.h"
#include "core/types/slot.h"

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
    if (open_is_type(type) && type->runtime == self->runtime)
        return open_new(self, type);
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

/* The whole of the two functions below, of which they do the common part without a call. */

static __attribute__((noinline)) weft_object *instance_get_any(weft_thread *self, weft_object *o, int64_t slot)
{
    static const char name[] = "weft_instance_get";
    if (thread_check(self, name) != WEFT_OK || !check_slot(o, slot, name))
        return NULL;
    weft_object *value = slot_get(self, o, &instance_of(o)->slots[slot]);
    if (value == NULL)
        weft_error_set(WEFT_ERROR_KEY, "%s: slot %s of %s is unset", name,
                       instance_slot_name(weft_type_of(o), (size_t)slot), weft_type_of(o)->name);
    return value;
}

static __attribute__((noinline)) weft_status instance_set_any(weft_thread *self, weft_object *o, int64_t slot,
                                                              weft_object *value)
{
    static const char name[] = "weft_instance_set";
    if (thread_check(self, name) != WEFT_OK)
        return WEFT_ERROR_THREAD;
    if (!check_slot(o, slot, name))
        return weft_error_status();
    slot_set(self, o, &instance_of(o)->slots[slot], value);
    return WEFT_OK;
}

/* Is `slot` one of o's, which may be NULL? Sets no error. */
static inline bool has_slot(const weft_object *o, int64_t slot)
{
    return WEFT_LIKELY(o != NULL) && WEFT_LIKELY((uint64_t)slot < weft_type_of(o)->slots);
}

weft_object *weft_instance_get(weft_thread *self, weft_object *o, int64_t slot)
{
    if (thread_is_current(self) && has_slot(o, slot)) {
        weft_object *value = ref_read_own(count_id_of(self), &instance_of(o)->slots[slot], NULL, NULL, true);
        if (WEFT_LIKELY(value != NULL))
            return value;
    }
    return instance_get_any(self, o, slot);
}

static __attribute__((noinline)) weft_status instance_drop(weft_thread *self, weft_object *old)
{
    weft_decref(self, old);
    return WEFT_OK;
}

weft_status weft_instance_set(weft_thread *self, weft_object *o, int64_t slot, weft_object *value)
{
    guard_pass *pass = NULL;
    if (thread_is_current(self) && has_slot(o, slot) && WEFT_LIKELY(value != NULL))
        pass = guard_try(self, o);
    if (WEFT_UNLIKELY(pass == NULL))
        return instance_set_any(self, o, slot, value);
    count_id id = count_id_of(self);
    if (WEFT_UNLIKELY(!count_try_take(id, value))) {
        guard_end(pass);
        return instance_set_any(self, o, slot, value);
    }
    weft_object *old = instance_of(o)->slots[slot];
    /* order: release - pairs with ref_read. */
    weft_store_release(&instance_of(o)->slots[slot], value);
    guard_end(pass);
    if (old == NULL || WEFT_LIKELY(count_try_drop(id, old)))
        return WEFT_OK;
    return instance_drop(self, old);
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
        slot_set(self, o, &instance_of(o)->slots[i],
                 NULL); /* a finalizer may have shown `o` to others: as carefully as ever */
}

void instance_destroy(weft_thread *self, weft_object *o)
{
    size_t count = instance_slot_count(weft_type_of(o));
    for (size_t i = 0; i < count; i++)
        weft_xdecref(self, instance_of(o)->slots[i]); /* nobody else can see it any more */
}

/* As object_die_plain, which does not know what there is to do. */
void instance_die(weft_thread *self, weft_object *o)
{
    thread *t = thread_of(self);
    const weft_type *type = weft_type_of(o);
    size_t size = type->size;
    if (WEFT_UNLIKELY(size > WEFT_SMALL_MAX - HEADER_FRONT)) {
        object_die_plain(self, o);
    } else if (object_die_begin(t, o)) {
        instance_destroy(self, o);
        object_free_container(t, o, size);
        object_die_end(t);
    }
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
        weft_object *value = slot_get(self, o, &instance_of(o)->slots[i]);
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

weft_object *instance_copy(weft_thread *self, weft_object *o)
{
    return weft_instance_new(self, weft_type_of(o));
}

weft_status instance_copy_fill(weft_thread *self, weft_object *to, weft_object *from, weft_copy_child_fn map, void *arg)
{
    size_t count = instance_slot_count(weft_type_of(from));
    for (size_t i = 0; i < count; i++) {
        weft_object *value = slot_get(self, from, &instance_of(from)->slots[i]);
        if (value == NULL)
            continue;
        weft_object *mapped = map(self, value, arg);
        weft_decref(self, value);
        if (mapped == NULL)
            return weft_error_status();
        slot_set(self, to, &instance_of(to)->slots[i], mapped);
        weft_decref(self, mapped);
    }
    return WEFT_OK;
}
