/*
 * cuBLAS for the emulated device: the same arguments, column-major, the same refusals; sums in
 * double. Products are work of a stream like kernels.
 */

#include <stdlib.h>
#include <string.h>

#include "core/math/convert.h"
#include "tests/cuda/emulator/cublas_v2.h"
#include "tests/cuda/emulator/internal.h"

struct cublasContext {
    cudaStream_t        stream;
    cublasMath_t        math;
    cublasPointerMode_t mode;
};

typedef struct Factor {
    const void  *data;
    cudaDataType type;
    bool         transposed;
    int          ld;
    long long    stride; /* elements from one matrix of the batch to the next */
} Factor;

typedef struct Gemm {
    int       m, n, k, ldc, batch;
    Factor    A, B;
    float     alpha, beta;
    float    *C;
    long long stride_c;
    bool      tf32;
} Gemm;

/* ---- errors ------------------------------------------------------------------------------- */

static const struct {
    cublasStatus_t code;
    const char    *name, *text;
} statuses[] = {
    {CUBLAS_STATUS_SUCCESS, "CUBLAS_STATUS_SUCCESS", "success"},
    {CUBLAS_STATUS_NOT_INITIALIZED, "CUBLAS_STATUS_NOT_INITIALIZED",
     "the library was not initialized"},
    {CUBLAS_STATUS_ALLOC_FAILED, "CUBLAS_STATUS_ALLOC_FAILED", "the resource allocation failed"},
    {CUBLAS_STATUS_INVALID_VALUE, "CUBLAS_STATUS_INVALID_VALUE",
     "an unsupported value or parameter was passed to the function"},
    {CUBLAS_STATUS_EXECUTION_FAILED, "CUBLAS_STATUS_EXECUTION_FAILED",
     "the function failed to launch on the GPU"},
    {CUBLAS_STATUS_INTERNAL_ERROR, "CUBLAS_STATUS_INTERNAL_ERROR", "an internal operation failed"},
    {CUBLAS_STATUS_NOT_SUPPORTED, "CUBLAS_STATUS_NOT_SUPPORTED",
     "the functionality requested is not supported"},
};
enum { STATUSES = sizeof statuses / sizeof statuses[0] };

const char *cublasGetStatusName(cublasStatus_t status)
{
    for (int i = 0; i < STATUSES; i++) {
        if (statuses[i].code == status) return statuses[i].name;
    }
    return "unknown";
}

const char *cublasGetStatusString(cublasStatus_t status)
{
    for (int i = 0; i < STATUSES; i++) {
        if (statuses[i].code == status) return statuses[i].text;
    }
    return "unknown";
}

static cublasStatus_t leave(cudaError_t error, cublasStatus_t status)
{
    call_end(cudaSuccess); /* cuBLAS speaks by its status alone */
    if (error == cudaErrorMemoryAllocation) return CUBLAS_STATUS_ALLOC_FAILED;
    return error == cudaSuccess ? status : CUBLAS_STATUS_EXECUTION_FAILED;
}

/* ---- the handle --------------------------------------------------------------------------- */

cublasStatus_t cublasCreate(cublasHandle_t *handle)
{
    cudaError_t error = call_begin();
    if (error != cudaSuccess) return leave(error, CUBLAS_STATUS_SUCCESS);
    *handle = calloc(1, sizeof **handle);
    if (*handle == NULL) fault("no memory for a cuBLAS handle");
    emulated_counts.handles++;
    return leave(error, CUBLAS_STATUS_SUCCESS);
}

cublasStatus_t cublasDestroy(cublasHandle_t handle)
{
    cudaError_t error = call_begin();
    if (handle == NULL) return leave(error, CUBLAS_STATUS_NOT_INITIALIZED);
    free(handle);
    emulated_counts.handles--;
    return leave(error, CUBLAS_STATUS_SUCCESS);
}

cublasStatus_t cublasGetVersion(cublasHandle_t handle, int *version)
{
    *version = 130000;
    return handle == NULL ? CUBLAS_STATUS_NOT_INITIALIZED : CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream)
{
    cudaError_t error = call_begin();
    handle->stream = stream_find(stream) == stream ? stream : NULL;
    return leave(error, CUBLAS_STATUS_SUCCESS);
}

cublasStatus_t cublasSetWorkspace(cublasHandle_t handle, void *workspace, size_t bytes)
{
    (void)handle;
    cudaError_t error = call_begin();
    bool good = (uintptr_t)workspace % 256 == 0 && (bytes == 0 || memory_holds(workspace, bytes));
    return leave(error, good ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE);
}

cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t mode)
{
    cudaError_t error = call_begin();
    handle->math = mode;
    return leave(error, CUBLAS_STATUS_SUCCESS);
}

