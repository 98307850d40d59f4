/* sort.c - powersort (Munro and Wild, "Nearly-Optimal Mergesorts: Fast, Practical Sorting Methods That Optimally Adapt to
 * Existing Runs", ESA 2018) with galloping merges (Peters' timsort; Bentley and Yao, "An almost optimal algorithm for
 * unbounded searching", 1976).
 *
 * The array is cut into runs that are in order already, short ones made longer by insertion. A boundary between two runs
 * has a power, the depth at which it would be in a nearly balanced tree over the array; runs are merged when a boundary of
 * less power comes along. A merge takes CHUNK items at a time without a branch that depends on them; only when all of a
 * chunk came from one side does it look how far that goes on.
 *
 * Each function is compiled for each kind of comparison (`kind` is a constant in it). Called by the attached thread, with
 * arrays of its own. */
#include "core/types/sort.h"

#include <string.h>

#include "core/types/str.h"

#define INLINE static inline __attribute__((always_inline))

enum {
    RUN_LEAST = 24, /* shorter runs are made that long */
    CHUNK = 16,
    POWERS_MOST = 72 /* runs waiting to be merged: powers grow on the stack, and are at most 64 and a little */
};

/* ---- comparing ------------------------------------------------------------------------------------------------- */

static int str_less(const sort_item *a, const sort_item *b)
{
    str_object *x = str_of(a->o), *y = str_of(b->o);
    size_t x_size = str_size(x), y_size = str_size(y);
    int order = memcmp(str_text(x), str_text(y), x_size < y_size ? x_size : y_size);
    return order != 0 ? order < 0 : x_size < y_size;
}

/* 1 if a comes before b, 0 if not, negative: `less` failed. */
INLINE int is_less(const sorter *s, sort_kind kind, const sort_item *a, const sort_item *b)
{
    if (kind == SORT_KEYS)
        return a->key < b->key;
    if (kind == SORT_ASK)
        return s->less(s->self, a->o, b->o, s->arg);
    return WEFT_LIKELY(a->key != b->key) ? a->key < b->key : str_less(a, b);
}

/* ---- runs ------------------------------------------------------------------------------------------------------ */

static void turn_round(sort_item *a, size_t count)
{
    for (size_t i = 0, j = count - 1; i < j; i++, j--) {
        sort_item item = a[i];
        a[i] = a[j];
        a[j] = item;
    }
}

/* How many items from the start are in order; if each comes before the one in front of it, they are turned round (only
 * then does that keep level items in their order). 1 or more; negative: an error. */
INLINE int64_t find_run(const sorter *s, sort_kind kind, sort_item *a, size_t count)
{
    if (count < 2)
        return (int64_t)count;
    int falling = is_less(s, kind, &a[1], &a[0]);
    if (falling < 0)
        return falling;
    size_t length = 2;
    for (; length < count; length++) {
        int less = is_less(s, kind, &a[length], &a[length - 1]);
        if (less < 0)
            return less;
        if ((less != 0) != (falling != 0))
            break;
    }
    if (falling)
        turn_round(a, length);
    return (int64_t)length;
}

/* a[0 .. sorted) are in order; makes a[0 .. count) so. Looks for places by halves where comparing is dear. */
INLINE int insert_rest(const sorter *s, sort_kind kind, sort_item *a, size_t sorted, size_t count)
{
    for (size_t i = sorted; i < count; i++) {
        sort_item item = a[i];
        size_t place = i;
        if (kind == SORT_KEYS) {
            for (; place > 0 && item.key < a[place - 1].key; place--)
                a[place] = a[place - 1];
            a[place] = item;
            continue;
        }
        size_t low = 0;
        while (low < place) {
            size_t middle = low + (place - low) / 2;
            int less = is_less(s, kind, &item, &a[middle]);
            if (less < 0)
                return less;
            if (less)
                place = middle;
            else
                low = middle + 1;
        }
        memmove(&a[place + 1], &a[place], (i - place) * sizeof *a);
        a[place] = item;
    }
    return 0;
}

