/*
 * The activations of bottleneck adapters, element by element.
 *
 *   relu  max(x, 0), slope 0 at 0        silu  x s,  slope s + x s (1 - s)
 *   gelu  x Phi(x),  slope Phi(x) + x phi(x)          tanh  slope 1 - tanh^2
 */

#include "core/math/cpu/cpu.h"
#include "core/math/cpu/exp.h"

#include <math.h>

typedef struct Act {
    float       *y;
    const float *x, *dy;
} Act;

/* The normal distribution function. */
static float normal_cdf(float x)
{
    return 0.5f * (1.0f + erff(x * 0x1.6a09e6p-1f));
}

static void relu_span(void *context, Index from, Index to)
{
    const Act *p = context;
    for (Index i = from; i < to; i++) p->y[i] = p->x[i] < 0.0f ? 0.0f : p->x[i];
}

static void gelu_span(void *context, Index from, Index to)
{
    const Act *p = context;
    for (Index i = from; i < to; i++) p->y[i] = p->x[i] * normal_cdf(p->x[i]);
}

static void silu_span(void *context, Index from, Index to)
{
    const Act *p = context;
#pragma omp simd
    for (Index i = from; i < to; i++) p->y[i] = p->x[i] * cpu_sigmoid(p->x[i]);
}

static void tanh_span(void *context, Index from, Index to)
{
    const Act *p = context;
    for (Index i = from; i < to; i++) p->y[i] = tanhf(p->x[i]);
}

static void relu_grad_span(void *context, Index from, Index to)
{
    const Act *p = context;
    for (Index i = from; i < to; i++) p->y[i] += p->x[i] > 0.0f ? p->dy[i] : 0.0f;
}

static void gelu_grad_span(void *context, Index from, Index to)
{
    const Act  *p = context;
    const float inv_sqrt_2pi = 0x1.988454p-2f;
    for (Index i = from; i < to; i++) {
        float x = p->x[i], density = inv_sqrt_2pi * cpu_exp(-0.5f * x * x);
        p->y[i] += p->dy[i] * (normal_cdf(x) + x * density);
    }
}

static void silu_grad_span(void *context, Index from, Index to)
{
    const Act *p = context;
#pragma omp simd
    for (Index i = from; i < to; i++) {
        float s = cpu_sigmoid(p->x[i]);
        p->y[i] += p->dy[i] * (s + p->x[i] * s * (1.0f - s));
    }
}

static void tanh_grad_span(void *context, Index from, Index to)
{
    const Act *p = context;
    for (Index i = from; i < to; i++) {
        float t = tanhf(p->x[i]);
        p->y[i] += p->dy[i] * (1.0f - t * t);
    }
}

static const struct {
    CpuSpan *value, *grad;
} spans[] = {
    [ACT_RELU] = {relu_span, relu_grad_span},
    [ACT_GELU] = {gelu_span, gelu_grad_span},
    [ACT_SILU] = {silu_span, silu_grad_span},
    [ACT_TANH] = {tanh_span, tanh_grad_span},
};

void cpu_activation(Backend *be, Activation kind, float *y, const float *x, Index n)
{
    cpu_for(be, n, CPU_CHUNK, spans[kind].value, &(Act){y, x, NULL});
}

void cpu_activation_grad(Backend *be, Activation kind, float *dx, const float *dy, const float *x,
                         Index n)
{
    if (dx != NULL) cpu_for(be, n, CPU_CHUNK, spans[kind].grad, &(Act){dx, x, dy});
}
