/* harness.h - tests in C, run by googletest.
 *
 *     TEST_CASE(lock, a waiter gets the lock when the holder lets go)
 *     {
 *         weft_thread *self = ...;
 *         REQUIRE(self != NULL);
 *         CHECK_INT(weft_list_size(self, list), 3);
 *     }
 *
 * The sentence may be bare words or a string. A test registers itself before main; harness.cc hands it to googletest.
 * The checks may be used from any number of threads at once, also in functions that a test calls. */
#ifndef WEFT_TESTS_HARNESS_H
#define WEFT_TESTS_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct test_case {
    const char *suite, *sentence, *file;
    int line;
    void (*run)(void);
    struct test_case *next;
} test_case;

void test_register(test_case *test);

#define TEST_CASE(suite, ...) TEST_CASE_AT_(#suite, #__VA_ARGS__, __LINE__)
#define TEST_CASE_AT_(suite, sentence, line) TEST_CASE_NAMED_(suite, sentence, line)
#define TEST_CASE_NAMED_(suite, sentence, line)                                          \
    static void test_at_##line(void);                                                    \
    __attribute__((constructor)) static void test_register_at_##line(void)               \
    {                                                                                    \
        static test_case test = {suite, sentence, __FILE__, line, test_at_##line, NULL}; \
        test_register(&test);                                                            \
    }                                                                                    \
    static void test_at_##line(void)

/* Record a failure and go on; they return whether it held. */
#define CHECK(condition) test_check((condition), #condition, __FILE__, __LINE__)
#define CHECK_INT(a, b) test_check_int((intmax_t)(a), (intmax_t)(b), #a, #b, __FILE__, __LINE__)
#define CHECK_STR(a, b) test_check_str((a), (b), #a, #b, __FILE__, __LINE__)
#define CHECK_PTR(a, b) test_check_ptr((a), (b), #a, #b, __FILE__, __LINE__)

/* Record a failure and leave the function, which must return void. */
#define REQUIRE(condition)     \
    do {                       \
        if (!CHECK(condition)) \
            return;            \
    } while (0)

/* Leaves the function; the test counts as skipped unless it failed. */
#define SKIP(reason)                             \
    do {                                         \
        test_skip((reason), __FILE__, __LINE__); \
        return;                                  \
    } while (0)

bool test_check(bool holds, const char *text, const char *file, int line);
bool test_check_int(intmax_t a, intmax_t b, const char *a_text, const char *b_text, const char *file, int line);
bool test_check_str(const char *a, const char *b, const char *a_text, const char *b_text, const char *file, int line);
bool test_check_ptr(const void *a, const void *b, const char *a_text, const char *b_text, const char *file, int line);
void test_skip(const char *reason, const char *file, int line);

/* The run's seed, printed when a test first asks: WEFT_SEED, or else from the clock. The same for a whole run. */
uint64_t test_seed(void);

/* The next number of a stream; *state starts as anything, e.g. test_seed() + the thread's index. */
uint64_t test_random(uint64_t *state);

/* Runs run(index, arg) on `count` new pthreads, index 0 to count - 1, which start together; returns when all ended. */
void test_threads(int count, void (*run)(int index, void *arg), void *arg);

/* The same on one new pthread with `stack_bytes` of stack (0: the system's default), or as much
 * more as a sanitizer needs. */
void test_thread_with_stack(size_t stack_bytes, void (*run)(void *arg), void *arg);

/* A repetition count for this build: `count`, or a tenth of it under a sanitizer, never 0. */
int test_scale(int count);

/* Monotonic. */
uint64_t test_now_ns(void);
void test_sleep_ms(int milliseconds);

#ifdef __cplusplus
}
#endif

#endif
