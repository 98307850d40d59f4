/* guard.h - how a container keeps its writers apart, and how it is read without a lock. list.c and dict*.c only.
 *
 *   guard_enter .. guard_leave   one thread at a time changes the container. Nothing in between may block, reach a
 *                                safepoint, or run code of the program; references are dropped after it.
 *   guard_alone                  inside a guard: nobody can be reading the container's array without a lock, so it may
 *                                be moved, changed in any order, and freed at once. If not, every slot must hold NULL
 *                                or a valid object at all times, and an array that is replaced is retired.
 *   guard_readable               may this thread read the array without a guard?
 *   slot_get                     a reference to what a slot holds, without a lock.
 *
 * guard_ft.h: the thread that owns the container (owner id in the header) uses it without any atomic read-modify-write
 * until another thread first touches it; that thread sets WEFT_BIT_READERS in the header and makes sure that the owner
 * has seen it. From then on everybody takes the object's lock to write. docs/dict.md has the argument.
 * guard_gil.h: only one thread runs, nothing to do. */
#ifndef WEFT_CORE_TYPES_GUARD_H
#define WEFT_CORE_TYPES_GUARD_H

#include "core/core.h"

#ifdef WEFT_GIL
#include "core/types/guard_gil.h"
#else
#include "core/types/guard_ft.h"
#endif

#endif
