/* adopt_ft.h - how garbage comes to the thread that clears it. */
#ifndef WEFT_GC_ADOPT_FT_H
#define WEFT_GC_ADOPT_FT_H

#include "refcount/refcount.h"

/* Makes self the owner of `o`, a live object that is no root for good, and adds a reference that is the caller's. World
 * stopped, all queues drained. */
void gc_adopt_stopped(thread *self, weft_object *o);

/* The same, and puts it into run->garbage, where there is room; deferred ones come to its front, and are not deferred until
 * a finalizer brings them back. */
void gc_garbage_add_stopped(thread *self, gc_run *run, weft_object *o);

#endif
