/*
 * y[N,out] = x[N,in] W^T + bias for at most four rows of x: generation. The time is that of
 * reading W once, so W is read from front to back, as prefetching likes it best; a vector of W,
 * once widened, serves all rows of x, which stay in the nearest cache.
 */

#include "core/math/cpu/vec.h"

enum { MOST_ROWS = 4, PARTS = 4, TASK_BYTES = 64 * 1024 };

/* dtype, N and parts are constants wherever these are called. */
ALWAYS_INLINE Vec weights(DType dtype, const void *W, Index at)
{
    if (dtype == DTYPE_BF16) return vec_from_bf16((const uint16_t *)W + at);
    if (dtype == DTYPE_F16) return vec_from_f16((const uint16_t *)W + at);
    return vec_load((const float *)W + at);
}

ALWAYS_INLINE float weight(DType dtype, const void *W, Index at)
{
    if (dtype == DTYPE_BF16) return cpu_from_bf16(((const uint16_t *)W)[at]);
    if (dtype == DTYPE_F16) return cpu_from_f16(((const uint16_t *)W)[at]);
    return ((const float *)W)[at];
}

/* sum[n] = dot of row n of x with the row of W that begins at element `at`. Each is made of
 * several sums side by side: one alone would wait for itself. */
ALWAYS_INLINE void dots(DType dtype, int N, int parts, float sum[MOST_ROWS], const float *x,
                        const void *W, Index at, Index in)
{
    Vec   s[MOST_ROWS][PARTS];
    Index j = 0, step = parts * CPU_LANES;
    UNROLL
    for (int n = 0; n < N; n++) {
        UNROLL
        for (int p = 0; p < parts; p++) s[n][p] = (Vec){0.0f};
    }
    for (; j + step <= in; j += step) {
        UNROLL
        for (int p = 0; p < parts; p++) {
            Index k = j + p * CPU_LANES;
            Vec   w = weights(dtype, W, at + k);
            UNROLL
            for (int n = 0; n < N; n++) s[n][p] += w * vec_load(x + n * in + k);
        }
    }
    UNROLL
    for (int n = 0; n < N; n++) {
        Vec all = s[n][0];
        UNROLL
        for (int p = 1; p < parts; p++) all += s[n][p];
        sum[n] = vec_sum(all);
        for (Index k = j; k < in; k++) sum[n] += weight(dtype, W, at + k) * x[n * in + k];
    }
}

typedef struct Gemv {
    float       *y;
    const float *x, *bias;
    Mat          W;
    Index        N;
} Gemv;

ALWAYS_INLINE void some_rows(DType dtype, const Gemv *g, Index from, Index to)
{
    Index        in = g->W.cols, out = g->W.rows, N = g->N;
    const void  *W = g->W.data;
    const float *x = g->x, *bias = g->bias;
    float       *y = g->y, sum[MOST_ROWS];

    for (Index row = from; row < to; row++) {
        switch (N) {
        case 1: dots(dtype, 1, 4, sum, x, W, row * in, in); break;
        case 2: dots(dtype, 2, 4, sum, x, W, row * in, in); break;
        case 3: dots(dtype, 3, 2, sum, x, W, row * in, in); break;
        default: dots(dtype, 4, 2, sum, x, W, row * in, in); break;
        }
        for (Index n = 0; n < N; n++) {
            y[n * out + row] = sum[n] + (bias != NULL ? bias[row] : 0.0f);
        }
    }
}

static void gemv_span(void *context, Index from, Index to)
{
    const Gemv *g = context;
    switch (g->W.dtype) {
    case DTYPE_BF16: some_rows(DTYPE_BF16, g, from, to); break;
    case DTYPE_F16: some_rows(DTYPE_F16, g, from, to); break;
    default: some_rows(DTYPE_F32, g, from, to); break;
    }
}

bool cpu_gemv(Backend *be, float *y, const float *x, Mat W, const float *bias, Index N)
{
    if (N > MOST_ROWS) return false;
    Index row_bytes = cpu_max(W.cols * dtype_bytes(W.dtype), 1);
    Index rows = cpu_max(TASK_BYTES / row_bytes, 1);
    cpu_for(be, W.rows, rows, gemv_span, &(Gemv){y, x, bias, W, N});
    return true;
}
