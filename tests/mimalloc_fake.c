/* mimalloc_fake.c - a program whose mimalloc misbehaves: the start-up test must say so, and pass when it no longer does.
 *
 * The library's calls of mi_version and mi_heap_visit_blocks end here, since the program comes before shared libraries. */
#include <dlfcn.h>
#include <mimalloc.h>
#include <string.h>

#include "harness.h"
#include "weft/weft.h"

static int fake_version;       /* 0: the real one */
static size_t fake_hides_from; /* blocks of this size and more are not visited; 0: all are */
static bool fake_repeats;      /* every block of 48 bytes is visited twice */

int mi_version(void)
{
    return fake_version ? fake_version : MI_MALLOC_VERSION;
}

typedef struct visit {
    mi_block_visit_fun *visitor;
    void *arg;
} visit;

static bool visit_some(const mi_heap_t *heap, const mi_heap_area_t *area, void *block, size_t size, void *arg)
{
    const visit *v = arg;
    if (fake_hides_from && size >= fake_hides_from)
        return true;
    if (fake_repeats && block && size == 48 && !v->visitor(heap, area, block, size, v->arg))
        return false;
    return v->visitor(heap, area, block, size, v->arg);
}

bool mi_heap_visit_blocks(mi_heap_t *heap, bool visit_blocks, mi_block_visit_fun *visitor, void *arg)
{
    bool (*real)(mi_heap_t *, bool, mi_block_visit_fun *, void *);
    void *found = dlsym(RTLD_NEXT, "mi_heap_visit_blocks");
    memcpy(&real, &found, sizeof real);
    visit v = {visitor, arg};
    return real(heap, visit_blocks, visit_some, &v);
}

static void refused_for(const char *reason)
{
    weft_error_clear();
    CHECK(weft_runtime_new(NULL) == NULL);
    CHECK_INT(weft_error_status(), WEFT_ERROR_SYSTEM);
    CHECK(strstr(weft_error_message(), "mimalloc 3.") != NULL);
    if (!CHECK(strstr(weft_error_message(), reason) != NULL))
        CHECK_STR(weft_error_message(), reason);
}

TEST_CASE(mimalloc_check, a library that is too old or loses blocks is refused and a good one is not )
{
    fake_version = 30403;
    refused_for("too old");
    fake_version = 0;
    fake_hides_from = 5u << 20;
    refused_for("missed 2");
    fake_hides_from = 0;
    fake_repeats = true;
    refused_for("that are not live");
    fake_repeats = false;
    weft_runtime *runtime = weft_runtime_new(NULL);
    CHECK(runtime != NULL);
    CHECK_INT(weft_runtime_free(runtime), WEFT_OK);
}
