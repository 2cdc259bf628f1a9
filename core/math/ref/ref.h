#ifndef CORE_MATH_REF_REF_H
#define CORE_MATH_REF_REF_H

/*
 * Inside the ref backend: its ops, file by file. The contracts are those of core/math/ops.h;
 * here every op is written as its formula reads, with double accumulators and one thread.
 */

#include "core/math/convert.h"

typedef struct RefState {
    MemAccount *blocks;    /* what alloc handed out: see memory.c */
    void       *workspace; /* of attention; grown by reserve only */
    Index       workspace_bytes;
} RefState;

/* Element i of a Mat, counted row after row. */
static inline double ref_mat_at(Mat W, Index i)
{
    switch (W.dtype) {
    case DTYPE_F16:
        return (double)f32_from_f16(((const uint16_t *)W.data)[i]);
    case DTYPE_BF16:
        return (double)f32_from_bf16(((const uint16_t *)W.data)[i]);
    default:
        return (double)((const float *)W.data)[i];
    }
}

/* memory.c */
void *ref_alloc(Backend *be, Index bytes, Error *err);
void  ref_release(Backend *be, void *block);
void  ref_put(Backend *be, void *dst, const void *host, Index bytes);
void  ref_get(Backend *be, void *host, const void *src, Index bytes);
void  ref_copy(Backend *be, void *dst, const void *src, Index bytes);
void  ref_zero(Backend *be, void *dst, Index bytes);
bool  ref_reserve(Backend *be, Index bytes_per_worker, Error *err);
Index ref_mat_workspace(DType dtype, Index cols);

/* gemm.c */
void ref_gemm(Backend *be, bool ta, bool tb, Index m, Index n, Index k, float alpha, const float *A,
              Index lda, const float *B, Index ldb, float beta, float *C, Index ldc);

/* linear.c */
void ref_linear(Backend *be, float *y, const float *x, Mat W, const float *bias, Index N);
void ref_linear_dx(Backend *be, float *dx, const float *dy, Mat W, Index N, bool add);
void ref_linear_dw(Backend *be, float *dW, const float *dy, const float *x, Index N, Index out,
                   Index in);
void ref_bias_grad(Backend *be, float *db, const float *dy, Index N, Index D);
void ref_mat_rows(Backend *be, float *out, Mat W, Index row0, Index n);

/* embed.c */
void ref_embed(Backend *be, float *y, const int32_t *ids, Mat table, Index N);
void ref_embed_grad(Backend *be, float *dtable, const float *dy, const int32_t *ids, Index N,
                    Index V, Index D);
void ref_gather(Backend *be, float *y, const float *x, const Index *rows, Index M, Index D);
void ref_gather_grad(Backend *be, float *dx, const float *dy, const Index *rows, Index M, Index D);

/* rmsnorm.c */
void ref_rmsnorm(Backend *be, float *y, float *inv, const float *x, const float *w, Index N,
                 Index D, float eps);
void ref_rmsnorm_grad(Backend *be, float *dx, float *dw, const float *dy, const float *x,
                      const float *w, const float *inv, Index N, Index D);

/* rope.c */
void ref_rope(Backend *be, float *x, const float *cos, const float *sin, const int32_t *position,
              Index N, Index heads, Index K, bool inverse);

/* swiglu.c */
void ref_swiglu(Backend *be, float *y, const float *gate, const float *up, Index n);
void ref_swiglu_grad(Backend *be, float *dgate, float *dup, const float *dy, const float *gate,
                     const float *up, Index n);

/* activation.c */
void ref_activation(Backend *be, Activation kind, float *y, const float *x, Index n);
void ref_activation_grad(Backend *be, Activation kind, float *dx, const float *dy, const float *x,
                         Index n);
void ref_add(Backend *be, float *y, const float *a, const float *b, Index n);
void ref_axpy(Backend *be, float *y, float a, const float *x, Index n);
void ref_scale(Backend *be, float *y, float a, Index n);

/* dropout.c */
void ref_dropout(Backend *be, float *y, const float *x, Dropout drop, Index N, Index D, bool add);

/* attention.c, attention_grad.c */
Index ref_attention_workspace(Index T, Index K);
void  ref_attention(Backend *be, const AttnShape *shape, float *o, float *lse, const float *q,
                    const float *k, const float *v, const float *pk, const float *pv);
void  ref_attention_grad(Backend *be, const AttnShape *shape, float *dq, float *dk, float *dv,
                         float *dpk, float *dpv, const float *dout, const float *o,
                         const float *lse, const float *q, const float *k, const float *v,
                         const float *pk, const float *pv);

/* loss.c */
void ref_cross_entropy(Backend *be, float *z, double *loss, int32_t *best, const int32_t *label,
                       Index N, Index V, float grad_scale);

/* optimizer.c */
double ref_sum_squares(Backend *be, const float *x, Index n);
void   ref_adamw(Backend *be, float *w, float *m, float *v, const float *g, Index n, AdamW p);
void   ref_sgd(Backend *be, float *w, float *buf, const float *g, Index n, Sgd p);

#endif
