/* runtime.h - a runtime: one heap, its types, its threads. Several may live in one process; objects never cross. */
#ifndef WEFT_RUNTIME_H
#define WEFT_RUNTIME_H

#include "weft/base.h"
#include "weft/flavour.h"
#include "weft/status.h"
#include "weft/thread.h"

WEFT_BEGIN_DECLS

/* Zero-initialise it; zero means the default. */
typedef struct weft_config {
    uint32_t max_threads; /* attached at once. 0: WEFT_MAX_THREADS, which is also the most */
} weft_config;

WEFT_API weft_runtime *weft_runtime_create(const weft_config *config, const char *flavour_tag);

/* A new runtime, or NULL: WEFT_ERROR_MEMORY, WEFT_ERROR_VALUE (config out of range), WEFT_ERROR_SYSTEM (the allocator
 * failed its start-up test). `config` may be NULL. Any thread; nobody is attached yet. The reference to
 * weft_flavour_tag is what makes a program compiled for one flavour fail to link with the other. */
static inline WEFT_MUST_USE weft_runtime *weft_runtime_new(const weft_config *config)
{
    return weft_runtime_create(config, &weft_flavour_tag);
}

/* Frees the runtime with every object in it; their destroy callbacks do not run. WEFT_ERROR_BUSY if a thread is still
 * attached (also the caller), WEFT_ERROR_VALUE for NULL; nothing changes then. Any thread. */
WEFT_API weft_status weft_runtime_free(weft_runtime *runtime);

/* Makes the n-th allocation from now in self's runtime fail (1 is the next one), and all after it if `repeat`; n = 0
 * switches it off. Every allocation counts: objects, raw memory, the library's own. For tests of running out of memory;
 * while it is on, the free-block caches are off. Stops the world. */
WEFT_API weft_status weft_fail_allocation(weft_thread *self, uint64_t n, bool repeat);

/* "free-threaded" or "gil". */
WEFT_API const char *weft_flavour_name(void);
WEFT_API const char *weft_version(void);

WEFT_END_DECLS

#endif