cublasStatus_t cublasSetPointerMode(cublasHandle_t handle, cublasPointerMode_t mode)
{
    cudaError_t error = call_begin();
    handle->mode = mode;
    return leave(error, mode == CUBLAS_POINTER_MODE_HOST ? CUBLAS_STATUS_SUCCESS
                                                         : CUBLAS_STATUS_NOT_SUPPORTED);
}

/* ---- what a product may touch ------------------------------------------------------------- */

static size_t element_bytes(cudaDataType type)
{
    return type == CUDA_R_32F ? 4 : 2;
}

/* From the first to behind the last element of a batch of rows x columns matrices. */
static void check_extent(const char *name, const void *data, size_t element, int rows, int columns,
                         int ld, long long stride, int batch)
{
    if (stride < 0) fault("cublas: %s: a negative stride", name);
    size_t last =
        (size_t)stride * (size_t)(batch - 1) + (size_t)ld * (size_t)(columns - 1) + (size_t)rows;
    if ((uintptr_t)data % element != 0) fault("cublas: %s at %p is misaligned", name, data);
    if (!memory_holds(data, last * element))
        fault(
            "cublas: %s, %d x %d (leading dimension %d, batch %d), %zu bytes at %p, is not inside "
            "a block of device memory",
            name, rows, columns, ld, batch, last * element, data);
}

/* Two matrices of the batch that are d * stride_c apart must have no element in common. */
static void check_apart(const Gemm *g)
{
    for (long long d = 1; d < g->batch; d++) {
        long long columns = d * g->stride_c / g->ldc, rest = d * g->stride_c % g->ldc;
        bool hit = (columns < g->n && rest < g->m) || (columns + 1 < g->n && g->ldc - rest < g->m);
        if (hit) fault("cublas: matrices of C of a batch overlap (stride %lld)", g->stride_c);
    }
}

static void check_memory(const Gemm *g)
{
    check_extent("C", g->C, sizeof(float), g->m, g->n, g->ldc, g->stride_c, g->batch);
    check_apart(g);
    if (g->k == 0 || g->alpha == 0.0f) return;
    const Factor *A = &g->A, *B = &g->B;
    check_extent("A", A->data, element_bytes(A->type), A->transposed ? g->k : g->m,
                 A->transposed ? g->m : g->k, A->ld, A->stride, g->batch);
    check_extent("B", B->data, element_bytes(B->type), B->transposed ? g->n : g->k,
                 B->transposed ? g->k : g->n, B->ld, B->stride, g->batch);
    if (A->data == g->C || B->data == g->C) fault("cublas: C is A or B");
}

/* ---- the product -------------------------------------------------------------------------- */

/* To nearest, ties to even, 10 bits of mantissa. */
static float round_tf32(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    if ((u & 0x7f800000u) == 0x7f800000u) return x;
    u = (u + 0xfffu + (u >> 13 & 1u)) & ~0x1fffu;
    memcpy(&x, &u, sizeof x);
    return x;
}

static float element(const Factor *f, const unsigned char *data, size_t i, bool tf32)
{
    float    x;
    uint16_t half;
    if (f->type == CUDA_R_32F) {
        memcpy(&x, data + 4 * i, sizeof x);
        return tf32 ? round_tf32(x) : x;
    }
    memcpy(&half, data + 2 * i, sizeof half);
    return f->type == CUDA_R_16BF ? f32_from_bf16(half) : f32_from_f16(half);
}

/* op(F) column by column, rows x columns. */
static void unpack(double *out, const Factor *f, int b, int rows, int columns, bool tf32)
{
    const unsigned char *data = f->data;
    data += element_bytes(f->type) * (size_t)f->stride * (size_t)b;
    size_t down = f->transposed ? (size_t)f->ld : 1, right = f->transposed ? 1 : (size_t)f->ld;
    for (size_t j = 0; j < (size_t)columns; j++) {
        for (size_t i = 0; i < (size_t)rows; i++)
            *out++ = (double)element(f, data, i * down + j * right, tf32);
    }
}

static void multiply(const Gemm *g, float *C, const double *A, const double *B, double *sum)
{
    size_t m = (size_t)g->m, k = (size_t)g->k;
    for (size_t j = 0; j < (size_t)g->n; j++) {
        float *c = C + j * (size_t)g->ldc;
        memset(sum, 0, m * sizeof *sum);
        for (size_t p = 0; p < k; p++) {
            double        b = B[j * k + p];
            const double *a = A + p * m;
            for (size_t i = 0; i < m; i++) sum[i] += a[i] * b;
        }
        for (size_t i = 0; i < m; i++) {
            double old = g->beta == 0.0f ? 0.0 : (double)g->beta * (double)c[i];
            c[i] = (float)((double)g->alpha * sum[i] + old);
        }
    }
}

