/* weak_dict.c - weak dicts: an open-addressing table in which one side of each entry is a weak reference.
 *
 * The weak side is an object of its own kind, the entry: a weak reference with the hash of the entry's key and a (counted)
 * weak reference to the dict, so that its callback can find and remove the entry when the referent has died. Until it has,
 * an entry whose weak side is cleared counts as absent.
 *
 * With weak keys the dict is an ephemeron: its values are counted, so traverse reports them, but the collector marks them
 * only while their keys are marked (weak_table_traverse).
 *
 * Every operation holds the dict's critical section; equality callbacks may give it up, and then `version` tells that
 * the search must begin again. What is taken out is dropped after the section has ended. Threads: any attached one. */
#include <string.h>

#include "core/types/types.h"
#include "refcount/refcount.h"
#include "refcount/weak.h"
#include "refcount/weak_object.h"

/* Constant once made. */
typedef struct weak_entry {
    weak_object weak;
    uint64_t hash; /* of the entry's key */
} weak_entry;

typedef struct weak_dict_slot {
    uint64_t hash;
    weft_object *key;   /* NULL: never used, or, with a value of NULL and a hash of REMOVED, used before */
    weft_object *value; /* on the weak side of the dict stands an entry instead */
} weak_dict_slot;

enum { SLOT_REMOVED = 1 };

/* The dict's lock, but for the constant fields. */
typedef struct weak_dict {
    weft_object object;
    weft_weak_side side;   /* constant */
    weft_object *itself;   /* a weak reference to this dict, for its entries; constant */
    weak_dict_slot *slots; /* raw memory; linear probing */
    size_t capacity;       /* a power of two, or 0 */
    size_t used;           /* slots that are not empty: entries and removed ones */
    size_t live;           /* entries */
    uint64_t version;      /* changes whenever slots move or are filled */
} weak_dict;

static weak_dict *dict_of(weft_object *o)
{
    return (weak_dict *)(void *)o;
}

static weft_object *slot_weak_side(const weak_dict *d, const weak_dict_slot *s)
{
    return d->side == WEFT_WEAK_KEYS ? s->key : s->value;
}

/* New references to both sides; false: the weak one is gone. */
static bool slot_take(thread *self, const weak_dict *d, const weak_dict_slot *s, weft_object **key, weft_object **value)
{
    weft_object *strong = weak_get(self, (weak_object *)(void *)slot_weak_side(d, s));
    if (strong == NULL)
        return false;
    *key = d->side == WEFT_WEAK_KEYS ? strong : weft_ref(&self->head, s->key);
    *value = d->side == WEFT_WEAK_KEYS ? weft_ref(&self->head, s->value) : strong;
    return true;
}

static weft_object *slot_take_key(thread *self, const weak_dict *d, const weak_dict_slot *s)
{
    return d->side == WEFT_WEAK_KEYS ? weak_get(self, (weak_object *)(void *)s->key) : weft_ref(&self->head, s->key);
}

/* ---- searching ----------------------------------------------------------------------------------------------------- */

typedef enum found { FOUND_ERROR = -1, FOUND_NOT, FOUND, FOUND_CHANGED } found;

/* Is this slot's key equal to `key`? May run any code. */
static found slot_compare(thread *self, weak_dict *d, size_t i, weft_object *key)
{
    uint64_t version = d->version;
    weft_object *other = slot_take_key(self, d, &d->slots[i]);
    if (other == NULL)
        return FOUND_NOT;
    int equal = other == key ? 1 : weft_equal(&self->head, other, key);
    weft_decref(&self->head, other);
    if (equal < 0)
        return FOUND_ERROR;
    if (d->version != version)
        return FOUND_CHANGED;
    return equal ? FOUND : FOUND_NOT;
}

static found search_once(thread *self, weak_dict *d, weft_object *key, uint64_t hash, size_t *index)
{
    if (d->capacity == 0)
        return FOUND_NOT;
    for (size_t i = hash & (d->capacity - 1);; i = (i + 1) & (d->capacity - 1)) {
        const weak_dict_slot *s = &d->slots[i];
        if (s->key == NULL && s->hash != SLOT_REMOVED)
            return FOUND_NOT;
        if (s->key == NULL || s->hash != hash)
            continue;
        found result = slot_compare(self, d, i, key);
        if (result != FOUND_NOT) {
            *index = i;
            return result;
        }
    }
}

static found search(thread *self, weak_dict *d, weft_object *key, uint64_t hash, size_t *index)
{
    found result;
    do
        result = search_once(self, d, key, hash, index);
    while (result == FOUND_CHANGED);
    return result;
}

