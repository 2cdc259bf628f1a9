/*
 * The emulator finds what it is there to find: each fault planted in a kernel or its caller is
 * caught, and the same without the fault passes.
 */

#include <math.h>
#include <string.h>

#include "tests/cuda/emulator_rig.h"
#include "tests/cuda/planted.h"
#include "tests/test.h"

enum { BLOCKS = 4, N = BLOCKS * PLANTED_THREADS };

/* What a body in a child works with. */
typedef struct Plant {
    cudaStream_t stream;
    float       *y; /* N floats on the device */
    int          kind;
} Plant;

static Plant plant_open(void)
{
    Plant p = {device_open(), NULL, 0};
    p.y = device_array(N, sizeof(float));
    return p;
}

static void plant_close(Plant *p)
{
    device_free(p->y);
    device_close(p->stream);
}

static void finish(const Plant *p, cudaError_t launched)
{
    if (launched == cudaSuccess) launched = cudaStreamSynchronize(p->stream);
    if (launched != cudaSuccess) print_error("%s\n", cudaGetErrorName(launched));
}

/* ---- barriers ----------------------------------------------------------------------------- */

/* How many of the N elements are not x reversed within their block. */
static int wrong_after_reversal(cudaStream_t stream, bool no_barrier)
{
    float host[N];
    int   wrong = 0;
    for (int i = 0; i < N; i++) host[i] = (float)i;
    float *x = device_copy_of(host, N, sizeof(float)), *y = device_array(N, sizeof(float));
    assert_cuda(planted_reverse(stream, y, x, BLOCKS, no_barrier));
    device_read(host, y, N, sizeof(float));
    for (int i = 0; i < N; i++) {
        int first = i / PLANTED_THREADS * PLANTED_THREADS;
        int from = first + PLANTED_THREADS - 1 - (i - first);
        if (!(fabsf(host[i] - (float)from) < 0.5f)) wrong++;
    }
    device_free(x);
    device_free(y);
    return wrong;
}

static void a_missing_barrier_gives_wrong_results_in_every_order(void **state)
{
    (void)state;
    cudaStream_t stream = device_open();
    for (uint64_t seed = 0; seed < 50; seed++) {
        emulated_seed(seed);
        assert_int_equal(wrong_after_reversal(stream, false), 0);
        assert_true(wrong_after_reversal(stream, true) > N / 8);
    }
    device_close(stream);
}

static void run_barrier(void *context)
{
    const Plant *p = context;
    finish(p, planted_barrier(p->stream, p->y, (PlantedBarrier)p->kind));
}

static void a_barrier_that_some_do_not_reach_is_named(void **state)
{
    (void)state;
    Plant p = plant_open();
    assert_lives(run_barrier, &p);
    p.kind = BARRIER_IN_A_BRANCH;
    assert_dies(run_barrier, &p, "emulator: a barrier is not the same for all");
    assert_dies(run_barrier, &p, "tests/cuda/planted.cu:");
    p.kind = BARRIER_IN_TWO_PLACES;
    assert_dies(run_barrier, &p, "emulator: a barrier is not the same for all");
    p.kind = BARRIER_AFTER_RETURN;
    assert_dies(run_barrier, &p, "emulator: a barrier is not reached by all");
    assert_dies(run_barrier, &p, "thread 77 has returned");
    plant_close(&p);
}

static void a_barrier_for_all_parts_what_is_before_from_what_is_behind(void **state)
{
    (void)state;
    float host[PLANTED_THREADS];
    Plant p = plant_open();
    for (int round = 0; round < 20; round++) {
        run_barrier(&p);
        device_read(host, p.y, PLANTED_THREADS, sizeof(float));
        for (int i = 0; i < PLANTED_THREADS; i++) assert_close((double)host[i], 8.0, 0.0);
    }
    plant_close(&p);
}

/* ---- shuffles ----------------------------------------------------------------------------- */

static void run_shuffle(void *context)
{
    const Plant *p = context;
    finish(p, planted_shuffle(p->stream, p->y, 64, (PlantedShuffle)p->kind));
}

