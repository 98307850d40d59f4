#include <pthread.h>
#include <stdio.h>
#include <weft/weft.h>

static weft_object *list; /* two threads append to it at the same time */

static void *fill(void *runtime)
{
    weft_thread *self = weft_thread_attach(runtime);
    for (int i = 0; self != NULL && i < 1000; i++, weft_safepoint(self)) {
        weft_object *item = weft_str_format(self, "item %d", i);
        weft_list_append(self, list, item); /* takes a reference of its own */
        weft_xdecref(self, item);
    }
    return NULL; /* a thread that ends is detached */
}

int main(void)
{
    weft_runtime *runtime = weft_runtime_new(NULL);
    weft_thread *self = weft_thread_attach(runtime);
    pthread_t threads[2];
    list = weft_list_new(self, 0);
    weft_block_begin(self); /* while this thread waits, it is in nobody's way */
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, fill, runtime);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    weft_block_end(self);
    printf("%lld items\n", (long long)weft_list_size(self, list)); /* 2000 items */
    return weft_thread_detach(self) || weft_runtime_free(runtime);
}
