// harness.cc - hands the C tests to googletest, and the checks' failures with them.
//
// Tests arrive from constructors, which run before googletest's own: so they are only linked here, and registered in
// main. googletest's failure reporting takes its own lock, so checks work from any thread.
#include "harness.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <time.h>

#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define UNDER_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define UNDER_SANITIZER 1
#endif
#endif
#ifndef UNDER_SANITIZER
#define UNDER_SANITIZER 0
#endif

namespace {

test_case *first;
test_case **last = &first;

class CTest : public testing::Test {
  public:
    explicit CTest(const test_case *test) : test_(test)
    {
    }

    void TestBody() override
    {
        test_->run();
    }

  private:
    const test_case *test_;
};

// A sentence, bare or quoted, as a name that googletest's filters and ctest accept.
std::string name_of(const char *text)
{
    std::string name;
    for (const char *p = text; *p; p++) {
        if (std::isalnum(static_cast<unsigned char>(*p)))
            name += *p;
        else if (!name.empty() && name.back() != '_')
            name += '_';
    }
    while (!name.empty() && name.back() == '_')
        name.pop_back();
    return name;
}

struct gate {
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
    bool open = false;
};

struct start {
    gate *entry;
    void (*run)(int, void *);
    int index;
    void *arg;
};

void *enter(void *p)
{
    const start *s = static_cast<start *>(p);
    pthread_mutex_lock(&s->entry->lock);
    while (!s->entry->open)
        pthread_cond_wait(&s->entry->opened, &s->entry->lock);
    pthread_mutex_unlock(&s->entry->lock);
    s->run(s->index, s->arg);
    return nullptr;
}

struct stack_start {
    void (*run)(void *);
    void *arg;
};

void *enter_with_stack(void *p)
{
    const stack_start *s = static_cast<stack_start *>(p);
    s->run(s->arg);
    return nullptr;
}

} // namespace

void test_register(test_case *test)
{
    *last = test;
    last = &test->next;
}

bool test_check(bool holds, const char *text, const char *file, int line)
{
    if (!holds)
        ADD_FAILURE_AT(file, line) << text;
    return holds;
}

bool test_check_int(intmax_t a, intmax_t b, const char *a_text, const char *b_text, const char *file, int line)
{
    if (a != b)
        ADD_FAILURE_AT(file, line) << a_text << " is " << a << "\n" << b_text << " is " << b;
    return a == b;
}

bool test_check_str(const char *a, const char *b, const char *a_text, const char *b_text, const char *file, int line)
{
    const bool same = a == b || (a && b && std::strcmp(a, b) == 0);
    if (!same)
        ADD_FAILURE_AT(file, line) << a_text << " is " << (a ? a : "NULL") << "\n"
                                   << b_text << " is " << (b ? b : "NULL");
    return same;
}

bool test_check_ptr(const void *a, const void *b, const char *a_text, const char *b_text, const char *file, int line)
{
    if (a != b)
        ADD_FAILURE_AT(file, line) << a_text << " is " << a << "\n" << b_text << " is " << b;
    return a == b;
}

void test_skip(const char *reason, const char *file, int line)
{
    GTEST_SKIP_(reason) << file << ":" << line;
}

uint64_t test_seed(void)
{
    static const uint64_t seed = [] {
        const char *given = std::getenv("WEFT_SEED");
        const uint64_t value = given && *given ? std::strtoull(given, nullptr, 0) : test_now_ns() % 1000000007u;
        std::printf("seed: WEFT_SEED=%llu\n", static_cast<unsigned long long>(value));
        std::fflush(stdout);
        return value;
    }();
    return seed;
}

// splitmix64 (Steele, Lea and Flood 2014)
uint64_t test_random(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

void test_threads(int count, void (*run)(int index, void *arg), void *arg)
{
    gate entry;
    std::vector<pthread_t> threads;
    std::vector<start> starts(static_cast<size_t>(count));
    for (int i = 0; i < count; i++) {
        start *s = &starts[static_cast<size_t>(i)];
        *s = start{&entry, run, i, arg};
        pthread_t thread;
        const int error = pthread_create(&thread, nullptr, enter, s);
        if (error) {
            ADD_FAILURE() << "pthread_create for thread " << i << " of " << count << ": " << std::strerror(error);
            break;
        }
        threads.push_back(thread);
    }
    pthread_mutex_lock(&entry.lock);
    entry.open = true;
    pthread_cond_broadcast(&entry.opened);
    pthread_mutex_unlock(&entry.lock);
    for (pthread_t thread : threads)
        pthread_join(thread, nullptr);
}

void test_thread_with_stack(size_t stack_bytes, void (*run)(void *arg), void *arg)
{
    stack_start s{run, arg};
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    if (UNDER_SANITIZER) // its frames are several times as large
        stack_bytes *= 8;
    int error = stack_bytes ? pthread_attr_setstacksize(&attributes, stack_bytes) : 0;
    pthread_t thread;
    if (!error)
        error = pthread_create(&thread, &attributes, enter_with_stack, &s);
    if (error)
        ADD_FAILURE() << "a thread with " << stack_bytes << " bytes of stack: " << std::strerror(error);
    else
        pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
}

int test_scale(int count)
{
    return UNDER_SANITIZER && count > 10 ? count / 10 : count > 0 ? count : 1;
}

uint64_t test_now_ns(void)
{
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<uint64_t>(t.tv_sec) * 1000000000u + static_cast<uint64_t>(t.tv_nsec);
}

void test_sleep_ms(int milliseconds)
{
    timespec t{milliseconds / 1000, milliseconds % 1000 * 1000000L};
    while (nanosleep(&t, &t) != 0 && errno == EINTR) {}
}

int main(int argc, char **argv)
{
    for (const test_case *test = first; test; test = test->next) {
        const std::string suite = name_of(test->suite), name = name_of(test->sentence);
        testing::RegisterTest(suite.c_str(), name.c_str(), nullptr, nullptr, test->file, test->line,
                              [test]() -> testing::Test * { return new CTest(test); });
    }
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