static void run_short_warp(void *context)
{
    const Plant *p = context;
    finish(p, planted_shuffle(p->stream, p->y, 40, SHUFFLE_OF_ALL));
}

static void a_shuffle_without_all_lanes_is_named(void **state)
{
    (void)state;
    Plant p = plant_open();
    assert_lives(run_shuffle, &p);
    p.kind = SHUFFLE_THAT_A_LANE_LEAVES;
    assert_dies(run_shuffle, &p, "for lane 9, which has returned");
    assert_dies(run_shuffle, &p, "__shfl_xor_sync at tests/cuda/planted.cu:");
    p.kind = SHUFFLE_IN_TWO_PLACES;
    assert_dies(run_shuffle, &p, "and lane 9 in __shfl_xor_sync at tests/cuda/planted.cu:");
    p.kind = SHUFFLE_WITH_A_MASK;
    assert_dies(run_shuffle, &p, "with mask 0000ffff, not for all lanes");
    assert_dies(run_short_warp, &p, "of a warp of 8 lanes");
    plant_close(&p);
}

static void shuffles_give_what_the_cuda_guide_says(void **state)
{
    (void)state;
    enum { KINDS = 7, LANES = 32 };
    double       r[KINDS][LANES];
    cudaStream_t stream = device_open();
    double      *results = device_array(KINDS * LANES, sizeof(double));
    for (int round = 0; round < 10; round++) {
        assert_cuda(planted_lanes(stream, results));
        device_read(r, results, KINDS * LANES, sizeof(double));
        for (int i = 0; i < LANES; i++) {
            assert_close(r[0][i], i / 8 * 8 + 5, 0.0);
            assert_close(r[1][i], i ^ 3, 0.0);
            assert_close(r[2][i], i + 2 < LANES ? i + 2 : i, 0.0);
            assert_close(r[3][i], i >= 2 ? i - 2 : i, 0.0);
            assert_close(r[4][i], 0xaaaaaaaa, 0.0);
            assert_close(r[5][i], 0.0, 0.0);
            assert_close(r[6][i], 1.0, 0.0);
        }
    }
    device_free(results);
    device_close(stream);
}

/* ---- stores where nobody may -------------------------------------------------------------- */

static void fill_whole(void *context)
{
    const Plant *p = context;
    finish(p, planted_fill(p->stream, p->y, N, false, false));
}

static void fill_one_more(void *context)
{
    const Plant *p = context;
    finish(p, planted_fill(p->stream, p->y, N, true, false));
}

static void fill_one_before(void *context)
{
    const Plant *p = context;
    finish(p, planted_fill(p->stream, p->y - 1, N, false, false));
}

static void fill_far(void *context)
{
    const Plant *p = context;
    finish(p, planted_fill(p->stream, p->y, N, false, true));
}

static void fill_after_free(void *context)
{
    const Plant *p = context;
    if (cudaFree(p->y) == cudaSuccess) fill_whole(context);
}

static void a_store_outside_a_block_is_caught(void **state)
{
    (void)state;
    Plant p = plant_open();
    assert_lives(fill_whole, &p);
    assert_dies(fill_one_more, &p, WORDS_OF_A_BAD_STORE);
    assert_dies(fill_one_before, &p, WORDS_OF_A_BAD_STORE);
    assert_dies(fill_far, &p, "a kernel touches device memory that is in no block");
    assert_dies(fill_after_free, &p, "a kernel touches device memory that is in no block");
    plant_close(&p);
}

static void use_shared(void *context)
{
    const Plant *p = context;
    finish(p, planted_shared(p->stream, p->y, p->kind != 0));
}

static void shared_memory_starts_as_nan_and_has_ends(void **state)
{
    (void)state;
    float host[PLANTED_THREADS];
    Plant p = plant_open();
    use_shared(&p);
    device_read(host, p.y, PLANTED_THREADS, sizeof(float));
    for (int i = 0; i < PLANTED_THREADS; i++) assert_true(isnan(host[i]));
    assert_lives(use_shared, &p);
    p.kind = 1;
    assert_dies(use_shared, &p, WORDS_OF_A_BAD_STORE);
    plant_close(&p);
}

