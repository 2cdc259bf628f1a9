/*
 * Matrix products: OpenBLAS at one thread, called for blocks of the result by our own pool.
 *
 * OpenBLAS's own threads beside a pool for the loops between the products cost 1.3 to 1.5 times
 * the time; one pool for both costs nothing, with every build of OpenBLAS.
 */

#include "core/math/cpu/cpu_ops.h"

#include <cblas.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* OpenBLAS's own functions; absent where another BLAS stands behind cblas.h. */
__attribute__((weak)) void  openblas_set_num_threads(int threads);
__attribute__((weak)) char *openblas_get_config(void);
__attribute__((weak)) char *openblas_get_corename(void);

/* ---- one product, one thread ------------------------------------------------------------ */

static int blas_int(Index x)
{
    CHECK(x >= 0 && x <= INT_MAX);
    return (int)x;
}

static void scale_block(const Product *p)
{
    for (Index i = 0; i < p->m; i++) {
        float *row = p->C + i * p->ldc;
        for (Index j = 0; j < p->n; j++) row[j] = p->beta == 0.0f ? 0.0f : p->beta * row[j];
    }
}

void cpu_sgemm(const Product *p)
{
    float beta = p->beta;
    if (p->bias != NULL) { /* as costly as beta = 0, for which OpenBLAS writes zeros first */
        for (Index i = 0; i < p->m; i++) {
            memcpy(p->C + i * p->ldc, p->bias, (size_t)p->n * sizeof(float));
        }
        beta = 1.0f;
    }
    if (p->m == 0 || p->n == 0) return;
    if (p->k == 0) {
        if (p->bias == NULL) scale_block(p);
        return;
    }
    cblas_sgemm(CblasRowMajor, p->ta ? CblasTrans : CblasNoTrans, p->tb ? CblasTrans : CblasNoTrans,
                blas_int(p->m), blas_int(p->n), blas_int(p->k), p->alpha, p->A, blas_int(p->lda),
                p->B, blas_int(p->ldb), beta, p->C, blas_int(p->ldc));
}

/* ---- cut into blocks of the result ------------------------------------------------------ */

typedef struct Cut {
    const Product *p;
    Index          rows, cols; /* of a block */
    Index          across;     /* blocks side by side */
} Cut;

/* Blocks of at most 256 rows. Where that gives few of them and there is much to do, the columns
 * are cut as well. All by shape. */
static Cut cut_product(const Product *p)
{
    enum { ROWS = 256, ENOUGH = 8, ALIGN = 16, NARROW = 64 };
    const double worth = 1e6; /* floating point operations of a task, some 5 to 10 us */

    double work = 2.0 * (double)p->m * (double)p->n * (double)p->k;
    if (work < worth || p->k == 0) return (Cut){p, p->m, p->n, 1};

    Index down = cpu_pieces(p->m, ROWS);
    Index rows = cpu_pieces(cpu_pieces(p->m, down), ALIGN) * ALIGN;
    Index across = cpu_pieces(ENOUGH, down);
    across = cpu_min(across, cpu_max((Index)(work / worth / (double)down), 1));
    across = cpu_max(cpu_min(across, p->n / NARROW), 1);
    Index cols = cpu_pieces(cpu_pieces(p->n, across), ALIGN) * ALIGN;
    return (Cut){p, rows, cols, cpu_pieces(p->n, cols)};
}

static void product_task(void *context, Index task, int worker)
{
    (void)worker;
    const Cut *cut = context;
    Product    p = *cut->p;
    Index      i = task / cut->across * cut->rows, j = task % cut->across * cut->cols;

    p.m = cpu_min(cut->rows, p.m - i);
    p.n = cpu_min(cut->cols, p.n - j);
    p.A += p.ta ? i : i * p.lda;
    p.B += p.tb ? j * p.ldb : j;
    p.C += i * p.ldc + j;
    if (p.bias != NULL) p.bias += j;
    cpu_sgemm(&p);
}

void cpu_product(Backend *be, const Product *p)
{
    if (p->m == 0 || p->n == 0) return;
    Cut cut = cut_product(p);
    cpu_run(be, cpu_pieces(p->m, cut.rows) * cut.across, false, product_task, &cut);
}

void cpu_gemm(Backend *be, bool ta, bool tb, Index m, Index n, Index k, float alpha,
              const float *A, Index lda, const float *B, Index ldb, float beta, float *C,
              Index ldc)
{
    CHECK(m >= 0 && n >= 0 && k >= 0);
    Product p = {ta, tb, m, n, k, alpha, beta, A, B, lda, ldb, C, ldc, NULL};
    if (!cpu_skinny(be, &p)) cpu_product(be, &p);
}

/* ---- starting OpenBLAS ------------------------------------------------------------------ */

/* The first product makes OpenBLAS take its buffers: before any thread needs them. */
static void warm_up(void)
{
    enum { SIDE = 64 };
    static const float ones[SIDE * SIDE];
    float              out[SIDE * SIDE];
    cpu_sgemm(&(Product){.tb = true, .m = SIDE, .n = SIDE, .k = SIDE, .alpha = 1.0f, .A = ones,
                         .lda = SIDE, .B = ones, .ldb = SIDE, .C = out, .ldc = SIDE});
}

void cpu_blas_start(char *text, size_t size)
{
    if (openblas_set_num_threads != NULL) openblas_set_num_threads(1);
    warm_up();

    const char *config = openblas_get_config != NULL ? openblas_get_config() : "BLAS";
    const char *core = openblas_get_corename != NULL ? openblas_get_corename() : "unknown";
    const char *end = strchr(config, ' '); /* "OpenBLAS 0.3.21 NO_LAPACKE ..." */
    if (end != NULL) end = strchr(end + 1, ' ');
    int len = end != NULL ? (int)(end - config) : (int)strlen(config);
    snprintf(text, size, tr("%.*s with %s kernels"), len, config, core);
}
