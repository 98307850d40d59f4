/* inside_ft.c - see inside.h. */
#include "stress/inside.h"

#include <stdio.h>

#include "core/core.h"

void inside_each_queued(weft_thread *self, void (*visit)(weft_object *o, void *arg), void *arg)
{
    world *w = &self->runtime->world;
    uint32_t used = weft_load_acquire(&w->slots_used);
    for (uint32_t id = 1; id <= used; id++)
        for (queue_node *n = weft_load_acquire(&w->slots[id].queue); n; n = n->next)
            visit(n->object, arg);
    for (thread *t = weft_load_acquire(&self->runtime->all); t; t = t->all_next)
        if (t->merging)
            visit(t->merging, arg);
}

void inside_each_dying(weft_thread *self, void (*visit)(weft_object *o, const weft_type *type, void *arg), void *arg)
{
    for (thread *t = weft_load_acquire(&self->runtime->all); t; t = t->all_next) {
        for (weft_object *o = t->dying; o;) {
            weft_object *next = dying_take_link(o); /* makes the header whole for a moment */
            visit(o, weft_type_of(o), arg);
            dying_set_link(o, next);
            o = next;
        }
    }
}

bool inside_is_tracked(const weft_object *o)
{
    return object_bits(o) & WEFT_BIT_TRACKED;
}

typedef struct found {
    weft_object *object;
    int count;
} found;

static void count_entry(weft_object *o, void *arg)
{
    found *f = arg;
    f->count += o == f->object;
}

void inside_describe(weft_thread *self, weft_object *o)
{
    found f = {o, 0};
    inside_each_queued(self, count_entry, &f);
    fprintf(stderr, "stress: %p: local %u, shared %d (state %d), owner %u, bits %#x, lock %u; %d queue entries\n",
            (void *)o, (unsigned)o->local, (int)(o->shared >> 2), (int)(o->shared & 3), (unsigned)o->owner,
            (unsigned)o->bits, (unsigned)o->lock, f.count);
}
