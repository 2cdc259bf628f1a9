/*
 * The CUDA backend's list of commands: two ops done in one pass give the same numbers, lists that
 * come again are replayed with what is new in them, and results wait for the sync.
 */

#include <math.h>
#include <string.h>

#include "tests/cuda/emulator/emulator.h"
#include "tests/math/cuda_rig.h"
#include "tests/math/op_case.h"
#include "tests/test.h"

enum { N = 5, HEADS = 2, WIDTH = 8, D = HEADS * WIDTH };

static Backend *open_cuda(void)
{
    Error err = {0};
    if (cuda_is_real()) skip(); /* counts what the emulator did */
    emulated_reset();
    use_cuda(NULL);
    Backend *be = backend_create("cuda", 1, &err);
    assert_ok(&err);
    return be;
}

static Backend *open_ref(void)
{
    Error    err = {0};
    Backend *be = backend_ref_create(&err);
    assert_ok(&err);
    return be;
}

/* n numbers of a stream, in the backend's memory. */
static float *numbers(Backend *be, uint64_t stream, Index n)
{
    Error err = {0};
    float host[256], *x = be->alloc(be, n * (Index)sizeof *x, &err);
    assert_non_null(x);
    assert_true(n <= 256);
    for (Index i = 0; i < n; i++) host[i] = entropy(stream, i);
    be->put(be, x, host, n * (Index)sizeof *x);
    return x;
}

static void expect_same(Backend *be, const float *x, Backend *ref, const float *want, Index n)
{
    float a[256], b[256];
    be->get(be, a, x, n * (Index)sizeof *a);
    ref->get(ref, b, want, n * (Index)sizeof *b);
    assert_tensor_close(a, b, n, 2e-6);
}

/* ---- two ops in one pass -------------------------------------------------------------------- */

enum { X, Y, W, BIAS, NORMED, INV, BUFFERS };

static void take_buffers(Backend *be, float *x[BUFFERS])
{
    for (int i = 0; i < BUFFERS; i++) x[i] = numbers(be, (uint64_t)i, i == W ? D * D : N * D);
}

static void give_buffers(Backend *be, float *x[BUFFERS])
{
    for (int i = 0; i < BUFFERS; i++) be->release(be, x[i]);
    be->free(be);
}

/* How many kernels ran; `between` is an op that must keep the two apart. */
static int64_t sum_and_norm(Backend *be, float *const *x, bool between)
{
    int64_t before = emulated_use().kernels;
    be->add(be, x[Y], x[Y], x[X], N * D);
    if (between) be->scale(be, x[Y], 1.0f, N * D);
    be->rmsnorm(be, x[NORMED], x[INV], x[Y], x[W], N, D, 1e-6f);
    (void)be->sync(be, NULL);
    return emulated_use().kernels - before;
}

static void a_residual_and_its_norm_are_one_pass(void **state)
{
    (void)state;
    for (int between = 0; between < 2; between++) {
        float   *x[BUFFERS], *want[BUFFERS];
        Backend *be = open_cuda(), *ref = open_ref();
        take_buffers(be, x);
        take_buffers(ref, want);
        (void)sum_and_norm(ref, want, between);
        assert_int_equal(sum_and_norm(be, x, between), between ? 3 : 1);
        expect_same(be, x[Y], ref, want[Y], N * D);
        expect_same(be, x[NORMED], ref, want[NORMED], N * D);
        expect_same(be, x[INV], ref, want[INV], N);
        give_buffers(be, x);
        give_buffers(ref, want);
    }
}

/* The arena gives a freed summand's place away: to the norm's rows, or to its `inv`. */
static void results_may_stand_where_a_summand_was(void **state)
{
    (void)state;
    static const struct {
        Index y, inv; /* offsets in X, which was added; -1: elsewhere */
    } rows[] = {{0, -1}, {D, -1}, {-1, 3}};
    for (int i = 0; i < 3; i++) {
        float   *x[BUFFERS], *want[BUFFERS];
        Index    n = N - 1;
        Backend *be = open_cuda(), *ref = open_ref();
        take_buffers(be, x);
        take_buffers(ref, want);
        ref->add(ref, want[Y], want[Y], want[X], n * D);
        ref->rmsnorm(ref, want[NORMED], want[INV], want[Y], want[W], n, D, 1e-6f);
        float *y = rows[i].y < 0 ? x[NORMED] : x[X] + rows[i].y;
        float *inv = rows[i].inv < 0 ? x[INV] : x[X] + rows[i].inv;
        be->add(be, x[Y], x[Y], x[X], n * D);
        be->rmsnorm(be, y, inv, x[Y], x[W], n, D, 1e-6f);
        expect_same(be, y, ref, want[NORMED], n * D);
        expect_same(be, inv, ref, want[INV], n);
        give_buffers(be, x);
        give_buffers(ref, want);
    }
}

