#ifndef CORE_MATH_CPU_CPU_H
#define CORE_MATH_CPU_CPU_H

/*
 * Inside the cpu backend: what its files share, and its ops file by file. The contracts are
 * those of core/math/ops.h.
 *
 * How an op is cut into tasks is a function of its sizes alone, and every number is computed by
 * exactly one task, or summed from fixed pieces in a fixed order: any number of threads gives
 * the same bits. Little work is done by the caller alone, for waking a worker costs more.
 */

#include "core/math/convert.h"

enum {
    CPU_CHUNK        = 8192,       /* floats of one array in a task of an elementwise op */
    CPU_SCRATCH      = 256 * 1024, /* bytes each worker always has */
    CPU_SHARED       = 256 * 1024, /* bytes for what the caller prepares for all tasks */
    CPU_MAX_PARTIALS = 256,        /* pieces of a sum over everything */
};

/* Floats in the widest vector of the processor that is compiled for. */
#if defined(__AVX512F__)
enum { CPU_LANES = 16 };
#elif defined(__AVX__)
enum { CPU_LANES = 8 };
#else
enum { CPU_LANES = 4 };
#endif

typedef struct CpuState {
    Pool  *pool;
    char  *scratch; /* [threads, scratch_bytes]; grown by reserve only */
    Index  scratch_bytes;
    float *shared;                     /* CPU_SHARED bytes */
    double partial[CPU_MAX_PARTIALS];
} CpuState;

static inline CpuState *cpu_state(Backend *be)
{
    return be->state;
}

/* This worker's scratch memory, checked to be at least this large. */
float *cpu_scratch(Backend *be, int worker, Index bytes);

/* Run task 0..count-1 in the pool; by the caller alone when `light`. */
void cpu_run(Backend *be, Index count, bool light, PoolTask *task, void *context);

/* Call span(context, from, to) for consecutive pieces of 0..n-1 of `chunk` items each. */
typedef void CpuSpan(void *context, Index from, Index to);
void cpu_for(Backend *be, Index n, Index chunk, CpuSpan *span, void *context);
/* How many rows of D floats make a task. */
Index cpu_rows(Index D);

static inline Index cpu_min(Index a, Index b)
{
    return a < b ? a : b;
}

static inline Index cpu_max(Index a, Index b)
{
    return a > b ? a : b;
}

/* The next multiple of a vector's length. */
static inline Index cpu_padded(Index n)
{
    return (n + CPU_LANES - 1) / CPU_LANES * CPU_LANES;
}

/* a / b rounded up */
static inline Index cpu_pieces(Index a, Index b)
{
    return (a + b - 1) / b;
}

/* A product to be cut into tasks: C = alpha op(A) op(B) + beta C, or C = bias + ... */
typedef struct Product {
    bool         ta, tb;
    Index        m, n, k;
    float        alpha, beta;
    const float *A, *B;
    Index        lda, ldb;
    float       *C;
    Index        ldc;
    const float *bias; /* [n] or NULL; with it beta is taken as 0 */
} Product;

/* gemm.c, the only file that knows OpenBLAS. cpu_blas_start sets it to one thread and writes
 * name, version and kernel into text. */
void cpu_blas_start(char *text, size_t size);
void cpu_sgemm(const Product *p);               /* by the calling thread alone */
void cpu_product(Backend *be, const Product *p); /* cut into tasks */
void cpu_gemm(Backend *be, bool ta, bool tb, Index m, Index n, Index k, float alpha,
              const float *A, Index lda, const float *B, Index ldb, float beta, float *C,
              Index ldc);

/* tile.c: products with a short side, by the calling thread, faster than OpenBLAS when they fit
 * (B not transposed, n a multiple of CPU_LANES) and through cpu_sgemm when they do not. */
bool cpu_tiles_fit(const Product *p);
void cpu_tiles(const Product *p);
/* A row length of at least n floats that is an odd number of cache lines: columns of such rows
 * do not fall on each other in the cache. */
Index cpu_spread(Index n);
/* out[rows, cols] = x (step from row to row) without the gaps. */
void cpu_pack(float *out, const float *x, Index step, Index rows, Index cols);
/* out[cols, width] (ld from row to row) = the transpose of x[rows, cols] (step from row to row),
 * zeros where width exceeds rows. */
void cpu_transpose(float *out, Index ld, Index width, const float *x, Index step, Index rows,
                   Index cols);
/* skinny.c: the products of a low-rank branch; false when p is none, and nothing is done. */
bool cpu_skinny(Backend *be, const Product *p);

/* linear.c, half.c (weights of 16 bits), gemv.c (few rows) */
void  cpu_linear(Backend *be, float *y, const float *x, Mat W, const float *bias, Index N);
void  cpu_linear_dx(Backend *be, float *dx, const float *dy, Mat W, Index N, bool add);
void  cpu_linear_dw(Backend *be, float *dW, const float *dy, const float *x, Index N, Index out,
                    Index in);
void  cpu_bias_grad(Backend *be, float *db, const float *dy, Index N, Index D);
void  cpu_mat_rows(Backend *be, float *out, Mat W, Index row0, Index n);
Index cpu_mat_workspace(DType dtype, Index cols);
void  cpu_half_linear(Backend *be, float *y, const float *x, Mat W, const float *bias, Index N);
void  cpu_half_linear_dx(Backend *be, float *dx, const float *dy, Mat W, Index N, bool add);
enum { CPU_GEMV_ROWS = 4 };
void cpu_gemv(Backend *be, float *y, const float *x, Mat W, const float *bias, Index N);
/* d[D] += column sums of a[N,D], or of a*b*row (b [N,D], row [N]) when b is not NULL. */
void cpu_column_sums(Backend *be, float *d, const float *a, const float *b, const float *row,
                     Index N, Index D);

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

/* softmax.c: the largest of n >= 1 numbers; sum of exp(z - m), left in z when `keep` */
float  cpu_largest(const float *z, Index n);
double cpu_sum_exp(float *z, Index n, float m, bool keep);

/* attention.c, attention_grad.c */
Index cpu_attention_workspace(Index T, Index K);
void  cpu_attention(Backend *be, const AttnShape *shape, float *o, float *lse, const float *q,
                    const float *k, const float *v, const float *pk, const float *pv);
void  cpu_attention_grad(Backend *be, const AttnShape *shape, float *dq, float *dk, float *dv,
                         float *dpk, float *dpv, const float *dout, const float *o,
                         const float *lse, const float *q, const float *k, const float *v,
                         const float *pk, const float *pv);

/* loss.c, optimizer.c */
void   cpu_cross_entropy(Backend *be, float *z, double *loss, int32_t *best, const int32_t *label,
                         Index N, Index V, float grad_scale);
double cpu_sum_squares(Backend *be, const float *x, Index n);
void   cpu_adamw(Backend *be, float *w, float *m, float *v, const float *g, Index n, AdamW p);
void   cpu_sgd(Backend *be, float *w, float *buf, const float *g, Index n, Sgd p);

#endif