/* The slot of this very entry; false: it has been replaced or removed. */
static bool search_entry(const weak_dict *d, const weak_entry *entry, size_t *index)
{
    if (d->capacity == 0)
        return false;
    for (size_t i = entry->hash & (d->capacity - 1);; i = (i + 1) & (d->capacity - 1)) {
        const weak_dict_slot *s = &d->slots[i];
        if (s->key == NULL && s->hash != SLOT_REMOVED)
            return false;
        if (s->key != NULL && slot_weak_side(d, s) == &entry->weak.object) {
            *index = i;
            return true;
        }
    }
}

/* ---- changing: nothing here passes a safepoint --------------------------------------------------------------------- */

static void slot_fill(weak_dict *d, uint64_t hash, weft_object *key, weft_object *value)
{
    size_t i = hash & (d->capacity - 1);
    while (d->slots[i].key != NULL)
        i = (i + 1) & (d->capacity - 1);
    d->used += d->slots[i].hash != SLOT_REMOVED;
    d->slots[i] = (weak_dict_slot){hash, key, value};
}

/* Room for one more; at most two thirds are used. */
static bool grow(thread *self, weak_dict *d)
{
    if ((d->used + 1) * 3 <= d->capacity * 2)
        return true;
    size_t capacity = 8;
    while (capacity < (d->live + 1) * 3)
        capacity *= 2;
    weak_dict_slot *slots = (weak_dict_slot *)weft_mem_alloc(&self->head, capacity * sizeof *slots);
    if (slots == NULL)
        return false;
    memset(slots, 0, capacity * sizeof *slots);
    weak_dict_slot *old = d->slots;
    size_t old_capacity = d->capacity;
    d->slots = slots;
    d->capacity = capacity;
    d->used = 0;
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].key != NULL)
            slot_fill(d, old[i].hash, old[i].key, old[i].value);
    weft_mem_free(&self->head, old, old_capacity * sizeof *old);
    d->version++;
    return true;
}

static weak_dict_slot slot_remove(weak_dict *d, size_t index)
{
    weak_dict_slot was = d->slots[index];
    d->slots[index] = (weak_dict_slot){SLOT_REMOVED, NULL, NULL};
    d->live--;
    d->version++;
    return was;
}

static void slot_drop(weft_thread *self, const weak_dict_slot *s)
{
    weft_decref(self, s->key);
    weft_decref(self, s->value);
}

/* ---- entries --------------------------------------------------------------------------------------------------------- */

static void entry_dead(weft_thread *self, weft_object *weak, void *arg)
{
    weft_object *o = weft_weak_get(self, (weft_object *)arg);
    if (o == NULL)
        return;
    weft_critical section;
    size_t index;
    weft_critical_begin(self, &section, o);
    bool there = search_entry(dict_of(o), (const weak_entry *)(const void *)weak, &index);
    weak_dict_slot was = there ? slot_remove(dict_of(o), index) : (weak_dict_slot){0, NULL, NULL};
    weft_critical_end(self, &section);
    if (there)
        slot_drop(self, &was);
    weft_decref(self, o);
}

weft_object *weak_entry_dict(const weak_object *entry)
{
    weft_object *o = ((const weak_object *)entry->arg)->referent;
    return o != NULL && dict_of(o)->side == WEFT_WEAK_KEYS ? o : NULL;
}

static weft_object *entry_new(thread *self, weak_dict *d, weft_object *o, uint64_t hash)
{
    weft_object *itself = weft_ref(&self->head, d->itself);
    weft_object *entry = weak_make(self, o, WEFT_TYPE_WEAK_ENTRY, sizeof(weak_entry), entry_dead, itself);
    if (entry == NULL)
        weft_decref(&self->head, itself);
    else
        ((weak_entry *)(void *)entry)->hash = hash;
    return entry;
}

static int entry_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    return visit((weft_object *)((weak_object *)(void *)o)->arg, arg);
}

static void entry_clear(weft_thread *self, weft_object *o)
{
    (void)self;
    (void)o; /* what it refers to refers to nothing */
}

static void entry_destroy(weft_thread *self, weft_object *o)
{
    weak_destroy(self, o);
    weft_decref(self, (weft_object *)((weak_object *)(void *)o)->arg);
}

/* ---- the public functions ------------------------------------------------------------------------------------------- */

weft_object *weft_weak_dict_new(weft_thread *self, weft_weak_side side)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (side != WEFT_WEAK_KEYS && side != WEFT_WEAK_VALUES) {
        weft_error_set(WEFT_ERROR_VALUE, "weft_weak_dict_new: side is %d, not 0 or 1", (int)side);
        return NULL;
    }
    weft_object *o = object_alloc_container(thread_of(self), WEFT_TYPE_WEAK_DICT, sizeof(weak_dict));
    if (o == NULL)
        return NULL;
    weak_dict *d = dict_of(o);
    memset(&d->side, 0, sizeof *d - offsetof(weak_dict, side));
    d->side = side;
    object_track(thread_of(self), o);
    d->itself = weft_weak_new(self, o, NULL, NULL);
    if (d->itself == NULL) {
        weft_decref(self, o);
        return NULL;
    }
    return o;
}

