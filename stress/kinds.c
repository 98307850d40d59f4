/* kinds.c - the user types: nodes (with and without a finalizer), rows of variable size, leaves small and large.
 *
 * Each object has a canary that is true from birth to death, bound to its address. Finalizers sometimes bring their
 * object back by storing it into a pool slot or the worker's table; destructors sometimes block half-way. */
#include <string.h>

#include "stress/inside.h"
#include "stress/stress.h"

#define CANARY_ALIVE UINT64_C(0x5157454654)
#define CANARY_DEAD UINT64_C(0xDEADDEADDEAD)

static uint64_t canary_for(const void *o)
{
    return CANARY_ALIVE ^ ((uint64_t)(uintptr_t)o << 8);
}

int kind_of(const weft_object *o)
{
    const weft_type *type = weft_type_of(o);
    return type == P.node_type    ? KIND_NODE
           : type == P.plain_type ? KIND_PLAIN
           : type == P.row_type   ? KIND_ROW
                                  : KIND_COUNTED;
}

void kind_inspect(const weft_object *o, const char *where)
{
    const weft_type *type = weft_type_of(o);
    uint64_t wanted = canary_for(o), found = wanted;
    if (is_node(o)) {
        const node *n = (const node *)(const void *)o;
        found = n->canary != wanted ? n->canary : n->canary_end;
    } else if (type == P.row_type) {
        found = ((const row *)(const void *)o)->canary;
    } else if (type == P.leaf_type) {
        found = ((const leaf *)(const void *)o)->canary;
    } else if (type == P.large_type) {
        found = ((const large *)(const void *)o)->canary;
    }
    if (found != wanted)
        fail("%s: %s %p %s (canary %llx)", where, type->name, (const void *)o,
             found == CANARY_DEAD ? "is destroyed already" : "is not whole", (unsigned long long)found);
}

worker *worker_of(weft_thread *self)
{
    if (me == NULL)
        me = &P.workers[WORKER_FINALIZER];
    if (me == &P.workers[WORKER_FINALIZER])
        me->self = self;
    return me;
}

/* ---- callbacks ----------------------------------------------------------------------------------------------------- */

static void block_a_little(worker *w, uint32_t microseconds)
{
    if (w->calm)
        return;
    weft_thread *self = w->self;
    if (weft_block_begin(self) != WEFT_OK)
        fail("weft_block_begin in a callback: %s", weft_error_message());
    if (microseconds)
        pause_us(microseconds);
    if (weft_block_end(self) != WEFT_OK)
        fail("weft_block_end in a callback: %s", weft_error_message());
}

static int visit_refs(weft_object *const *refs, size_t count, weft_visit_fn visit, void *arg)
{
    for (size_t i = 0; i < count; i++) {
        int result = refs[i] ? visit(refs[i], arg) : 0;
        if (result != 0)
            return result;
    }
    return 0;
}

static void drop_refs(weft_thread *self, weft_object **refs, size_t count, uint32_t salt)
{
    for (size_t i = 0; i < count; i++) {
        weft_object *child = refs[i];
        refs[i] = NULL;
        weft_xdecref(self, child);
        if (i == 1 && salt % 61 == 0)
            block_a_little(me, salt % 7);
        else if (i == 2 && salt % 13 == 0 && !me->calm)
            weft_safepoint(self);
    }
}

static void destroy_begins(weft_thread *self, weft_object *o, int kind)
{
    worker_of(self);
    kind_inspect(o, "destroy");
    if (me->destroying)
        fail("destroy: %p inside the destroy of %p", (void *)o, (void *)me->destroying);
    me->destroying = o;
    me->counts[kind].destroyed++;
}

static int node_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    return visit_refs(((node *)(void *)o)->refs, NODE_REFS, visit, arg);
}

static weft_object *take_field_locked(node *n, int field)
{
    weft_object *child = n->refs[field];
    n->refs[field] = NULL;
    return child;
}

