/* dict_lookup.c - the searches of dict_lookup.h.
 *
 * Each is written once for any width of slot and compiled for each of the four (DICT_BY_WIDTH). */
#include "core/types/dict_lookup.h"

#include <assert.h>

/* ---- inside the guard ----------------------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) int probe_locked(const dict_table *t, unsigned width,
                                                              const weft_object *key, uint64_t hash, dict_search *s)
{
    dict_entry *entries = dict_entries(t);
    for (dict_walk w = dict_walk_begin(t, hash);; dict_walk_next(&w)) {
        size_t number = dict_slot_load(t, width, w.slot);
        if (number >= SLOT_GONE) {
            if (number == SLOT_EMPTY)
                return 0;
            continue;
        }
        dict_entry *e = &entries[number];
        if (e->hash != hash)
            continue;
        int same = WEFT_LIKELY(e->key == key) ? 1 : dict_same_key(e->key, key);
        if (same == 0)
            continue;
        s->entry = e;
        s->slot = w.slot;
        return same;
    }
}

int dict_probe_locked(const dict_table *t, const weft_object *key, uint64_t hash, dict_search *s)
{
#define CALL(width) probe_locked(t, width, key, hash, s)
    DICT_BY_WIDTH(t, CALL)
#undef CALL
}

/* ---- without a lock ------------------------------------------------------------------------------------------- */

/* 1 and *value, a reference to the entry's; DICT_ASK if it is gone, or about to be. */
static inline int value_read(weft_thread *self, dict *d, const dict_table *t, dict_entry *e, weft_object **value)
{
    if (value == NULL) /* order: acquire - as ref_read */
        return weft_load_acquire(&e->value) != NULL ? 1 : DICT_ASK;
    weft_object *o = ref_read(self, &e->value, (void *const *)&d->table, t);
    if (WEFT_UNLIKELY(o == NULL))
        return DICT_ASK;
    *value = o;
    return 1;
}

/* The entry's key is another object of the same hash. It may be on its way out, and what is behind the header of a dead
 * object may be anything: so it is held. Letting go of it may run anything, and then the table may be gone: so that
 * comes last, and after it the search does not go on. Different keys of the same hash are too rare to care. */
static int other_key_read(weft_thread *self, dict *d, const dict_table *t, dict_entry *e, const weft_object *key,
                          weft_object **value)
{
    weft_object *held = ref_read(self, &e->key, (void *const *)&d->table, t);
    if (held == NULL)
        return DICT_ASK;
    int found = DICT_ASK;
    if (dict_same_key(held, key) == 1)
        found = value_read(self, d, t, e, value);
    weft_decref(self, held);
    return found;
}

static inline __attribute__((always_inline)) int probe_read(weft_thread *self, dict *d, const dict_table *t,
                                                            unsigned width, const weft_object *key, uint64_t hash,
                                                            weft_object **value)
{
    dict_entry *entries = dict_entries(t);
    for (dict_walk w = dict_walk_begin(t, hash);; dict_walk_next(&w)) {
        size_t number = dict_slot_load(t, width, w.slot);
        if (number >= SLOT_GONE) {
            if (number == SLOT_EMPTY)
                return 0;
            continue;
        }
        dict_entry *e = &entries[number];
        if (e->hash != hash)
            continue;
        /* The caller holds `key`, so an entry that names it means it, however late we look.
         * order: relaxed - only compared. */
        if (WEFT_LIKELY(weft_load_relaxed(&e->key) == key))
            return value_read(self, d, t, e, value);
        return other_key_read(self, d, t, e, key, value);
    }
}

int dict_read(weft_thread *self, dict *d, weft_object *key, uint64_t hash, weft_object **value)
{
    /* order: acquire - pairs with the release store of a new table, so that it is seen as it was filled. */
    const dict_table *t = weft_load_acquire(&d->table);
    if (t == NULL)
        return 0;
#define CALL(width) probe_read(self, d, t, width, key, hash, value)
    DICT_BY_WIDTH(t, CALL)
#undef CALL
}

/* ---- with callbacks ------------------------------------------------------------------------------------------- */

enum { ASKED_EQUAL = 1 /* low bit of an entry of `asked`: the answer was yes */ };

