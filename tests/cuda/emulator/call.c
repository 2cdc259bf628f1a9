/* What every call of the API goes through: the lock, errors, and failures that tests arrange. */

#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <string.h>

#include "tests/cuda/emulator/internal.h"

static const EmulatedDevice usual = {1, 13000, 13000, 9, 0, 2, (size_t)1 << 30};

EmulatedDevice emulated_device = {1, 13000, 13000, 9, 0, 2, (size_t)1 << 30};
EmulatedUse    emulated_counts;

static pthread_mutex_t           lock = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local cudaError_t last_error;
static cudaError_t               spoiled; /* the device is lost; what every call says now */

static int64_t     calls, works; /* since failures were arranged */
static int64_t     fail_call_at = -1, fail_work_at = -1;
static cudaError_t fail_call_error, fail_work_error;

static const struct {
    cudaError_t code;
    const char *name, *text;
} errors[] = {
    {cudaSuccess, "cudaSuccess", "no error"},
    {cudaErrorInvalidValue, "cudaErrorInvalidValue", "invalid argument"},
    {cudaErrorMemoryAllocation, "cudaErrorMemoryAllocation", "out of memory"},
    {cudaErrorInitializationError, "cudaErrorInitializationError", "initialization error"},
    {cudaErrorInvalidConfiguration, "cudaErrorInvalidConfiguration",
     "invalid configuration argument"},
    {cudaErrorInvalidMemcpyDirection, "cudaErrorInvalidMemcpyDirection",
     "invalid copy direction for memcpy"},
    {cudaErrorInsufficientDriver, "cudaErrorInsufficientDriver",
     "CUDA driver version is insufficient for CUDA runtime version"},
    {cudaErrorNoDevice, "cudaErrorNoDevice", "no CUDA-capable device is detected"},
    {cudaErrorInvalidDevice, "cudaErrorInvalidDevice", "invalid device ordinal"},
    {cudaErrorNoKernelImageForDevice, "cudaErrorNoKernelImageForDevice",
     "no kernel image is available for execution on the device"},
    {cudaErrorECCUncorrectable, "cudaErrorECCUncorrectable", "uncorrectable ECC error encountered"},
    {cudaErrorInvalidResourceHandle, "cudaErrorInvalidResourceHandle", "invalid resource handle"},
    {cudaErrorNotReady, "cudaErrorNotReady", "device not ready"},
    {cudaErrorIllegalAddress, "cudaErrorIllegalAddress",
     "an illegal memory access was encountered"},
    {cudaErrorLaunchFailure, "cudaErrorLaunchFailure", "unspecified launch failure"},
    {cudaErrorStreamCaptureUnsupported, "cudaErrorStreamCaptureUnsupported",
     "operation not permitted when stream is capturing"},
    {cudaErrorStreamCaptureInvalidated, "cudaErrorStreamCaptureInvalidated",
     "operation failed due to a previous error during capture"},
    {cudaErrorUnknown, "cudaErrorUnknown", "unknown error"},
};
enum { ERRORS = sizeof errors / sizeof errors[0] };

const char *cudaGetErrorName(cudaError_t error)
{
    for (int i = 0; i < ERRORS; i++) {
        if (errors[i].code == error) return errors[i].name;
    }
    return "unrecognized error code";
}

const char *cudaGetErrorString(cudaError_t error)
{
    for (int i = 0; i < ERRORS; i++) {
        if (errors[i].code == error) return errors[i].text;
    }
    return "unrecognized error code";
}

/* ---- begin and end ------------------------------------------------------------------------ */

void call_spoil(cudaError_t error)
{
    bool lost = error == cudaErrorIllegalAddress || error == cudaErrorLaunchFailure ||
                error == cudaErrorECCUncorrectable;
    if (lost && spoiled == cudaSuccess) spoiled = error;
}

cudaError_t call_begin(void)
{
    pthread_mutex_lock(&lock);
    bool fails = calls++ == fail_call_at;
    if (spoiled != cudaSuccess) return spoiled;
    if (!fails) return cudaSuccess;
    call_spoil(fail_call_error);
    return fail_call_error;
}

cudaError_t call_end(cudaError_t error)
{
    if (error != cudaSuccess && error != cudaErrorNotReady) last_error = error;
    pthread_mutex_unlock(&lock);
    return error;
}

cudaError_t call_work(void)
{
    if (spoiled != cudaSuccess) return spoiled;
    return works++ == fail_work_at ? fail_work_error : cudaSuccess;
}

cudaError_t cudaPeekAtLastError(void)
{
    pthread_mutex_lock(&lock);
    cudaError_t error = spoiled != cudaSuccess ? spoiled : last_error;
    pthread_mutex_unlock(&lock);
    return error;
}

cudaError_t cudaGetLastError(void)
{
    cudaError_t error = cudaPeekAtLastError();
    last_error = cudaSuccess;
    return error;
}

/* ---- for tests ---------------------------------------------------------------------------- */

void emulated_fail_call(int64_t n, cudaError_t error)
{
    calls = 0;
    fail_call_at = n;
    fail_call_error = error;
}

void emulated_fail_work(int64_t n, cudaError_t error)
{
    calls = 0;
    works = 0;
    fail_work_at = n;
    fail_work_error = error;
}

int64_t emulated_fail_off(void)
{
    int64_t count = calls;
    calls = 0;
    fail_call_at = -1;
    fail_work_at = -1;
    return count;
}

EmulatedUse emulated_use(void)
{
    pthread_mutex_lock(&lock);
    EmulatedUse use = emulated_counts;
    use.blocks = memory_blocks();
    use.bytes = (int64_t)memory_used();
    use.pinned = pinned_count();
    pthread_mutex_unlock(&lock);
    return use;
}

int64_t emulated_live(void)
{
    EmulatedUse use = emulated_use();
    return use.blocks + use.pinned + use.streams + use.events + use.graphs + use.handles;
}

void emulated_seed(uint64_t seed)
{
    pthread_mutex_lock(&lock);
    block_seed(seed);
    pthread_mutex_unlock(&lock);
}

void emulated_reset(void)
{
    if (emulated_live() != 0) fault("%d things of the device are live", (int)emulated_live());
    emulated_fail_off();
    emulated_device = usual;
    memset(&emulated_counts, 0, sizeof emulated_counts);
    spoiled = cudaSuccess;
    last_error = cudaSuccess;
    block_seed(0);
}
