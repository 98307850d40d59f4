/* richards.c - stations in a ring pass packets to each other: attribute access, queues, and objects that move from hand
 * to hand. After the idea of Martin Richards's operating system benchmark; the machine below is its own.
 *
 * Six stations, each with a queue and a link to the next one. The scheduler goes round; a station with a packet takes the
 * oldest, notes its value in the packet's payload, computes a new value, and sends it on by as many links as the value
 * says. After eight hops a packet is retired to the machine's log and a new one is made, until `size` have been; then the
 * log is added up. Stations, packets and
 * payloads are instances and lists; all numbers are int objects. A task is one such machine, `repeat` in all.
 *
 * The check runs the same machine on plain structs. The ring is a cycle: the task cuts it when it is done. */
#include "bench.h"

#include <inttypes.h>
#include <stdlib.h>

enum { STATIONS = 6, AT_ONCE = 24, HOPS = 8, PAYLOAD = 4, VALUE_MASK = 0x7FFFFFFF };

enum station_slot { NUMBER, QUEUE, HANDLED, NEXT, STATION_SLOTS };

enum packet_slot { VALUE, HOP, NOTES, PACKET_SLOTS };

typedef struct machines {
    const weft_type *station_type, *packet_type;
    uint64_t packets, count;
} machines;

/* One task's; a single thread's. */
typedef struct machine {
    weft_thread *self;
    const machines *shared;
    weft_object *stations[STATIONS];
    weft_object *log; /* list of the retired packets */
    uint64_t made, retired;
    uint64_t sum;
} machine;

/* The rule, in plain numbers, for both. */
static int64_t next_value(int64_t value, int64_t station)
{
    return (value * 1103515245 + 12345 + station) & VALUE_MASK;
}

static uint64_t mix(uint64_t sum, int64_t value)
{
    return (sum ^ (uint64_t)value) * UINT64_C(0x9E3779B97F4A7C15) + (sum >> 31);
}

/* ---- on plain structs ------------------------------------------------------------------------------------------ */

typedef struct plain_packet {
    int64_t value, hop, notes[PAYLOAD];
} plain_packet;

typedef struct plain_queue {
    plain_packet packets[AT_ONCE];
    size_t count;
    int64_t handled;
} plain_queue;

static plain_packet plain_take(plain_queue *q)
{
    plain_packet packet = q->packets[0];
    q->count--;
    for (size_t i = 0; i < q->count; i++)
        q->packets[i] = q->packets[i + 1];
    return packet;
}

static void plain_put(plain_queue *q, plain_packet packet)
{
    q->packets[q->count++] = packet;
}

static uint64_t plain_machine(uint64_t packets)
{
    static plain_queue queues[STATIONS];
    uint64_t made = 0, retired = 0, sum = 0;
    for (int i = 0; i < STATIONS; i++)
        queues[i] = (plain_queue){.count = 0};
    for (; made < AT_ONCE && made < packets; made++)
        plain_put(&queues[0], (plain_packet){.value = (int64_t)made});
    for (size_t at = 0; retired < packets; at = (at + 1) % STATIONS) {
        plain_queue *q = &queues[at];
        if (q->count == 0)
            continue;
        plain_packet p = plain_take(q);
        q->handled++;
        p.notes[p.hop % PAYLOAD] = p.value;
        p.value = next_value(p.value, (int64_t)at);
        if (++p.hop < HOPS) {
            plain_put(&queues[(at + (size_t)(p.value % STATIONS)) % STATIONS], p);
            continue;
        }
        retired++;
        sum = mix(sum, p.value);
        for (int i = 0; i < PAYLOAD; i++)
            sum = mix(sum, p.notes[i]);
        if (made < packets)
            plain_put(q, (plain_packet){.value = (int64_t)made++});
    }
    for (int i = 0; i < STATIONS; i++)
        sum = mix(sum, queues[i].handled);
    return sum;
}

/* ---- on objects: false means that an error is set --------------------------------------------------------------- */

static bool get_int(weft_thread *self, weft_object *o, int64_t slot, int64_t *value)
{
    weft_object *number = weft_instance_get(self, o, slot);
    if (!number)
        return false;
    *value = weft_int_get(number);
    weft_decref(self, number);
    return true;
}

/* Stores a new object in a slot; takes its reference. */
static bool put_new(weft_thread *self, weft_object *o, int64_t slot, weft_object *value)
{
    if (!value)
        return false;
    weft_status status = weft_instance_set(self, o, slot, value);
    weft_decref(self, value);
    return status == WEFT_OK;
}

