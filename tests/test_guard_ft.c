/* Guards: the moment at which a container is taken from an owner who works on it without its lock. */
#include <sched.h>
#include <stdlib.h>

#include "values.h"

/* Two threads append to a list at the same moment: its owner, who has not met anybody there yet, and a stranger. */
enum {
    TOGETHER = 4000, /* lists a runtime: fewer than make an owner give up working without locks */
    OWNERS = 100,    /* appends to each */
    STRANGERS = 300
};

typedef struct together {
    weft_runtime *runtime;
    weft_object *lists[TOGETHER];
    uint32_t ready, made; /* atomic */
    int lost;
} together;

static void meet(uint32_t *count, uint32_t least)
{
    __atomic_fetch_add(count, 1, __ATOMIC_ACQ_REL);
    for (int i = 0; __atomic_load_n(count, __ATOMIC_ACQUIRE) < least; i++)
        if (i > 1000)
            sched_yield();
}

static void append_together(int index, void *arg)
{
    together *t = arg;
    weft_thread *self = weft_thread_attach(t->runtime);
    for (int i = 0; index == 0 && i < TOGETHER; i++) {
        t->lists[i] = weft_list_new(self, 0);
        CHECK_INT(weft_list_append(self, t->lists[i], &weft_none), WEFT_OK); /* there is room for the others now */
    }
    meet(&t->made, 2);
    for (int i = 0; i < TOGETHER; i++) {
        weft_object *list = t->lists[i];
        meet(&t->ready, 2 * (uint32_t)i + 2);
        for (int pause = 0; index == 1 && pause < i % 32; pause++)
            __atomic_load_n(&t->ready, __ATOMIC_ACQUIRE);
        for (int n = 0; n < (index == 0 ? OWNERS : STRANGERS); n++)
            CHECK_INT(weft_list_append(self, list, &weft_none), WEFT_OK);
    }
    meet(&t->made, 4);
    for (int i = 0; index == 0 && i < TOGETHER; i++) {
        t->lost += weft_list_size(self, t->lists[i]) != 1 + OWNERS + STRANGERS;
        weft_decref(self, t->lists[i]);
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(stress_guard, the first appends of a stranger and those of the owner at the same moment are all there)
{
    together *t = calloc(1, sizeof *t);
    for (int round = 0; round < test_scale(10); round++) {
        *t = (together){.runtime = weft_runtime_new(NULL), .lost = t->lost};
        test_threads(2, append_together, t);
        CHECK_INT(weft_runtime_free(t->runtime), WEFT_OK);
    }
    CHECK_INT(t->lost, 0);
    free(t);
}
