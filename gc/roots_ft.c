/* roots_ft.c - once the counts are known: what has some left is referenced from outside the index. It is pending, and not white
 * any more. */
#include "gc/crew_ft.h"
#include "gc/trace_ft.h"

/* The numbers of a word that have references left. */
static uint64_t word_roots(const gc_index *ix, uint32_t first)
{
    const uint32_t *counts = ix->counts + first;
    uint64_t roots = 0;
    for (uint32_t bit = 0; bit < INDEX_WORD; bit++)
        roots |= (uint64_t)(counts[bit] != 0) << bit;
    return roots & ix->white[first / INDEX_WORD];
}

static void find_roots(void *arg, uint32_t who)
{
    gc_trace *t = (gc_trace *)arg;
    const gc_index *ix = &t->index;
    uint64_t white = 0;
    (void)who;
    for (uint32_t part; (part = gc_part_take(t)) < t->parts_count;) {
        uint64_t low = (uint64_t)part << t->part_shift, high = low + ((uint64_t)1 << t->part_shift), pending = 0;
        for (uint64_t first = low; first < high && first < ix->size; first += INDEX_WORD) {
            uint64_t roots = word_roots(ix, (uint32_t)first);
            ix->white[first / INDEX_WORD] &= ~roots;
            ix->pending[first / INDEX_WORD] |= roots;
            pending |= ix->pending[first / INDEX_WORD];
            white |= ix->white[first / INDEX_WORD];
        }
        t->parts[part].pending = pending != 0;
    }
    if (white)
        weft_store_relaxed(&t->any_white, 1); /* order: relaxed - read after the crew's barrier */
}

bool gc_trace_find_roots(gc_trace *t)
{
    t->next = 0;
    t->any_white = 0;
    gc_crew_run(t->runtime, t->workers_count, find_roots, t);
    return t->any_white != 0;
}
