/* young_trace_ft.c - the steps of a young collection, for one role. See young_find_ft.c for what they do, and
 * young_run_ft.h for who calls them.
 *
 * Memory that runs out on the way makes young objects live that do not, until a full collection, and nothing else. */
#include <stdlib.h>

#include "gc/adopt_ft.h"
#include "gc/trace_ft.h"
#include "gc/young_run_ft.h"

enum {
    CANDIDATE_BITS = WEFT_BIT_TRACKED | WEFT_BIT_LOGGED, /* of these and FROZEN */
    AHEAD = 8                                            /* headers fetched before they are needed */
};

/* What `local` says meanwhile: a count, or one of these. */
#define COUNT_ROOT 0x80000000u   /* many: not counted down */
#define COUNT_MARKED 0xFFFFFFFFu /* reachable */

static inline bool is_candidate(const weft_object *o)
{
    return (object_bits(o) & (CANDIDATE_BITS | WEFT_BIT_FROZEN)) == CANDIDATE_BITS;
}

/* One that the role's thread owns, by one look at its header; there are others that are the role's. */
static inline bool is_own_candidate(const young_role *r, weft_object *o)
{
    const object_word mask = word1_make(0, UINT16_MAX) | word1_bits(CANDIDATE_BITS | WEFT_BIT_FROZEN);
    return (weft_load_relaxed(object_word1(o)) & mask) == r->own;
}

static uint32_t role_of_stranger(const young_run *y, const weft_object *o)
{
    uint16_t owner = weft_load_relaxed(&o->owner);
    for (uint32_t i = 1; i < y->roles_count; i++)
        if (y->roles[i].id == owner)
            return i;
    return 0;
}

static inline uint32_t role_of(const young_role *r, const weft_object *o)
{
    return WEFT_LIKELY(weft_load_relaxed(&o->owner) == r->id) ? r->number : role_of_stranger(r->run, o);
}

static bool mail_push(young_role *r, uint32_t to, weft_object *o)
{
    gc_array *mail = &r->mail[to];
    if (WEFT_UNLIKELY(mail->count == mail->capacity) && !gc_array_reserve(r->run->self->head.runtime, mail, 1))
        return false;
    gc_array_push(mail, o);
    return true;
}

/* ---- gathering ------------------------------------------------------------------------------------------------------- */

/* More than any number of references that is counted exactly: the object is held by something that does not count. */
#define REFERENCES_UNKNOWN ((int64_t)1 << 40)

/* Of a live object: every reference to it, or REFERENCES_UNKNOWN (immortal, saturated, deferred). */
static inline int64_t references_of(weft_runtime *runtime, const weft_object *o)
{
    if (WEFT_UNLIKELY(object_bits(o) & WEFT_BIT_DEFERRED))
        return REFERENCES_UNKNOWN;
    int32_t shared = weft_load_relaxed(&o->shared);
    uint16_t owner = weft_load_relaxed(&o->owner);
    if (WEFT_UNLIKELY(owner == WEFT_OWNER_STATIC))
        return o->local == 0 ? REFERENCES_UNKNOWN : shard_sum(runtime, o);
    if (WEFT_UNLIKELY(shared_is_saturated(shared)))
        return REFERENCES_UNKNOWN;
    return (int64_t)(shared >> 2) + (owner == WEFT_OWNER_NONE ? 0 : o->local);
}

static inline void candidate_add(young_role *r, young_chunk *chunk, weft_object *o)
{
    int64_t references = references_of(r->run->self->head.runtime, o);
    chunk->saved[chunk->count] = o->local;
    chunk->items[chunk->count++] = o;
    r->candidates++;
    o->local = references < COUNT_ROOT ? (uint32_t)references : COUNT_ROOT;
}

/* Keeps the candidates of a chunk; everything else in it is young no longer. */
static void chunk_gather(young_role *r, young_chunk *chunk)
{
    size_t count = chunk->count;
    chunk->count = 0;
    for (size_t i = 0; i < count; i++) {
        weft_object *o = chunk->items[i];
        if (i + AHEAD < count)
            __builtin_prefetch(chunk->items[i + AHEAD], 1);
        if (WEFT_LIKELY(is_candidate(o) && object_is_live(o))) {
            uint32_t role = role_of(r, o);
            if (WEFT_LIKELY(role == r->number)) {
                candidate_add(r, chunk, o);
                continue;
            }
            if (mail_push(r, role, o))
                continue;
        }
        young_clear_logged(o, r->run->atomic);
    }
}

