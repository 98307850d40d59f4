/* lock_ft.h - the object's lock as a kind of lock, for critical_ft.c. */
#ifndef WEFT_CORE_LOCK_FT_H
#define WEFT_CORE_LOCK_FT_H

#include "core/lock.h"

extern const lock_kind lock_kind_object;

/* Does a section of t's that is taken hold the lock of o? critical_ft.c. */
bool critical_holds(const thread *t, const weft_object *o);

#endif
