/* limbo_ft.c - dead blocks that stand in a log of young blocks: heap/limbo_ft.h. The attached thread; who has the world
 * stopped, for any thread. */
#include "heap/limbo.h"

#include "gc/young_ft.h"

enum {
    LARGE_TRIES = 8,           /* large blocks that are looked at for one of the right size */
    LIMBO_MOST_BYTES = 8 << 20 /* a thread with more asks for a young collection */
};

typedef struct dead_block {
    struct dead_block *next; /* word 0: readers of a dead block look at word 1 alone */
    uint64_t word1;
    size_t size; /* large ones */
} dead_block;

static dead_block *block_pop(void **list)
{
    dead_block *b = (dead_block *)*list;
    if (b != NULL)
        *list = b->next;
    return b;
}

static void *take_large(heap_limbo *limbo, size_t size)
{
    void **link = &limbo->large;
    for (int i = 0; i < LARGE_TRIES && *link != NULL; i++) {
        dead_block *b = (dead_block *)*link;
        if (b->size == size)
            return block_pop(link);
        link = (void **)&b->next;
    }
    return NULL;
}

/* Without magazines (sanitizers) nothing is used again, so that a use after death is seen. */
void *limbo_take_slow(thread *self, size_t size)
{
    heap_limbo *limbo = &self->heap.limbo;
    if (heap_magazine_bytes() == 0)
        return NULL;
    void *block = size <= WEFT_SMALL_MAX ? block_pop(&limbo->small[heap_class_of(size)]) : take_large(limbo, size);
    if (block != NULL)
        limbo->bytes -= size;
    return block;
}

void limbo_put(thread *self, void *block, size_t size)
{
    heap_limbo *limbo = &self->heap.limbo;
    dead_block *b = (dead_block *)block;
    void **list = size <= WEFT_SMALL_MAX ? &limbo->small[heap_class_of(size)] : &limbo->large;
    if (size > WEFT_SMALL_MAX)
        b->size = size;
    b->next = (dead_block *)*list;
    *list = b;
    bool was_over = limbo->bytes > LIMBO_MOST_BYTES;
    limbo->bytes += size;
    if (WEFT_UNLIKELY(limbo->bytes > LIMBO_MOST_BYTES) && !was_over)
        young_limbo_is_full(self);
}

static size_t release_list(thread *self, void **list, size_t size)
{
    size_t released = 0;
    while (*list != NULL) {
        dead_block *b = (dead_block *)*list;
        if (object_bits((const weft_object *)(void *)b) & WEFT_BIT_LOGGED) {
            list = (void **)&b->next;
            continue;
        }
        *list = b->next;
        size_t bytes = size ? size : b->size;
        heap_block_free(&self->head.runtime->heap, &self->heap, HEAP_CONTAINER, b, bytes);
        released += bytes;
    }
    return released;
}

void limbo_release_stopped(thread *self, thread *of)
{
    heap_limbo *limbo = &of->heap.limbo;
    if (limbo->bytes == 0)
        return;
    for (uint32_t class = 1; class < WEFT_SIZE_CLASSES; class ++)
        limbo->bytes -= release_list(self, &limbo->small[class], class * (size_t)WEFT_BLOCK_ALIGN);
    limbo->bytes -= release_list(self, &limbo->large, 0);
}

void heap_limbo_book_stopped(const thread *of, weft_heap_stats *stats)
{
    const heap_limbo *limbo = &of->heap.limbo;
    for (uint32_t class = 1; class < WEFT_SIZE_CLASSES; class ++) {
        size_t block_size = heap_block_size(class * (size_t)WEFT_BLOCK_ALIGN);
        weft_size_stats *cached = &stats->objects_by_class[heap_class_of(block_size)];
        for (const dead_block *b = (const dead_block *)limbo->small[class]; b != NULL; b = b->next) {
            cached->blocks_cached++;
            cached->blocks_used--;
            stats->bytes_used -= block_size;
        }
    }
    for (const dead_block *b = (const dead_block *)limbo->large; b != NULL; b = b->next) {
        stats->large_blocks--;
        stats->large_bytes -= heap_block_size(b->size);
        stats->bytes_used -= heap_block_size(b->size);
    }
}
