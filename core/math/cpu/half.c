/*
 * Products with weights of 16 bits, for many rows: a panel of W is widened into the worker's
 * scratch memory and multiplied from there. Every element of W is widened once; a panel fits
 * the second-level cache.
 */

#include "core/math/cpu/half.h"
#include "core/math/cpu/cpu_ops.h"

enum { PANEL_ROWS = 128, PANEL_COLS = CPU_SCRATCH / 4 / PANEL_ROWS, DX_SIDE = 256, NARROW = 64 };
_Static_assert(DX_SIDE *DX_SIDE * 4 <= CPU_SCRATCH, "a panel fits");

Index cpu_mat_workspace(DType dtype, Index cols)
{
    (void)cols;
    return dtype == DTYPE_F32 ? 0 : CPU_SCRATCH;
}

/* out[rows, cols] = the part of W that begins at row i, column j */
static void widen(float *out, Mat W, Index i, Index j, Index rows, Index cols)
{
    for (Index a = 0; a < rows; a++, out += cols) {
        const uint16_t *row = (const uint16_t *)W.data + (i + a) * W.cols + j;
        if (W.dtype == DTYPE_BF16) {
            for (Index b = 0; b < cols; b++) out[b] = cpu_from_bf16(row[b]);
        } else {
            for (Index b = 0; b < cols; b++) out[b] = cpu_from_f16(row[b]);
        }
    }
}

typedef struct Half {
    Backend     *be;
    float       *y;
    const float *x, *bias;
    Mat          W;
    Index        N, panel;
    bool         add;
} Half;

/* Panels neither so wide that there are too few of them to share, nor narrower than 64. */
static Index panel_width(Index n, Index most)
{
    Index width = cpu_pieces(cpu_pieces(n, 8), 16) * 16;
    return cpu_min(cpu_max(width, NARROW), most);
}

/* y[N, rows i..] = x W[i.., :]^T + bias, over W's columns in blocks */
static void linear_task(void *context, Index task, int worker)
{
    const Half *h = context;
    Index       i = task * h->panel, rows = cpu_min(h->panel, h->W.rows - i);
    float      *panel = cpu_scratch(h->be, worker, CPU_SCRATCH);

    for (Index j = 0; j < h->W.cols || j == 0; j += PANEL_COLS) {
        Index cols = cpu_min(PANEL_COLS, h->W.cols - j);
        widen(panel, h->W, i, j, rows, cols);
        Product p = {.tb = true, .m = h->N, .n = rows, .k = cols, .alpha = 1.0f};
        p.A = h->x + j, p.lda = h->W.cols;
        p.B = panel, p.ldb = cols;
        p.C = h->y + i, p.ldc = h->W.rows;
        p.beta = j > 0 ? 1.0f : 0.0f;
        if (j == 0 && h->bias != NULL) p.bias = h->bias + i;
        cpu_sgemm(&p);
    }
}

void cpu_half_linear(Backend *be, float *y, const float *x, Mat W, const float *bias, Index N)
{
    Half h = {.be = be, .y = y, .x = x, .bias = bias, .W = W, .N = N};
    h.panel = panel_width(W.rows, PANEL_ROWS);
    cpu_run(be, cpu_pieces(W.rows, h.panel), false, linear_task, &h);
}

/* dx[N, columns j..] (+)= dy W[:, j..], over W's rows in blocks */
static void dx_task(void *context, Index task, int worker)
{
    const Half *h = context;
    Index       j = task * h->panel, cols = cpu_min(h->panel, h->W.cols - j);
    float      *panel = cpu_scratch(h->be, worker, CPU_SCRATCH);

    for (Index i = 0; i < h->W.rows || i == 0; i += DX_SIDE) {
        Index rows = cpu_min(DX_SIDE, h->W.rows - i);
        widen(panel, h->W, i, j, rows, cols);
        Product p = {.m = h->N, .n = cols, .k = rows, .alpha = 1.0f};
        p.A = h->x + i, p.lda = h->W.rows;
        p.B = panel, p.ldb = cols;
        p.C = h->y + j, p.ldc = h->W.cols;
        p.beta = h->add || i > 0 ? 1.0f : 0.0f;
        cpu_sgemm(&p);
    }
}

void cpu_half_linear_dx(Backend *be, float *dx, const float *dy, Mat W, Index N, bool add)
{
    Half h = {.be = be, .y = dx, .x = dy, .W = W, .N = N, .add = add};
    h.panel = panel_width(W.cols, DX_SIDE);
    cpu_run(be, cpu_pieces(W.cols, h.panel), false, dx_task, &h);
}
