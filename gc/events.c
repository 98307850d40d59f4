/* events.c - callbacks at the start and end of collections.
 *
 * They are called without a lock, and may add and remove callbacks. So an entry that is being called stays where it is
 * until its last caller is back, and a round calls only those that were there when it began.
 * Threads: any attached one; the list is gc_shared.lock's. */
#include <stdlib.h>

#include "core/error.h"
#include "gc/shared.h"

struct gc_callback {
    gc_callback *next;
    weft_gc_event_fn fn; /* constant */
    void *arg;           /* constant */
    uint64_t number;     /* constant; rises along the list */
    uint32_t callers;    /* threads that are in it */
    bool removed;        /* and not called any more */
};

static gc_callback **find_locked(gc_shared *s, weft_gc_event_fn fn, void *arg)
{
    gc_callback **link = &s->callbacks;
    while (*link && ((*link)->removed || (*link)->fn != fn || (*link)->arg != arg))
        link = &(*link)->next;
    return link;
}

/* Unlinks it, to be freed by the caller, if nobody is in it; else NULL. */
static gc_callback *unlink_unused_locked(gc_shared *s, gc_callback *entry)
{
    if (!entry->removed || entry->callers)
        return NULL;
    gc_callback **link = &s->callbacks;
    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    return entry;
}

static bool try_add(gc_shared *s, gc_callback *made)
{
    pthread_mutex_lock(&s->lock);
    bool there = *find_locked(s, made->fn, made->arg) != NULL;
    if (!there) {
        gc_callback **link = &s->callbacks;
        while (*link)
            link = &(*link)->next;
        made->number = ++s->callbacks_added;
        *link = made;
    }
    pthread_mutex_unlock(&s->lock);
    return !there;
}

weft_status weft_gc_add_callback(weft_thread *self, weft_gc_event_fn fn, void *arg)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (fn == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_gc_add_callback: fn is NULL");
    bool should_fail = heap_should_fail(&self->runtime->heap);
    gc_callback *made = should_fail ? NULL : (gc_callback *)calloc(1, sizeof *made);
    if (made == NULL)
        return weft_error_set(WEFT_ERROR_MEMORY, "weft_gc_add_callback: out of memory");
    made->fn = fn;
    made->arg = arg;
    if (!try_add(gc_shared_of(thread_of(self)), made)) {
        free(made);
        return weft_error_set(WEFT_ERROR_VALUE, "weft_gc_add_callback: this function and arg are there already");
    }
    return WEFT_OK;
}

weft_status weft_gc_remove_callback(weft_thread *self, weft_gc_event_fn fn, void *arg)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    gc_shared *s = gc_shared_of(thread_of(self));
    pthread_mutex_lock(&s->lock);
    gc_callback *entry = *find_locked(s, fn, arg), *unused = NULL;
    if (entry) {
        entry->removed = true;
        unused = unlink_unused_locked(s, entry);
    }
    pthread_mutex_unlock(&s->lock);
    free(unused);
    return entry ? WEFT_OK : weft_error_set(WEFT_ERROR_KEY, "weft_gc_remove_callback: no such callback");
}

bool gc_events_wanted(const thread *self)
{
    gc_shared *s = gc_shared_of(self);
    pthread_mutex_lock(&s->lock);
    bool wanted = s->callbacks != NULL;
    pthread_mutex_unlock(&s->lock);
    return wanted;
}

static void call_one(thread *self, const gc_callback *entry, enum weft_gc_phase phase, const weft_gc_event *event,
                     weft_object *o)
{
    error_scope scope;
    error_save(&scope);
    entry->fn(&self->head, phase, event, o, entry->arg);
    error_restore(&scope);
}

void gc_events_call(thread *self, enum weft_gc_phase phase, const weft_gc_event *event, weft_object *o)
{
    gc_shared *s = gc_shared_of(self);
    pthread_mutex_lock(&s->lock);
    uint64_t last = s->callbacks_added;
    gc_callback *entry = s->callbacks;
    while (entry && entry->number <= last) {
        if (entry->removed) {
            entry = entry->next;
            continue;
        }
        entry->callers++;
        pthread_mutex_unlock(&s->lock);
        call_one(self, entry, phase, event, o);
        pthread_mutex_lock(&s->lock);
        entry->callers--;
        gc_callback *next = entry->next;
        free(unlink_unused_locked(s, entry));
        entry = next;
    }
    pthread_mutex_unlock(&s->lock);
}

void gc_events_close(gc_shared *s)
{
    while (s->callbacks) {
        gc_callback *entry = s->callbacks;
        s->callbacks = entry->next;
        free(entry);
    }
}