static void do_gemm(const void *args)
{
    const Gemm *g = args;
    check_memory(g);
    Gemm   one = *g;
    size_t m = (size_t)g->m, n = (size_t)g->n;
    if (g->alpha == 0.0f) one.k = 0; /* A and B are not read */
    size_t  k = (size_t)one.k;
    double *A = malloc((m * k + k * n + m) * sizeof *A);
    if (A == NULL) fault("no memory for a product");
    double *B = A + m * k, *sum = B + k * n;
    for (int b = 0; b < g->batch; b++) {
        unpack(A, &g->A, b, g->m, one.k, g->tf32);
        unpack(B, &g->B, b, one.k, g->n, g->tf32);
        multiply(&one, g->C + g->stride_c * b, A, B, sum);
    }
    free(A);
    emulated_counts.products++;
}

static bool sizes_good(const Gemm *g)
{
    int rows_a = g->A.transposed ? g->k : g->m, rows_b = g->B.transposed ? g->n : g->k;
    return g->m >= 0 && g->n >= 0 && g->k >= 0 && g->batch >= 0 &&
           g->A.ld >= (rows_a > 1 ? rows_a : 1) && g->B.ld >= (rows_b > 1 ? rows_b : 1) &&
           g->ldc >= (g->m > 1 ? g->m : 1);
}

/* The library's table of what A, B, C and the arithmetic may be, as far as it makes float32. */
static bool types_good(const Gemm *g, cudaDataType type_c, cublasComputeType_t compute)
{
    bool plain = compute == CUBLAS_COMPUTE_32F || compute == CUBLAS_COMPUTE_32F_PEDANTIC;
    bool fast = compute == CUBLAS_COMPUTE_32F_FAST_TF32;
    return g->A.type == g->B.type && type_c == CUDA_R_32F &&
           (plain || (fast && g->A.type == CUDA_R_32F));
}

cublasStatus_t cublasGemmStridedBatchedEx(cublasHandle_t handle, cublasOperation_t ta,
                                          cublasOperation_t tb, int m, int n, int k,
                                          const void *alpha, const void *A, cudaDataType type_a,
                                          int lda, long long stride_a, const void *B,
                                          cudaDataType type_b, int ldb, long long stride_b,
                                          const void *beta, void *C, cudaDataType type_c, int ldc,
                                          long long stride_c, int batch,
                                          cublasComputeType_t compute, cublasGemmAlgo_t algo)
{
    (void)algo;
    if (handle == NULL) return CUBLAS_STATUS_NOT_INITIALIZED;
    cudaError_t error = call_begin();
    if (error != cudaSuccess) return leave(error, CUBLAS_STATUS_SUCCESS);

    Gemm g = {.m = m, .n = n, .k = k, .ldc = ldc, .batch = batch, .C = C, .stride_c = stride_c};
    g.A = (Factor){A, type_a, ta != CUBLAS_OP_N, lda, stride_a};
    g.B = (Factor){B, type_b, tb != CUBLAS_OP_N, ldb, stride_b};
    if (!sizes_good(&g) || alpha == NULL || beta == NULL)
        return leave(error, CUBLAS_STATUS_INVALID_VALUE);
    if (!types_good(&g, type_c, compute)) return leave(error, CUBLAS_STATUS_NOT_SUPPORTED);
    if (m == 0 || n == 0 || batch == 0) return leave(error, CUBLAS_STATUS_SUCCESS);

    g.alpha = *(const float *)alpha;
    g.beta = *(const float *)beta;
    g.tf32 = type_a == CUDA_R_32F &&
             (compute == CUBLAS_COMPUTE_32F_FAST_TF32 ||
              (compute == CUBLAS_COMPUTE_32F && handle->math == CUBLAS_TF32_TENSOR_OP_MATH));
    check_memory(&g);
    stream_add(handle->stream, do_gemm, &g, sizeof g, NULL, 0);
    return leave(error, CUBLAS_STATUS_SUCCESS);
}

cublasStatus_t cublasGemmEx(cublasHandle_t handle, cublasOperation_t ta, cublasOperation_t tb,
                            int m, int n, int k, const void *alpha, const void *A,
                            cudaDataType type_a, int lda, const void *B, cudaDataType type_b,
                            int ldb, const void *beta, void *C, cudaDataType type_c, int ldc,
                            cublasComputeType_t compute, cublasGemmAlgo_t algo)
{
    return cublasGemmStridedBatchedEx(handle, ta, tb, m, n, k, alpha, A, type_a, lda, 0, B, type_b,
                                      ldb, 0, beta, C, type_c, ldc, 0, 1, compute, algo);
}
