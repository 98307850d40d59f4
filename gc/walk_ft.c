/* walk_ft.c - the free-threaded flavour: walks over all tracked objects for everything but finding garbage: visiting,
 * freezing. In the order of the heap. Who has the world stopped. */
#include "core/core.h"
#include "gc/trace_ft.h"
#include "gc/young_ft.h"

typedef struct object_walk {
    int (*visit)(weft_object *o, void *arg);
    void *arg;
    uint8_t mask, bits; /* those of mask are as in `bits` */
} object_walk;

static int walk_block(void *block, size_t size, void *arg)
{
    (void)size;
    const object_walk *w = (const object_walk *)arg;
    weft_object *o = (weft_object *)block;
    if ((object_bits(o) & w->mask) != w->bits || !object_is_live(o))
        return 0;
    return w->visit(o, w->arg);
}

/* Tracked objects with `bits`, and without the others of `mask`. */
static int walk_objects(thread *self, uint8_t mask, uint8_t bits, int (*visit)(weft_object *o, void *arg), void *arg)
{
    object_walk w = {visit, arg, (uint8_t)(mask | WEFT_BIT_TRACKED), (uint8_t)(bits | WEFT_BIT_TRACKED)};
    return heap_walk_stopped(&self->head.runtime->heap, HEAP_CONTAINER, walk_block, &w);
}

int gc_visit_stopped(thread *self, weft_gc_generation generation, int (*visit)(weft_object *o, void *arg), void *arg)
{
    if (generation == WEFT_GC_YOUNG)
        return young_visit_stopped(self, visit, arg);
    uint8_t without = generation == WEFT_GC_FULL ? 0 : WEFT_BIT_LOGGED | WEFT_BIT_FROZEN;
    return walk_objects(self, without, 0, visit, arg);
}

static int freeze_object(weft_object *o, void *arg)
{
    object_set_bits(o, WEFT_BIT_FROZEN);
    ++*(size_t *)arg;
    return 0;
}

static int unfreeze_object(weft_object *o, void *arg)
{
    object_clear_bits(o, WEFT_BIT_FROZEN);
    ++*(size_t *)arg;
    return 0;
}

static int count_object(weft_object *o, void *arg)
{
    (void)o;
    ++*(size_t *)arg;
    return 0;
}

size_t gc_freeze_stopped(thread *self)
{
    size_t count = 0;
    (void)walk_objects(self, WEFT_BIT_FROZEN, 0, freeze_object, &count);
    young_forget_stopped(self); /* when they are given back they are old */
    return count;
}

size_t gc_unfreeze_stopped(thread *self)
{
    size_t count = 0;
    (void)walk_objects(self, WEFT_BIT_FROZEN, WEFT_BIT_FROZEN, unfreeze_object, &count);
    return count;
}

size_t gc_frozen_count_stopped(thread *self)
{
    size_t count = 0;
    (void)walk_objects(self, WEFT_BIT_FROZEN, WEFT_BIT_FROZEN, count_object, &count);
    return count;
}
