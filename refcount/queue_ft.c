/* queue_ft.c - the merge queues: objects whose count must be settled by their owner.
 *
 * One a thread id, in its slot: pushed by compare-and-swap, emptied by one exchange (Treiber 1986; no ABA, since
 * nothing is ever popped singly). An entry holds one reference to its object.
 * Threads: any attached thread pushes; drained by the owner, by who has its slot borrowed, or by who stopped the world. */
#include "core/error.h"
#include "refcount/refcount.h"

void queue_drain(thread *self, id_slot *s)
{
    /* order: acquire - pairs with the release in queue_push: the nodes' contents. */
    queue_node *node = __atomic_exchange_n(&s->queue, NULL, __ATOMIC_ACQUIRE);
    while (node) {
        queue_node *next = node->next;
        if (count_merge(node->object, -1))
            object_die_later(self, node->object);
        heap_free(self, HEAP_RAW, node, sizeof *node);
        node = next;
    }
}

/* That there is no memory is not the error of who drops a reference. */
static queue_node *node_alloc(thread *self)
{
    queue_node *node = magazine_take(heap_magazine(self, HEAP_RAW, sizeof *node));
    if (WEFT_UNLIKELY(node == NULL)) {
        error_scope scope;
        error_save(&scope);
        node = heap_alloc_slow(self, HEAP_RAW, sizeof *node);
        if (node == NULL)
            error_restore(&scope);
    }
    return node;
}

void queue_drain_waiting_stopped(thread *self)
{
    /* order: acquire - pairs with thread_create_locked. */
    for (thread *t = weft_load_acquire(&self->head.runtime->all); t; t = t->all_next) {
        weft_object *o = t->merging;
        t->merging = NULL;
        if (o && count_merge(o, -1))
            object_die_later(self, o);
    }
}

/* No memory for an entry: stop the world and merge right here. Another may stop it first, and fork, or share the object:
 * so the reference that the entry would hold stands in `merging` until then. */
static void merge_stopped(thread *self, weft_object *o)
{
    self->merging = o;
    bool stop = !world_is_stopped_by(self);
    if (stop)
        world_stop(self);
    queue_drain_waiting_stopped(self);
    if (stop)
        world_start(self);
    object_die_pending(self);
}

void queue_push(thread *self, uint16_t owner, weft_object *o)
{
    id_slot *s = &self->head.runtime->world.slots[owner];
    queue_node *node = node_alloc(self);
    if (node == NULL) {
        merge_stopped(self, o);
        return;
    }
    node->object = o;
    node->next = weft_load_relaxed(&s->queue);
    /* order: release - pairs with queue_drain. */
    while (!__atomic_compare_exchange_n(&s->queue, &node->next, node, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {}
    /* After the push, so that whoever clears PENDING before popping finds the entry. order: acq_rel - release: the entry
     * comes before the request; acquire: if the owner is away, what it wrote before it left (service merges it). */
    uint32_t before = __atomic_fetch_or(&s->word, (uint32_t)SLOT_PENDING, __ATOMIC_ACQ_REL);
    uint32_t mode = before & SLOT_MODE;
    if (mode == SLOT_DETACHED || mode == SLOT_FREE) {
        world_service(self, s);
        object_die_pending(self);
    }
}
