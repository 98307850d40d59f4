/* nbody.c - planets under gravity, every number an object: each operation makes a new float and drops an old one, as an
 * interpreter does.
 *
 * A task is one system of five bodies for `size` steps; `repeat` systems, which all stay until the end: a result that is
 * kept, so that the objects and not the process make the memory. The arithmetic is also done on plain doubles, in
 * the same order; coordinates must agree to the last bit. The starting values are those of the Computer Language
 * Benchmarks Game's problem of the same name (the sun and the four large planets), the formulation is not. */
#include "bench.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.141592653589793
#define SOLAR_MASS (4 * PI * PI)
#define YEAR 365.24
#define STEP 0.01

enum { BODIES = 5, AXES = 3, POSITION = 0, VELOCITY = 3, MASS = 6, SLOTS = 7 };

typedef double plain_body[SLOTS];

static const plain_body start[BODIES] = {
    {0, 0, 0, 0, 0, 0, SOLAR_MASS},
    {4.84143144246472090, -1.16032004402742839, -0.103622044471123109, 0.00166007664274403694 * YEAR,
     0.00769901118419740425 * YEAR, -0.0000690460016972063023 * YEAR, 0.000954791938424326609 * SOLAR_MASS},
    {8.34336671824457987, 4.12479856412430479, -0.403523417114321381, -0.00276742510726411080 * YEAR,
     0.00499852801234917238 * YEAR, 0.0000230417297573763929 * YEAR, 0.000285885980666130812 * SOLAR_MASS},
    {12.8943695621391310, -15.1111514016986312, -0.223307578892655734, 0.00296460137564761618 * YEAR,
     0.00237847173959480950 * YEAR, -0.0000296589568540237556 * YEAR, 0.0000436624404335156298 * SOLAR_MASS},
    {15.3796971148509165, -25.9193146099879641, 0.179258772950371181, 0.00268067772490389322 * YEAR,
     0.00162824170038242295 * YEAR, -0.0000951592254519715870 * YEAR, 0.0000515138902046611451 * SOLAR_MASS},
};

typedef struct nbody {
    const weft_type *body_type;
    uint64_t steps, systems;
    weft_object **results; /* a tuple of bodies for each task, written by it; NULL before */
} nbody;

/* One task's; a single thread's. */
typedef struct planets {
    weft_object *bodies[BODIES];
    weft_object *step; /* the constant STEP */
} planets;

/* ---- the same arithmetic on plain doubles ---------------------------------------------------------------------- */

static void plain_pull(plain_body a, plain_body b)
{
    double d[AXES], square = 0;
    for (int i = 0; i < AXES; i++) {
        d[i] = a[POSITION + i] - b[POSITION + i];
        square = square + d[i] * d[i];
    }
    double scale = STEP / (square * sqrt(square));
    for (int i = 0; i < AXES; i++) {
        a[VELOCITY + i] = a[VELOCITY + i] - d[i] * (b[MASS] * scale);
        b[VELOCITY + i] = b[VELOCITY + i] + d[i] * (a[MASS] * scale);
    }
}

static void plain_step(plain_body *bodies)
{
    for (int i = 0; i < BODIES; i++)
        for (int j = i + 1; j < BODIES; j++)
            plain_pull(bodies[i], bodies[j]);
    for (int i = 0; i < BODIES; i++)
        for (int k = 0; k < AXES; k++)
            bodies[i][POSITION + k] = bodies[i][POSITION + k] + STEP * bodies[i][VELOCITY + k];
}

static uint64_t mix(uint64_t sum, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (sum ^ bits) * UINT64_C(0x9E3779B97F4A7C15) + (sum >> 29);
}

/* ---- on objects ------------------------------------------------------------------------------------------------ */

/* Every operation takes its arguments' references and returns a new one; NULL in, NULL out. */
static weft_object *take2(weft_thread *self, weft_object *a, weft_object *b, double (*operate)(double, double))
{
    weft_object *result = a && b ? weft_float_new(self, operate(weft_float_get(a), weft_float_get(b))) : NULL;
    weft_xdecref(self, a);
    weft_xdecref(self, b);
    return result;
}

