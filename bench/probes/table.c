/* table.c - the probes by name, and how one is timed. A new probe: its function in a file here, its line below, and the
 * figure that uses it, with its goal, in figures.c. */
#include "probes/probes.h"

#include "lib/statistics.h"

const probe bench_probes[] = {
    {"count_pair", "ns", probe_count_pair},
    {"sharded_hot", "ns", probe_sharded_hot},
    {"counted_hot", "ns", probe_counted_hot},
    {"alloc_free_48", "ns", probe_alloc_free_48},
    {"raw_48", "ns", probe_raw_48},
    {"private_work", "ns", probe_private_work},
    {"attach_detach", "us", probe_attach_detach},
    {"full_live_1m", "ns", probe_full_live_1m},
    {"full_rooted_1m", "ns", probe_full_rooted_1m},
    {"full_live_5m", "ns", probe_full_live_5m},
    {"full_rooted_5m", "ns", probe_full_rooted_5m},
    {"garbage_pair", "ns", probe_garbage_pair},
    {"growth_total", "ns", probe_growth_total},
    {"time_to_stop_p99", "us", probe_time_to_stop_p99},
    {"side_bytes", "bytes", probe_side_bytes},
    {"fork_dirty", "ratio", probe_fork_dirty},
    {"young_10k_on_5m", "ms", probe_young_10k_on_5m},
    {"cyclic_churn", "ns", probe_cyclic_churn},
    {"dict_halves_read", "ns", probe_dict_halves_read},
    {"dict_random_read", "ns", probe_dict_random_read},
    {"dict_shared_write", "ns", probe_dict_shared_write},
    {"list_private_append", "ns", probe_list_private_append},
    {"op_list_get", "ns", probe_op_list_get},
    {"op_list_set", "ns", probe_op_list_set},
    {"op_list_append", "ns", probe_op_list_append},
    {"op_list_iterate", "ns", probe_op_list_iterate},
    {"op_dict_get_str", "ns", probe_op_dict_get_str},
    {"op_dict_get_int", "ns", probe_op_dict_get_int},
    {"op_dict_set_str", "ns", probe_op_dict_set_str},
    {"op_dict_set_int", "ns", probe_op_dict_set_int},
    {"op_dict_iterate_str", "ns", probe_op_dict_iterate_str},
    {"op_dict_iterate_int", "ns", probe_op_dict_iterate_int},
    {"op_str_concat", "ns", probe_op_str_concat},
    {"op_str_hash", "ns", probe_op_str_hash},
    {"op_slot_get", "ns", probe_op_slot_get},
    {"op_slot_set", "ns", probe_op_slot_set},
    {"op_float_add", "ns", probe_op_float_add},
    {"make_drop_float", "ns", probe_make_drop_float},
    {"make_drop_list", "ns", probe_make_drop_list},
    {"make_drop_tuple2", "ns", probe_make_drop_tuple2},
    {"make_drop_dict", "ns", probe_make_drop_dict},
    {"make_drop_dict1", "ns", probe_make_drop_dict1},
    {"bytes_float", "bytes", probe_bytes_float},
    {"bytes_int", "bytes", probe_bytes_int},
    {"bytes_list", "bytes", probe_bytes_list},
    {"bytes_tuple2", "bytes", probe_bytes_tuple2},
    {"bytes_instance3", "bytes", probe_bytes_instance3},
    {"bytes_dict5", "bytes", probe_bytes_dict5},
    {"dict_random_peek", "ns", probe_dict_random_peek},
    {"dict_hot_peek", "ns", probe_dict_hot_peek},
    {"op_sort", "ns", probe_op_sort},
    {NULL, NULL, NULL},
};

double probe_ns(weft_thread *self, uint32_t threads, uint64_t operations, bench_body body, void *arg)
{
    double ns[PROBE_BATCHES];
    double seconds = -1;
    bench_team *team = bench_team_new(self, threads);
    if (!team)
        return seconds;
    for (int i = -1; i < PROBE_BATCHES; i++) {
        seconds = bench_team_run(self, team, body, arg);
        if (seconds < 0)
            break;
        if (i >= 0)
            ns[i] = seconds * 1e9 / (double)operations / threads;
    }
    bench_team_free(self, team);
    return seconds < 0 ? seconds : spread_of(ns, PROBE_BATCHES).min; /* the least disturbed */
}