typedef void (*chunk_fn)(young_role *r, young_chunk *chunk);

static void each_of(young_role *r, young_chunk *chunk, chunk_fn visit)
{
    for (; chunk; chunk = chunk->next)
        visit(r, chunk);
}

/* The log of the role's thread; role 0: of all threads without a role as well. */
static void each_log(young_role *r, chunk_fn visit)
{
    if (r->number != 0) {
        each_of(r, r->thread->young.chunks, visit);
        return;
    }
    weft_runtime *runtime = r->run->self->head.runtime;
    /* order: acquire - pairs with thread_create_locked. */
    for (thread *t = weft_load_acquire(&runtime->all); t; t = t->all_next)
        if (t->young.role == 0)
            each_of(r, t->young.chunks, visit);
    each_of(r, runtime->gc.flavour.young.inherited, visit);
}

static void each_chunk(young_role *r, chunk_fn visit)
{
    each_log(r, visit);
    each_of(r, r->strangers, visit);
}

void young_gather(void *run, uint32_t role)
{
    young_role *r = &((young_run *)run)->roles[role];
    r->own = word1_make(0, r->id) | word1_bits(CANDIDATE_BITS);
    each_log(r, chunk_gather);
}

/* Calls what(r, o) for all that other roles have mailed to this one. */
static void each_mail(young_role *r, void (*what)(young_role *r, weft_object *o))
{
    for (uint32_t from = 0; from < r->run->roles_count; from++) {
        gc_array *mail = &r->run->roles[from].mail[r->number];
        for (size_t i = 0; i < mail->count; i++)
            what(r, mail->items[i]);
        mail->count = 0;
    }
}

static void stranger_add(young_role *r, weft_object *o)
{
    young_chunk *chunk = r->strangers;
    if (chunk == NULL || chunk->count == YOUNG_CHUNK) {
        chunk = (young_chunk *)malloc(sizeof *chunk);
        if (chunk == NULL) {
            young_clear_logged(o, r->run->atomic);
            return;
        }
        chunk->next = r->strangers;
        chunk->count = 0;
        r->strangers = chunk;
    }
    candidate_add(r, chunk, o);
}

void young_gather_strangers(void *run, uint32_t role)
{
    each_mail(&((young_run *)run)->roles[role], stranger_add);
}

/* ---- subtracting ------------------------------------------------------------------------------------------------------ */

static inline void subtract_one(young_role *r, weft_object *o)
{
    (void)r;
    if (o->local - 1 < COUNT_ROOT - 1) /* 0 and roots stay what they are */
        o->local--;
}

static int subtract_any(young_role *r, weft_object *child)
{
    if (!is_candidate(child))
        return 0;
    uint32_t role = role_of(r, child);
    if (role == r->number)
        subtract_one(r, child);
    else
        (void)mail_push(r, role, child); /* without memory it lives */
    return 0;
}

static int visit_subtract(weft_object *child, void *arg)
{
    young_role *r = (young_role *)arg;
    if (WEFT_UNLIKELY(!is_own_candidate(r, child)))
        return subtract_any(r, child);
    subtract_one(r, child);
    return 0;
}

static void chunk_subtract(young_role *r, young_chunk *chunk)
{
    for (size_t i = 0; i < chunk->count; i++) {
        weft_object *o = chunk->items[i];
        const weft_type *type = weft_type_of(o);
        if (i + AHEAD < chunk->count)
            __builtin_prefetch(chunk->items[i + AHEAD]);
        /* Ephemerons are left to full collections: what they refer to counts as referenced from outside. */
        if (WEFT_LIKELY(!(type->flags & WEFT_TYPE_EPHEMERON)))
            (void)type->traverse(o, visit_subtract, r);
    }
}

void young_subtract(void *run, uint32_t role)
{
    each_chunk(&((young_run *)run)->roles[role], chunk_subtract);
}

/* ---- marking --------------------------------------------------------------------------------------------------------- */

