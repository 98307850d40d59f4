/* inside.c - see inside.h: what is the same in both flavours. */
#include "stress/inside.h"

#include "core/core.h"

static void each_of(const gc_array *a, void (*visit)(weft_object *o, void *arg), void *arg)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->items[i])
            visit(a->items[i], arg);
}

void inside_each_collected(weft_thread *self, void (*visit)(weft_object *o, void *arg), void *arg)
{
    for (thread *t = weft_load_acquire(&self->runtime->all); t; t = t->all_next) {
        if (!t->gc.collecting)
            continue;
        each_of(&t->gc.run.garbage, visit, arg);
        each_of(&t->gc.run.resurrected, visit, arg);
        each_of(&t->gc.run.callbacks, visit, arg);
        each_of(&t->gc.run.drops, visit, arg);
    }
}

bool inside_hides(weft_thread *self)
{
    for (thread *t = weft_load_acquire(&self->runtime->all); t; t = t->all_next)
        if (t->gc.weak_calls || (t->gc.collecting && t->gc.run.clearing))
            return true;
    return false;
}

bool inside_is_clearing(weft_thread *self, const weft_object *o)
{
    const gc_thread *gc = &thread_of(self)->gc;
    return gc->collecting && gc->run.clearing == o;
}

bool inside_is_destroying(weft_thread *self)
{
    return thread_of(self)->destroying;
}
