/* type.h - types: what an object is, how big, what it refers to, how it dies.
 *
 * A type record lives in one region reserved at start-up, so an object holds a 32-bit index instead of a pointer. */
#ifndef WEFT_TYPE_H
#define WEFT_TYPE_H

#include "weft/base.h"
#include "weft/status.h"

WEFT_BEGIN_DECLS

/* Called for each reference that an object holds; a return other than 0 ends the traversal and is returned by it. */
typedef int (*weft_visit_fn)(weft_object *child, void *arg);

/* Calls visit once for every strong reference `o` holds, NULLs left out; returns the first non-zero result, or 0. May
 * run in a stopped world, on any thread, for an object under construction whose memory is still zero: it must not
 * allocate, lock, count, or track. */
typedef int (*weft_traverse_fn)(weft_object *o, weft_visit_fn visit, void *arg);

/* Drops the references that can be part of a cycle, leaving a valid object. Needed when traverse is given. */
typedef void (*weft_clear_fn)(weft_thread *self, weft_object *o);

/* Runs once in the life of an object, before it dies (PEP 442), with the object whole: it may store a new reference
 * to it and so bring it back. It may allocate, lock, and block. An error it sets is cleared. */
typedef void (*weft_finalize_fn)(weft_thread *self, weft_object *o);

/* Drops every reference and frees all raw memory that `o` holds. The library then frees `o` itself. No other thread
 * can see `o` any more. Must not resurrect it. Objects that die here are destroyed after it returns, not within. */
typedef void (*weft_destroy_fn)(weft_thread *self, weft_object *o);

/* Equal objects must have equal hashes. WEFT_OK and *hash, or an error. */
typedef weft_status (*weft_hash_fn)(weft_thread *self, weft_object *o, uint64_t *hash);

/* 1 equal, 0 not, or an error. `a` is of this type, `b` of any. */
typedef int (*weft_equal_fn)(weft_thread *self, weft_object *a, weft_object *b);

/* A new str, or NULL with an error. */
typedef weft_object *(*weft_repr_fn)(weft_thread *self, weft_object *o);

/* weft_iterate: a new reference to an iterator over `o`, or NULL with an error. */
typedef weft_object *(*weft_iterate_fn)(weft_thread *self, weft_object *o);

/* weft_next: 1 and *item, a new reference, 0 at the end, or an error. Makes `o` an iterator. */
typedef int (*weft_next_fn)(weft_thread *self, weft_object *o, weft_object **item);

/* Bytes of raw memory that `o` holds besides its own block, as asked of the heap. The world is stopped: it must not
 * allocate, lock, count, or block. */
typedef size_t (*weft_raw_size_fn)(const weft_object *o);

/* weft_copy and weft_deep_copy: a new object like `o` that refers to nothing yet; NULL with an error. For a type that holds
 * references, copy_fill follows. */
typedef weft_object *(*weft_copy_fn)(weft_thread *self, weft_object *o);

/* Gives a new reference to what stands for `child` in the copy: the child, or a copy of it, which may not be filled yet and
 * must not be asked for its hash or equality. NULL with an error. */
typedef weft_object *(*weft_copy_child_fn)(weft_thread *self, weft_object *child, void *arg);

/* Puts into `to`, which copy has made from `from`, what map gives for each reference of `from`. What map has given
 * belongs to `to` or is dropped. WEFT_OK, or an error (map's, for example): `to` is dropped then. No other thread
 * can see `to`, but for an object that it is reachable from by callbacks. */
typedef weft_status (*weft_copy_fill_fn)(weft_thread *self, weft_object *to, weft_object *from, weft_copy_child_fn map,
                                         void *arg);

/* weft_call: a new reference to the result, or NULL with an error. `arguments` is a tuple. */
typedef weft_object *(*weft_call_fn)(weft_thread *self, weft_object *o, weft_object *arguments);

typedef struct weft_type_spec {
    const char *name; /* copied; 1 to 63 bytes of UTF-8 */
    size_t size;      /* bytes of the fixed part, header included: sizeof of a struct that begins with weft_object */
    size_t item_size; /* 0: all objects are `size` bytes; else bytes of one item of the variable part */
    uint32_t flags;   /* WEFT_TYPE_* below */
    weft_traverse_fn traverse; /* given exactly when objects hold references */
    weft_clear_fn clear;
    weft_finalize_fn finalize;   /* NULL: none */
    weft_destroy_fn destroy;     /* NULL: nothing to drop */
    weft_hash_fn hash;           /* NULL: not hashable, unless WEFT_TYPE_IDENTITY */
    weft_equal_fn equal;         /* NULL: equal only to itself */
    weft_repr_fn repr;           /* NULL: "<name at 0x...>" */
    weft_iterate_fn iterate;     /* NULL: not iterable, unless there is `next` */
    weft_next_fn next;           /* NULL: no iterator */
    weft_call_fn call;           /* NULL: not callable */
    weft_raw_size_fn raw_size;   /* NULL: none */
    weft_copy_fn copy;           /* NULL: not copied, unless WEFT_TYPE_IMMUTABLE */
    weft_copy_fill_fn copy_fill; /* with copy, exactly when objects hold references */
} weft_type_spec;

