/*
 * Commands onto the stream: kernels, cuBLAS's products, copies.
 */

#include "core/math/cuda/device/queue.cuh"

/* ---- products ----------------------------------------------------------------------------- */

static cudaDataType_t blas_type(DType dtype)
{
    return dtype == DTYPE_BF16 ? CUDA_R_16BF : dtype == DTYPE_F16 ? CUDA_R_16F : CUDA_R_32F;
}

static cublasComputeType_t blas_compute(const Product *p)
{
    bool rounded = p->dtype == DTYPE_F32 && p->precision != PRECISION_F32;
    return rounded ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
}

/*
 * cuBLAS counts by columns. A row-major C[m,n] is, read by columns, C^T[n,m]; and
 * C^T = op(B)^T op(A)^T, where B as it lies in memory is already B^T. So the factors change places,
 * each keeps its own transposition, and every leading dimension is the row length.
 */
void issue_product(Device *d, const Product *p)
{
    cublasOperation_t a = p->ta ? CUBLAS_OP_T : CUBLAS_OP_N, b = p->tb ? CUBLAS_OP_T : CUBLAS_OP_N;
    cudaDataType_t    type = blas_type(p->dtype);
    int               m = (int)p->m, n = (int)p->n, k = (int)p->k;
    cublasStatus_t    status;
    if (p->batch == 1) {
        status = cublasGemmEx(d->blas, b, a, n, m, k, &p->alpha, p->B, type, (int)p->ldb, p->A,
                              type, (int)p->lda, &p->beta, p->C, CUDA_R_32F, (int)p->ldc,
                              blas_compute(p), CUBLAS_GEMM_DEFAULT);
    } else {
        status = cublasGemmStridedBatchedEx(
            d->blas, b, a, n, m, k, &p->alpha, p->B, type, (int)p->ldb, p->stride_b, p->A, type,
            (int)p->lda, p->stride_a, &p->beta, p->C, CUDA_R_32F, (int)p->ldc, p->stride_c,
            (int)p->batch, blas_compute(p), CUBLAS_GEMM_DEFAULT);
    }
    if (status != CUBLAS_STATUS_SUCCESS) {
        (void)device_fail(d, "a product", cublasGetStatusString(status));
    }
}

/* ---- the list ----------------------------------------------------------------------------- */

static void issue_kernel(Device *d, const Command *c)
{
    dim3        grid((unsigned)c->x, (unsigned)c->y), block((unsigned)c->threads);
    const void *args = c + 1;
#ifdef __CUDACC__
    void *list[] = {(void *)args};
    (void)device_check(d, cudaLaunchKernel(c->kernel, grid, block, list, 0, d->stream),
                       "launching a kernel");
#else
    (void)device_check(
        d, emulated_launch(c->call, c->kernel, args, (size_t)c->bytes, grid, block, d->stream),
        "launching a kernel");
#endif
}

static void issue_transfer(Device *d, const Transfer *t)
{
    size_t bytes = (size_t)t->bytes;
    if (t->src == NULL) {
        (void)device_check(d, cudaMemsetAsync(t->dst, 0, bytes, d->stream), "clearing memory");
    } else {
        (void)device_check(
            d, cudaMemcpyAsync(t->dst, t->src, bytes, cudaMemcpyDeviceToDevice, d->stream),
            "copying on the GPU");
    }
}

void issue_list(Device *d)
{
    const Queue *q = d->queue;
    for (Index at = 0; at < q->list_bytes && !d->failed;) {
        const Command *c = (const Command *)(const void *)(q->list + at);
        if (c->kind == COMMAND_KERNEL) {
            issue_kernel(d, c);
        } else if (c->kind == COMMAND_PRODUCT) {
            issue_product(d, (const Product *)(const void *)(c + 1));
        } else {
            issue_transfer(d, (const Transfer *)(const void *)(c + 1));
        }
        at += (Index)sizeof *c + div_up(c->bytes, 16) * 16;
    }
}
