#ifndef CORE_MATH_CUDA_DEVICE_OPS_CUH
#define CORE_MATH_CUDA_DEVICE_OPS_CUH

/* The functions of the table, by file. Their contracts are those of core/math/ops.h. */

#include "core/math/cuda/device/device.cuh"

/* state.cu: life, memory, waiting */
void  cuda_free(Backend *be);
bool  cuda_sync(Backend *be, Error *err);
Index cuda_row_bucket(Index N);
void  cuda_device_memory(Backend *be, int64_t *free_bytes, int64_t *total_bytes);
void *cuda_alloc(Backend *be, Index bytes, Error *err);
void  cuda_release(Backend *be, void *block);
void  cuda_put(Backend *be, void *dst, const void *host, Index bytes);
void  cuda_get(Backend *be, void *host, const void *src, Index bytes);
void  cuda_copy(Backend *be, void *dst, const void *src, Index bytes);
void  cuda_zero(Backend *be, void *dst, Index bytes);
bool  cuda_reserve(Backend *be, Index bytes_per_worker, Error *err);

/* attention_plan.cu, linear.cu: bytes of workspace that the smallest piece of work needs */
Index cuda_attention_workspace(Index T, Index K);
Index cuda_mat_workspace(DType dtype, Index cols);

/* linear.cu, matrix.cu */
void cuda_gemm(Backend *be, bool ta, bool tb, Index m, Index n, Index k, float alpha,
               const float *A, Index lda, const float *B, Index ldb, float beta, float *C,
               Index ldc);
void cuda_linear(Backend *be, float *y, const float *x, Mat W, const float *bias, Index N);
void cuda_linear_dx(Backend *be, float *dx, const float *dy, Mat W, Index N, bool add);
void cuda_linear_dw(Backend *be, float *dW, const float *dy, const float *x, Index N, Index out,
                    Index in);
void cuda_bias_grad(Backend *be, float *db, const float *dy, Index N, Index D);
void cuda_mat_rows(Backend *be, float *out, Mat W, Index row0, Index n);

/* rows.cu */
void cuda_embed(Backend *be, float *y, const int32_t *ids, Mat table, Index N);
void cuda_embed_grad(Backend *be, float *dtable, const float *dy, const int32_t *ids, Index N,
                     Index V, Index D);
void cuda_gather(Backend *be, float *y, const float *x, const Index *rows, Index M, Index D);
void cuda_gather_grad(Backend *be, float *dx, const float *dy, const Index *rows, Index M, Index D);

/* norm.cu, rope.cu, swiglu.cu, activation.cu, elements.cu, dropout.cu */
void cuda_rmsnorm(Backend *be, float *y, float *inv, const float *x, const float *w, Index N,
                  Index D, float eps);
void cuda_rmsnorm_grad(Backend *be, float *dx, float *dw, const float *dy, const float *x,
                       const float *w, const float *inv, Index N, Index D);
void cuda_rope(Backend *be, float *x, const float *cos, const float *sin, const int32_t *position,
               Index N, Index heads, Index K, bool inverse);
void cuda_swiglu(Backend *be, float *y, const float *gate, const float *up, Index n);
void cuda_swiglu_grad(Backend *be, float *dgate, float *dup, const float *dy, const float *gate,
                      const float *up, Index n);
void cuda_activation(Backend *be, Activation kind, float *y, const float *x, Index n);
void cuda_activation_grad(Backend *be, Activation kind, float *dx, const float *dy, const float *x,
                          Index n);
void cuda_add(Backend *be, float *y, const float *a, const float *b, Index n);
void cuda_axpy(Backend *be, float *y, float a, const float *x, Index n);
void cuda_scale(Backend *be, float *y, float a, Index n);
void cuda_dropout(Backend *be, float *y, const float *x, Dropout drop, Index N, Index D, bool add);

/* attention.cu, attention_grad.cu */
void cuda_attention(Backend *be, const AttnShape *shape, float *o, float *lse, const float *q,
                    const float *k, const float *v, const float *pk, const float *pv);
void cuda_attention_grad(Backend *be, const AttnShape *shape, float *dq, float *dk, float *dv,
                         float *dpk, float *dpv, const float *dout, const float *o,
                         const float *lse, const float *q, const float *k, const float *v,
                         const float *pk, const float *pv);

/* loss.cu, optimizer.cu */
void   cuda_cross_entropy(Backend *be, float *z, double *loss, int32_t *best, const int32_t *label,
                          Index N, Index V, float grad_scale);
double cuda_sum_squares(Backend *be, const float *x, Index n);
void   cuda_adamw(Backend *be, float *w, float *m, float *v, const float *g, Index n, AdamW p);
void   cuda_sgd(Backend *be, float *w, float *buf, const float *g, Index n, Sgd p);

#endif
