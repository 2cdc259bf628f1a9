#ifndef CORE_MATH_CUDA_DEVICE_DEVICE_CUH
#define CORE_MATH_CUDA_DEVICE_DEVICE_CUH

/*
 * Inside the CUDA plug-in: what its files share. These sources are compiled twice: by nvcc into
 * libloralab_cuda.so, and by a C++ compiler against tests/cuda/emulator, which runs every kernel
 * thread by thread. So: no C++ library, no inline assembly, no tensor-core intrinsics, no code
 * that counts on the lanes of a warp being in step without saying so.
 *
 * Work is put off. An op appends commands (kernels, products, copies) to one list; the list goes to
 * the device's stream when somebody waits (queue.cu). A list that was issued before, byte for byte,
 * is replayed as a CUDA graph: a training step is one launch. Therefore
 *
 *   a kernel takes exactly one argument, a struct of plain values, filled from `= {}`
 *   what changes from step to step (row ids, lengths, labels, dropout's stream, the loss's scale)
 *     is staged: copied to the device at a place that is the same in every step
 *   results for the host are delivered by the next sync
 *
 * Failure is sticky: after the first one no op does anything, and sync says what happened.
 *
 * Bits. No float atomics; sums are cut by shape alone and added in a fixed order. The same calls on
 * the same device give the same bits.
 */

#include <cublas_v2.h>
#include <cuda_runtime.h>

#define _Noreturn __attribute__((noreturn))
extern "C" {
#include "core/math/cuda/plugin.h"
}
#undef _Noreturn

/* ---- sizes -------------------------------------------------------------------------------- */

enum {
    WARP = 32,
    THREADS = 256, /* of a block, unless an op has reasons */
    BLOCK_WARPS = THREADS / WARP,
    ALIGN = 256, /* of pieces of the workspace, as cudaMalloc's */
};

#define DEFAULT_WORKSPACE ((Index)256 << 20)
#define DEFAULT_STAGING ((Index)8 << 20)
#define BLAS_WORKSPACE ((Index)32 << 20)

static inline Index div_up(Index a, Index b)
{
    return (a + b - 1) / b;
}

static inline Index smaller(Index a, Index b)
{
    return a < b ? a : b;
}

static inline Index larger(Index a, Index b)
{
    return a > b ? a : b;
}

/* ---- the state ---------------------------------------------------------------------------- */

typedef struct Queue Queue; /* queue.cuh */

typedef struct Device {
    const CudaHost *host;
    CudaSpec        spec;
    cudaStream_t    stream;
    cublasHandle_t  blas;
    Queue          *queue;
    char           *workspace; /* device; ops take pieces, see work_begin */
    Index           workspace_bytes, workspace_used;
    char           *blas_workspace; /* device */
    int             blocks;         /* about this many blocks of THREADS fill the device */
    bool            failed;
    char            failure[256];
} Device;

static inline Device *device_of(Backend *be)
{
    return (Device *)be->state;
}

/* Note the first failure: "what: the runtime's own words". Returns false. */
bool device_fail(Device *d, const char *what, const char *why);
/* True for success; else notes the failure. */
bool device_check(Device *d, cudaError_t code, const char *what);

/* ---- commands ----------------------------------------------------------------------------- */

typedef struct Grid {
    Index    x, y; /* blocks; a grid of no blocks is not launched */
    unsigned threads;
} Grid;

/* Enough blocks for n elements, and not more than fill the device: such a kernel walks on in
 * strides (FOR_EACH). The shape of the grid never decides a result. */
static inline Grid grid_for(const Device *d, Index n)
{
    return Grid{smaller(div_up(n, THREADS), 8 * (Index)d->blocks), 1, THREADS};
}

/* One warp a row: blocks of BLOCK_WARPS rows. */
static inline Grid grid_of_warps(Index rows)
{
    return Grid{div_up(rows, BLOCK_WARPS), 1, THREADS};
}

/* Calls the kernel with the arguments at `args`: what the emulator needs to know of its type. */
typedef void KernelCall(const void *kernel, const void *args);

/* Append a launch. `args` are `bytes` plain bytes, copied. */
void queue_kernel(Device *d, const void *kernel, KernelCall *call, Grid grid, const void *args,
                  Index bytes);

template <class Args> static void call_kernel(const void *kernel, const void *args)
{
#ifndef __CUDACC__
    ((void (*)(Args))kernel)(*(const Args *)args);
#else
    (void)kernel;
    (void)args;
#endif
}

/*
 * Two ops in one pass over memory: an op whose input the command before has just made may take
 * that command back and do its work as well. queue_last: the arguments of the last command when it
 * is a launch of this kernel, else NULL.
 */
