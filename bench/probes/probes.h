/* probes.h - what the probes' files share. A probe times batches of less than a millisecond or so, so that many of them
 * run undisturbed on a busy machine, and reports the least disturbed one: other work can only add to it. */
#ifndef WEFT_BENCH_PROBES_H
#define WEFT_BENCH_PROBES_H

#include "bench.h"

enum { PROBE_BATCHES = 101 };

/* How many objects a probe with a large heap makes: `full`, or a hundredth of it in a trial run, whose values mean nothing. */
size_t probe_objects(size_t full);

/* Runs `body` on `threads` threads PROBE_BATCHES times, each doing `operations` operations, after one run that does not
 * count. The least time in ns of one operation if all operations of all threads were done one after the other: with
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
double probe_growth_total(weft_thread *self, uint32_t threads);
double probe_time_to_stop_p99(weft_thread *self, uint32_t threads);
double probe_side_bytes(weft_thread *self, uint32_t threads);
double probe_fork_dirty(weft_thread *self, uint32_t threads);
double probe_young_10k_on_5m(weft_thread *self, uint32_t threads);
double probe_cyclic_churn(weft_thread *self, uint32_t threads);
double probe_dict_halves_read(weft_thread *self, uint32_t threads);
double probe_dict_random_read(weft_thread *self, uint32_t threads);
double probe_dict_shared_write(weft_thread *self, uint32_t threads);
double probe_list_private_append(weft_thread *self, uint32_t threads);
double probe_op_list_get(weft_thread *self, uint32_t threads);
double probe_op_list_set(weft_thread *self, uint32_t threads);
double probe_op_list_append(weft_thread *self, uint32_t threads);
double probe_op_list_iterate(weft_thread *self, uint32_t threads);
double probe_op_dict_get_str(weft_thread *self, uint32_t threads);
double probe_op_dict_get_int(weft_thread *self, uint32_t threads);
double probe_op_dict_set_str(weft_thread *self, uint32_t threads);
double probe_op_dict_set_int(weft_thread *self, uint32_t threads);
double probe_op_dict_iterate_str(weft_thread *self, uint32_t threads);
double probe_op_dict_iterate_int(weft_thread *self, uint32_t threads);
double probe_op_str_concat(weft_thread *self, uint32_t threads);
double probe_op_str_hash(weft_thread *self, uint32_t threads);
double probe_op_slot_get(weft_thread *self, uint32_t threads);
double probe_op_slot_set(weft_thread *self, uint32_t threads);
double probe_op_float_add(weft_thread *self, uint32_t threads);
double probe_make_drop_float(weft_thread *self, uint32_t threads);
double probe_make_drop_list(weft_thread *self, uint32_t threads);
double probe_make_drop_tuple2(weft_thread *self, uint32_t threads);
double probe_make_drop_dict(weft_thread *self, uint32_t threads);
double probe_make_drop_dict1(weft_thread *self, uint32_t threads);
double probe_bytes_float(weft_thread *self, uint32_t threads);
double probe_bytes_int(weft_thread *self, uint32_t threads);
double probe_bytes_list(weft_thread *self, uint32_t threads);
double probe_bytes_tuple2(weft_thread *self, uint32_t threads);
double probe_bytes_instance3(weft_thread *self, uint32_t threads);
double probe_bytes_dict5(weft_thread *self, uint32_t threads);
double probe_dict_random_peek(weft_thread *self, uint32_t threads);
double probe_dict_hot_peek(weft_thread *self, uint32_t threads);
double probe_op_sort(weft_thread *self, uint32_t threads);

#endif
