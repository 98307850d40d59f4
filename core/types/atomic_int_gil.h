/* atomic_int_gil.h - the steps of the atomic int where only one thread runs at a time. */
#ifndef WEFT_CORE_TYPES_ATOMIC_INT_GIL_H
#define WEFT_CORE_TYPES_ATOMIC_INT_GIL_H

static inline int64_t atomic_int_load(const int64_t *p)
{
    return *p;
}

static inline int64_t atomic_int_swap(int64_t *p, int64_t to)
{
    int64_t was = *p;
    *p = to;
    return was;
}

static inline bool atomic_int_try_replace(int64_t *p, int64_t *expected, int64_t to)
{
    if (*p != *expected) {
        *expected = *p;
        return false;
    }
    *p = to;
    return true;
}

static inline bool atomic_int_try_add(int64_t *p, int64_t more, int64_t *was)
{
    int64_t sum;
    *was = *p;
    if (__builtin_add_overflow(*p, more, &sum))
        return false;
    *p = sum;
    return true;
}

#endif