const void *queue_last(const Device *d, const void *kernel);
void        queue_take_back(Device *d);
/* y = a + b of n elements was queued last (and still is). */
bool last_is_add(const Device *d, const float *y, Index n, const float **a, const float **b);
/* bias was added to the N rows of y last, each of `cols` elements: take it back. */
bool take_back_bias(Device *d, const float *y, Index N, Index cols, const float **bias);

/* launch(d, kernel, grid, args): the kernel is `__global__ void kernel(Args a)`. */
template <class Args>
static void launch(Device *d, void (*kernel)(Args), Grid grid, const Args &args)
{
    queue_kernel(d, (const void *)kernel, call_kernel<Args>, grid, &args, (Index)sizeof args);
}

/* An array that the threads of a block share; declared first in the kernel, by every thread. Its
 * content is undefined (NaN in the emulator). */
#ifdef __CUDACC__
#define SHARED(type, name, n) __shared__ type name[n]
#else
#define SHARED(type, name, n) type *name = (type *)emulated_shared(sizeof(type) * (n))
#endif

/* The elements [0, n) in strides of the whole grid; n is an Index. */
#define FOR_EACH(i, n)                                                    \
    for (Index i = (Index)blockIdx.x * blockDim.x + threadIdx.x; i < (n); \
         i += (Index)gridDim.x * blockDim.x)

/* The row of this warp in a grid_of_warps, and the lane; rows beyond the last: check. */
#define WARP_ROW ((Index)blockIdx.x * BLOCK_WARPS + threadIdx.x / WARP)
#define WARP_LANE ((int)(threadIdx.x % WARP))

void queue_copy(Device *d, void *dst, const void *src, Index bytes); /* both on the device */
void queue_zero(Device *d, void *dst, Index bytes);

/* A product of row-major matrices, `batch` of them at fixed distances:
 *   C[m,n] = alpha * op(A)[m,k] op(B)[k,n] + beta * C
 * A and B are of one storage type, C is float32. precision: of the arithmetic; f32 storage with
 * PRECISION_BF16 counts as PRECISION_TF32 (who wants bf16 converts first). m, n or k may be 0. */
typedef struct Product {
    bool        ta, tb;
    Index       m, n, k;
    float       alpha, beta;
    const void *A, *B;
    DType       dtype; /* DTYPE_F32, DTYPE_BF16 or DTYPE_F16 */
    Index       lda, ldb, ldc;
    Index       stride_a, stride_b, stride_c; /* elements from one to the next; batch > 1 */
    Index       batch;                        /* >= 1 */
    float      *C;
    Precision   precision;
} Product;
void queue_product(Device *d, const Product *p); /* product.cu checks sizes and calls this */
void product(Device *d, const Product *p);

/* ---- host arrays and results -------------------------------------------------------------- */

/* Copy `bytes` of host memory; the copy's address on the device, good for the commands of this list
 * and 16-byte aligned. NULL after a failure (then launches do nothing). The same bytes staged from
 * the same address again in one list are shared. */
const void                        *stage_bytes(Device *d, const void *host, Index bytes);
template <class T> static const T *stage(Device *d, const T *host, Index n)
{
    return (const T *)stage_bytes(d, host, n * (Index)sizeof(T));
}
/* Indices as 32-bit numbers; each must fit. */
const int32_t *stage_indices(Device *d, const Index *host, Index n);

/* Room on the device for `bytes` that the next sync copies to `host`. NULL after a failure. */
void                        *deliver_bytes(Device *d, void *host, Index bytes);
template <class T> static T *deliver(Device *d, T *host, Index n)
{
    return (T *)deliver_bytes(d, host, n * (Index)sizeof(T));
}

/* ---- an op's own memory --------------------------------------------------------------------- */

/*
 * Every op that stages, delivers or takes workspace calls op_begin first, once, and takes what it
 * needs before the next op_begin: only there may the list be sent off because it is long or the
 * staging area half full. Pieces of the workspace are ALIGNed, undefined, and given back by the
 * next op_begin. All arrays of one op together may take half of the staging area. work_left: bytes
 * still to be had from the workspace.
 */
void  op_begin(Device *d);
void *work_bytes(Device *d, Index bytes); /* NULL and a failure when it does not fit */
Index work_left(const Device *d);
template <class T> static T *work(Device *d, Index n)
{
    return (T *)work_bytes(d, n * (Index)sizeof(T));
}
/* What a piece of this many bytes takes of the workspace. */
static inline Index work_size(Index bytes)
{
    return div_up(bytes, ALIGN) * ALIGN;
}

/* ---- the ops: contracts in core/math/ops.h ------------------------------------------------ */

#include "core/math/cuda/device/ops.cuh"

#endif