static int64_t map_and_turn(Backend *be, float *const *x, bool inverse)
{
    static const int32_t position[N] = {0, 1, 2, 0, 1};
    int64_t              before = emulated_use().kernels;
    Mat                  map = {x[W], DTYPE_F32, D, D};
    be->linear(be, x[Y], x[X], map, x[BIAS], N);
    be->rope(be, x[Y], x[NORMED], x[NORMED] + 32, position, N, HEADS, WIDTH, inverse);
    (void)be->sync(be, NULL);
    return emulated_use().kernels - before;
}

static void a_bias_and_the_rotation_are_one_pass(void **state)
{
    (void)state;
    for (int inverse = 0; inverse < 2; inverse++) {
        float   *x[BUFFERS], *want[BUFFERS];
        Backend *be = open_cuda(), *ref = open_ref();
        take_buffers(be, x);
        take_buffers(ref, want);
        (void)map_and_turn(ref, want, inverse);
        assert_int_equal(map_and_turn(be, x, inverse), inverse ? 2 : 1);
        expect_same(be, x[Y], ref, want[Y], N * D);
        give_buffers(be, x);
        give_buffers(ref, want);
    }
}

/* ---- replays ----------------------------------------------------------------------------------
 */

/* A list long enough for a graph, whose ids and scale are new each time. */
static void look_up(Backend *be, float *const *x, const int32_t *ids, float *out)
{
    Mat table = {x[W], DTYPE_F32, D, D};
    for (int i = 0; i < 10; i++) be->embed(be, x[Y], ids, table, N);
    be->get(be, out, x[Y], N * D * (Index)sizeof *out);
}

static void a_replayed_list_sees_new_rows(void **state)
{
    (void)state;
    float    x_host[D * D], out[N * D], *x[BUFFERS];
    Backend *be = open_cuda();
    take_buffers(be, x);
    be->get(be, x_host, x[W], sizeof x_host);
    for (int32_t round = 0; round < 6; round++) {
        int32_t ids[N];
        for (int32_t n = 0; n < N; n++) ids[n] = (round + 3 * n) % D;
        look_up(be, x, ids, out);
        for (Index n = 0; n < N; n++) {
            assert_memory_equal(out + n * D, x_host + ids[n] * D, D * sizeof(float));
        }
    }
    int64_t as_graph, one_by_one;
    cuda_lists(be, &as_graph, &one_by_one);
    assert_int_equal(as_graph, 5); /* the second time is captured and launched */
    give_buffers(be, x);
}

/* More than the list, the staging area and the results hold at once. */
static void nothing_is_lost_when_areas_are_full(void **state)
{
    (void)state;
    enum { LOSSES = 1500, SCALES = 8000, IDS = 20000 };
    static double  loss[LOSSES];
    static int32_t labels[LOSSES], ids[IDS];
    float         *x[BUFFERS];
    Error          err = {0};
    Backend       *be = open_cuda();
    take_buffers(be, x);
    float *many = be->alloc(be, IDS * (Index)sizeof *many, &err);
    assert_non_null(many);
    be->zero(be, x[W], D * D * (Index)sizeof(float));
    for (int i = 0; i < LOSSES; i++) { /* 1,024 results fit */
        labels[i] = i % 2;
        be->cross_entropy(be, x[W], &loss[i], NULL, &labels[i], 1, 2, 0.0f);
    }
    for (int i = 0; i < SCALES; i++) be->scale(be, x[Y], 1.0f, 1); /* over a MiB of commands */
    for (int i = 0; i < 6; i++) {                                  /* 78 KiB each of 256 */
        ids[0] = i;
        be->embed(be, many, ids, (Mat){x[W], DTYPE_F32, D * D, 1}, IDS);
    }
    assert_true(be->sync(be, NULL));
    for (int i = 0; i < LOSSES; i++) assert_close(loss[i], log(2.0), 1e-6);
    be->release(be, many);
    give_buffers(be, x);
}

TEST_GROUP(cuda_queue, cmocka_unit_test(a_residual_and_its_norm_are_one_pass),
           cmocka_unit_test(results_may_stand_where_a_summand_was),
           cmocka_unit_test(a_bias_and_the_rotation_are_one_pass),
           cmocka_unit_test(a_replayed_list_sees_new_rows),
           cmocka_unit_test(nothing_is_lost_when_areas_are_full));
