/* runtime.c - making and freeing a runtime. Any thread. */
#include <stdlib.h>

#include "core/core.h"
#include "core/fork.h"

static weft_status config_check(const weft_config *config)
{
    if (config && config->max_threads > WEFT_MAX_THREADS)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_runtime_new: max_threads is %u, at most %u",
                              (unsigned)config->max_threads, (unsigned)WEFT_MAX_THREADS);
    return WEFT_OK;
}

static weft_runtime *runtime_create_locked(const weft_config *config)
{
    if (types_open() != WEFT_OK)
        return NULL;
    weft_runtime *runtime = calloc(1, sizeof *runtime);
    if (runtime == NULL) {
        weft_error_set(WEFT_ERROR_MEMORY, "weft_runtime_new: out of memory");
        return NULL;
    }
    runtime->max_threads = config && config->max_threads ? config->max_threads : WEFT_MAX_THREADS;
    pthread_mutex_init(&runtime->lock, NULL); /* cannot fail with default attributes */
    if (heap_open(&runtime->heap) != WEFT_OK)
        goto no_heap;
    if (world_open(runtime) != WEFT_OK)
        goto no_world;
    if (gc_open(runtime) != WEFT_OK)
        goto no_gc;
    runtimes_add_locked(runtime);
    return runtime;

no_gc:
    world_close(runtime);
no_world:
    heap_close(&runtime->heap);
no_heap:
    pthread_mutex_destroy(&runtime->lock);
    free(runtime);
    return NULL;
}

weft_runtime *weft_runtime_create(const weft_config *config, const char *flavour_tag)
{
    if (flavour_tag != &weft_flavour_tag) {
        weft_error_set(WEFT_ERROR_VALUE, "weft_runtime_create: the program was compiled for another flavour");
        return NULL;
    }
    if (config_check(config) != WEFT_OK || fork_open() != WEFT_OK)
        return NULL;
    runtimes_lock();
    weft_runtime *runtime = runtime_create_locked(config);
    runtimes_unlock();
    return runtime;
}

static weft_status runtime_free_locked(weft_runtime *runtime)
{
    pthread_mutex_lock(&runtime->lock);
    uint32_t attached = runtime->attached;
    pthread_mutex_unlock(&runtime->lock);
    if (attached)
        return weft_error_set(WEFT_ERROR_BUSY, "weft_runtime_free: %u thread%s still attached", (unsigned)attached,
                              attached == 1 ? " is" : "s are");
    runtimes_remove_locked(runtime);
    gc_close(runtime);
    threads_close(runtime);
    world_close(runtime);
    heap_close(&runtime->heap);
    types_close(runtime);
    pthread_mutex_destroy(&runtime->lock);
    free(runtime);
    return WEFT_OK;
}

weft_status weft_runtime_free(weft_runtime *runtime)
{
    if (runtime == NULL)
        return weft_error_set(WEFT_ERROR_VALUE, "weft_runtime_free: runtime is NULL");
    if (weft_thread_current(runtime) == NULL)
        gc_helper_stop(runtime);
    runtimes_lock();
    weft_status status = runtime_free_locked(runtime);
    runtimes_unlock();
    return status;
}

const char *weft_version(void)
{
    return "0.1.0";
}
