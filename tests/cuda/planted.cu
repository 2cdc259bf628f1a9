/* Kernels with planted faults: see planted.h. */

#include "core/math/cuda/device/reduce.cuh"
#include "tests/cuda/planted.h"

template <class Args>
static cudaError_t start(cudaStream_t stream, void (*kernel)(Args), int blocks, int threads,
                         const Args &args)
{
    return emulated_launch(call_kernel<Args>, (const void *)kernel, &args, sizeof args,
                           dim3((unsigned)blocks), dim3((unsigned)threads), stream);
}

/* ---- a barrier that is missing ------------------------------------------------------------ */

typedef struct ReverseArgs {
    float       *y;
    const float *x;
    int          no_barrier;
} ReverseArgs;

static __global__ void reverse(ReverseArgs a)
{
    SHARED(float, row, PLANTED_THREADS);
    int   i = (int)threadIdx.x;
    Index at = (Index)blockIdx.x * PLANTED_THREADS + i;
    row[i] = a.x[at];
    if (!a.no_barrier) __syncthreads();
    a.y[at] = row[PLANTED_THREADS - 1 - i];
}

cudaError_t planted_reverse(cudaStream_t stream, float *y, const float *x, int blocks,
                            bool no_barrier)
{
    ReverseArgs a = {};
    a.y = y;
    a.x = x;
    a.no_barrier = no_barrier;
    return start(stream, reverse, blocks, PLANTED_THREADS, a);
}

/* ---- stores behind the end ---------------------------------------------------------------- */

typedef struct FillArgs {
    float *y;
    Index  n, far;
} FillArgs;

static __global__ void fill(FillArgs a)
{
    Index i = (Index)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < a.n) a.y[i] = 1.0f;
    if (i == 0 && a.far > 0) a.y[a.far] = 1.0f;
}

cudaError_t planted_fill(cudaStream_t stream, float *y, int n, bool one_more, bool far)
{
    FillArgs a = {};
    a.y = y;
    a.n = n + one_more;
    a.far = far ? 1 << 18 : 0;
    return start(stream, fill, (int)div_up(a.n, THREADS), THREADS, a);
}

/* ---- barriers ----------------------------------------------------------------------------- */

typedef struct BarrierArgs {
    float *y;
    int    kind;
} BarrierArgs;

static __global__ void with_barrier(BarrierArgs a)
{
    SHARED(float, part, BLOCK_WARPS);
    bool half = threadIdx.x < PLANTED_THREADS / 2;
    if (a.kind == BARRIER_AFTER_RETURN && threadIdx.x == 77) return;
    if (a.kind == BARRIER_IN_A_BRANCH && half) __syncthreads();
    if (a.kind == BARRIER_IN_TWO_PLACES) {
        if (half)
            __syncthreads();
        else
            __syncthreads();
    }
    if (threadIdx.x % WARP == 0) part[threadIdx.x / WARP] = 1.0f;
    __syncthreads();
    float sum = 0.0f;
    for (int i = 0; i < BLOCK_WARPS; i++) sum += part[i];
    a.y[threadIdx.x] = sum;
}

cudaError_t planted_barrier(cudaStream_t stream, float *y, PlantedBarrier kind)
{
    BarrierArgs a = {};
    a.y = y;
    a.kind = kind;
    return start(stream, with_barrier, 1, PLANTED_THREADS, a);
}

/* ---- shuffles ----------------------------------------------------------------------------- */

static __global__ void with_shuffle(BarrierArgs a)
{
    float    sum = (float)(threadIdx.x % WARP);
    unsigned mask = a.kind == SHUFFLE_WITH_A_MASK ? 0x0000ffffu : ALL_LANES;
    for (int step = WARP / 2; step > 0; step /= 2) {
        if (a.kind == SHUFFLE_THAT_A_LANE_LEAVES && threadIdx.x == 9 && step == 4) return;
        if (a.kind == SHUFFLE_IN_TWO_PLACES && threadIdx.x == 9)
            sum += __shfl_xor_sync(mask, sum, step);
        else
            sum += __shfl_xor_sync(mask, sum, step);
    }
    a.y[threadIdx.x] = sum;
}

cudaError_t planted_shuffle(cudaStream_t stream, float *y, int threads, PlantedShuffle kind)
{
    BarrierArgs a = {};
    a.y = y;
    a.kind = kind;
    return start(stream, with_shuffle, 1, threads, a);
}

typedef struct LanesArgs {
    double *results;
} LanesArgs;

static __global__ void with_lanes(LanesArgs a)
{
    int      lane = WARP_LANE;
    double  *r = a.results + lane;
    unsigned number = (unsigned)lane;
    r[0] = (double)__shfl_sync(ALL_LANES, lane, 5, 8);
    r[32] = (double)__shfl_xor_sync(ALL_LANES, (float)lane, 3);
    r[64] = __shfl_down_sync(ALL_LANES, (double)lane, 2);
    r[96] = (double)__shfl_up_sync(ALL_LANES, number, 2);
    r[128] = (double)__ballot_sync(ALL_LANES, lane % 2);
    __syncwarp();
    r[160] = (double)__any_sync(ALL_LANES, lane > 31);
    r[192] = (double)__all_sync(ALL_LANES, lane < 32);
}

cudaError_t planted_lanes(cudaStream_t stream, double *results)
{
    LanesArgs a = {};
    a.results = results;
    return start(stream, with_lanes, 1, WARP, a);
}

/* ---- order -------------------------------------------------------------------------------- */

typedef struct OrderArgs {
    int *order, *count;
} OrderArgs;

/* A race on purpose: on this device threads run one after another. */
static __global__ void note_order(OrderArgs a)
{
    a.order[(*a.count)++] = (int)(blockIdx.x * blockDim.x + threadIdx.x);
}

cudaError_t planted_order(cudaStream_t stream, int *order, int *count, int blocks, int threads)
{
    OrderArgs a = {};
    a.order = order;
    a.count = count;
    return start(stream, note_order, blocks, threads, a);
}

/* ---- shared memory ------------------------------------------------------------------------ */

static __global__ void use_shared(BarrierArgs a)
{
    SHARED(float, first, 10);
    SHARED(float, second, PLANTED_THREADS);
    int i = (int)threadIdx.x;
    a.y[i] = second[i];
    second[i] = first[i % 10];
    __syncthreads();
    if (i < 10 + a.kind) first[i] = 1.0f;
}

cudaError_t planted_shared(cudaStream_t stream, float *y, bool one_more)
{
    BarrierArgs a = {};
    a.y = y;
    a.kind = one_more;
    return start(stream, use_shared, 3, PLANTED_THREADS, a);
}

/* ---- plain -------------------------------------------------------------------------------- */

typedef struct DoubleArgs {
    float       *y;
    const float *x;
    Index        n;
} DoubleArgs;

static __global__ void twice(DoubleArgs a)
{
    FOR_EACH(i, a.n)
    {
        a.y[i] = 2.0f * a.x[i];
    }
}

cudaError_t planted_double(cudaStream_t stream, float *y, const float *x, int n)
{
    DoubleArgs a = {};
    a.y = y;
    a.x = x;
    a.n = n;
    return start(stream, twice, 2, THREADS, a);
}
