/* probes.h - what the probes' files share. A probe times batches of a few milliseconds, so that many of them
 * run undisturbed on a busy machine, and reports the median batch. */
#ifndef WEFT_BENCH_PROBES_H
#define WEFT_BENCH_PROBES_H

#include "bench.h"

enum { PROBE_BATCHES = 41 };

/* Runs `body` on `threads` threads PROBE_BATCHES times, each doing `operations` operations, after one run that does not
 * count. The median time in ns of one operation if all operations of all threads were done one after the other: with
 * twice the threads at full speed it halves. Negative: an error is set. */
double probe_ns(weft_thread *self, uint32_t threads, uint64_t operations, bench_body body, void *arg);

double probe_count_pair(weft_thread *self, uint32_t threads);
double probe_sharded_hot(weft_thread *self, uint32_t threads);
double probe_counted_hot(weft_thread *self, uint32_t threads);
double probe_alloc_free_48(weft_thread *self, uint32_t threads);
double probe_raw_48(weft_thread *self, uint32_t threads);
double probe_private_work(weft_thread *self, uint32_t threads);
double probe_attach_detach(weft_thread *self, uint32_t threads);
double probe_full_live_1m(weft_thread *self, uint32_t threads);
double probe_full_rooted_1m(weft_thread *self, uint32_t threads);
double probe_full_live_5m(weft_thread *self, uint32_t threads);
double probe_full_rooted_5m(weft_thread *self, uint32_t threads);
double probe_garbage_pair(weft_thread *self, uint32_t threads);
double probe_time_to_stop_p99(weft_thread *self, uint32_t threads);
double probe_side_bytes(weft_thread *self, uint32_t threads);
double probe_fork_dirty(weft_thread *self, uint32_t threads);
double probe_young_10k_on_5m(weft_thread *self, uint32_t threads);
double probe_cyclic_churn(weft_thread *self, uint32_t threads);
double probe_dict_random_peek(weft_thread *self, uint32_t threads);
double probe_dict_hot_peek(weft_thread *self, uint32_t threads);
double probe_op_sort(weft_thread *self, uint32_t threads);

#endif
