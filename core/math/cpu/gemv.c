/*
 * y[N,out] = x[N,in] W^T + bias for at most four rows of x: generation. The time is that of
 * reading W once; four rows of W go together, so that x is read from the nearest cache and
 * four sums run side by side. One kernel per storage type.
 */

#include "core/math/cpu/cpu.h"
#include "core/math/cpu/half.h"

enum { GROUP = 4, TASK_BYTES = 64 * 1024 };

typedef void Dots(float sum[GROUP], const float *x, const void *W, Index in);

/* sum[i] = dot of x with row i of W, for four rows */
static void dots_f32(float sum[GROUP], const float *x, const void *W, Index in)
{
    const float *w = W, *w1 = w + in, *w2 = w1 + in, *w3 = w2 + in;
    float        s0 = 0.0f, s1 = 0.0f, s2 = 0.0f, s3 = 0.0f;
#pragma omp simd reduction(+ : s0, s1, s2, s3)
    for (Index j = 0; j < in; j++) {
        s0 += w[j] * x[j];
        s1 += w1[j] * x[j];
        s2 += w2[j] * x[j];
        s3 += w3[j] * x[j];
    }
    sum[0] = s0, sum[1] = s1, sum[2] = s2, sum[3] = s3;
}

static void dots_bf16(float sum[GROUP], const float *x, const void *W, Index in)
{
    const uint16_t *w = W, *w1 = w + in, *w2 = w1 + in, *w3 = w2 + in;
    float           s0 = 0.0f, s1 = 0.0f, s2 = 0.0f, s3 = 0.0f;
#pragma omp simd reduction(+ : s0, s1, s2, s3)
    for (Index j = 0; j < in; j++) {
        s0 += cpu_from_bf16(w[j]) * x[j];
        s1 += cpu_from_bf16(w1[j]) * x[j];
        s2 += cpu_from_bf16(w2[j]) * x[j];
        s3 += cpu_from_bf16(w3[j]) * x[j];
    }
    sum[0] = s0, sum[1] = s1, sum[2] = s2, sum[3] = s3;
}

static void dots_f16(float sum[GROUP], const float *x, const void *W, Index in)
{
    const uint16_t *w = W, *w1 = w + in, *w2 = w1 + in, *w3 = w2 + in;
    float           s0 = 0.0f, s1 = 0.0f, s2 = 0.0f, s3 = 0.0f;
#pragma omp simd reduction(+ : s0, s1, s2, s3)
    for (Index j = 0; j < in; j++) {
        s0 += cpu_from_f16(w[j]) * x[j];
        s1 += cpu_from_f16(w1[j]) * x[j];
        s2 += cpu_from_f16(w2[j]) * x[j];
        s3 += cpu_from_f16(w3[j]) * x[j];
    }
    sum[0] = s0, sum[1] = s1, sum[2] = s2, sum[3] = s3;
}

static Dots *const dots_of[] = {
    [DTYPE_F32] = dots_f32,
    [DTYPE_F16] = dots_f16,
    [DTYPE_BF16] = dots_bf16,
};
_Static_assert(sizeof dots_of / sizeof dots_of[0] == DTYPE_COUNT, "one kernel per DType");

/* One row alone, for what remains of four. */
static float dot_row(const float *x, Mat W, Index row)
{
    const char *w = (const char *)W.data + row * W.cols * dtype_bytes(W.dtype);
    float       s = 0.0f;
    if (W.dtype == DTYPE_F32) {
        for (Index j = 0; j < W.cols; j++) s += ((const float *)(const void *)w)[j] * x[j];
        return s;
    }
    const uint16_t *half = (const void *)w;
    bool            bf16 = W.dtype == DTYPE_BF16;
    for (Index j = 0; j < W.cols; j++) {
        s += (bf16 ? cpu_from_bf16(half[j]) : cpu_from_f16(half[j])) * x[j];
    }
    return s;
}

typedef struct Gemv {
    float       *y;
    const float *x, *bias;
    Mat          W;
    Index        N;
} Gemv;

static void gemv_span(void *context, Index from, Index to)
{
    const Gemv *g = context;
    Index       in = g->W.cols, out = g->W.rows, row = from;
    Index       row_bytes = in * dtype_bytes(g->W.dtype);
    Dots       *dots = dots_of[g->W.dtype];

    for (; row + GROUP <= to; row += GROUP) {
        const char *w = (const char *)g->W.data + row * row_bytes;
        for (Index n = 0; n < g->N; n++) {
            float sum[GROUP];
            dots(sum, g->x + n * in, w, in);
            for (Index i = 0; i < GROUP; i++) {
                g->y[n * out + row + i] = sum[i] + (g->bias != NULL ? g->bias[row + i] : 0.0f);
            }
        }
    }
    for (; row < to; row++) {
        float bias = g->bias != NULL ? g->bias[row] : 0.0f;
        for (Index n = 0; n < g->N; n++) {
            g->y[n * out + row] = dot_row(g->x + n * in, g->W, row) + bias;
        }
    }
}

void cpu_gemv(Backend *be, float *y, const float *x, Mat W, const float *bias, Index N)
{
    Index row_bytes = cpu_max(W.cols * dtype_bytes(W.dtype), 1);
    Index rows = cpu_max(TASK_BYTES / row_bytes / GROUP, 1) * GROUP;
    cpu_for(be, W.rows, rows, gemv_span, &(Gemv){y, x, bias, W, N});
}
