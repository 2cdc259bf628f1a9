/* The emulated device's memory, and a device that is full or fails. */

#include <math.h>

#include "tests/cuda/emulator_rig.h"
#include "tests/cuda/planted.h"
#include "tests/test.h"

enum { N = 600 };

/* ---- memory ------------------------------------------------------------------------------- */

static void the_device_can_be_full(void **state)
{
    (void)state;
    enum { MIB = 1 << 20 };
    size_t       free_bytes = 0, total = 0;
    void        *block = NULL, *more = NULL;
    cudaStream_t stream = device_open();
    emulated_device.memory = 10 * MIB;
    assert_cuda(cudaMalloc(&block, 6 * MIB));
    assert_cuda(cudaMemGetInfo(&free_bytes, &total));
    assert_int_equal(free_bytes, 4 * MIB);
    assert_int_equal(total, 10 * MIB);
    assert_int_equal(cudaMalloc(&more, 4 * MIB + 1), cudaErrorMemoryAllocation);
    assert_null(more);
    assert_int_equal(cudaGetLastError(), cudaErrorMemoryAllocation);
    assert_int_equal(cudaGetLastError(), cudaSuccess);
    assert_cuda(cudaMalloc(&more, 4 * MIB));
    device_free(more);
    device_free(block);
    assert_cuda(cudaMalloc(&more, 10 * MIB));
    device_free(more);
    device_close(stream);
}

/* Small and large, first and again: where addresses are used anew nothing old shows. */
static void fresh_memory_is_nan(void **state)
{
    (void)state;
    static float host[3 << 19];
    cudaStream_t stream = device_open();
    for (Index n = 100; n <= 3 << 19; n *= 125) {
        for (int round = 0; round < 2; round++) {
            float *x = device_array(n, sizeof(float));
            assert_int_equal((uintptr_t)x % 256, 0);
            device_read(host, x, n, sizeof(float));
            for (Index i = 0; i < n; i++) assert_true(isnan(host[i]));
            assert_cuda(cudaMemset(x, 0, (size_t)n * sizeof(float)));
            device_read(host, x, n, sizeof(float));
            for (Index i = 0; i < n; i++) assert_true(host[i] == 0.0f);
            device_free(x);
        }
    }
    device_close(stream);
}

typedef struct Range {
    float *x;
    Index  at, n;
} Range;

static void copy_range(void *context)
{
    float        host[N] = {0};
    const Range *r = context;
    cudaMemcpy(r->x + r->at, host, (size_t)r->n * sizeof(float), cudaMemcpyHostToDevice);
}

static void copies_stay_inside_blocks(void **state)
{
    (void)state;
    float        host[N] = {0};
    cudaStream_t stream = device_open();
    Range        r = {device_array(N, sizeof(float)), 100, N - 100};
    assert_lives(copy_range, &r);
    r.n++;
    assert_dies(copy_range, &r, "not inside a block of device memory");
    r.at = -1;
    assert_dies(copy_range, &r, "not inside a block of device memory");
    assert_int_equal(cudaMemcpy(r.x, host, sizeof host, cudaMemcpyDeviceToHost),
                     cudaErrorInvalidValue);
    device_free(r.x);
    device_close(stream);
}

/* ---- failures ----------------------------------------------------------------------------- */

static void any_call_can_be_made_to_fail(void **state)
{
    (void)state;
    void        *block = NULL;
    cudaStream_t stream = device_open();
    emulated_fail_call(1, cudaErrorMemoryAllocation);
    assert_cuda(cudaMalloc(&block, 16));
    assert_int_equal(cudaFree(block), cudaErrorMemoryAllocation); /* and it is gone */
    assert_cuda(cudaMalloc(&block, 16));
    assert_int_equal(emulated_fail_off(), 3);
    device_free(block);
    device_close(stream);
}

static void a_lost_device_stays_lost(void **state)
{
    (void)state;
    cudaStream_t stream = device_open();
    float       *x = device_array(N, sizeof(float)), host[N];
    emulated_fail_work(0, cudaErrorIllegalAddress);
    assert_cuda(planted_fill(stream, x, N, false, false)); /* a launch does not know yet */
    assert_int_equal(cudaStreamSynchronize(stream), cudaErrorIllegalAddress);
    assert_int_equal(cudaMemcpy(host, x, sizeof host, cudaMemcpyDeviceToHost),
                     cudaErrorIllegalAddress);
    assert_int_equal(planted_fill(stream, x, N, false, false), cudaErrorIllegalAddress);
    assert_int_equal(cudaGetLastError(), cudaErrorIllegalAddress);
    assert_int_equal(cudaGetLastError(), cudaErrorIllegalAddress);
    assert_int_equal(cudaFree(x), cudaErrorIllegalAddress);
    assert_int_equal(cudaStreamDestroy(stream), cudaErrorIllegalAddress);
    assert_int_equal(emulated_live(), 0);
    emulated_reset();
    device_close(device_open());
}

static void launches_that_no_device_takes_are_refused(void **state)
{
    (void)state;
    int          count = -1;
    cudaStream_t stream = device_open();
    float       *x = device_array(N, sizeof(float));
    assert_int_equal(planted_shuffle(stream, x, 2048, SHUFFLE_OF_ALL),
                     cudaErrorInvalidConfiguration);
    assert_int_equal(planted_reverse(stream, x, x, 0, false), cudaErrorInvalidConfiguration);
    device_free(x);
    emulated_device.count = 0;
    assert_int_equal(cudaGetDeviceCount(&count), cudaErrorNoDevice);
    assert_int_equal(count, 0);
    emulated_device.driver = 12080;
    assert_int_equal(cudaGetDeviceCount(&count), cudaErrorInsufficientDriver);
    emulated_device.driver = 13000;
    emulated_device.count = 1;
    device_close(stream);
}

TEST_GROUP(emulator_memory, cmocka_unit_test(the_device_can_be_full),
           cmocka_unit_test(fresh_memory_is_nan), cmocka_unit_test(copies_stay_inside_blocks),
           cmocka_unit_test(any_call_can_be_made_to_fail),
           cmocka_unit_test(a_lost_device_stays_lost),
           cmocka_unit_test(launches_that_no_device_takes_are_refused));