static inline void mark_one(young_role *r, weft_object *o)
{
    if (o->local == COUNT_MARKED)
        return;
    o->local = COUNT_MARKED;
    gc_array_push(&r->found, o);
}

/* Any candidate is its business: while no other role is played. */
static int visit_mark_any(weft_object *child, void *arg)
{
    if (is_candidate(child))
        mark_one((young_role *)arg, child);
    return 0;
}

static int mark_any(young_role *r, weft_object *child)
{
    if (!is_candidate(child))
        return 0;
    uint32_t role = role_of(r, child);
    if (role == r->number)
        mark_one(r, child);
    else if (!mail_push(r, role, child))
        r->everything = true;
    return 0;
}

static int visit_mark(weft_object *child, void *arg)
{
    young_role *r = (young_role *)arg;
    if (WEFT_UNLIKELY(!is_own_candidate(r, child)))
        return mark_any(r, child);
    mark_one(r, child);
    return 0;
}

static void mark_from(young_role *r, weft_visit_fn visit)
{
    while (r->found.count > 0) {
        weft_object *o = r->found.items[--r->found.count];
        (void)weft_type_of(o)->traverse(o, visit, r);
    }
}

static void chunk_mark(young_role *r, young_chunk *chunk)
{
    for (size_t i = 0; i < chunk->count; i++) {
        weft_object *o = chunk->items[i];
        if (i + AHEAD < chunk->count)
            __builtin_prefetch(chunk->items[i + AHEAD]);
        if (o->local == 0)
            continue;
        mark_one(r, o);
        mark_from(r, visit_mark);
    }
}

void young_mark(void *run, uint32_t role)
{
    young_role *r = &((young_run *)run)->roles[role];
    each_chunk(r, chunk_mark);
}

void young_mail_subtract(void *run, uint32_t role)
{
    each_mail(&((young_run *)run)->roles[role], subtract_one);
}

/* Marks that cross from role to role are followed by one thread: they are few. */
void young_mark_rest(young_run *y)
{
    for (uint32_t to = 0; to < y->roles_count; to++) {
        young_role *r = &y->roles[0];
        for (uint32_t from = 0; from < y->roles_count; from++) {
            gc_array *mail = &y->roles[from].mail[to];
            while (mail->count > 0) {
                mark_one(r, mail->items[--mail->count]);
                mark_from(r, visit_mark_any);
            }
        }
    }
    for (uint32_t i = 0; i < y->roles_count; i++)
        y->everything |= y->roles[i].everything;
}

/* ---- the verdict ------------------------------------------------------------------------------------------------------ */

static void adopt_odd(young_role *r, weft_object *o)
{
    young_run *y = r->run;
    /* order: acquire - pairs with the release below: the index of sharded objects. */
    while (__atomic_exchange_n(&y->lock, 1u, __ATOMIC_ACQUIRE))
        platform_pause();
    gc_adopt_stopped(r->thread, o);
    weft_store_release(&y->lock, 0u); /* order: release - pairs with the exchange above */
}

static inline void adopt(young_role *r, weft_object *o)
{
    bool own = weft_load_relaxed(&o->owner) == r->id && weft_load_relaxed(&o->shared) == WEFT_SHARED_DEFAULT;
    if (WEFT_LIKELY(own && o->local < WEFT_LOCAL_FULL - 1))
        o->local++;
    else
        adopt_odd(r, o);
}

static void chunk_sweep(young_role *r, young_chunk *chunk)
{
    for (size_t i = 0; i < chunk->count; i++) {
        weft_object *o = chunk->items[i];
        bool marked = o->local == COUNT_MARKED || r->run->everything;
        if (i + AHEAD < chunk->count)
            __builtin_prefetch(chunk->items[i + AHEAD], 1);
        o->local = chunk->saved[i];
        young_clear_logged(o, r->run->atomic);
        if (marked)
            continue;
        if (WEFT_UNLIKELY((object_bits(o) & WEFT_BIT_WEAK) || weft_type_of(o)->finalize))
            r->special = true;
        adopt(r, o);
        gc_array_push(&r->found, o);
    }
}

void young_sweep(void *run, uint32_t role)
{
    each_chunk(&((young_run *)run)->roles[role], chunk_sweep);
}
