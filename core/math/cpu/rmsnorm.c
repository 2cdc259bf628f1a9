/*
 * RMSNorm, a row at a time. For one row let s = inv and g = dy*w. Since ds/dx_i = -s^3 x_i / D,
 *
 *     dx = s*g - x * s^3 * dot(g, x) / D,      dw = sum over rows of dy*x*s
 *
 * A row is read once from memory: the second pass finds it in the nearest cache.
 */

#include "core/math/cpu/cpu_ops.h"

#include <math.h>

typedef struct Norm {
    float       *y, *inv_out;
    const float *x, *w, *dy, *inv;
    Index        D;
    float        eps;
} Norm;

/* Four sums side by side, each over a quarter of the row: one alone would wait for itself. */
static float squares(const float *x, Index n)
{
    Index q = n / 4;
    float s = 0.0f, s1 = 0.0f, s2 = 0.0f, s3 = 0.0f;
#pragma omp simd reduction(+ : s, s1, s2, s3)
    for (Index i = 0; i < q; i++) {
        s += x[i] * x[i];
        s1 += x[i + q] * x[i + q];
        s2 += x[i + 2 * q] * x[i + 2 * q];
        s3 += x[i + 3 * q] * x[i + 3 * q];
    }
    for (Index i = 4 * q; i < n; i++) s += x[i] * x[i];
    return (s + s1) + (s2 + s3);
}

/* sum of a*b*c */
static float dot3(const float *a, const float *b, const float *c, Index n)
{
    Index q = n / 4;
    float s = 0.0f, s1 = 0.0f, s2 = 0.0f, s3 = 0.0f;
#pragma omp simd reduction(+ : s, s1, s2, s3)
    for (Index i = 0; i < q; i++) {
        s += a[i] * b[i] * c[i];
        s1 += a[i + q] * b[i + q] * c[i + q];
        s2 += a[i + 2 * q] * b[i + 2 * q] * c[i + 2 * q];
        s3 += a[i + 3 * q] * b[i + 3 * q] * c[i + 3 * q];
    }
    for (Index i = 4 * q; i < n; i++) s += a[i] * b[i] * c[i];
    return (s + s1) + (s2 + s3);
}

static void norm_span(void *context, Index from, Index to)
{
    const Norm *p = context;
    Index       D = p->D;
    const float *restrict w = p->w;
    for (Index n = from; n < to; n++) {
        const float *restrict x = p->x + n * D;
        float *restrict y = p->y + n * D;
        float inv = 1.0f / sqrtf(squares(x, D) / (float)D + p->eps);
        p->inv_out[n] = inv;
        for (Index d = 0; d < D; d++) y[d] = x[d] * inv * w[d];
    }
}

void cpu_rmsnorm(Backend *be, float *y, float *inv, const float *x, const float *w, Index N,
                 Index D, float eps)
{
    Norm p = {.y = y, .inv_out = inv, .x = x, .w = w, .D = D, .eps = eps};
    cpu_for(be, N, cpu_rows(D), norm_span, &p);
}

static void grad_span(void *context, Index from, Index to)
{
    const Norm *p = context;
    Index       D = p->D;
    const float *restrict w = p->w;
    for (Index n = from; n < to; n++) {
        const float *restrict x = p->x + n * D, *restrict dy = p->dy + n * D;
        float *restrict dx = p->y + n * D;
        float s = p->inv[n];
        float k = s * s * s * dot3(dy, w, x, D) / (float)D;
        for (Index d = 0; d < D; d++) dx[d] += s * dy[d] * w[d] - k * x[d];
    }
}

void cpu_rmsnorm_grad(Backend *be, float *dx, float *dw, const float *dy, const float *x,
                      const float *w, const float *inv, Index N, Index D)
{
    Norm p = {.y = dx, .x = x, .w = w, .dy = dy, .inv = inv, .D = D};
    if (dx != NULL) cpu_for(be, N, cpu_rows(D), grad_span, &p);
    if (dw != NULL) cpu_column_sums(be, dw, dy, x, inv, N, D);
}
