/* The emulated runtime: work that waits, graphs, host threads. */

#include <pthread.h>

#include "tests/cuda/emulator_rig.h"
#include "tests/cuda/planted.h"
#include "tests/test.h"

enum { N = 600 };

static void fill(float *x, float value)
{
    for (int i = 0; i < N; i++) x[i] = value;
}

static void assert_all(const float *x, float value)
{
    for (int i = 0; i < N; i++) assert_close((double)x[i], (double)value, 0.0);
}

/* ---- asynchrony --------------------------------------------------------------------------- */

static void work_is_done_when_somebody_waits(void **state)
{
    (void)state;
    float       *pinned = NULL, plain[N];
    cudaStream_t stream = device_open();
    float       *x = device_array(N, sizeof(float)), *y = device_array(N, sizeof(float));
    assert_cuda(cudaMallocHost((void **)&pinned, sizeof plain));
    fill(pinned, 1.0f);
    assert_cuda(cudaMemcpyAsync(x, pinned, sizeof plain, cudaMemcpyHostToDevice, stream));
    assert_cuda(planted_double(stream, y, x, N));
    assert_cuda(cudaMemcpyAsync(pinned, y, sizeof plain, cudaMemcpyDeviceToHost, stream));
    assert_all(pinned, 1.0f); /* not done yet */
    fill(pinned, 5.0f);       /* too early: pinned memory is read when the stream gets there */
    assert_cuda(cudaStreamSynchronize(stream));
    assert_all(pinned, 10.0f);

    /* Memory that is not pinned is read at once. */
    fill(plain, 3.0f);
    assert_cuda(cudaMemcpyAsync(x, plain, sizeof plain, cudaMemcpyHostToDevice, stream));
    fill(plain, 4.0f);
    assert_cuda(planted_double(stream, y, x, N));
    assert_cuda(cudaMemcpyAsync(plain, y, sizeof plain, cudaMemcpyDeviceToHost, stream));
    assert_all(plain, 6.0f);

    device_free(x);
    device_free(y);
    assert_cuda(cudaFreeHost(pinned));
    device_close(stream);
}

/* A synchronous copy waits for streams that block, and for no other. */
static void a_copy_does_not_wait_for_a_stream_of_its_own(void **state)
{
    (void)state;
    float        host[N];
    cudaStream_t stream = device_open(), blocking = NULL;
    assert_cuda(cudaStreamCreate(&blocking));
    fill(host, 1.0f);
    float *x = device_copy_of(host, N, sizeof(float)), *y = device_copy_of(host, N, sizeof(float));
    assert_cuda(planted_double(stream, y, x, N));
    assert_cuda(cudaMemcpy(host, y, sizeof host, cudaMemcpyDeviceToHost));
    assert_all(host, 1.0f);
    assert_cuda(cudaStreamSynchronize(stream));
    assert_cuda(planted_double(blocking, x, y, N));
    assert_cuda(cudaMemcpy(host, x, sizeof host, cudaMemcpyDeviceToHost));
    assert_all(host, 4.0f);
    device_free(x);
    device_free(y);
    assert_cuda(cudaStreamDestroy(blocking));
    device_close(stream);
}

static void events_tell_when_work_is_done(void **state)
{
    (void)state;
    float        ms = -1.0f;
    cudaEvent_t  first = NULL, last = NULL;
    cudaStream_t stream = device_open();
    float       *x = device_array(N, sizeof(float));
    assert_cuda(cudaEventCreateWithFlags(&first, cudaEventDefault));
    assert_cuda(cudaEventCreate(&last));
    assert_cuda(cudaEventRecord(first, stream));
    assert_cuda(planted_fill(stream, x, N, false, false));
    assert_cuda(cudaEventRecord(last, stream));
    assert_int_equal(cudaEventQuery(last), cudaErrorNotReady);
    assert_cuda(cudaEventSynchronize(last));
    assert_cuda(cudaEventQuery(last));
    assert_cuda(cudaEventElapsedTime(&ms, first, last));
    assert_true(ms >= 0.0f);
    assert_cuda(cudaEventDestroy(first));
    assert_cuda(cudaEventDestroy(last));
    device_free(x);
    device_close(stream);
}

/* ---- graphs ------------------------------------------------------------------------------- */

