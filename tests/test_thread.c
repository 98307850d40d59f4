/* Attaching and detaching, and what misuse of a thread gives. */
#include "probes.h"

#include <pthread.h>

static void *attach_and_end(void *runtime)
{
    weft_thread *self = weft_thread_attach(runtime);
    CHECK(self != NULL);
    return NULL; /* without detaching */
}

static void *attach_block_and_end(void *runtime)
{
    weft_thread *self = weft_thread_attach(runtime);
    CHECK_INT(weft_block_begin(self), WEFT_OK);
    return NULL;
}

static void run_pthread(void *(*run)(void *), void *arg)
{
    pthread_t id;
    REQUIRE(pthread_create(&id, NULL, run, arg) == 0);
    CHECK_INT(pthread_join(id, NULL), 0);
}

TEST_CASE(thread, an OS thread is attached once to a runtime and to several runtimes at once)
{
    weft_runtime *a = weft_runtime_new(NULL), *b = weft_runtime_new(NULL);
    REQUIRE(a && b);
    weft_thread *in_a = weft_thread_attach(a), *in_b = weft_thread_attach(b);
    REQUIRE(in_a && in_b);
    CHECK(in_a != in_b);
    CHECK_PTR(weft_thread_current(a), in_a);
    CHECK_PTR(weft_thread_current(b), in_b);
    CHECK_PTR(weft_thread_attach(a), NULL);
    CHECK_INT(weft_error_status(), WEFT_ERROR_THREAD);
    CHECK(strstr(weft_error_message(), "attached already") != NULL);
    CHECK_INT(weft_thread_detach(in_a), WEFT_OK);
    CHECK_PTR(weft_thread_current(a), NULL);
    CHECK_INT(weft_thread_detach(in_b), WEFT_OK);
    CHECK_INT(weft_runtime_free(a), WEFT_OK);
    CHECK_INT(weft_runtime_free(b), WEFT_OK);
}

TEST_CASE(thread, a detached thread comes from the pool again)
{
    weft_runtime *runtime = weft_runtime_new(NULL);
    weft_thread *first = weft_thread_attach(runtime);
    uint16_t id = first->id;
    CHECK_INT(weft_thread_detach(first), WEFT_OK);
    weft_thread *second = weft_thread_attach(runtime);
    CHECK_INT(second->id, id);
    CHECK_INT(weft_thread_detach(second), WEFT_OK);
    CHECK_INT(weft_runtime_free(runtime), WEFT_OK);
}

TEST_CASE(thread, one that ends without detaching is detached for it)
{
    weft_runtime *runtime = weft_runtime_new(NULL);
    run_pthread(attach_and_end, runtime);
    run_pthread(attach_block_and_end, runtime);
    CHECK_INT(weft_runtime_free(runtime), WEFT_OK);
}

TEST_CASE(thread, the limit of attached threads is an error that names it)
{
    weft_config config = {.max_threads = 1};
    weft_runtime *runtime = weft_runtime_new(&config);
    weft_thread *self = weft_thread_attach(runtime);
    REQUIRE(self != NULL);
    CHECK_INT(weft_block_begin(self), WEFT_OK);
    /* The one place is taken, so another OS thread must be refused. */
    pthread_t id;
    REQUIRE(pthread_create(&id, NULL, (void *(*)(void *))weft_thread_attach, runtime) == 0);
    void *result = runtime;
    pthread_join(id, &result);
    CHECK_PTR(result, NULL);
    CHECK_INT(weft_block_end(self), WEFT_OK);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
    CHECK_INT(weft_runtime_free(runtime), WEFT_OK);
    config.max_threads = WEFT_MAX_THREADS + 1;
    CHECK_PTR(weft_runtime_new(&config), NULL);
    CHECK_INT(weft_error_status(), WEFT_ERROR_VALUE);
    CHECK(strstr(weft_error_message(), "65535") != NULL);
}