static bool put_int(weft_thread *self, weft_object *o, int64_t slot, int64_t value)
{
    return put_new(self, o, slot, weft_int_new(self, value));
}

static bool send(weft_thread *self, weft_object *station, weft_object *packet)
{
    weft_object *queue = weft_instance_get(self, station, QUEUE);
    bool ok = queue && weft_list_append(self, queue, packet) == WEFT_OK;
    weft_xdecref(self, queue);
    return ok;
}

static weft_object *new_payload(weft_thread *self)
{
    weft_object *notes = weft_list_new(self, PAYLOAD);
    for (int i = 0; notes && i < PAYLOAD; i++)
        if (weft_list_append(self, notes, &weft_none) < 0) {
            weft_decref(self, notes);
            notes = NULL;
        }
    return notes;
}

/* A new packet in the station's queue. */
static bool make_packet(machine *m, weft_object *station)
{
    weft_thread *self = m->self;
    weft_object *packet = weft_instance_new(self, m->shared->packet_type);
    bool ok = packet && put_int(self, packet, VALUE, (int64_t)m->made) && put_int(self, packet, HOP, 0) &&
              put_new(self, packet, NOTES, new_payload(self)) && send(self, station, packet);
    weft_xdecref(self, packet);
    m->made++;
    return ok;
}

static bool note(weft_thread *self, weft_object *packet, int64_t index)
{
    weft_object *notes = weft_instance_get(self, packet, NOTES);
    weft_object *value = weft_instance_get(self, packet, VALUE);
    bool ok = notes && value && weft_list_set(self, notes, index, value) == WEFT_OK;
    weft_xdecref(self, value);
    weft_xdecref(self, notes);
    return ok;
}

static bool retire(machine *m, weft_object *packet)
{
    m->retired++;
    return weft_list_append(m->self, m->log, packet) == WEFT_OK;
}

static bool add_notes(machine *m, weft_object *notes)
{
    for (int i = 0; i < PAYLOAD; i++) {
        weft_object *item = weft_list_get(m->self, notes, i);
        if (!item)
            return false;
        m->sum = mix(m->sum, weft_int_get(item));
        weft_decref(m->self, item);
    }
    return true;
}

static bool add_packet(machine *m, weft_object *packet)
{
    int64_t value = 0;
    weft_object *notes = weft_instance_get(m->self, packet, NOTES);
    bool ok = notes && get_int(m->self, packet, VALUE, &value);
    m->sum = mix(m->sum, value);
    ok = ok && add_notes(m, notes);
    weft_xdecref(m->self, notes);
    return ok;
}

static bool add_log(machine *m)
{
    for (int64_t i = 0; i < (int64_t)m->retired; i++) {
        weft_object *packet = weft_list_get(m->self, m->log, i);
        bool ok = packet && add_packet(m, packet);
        weft_xdecref(m->self, packet);
        if (!ok)
            return false;
        weft_safepoint(m->self);
    }
    return true;
}

/* The station `links` further on; new reference. */
static weft_object *follow(weft_thread *self, weft_object *station, int64_t links)
{
    weft_object *at = weft_ref(self, station);
    for (; at && links > 0; links--) {
        weft_object *next = weft_instance_get(self, at, NEXT);
        weft_decref(self, at);
        at = next;
    }
    return at;
}

static bool forward(weft_thread *self, weft_object *station, weft_object *packet, int64_t value)
{
    weft_object *target = follow(self, station, value % STATIONS);
    bool ok = target && send(self, target, packet);
    weft_xdecref(self, target);
    return ok;
}

static bool handle(machine *m, weft_object *station, weft_object *packet)
{
    weft_thread *self = m->self;
    int64_t number = 0, handled = 0, value = 0, hop = 0;
    if (!get_int(self, station, NUMBER, &number) || !get_int(self, station, HANDLED, &handled) ||
        !get_int(self, packet, VALUE, &value) || !get_int(self, packet, HOP, &hop))
        return false;
    value = next_value(value, number);
    if (!put_int(self, station, HANDLED, handled + 1) || !note(self, packet, hop % PAYLOAD) ||
        !put_int(self, packet, VALUE, value) || !put_int(self, packet, HOP, hop + 1))
        return false;
    if (hop + 1 < HOPS)
        return forward(self, station, packet, value);
    return retire(m, packet) && (m->made == m->shared->packets || make_packet(m, station));
}