static cudaGraphExec_t capture_double(cudaStream_t stream, float *host, float *x, float *y)
{
    cudaGraph_t     graph = NULL;
    cudaGraphExec_t exec = NULL;
    size_t          bytes = N * sizeof(float);
    assert_cuda(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    assert_cuda(cudaMemcpyAsync(x, host, bytes, cudaMemcpyHostToDevice, stream));
    assert_cuda(planted_double(stream, y, x, N));
    assert_cuda(cudaMemcpyAsync(host, y, bytes, cudaMemcpyDeviceToHost, stream));
    assert_cuda(cudaStreamEndCapture(stream, &graph));
    assert_cuda(cudaGraphInstantiate(&exec, graph, 0));
    assert_cuda(cudaGraphDestroy(graph));
    return exec;
}

static void a_graph_replays_with_what_the_host_has_then(void **state)
{
    (void)state;
    float       *host = NULL;
    cudaStream_t stream = device_open();
    float       *x = device_array(N, sizeof(float)), *y = device_array(N, sizeof(float));
    assert_cuda(cudaMallocHost((void **)&host, N * sizeof(float)));
    fill(host, 1.0f);
    cudaGraphExec_t exec = capture_double(stream, host, x, y);
    assert_cuda(cudaStreamSynchronize(stream));
    assert_all(host, 1.0f); /* recorded, not done */
    assert_int_equal(emulated_use().kernels, 0);
    for (int i = 1; i <= 3; i++) {
        fill(host, (float)i);
        assert_cuda(cudaGraphLaunch(exec, stream));
        assert_cuda(cudaStreamSynchronize(stream));
        assert_all(host, 2.0f * (float)i);
    }
    assert_int_equal(emulated_use().kernels, 3);
    assert_int_equal(emulated_use().graph_launches, 3);
    assert_cuda(cudaGraphExecDestroy(exec));
    assert_cuda(cudaFreeHost(host));
    device_free(x);
    device_free(y);
    device_close(stream);
}

static void what_waits_spoils_a_capture(void **state)
{
    (void)state;
    void        *block = NULL;
    cudaGraph_t  graph = NULL;
    cudaStream_t stream = device_open();
    assert_cuda(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    assert_int_equal(cudaStreamSynchronize(stream), cudaErrorStreamCaptureUnsupported);
    assert_int_equal(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureInvalidated);
    assert_null(graph);
    assert_cuda(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    assert_int_equal(cudaMalloc(&block, 16), cudaErrorStreamCaptureUnsupported);
    assert_int_equal(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureInvalidated);
    assert_cuda(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed));
    assert_cuda(cudaMalloc(&block, 16));
    assert_cuda(cudaStreamEndCapture(stream, &graph));
    assert_cuda(cudaGraphDestroy(graph));
    device_free(block);
    device_close(stream);
}

typedef struct Replay {
    cudaGraphExec_t exec;
    cudaStream_t    stream;
    float          *freed;
} Replay;

static void replay(void *context)
{
    const Replay *r = context;
    if (cudaGraphLaunch(r->exec, r->stream) == cudaSuccess) cudaStreamSynchronize(r->stream);
}

static void a_graph_on_memory_that_is_gone_is_caught(void **state)
{
    (void)state;
    float       *host = NULL;
    cudaStream_t stream = device_open();
    float       *x = device_array(N, sizeof(float)), *y = device_array(N, sizeof(float));
    assert_cuda(cudaMallocHost((void **)&host, N * sizeof(float)));
    Replay r = {capture_double(stream, host, x, y), stream, NULL};
    assert_lives(replay, &r);
    device_free(x);
    assert_dies(replay, &r, "not inside a block of device memory");
    assert_cuda(cudaGraphExecDestroy(r.exec));
    assert_cuda(cudaFreeHost(host));
    device_free(y);
    device_close(stream);
}

/* ---- two host threads --------------------------------------------------------------------- */

static void *double_often(void *result)
{
    cudaStream_t stream = NULL;
    float       *x = NULL, host[N];
    bool         good = cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) == cudaSuccess &&
                cudaMalloc((void **)&x, sizeof host) == cudaSuccess;
    for (int i = 0; i < 200 && good; i++) {
        fill(host, (float)i);
        good =
            cudaMemcpyAsync(x, host, sizeof host, cudaMemcpyHostToDevice, stream) == cudaSuccess &&
            planted_double(stream, x, x, N) == cudaSuccess &&
            cudaMemcpyAsync(host, x, sizeof host, cudaMemcpyDeviceToHost, stream) == cudaSuccess &&
            host[N - 1] == 2.0f * (float)i;
    }
    *(bool *)result = good && cudaFree(x) == cudaSuccess;
    cudaStreamDestroy(stream);
    return NULL;
}

static void host_threads_share_the_device(void **state)
{
    (void)state;
    enum { THREADS = 3 };
    pthread_t thread[THREADS];
    bool      good[THREADS] = {false};
    device_close(device_open());
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, double_often, &good[i]), 0);
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_join(thread[i], NULL), 0);
    for (int i = 0; i < THREADS; i++) assert_true(good[i]);
    assert_int_equal(emulated_use().kernels, 200 * THREADS);
    device_close(device_open());
}

TEST_GROUP(emulator_runtime, cmocka_unit_test(work_is_done_when_somebody_waits),
           cmocka_unit_test(a_copy_does_not_wait_for_a_stream_of_its_own),
           cmocka_unit_test(events_tell_when_work_is_done),
           cmocka_unit_test(a_graph_replays_with_what_the_host_has_then),
           cmocka_unit_test(what_waits_spoils_a_capture),
           cmocka_unit_test(a_graph_on_memory_that_is_gone_is_caught),
           cmocka_unit_test(host_threads_share_the_device));
