/* atomic_int_ft.h - the steps of the atomic int, free-threaded. All are seq_cst: programs use counters as flags too, and
 * a read-modify-write costs the same with any order. */
#ifndef WEFT_CORE_TYPES_ATOMIC_INT_FT_H
#define WEFT_CORE_TYPES_ATOMIC_INT_FT_H

static inline int64_t atomic_int_load(const int64_t *p)
{
    return weft_load_seq_cst(p);
}

static inline int64_t atomic_int_swap(int64_t *p, int64_t to)
{
    return __atomic_exchange_n(p, to, __ATOMIC_SEQ_CST);
}

static inline bool atomic_int_try_replace(int64_t *p, int64_t *expected, int64_t to)
{
    return __atomic_compare_exchange_n(p, expected, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static inline bool atomic_int_try_add(int64_t *p, int64_t more, int64_t *was)
{
    int64_t sum;
    *was = weft_load_relaxed(p); /* the exchange orders it */
    do {
        if (__builtin_add_overflow(*was, more, &sum))
            return false;
    } while (!atomic_int_try_replace(p, was, sum));
    return true;
}

#endif
