/* control.c - when collections start by themselves, what they leave alone, what they keep. Any attached thread. */
#include "core/error.h"
#include "gc/shared.h"

enum { THREADS_MOST = 64, GROWTH_MOST = 100000 };

/* ---- on and off -------------------------------------------------------------------------------------------------------- */

static weft_status set_enabled(weft_thread *self, bool enabled)
{
    weft_store_relaxed(&gc_shared_of(thread_of(self))->enabled, enabled);
    gc_settings_changed(thread_of(self));
    return WEFT_OK;
}

weft_status weft_gc_enable(weft_thread *self)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    return set_enabled(self, true);
}

weft_status weft_gc_disable(weft_thread *self)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    return set_enabled(self, false);
}

int weft_gc_is_enabled(weft_thread *self)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    return gc_is_enabled(self->runtime);
}

bool gc_is_enabled(weft_runtime *runtime)
{
    return weft_load_relaxed(&runtime->gc.shared->enabled);
}

/* ---- settings ------------------------------------------------------------------------------------------------------------ */

/* Each field by itself: whoever reads them without the lock takes them as a hint. */
static void settings_store(weft_gc_settings *to, const weft_gc_settings *from)
{
    weft_store_relaxed(&to->young, from->young);
    weft_store_relaxed(&to->old, from->old);
    weft_store_relaxed(&to->growth, from->growth);
    weft_store_relaxed(&to->floor, from->floor);
    weft_store_relaxed(&to->threads, from->threads);
    weft_store_relaxed(&to->finalizer_thread, from->finalizer_thread);
}

void gc_settings_read(weft_runtime *runtime, weft_gc_settings *settings)
{
    const weft_gc_settings *from = &runtime->gc.shared->settings;
    *settings = (weft_gc_settings){.young = weft_load_relaxed(&from->young),
                                   .old = weft_load_relaxed(&from->old),
                                   .growth = weft_load_relaxed(&from->growth),
                                   .floor = weft_load_relaxed(&from->floor),
                                   .threads = weft_load_relaxed(&from->threads),
                                   .finalizer_thread = weft_load_relaxed(&from->finalizer_thread)};
}

void gc_control_open(gc_shared *s)
{
    gc_settings_default(&s->settings);
    s->enabled = true;
}

weft_status weft_gc_get_settings(weft_thread *self, weft_gc_settings *settings)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (settings == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_gc_get_settings: settings is NULL");
    gc_settings_read(self->runtime, settings);
    return WEFT_OK;
}

static weft_status settings_check(const weft_gc_settings *settings)
{
    if (settings == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_gc_set_settings: settings is NULL");
    if (settings->growth < 1 || settings->growth > GROWTH_MOST)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_gc_set_settings: growth is %u, not 1 to %d",
                              (unsigned)settings->growth, (int)GROWTH_MOST);
    if (settings->threads < 1 || settings->threads > THREADS_MOST)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_gc_set_settings: threads is %u, not 1 to %d",
                              (unsigned)settings->threads, (int)THREADS_MOST);
    return WEFT_OK;
}

weft_status weft_gc_set_settings(weft_thread *self, const weft_gc_settings *settings)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    weft_status status = settings_check(settings);
    if (status != WEFT_OK)
        return status;
    gc_shared *s = gc_shared_of(thread_of(self));
    weft_gc_settings wanted = *settings;
    if (wanted.threads > GC_THREADS_MOST)
        wanted.threads = GC_THREADS_MOST;
    pthread_mutex_lock(&s->lock);
    settings_store(&s->settings, &wanted);
    pthread_mutex_unlock(&s->lock);
    gc_settings_changed(thread_of(self));
    return WEFT_OK;
}

weft_status weft_gc_get_counts(weft_thread *self, weft_gc_counts *counts)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (counts == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_gc_get_counts: counts is NULL");
    *counts = (weft_gc_counts){0};
    gc_counts(self->runtime, counts);
    return WEFT_OK;
}

/* ---- freezing ------------------------------------------------------------------------------------------------------------- */

static int64_t in_stopped_world(thread *self, size_t (*act)(thread *self))
{
    bool stop = !world_is_stopped_by(self);
    if (stop)
        world_stop(self);
    world_drain_stopped(self);
    size_t count = act(self);
    if (stop) {
        world_start(self);
        object_die_pending(self);
    }
    return (int64_t)count;
}

weft_status weft_gc_freeze(weft_thread *self)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    in_stopped_world(thread_of(self), gc_freeze_stopped);
    return WEFT_OK;
}

weft_status weft_gc_unfreeze(weft_thread *self)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    in_stopped_world(thread_of(self), gc_unfreeze_stopped);
    return WEFT_OK;
}

int64_t weft_gc_frozen_count(weft_thread *self)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    return in_stopped_world(thread_of(self), gc_frozen_count_stopped);
}

/* ---- debugging ------------------------------------------------------------------------------------------------------------ */

weft_status weft_gc_set_debug(weft_thread *self, uint32_t flags)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    uint32_t known = WEFT_GC_DEBUG_COLLECTABLE | WEFT_GC_DEBUG_SAVE_ALL;
    if (flags & ~known)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_gc_set_debug: flags 0x%x are not known",
                              (unsigned)(flags & ~known));
    weft_store_relaxed(&gc_shared_of(thread_of(self))->debug, flags);
    return WEFT_OK;
}

uint32_t weft_gc_get_debug(weft_thread *self)
{
    WEFT_CHECK_THREAD(self, 0);
    return weft_load_relaxed(&gc_shared_of(thread_of(self))->debug);
}

/* The runtime's list, which lives as long as that; NULL: no memory. */
static weft_object *garbage_list(thread *self)
{
    gc_shared *s = gc_shared_of(self);
    pthread_mutex_lock(&s->lock);
    weft_object *list = s->garbage;
    pthread_mutex_unlock(&s->lock);
    if (list)
        return list;
    weft_object *made = weft_list_new(&self->head, 0);
    pthread_mutex_lock(&s->lock);
    if (s->garbage == NULL) { /* else another thread was first */
        s->garbage = made;
        made = NULL;
    }
    list = s->garbage;
    pthread_mutex_unlock(&s->lock);
    weft_xdecref(&self->head, made);
    return list;
}

weft_object *weft_gc_garbage(weft_thread *self)
{
    WEFT_CHECK_THREAD(self, NULL);
    weft_object *list = garbage_list(thread_of(self));
    return list ? weft_ref(self, list) : NULL;
}

bool gc_garbage_add(thread *self, weft_object *o)
{
    error_scope scope;
    error_save(&scope);
    weft_object *list = garbage_list(self);
    bool added = list && weft_list_append(&self->head, list, o) == WEFT_OK;
    error_restore(&scope);
    return added;
}

/* ---- roots ---------------------------------------------------------------------------------------------------------------- */

weft_status weft_gc_set_roots(weft_thread *self, weft_gc_roots_fn roots, void *arg)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    thread_of(self)->gc.roots = roots;
    thread_of(self)->gc.roots_arg = arg;
    return WEFT_OK;
}
