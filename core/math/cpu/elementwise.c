/*
 * Sums and multiples of whole arrays.
 */

#include "core/math/cpu/cpu_ops.h"

typedef struct Arrays {
    float       *y;
    const float *a, *b;
    float        factor;
} Arrays;

static void add_span(void *context, Index from, Index to)
{
    const Arrays *p = context;
    float        *y = p->y; /* may be a or b */
    const float  *a = p->a, *b = p->b;
#pragma omp simd
    for (Index i = from; i < to; i++) y[i] = a[i] + b[i];
}

void cpu_add(Backend *be, float *y, const float *a, const float *b, Index n)
{
    cpu_for(be, n, CPU_CHUNK, add_span, &(Arrays){y, a, b, 0.0f});
}

static void axpy_span(void *context, Index from, Index to)
{
    const Arrays *p = context;
    float        *y = p->y;
    const float  *x = p->a;
    float         a = p->factor;
#pragma omp simd
    for (Index i = from; i < to; i++) y[i] += a * x[i];
}

void cpu_axpy(Backend *be, float *y, float a, const float *x, Index n)
{
    cpu_for(be, n, CPU_CHUNK, axpy_span, &(Arrays){y, x, NULL, a});
}

static void scale_span(void *context, Index from, Index to)
{
    const Arrays *p = context;
    float        *y = p->y, a = p->factor;
    for (Index i = from; i < to; i++) y[i] *= a;
}

void cpu_scale(Backend *be, float *y, float a, Index n)
{
    cpu_for(be, n, CPU_CHUNK, scale_span, &(Arrays){y, NULL, NULL, a});
}
