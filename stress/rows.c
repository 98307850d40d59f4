/* rows.c - the life of a row of threads: attach, work, and one of many ways to end. */
#include <time.h>

#include "stress/stress.h"

/* Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014. */
uint64_t dice_next(dice *d)
{
    uint64_t z = d->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

uint32_t dice_below(dice *d, uint32_t bound)
{
    return (uint32_t)((dice_next(d) >> 32) * bound >> 32);
}

uint64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

bool is_due(uint64_t *next_us, uint64_t every_us)
{
    uint64_t now = now_us(), next = weft_load_relaxed(next_us);
    return now >= next &&
           __atomic_compare_exchange_n(next_us, &next, now + every_us, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

bool may_have_failed(worker *w, const char *what)
{
    if (weft_error_status() == WEFT_ERROR_MEMORY && P.options.fail)
        return true;
    fail("%s: %s (%s; thread %d)", what, weft_error_message(), weft_status_name(weft_error_status()), w->index);
}

static void doing(worker *w, const char *what)
{
    weft_store_relaxed(&w->doing, what);
}

void row_start(worker *w)
{
    const char *before = weft_load_relaxed(&w->doing);
    doing(w, "attaching");
    while ((w->self = weft_thread_attach(P.runtime)) == NULL) {
        may_have_failed(w, "weft_thread_attach");
        pause_us(100);
    }
    doing(w, before);
}

static const operation *pick_operation(dice *d)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < operations_count(); i++)
        total += operations[i].weight;
    uint32_t at = dice_below(d, total), i = 0;
    while (at >= operations[i].weight)
        at -= operations[i++].weight;
    return &operations[i];
}

static void row_work(worker *w, uint32_t count)
{
    for (uint32_t i = 0; i < count && !weft_load_relaxed(&P.over); i++) {
        dice d = {dice_next(&w->dice)};
        const operation *chosen = pick_operation(&d);
        if (P.options.operations >> (chosen - operations) & 1) {
            doing(w, chosen->name);
            chosen->run(w, &d);
        }
        doing(w, "safepoint");
        weft_safepoint(w->self);
        weft_store_relaxed(&w->operations, w->operations + 1);
    }
}

/* ---- ways to end ----------------------------------------------------------------------------------------------------- */

static void must(weft_status status, const char *what)
{
    if (status != WEFT_OK)
        fail("%s: %s", what, weft_error_message());
}

/* The section is left as the thread blocks, and its memory is gone when the library detaches the thread. */
static __attribute__((noinline)) void block_inside_section(worker *w)
{
    weft_critical section;
    weft_critical_begin(w->self, &section, P.board_nodes[w->index % BOARD_NODES]);
    must(weft_block_begin(w->self), "weft_block_begin");
}

static __attribute__((noinline)) void use_stack(void)
{
    volatile char bytes[2048];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)0xA5;
}

static void end_somehow(worker *w, dice *d)
{
    uint32_t way = dice_below(d, 8);
    if (!(P.options.operations >> operations_count() & 1))
        way = 7;
    switch (way) {
    case 0:
    case 1:
        doing(w, "ending attached");
        break;
    case 2:
        doing(w, "ending in a block");
        must(weft_block_begin(w->self), "weft_block_begin");
        break;
    case 3:
        doing(w, "ending in a block in a section");
        block_inside_section(w);
        use_stack();
        break;
    case 4:
        doing(w, "ending in a stopped world");
        must(weft_world_stop(w->self), "weft_world_stop");
        break;
    case 5:
        doing(w, "exiting");
        weft_store_release(&w->ended, true);
        pthread_exit(NULL);
    default:
        doing(w, "detaching");
        must(weft_thread_detach(w->self), "weft_thread_detach");
    }
}

void *row_main(void *arg)
{
    worker *w = arg;
    me = w;
    w->dice.state = P.options.seed + (uint64_t)w->index * 1000003 + (uint64_t)w->generation * 10000000019;
    dice d = {dice_next(&w->dice)};
    row_start(w);
    w->calm = w->hides = false; /* its last thread may have ended in a finalizer */
    unkeep(w);
    row_work(w, dice_one_in(&d, 3) ? dice_below(&d, 30) : dice_below(&d, 4000));
    end_somehow(w, &d);
    weft_store_release(&w->ended, true);
    return NULL;
}

void rows_describe(void)
{
    for (int i = 0; i < WORKERS; i++) {
        const worker *w = &P.workers[i];
        const char *what = weft_load_relaxed(&w->doing);
        if (what)
            fprintf(stderr, "stress: row %d, thread %u: %s%s%s%s\n", i, (unsigned)w->generation, what,
                    w->finalizing ? ", in a finalizer" : "", w->destroying ? ", in a destructor" : "",
                    w->calm ? ", calm" : "");
    }
}

void boards_make(worker *w)
{
    dice d = {P.options.seed};
    P.board_instance = weft_instance_new(w->self, P.instance_type);
    P.board_list = weft_list_new(w->self, 0);
    P.board_dict = weft_dict_new(w->self);
    P.board_weak[0] = weft_weak_dict_new(w->self, WEFT_WEAK_KEYS);
    P.board_weak[1] = weft_weak_dict_new(w->self, WEFT_WEAK_VALUES);
    for (int i = 0; i < BOARD_NODES; i++)
        P.board_nodes[i] = node_new(w, &d, P.plain_type);
    if (!P.board_instance || !P.board_list || !P.board_dict || !P.board_weak[0] || !P.board_weak[1] ||
        !P.board_nodes[BOARD_NODES - 1])
        fail("no memory to begin with");
}
