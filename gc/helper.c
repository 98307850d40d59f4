/* helper.c - the finalizer thread: a thread of the library's own that does the collections that start by themselves.
 *
 * A finalizer that runs at a safepoint runs amid whatever the program is doing there, with the program's locks held. With
 * weft_gc_settings.finalizer_thread the safepoint only asks this thread, which attaches, does the whole collection
 * (whose finds it then owns, and counts at full speed), and detaches. It is made when it is first asked, ended by
 * weft_runtime_free, gone after a fork, and made anew when it is asked again. */
#include <signal.h>
#include <string.h>

#include "core/error.h"
#include "gc/shared.h"

void gc_helper_open(gc_helper *h)
{
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->wake, NULL);
}

void gc_helper_close(gc_helper *h)
{
    pthread_cond_destroy(&h->wake);
    pthread_mutex_destroy(&h->lock);
}

/* False: it could not attach. */
static bool helper_work(weft_runtime *runtime)
{
    weft_thread *self = weft_thread_attach(runtime);
    if (self == NULL)
        return false;
    while (gc_collect_due(thread_of(self)))
        weft_safepoint(self);
    (void)weft_thread_detach(self);
    return true;
}

static void *helper_main(void *arg)
{
    weft_runtime *runtime = arg;
    gc_helper *h = &runtime->gc.shared->helper;
    pthread_mutex_lock(&h->lock);
    for (;;) {
        while (!h->asked && !h->ending)
            pthread_cond_wait(&h->wake, &h->lock);
        if (h->ending)
            break;
        pthread_mutex_unlock(&h->lock);
        bool done = helper_work(runtime);
        pthread_mutex_lock(&h->lock);
        h->unable = !done;
        h->asked = false;
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

/* With all signals blocked: they are for the program's threads. */
static bool helper_create_locked(gc_helper *h, weft_runtime *runtime)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    h->exists = pthread_create(&h->thread, NULL, helper_main, runtime) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return h->exists;
}

bool gc_helper_ask(thread *self)
{
    gc_helper *h = &gc_shared_of(self)->helper;
    pthread_mutex_lock(&h->lock);
    bool able = !h->unable && (h->exists || helper_create_locked(h, self->head.runtime));
    h->unable = false; /* the next time it is tried again */
    if (able && !h->asked) {
        h->asked = true;
        pthread_cond_signal(&h->wake);
    }
    pthread_mutex_unlock(&h->lock);
    return able;
}

void gc_helper_ends(gc_helper *h)
{
    pthread_mutex_lock(&h->lock);
    if (h->exists && pthread_equal(h->thread, pthread_self())) {
        h->exists = h->asked = false;
        pthread_detach(h->thread);
    }
    pthread_mutex_unlock(&h->lock);
}

void gc_helper_stop(weft_runtime *runtime)
{
    gc_helper *h = &runtime->gc.shared->helper;
    pthread_mutex_lock(&h->lock);
    bool exists = h->exists;
    pthread_t os_thread = h->thread;
    h->exists = false;
    h->ending = exists;
    pthread_cond_signal(&h->wake);
    pthread_mutex_unlock(&h->lock);
    if (exists) {
        pthread_join(os_thread, NULL);
        h->ending = h->asked = false;
    }
}

/* The thread is gone, and may have left the lock taken. */
void gc_helper_after_fork_child(gc_helper *h)
{
    memset(h, 0, sizeof *h);
    gc_helper_open(h);
}
