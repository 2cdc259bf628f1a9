/*
 * What the plug-in exports: its table, and whether there is a device to use it on.
 */

#include "core/math/cuda/device/queue.cuh"

#include <stdio.h>

bool device_open(Backend *be, const CudaHost *host, const CudaSpec *spec, Error *err);

/* ---- is there a device? ------------------------------------------------------------------- */

/* Asked of the newest machine code: an older device has none of it, and no way to make it. */
static __global__ void probe_kernel(int unused)
{
    (void)unused;
}

static bool runs_here(char *line, size_t size, const cudaDeviceProp *prop)
{
#ifdef __CUDACC__
    cudaFuncAttributes attributes;
    if (cudaFuncGetAttributes(&attributes, (const void *)probe_kernel) != cudaSuccess) {
        snprintf(line, size, "%s has compute capability %d.%d, for which the plug-in was not built",
                 prop->name, prop->major, prop->minor);
        return false;
    }
#else
    (void)probe_kernel;
#endif
    int driver = 0, runtime = 0;
    (void)cudaDriverGetVersion(&driver);
    (void)cudaRuntimeGetVersion(&runtime);
    snprintf(line, size,
             "%s, %.1f GiB, compute capability %d.%d, driver for CUDA %d.%d, plug-in of %d.%d",
             prop->name, (double)prop->totalGlobalMem / 1073741824.0, prop->major, prop->minor,
             driver / 1000, driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10);
    return true;
}

static bool refuse(char *line, size_t size, cudaError_t code)
{
    int driver = 0, runtime = 0;
    (void)cudaDriverGetVersion(&driver);
    (void)cudaRuntimeGetVersion(&runtime);
    if (driver == 0) {
        snprintf(line, size, "there is no NVIDIA driver (%s)", cudaGetErrorString(code));
    } else if (code == cudaErrorInsufficientDriver) {
        snprintf(line, size, "the NVIDIA driver knows CUDA up to %d.%d, the plug-in needs %d.%d",
                 driver / 1000, driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10);
    } else {
        snprintf(line, size, "there is no usable NVIDIA GPU (%s)", cudaGetErrorString(code));
    }
    return false;
}

static bool probe(char *line, size_t size)
{
    int            count = 0;
    cudaDeviceProp prop;
    cudaError_t    code = cudaGetDeviceCount(&count);
    if (code == cudaSuccess && count == 0) code = cudaErrorNoDevice;
    if (code == cudaSuccess) code = cudaGetDeviceProperties(&prop, 0);
    if (code != cudaSuccess) return refuse(line, size, code);
    return runs_here(line, size, &prop);
}

static void replays(const Backend *be, int64_t *as_graph, int64_t *one_by_one)
{
    const Device *d = (const Device *)be->state;
    *as_graph = d->queue->as_graph;
    *one_by_one = d->queue->one_by_one;
}

/* ---- the table ---------------------------------------------------------------------------- */

static Backend table()
{
    Backend be = {};
    be.name = "cuda";
    be.space = MEM_DEVICE;
    be.threads = 1;
    be.free = cuda_free;
    be.sync = cuda_sync;
    be.row_bucket = cuda_row_bucket;
    be.device_memory = cuda_device_memory;
    be.alloc = cuda_alloc;
    be.release = cuda_release;
    be.put = cuda_put;
    be.get = cuda_get;
    be.copy = cuda_copy;
    be.zero = cuda_zero;
    be.reserve = cuda_reserve;
    be.attention_workspace = cuda_attention_workspace;
    be.mat_workspace = cuda_mat_workspace;
    be.gemm = cuda_gemm;
    be.linear = cuda_linear;
    be.linear_dx = cuda_linear_dx;
    be.linear_dw = cuda_linear_dw;
    be.bias_grad = cuda_bias_grad;
    be.mat_rows = cuda_mat_rows;
    be.embed = cuda_embed;
    be.embed_grad = cuda_embed_grad;
    be.gather = cuda_gather;
    be.gather_grad = cuda_gather_grad;
    be.rmsnorm = cuda_rmsnorm;
    be.rmsnorm_grad = cuda_rmsnorm_grad;
    be.rope = cuda_rope;
    be.swiglu = cuda_swiglu;
    be.swiglu_grad = cuda_swiglu_grad;
    be.activation = cuda_activation;
    be.activation_grad = cuda_activation_grad;
    be.add = cuda_add;
    be.axpy = cuda_axpy;
    be.scale = cuda_scale;
    be.dropout = cuda_dropout;
    be.attention = cuda_attention;
    be.attention_grad = cuda_attention_grad;
    be.cross_entropy = cuda_cross_entropy;
    be.sum_squares = cuda_sum_squares;
    be.adamw = cuda_adamw;
    be.sgd = cuda_sgd;
    return be;
}

static const CudaPlugin plugin = {
    CUDA_PLUGIN_VERSION, (uint32_t)sizeof(Backend), table(), probe, device_open, replays};

extern "C" __attribute__((visibility("default"))) const CudaPlugin *loralab_cuda_plugin(void)
{
    return &plugin;
}
