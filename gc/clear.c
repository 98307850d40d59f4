/* clear.c - the end of garbage: each object drops what it refers to, and then the run drops its own reference, by which it dies.
 *
 * In batches that stay in the cache: all of a batch are cleared, then those dropped that nothing else refers to any more. So
 * nearly all die here, one after the other, and not inside one another's clear, all over the memory. Who is referred to by one
 * that is not cleared yet lingers until all are. In a batch of its own, then, a large knot takes a second look at its objects.
 *
 * An object leaves the array when it dies, not before: so whoever looks at the runtime from outside meanwhile knows
 * that it is garbage (inspect.c), and a clear or a destructor that ends the thread leaves nothing behind (gc_thread_ends).
 * What has been cleared is counted at once, for the same reason. Threads: the one that collects, with the world running. */
#include "gc/shared.h"
#include "refcount/refcount.h"

enum {
    BATCH = 128, /* small objects: 8 KiB */
    AHEAD = 8    /* headers fetched before they are looked at */
};

static inline void clear_one(thread *self, gc_run *run, weft_object *o)
{
    const weft_type *type = weft_type_of(o);
    size_t bytes = WEFT_LIKELY(type->item_size == 0) ? heap_round(type->block_size) : weft_sizeof(o);
    if (type->clear)
        type->clear(&self->head, o);
    run->event.freed++;
    run->event.freed_bytes += bytes;
}

static void clear_batch(thread *self, gc_run *run, size_t begin, size_t end)
{
    weft_object **items = run->garbage.items;
    for (size_t i = begin; i < end; i++) {
        if (i + AHEAD < run->garbage.count)
            __builtin_prefetch(items[i + AHEAD], 1);
        run->clearing = items[i];
        clear_one(self, run, items[i]);
    }
    run->clearing = NULL;
}

/* Those that linger come to items[kept]; returns how many there are then before the batch's end. */
static size_t drop_batch(thread *self, gc_run *run, size_t kept, size_t begin, size_t end)
{
    weft_object **items = run->garbage.items;
    for (size_t i = begin; i < end; i++) {
        weft_object *o = items[i];
        items[i] = NULL;
        if (WEFT_LIKELY(count_is_last(self, o)))
            weft_decref(&self->head, o);
        else
            items[kept++] = o;
    }
    return kept;
}

void gc_clear_all(thread *self, gc_run *run)
{
    gc_array *garbage = &run->garbage;
    size_t kept = 0;
    for (size_t begin = 0; begin < garbage->count; begin += BATCH) {
        size_t end = garbage->count - begin < BATCH ? garbage->count : begin + BATCH;
        clear_batch(self, run, begin, end);
        kept = drop_batch(self, run, kept, begin, end);
    }
    garbage->count = kept;
    gc_give_up(self, garbage);
}
