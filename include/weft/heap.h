/* heap.h - raw memory for what objects hold, deferred reclamation, statistics, and the walk of all live objects.
 *
 * Raw memory belongs to the runtime; any of its threads may free what another allocated. */
#ifndef WEFT_HEAP_H
#define WEFT_HEAP_H

#include "weft/base.h"
#include "weft/object.h"

WEFT_BEGIN_DECLS

/* `size` bytes, uninitialised, aligned to 16; never NULL for an error-free call. NULL: WEFT_ERROR_MEMORY,
 * WEFT_ERROR_VALUE (size 0), WEFT_ERROR_OVERFLOW (over PTRDIFF_MAX). */
WEFT_API WEFT_MUST_USE void *weft_mem_alloc(weft_thread *self, size_t size);

/* Frees it; `size` is what was asked for. NULL is allowed. */
WEFT_API void weft_mem_free(weft_thread *self, void *p, size_t size);

/* Grows or shrinks; on NULL, `p` is as it was. */
WEFT_API WEFT_MUST_USE void *weft_mem_realloc(weft_thread *self, void *p, size_t old_size, size_t new_size);

/* Frees it once no lock-free reader can still look at it: after every thread that is attached now has passed a
 * safepoint or blocked. Bytes waiting are bounded. */
WEFT_API void weft_mem_retire(weft_thread *self, void *p, size_t size);

/* One size class, in the manner of sys._debugmallocstats. */
typedef struct weft_size_stats {
    size_t block_size;    /* bytes of a block */
    size_t pages;         /* pages (pools) given to the class */
    size_t blocks_used;   /* live blocks, those in free-block caches not counted */
    size_t blocks_cached; /* in the threads' free-block caches */
    size_t blocks_free;   /* free in the class's pages */
} weft_size_stats;

typedef struct weft_heap_stats {
    size_t bytes_used;     /* in live blocks, objects and raw */
    size_t bytes_reserved; /* in pages held, whether used or not */
    size_t objects;        /* live objects */
    size_t bytes_deferred; /* retired, waiting for readers */
    size_t arenas;         /* areas obtained from the system; 0 where the allocator does not tell */
    size_t large_blocks;   /* live blocks over WEFT_SMALL_MAX */
    size_t large_bytes;
    size_t classes; /* entries filled below */
    weft_size_stats objects_by_class[WEFT_SIZE_CLASSES];
    weft_size_stats raw_by_class[WEFT_SIZE_CLASSES];
} weft_heap_stats;

/* Fills *stats. Stops the world for the time of one walk. Any attached thread. */
WEFT_API weft_status weft_heap_statistics(weft_thread *self, weft_heap_stats *stats);

/* Calls visit(o, arg) once for every live object of the runtime, static ones left out, with the world stopped by the
 * caller; ends early at a non-zero result and returns it. WEFT_ERROR_BUSY if the world is not stopped by self. */
WEFT_API int weft_heap_walk(weft_thread *self, int (*visit)(weft_object *o, void *arg), void *arg);

WEFT_END_DECLS

#endif
