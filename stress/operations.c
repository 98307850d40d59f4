/* operations.c - the table of operations, and the simple ones. */
#include <errno.h>
#include <time.h>

#include "stress/stress.h"

void pause_us(uint32_t microseconds)
{
    struct timespec t = {.tv_sec = 0, .tv_nsec = (long)microseconds * 1000};
    while (nanosleep(&t, &t) != 0 && errno == EINTR) {}
}

void drop(worker *w, weft_object *stolen)
{
    if (stolen == NULL)
        return;
    bool calm = w->calm;
    w->calm = false;
    weft_decref(w->self, stolen);
    w->calm = calm;
}

void held_put(worker *w, uint32_t place, weft_object *stolen)
{
    weft_object *old = w->held[place];
    w->held[place] = stolen;
    drop(w, old);
}

void keep(worker *w, weft_object *a, weft_object *b)
{
    w->kept[0] = weft_ref(w->self, a);
    w->kept[1] = weft_ref(w->self, b);
}

void unkeep(worker *w)
{
    for (int i = 0; i < 2; i++) {
        weft_object *o = w->kept[i];
        w->kept[i] = NULL;
        drop(w, o);
    }
}

static uint32_t any_place(dice *d)
{
    return dice_below(d, HELD);
}

/* ---- making, keeping, dropping --------------------------------------------------------------------------------------- */

static void operation_create(worker *w, dice *d)
{
    weft_object *o = kind_new(w, d);
    if (o || !may_have_failed(w, "an object"))
        held_put(w, any_place(d), o);
}

static void operation_drop(worker *w, dice *d)
{
    uint32_t count = dice_one_in(d, 40) ? HELD : 1;
    for (uint32_t i = 0; i < count; i++)
        held_put(w, any_place(d), NULL);
}

/* Many references to one object, taken and dropped: crosses zero again and again for objects of others. */
static void operation_copy(worker *w, dice *d)
{
    uint32_t from = any_place(d), count = 1 + dice_below(d, 5);
    for (uint32_t i = 0; i < count; i++) {
        weft_object *o = w->held[from];
        uint32_t to = any_place(d);
        if (o)
            held_put(w, to, weft_ref(w->self, o));
    }
}

/* A place of the pool and one of the worker's change what they hold: references move to other threads uncounted. */
static void operation_swap(worker *w, dice *d)
{
    uint32_t place = any_place(d);
    pool_slot *slot = &P.pool[dice_below(d, POOL)];
    if (weft_mutex_lock(w->self, &slot->mutex) != WEFT_OK)
        fail("weft_mutex_lock: %s", weft_error_message());
    weft_object *o = slot->object;
    slot->object = w->held[place];
    w->held[place] = o;
    if (dice_one_in(d, 200)) { /* held through a block: others wait, and count as blocked */
        if (weft_block_begin(w->self) != WEFT_OK)
            fail("weft_block_begin: %s", weft_error_message());
        pause_us(dice_below(d, 50));
        weft_block_end(w->self);
    }
    weft_mutex_unlock(&slot->mutex);
    if (w->held[place])
        kind_inspect(w->held[place], "swap");
}

static void operation_load(worker *w, dice *d)
{
    uint32_t place = any_place(d);
    pool_slot *slot = &P.pool[dice_below(d, POOL)];
    if (weft_mutex_lock(w->self, &slot->mutex) != WEFT_OK)
        fail("weft_mutex_lock: %s", weft_error_message());
    weft_object *o = slot->object, *old = NULL;
    if (o) {
        old = w->held[place];
        w->held[place] = weft_ref(w->self, o);
    }
    weft_mutex_unlock(&slot->mutex);
    if (o)
        kind_inspect(w->held[place], "load");
    drop(w, old);
}

/* A long chain, or a wide tree, dies at once. */
static void operation_chain(worker *w, dice *d)
{
    uint32_t length = dice_one_in(d, 20) ? 3000 : dice_below(d, 100), place = any_place(d);
    for (uint32_t i = 0; i < length; i++) {
        weft_object *o = node_new(w, d, dice_one_in(d, 4) ? P.node_type : P.plain_type);
        if (o == NULL) {
            may_have_failed(w, "a link of a chain");
            break;
        }
        ((node *)(void *)o)->refs[0] = w->held[place];
        w->held[place] = o;
    }
    if (!dice_one_in(d, 10))
        held_put(w, place, NULL);
}

/* ---- threads ---------------------------------------------------------------------------------------------------------- */

static void operation_block(worker *w, dice *d)
{
    uint32_t microseconds = dice_one_in(d, 10) ? dice_below(d, 2000) : dice_below(d, 30);
    if (weft_block_begin(w->self) != WEFT_OK)
        fail("weft_block_begin: %s", weft_error_message());
    if (microseconds)
        pause_us(microseconds);
    if (weft_block_end(w->self) != WEFT_OK)
        fail("weft_block_end: %s", weft_error_message());
}

