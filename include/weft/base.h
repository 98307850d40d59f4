/* base.h - what every Weft header needs: linkage, branch hints, atomics that C11 and C++17 both compile.
 *
 * Fields that several threads touch are plain integers in the public structs and are accessed only through the
 * weft_atomic_* macros below, because _Atomic does not exist in C++. Internal code uses the same macros. */
#ifndef WEFT_BASE_H
#define WEFT_BASE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define WEFT_BEGIN_DECLS extern "C" {
#define WEFT_END_DECLS }
#define WEFT_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define WEFT_BEGIN_DECLS
#define WEFT_END_DECLS
#define WEFT_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

#define WEFT_API __attribute__((visibility("default")))
#define WEFT_MUST_USE __attribute__((warn_unused_result))
#define WEFT_PRINTF(string, first) __attribute__((format(printf, string, first)))
#define WEFT_LIKELY(x) __builtin_expect(!!(x), 1)
#define WEFT_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Named after the order they give; the site says what each pairs with. */
#define weft_load_relaxed(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define weft_load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define weft_load_seq_cst(p) __atomic_load_n((p), __ATOMIC_SEQ_CST)
#define weft_store_relaxed(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define weft_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define weft_store_seq_cst(p, v) __atomic_store_n((p), (v), __ATOMIC_SEQ_CST)

/* May a load be written as an instruction? The sanitizers would not see it. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define WEFT_SANITIZED_ 1
#endif
#elif defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define WEFT_SANITIZED_ 1
#endif
#if defined(__x86_64__) && defined(__GCC_ASM_FLAG_OUTPUTS__) && !defined(__clang__) && !defined(WEFT_SANITIZED_)
#define WEFT_ASM_X86_64_ 1
#else
#define WEFT_ASM_X86_64_ 0
#endif

/* A word of an object's header, whatever it is declared as. */
typedef uint64_t __attribute__((may_alias)) weft_word_;

WEFT_BEGIN_DECLS

typedef struct weft_runtime weft_runtime;
typedef struct weft_thread weft_thread;
typedef struct weft_object weft_object;
typedef struct weft_type weft_type;

WEFT_END_DECLS

#endif