/* 0 equal it was not, 1 it was, DICT_ASK not asked yet. */
static int asked_before(const dict_search *s, const weft_object *key)
{
    for (size_t i = 0; i < s->asked_count; i++) {
        if ((s->asked[i] & ~(uintptr_t)ASKED_EQUAL) == (uintptr_t)key)
            return (int)(s->asked[i] & ASKED_EQUAL);
    }
    return DICT_ASK;
}

/* Keeps a reference to `key`, so that no other object can take its address while the search goes on. */
static weft_status asked_add(weft_thread *self, dict_search *s, weft_object *key)
{
    if (s->asked_count == 0) {
        s->asked = s->few;
        s->asked_capacity = DICT_FEW;
    }
    if (s->asked_count == s->asked_capacity) {
        size_t bytes = s->asked_capacity * sizeof *s->asked;
        uintptr_t *more = heap_alloc(thread_of(self), HEAP_RAW, 2 * bytes);
        if (more == NULL)
            return WEFT_ERROR_MEMORY;
        memcpy(more, s->asked, bytes);
        if (s->asked != s->few)
            heap_free(thread_of(self), HEAP_RAW, s->asked, bytes);
        s->asked = more;
        s->asked_capacity *= 2;
    }
    s->asked[s->asked_count++] = (uintptr_t)ref_read_guarded(self, key);
    return WEFT_OK;
}

void dict_search_end_asked(weft_thread *self, dict_search *s)
{
    for (size_t i = 0; i < s->asked_count; i++)
        weft_decref(self, (weft_object *)(s->asked[i] & ~(uintptr_t)ASKED_EQUAL));
    if (s->asked != s->few)
        heap_free(thread_of(self), HEAP_RAW, s->asked, s->asked_capacity * sizeof *s->asked);
    s->asked_count = 0;
}

/* One walk along the slots of `hash`. Stops at a key that is the same (1), at one that must be asked (DICT_ASK), or at
 * the end (0). */
static int walk_on(const dict_table *t, dict_walk *w, const weft_object *key, uint64_t hash, dict_search *s)
{
    for (;; dict_walk_next(w)) {
        size_t number = dict_slot_load(t, t->log2_width, w->slot);
        if (number == SLOT_EMPTY)
            return 0;
        if (number == SLOT_GONE)
            continue;
        dict_entry *e = &dict_entries(t)[number];
        if (e->hash != hash)
            continue;
        s->entry = e;
        s->slot = w->slot;
        int same = e->key == key ? 1 : dict_same_key(e->key, key);
        if (same == DICT_ASK)
            same = asked_before(s, e->key);
        if (same != 0)
            return same;
    }
}

/* Asks about the key at s->entry, outside the guard. The answer is about that object and stays true whatever happens to
 * the dict meanwhile. 1, 0, or a negative status. */
static int ask(weft_thread *self, dict *d, weft_object *key, guard *g, dict_search *s)
{
    weft_object *candidate = s->entry->key;
    weft_status status = asked_add(self, s, candidate);
    if (status != WEFT_OK)
        return status;
    guard_leave(self, g);
    int equal = weft_equal(self, candidate, key);
    guard_enter(self, g, &d->object);
    if (equal == 1)
        s->asked[s->asked_count - 1] |= ASKED_EQUAL;
    return equal;
}

/* Every key is asked at most once, however often the dict changes: so a search ends unless others keep putting in new
 * keys of the same hash. "Not there" is concluded inside the guard, with every key of this hash that is there asked;
 * "found", with the key there. */
int dict_find_asking(weft_thread *self, dict *d, weft_object *key, uint64_t hash, guard *g, dict_search *s)
{
    assert(self != NULL); /* for the analyzer, which has seen it compared with NULL */
    for (;;) {
        const dict_table *t = d->table;
        uint64_t version = d->version;
        if (t == NULL)
            return 0;
        dict_walk w = dict_walk_begin(t, hash);
        int found;
        while ((found = walk_on(t, &w, key, hash, s)) == DICT_ASK) {
            int equal = ask(self, d, key, g, s);
            if (equal < 0)
                return equal;
            if (equal == 1 || d->version != version)
                break; /* walk again from the start: the answer is remembered, the key may be gone */
            dict_walk_next(&w);
        }
        if (found != DICT_ASK)
            return found;
    }
}
