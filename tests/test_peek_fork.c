/* test_peek_fork.c - peeks in a forked child: what waited for the parent's other threads, who are not there any more, is
 * dropped, and what was peeked at before the fork is whole. */
#include <sys/wait.h>
#include <unistd.h>

#include "sequences.h"

enum { ENTRIES = 100, ROUNDS = 20 };

typedef struct family {
    weft_runtime *runtime;
    weft_object *dict;
    uint32_t peeking; /* atomic: the other thread has begun */
    uint32_t over;    /* atomic */
} family;

static void replace_all(weft_thread *self, family *f, int64_t add)
{
    for (int64_t i = 0; i < ENTRIES; i++) {
        weft_object *key = weft_int_new(self, 1000 + i), *value = weft_int_new(self, 2000 + i + add);
        CHECK_INT(weft_dict_set(self, f->dict, key, value), WEFT_OK);
        weft_decref(self, key);
        weft_decref(self, value);
    }
}

static int64_t peek_at(weft_thread *self, family *f, weft_object *key)
{
    weft_object *got = NULL;
    int64_t value = -1;
    if (weft_dict_peek(self, f->dict, key, &got) != 1 || weft_int_value(self, got, &value) != WEFT_OK)
        return -1;
    return value;
}

/* 0, or what was wrong. The other threads of the parent were at any place; their objects wait for nobody now. */
static int child_check(weft_thread *self, family *f, weft_object *key, const weft_object *peeked)
{
    int64_t value = 0;
    if (weft_fork_after_child(self) != WEFT_OK)
        return 1;
    if (weft_int_value(self, peeked, &value) != WEFT_OK || value < 2000) /* no safepoint since */
        return 2;
    for (int64_t round = 0; round < 10; round++) {
        replace_all(self, f, round);
        if (peek_at(self, f, key) != 2000 + round)
            return 3;
        weft_safepoint(self);
    }
    for (int i = 0; i < 5; i++)
        weft_safepoint(self);
    int64_t live = values_live(self); /* the dict, its keys and values, `key` */
    return live <= 2 * ENTRIES + 2 ? 0 : 4;
}

static void fork_amid(weft_thread *self, family *f)
{
    weft_object *key = weft_int_new(self, 1000), *peeked = NULL;
    for (int i = 0; i < ROUNDS; i++) {
        replace_all(self, f, i);
        CHECK_INT(weft_fork_before(self), WEFT_OK);
        CHECK_INT(weft_dict_peek(self, f->dict, key, &peeked), 1);
        pid_t pid = fork();
        if (pid == 0) {
            alarm(30);
            _exit(child_check(self, f, key, peeked));
        }
        CHECK_INT(weft_fork_after_parent(self), WEFT_OK);
        int status = -1;
        CHECK_INT(weft_block_begin(self), WEFT_OK);
        CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
        CHECK_INT(weft_block_end(self), WEFT_OK);
        CHECK(WIFEXITED(status));
        if (!CHECK_INT(WEXITSTATUS(status), 0))
            break;
    }
    weft_decref(self, key);
}

static void fork_or_peek(int index, void *arg)
{
    family *f = arg;
    VALUES_THREAD(self, f->runtime);
    if (index == 0) {
        while (!__atomic_load_n(&f->peeking, __ATOMIC_ACQUIRE))
            weft_safepoint(self);
        fork_amid(self, f);
        __atomic_store_n(&f->over, 1, __ATOMIC_RELEASE);
    } else {
        weft_object *got;
        while (!__atomic_load_n(&f->over, __ATOMIC_ACQUIRE)) {
            CHECK_INT(weft_dict_peek(self, f->dict, &weft_none, &got), 0);
            weft_safepoint(self);
            __atomic_store_n(&f->peeking, 1, __ATOMIC_RELEASE);
        }
    }
    CHECK_INT(weft_thread_detach(self), WEFT_OK);
}

TEST_CASE(fork, a child peeks and drops what has been taken out)
{
    values v = values_open();
    family f = {.runtime = v.runtime, .dict = weft_dict_new(v.self)};
    CHECK_INT(weft_block_begin(v.self), WEFT_OK);
    test_threads(2, fork_or_peek, &f);
    CHECK_INT(weft_block_end(v.self), WEFT_OK);
    weft_decref(v.self, f.dict);
    for (int i = 0; i < 5; i++)
        weft_safepoint(v.self);
    values_close(&v);
}