/* Others may see the node: its fields change under its lock only. In a child the lock may be held by a thread that is
 * no more, and nobody else is there. */
static void node_clear(weft_thread *self, weft_object *o)
{
    node *n = (node *)(void *)o;
    if (inside_is_clearing(self, o))
        n->cleared = 1;
    for (int i = 0; i < NODE_REFS; i++) {
        weft_critical section;
        if (!P.child)
            weft_critical_begin(self, &section, o);
        weft_object *child = take_field_locked(n, i);
        if (!P.child)
            weft_critical_end(self, &section);
        weft_xdecref(self, child);
    }
}

static bool resurrect(worker *w, weft_object *o, uint32_t salt)
{
    pool_slot *slot = &P.pool[salt / 8 % POOL];
    if (!P.child && weft_mutex_try_lock(&slot->mutex)) {
        bool room = slot->object == NULL;
        if (room)
            slot->object = weft_ref(w->self, o);
        weft_mutex_unlock(&slot->mutex);
        if (room)
            return true;
    }
    for (int i = 0; i < HELD; i++) {
        if (w->held[i] == NULL) {
            w->held[i] = weft_ref(w->self, o);
            return true;
        }
    }
    return false;
}

/* The thread ends amid a collection: what that holds is given up. */
static void end_in_finalizer(worker *w)
{
    if (w->index >= WORKERS_MAX || w->calm || w->locked || P.child || !(P.options.operations >> operations_count() & 1))
        return;
    w->hides = false;
    weft_store_release(&w->ended, true);
    pthread_exit(NULL);
}

static void node_finalize(weft_thread *self, weft_object *o)
{
    node *n = (node *)(void *)o;
    worker *w = worker_of(self);
    bool collected = !inside_is_destroying(self); /* then the collection has the reference */
    kind_inspect(o, "finalize");
    if (n->finalized++ != 0)
        fail("finalize: %p a second time", (void *)o);
    if (!collected)
        w->finalizing = o;
    if (n->salt % 37 == 0)
        block_a_little(w, n->salt % 11);
    if (collected && n->salt % 101 == 0)
        end_in_finalizer(w);
    bool back = n->salt % 3 == 0 && !P.child && resurrect(w, o, n->salt);
    if (back && n->salt % 2 == 0 && !w->calm)
        weft_safepoint(self); /* others may take it, and drop it, while this one still stands in the finalizer */
    weft_error_set(WEFT_ERROR_USER, "a finalizer's own error");
    if (!collected)
        w->finalizing = NULL;
}

static void node_destroy(weft_thread *self, weft_object *o)
{
    node *n = (node *)(void *)o;
    destroy_begins(self, o, kind_of(o));
    if (weft_type_of(o) == P.node_type && n->finalized != 1)
        fail("destroy: %p was finalized %u times", (void *)o, n->finalized);
    if (n->busy && !P.child) /* in a child, by a thread that the fork left behind */
        fail("destroy: %p has its lock taken", (void *)o);
    drop_refs(self, n->refs, NODE_REFS, n->salt);
    n->canary = n->canary_end = CANARY_DEAD;
    me->destroying = NULL;
}

static int row_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    row *r = (row *)(void *)o;
    return visit_refs(r->items, r->object.count, visit, arg);
}

/* Rows never change: what they hold was there before. */
static void row_clear(weft_thread *self, weft_object *o)
{
    (void)self;
    (void)o;
}

static void row_destroy(weft_thread *self, weft_object *o)
{
    row *r = (row *)(void *)o;
    destroy_begins(self, o, KIND_ROW);
    drop_refs(self, r->items, r->object.count, (uint32_t)r->object.count);
    r->canary = CANARY_DEAD;
    me->destroying = NULL;
}

