/* inside_gil.c - see inside.h. */
#include "stress/inside.h"

#include <stdio.h>

#include "core/core.h"

void inside_each_queued(weft_thread *self, void (*visit)(weft_object *o, void *arg), void *arg)
{
    (void)self;
    (void)visit;
    (void)arg;
}

void inside_each_dying(weft_thread *self, void (*visit)(weft_object *o, const weft_type *type, void *arg), void *arg)
{
    for (thread *t = weft_load_acquire(&self->runtime->all); t; t = t->all_next)
        for (weft_object *o = t->dying; o; o = (weft_object *)(intptr_t)o->count)
            visit(o, weft_type_of(o), arg);
}

bool inside_is_tracked(const weft_object *o)
{
    return object_bits(o) & WEFT_BIT_TRACKED;
}

void inside_describe(weft_thread *self, weft_object *o)
{
    (void)self;
    fprintf(stderr, "stress: %p: count %lld, bits %#x\n", (void *)o, (long long)o->count, (unsigned)o->bits);
}
