/* hash.c - the key, and the hash functions too large to be inline. See hash.h. */
#include "core/hash.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "core/number.h"
#include "core/platform/platform.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t hash_key;

void hash_init(void)
{
    uint64_t key;
    if (getentropy(&key, sizeof key) != 0) {
        /* No entropy (an old kernel, a sandbox): the clock and where the loader put us are hard enough to guess. */
        key = hash_mix(platform_now_ns()) ^ hash_mix((uint64_t)(uintptr_t)&hash_key);
    }
    hash_key = key;
}

uint64_t hash_bytes(const void *data, size_t size, uint64_t salt)
{
    return XXH3_64bits_withSeed(data, size, hash_key ^ salt);
}

uint64_t hash_float(double value)
{
    int64_t whole;
    if (number_float_is_int(value, &whole))
        return hash_int(whole);
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return hash_mix(bits ^ hash_key);
}