/* The oldest packet of the station's queue is handled, if there is one. */
static bool serve(machine *m, weft_object *station)
{
    weft_object *queue = weft_instance_get(m->self, station, QUEUE);
    if (!queue)
        return false;
    weft_object *packet = NULL;
    bool idle = weft_list_size(m->self, queue) == 0;
    if (!idle)
        packet = weft_list_pop(m->self, queue, 0);
    weft_decref(m->self, queue);
    bool ok = idle || (packet && handle(m, station, packet));
    weft_xdecref(m->self, packet);
    return ok;
}

static bool build(machine *m)
{
    weft_thread *self = m->self;
    m->log = weft_list_new(self, 0);
    if (!m->log)
        return false;
    for (int i = 0; i < STATIONS; i++) {
        weft_object *station = m->stations[i] = weft_instance_new(self, m->shared->station_type);
        if (!station || !put_int(self, station, NUMBER, i) || !put_int(self, station, HANDLED, 0) ||
            !put_new(self, station, QUEUE, weft_list_new(self, 0)))
            return false;
    }
    for (int i = 0; i < STATIONS; i++)
        if (weft_instance_set(self, m->stations[i], NEXT, m->stations[(i + 1) % STATIONS]) < 0)
            return false;
    while (m->made < AT_ONCE && m->made < m->shared->packets)
        if (!make_packet(m, m->stations[0]))
            return false;
    return true;
}

static bool operate(machine *m)
{
    weft_object *station = weft_ref(m->self, m->stations[0]);
    bool ok = true;
    while (ok && m->retired < m->shared->packets) {
        weft_safepoint(m->self);
        ok = serve(m, station);
        weft_object *next = weft_instance_get(m->self, station, NEXT);
        weft_decref(m->self, station);
        station = next;
        ok = ok && station;
    }
    weft_xdecref(m->self, station);
    ok = ok && add_log(m);
    for (int i = 0; ok && i < STATIONS; i++) {
        int64_t handled = 0;
        ok = get_int(m->self, m->stations[i], HANDLED, &handled);
        m->sum = mix(m->sum, handled);
    }
    return ok;
}

static void take_apart(const machine *m)
{
    weft_xdecref(m->self, m->log);
    for (int i = 0; i < STATIONS; i++)
        if (m->stations[i]) {
            (void)weft_instance_set(m->self, m->stations[i], NEXT, NULL);
            weft_decref(m->self, m->stations[i]);
        }
}

/* ---- the workload ---------------------------------------------------------------------------------------------- */

static weft_status run(weft_thread *self, void *state, size_t task, uint64_t *checksum)
{
    machine m = {.self = self, .shared = state};
    (void)task;
    bool ok = build(&m) && operate(&m);
    take_apart(&m);
    *checksum += m.sum;
    return ok ? WEFT_OK : weft_error_status();
}

static weft_status check(weft_thread *self, void *state, uint64_t checksum)
{
    const machines *m = state;
    (void)self;
    uint64_t expected = plain_machine(m->packets) * m->count;
    if (checksum != expected)
        return weft_error_set(WEFT_ERROR_USER, "wrong answer: %016" PRIx64 ", plain structs give %016" PRIx64, checksum,
                              expected);
    return WEFT_OK;
}

static void *set_up(weft_thread *self, const bench_options *options, size_t *tasks)
{
    static const char *const station_slots[STATION_SLOTS] = {"number", "queue", "handled", "next"};
    static const char *const packet_slots[PACKET_SLOTS] = {"value", "hop", "notes"};
    machines *m = calloc(1, sizeof *m);
    if (!m) {
        weft_error_set(WEFT_ERROR_MEMORY, "no memory for the machines' state");
        return NULL;
    }
    m->station_type = weft_instance_type(self, "station", station_slots, STATION_SLOTS);
    m->packet_type = m->station_type ? weft_instance_type(self, "packet", packet_slots, PACKET_SLOTS) : NULL;
    if (!m->packet_type) {
        free(m);
        return NULL;
    }
    m->packets = options->size;
    m->count = options->repeat;
    *tasks = options->repeat;
    return m;
}

static void tear_down(weft_thread *self, void *state)
{
    (void)self;
    free(state);
}

const workload workload_richards = {
    .name = "richards",
    .summary = "stations that pass packets through queues: instances, lists and ints in motion",
    .units = "size: packets of a machine; repeat: machines",
    .size = 50000,
    .repeat = 8,
    .set_up = set_up,
    .run = run,
    .check = check,
    .tear_down = tear_down,
};
