/* heap_pymalloc_large.c - blocks above WEFT_SMALL_MAX: malloc, linked into a list a kind, so that they can be walked and
 * freed with the runtime. */
#include <stdlib.h>

#include "heap/heap_pymalloc.h"

static void large_link(large_block *head, large_block *b)
{
    b->next = head->next;
    b->prev = head;
    b->next->prev = b;
    head->next = b;
}

static void large_unlink(large_block *b)
{
    b->next->prev = b->prev;
    b->prev->next = b->next;
}

void large_init(pymalloc *py)
{
    for (heap_kind kind = HEAP_OBJECT; kind < HEAP_KINDS; kind++)
        py->large[kind].next = py->large[kind].prev = &py->large[kind];
}

void *large_alloc(pymalloc *py, heap_kind kind, size_t size)
{
    if (size > PTRDIFF_MAX - sizeof(large_block))
        return NULL;
    large_block *b = (large_block *)malloc(sizeof *b + size);
    if (b == NULL)
        return NULL;
    b->size = size;
    large_link(&py->large[kind], b);
    return b + 1;
}

void *large_realloc(pymalloc *py, heap_kind kind, void *block, size_t size)
{
    if (size > PTRDIFF_MAX - sizeof(large_block))
        return NULL;
    large_block *b = (large_block *)block - 1;
    large_unlink(b);
    large_block *moved = (large_block *)realloc(b, sizeof *b + size);
    if (moved == NULL) {
        large_link(&py->large[kind], b);
        return NULL;
    }
    moved->size = size;
    large_link(&py->large[kind], moved);
    return moved + 1;
}

void large_free(void *block)
{
    large_block *b = (large_block *)block - 1;
    large_unlink(b);
    free(b);
}

void large_close(pymalloc *py)
{
    for (heap_kind kind = HEAP_OBJECT; kind < HEAP_KINDS; kind++) {
        large_block *head = &py->large[kind];
        while (head->next != head)
            large_free(head->next + 1);
    }
}