/* ---- galloping ------------------------------------------------------------------------------------------------- */

/* How many of a[0 .. count), which is in order, come before `item`; if `level`, or are level with it. Looks at 1, 3, 7 ...
 * first, so near answers are cheap. */
INLINE int64_t gallop(const sorter *s, sort_kind kind, const sort_item *item, const sort_item *a, size_t count,
                      bool level)
{
    size_t low = 0, high = count;
    for (size_t probe = 0; probe < count; probe = 2 * probe + 1) {
        int less = level ? is_less(s, kind, item, &a[probe]) : is_less(s, kind, &a[probe], item);
        if (less < 0)
            return less;
        if ((less != 0) == level) {
            high = probe;
            break;
        }
        low = probe + 1;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int less = level ? is_less(s, kind, item, &a[middle]) : is_less(s, kind, &a[middle], item);
        if (less < 0)
            return less;
        if ((less != 0) == level)
            high = middle;
        else
            low = middle + 1;
    }
    return (int64_t)low;
}

/* The same from the end: how many of the last ones are not before `item`. */
INLINE int64_t gallop_back(const sorter *s, sort_kind kind, const sort_item *item, const sort_item *a, size_t count)
{
    size_t low = 0, high = count; /* the answer is count - low .. high */
    for (size_t probe = 1; probe <= count; probe = 2 * probe + 1) {
        int less = is_less(s, kind, &a[count - probe], item);
        if (less < 0)
            return less;
        if (less) {
            low = count - probe + 1;
            break;
        }
        high = count - probe;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int less = is_less(s, kind, &a[middle], item);
        if (less < 0)
            return less;
        if (less)
            low = middle + 1;
        else
            high = middle;
    }
    return (int64_t)(count - low);
}

/* ---- merging --------------------------------------------------------------------------------------------------- */

/* The left run has been copied out of the way; the right one stands where the result ends. */
typedef struct merge {
    const sort_item *left, *left_end;
    const sort_item *right, *right_end;
    sort_item *out;
} merge;

/* One chunk. The number of items that came from the left, or an error. */
INLINE int64_t merge_chunk(const sorter *s, sort_kind kind, merge *m)
{
    const sort_item *left = m->left, *right = m->right;
    sort_item *out = m->out;
    for (int i = 0; i < CHUNK; i++) {
        int from_right = is_less(s, kind, right, left);
        if (kind == SORT_ASK && from_right < 0)
            return from_right;
        from_right = from_right != 0;
        const sort_item *source = from_right ? right : left;
        *out++ = *source;
        right += from_right;
        left += 1 - from_right;
    }
    int64_t from_left = left - m->left;
    m->left = left;
    m->right = right;
    m->out = out;
    return from_left;
}

INLINE int merge_gallop(const sorter *s, sort_kind kind, merge *m, bool left)
{
    const sort_item *from = left ? m->left : m->right;
    size_t count = (size_t)(left ? m->left_end - m->left : m->right_end - m->right);
    int64_t ahead = left ? gallop(s, kind, m->right, from, count, true) : gallop(s, kind, m->left, from, count, false);
    if (ahead < 0)
        return (int)ahead;
    memmove(m->out, from, (size_t)ahead * sizeof *from);
    m->out += ahead;
    if (left)
        m->left += ahead;
    else
        m->right += ahead;
    return 0;
}

/* One at a time, until one side is used up. */
INLINE int merge_rest(const sorter *s, sort_kind kind, merge *m)
{
    while (m->left < m->left_end && m->right < m->right_end) {
        int from_right = is_less(s, kind, m->right, m->left);
        if (from_right < 0)
            return from_right;
        *m->out++ = from_right ? *m->right++ : *m->left++;
    }
    return 0;
}

INLINE int merge_all(const sorter *s, sort_kind kind, merge *m)
{
    while (m->left_end - m->left >= CHUNK && m->right_end - m->right >= CHUNK) {
        int64_t from_left = merge_chunk(s, kind, m);
        if (from_left < 0)
            return (int)from_left;
        if (WEFT_LIKELY(from_left != 0 && from_left != CHUNK))
            continue;
        int failed = merge_gallop(s, kind, m, from_left != 0);
        if (failed)
            return failed;
    }
    return merge_rest(s, kind, m);
}

