/*
 * The device: its life, its memory, waiting for it.
 */

#include "core/math/cuda/device/queue.cuh"

#include <stdio.h>
#include <string.h>

/* ---- failure ------------------------------------------------------------------------------ */

bool device_fail(Device *d, const char *what, const char *why)
{
    if (!d->failed) snprintf(d->failure, sizeof d->failure, "the GPU failed: %s: %s", what, why);
    d->failed = true;
    return false;
}

bool device_check(Device *d, cudaError_t code, const char *what)
{
    return code == cudaSuccess || device_fail(d, what, cudaGetErrorString(code));
}

static bool tell_failure(const Device *d, Error *err)
{
    return d->host->fail(err, ERR_DEVICE, d->failure,
                         "what was saved last is whole; --backend cpu runs without the GPU");
}

/* ---- memory ------------------------------------------------------------------------------- */

static bool no_memory(Device *d, const char *where, Index bytes, Error *err)
{
    char   message[256];
    size_t free_bytes = 0, total = 0;
    (void)cudaGetLastError(); /* out of memory is no failure of the device */
    (void)cudaMemGetInfo(&free_bytes, &total);
    snprintf(message, sizeof message,
             "%s has no %.1f MiB for this (%td bytes): %.1f MiB of the GPU's %.1f MiB are free",
             where, (double)bytes / 1048576.0, bytes, (double)free_bytes / 1048576.0,
             (double)total / 1048576.0);
    return d->host->fail(err, ERR_MEMORY, message, NULL);
}

static void *raw_alloc(Device *d, Index bytes, Error *err)
{
    void *block = NULL;
    if (!d->host->may_allocate() || cudaMalloc(&block, (size_t)larger(bytes, 1)) != cudaSuccess) {
        (void)no_memory(d, "the GPU", bytes, err);
        return NULL;
    }
    return block;
}

void *device_alloc(Device *d, Index bytes, Error *err)
{
    void *block = raw_alloc(d, bytes, err);
    if (block != NULL) d->host->count(MEM_DEVICE, bytes);
    return block;
}

void device_free(Device *d, void *block, Index bytes)
{
    if (block == NULL) return;
    (void)cudaFree(block);
    d->host->count(MEM_DEVICE, -bytes);
}

void *device_pinned(Device *d, Index bytes, Error *err)
{
    void *block = NULL;
    if (!d->host->may_allocate() || cudaMallocHost(&block, (size_t)bytes) != cudaSuccess) {
        (void)no_memory(d, "the host's pinned memory", bytes, err);
        return NULL;
    }
    d->host->count(MEM_PINNED, bytes);
    return block;
}

void device_unpin(Device *d, void *block, Index bytes)
{
    if (block == NULL) return;
    (void)cudaFreeHost(block);
    d->host->count(MEM_PINNED, -bytes);
}

void *cuda_alloc(Backend *be, Index bytes, Error *err)
{
    return raw_alloc(device_of(be), bytes, err);
}

/* Commands on the list may still mean this block. */
void cuda_release(Backend *be, void *block)
{
    Device *d = device_of(be);
    if (block == NULL) return;
    queue_flush(d);
    if (!d->failed) (void)device_check(d, cudaStreamSynchronize(d->stream), "computing");
    (void)cudaFree(block);
}

void cuda_put(Backend *be, void *dst, const void *host, Index bytes)
{
    Device *d = device_of(be);
    queue_flush(d);
    if (d->failed || bytes == 0) return;
    if (device_check(d,
                     cudaMemcpyAsync(dst, host, (size_t)bytes, cudaMemcpyHostToDevice, d->stream),
                     "copying to the GPU")) {
        /* Another backend of this device, with a stream of its own, may read it next. */
        (void)device_check(d, cudaStreamSynchronize(d->stream), "copying to the GPU");
    }
}

/* After a failure the caller gets zeros, never what happened to lie there. */
void cuda_get(Backend *be, void *host, const void *src, Index bytes)
{
    Device *d = device_of(be);
    if (bytes == 0) return;
    memset(host, 0, (size_t)bytes);
    queue_flush(d);
    if (!d->failed) {
        (void)device_check(
            d, cudaMemcpyAsync(host, src, (size_t)bytes, cudaMemcpyDeviceToHost, d->stream),
            "copying from the GPU");
    }
    (void)queue_wait(d);
}

void cuda_copy(Backend *be, void *dst, const void *src, Index bytes)
{
    queue_copy(device_of(be), dst, src, bytes);
}

void cuda_zero(Backend *be, void *dst, Index bytes)
{
    queue_zero(device_of(be), dst, bytes);
}

