/* young_ft.h - the logs of young blocks: which objects a young collection looks at. docs/young.md.
 *
 * Each thread notes the blocks in which it makes containers, unless they stand in a log already: WEFT_BIT_LOGGED says so,
 * which stays with the block when its object dies. So what is made and dropped in the same few blocks costs nothing, and the
 * length of the logs is by how much the program has grown. A collection empties them: what survived is old. */
#ifndef WEFT_GC_YOUNG_FT_H
#define WEFT_GC_YOUNG_FT_H

#include "refcount/refcount.h"

void young_close(weft_runtime *runtime);
/* What the thread has logged stays; the room that it keeps for more does not. */
void young_thread_ends(thread *self);
/* What the logs hold was made by the parent: a full collection must not touch it. World stopped. */
void young_after_fork_child(thread *self);

/* Do the logs hold all objects made since the last collection? If not, a young collection has to be a full one. */
static inline bool young_is_complete(weft_runtime *runtime)
{
    return !weft_load_relaxed(&runtime->gc.flavour.young.incomplete);
}

/* Blocks logged since the last collection; those that a thread has not yet told of included. Any thread: a hint while
 * others run. */
uint64_t young_count(weft_runtime *runtime);

/* A young collection, as gc_find_stopped. The logs are complete. What survives is old afterwards. gc/young_find_ft.c. */
weft_status young_find_stopped(thread *self, gc_run *run);

/* After a successful collection of all objects: everything is old, the logs are empty, and blocks that waited in limbo go
 * back to the heap. What the parent of a forked process logged stays young. World stopped, nobody walks the heap. */
void young_forget_stopped(thread *self);

/* The same for a young one, when the LOGGED bits are cleared already. */
void young_reset_stopped(thread *self);

/* Calls visit for every live tracked object in the logs, until it returns something but 0. World stopped. */
int young_visit_stopped(thread *self, int (*visit)(weft_object *o, void *arg), void *arg);

/* A safepoint was asked for by SLOT_COLLECT: gives back what waits in a limbo that is full. True if that was all there was
 * to do: collections are off. */
bool young_relieve(thread *self);

/* A thread's limbo has reached its bound. Its thread. */
void young_limbo_is_full(thread *self);

/* May a thread that is away change the bits of an object even now? One that waits for its lock does. World stopped. */
bool young_bits_change_stopped(thread *self);

/* Everything in a log is old or dead from now on. `atomic`: young_bits_change_stopped. */
static inline void young_clear_logged(weft_object *o, bool atomic)
{
    if (WEFT_UNLIKELY(atomic))
        object_clear_bits(o, WEFT_BIT_LOGGED);
    else
        weft_store_relaxed(&o->bits, (uint8_t)(object_bits(o) & ~WEFT_BIT_LOGGED));
}

/* ---- for the files of the log ------------------------------------------------------------------------------------- */

/* Sets `count` of every chunk: first. World stopped. */
void young_settle_stopped(thread *self);

/* Every chunk of every log, with `inherited` or without. World stopped. */
typedef void (*young_chunk_fn)(young_chunk *chunk, void *arg);
void young_each_chunk_stopped(thread *self, bool inherited, young_chunk_fn visit, void *arg);

#endif