/* ---- the host and the device -------------------------------------------------------------- */

static void read_by_host(void *context)
{
    const Plant *p = context;
    if (p->y[3] > 0.0f) print_error("positive\n");
}

static void write_by_host(void *context)
{
    const Plant *p = context;
    p->y[3] = 1.0f;
}

/* Behind a kernel, which opens the memory, as before it. */
static void read_after_kernel(void *context)
{
    fill_whole(context);
    read_by_host(context);
}

static void pass_host_memory(void *context)
{
    float        host[8] = {0};
    const Plant *p = context;
    finish(p, planted_double(p->stream, p->y, host, 8));
}

static void host_and_device_memory_are_not_confused(void **state)
{
    (void)state;
    Plant p = plant_open();
    assert_dies(read_by_host, &p, "emulator: host code touches device memory");
    assert_dies(write_by_host, &p, "emulator: host code touches device memory");
    assert_dies(read_after_kernel, &p, "emulator: host code touches device memory");
    assert_dies(pass_host_memory, &p, "is given a host address");
    plant_close(&p);
}

/* ---- order -------------------------------------------------------------------------------- */

enum { ORDER_BLOCKS = 7, ORDER_THREADS = 96, ORDER = ORDER_BLOCKS * ORDER_THREADS };

static void note_order(cudaStream_t stream, int *host)
{
    int *order = device_array(ORDER, sizeof(int)), *count = device_array(1, sizeof(int));
    assert_cuda(cudaMemsetAsync(count, 0, sizeof(int), stream));
    assert_cuda(planted_order(stream, order, count, ORDER_BLOCKS, ORDER_THREADS));
    device_read(host, order, ORDER, sizeof(int));
    device_free(order);
    device_free(count);
}

/* All threads, once; blocks one after another. */
static void check_order(const int *order)
{
    char seen[ORDER] = {0};
    for (int i = 0; i < ORDER; i++) {
        assert_in_range(order[i], 0, ORDER - 1);
        assert_false(seen[order[i]]);
        seen[order[i]] = 1;
        int first = i / ORDER_THREADS * ORDER_THREADS;
        assert_int_equal(order[i] / ORDER_THREADS, order[first] / ORDER_THREADS);
    }
}

static void every_launch_has_another_order_and_every_seed_the_same(void **state)
{
    (void)state;
    enum { LAUNCHES = 8 };
    static int   order[LAUNCHES][ORDER], again[ORDER];
    int          first_blocks = 0;
    cudaStream_t stream = device_open();
    emulated_seed(7);
    for (int i = 0; i < LAUNCHES; i++) {
        note_order(stream, order[i]);
        check_order(order[i]);
        for (int j = 0; j < i; j++) assert_memory_not_equal(order[i], order[j], sizeof again);
        first_blocks |= 1 << order[i][0] / ORDER_THREADS;
    }
    assert_true((first_blocks & (first_blocks - 1)) != 0); /* not always the same block first */
    emulated_seed(7);
    for (int i = 0; i < LAUNCHES; i++) {
        note_order(stream, again);
        assert_memory_equal(again, order[i], sizeof again);
    }
    device_close(stream);
}

TEST_GROUP(emulator, cmocka_unit_test(a_missing_barrier_gives_wrong_results_in_every_order),
           cmocka_unit_test(a_barrier_that_some_do_not_reach_is_named),
           cmocka_unit_test(a_barrier_for_all_parts_what_is_before_from_what_is_behind),
           cmocka_unit_test(a_shuffle_without_all_lanes_is_named),
           cmocka_unit_test(shuffles_give_what_the_cuda_guide_says),
           cmocka_unit_test(a_store_outside_a_block_is_caught),
           cmocka_unit_test(shared_memory_starts_as_nan_and_has_ends),
           cmocka_unit_test(host_and_device_memory_are_not_confused),
           cmocka_unit_test(every_launch_has_another_order_and_every_seed_the_same));
