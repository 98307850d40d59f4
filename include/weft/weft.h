/* weft.h - a free-threaded concurrent object runtime: counted objects, per-thread heaps, threads that run at once.
 *
 * Includes every public header, one a concept. Read them in this order. */
#ifndef WEFT_H
#define WEFT_H

#include "weft/status.h"     /* errors */
#include "weft/runtime.h"    /* a runtime */
#include "weft/thread.h"     /* attach, block, safepoints */
#include "weft/type.h"       /* what an object is */
#include "weft/object.h"     /* new, hash, equal, repr */
#include "weft/refcount.h"   /* references */
#include "weft/lock.h"       /* locks and critical sections */
#include "weft/heap.h"       /* raw memory, statistics, the walk */
#include "weft/gc.h"         /* cycles */
#include "weft/weakref.h"    /* weak references */
#include "weft/scalars.h"    /* none, bool, int, float */
#include "weft/text.h"       /* str, bytes */
#include "weft/containers.h" /* tuple, list, dict, set, deque, instances, cell, closure */
#include "weft/iterate.h"    /* iterators */
#include "weft/json.h"       /* JSON in and out */

#endif
