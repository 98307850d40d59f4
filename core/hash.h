/* hash.h - the hash functions behind weft_hash, keyed by a number that differs from process to process.
 *
 * Whoever chooses the keys of a dict must not be able to choose keys that all collide. So numbers are added to a
 * random key before they are mixed, and bytes are hashed by XXH3 (xxhash.h, compiled in: nothing is linked) with the
 * key as its seed. Hashes are therefore good within one process only, and are never stored or shown.
 *
 * Called by any thread; nothing here allocates or fails. */
#ifndef WEFT_CORE_HASH_H
#define WEFT_CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

extern uint64_t hash_key; /* random; constant once builtin_types_init has run, kept by a forked child */

/* Chooses the key. Once a process, before any thread is attached. */
void hash_init(void);

/* Of any bytes; `salt` tells apart kinds that are never equal, such as str and bytes. */
uint64_t hash_bytes(const void *data, size_t size, uint64_t salt);

/* Every bit of x moves every bit of the result, and different x give different results (the finaliser of splitmix64:
 * Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014). */
static inline uint64_t hash_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static inline uint64_t hash_int(int64_t value)
{
    return hash_mix((uint64_t)value + hash_key);
}

/* A whole number that an int could hold hashes as that int does, because the two are equal. NaN is equal to nothing
 * but the object it is in, so the caller hashes that object's address. */
uint64_t hash_float(double value);

static inline uint64_t hash_address(const void *p)
{
    return hash_mix((uint64_t)(uintptr_t)p ^ hash_key);
}

/* For sequences: folds the next item's hash into what the earlier ones gave. Order matters. */
static inline uint64_t hash_fold(uint64_t so_far, uint64_t item)
{
    uint64_t x = so_far + item * UINT64_C(0xc2b2ae3d27d4eb4f);
    return ((x << 31) | (x >> 33)) * UINT64_C(0x9e3779b185ebca87);
}

#endif