static void operation_attach(worker *w, dice *d)
{
    if (weft_thread_detach(w->self) != WEFT_OK)
        fail("weft_thread_detach: %s", weft_error_message());
    w->self = NULL;
    pause_us(dice_below(d, 3));
    row_start(w);
}

static void operation_check(worker *w, dice *d)
{
    (void)d;
    if (is_due(&P.next_check_us, 15000))
        check_world(w);
}

static void operation_stop(worker *w, dice *d)
{
    weft_heap_stats stats;
    bool inside = dice_one_in(d, 2);
    if (inside && weft_world_stop(w->self) != WEFT_OK)
        fail("weft_world_stop: %s", weft_error_message());
    if (dice_one_in(d, 2) && weft_heap_statistics(w->self, &stats) != WEFT_OK)
        fail("weft_heap_statistics: %s", weft_error_message());
    if (inside && weft_world_start(w->self) != WEFT_OK)
        fail("weft_world_start: %s", weft_error_message());
}

/* ---- counts ------------------------------------------------------------------------------------------------------------ */

static weft_object *any_object(worker *w, dice *d)
{
    weft_object *boards[3 + BOARD_NODES] = {P.board_instance, P.board_list, P.board_dict};
    for (int i = 0; i < BOARD_NODES; i++)
        boards[3 + i] = P.board_nodes[i];
    uint32_t place = any_place(d), board = dice_below(d, 3 + BOARD_NODES);
    return dice_one_in(d, 4) ? boards[board] : w->held[place];
}

static void operation_share(worker *w, dice *d)
{
    weft_object *o = any_object(w, d);
    bool share = dice_one_in(d, 2);
    if (o == NULL)
        return;
    if ((share ? weft_share(w->self, o) : weft_unshare(w->self, o)) != WEFT_OK)
        may_have_failed(w, "weft_share");
}

static void operation_immortal(worker *w, dice *d)
{
    weft_object *o = w->held[any_place(d)];
    if (o == NULL || weft_is_tuple(o) ||
        weft_type_of(o) == P.row_type || /* whose fields cannot be cleared in the end */
        __atomic_fetch_add(&P.immortals, 1, __ATOMIC_RELAXED) >= 40)
        return;
    if (weft_immortalize(w->self, o) != WEFT_OK || !weft_is_immortal(o))
        fail("weft_immortalize: %s", weft_error_message());
}

static void operation_memory(worker *w, dice *d)
{
    size_t size = 1 + dice_below(d, dice_one_in(d, 8) ? 20000 : 300), more = 1 + dice_below(d, 2000);
    char *p = weft_mem_alloc(w->self, size);
    if (p == NULL) {
        may_have_failed(w, "raw memory");
        return;
    }
    p[0] = p[size - 1] = 'x';
    char *grown = weft_mem_realloc(w->self, p, size, more);
    if (grown == NULL)
        may_have_failed(w, "more raw memory");
    else if (grown[0] != 'x')
        fail("weft_mem_realloc lost what was there");
    if (grown == NULL)
        weft_mem_free(w->self, p, size);
    else if (dice_one_in(d, 2))
        weft_mem_retire(w->self, grown, more);
    else
        weft_mem_free(w->self, grown, more);
}

static void operation_fail(worker *w, dice *d)
{
    uint64_t n = 1 + dice_below(d, 60);
    bool repeat = dice_one_in(d, 3), off = dice_one_in(d, 2);
    if (!P.options.fail)
        return;
    if (weft_fail_allocation(w->self, off ? 0 : n, repeat) != WEFT_OK)
        fail("weft_fail_allocation: %s", weft_error_message());
}

const operation operations[] = {
    {"create", 1600, operation_create}, {"drop", 900, operation_drop},           {"copy", 900, operation_copy},
    {"swap", 900, operation_swap},      {"load", 900, operation_load},           {"chain", 30, operation_chain},
    {"list", 1000, operation_list},     {"dict", 700, operation_dict},           {"instance", 900, operation_instance},
    {"read", 900, operation_read},      {"section", 400, operation_section},     {"sections", 200, operation_sections},
    {"lock", 150, operation_lock},      {"block", 150, operation_block},         {"attach", 60, operation_attach},
    {"share", 30, operation_share},     {"immortal", 1, operation_immortal},     {"memory", 200, operation_memory},
    {"stop", 10, operation_stop},       {"check", 8, operation_check},           {"fork", 1, operation_fork},
    {"fail", 4, operation_fail},        {"collect", 12, operation_collect},      {"freeze", 1, operation_freeze},
    {"inspect", 3, operation_inspect},  {"settings", 4, operation_settings},     {"defer", 6, operation_defer},
    {"weak", 700, operation_weak},      {"weak_dict", 400, operation_weak_dict},
};

uint32_t operations_count(void)
{
    return sizeof operations / sizeof *operations;
}
