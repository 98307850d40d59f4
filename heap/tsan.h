/* tsan.h - tells ThreadSanitizer what it cannot see: that a block which one thread freed and another allocated was
 * handed over by atomics inside an allocator that was not compiled for it.
 *
 * Release at free, acquire at allocate, for every 16 bytes of a small block, since the memory may come back as part of a
 * block of another size; where large blocks come in, through one address for all. Used in heap/ and nowhere else. `taken` may be given NULL. */
#ifndef WEFT_HEAP_TSAN_H
#define WEFT_HEAP_TSAN_H

#include "weft/base.h"
#include "weft/thread.h"

#if defined(__SANITIZE_THREAD__)
#define HEAP_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HEAP_TSAN 1
#endif
#endif

#ifdef HEAP_TSAN
void __tsan_acquire(void *address);
void __tsan_release(void *address);

/* Only their addresses matter. heap_mimalloc_check.c. */
extern char tsan_any_given;   /* every free releases it, large allocations acquire it */
extern char tsan_large_given; /* large frees release it, every allocation acquires it */

static inline void tsan_block_given(void *block, size_t size)
{
    __tsan_release(&tsan_any_given);
    if (size > WEFT_SMALL_MAX)
        __tsan_release(&tsan_large_given);
    for (size_t at = 0; at < size && size <= WEFT_SMALL_MAX; at += WEFT_BLOCK_ALIGN)
        __tsan_release((char *)block + at);
}

static inline void tsan_block_taken(void *block, size_t size)
{
    if (block == NULL)
        return;
    __tsan_acquire(&tsan_large_given);
    if (size > WEFT_SMALL_MAX)
        __tsan_acquire(&tsan_any_given);
    for (size_t at = 0; at < size && size <= WEFT_SMALL_MAX; at += WEFT_BLOCK_ALIGN)
        __tsan_acquire((char *)block + at);
}
#else
static inline void tsan_block_given(void *block, size_t size)
{
    (void)block;
    (void)size;
}

static inline void tsan_block_taken(void *block, size_t size)
{
    (void)block;
    (void)size;
}
#endif

#endif
