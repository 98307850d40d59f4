/* values.h - what the tests of the object types share: a runtime with one thread, and checks that a call failed as it
 * should, left nothing behind, and can run out of memory at each of its allocations. */
#ifndef WEFT_TESTS_VALUES_H
#define WEFT_TESTS_VALUES_H

#include <string.h>

#include "harness.h"
#include "weft/weft.h"

/* A runtime, and the calling thread attached to it; `self` is NULL if that failed, which is recorded. */
typedef struct values {
    weft_runtime *runtime;
    weft_thread *self;
} values;

static inline values values_open(void)
{
    values v = {weft_runtime_new(NULL), NULL};
    if (CHECK(v.runtime != NULL))
        v.self = weft_thread_attach(v.runtime);
    CHECK(v.self != NULL);
    return v;
}

static inline int values_count_(weft_object *o, void *arg)
{
    (void)o;
    ++*(int64_t *)arg;
    return 0;
}

/* Live objects of the runtime. */
static inline int64_t values_live(weft_thread *self)
{
    int64_t count = 0;
    CHECK_INT(weft_world_stop(self), WEFT_OK);
    CHECK_INT(weft_heap_walk(self, values_count_, &count), 0);
    CHECK_INT(weft_world_start(self), WEFT_OK);
    return count;
}

/* Every object must be gone by now. */
static inline void values_close(values *v)
{
    if (v->self != NULL) {
        CHECK_INT(values_live(v->self), 0);
        CHECK_INT(weft_thread_detach(v->self), WEFT_OK);
    }
    CHECK_INT(weft_runtime_free(v->runtime), WEFT_OK);
}

/* The last call failed with this status and a message that has `part` in it. Clears the error. */
#define CHECK_ERROR(status, part) values_check_error((status), (part), __FILE__, __LINE__)

static inline void values_check_error(weft_status status, const char *part, const char *file, int line)
{
    test_check_int(weft_error_status(), status, "weft_error_status()", "status", file, line);
    if (strstr(weft_error_message(), part) == NULL)
        test_check_str(weft_error_message(), part, "weft_error_message()", "part", file, line);
    weft_error_clear();
}

/* The call gives NULL, or a negative number, with that error. */
#define CHECK_NULL(call, status, part) \
    do {                               \
        if (CHECK((call) == NULL))     \
            CHECK_ERROR(status, part); \
    } while (0)
#define CHECK_FAILS(call, status, part)  \
    do {                                 \
        if (CHECK_INT((call), (status))) \
            CHECK_ERROR(status, part);   \
    } while (0)

/* Tries something and drops what it gave: true if it succeeded. */
typedef bool (*values_attempt)(weft_thread *self, void *arg);

/* Bytes in live blocks, raw memory included, those that wait for readers not. */
static inline size_t values_bytes(weft_thread *self)
{
    static weft_heap_stats stats; /* large; the tests that use it have one thread */
    CHECK_INT(weft_heap_statistics(self, &stats), WEFT_OK);
    return stats.bytes_used - stats.bytes_deferred;
}

/* Makes each allocation of the attempt fail in turn, until there are no more: each failure must be WEFT_ERROR_MEMORY and
 * leave as many live objects and bytes as before. A few allocations may fail without the caller being told, because the
 * library does without them: so it ends after some successes in a row. Returns how many attempts failed. */
static inline int values_exhaust(weft_thread *self, values_attempt attempt, void *arg)
{
    enum { SUCCESSES = 4 };

    int64_t before = values_live(self);
    int failed = 0, succeeded = 0;
    for (int n = 1; n < 1000 && succeeded < SUCCESSES; n++) {
        weft_error_clear();
        CHECK_INT(weft_fail_allocation(self, (uint64_t)n, false), WEFT_OK);
        size_t bytes = values_bytes(self);
        bool good = attempt(self, arg);
        if (!good)
            CHECK_INT(values_bytes(self), bytes);
        CHECK_INT(weft_fail_allocation(self, 0, false), WEFT_OK);
        CHECK_INT(values_live(self), before);
        succeeded = good ? succeeded + 1 : 0;
        failed += !good;
        if (!good)
            CHECK_ERROR(WEFT_ERROR_MEMORY, "");
    }
    CHECK_INT(succeeded, SUCCESSES);
    return failed;
}

/* The text of a str, which is dropped only after the check. */
#define CHECK_TEXT(self, o, text) values_check_text((self), (o), (text), #o, __FILE__, __LINE__)

static inline void values_check_text(weft_thread *self, weft_object *o, const char *text, const char *what,
                                     const char *file, int line)
{
    if (!test_check(o != NULL, what, file, line))
        return;
    size_t size = 0;
    const char *found = weft_str_utf8(self, o, &size);
    test_check_str(found ? found : "(no str)", text, what, "text", file, line);
    if (found)
        test_check_int((intmax_t)size, (intmax_t)strlen(text), what, "its size", file, line);
    weft_decref(self, o);
}

/* A str of a C string. */
static inline weft_object *values_str(weft_thread *self, const char *text)
{
    weft_object *o = weft_str_new(self, text, strlen(text));
    CHECK(o != NULL);
    return o;
}

/* One thread of a multi-threaded test: attached to the runtime for the time of the run. */
#define VALUES_THREAD(self, runtime)                 \
    weft_thread *self = weft_thread_attach(runtime); \
    REQUIRE(self != NULL)

#endif