static double plain_add(double a, double b)
{
    return a + b;
}

static double plain_subtract(double a, double b)
{
    return a - b;
}

static double plain_multiply(double a, double b)
{
    return a * b;
}

static double plain_divide(double a, double b)
{
    return a / b;
}

static weft_object *copy(weft_thread *self, weft_object *o)
{
    weft_xincref(self, o);
    return o;
}

static weft_object *square_root(weft_thread *self, weft_object *a)
{
    weft_object *result = a ? weft_float_new(self, sqrt(weft_float_get(a))) : NULL;
    weft_xdecref(self, a);
    return result;
}

/* Stores a new value in a slot; takes its reference. */
static bool put(weft_thread *self, weft_object *body, int slot, weft_object *value)
{
    if (!value)
        return false;
    weft_status status = weft_instance_set(self, body, slot, value);
    weft_decref(self, value);
    return status == WEFT_OK;
}

/* velocity of `body` on axis i changes by d * (mass of other * scale), in the direction of `operate` */
static bool kick(weft_thread *self, weft_object *body, weft_object *other, int i, weft_object *d, weft_object *scale,
                 double (*operate)(double, double))
{
    weft_object *force = take2(self, weft_instance_get(self, other, MASS), copy(self, scale), plain_multiply);
    weft_object *change = take2(self, copy(self, d), force, plain_multiply);
    return put(self, body, VELOCITY + i, take2(self, weft_instance_get(self, body, VELOCITY + i), change, operate));
}

/* The distance on each axis, and STEP / distance^3; NULL where memory was short. */
static weft_object *distance(weft_thread *self, const planets *p, weft_object *a, weft_object *b, weft_object *d[AXES])
{
    weft_object *square = weft_float_new(self, 0);
    for (int i = 0; i < AXES; i++) {
        d[i] = take2(self, weft_instance_get(self, a, POSITION + i), weft_instance_get(self, b, POSITION + i),
                     plain_subtract);
        weft_object *part = take2(self, copy(self, d[i]), copy(self, d[i]), plain_multiply);
        square = take2(self, square, part, plain_add);
    }
    weft_object *root = square_root(self, copy(self, square));
    weft_object *cube = take2(self, square, root, plain_multiply);
    return take2(self, copy(self, p->step), cube, plain_divide);
}

static bool pull(weft_thread *self, const planets *p, weft_object *a, weft_object *b)
{
    weft_object *d[AXES];
    weft_object *scale = distance(self, p, a, b, d);
    bool ok = scale != NULL;
    for (int i = 0; i < AXES; i++) {
        ok = ok && kick(self, a, b, i, d[i], scale, plain_subtract) && kick(self, b, a, i, d[i], scale, plain_add);
        weft_xdecref(self, d[i]);
    }
    weft_xdecref(self, scale);
    return ok;
}

static bool move(weft_thread *self, const planets *p, weft_object *body)
{
    for (int i = 0; i < AXES; i++) {
        weft_object *change =
            take2(self, copy(self, p->step), weft_instance_get(self, body, VELOCITY + i), plain_multiply);
        if (!put(self, body, POSITION + i, take2(self, weft_instance_get(self, body, POSITION + i), change, plain_add)))
            return false;
    }
    return true;
}

static bool advance(weft_thread *self, const planets *p)
{
    for (int i = 0; i < BODIES; i++)
        for (int j = i + 1; j < BODIES; j++)
            if (!pull(self, p, p->bodies[i], p->bodies[j]))
                return false;
    for (int i = 0; i < BODIES; i++)
        if (!move(self, p, p->bodies[i]))
            return false;
    return true;
}

static weft_object *new_body(weft_thread *self, const nbody *n, const plain_body values)
{
    weft_object *body = weft_instance_new(self, n->body_type);
    for (int slot = 0; body && slot < SLOTS; slot++)
        if (!put(self, body, slot, weft_float_new(self, values[slot]))) {
            weft_decref(self, body);
            body = NULL;
        }
    return body;
}

