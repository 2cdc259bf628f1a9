/*
 * RMSNorm, a row at a time. For one row let s = inv and g = dy*w. Since ds/dx_i = -s^3 x_i / D,
 *
 *     dx = s*g - x * s^3 * dot(g, x) / D,      dw = sum over rows of dy*x*s
 *
 * A row is read once from memory: the second pass finds it in the nearest cache.
 */

#include "core/math/cpu/cpu.h"

#include <math.h>

typedef struct Norm {
    float       *y, *inv_out;
    const float *x, *w, *dy, *inv;
    Index        D;
    float        eps;
} Norm;

static float dot(const float *a, const float *b, Index n)
{
    float s = 0.0f;
#pragma omp simd reduction(+ : s)
    for (Index i = 0; i < n; i++) s += a[i] * b[i];
    return s;
}

static float dot3(const float *a, const float *b, const float *c, Index n)
{
    float s = 0.0f;
#pragma omp simd reduction(+ : s)
    for (Index i = 0; i < n; i++) s += a[i] * b[i] * c[i];
    return s;
}

static void norm_span(void *context, Index from, Index to)
{
    const Norm *p = context;
    for (Index n = from; n < to; n++) {
        const float *x = p->x + n * p->D;
        float       *y = p->y + n * p->D;
        float        mean = dot(x, x, p->D) / (float)p->D;
        float        inv = 1.0f / sqrtf(mean + p->eps);
        p->inv_out[n] = inv;
        for (Index d = 0; d < p->D; d++) y[d] = x[d] * inv * p->w[d];
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
    for (Index n = from; n < to; n++) {
        const float *x = p->x + n * p->D, *dy = p->dy + n * p->D;
        float       *dx = p->y + n * p->D;
        float        s = p->inv[n];
        float        k = s * s * s * dot3(dy, p->w, x, p->D) / (float)p->D;
        for (Index d = 0; d < p->D; d++) dx[d] += s * dy[d] * p->w[d] - k * x[d];
    }
}

void cpu_rmsnorm_grad(Backend *be, float *dx, float *dw, const float *dy, const float *x,
                      const float *w, const float *inv, Index N, Index D)
{
    Norm p = {.y = dx, .x = x, .w = w, .dy = dy, .inv = inv, .D = D};
    if (dx != NULL) cpu_for(be, N, cpu_rows(D), grad_span, &p);
    if (dw != NULL) cpu_column_sums(be, dw, dy, x, inv, N, D);
}
