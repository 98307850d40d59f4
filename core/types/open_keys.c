/* open_keys.c - the names that the instances of a type share: see open.h. Any attached thread. */
#include "core/types/open.h"
#include "core/types/str.h"

int open_key_find(const open_keys *keys, weft_object *name)
{
    uint64_t hash = str_hash(str_of(name));
    for (uint64_t i = hash;; i++) {
        /* order: acquire - pairs with key_append_locked, so that the name is seen. */
        int place = weft_load_acquire(&keys->index[i % OPEN_INDEX_SIZE]) - 1;
        if (place < 0)
            return -1;
        weft_object *known = keys->names[place];
        if (WEFT_LIKELY(known == name) || (str_hash(str_of(known)) == hash && str_equal(str_of(known), str_of(name))))
            return place;
    }
}

static void key_append_locked(open_keys *keys, weft_object *stolen)
{
    uint32_t count = keys->count;
    uint64_t i = str_hash(str_of(stolen));
    while (keys->index[i % OPEN_INDEX_SIZE] != 0)
        i++;
    keys->names[count] = stolen;
    /* order: release - pairs with open_key_find, and with who counts the names before it reads them. */
    weft_store_release(&keys->index[i % OPEN_INDEX_SIZE], (uint8_t)(count + 1));
    weft_store_release(&keys->count, count + 1);
}

bool open_key_add(weft_thread *self, open_keys *keys, weft_object *name, int *place)
{
    *place = open_key_find(keys, name);
    if (WEFT_LIKELY(*place >= 0) || weft_load_relaxed(&keys->count) == WEFT_OPEN_KEYS_MAX)
        return true;
    weft_object *interned = weft_str_intern(self, name, false);
    if (interned == NULL)
        return false;
    pthread_mutex_lock(&self->runtime->lock);
    *place = open_key_find(keys, interned);
    if (*place < 0 && keys->count < WEFT_OPEN_KEYS_MAX) {
        *place = (int)keys->count;
        key_append_locked(keys, interned);
        interned = NULL;
    }
    pthread_mutex_unlock(&self->runtime->lock);
    weft_xdecref(self, interned);
    return true;
}
