#ifndef CORE_MATH_CPU_CPU_OPS_H
#define CORE_MATH_CPU_CPU_OPS_H

/* The ops of the cpu backend, file by file. The contracts are those of core/math/ops.h. */

#include "core/math/cpu/cpu.h"

/* gemm.c */
void cpu_gemm(Backend *be, bool ta, bool tb, Index m, Index n, Index k, float alpha, const float *A,
              Index lda, const float *B, Index ldb, float beta, float *C, Index ldc);

/* linear.c, half.c */
void  cpu_linear(Backend *be, float *y, const float *x, Mat W, const float *bias, Index N);
void  cpu_linear_dx(Backend *be, float *dx, const float *dy, Mat W, Index N, bool add);
void  cpu_linear_dw(Backend *be, float *dW, const float *dy, const float *x, Index N, Index out,
                    Index in);
void  cpu_bias_grad(Backend *be, float *db, const float *dy, Index N, Index D);
void  cpu_mat_rows(Backend *be, float *out, Mat W, Index row0, Index n);
Index cpu_mat_workspace(DType dtype, Index cols);

/* embed.c */
void cpu_embed(Backend *be, float *y, const int32_t *ids, Mat table, Index N);
void cpu_embed_grad(Backend *be, float *dtable, const float *dy, const int32_t *ids, Index N,
                    Index V, Index D);
void cpu_gather(Backend *be, float *y, const float *x, const Index *rows, Index M, Index D);
void cpu_gather_grad(Backend *be, float *dx, const float *dy, const Index *rows, Index M, Index D);

/* rmsnorm.c, rope.c */
void cpu_rmsnorm(Backend *be, float *y, float *inv, const float *x, const float *w, Index N,
                 Index D, float eps);
void cpu_rmsnorm_grad(Backend *be, float *dx, float *dw, const float *dy, const float *x,
                      const float *w, const float *inv, Index N, Index D);
void cpu_rope(Backend *be, float *x, const float *cos, const float *sin, const int32_t *position,
              Index N, Index heads, Index K, bool inverse);

/* swiglu.c, activation.c, elementwise.c */
void cpu_swiglu(Backend *be, float *y, const float *gate, const float *up, Index n);
void cpu_swiglu_grad(Backend *be, float *dgate, float *dup, const float *dy, const float *gate,
                     const float *up, Index n);
void cpu_activation(Backend *be, Activation kind, float *y, const float *x, Index n);
void cpu_activation_grad(Backend *be, Activation kind, float *dx, const float *dy, const float *x,
                         Index n);
void cpu_add(Backend *be, float *y, const float *a, const float *b, Index n);
void cpu_axpy(Backend *be, float *y, float a, const float *x, Index n);
void cpu_scale(Backend *be, float *y, float a, Index n);
void cpu_dropout(Backend *be, float *y, const float *x, Dropout drop, Index N, Index D, bool add);

/* attention.c, attention_grad.c */
void cpu_attention(Backend *be, const AttnShape *shape, float *o, float *lse, const float *q,
                   const float *k, const float *v, const float *pk, const float *pv);
void cpu_attention_grad(Backend *be, const AttnShape *shape, float *dq, float *dk, float *dv,
                        float *dpk, float *dpv, const float *dout, const float *o, const float *lse,
                        const float *q, const float *k, const float *v, const float *pk,
                        const float *pv);

/* loss.c, optimizer.c */
void   cpu_cross_entropy(Backend *be, float *z, double *loss, int32_t *best, const int32_t *label,
                         Index N, Index V, float grad_scale);
double cpu_sum_squares(Backend *be, const float *x, Index n);
void   cpu_adamw(Backend *be, float *w, float *m, float *v, const float *g, Index n, AdamW p);
void   cpu_sgd(Backend *be, float *w, float *buf, const float *g, Index n, Sgd p);

#endif