bool cuda_reserve(Backend *be, Index bytes, Error *err)
{
    Device *d = device_of(be);
    if (bytes <= d->workspace_bytes) return true;
    if (!queue_wait(d)) return tell_failure(d, err);
    char *grown = (char *)device_alloc(d, bytes, err);
    if (grown == NULL) return false;
    device_free(d, d->workspace, d->workspace_bytes);
    d->workspace = grown;
    d->workspace_bytes = bytes;
    d->workspace_used = 0;
    return true;
}

/* ---- waiting ------------------------------------------------------------------------------ */

bool cuda_sync(Backend *be, Error *err)
{
    Device *d = device_of(be);
    return queue_wait(d) || tell_failure(d, err);
}

/* Steps of 16 rows up to 256, then an eighth of the power of two below: at most eight lengths from
 * one power of two to the next, and what a batch needs is seen in its bytes. */
Index cuda_row_bucket(Index N)
{
    Index step = 16;
    while (step * 16 <= N) step *= 2;
    return div_up(N, step) * step;
}

void cuda_device_memory(Backend *be, int64_t *free_bytes, int64_t *total_bytes)
{
    size_t available = 0, total = 0;
    (void)device_check(device_of(be), cudaMemGetInfo(&available, &total), "asking for its memory");
    *free_bytes = (int64_t)available;
    *total_bytes = (int64_t)total;
}

/* Who asks for little workspace means cuBLAS's as well. */
static Index blas_bytes(const Device *d)
{
    return d->spec.workspace > 0 ? smaller(d->spec.workspace, BLAS_WORKSPACE) : BLAS_WORKSPACE;
}

/* ---- life --------------------------------------------------------------------------------- */

void cuda_free(Backend *be)
{
    Device *d = device_of(be);
    if (d == NULL) return;
    if (d->queue != NULL && d->queue->list != NULL) (void)queue_wait(d);
    queue_close(d);
    if (d->blas != NULL) (void)cublasDestroy(d->blas);
    device_free(d, d->blas_workspace, blas_bytes(d));
    device_free(d, d->workspace, d->workspace_bytes);
    if (d->stream != NULL) (void)cudaStreamDestroy(d->stream);
    d->host->release(d);
    be->state = NULL;
}

/* A workspace of our own: cuBLAS then allocates nothing, also not while a graph is captured, and
 * chooses the same way of computing each time. */
static bool open_blas(Device *d, Error *err)
{
    d->blas_workspace = (char *)device_alloc(d, blas_bytes(d), err);
    if (d->blas_workspace == NULL) return false;
    cublasStatus_t status = cublasCreate(&d->blas);
    if (status == CUBLAS_STATUS_SUCCESS) status = cublasSetStream(d->blas, d->stream);
    if (status == CUBLAS_STATUS_SUCCESS) {
        status = cublasSetWorkspace(d->blas, d->blas_workspace, (size_t)blas_bytes(d));
    }
    if (status == CUBLAS_STATUS_SUCCESS) return true;
    (void)device_fail(d, "opening cuBLAS", cublasGetStatusString(status));
    return tell_failure(d, err);
}

static bool open_device(Backend *be, Device *d, Error *err)
{
    cudaDeviceProp prop;
    int            runtime = 0;
    bool           ok = device_check(d, cudaSetDevice(0), "choosing it") &&
              device_check(d, cudaGetDeviceProperties(&prop, 0), "asking for its properties") &&
              device_check(d, cudaRuntimeGetVersion(&runtime), "asking for the version") &&
              device_check(d, cudaStreamCreateWithFlags(&d->stream, cudaStreamNonBlocking),
                           "creating a stream");
    if (!ok) return tell_failure(d, err);
    d->blocks = prop.multiProcessorCount;
    snprintf(be->description, sizeof be->description, "%.80s, %.1f GiB, CUDA %d.%d, %s", prop.name,
             (double)prop.totalGlobalMem / 1073741824.0, runtime / 1000, runtime % 1000 / 10,
             be->precision == PRECISION_BF16   ? "bf16"
             : be->precision == PRECISION_TF32 ? "tf32"
                                               : "f32");
    return true;
}

bool device_open(Backend *be, const CudaHost *host, const CudaSpec *spec, Error *err)
{
    Device *d = (Device *)host->alloc((Index)sizeof(Device), err);
    be->state = d;
    if (d == NULL) return false;
    d->host = host;
    d->spec = *spec;
    be->precision = spec->precision;
    Index bytes = spec->workspace > 0 ? spec->workspace : DEFAULT_WORKSPACE;
    if (open_device(be, d, err) && open_blas(d, err) && queue_open(d, err) &&
        cuda_reserve(be, bytes, err)) {
        return true;
    }
    cuda_free(be);
    return false;
}
