/* heap_system.c - a heap on malloc, one block each, so that ASan, TSan and valgrind see every allocation and every free.
 *
 * Each block has a header in front, which links it into the list of its kind; a lock a kind protects the list. Slow, and
 * meant to be: no magazines (heap_magazine_bytes is 0). Any attached thread. */
#include <pthread.h>
#include <stdlib.h>

#include "heap/heap.h"

/* In front of each block; 32 bytes, so that the block is as aligned as malloc's. */
typedef struct system_block {
    struct system_block *next; /* list's lock */
    struct system_block *prev; /* list's lock */
    size_t size;               /* constant */
    size_t unused;
} system_block;

WEFT_STATIC_ASSERT(sizeof(system_block) % WEFT_BLOCK_ALIGN == 0, "blocks are aligned to 16");

/* Sanitizers end a program that asks for more than a terabyte, rather than say no. */
static const size_t system_most = (size_t)1 << 39;

typedef struct system_list {
    pthread_mutex_t lock; /* protects the links. Nothing is taken inside */
    system_block head;    /* circular */
} system_list;

typedef struct system_body {
    system_list lists[HEAP_KINDS];
} system_body;

static system_list *list_of(heap *h, heap_kind kind)
{
    return &((system_body *)h->body)->lists[kind];
}

static void list_add(system_list *list, system_block *b)
{
    pthread_mutex_lock(&list->lock);
    b->next = list->head.next;
    b->prev = &list->head;
    b->next->prev = b;
    list->head.next = b;
    pthread_mutex_unlock(&list->lock);
}

static void list_remove(system_list *list, system_block *b)
{
    pthread_mutex_lock(&list->lock);
    b->next->prev = b->prev;
    b->prev->next = b->next;
    pthread_mutex_unlock(&list->lock);
}

weft_status heap_open(heap *h)
{
    system_body *body = (system_body *)calloc(1, sizeof *body);
    if (body == NULL)
        return weft_error_set(WEFT_ERROR_MEMORY, "out of memory: no heap for a runtime");
    for (heap_kind kind = HEAP_OBJECT; kind < HEAP_KINDS; kind++) {
        system_list *list = &body->lists[kind];
        pthread_mutex_init(&list->lock, NULL);
        list->head.next = list->head.prev = &list->head;
    }
    *h = (heap){body, HEAP_FAIL_NEVER, 0};
    return WEFT_OK;
}

void heap_close(heap *h)
{
    system_body *body = (system_body *)h->body;
    if (body == NULL)
        return;
    for (heap_kind kind = HEAP_OBJECT; kind < HEAP_KINDS; kind++) {
        system_list *list = &body->lists[kind];
        for (system_block *b = list->head.next, *next; b != &list->head; b = next) {
            next = b->next;
            free(b);
        }
        pthread_mutex_destroy(&list->lock);
    }
    free(body);
    h->body = NULL;
}

weft_status heap_thread_attach(heap *h, heap_thread *part)
{
    (void)h;
    (void)part;
    return WEFT_OK;
}

void heap_thread_detach(heap *h, heap_thread *part)
{
    (void)h;
    (void)part;
}

/* Only attached threads are ever inside. */
bool heap_fork_try_begin(bool force)
{
    (void)force;
    return true;
}

void heap_fork_end(bool in_child)
{
    (void)in_child;
}

void heap_thread_gone(heap *h, heap_thread *part)
{
    (void)h;
    (void)part;
}

void *heap_block_alloc(heap *h, heap_thread *part, heap_kind kind, size_t size)
{
    if (size > system_most)
        return NULL;
    system_block *b = (system_block *)malloc(sizeof *b + size);
    if (b == NULL)
        return NULL;
    b->size = size;
    list_add(list_of(h, kind), b);
    heap_tally_add(&part->tally, kind, 1, (int64_t)size);
    return b + 1;
}

void heap_block_free(heap *h, heap_thread *part, heap_kind kind, void *block, size_t size)
{
    system_block *b = (system_block *)block - 1;
    assert(b->size == size);
    heap_tally_add(&part->tally, kind, -1, -(int64_t)size);
    list_remove(list_of(h, kind), b);
    free(b);
}

void *heap_block_realloc(heap *h, heap_thread *part, void *block, size_t old_size, size_t new_size)
{
    if (new_size > system_most)
        return NULL;
    system_list *list = list_of(h, HEAP_RAW);
    system_block *b = (system_block *)block - 1;
    list_remove(list, b);
    system_block *grown = (system_block *)realloc(b, sizeof *b + new_size);
    if (grown == NULL) {
        list_add(list, b);
        return NULL;
    }
    grown->size = new_size;
    heap_tally_add(&part->tally, HEAP_RAW, 0, (int64_t)(new_size - old_size));
    list_add(list, grown);
    return grown + 1;
}

int heap_walk_stopped(heap *h, heap_kind kind, heap_visit_fn visit, void *arg)
{
    system_list *list = list_of(h, kind);
    for (system_block *b = list->head.next; b != &list->head; b = b->next) {
        int result = visit(b + 1, b->size, arg);
        if (result != 0)
            return result;
    }
    return 0;
}

int heap_areas_stopped(heap *h, heap_kind kind, heap_area_fn area, heap_visit_fn visit, void *arg)
{
    system_list *list = list_of(h, kind);
    (void)visit;
    for (system_block *b = list->head.next; b != &list->head; b = b->next) {
        heap_area a = {(char *)(b + 1), b->size, 1, true};
        int result = area(&a, arg);
        if (result != 0)
            return result;
    }
    return 0;
}

/* All areas are all used: there is nothing to ask. */
bool heap_parts_try_begin(void)
{
    return false;
}

void heap_parts_end(void)
{
}

void heap_part_areas_stopped(heap *h, const heap_thread *part, heap_kind kind, heap_area_fn area, heap_visit_fn visit,
                             void *arg)
{
    (void)h;
    (void)part;
    (void)kind;
    (void)area;
    (void)visit;
    (void)arg;
}

bool heap_areas_own_slices(void)
{
    return false;
}

static void tally_list(const system_list *list, weft_size_stats *classes, weft_heap_stats *stats)
{
    for (uint32_t class = 1; class < WEFT_SIZE_CLASSES; class ++)
        classes[class].block_size = class * (size_t)WEFT_BLOCK_ALIGN;
    for (const system_block *b = list->head.next; b != &list->head; b = b->next) {
        stats->bytes_used += b->size;
        stats->bytes_reserved += b->size + sizeof *b;
        if (b->size <= WEFT_SMALL_MAX) {
            classes[heap_class_of(b->size)].blocks_used++;
        } else {
            stats->large_blocks++;
            stats->large_bytes += b->size;
        }
    }
}

void heap_statistics_stopped(heap *h, weft_heap_stats *stats)
{
    stats->classes = WEFT_SIZE_CLASSES;
    for (heap_kind kind = HEAP_OBJECT; kind < HEAP_KINDS; kind++)
        tally_list(list_of(h, kind), kind == HEAP_RAW ? stats->raw_by_class : stats->objects_by_class, stats);
}

size_t heap_block_size(size_t size)
{
    return size;
}

size_t heap_magazine_bytes(void)
{
    return 0;
}

const char *heap_name(void)
{
    return "system";
}
