/* lock_gil.h - object locks of the GIL flavour: none needed. Included by lock.h only. */
#ifndef WEFT_LOCK_GIL_H
#define WEFT_LOCK_GIL_H

#include "weft/lock.h"

static inline weft_status weft_lock(weft_thread *self, weft_object *o)
{
    (void)self;
    (void)o;
    return WEFT_OK;
}

static inline void weft_unlock(weft_thread *self, weft_object *o)
{
    (void)self;
    (void)o;
}

static inline void weft_critical_begin(weft_thread *self, weft_critical *section, weft_object *o)
{
    (void)self;
    (void)section;
    (void)o;
}

static inline void weft_critical_begin2(weft_thread *self, weft_critical *section, weft_object *a, weft_object *b)
{
    (void)self;
    (void)section;
    (void)a;
    (void)b;
}

static inline void weft_critical_end(weft_thread *self, weft_critical *section)
{
    (void)self;
    (void)section;
}

#endif