/* Merges a[0 .. left) with a[left .. left + right). */
INLINE int merge_runs(const sorter *s, sort_kind kind, sort_item *a, size_t left, size_t right)
{
    /* What is in its place already: the first of the left, and the last of the right. */
    int64_t skip = gallop(s, kind, &a[left], a, left, true);
    if (skip < 0)
        return (int)skip;
    a += skip;
    left -= (size_t)skip;
    if (left == 0)
        return 0;
    skip = gallop_back(s, kind, &a[left - 1], a + left, right);
    if (skip < 0)
        return (int)skip;
    right -= (size_t)skip;
    memcpy(s->temp, a, left * sizeof *a);
    merge m = {s->temp, s->temp + left, a + left, a + left + right, a};
    int failed = merge_all(s, kind, &m);
    if (failed)
        return failed;
    memcpy(m.out, m.left, (size_t)(m.left_end - m.left) * sizeof *a); /* what is left of the right is in its place */
    return 0;
}

/* ---- the order of merges --------------------------------------------------------------------------------------- */

typedef struct run {
    size_t start, length;
    unsigned power; /* of the boundary behind it */
} run;

/* The first binary place in which the middles of the two runs, as fractions of the array, differ. */
static unsigned boundary_power(const run *left, const run *right, size_t count)
{
    size_t a = 2 * left->start + left->length; /* twice the middle; the array is twice as long, too */
    size_t b = 2 * right->start + right->length;
    unsigned power = 1;
    while ((a >= count) == (b >= count)) {
        if (a >= count) {
            a -= count;
            b -= count;
        }
        a *= 2;
        b *= 2;
        power++;
    }
    return power;
}

/* The two topmost runs become one. */
INLINE int merge_top(const sorter *s, sort_kind kind, sort_item *a, run *stack, size_t *depth)
{
    run *left = &stack[*depth - 2], *right = &stack[*depth - 1];
    int failed = merge_runs(s, kind, a + left->start, left->length, right->length);
    left->length += right->length;
    left->power = right->power;
    --*depth;
    weft_safepoint(s->self); /* a large merge takes a while */
    return failed;
}

INLINE int sort_kinded(const sorter *s, sort_kind kind, sort_item *a, size_t count)
{
    run stack[POWERS_MOST];
    size_t depth = 0;
    int failed = 0;
    for (size_t start = 0; start < count && !failed;) {
        size_t rest = count - start;
        int64_t length = find_run(s, kind, a + start, rest);
        if (length < 0)
            return (int)length;
        if (length < RUN_LEAST && (size_t)length < rest) {
            size_t longer = rest < RUN_LEAST ? rest : RUN_LEAST;
            failed = insert_rest(s, kind, a + start, (size_t)length, longer);
            if (failed)
                return failed;
            length = (int64_t)longer;
        }
        run next = {start, (size_t)length, 0};
        if (depth > 0) {
            unsigned power = boundary_power(&stack[depth - 1], &next, count);
            while (!failed && depth > 1 && stack[depth - 2].power > power)
                failed = merge_top(s, kind, a, stack, &depth);
            stack[depth - 1].power = power;
        }
        assert(depth < POWERS_MOST);
        stack[depth++] = next;
        start += (size_t)length;
    }
    while (!failed && depth > 1)
        failed = merge_top(s, kind, a, stack, &depth);
    return failed;
}

weft_status sort_run(const sorter *s, sort_item *a, size_t count)
{
    switch (s->kind) {
    case SORT_KEYS:
        return (weft_status)sort_kinded(s, SORT_KEYS, a, count);
    case SORT_STRS:
        return (weft_status)sort_kinded(s, SORT_STRS, a, count);
    default:
        return (weft_status)sort_kinded(s, SORT_ASK, a, count);
    }
}
