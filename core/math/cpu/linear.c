/*
 * y = x W^T + b and its gradients. Which way is taken depends on the storage of W and on the
 * number of rows: few rows (generation) are bound by reading W, many by arithmetic.
 */

#include "core/math/cpu/cpu_ops.h"

void cpu_linear(Backend *be, float *y, const float *x, Mat W, const float *bias, Index N)
{
    CHECK(N >= 0 && W.data != NULL);
    if (N == 0 || W.rows == 0) return;
    if (cpu_gemv(be, y, x, W, bias, N)) return;
    if (W.dtype != DTYPE_F32) {
        cpu_half_linear(be, y, x, W, bias, N);
    } else {
        cpu_product(be, &(Product){.tb = true, .m = N, .n = W.rows, .k = W.cols, .alpha = 1.0f,
                                   .A = x, .lda = W.cols, .B = W.data, .ldb = W.cols, .C = y,
                                   .ldc = W.rows, .bias = bias});
    }
}

void cpu_linear_dx(Backend *be, float *dx, const float *dy, Mat W, Index N, bool add)
{
    CHECK(N >= 0 && W.data != NULL);
    if (dx == NULL || N == 0 || W.cols == 0) return;
    if (W.dtype != DTYPE_F32) {
        cpu_half_linear_dx(be, dx, dy, W, N, add);
        return;
    }
    cpu_product(be, &(Product){.m = N, .n = W.cols, .k = W.rows, .alpha = 1.0f,
                               .beta = add ? 1.0f : 0.0f, .A = dy, .lda = W.rows, .B = W.data,
                               .ldb = W.cols, .C = dx, .ldc = W.cols});
}

void cpu_linear_dw(Backend *be, float *dW, const float *dy, const float *x, Index N, Index out,
                   Index in)
{
    if (dW == NULL) return;
    cpu_product(be, &(Product){.ta = true, .m = out, .n = in, .k = N, .alpha = 1.0f, .beta = 1.0f,
                               .A = dy, .lda = out, .B = x, .ldb = in, .C = dW, .ldc = in});
}

/* ---- sums over the rows ----------------------------------------------------------------- */

typedef struct Columns {
    float       *d;
    const float *a, *b, *row;
    Index        N, D;
} Columns;

enum { STRIPE = 64, ROW_BLOCK = 256 };

/* part[width] += a (or a*b*row) over rows from..to-1 of the stripe that begins at column d0 */
static void add_rows(float *restrict part, const Columns *c, Index d0, Index width, Index from,
                     Index to)
{
    for (Index n = from; n < to; n++) {
        const float *a = c->a + n * c->D + d0;
        if (c->b == NULL) {
            for (Index d = 0; d < width; d++) part[d] += a[d];
        } else {
            const float *b = c->b + n * c->D + d0;
            float        row = c->row[n];
            for (Index d = 0; d < width; d++) part[d] += a[d] * b[d] * row;
        }
    }
}

/* A stripe of columns, all rows: float sums of 256 rows, added up in double. */
static void columns_task(void *context, Index task, int worker)
{
    (void)worker;
    const Columns *c = context;
    Index          d0 = task * STRIPE, width = cpu_min(STRIPE, c->D - d0);
    float         *d = c->d + d0;
    double         total[STRIPE] = {0.0};

    for (Index n = 0; n < c->N; n += ROW_BLOCK) {
        float part[STRIPE] = {0.0f};
        add_rows(part, c, d0, width, n, cpu_min(n + ROW_BLOCK, c->N));
        for (Index i = 0; i < width; i++) total[i] += (double)part[i];
    }
    for (Index i = 0; i < width; i++) d[i] += (float)total[i];
}

void cpu_column_sums(Backend *be, float *d, const float *a, const float *b, const float *row,
                     Index N, Index D)
{
    Columns c = {d, a, b, row, N, D};
    cpu_run(be, cpu_pieces(D, STRIPE), N * D <= 2 * CPU_CHUNK, columns_task, &c);
}

void cpu_bias_grad(Backend *be, float *db, const float *dy, Index N, Index D)
{
    if (db != NULL) cpu_column_sums(be, db, dy, NULL, NULL, N, D);
}

/* ---- rows of W as float32 --------------------------------------------------------------- */

typedef struct Rows {
    float *out;
    Mat    W;
    Index  row0;
} Rows;

static void rows_span(void *context, Index from, Index to)
{
    const Rows *r = context;
    Index       cols = r->W.cols;
    const char *data = (const char *)r->W.data + (r->row0 + from) * cols * dtype_bytes(r->W.dtype);
    convert_to_f32(r->out + from * cols, data, r->W.dtype, (to - from) * cols);
}

void cpu_mat_rows(Backend *be, float *out, Mat W, Index row0, Index n)
{
    CHECK(row0 >= 0 && n >= 0 && row0 + n <= W.rows);
    cpu_for(be, n, cpu_rows(W.cols), rows_span, &(Rows){out, W, row0});
}