enum {
    WEFT_TYPE_IDENTITY = 1u << 0,  /* hash by address */
    WEFT_TYPE_EPHEMERON = 1u << 1, /* the library's own: some references count only while a key lives */
    WEFT_TYPE_IMMUTABLE = 1u << 2, /* a copy, deep or not, is the object itself */
    WEFT_TYPE_HASHES = 1u << 3     /* copy_fill asks for hashes or equality: a deep copy fills it after all others */
};

/* The indexes of the built-in types, the same in every runtime and both flavours. */
enum weft_type_index {
    WEFT_TYPE_INVALID = 0, /* a zeroed block is not an object */
    WEFT_TYPE_NONE,
    WEFT_TYPE_BOOL,
    WEFT_TYPE_INT,
    WEFT_TYPE_FLOAT,
    WEFT_TYPE_STR,
    WEFT_TYPE_BYTES,
    WEFT_TYPE_TUPLE,
    WEFT_TYPE_LIST,
    WEFT_TYPE_DICT,
    WEFT_TYPE_SET,
    WEFT_TYPE_FROZENSET,
    WEFT_TYPE_DEQUE,
    WEFT_TYPE_ITERATOR,      /* over list, tuple, str, bytes, deque */
    WEFT_TYPE_DICT_ITERATOR, /* over dict, set, frozenset */
    WEFT_TYPE_MAP,
    WEFT_TYPE_FILTER,
    WEFT_TYPE_ENUMERATE,
    WEFT_TYPE_ZIP,
    WEFT_TYPE_GENERATOR, /* 19 */
    WEFT_TYPE_CELL = 20,
    WEFT_TYPE_CLOSURE,
    WEFT_TYPE_WEAK_DICT = 29,
    WEFT_TYPE_WEAK_ENTRY,
    WEFT_TYPE_WEAKREF,
    WEFT_TYPE_ATOMIC_INT = 32, /* from here on: types that hold no references */
    WEFT_TYPE_BUFFER,
    WEFT_TYPE_RANGE,
    WEFT_TYPE_BUILTIN_END = 64, /* indexes below are kept for built-in types */
    WEFT_TYPE_MAX = 1 << 20     /* indexes are below this: see refcount/dying.h for why */
};

/* A registered type. new_magazine and free_magazine are offsets in bytes: of objects[0], which never has a block nor room for
 * one, where it is not so simple (types that traverse, finalize or destroy, large or variable ones). The fields are constant from registration on; any thread may read them. 256 bytes, so that an
 * index becomes an address by one shift. */
struct weft_type {
    uint32_t index;
    uint32_t flags;
    uint32_t size; /* bytes of the fixed part */
    uint32_t item_size;
    uint32_t size_class;    /* fixed-size type: magazine of its blocks, 0 if larger than WEFT_SMALL_MAX or variable */
    uint32_t block_size;    /* fixed-size type: bytes of a block, in front of the object included; 0 if variable */
    uint32_t new_magazine;  /* where in a weft_thread the blocks are that weft_new can take inline */
    uint32_t free_magazine; /* where in it the block of a dead object goes if nothing else has to be done */
    weft_traverse_fn traverse;
    weft_clear_fn clear;
    weft_finalize_fn finalize;
    weft_destroy_fn destroy;
    weft_hash_fn hash;
    weft_equal_fn equal;
    weft_repr_fn repr;
    weft_iterate_fn iterate;
    weft_next_fn next;
    weft_call_fn call;
    weft_raw_size_fn raw_size;
    weft_copy_fn copy;
    weft_copy_fill_fn copy_fill;
    weft_runtime *runtime;         /* the one it was registered in; NULL: built in */
    void *data;                    /* the module's own: slot names of an instance type */
    void (*data_free)(void *data); /* called when the runtime is freed; NULL: nothing to do */
    char name[64];
    void (*die)(weft_thread *self, weft_object *o); /* the library's own: how an object dies of which nothing special is
                                                     known; refcount/refcount.h */
    size_t slots; /* the library's own: how many slots were declared, if this is a type of such instances; else 0 */
    uint8_t unused[256 - 8 * 4 - 18 * 8 - 64];
};

WEFT_STATIC_ASSERT(sizeof(weft_type) == 256, "weft_type_of shifts by 8");

WEFT_API extern weft_type *weft_type_region; /* constant once a runtime exists */

/* Registers a type in self's runtime. It lives as long as the runtime. Returns it, or NULL: WEFT_ERROR_VALUE names
 * the field that is wrong, WEFT_ERROR_LIMIT, WEFT_ERROR_MEMORY. Any attached thread. */
WEFT_API WEFT_MUST_USE const weft_type *weft_type_register(weft_thread *self, const weft_type_spec *spec);

WEFT_END_DECLS

#endif