bool kinds_register(weft_thread *self)
{
    weft_type_spec spec = {.name = "node",
                           .size = sizeof(node),
                           .flags = WEFT_TYPE_IDENTITY,
                           .traverse = node_traverse,
                           .clear = node_clear,
                           .finalize = node_finalize,
                           .destroy = node_destroy};
    P.node_type = weft_type_register(self, &spec);
    spec.name = "plain";
    spec.finalize = NULL;
    P.plain_type = weft_type_register(self, &spec);
    P.row_type = weft_type_register(self, &(weft_type_spec){.name = "row",
                                                            .size = sizeof(row),
                                                            .item_size = sizeof(weft_object *),
                                                            .traverse = row_traverse,
                                                            .clear = row_clear,
                                                            .destroy = row_destroy});
    P.leaf_type = weft_type_register(self, &(weft_type_spec){.name = "leaf", .size = sizeof(leaf)});
    P.large_type = weft_type_register(self, &(weft_type_spec){.name = "large", .size = sizeof(large)});
    static const char *const slots[BOARD_SLOTS] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    P.instance_type = weft_instance_type(self, "Board", slots, BOARD_SLOTS);
    return P.node_type && P.plain_type && P.row_type && P.leaf_type && P.large_type && P.instance_type;
}

/* ---- birth ----------------------------------------------------------------------------------------------------------- */

weft_object *node_new(worker *w, dice *d, const weft_type *type)
{
    node *n = (node *)(void *)weft_new(w->self, type);
    if (n) {
        n->canary = n->canary_end = canary_for(n);
        n->salt = (uint32_t)dice_next(d);
        w->counts[kind_of(&n->object)].created++;
    }
    return n ? &n->object : NULL;
}

static weft_object *row_new(worker *w, dice *d)
{
    uint32_t count = dice_one_in(d, 50) ? 100 : 1 + dice_below(d, 6);
    row *r = (row *)(void *)weft_new_var(w->self, P.row_type, count);
    if (r == NULL)
        return NULL;
    r->canary = canary_for(r);
    w->counts[KIND_ROW].created++;
    for (uint32_t i = 0; i < count; i++) {
        weft_object *item = w->held[dice_below(d, HELD)];
        if (item)
            r->items[i] = weft_ref(w->self, item);
    }
    return &r->object.object;
}

static weft_object *leaf_new(worker *w, const weft_type *type)
{
    leaf *l = (leaf *)(void *)weft_new(w->self, type); /* a large one begins like a small one */
    if (l)
        l->canary = canary_for(l);
    return l ? &l->object : NULL;
}

static weft_object *tuple_new(worker *w, dice *d)
{
    weft_object *items[4];
    uint32_t count = 0, wanted = dice_below(d, 5);
    for (uint32_t i = 0; i < wanted; i++) {
        weft_object *item = w->held[dice_below(d, HELD)];
        if (item)
            items[count++] = item;
    }
    return weft_tuple_new(w->self, items, count);
}

weft_object *kind_new(worker *w, dice *d)
{
    char text[40];
    uint64_t number = dice_next(d);
    switch (dice_below(d, 16)) {
    case 0:
    case 1:
    case 2:
        return node_new(w, d, P.node_type);
    case 3:
    case 4:
        return node_new(w, d, P.plain_type);
    case 5:
    case 6:
        return row_new(w, d);
    case 7:
        return leaf_new(w, P.leaf_type);
    case 8:
        return leaf_new(w, P.large_type);
    case 9:
        return weft_list_new(w->self, number % 9);
    case 10:
        return weft_dict_new(w->self);
    case 11:
        return weft_instance_new(w->self, P.instance_type);
    case 12:
        return tuple_new(w, d);
    case 13:
        return weft_int_new(w->self, (int64_t)(number % 600) - 10);
    case 14:
        return weft_float_new(w->self, (double)number);
    default:
        return weft_str_new(w->self, text, (size_t)snprintf(text, sizeof text, "text %u", (unsigned)(number % 1000)));
    }
}