static bool arguments_check(const weft_object *dict, const weft_object *key, const char *function)
{
    if (!object_check(dict, WEFT_TYPE_WEAK_DICT, function))
        return false;
    if (key != NULL)
        return true;
    weft_error_set(WEFT_ERROR_VALUE, "%s: key is NULL", function);
    return false;
}

int weft_weak_dict_get(weft_thread *self, weft_object *dict, weft_object *key, weft_object **value)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    uint64_t hash;
    if (!arguments_check(dict, key, __func__) || weft_hash(self, key, &hash) != WEFT_OK)
        return weft_error_status();
    thread *t = thread_of(self);
    weak_dict *d = dict_of(dict);
    weft_object *its_key = NULL, *its_value = NULL;
    weft_critical section;
    size_t index;
    weft_critical_begin(self, &section, dict);
    found result = search(t, d, key, hash, &index);
    if (result == FOUND && !slot_take(t, d, &d->slots[index], &its_key, &its_value))
        result = FOUND_NOT;
    weft_critical_end(self, &section);
    weft_xdecref(self, its_key);
    if (value != NULL)
        *value = its_value;
    else
        weft_xdecref(self, its_value);
    return result == FOUND_ERROR ? (int)weft_error_status() : result == FOUND;
}

/* Under the lock: puts `entry` and the strong side in; what stood there comes back in *was. */
static weft_status set_locked(thread *self, weak_dict *d, weft_object *key, weft_object *value, weft_object *entry,
                              weak_dict_slot *was)
{
    uint64_t hash = ((weak_entry *)(void *)entry)->hash;
    size_t index;
    found result = search(self, d, key, hash, &index);
    if (result == FOUND_ERROR)
        return weft_error_status();
    weak_dict_slot now = {hash, key, value};
    *(d->side == WEFT_WEAK_KEYS ? &now.key : &now.value) = entry;
    if (result == FOUND) {
        *was = d->slots[index];
        d->slots[index] = now;
        d->version++;
    } else {
        if (!grow(self, d))
            return WEFT_ERROR_MEMORY;
        slot_fill(d, hash, now.key, now.value);
        d->live++;
        d->version++;
    }
    weft_incref(&self->head, d->side == WEFT_WEAK_KEYS ? value : key);
    weft_incref(&self->head, entry);
    return WEFT_OK;
}

weft_status weft_weak_dict_set(weft_thread *self, weft_object *dict, weft_object *key, weft_object *value)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    uint64_t hash;
    if (!arguments_check(dict, key, __func__))
        return weft_error_status();
    if (value == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_weak_dict_set: value is NULL");
    if (weft_hash(self, key, &hash) != WEFT_OK)
        return weft_error_status();
    weak_dict *d = dict_of(dict);
    weft_object *entry = entry_new(thread_of(self), d, d->side == WEFT_WEAK_KEYS ? key : value, hash);
    if (entry == NULL)
        return weft_error_status();
    weak_dict_slot was = {0, NULL, NULL};
    weft_critical section;
    weft_critical_begin(self, &section, dict);
    weft_status status = set_locked(thread_of(self), d, key, value, entry, &was);
    weft_critical_end(self, &section);
    weft_decref(self, entry);
    if (was.key != NULL)
        slot_drop(self, &was);
    return status;
}

int weft_weak_dict_pop(weft_thread *self, weft_object *dict, weft_object *key, weft_object **value)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    uint64_t hash;
    if (!arguments_check(dict, key, __func__) || weft_hash(self, key, &hash) != WEFT_OK)
        return weft_error_status();
    thread *t = thread_of(self);
    weak_dict *d = dict_of(dict);
    weft_object *its_key = NULL, *its_value = NULL;
    weak_dict_slot was = {0, NULL, NULL};
    weft_critical section;
    size_t index;
    weft_critical_begin(self, &section, dict);
    found result = search(t, d, key, hash, &index);
    if (result == FOUND && !slot_take(t, d, &d->slots[index], &its_key, &its_value))
        result = FOUND_NOT; /* its callback will remove it */
    if (result == FOUND)
        was = slot_remove(d, index);
    weft_critical_end(self, &section);
    if (was.key != NULL)
        slot_drop(self, &was);
    weft_xdecref(self, its_key);
    if (value != NULL)
        *value = its_value;
    else
        weft_xdecref(self, its_value);
    return result == FOUND_ERROR ? (int)weft_error_status() : result == FOUND;
}