TEST_CASE(thread, a runtime with attached threads is not freed)
{
    weft_runtime *runtime = weft_runtime_new(NULL);
    weft_thread *self = weft_thread_attach(runtime);
    CHECK_INT(weft_runtime_free(runtime), WEFT_ERROR_BUSY);
    CHECK(strstr(weft_error_message(), "1 thread is still attached") != NULL);
    weft_object *o = weft_float_new(self, 1.5); /* still whole */
    CHECK(o != NULL);
    weft_decref(self, o);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
    CHECK_INT(weft_runtime_free(runtime), WEFT_OK);
    CHECK_INT(weft_runtime_free(NULL), WEFT_ERROR_VALUE);
}

static void *use_of_another(void *self)
{
    CHECK_PTR(weft_float_new(self, 1), NULL);
    CHECK_INT(weft_error_status(), WEFT_ERROR_THREAD);
    CHECK(strstr(weft_error_message(), "another thread") != NULL);
    CHECK_INT(weft_thread_detach(self), WEFT_ERROR_THREAD);
    CHECK_INT(weft_block_begin(self), WEFT_ERROR_THREAD);
    CHECK_INT(weft_block_end(self), WEFT_ERROR_THREAD);
    CHECK_INT(weft_world_stop(self), WEFT_ERROR_THREAD);
    return NULL;
}

TEST_CASE(thread, self must be attached by the caller and outside a blocking region)
{
    weft_runtime *runtime = weft_runtime_new(NULL);
    CHECK_PTR(weft_thread_attach(NULL), NULL);
    CHECK_INT(weft_error_status(), WEFT_ERROR_VALUE);
    CHECK_PTR(weft_float_new(NULL, 1), NULL);
    CHECK(strstr(weft_error_message(), "self is NULL") != NULL);
    weft_thread *self = weft_thread_attach(runtime);
    run_pthread(use_of_another, self);
    CHECK_INT(weft_block_end(self), WEFT_ERROR_THREAD);
    CHECK_INT(weft_block_begin(self), WEFT_OK);
    CHECK_INT(weft_block_begin(self), WEFT_ERROR_THREAD);
    CHECK_PTR(weft_float_new(self, 1), NULL);
    CHECK(strstr(weft_error_message(), "blocking region") != NULL);
    CHECK_INT(weft_thread_detach(self), WEFT_ERROR_THREAD);
    CHECK_INT(weft_block_end(self), WEFT_OK);
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
    CHECK_INT(weft_thread_detach(self), WEFT_ERROR_THREAD);
    CHECK(strstr(weft_error_message(), "not attached") != NULL);
    CHECK_INT(weft_runtime_free(runtime), WEFT_OK);
}

static void come_and_go(int index, void *runtime)
{
    uint64_t random = test_seed() + (uint64_t)index;
    for (int i = 0; i < test_scale(2000); i++) {
        weft_thread *self = weft_thread_attach(runtime);
        if (!CHECK(self != NULL))
            return;
        weft_object *o = weft_float_new(self, index);
        if (test_random(&random) % 4 == 0) {
            CHECK_INT(weft_block_begin(self), WEFT_OK);
            CHECK_INT(weft_block_end(self), WEFT_OK);
        }
        weft_decref(self, o);
        CHECK_INT(weft_thread_detach(self), WEFT_OK);
    }
}

TEST_CASE(thread, many come and go at once)
{
    weft_runtime *runtime = weft_runtime_new(NULL);
    test_threads(8, come_and_go, runtime);
    CHECK_INT(weft_runtime_free(runtime), WEFT_OK);
}

static void storm_one(int index, void *arg)
{
    (void)index;
    weft_runtime *runtime = arg;
    weft_thread *self = weft_thread_attach(runtime);
    weft_object *list = weft_list_new(self, 0);
    for (int i = 0; i < 10; i++) {
        weft_object *o = weft_float_new(self, i);
        CHECK_INT(weft_list_append(self, list, o), WEFT_OK);
        weft_decref(self, o);
    }
    weft_decref(self, list);
    /* Ends without detaching. */
}

TEST_CASE(thread, a storm of threads that start and end leaves nothing behind)
{
    values v = values_open();
    for (int i = 0; i < test_scale(50); i++) {
        CHECK_INT(weft_block_begin(v.self), WEFT_OK);
        test_threads(8, storm_one, v.runtime);
        CHECK_INT(weft_block_end(v.self), WEFT_OK);
    }
    values_close(&v);
}
