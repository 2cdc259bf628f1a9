#ifndef CORE_MATH_CPU_CPU_H
#define CORE_MATH_CPU_CPU_H

/*
 * Inside the cpu backend: what its files share. Its ops are declared in cpu_ops.h.
 *
 * How an op is cut into tasks is a function of its sizes alone, and every number is computed by
 * exactly one task, or summed from fixed pieces in a fixed order: any number of threads gives
 * the same bits. Little work is done by the caller alone, for waking a worker costs more.
 */

#include "core/base/pool.h"
#include "core/math/convert.h"

enum {
    CPU_CHUNK = 8192,         /* floats of one array in a task of an elementwise op */
    CPU_SCRATCH = 256 * 1024, /* bytes each worker always has */
    CPU_SHARED = 256 * 1024,  /* bytes for what the caller prepares for all tasks */
    CPU_MAX_PARTIALS = 256,   /* pieces of a sum over everything */
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
    Pool       *pool;
    char       *scratch; /* [threads, scratch_bytes]; grown by reserve only */
    Index       scratch_bytes;
    float      *shared; /* CPU_SHARED bytes */
    double      partial[CPU_MAX_PARTIALS];
    MemAccount *blocks; /* what be->alloc gave out */
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
void         cpu_for(Backend *be, Index n, Index chunk, CpuSpan *span, void *context);
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
void cpu_sgemm(const Product *p);                /* by the calling thread alone */
void cpu_product(Backend *be, const Product *p); /* cut into tasks */
/* tile.c: products with a short side, by the calling thread, faster than OpenBLAS when they fit
 * (B not transposed, n a multiple of CPU_LANES) and through cpu_sgemm when they do not. */
bool cpu_tiles_fit(const Product *p);
void cpu_tiles(const Product *p);
/* dots.c: A not transposed, B transposed, k a multiple of CPU_LANES, n small; the same way. */
void cpu_dots(const Product *p);
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

/* gemv.c: at most four rows; false when there are more, and nothing is done */
bool cpu_gemv(Backend *be, float *y, const float *x, Mat W, const float *bias, Index N);
/* half.c: weights of 16 bits, many rows */
void cpu_half_linear(Backend *be, float *y, const float *x, Mat W, const float *bias, Index N);
void cpu_half_linear_dx(Backend *be, float *dx, const float *dy, Mat W, Index N, bool add);

/* linear.c: d[D] += column sums of a[N,D], or of a*b*row (b [N,D], row [N]) when b is not NULL. */
void cpu_column_sums(Backend *be, float *d, const float *a, const float *b, const float *row,
                     Index N, Index D);

/* softmax.c: the largest of n >= 1 numbers; sum of exp(z - m), left in z when `keep` */
float  cpu_largest(const float *z, Index n);
double cpu_sum_exp(float *z, Index n, float m, bool keep);

/* attention.c: bytes of scratch memory for attention over at most T keys of width K */
Index cpu_attention_workspace(Index T, Index K);

#endif