int64_t weft_weak_dict_size(weft_thread *self, const weft_object *dict)
{
    WEFT_CHECK_THREAD(self, WEFT_ERROR_THREAD);
    if (!object_check(dict, WEFT_TYPE_WEAK_DICT, __func__))
        return weft_error_status();
    weft_object *o = (weft_object *)(uintptr_t)dict; /* its lock is taken */
    weak_dict *d = dict_of(o);
    weft_critical section;
    int64_t live = 0;
    weft_critical_begin(self, &section, o);
    for (size_t i = 0; i < d->capacity; i++)
        if (d->slots[i].key != NULL)
            live += weft_load_relaxed(&((weak_object *)(void *)slot_weak_side(d, &d->slots[i]))->referent) != NULL;
    weft_critical_end(self, &section);
    return live;
}

static weft_object *slot_pair(thread *self, const weak_dict *d, const weak_dict_slot *s, bool *gone)
{
    weft_object *pair[2];
    *gone = s->key == NULL || !slot_take(self, d, s, &pair[0], &pair[1]);
    if (*gone)
        return NULL;
    weft_object *tuple = weft_tuple_new(&self->head, pair, 2);
    weft_decref(&self->head, pair[0]);
    weft_decref(&self->head, pair[1]);
    return tuple;
}

weft_object *weft_weak_dict_items(weft_thread *self, weft_object *dict)
{
    WEFT_CHECK_THREAD(self, NULL);
    if (!object_check(dict, WEFT_TYPE_WEAK_DICT, __func__))
        return NULL;
    weft_object *list = weft_list_new(self, 0);
    if (list == NULL)
        return NULL;
    weak_dict *d = dict_of(dict);
    bool failed = false;
    weft_critical section;
    weft_critical_begin(self, &section, dict);
    for (size_t i = 0; i < d->capacity && !failed; i++) {
        bool gone;
        weft_object *pair = slot_pair(thread_of(self), d, &d->slots[i], &gone);
        failed = !gone && (pair == NULL || weft_list_append(self, list, pair) != WEFT_OK);
        weft_xdecref(self, pair);
    }
    weft_critical_end(self, &section);
    if (!failed)
        return list;
    weft_decref(self, list);
    return NULL;
}

/* ---- callbacks of the type ------------------------------------------------------------------------------------------- */

static bool always_live(weft_object *key, void *arg)
{
    (void)key;
    (void)arg;
    return true;
}

int weak_table_traverse(weft_object *dict, bool (*is_live)(weft_object *key, void *arg), weft_visit_fn visit, void *arg)
{
    const weak_dict *d = dict_of(dict);
    int result = d->itself != NULL ? visit(d->itself, arg) : 0;
    for (size_t i = 0; i < d->capacity && result == 0; i++) {
        const weak_dict_slot *s = &d->slots[i];
        if (s->key == NULL)
            continue;
        result = visit(s->key, arg);
        weft_object *key =
            d->side == WEFT_WEAK_KEYS ? weft_load_relaxed(&((weak_object *)(void *)s->key)->referent) : s->key;
        bool live = d->side == WEFT_WEAK_VALUES || is_live == always_live || (key != NULL && is_live(key, arg));
        if (result == 0 && live)
            result = visit(s->value, arg);
    }
    return result;
}

static int weak_dict_traverse(weft_object *o, weft_visit_fn visit, void *arg)
{
    return weak_table_traverse(o, always_live, visit, arg);
}

static void weak_dict_clear(weft_thread *self, weft_object *o)
{
    weak_dict *d = dict_of(o);
    weak_dict_slot *slots = d->slots;
    size_t capacity = d->capacity;
    d->slots = NULL;
    d->capacity = d->used = d->live = 0;
    d->version++;
    for (size_t i = 0; i < capacity; i++)
        if (slots[i].key != NULL)
            slot_drop(self, &slots[i]);
    weft_mem_free(self, slots, capacity * sizeof *slots);
}

static void weak_dict_destroy(weft_thread *self, weft_object *o)
{
    weak_dict_clear(self, o);
    weft_xdecref(self, dict_of(o)->itself);
}

void weak_dict_type_init(void)
{
    static const weft_type_spec dict = {
        .name = "weak_dict",
        .size = sizeof(weak_dict),
        .flags = WEFT_TYPE_EPHEMERON,
        .traverse = weak_dict_traverse,
        .clear = weak_dict_clear,
        .destroy = weak_dict_destroy,
    };
    static const weft_type_spec entry = {
        .name = "weak_dict_entry",
        .size = sizeof(weak_entry),
        .traverse = entry_traverse,
        .clear = entry_clear,
        .destroy = entry_destroy,
    };
    type_set_builtin(WEFT_TYPE_WEAK_DICT, &dict);
    type_set_builtin(WEFT_TYPE_WEAK_ENTRY, &entry);
}
