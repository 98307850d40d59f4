/* statistics.c - what collections have come to. Written at the end of each, by the thread that did it; read by any attached
 * thread at any time: nobody waits for more than a copy, nothing is allocated, and nothing that decides when the next
 * collection runs is touched. */
#include "gc/shared.h"

static void sums_add(weft_gc_stats *sums, const weft_gc_event *event)
{
    if (event->status == WEFT_OK)
        sums->collections[event->generation]++;
    else
        sums->given_up++;
    sums->candidates += event->candidates;
    sums->found += event->found;
    sums->finalized += event->finalized;
    sums->resurrected += event->resurrected;
    sums->freed += event->freed;
    sums->freed_bytes += event->freed_bytes;
    sums->weak_cleared += event->weak_cleared;
    sums->last = *event;
}

void gc_statistics_add(thread *self, const weft_gc_event *event)
{
    gc_shared *s = gc_shared_of(self);
    gc_statistics *statistics = &s->statistics;
    pthread_mutex_lock(&s->lock);
    sums_add(&statistics->sums, event);
    histogram_add(&statistics->pauses[event->generation], event->pause_ns);
    histogram_add(&statistics->stops, event->stop_ns);
    pthread_mutex_unlock(&s->lock);
}

void gc_statistics_add_share(thread *self, const weft_gc_event *event)
{
    gc_shared *s = gc_shared_of(self);
    weft_gc_stats *sums = &s->statistics.sums;
    pthread_mutex_lock(&s->lock);
    sums->freed += event->freed;
    sums->freed_bytes += event->freed_bytes;
    if (sums->last.number == event->number) {
        sums->last.freed += event->freed;
        sums->last.freed_bytes += event->freed_bytes;
    }
    pthread_mutex_unlock(&s->lock);
}

weft_status weft_gc_statistics(weft_thread *self, weft_gc_stats *stats)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (stats == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_gc_statistics: stats is NULL");
    gc_shared *s = gc_shared_of(thread_of(self));
    pthread_mutex_lock(&s->lock);
    *stats = s->statistics.sums;
    pthread_mutex_unlock(&s->lock);
    for (int i = 0; i < 3; i++)
        histogram_read(&s->statistics.pauses[i], &stats->pause[i]);
    histogram_read(&s->statistics.stops, &stats->stop);
    return WEFT_OK;
}