static bool sum_body(weft_thread *self, weft_object *body, uint64_t *sum)
{
    for (int slot = 0; slot < SLOTS; slot++) {
        weft_object *value = weft_instance_get(self, body, slot);
        if (!value)
            return false;
        *sum = mix(*sum, weft_float_get(value));
        weft_decref(self, value);
    }
    return true;
}

/* ---- the workload ---------------------------------------------------------------------------------------------- */

static bool make_planets(weft_thread *self, const nbody *n, planets *p)
{
    p->step = weft_float_new(self, STEP);
    bool ok = p->step != NULL;
    for (int i = 0; i < BODIES; i++)
        ok = (p->bodies[i] = ok ? new_body(self, n, start[i]) : NULL) != NULL;
    return ok;
}

static void drop_planets(weft_thread *self, const planets *p)
{
    for (int i = 0; i < BODIES; i++)
        weft_xdecref(self, p->bodies[i]);
    weft_xdecref(self, p->step);
}

static bool run_planets(weft_thread *self, const planets *p, uint64_t steps)
{
    for (uint64_t step = 0; step < steps; step++) {
        if (!advance(self, p))
            return false;
        weft_safepoint(self);
    }
    return true;
}

static weft_status run(weft_thread *self, void *state, size_t task, uint64_t *checksum)
{
    const nbody *n = state;
    planets p;
    uint64_t sum = 0;
    bool ok = make_planets(self, n, &p) && run_planets(self, &p, n->steps);
    for (int i = 0; ok && i < BODIES; i++)
        ok = sum_body(self, p.bodies[i], &sum);
    if (ok)
        ok = (n->results[task] = weft_tuple_new(self, p.bodies, BODIES)) != NULL;
    drop_planets(self, &p);
    *checksum += sum;
    return ok ? WEFT_OK : weft_error_status();
}

static weft_status check(weft_thread *self, void *state, uint64_t checksum)
{
    const nbody *n = state;
    plain_body bodies[BODIES];
    (void)self;
    memcpy(bodies, start, sizeof bodies);
    for (uint64_t step = 0; step < n->steps; step++)
        plain_step(bodies);
    uint64_t sum = 0;
    for (int i = 0; i < BODIES; i++)
        for (int slot = 0; slot < SLOTS; slot++)
            sum = mix(sum, bodies[i][slot]);
    if (checksum != sum * n->systems)
        return weft_error_set(WEFT_ERROR_USER, "wrong answer: coordinates differ from those of plain doubles");
    return WEFT_OK;
}

static void tear_down(weft_thread *self, void *state)
{
    nbody *n = state;
    for (uint64_t i = 0; n->results && i < n->systems; i++)
        weft_xdecref(self, n->results[i]);
    free(n->results);
    free(n);
}

static void *set_up(weft_thread *self, const bench_options *options, size_t *tasks)
{
    static const char *const slots[SLOTS] = {"x", "y", "z", "vx", "vy", "vz", "mass"};
    nbody *n = calloc(1, sizeof *n);
    if (n)
        n->results = calloc(options->repeat, sizeof *n->results);
    if (!n || !n->results) {
        weft_error_set(WEFT_ERROR_MEMORY, "no memory for %" PRIu64 " systems", options->repeat);
        free(n);
        return NULL;
    }
    n->steps = options->size;
    n->systems = options->repeat;
    n->body_type = weft_instance_type(self, "body", slots, SLOTS);
    if (!n->body_type) {
        tear_down(self, n);
        return NULL;
    }
    *tasks = options->repeat;
    return n;
}

const workload workload_nbody = {
    .name = "nbody",
    .summary = "planets under gravity, every number a float object held in an instance's slots",
    .units = "size: steps of a system; repeat: systems",
    .size = 4,
    .repeat = 32000,
    .set_up = set_up,
    .run = run,
    .check = check,
    .tear_down = tear_down,
};
