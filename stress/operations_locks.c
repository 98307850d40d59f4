/* operations_locks.c - critical sections on one node and two, nested ones that block, and plain locks.
 *
 * `busy` of a node counts who believes to be alone with it: two at once are a broken lock. Between taking a lock and
 * giving it up, a node's field and the worker's table change places; nothing is dropped before the lock is given back. */
#include <string.h>

#include "stress/stress.h"

static node *pick_node(worker *w, dice *d)
{
    weft_object *o = w->held[dice_below(d, HELD)], *board = P.board_nodes[dice_below(d, BOARD_NODES)];
    return (node *)(void *)(dice_one_in(d, 2) || !is_node(o) ? board : o);
}

static void alone(node *n, int change)
{
    uint32_t before = __atomic_fetch_add(&n->busy, (uint32_t)change, __ATOMIC_RELAXED);
    if (change > 0 ? before != 0 : before != 1)
        fail("node %p: %u others inside its lock", (void *)n, before);
}

/* A field and a place of the table change what they hold. */
static void exchange(worker *w, dice *d, node *n)
{
    uint32_t field = dice_below(d, NODE_REFS), place = dice_below(d, HELD);
    weft_object *o = n->refs[field];
    n->refs[field] = w->held[place];
    w->held[place] = o;
}

static void block_inside(worker *w, dice *d)
{
    if (weft_block_begin(w->self) != WEFT_OK)
        fail("weft_block_begin in a section: %s", weft_error_message());
    if (dice_one_in(d, 2))
        pause_us(dice_below(d, 20));
    if (weft_block_end(w->self) != WEFT_OK)
        fail("weft_block_end in a section: %s", weft_error_message());
}

void operation_section(worker *w, dice *d)
{
    node *a = pick_node(w, d), *b = pick_node(w, d);
    bool two = dice_one_in(d, 3);
    keep(w, &a->object, &b->object);
    weft_critical section;
    if (two)
        weft_critical_begin2(w->self, &section, &a->object, &b->object);
    else
        weft_critical_begin(w->self, &section, &a->object);
    alone(a, 1);
    if (two && a != b)
        alone(b, 1);
    exchange(w, d, a);
    if (two)
        exchange(w, d, b);
    alone(a, -1);
    if (two && a != b)
        alone(b, -1);
    if (dice_one_in(d, 8))
        weft_safepoint(w->self);
    if (dice_one_in(d, 60))
        block_inside(w, d);
    alone(a, 1); /* blocked or not, it is inside again */
    exchange(w, d, a);
    alone(a, -1);
    weft_critical_end(w->self, &section);
    unkeep(w);
}

/* Sections within sections: the outer one may have been given up meanwhile, and is back after the inner one's end. */
void operation_sections(worker *w, dice *d)
{
    node *a = pick_node(w, d), *b = pick_node(w, d);
    keep(w, &a->object, &b->object);
    weft_critical outer, inner;
    weft_critical_begin(w->self, &outer, &a->object);
    alone(a, 1);
    exchange(w, d, a);
    alone(a, -1);
    weft_critical_begin(w->self, &inner, &b->object);
    alone(b, 1);
    exchange(w, d, b);
    alone(b, -1);
    if (dice_one_in(d, 20))
        block_inside(w, d);
    if (dice_one_in(d, 4))
        held_put(w, dice_below(d, HELD), NULL); /* destructors may run, and block, inside both */
    alone(b, 1);
    alone(b, -1);
    weft_critical_end(w->self, &inner);
    alone(a, 1);
    exchange(w, d, a);
    alone(a, -1);
    weft_critical_end(w->self, &outer);
    unkeep(w);
}

/* Held through blocks and safepoints, by one thread alone: only where locks are locks. */
void operation_lock(worker *w, dice *d)
{
    node *a = pick_node(w, d);
    uint32_t what = dice_below(d, 20);
    keep(w, &a->object, &a->object);
    bool real = strcmp(weft_flavour_name(), "gil") != 0;
    weft_lock(w->self, &a->object);
    w->locked = true;
    if (real)
        alone(a, 1);
    exchange(w, d, a);
    if (what == 0)
        block_inside(w, d);
    else if (what < 4)
        weft_safepoint(w->self);
    exchange(w, d, a);
    if (real)
        alone(a, -1);
    w->locked = false;
    weft_unlock(w->self, &a->object);
    unkeep(w);
}
