/*
 * The activations of bottleneck adapters, element by element.
 *
 *   relu  max(x, 0), slope 0 at 0        silu  x s,  slope s + x s (1 - s)
 *   gelu  x Phi(x),  slope Phi(x) + x phi(x)          tanh  slope 1 - tanh^2
 */

#include "core/math/cpu/cpu_ops.h"
#include "core/math/cpu/exp.h"

#include <math.h>

typedef void Value(float *restrict y, const float *restrict x, Index n);
typedef void Slope(float *restrict dx, const float *restrict dy, const float *restrict x, Index n);

/* The normal distribution function. */
static float normal_cdf(float x)
{
    return 0.5f * (1.0f + erff(x * 0x1.6a09e6p-1f));
}

static void relu(float *restrict y, const float *restrict x, Index n)
{
    for (Index i = 0; i < n; i++) y[i] = x[i] < 0.0f ? 0.0f : x[i];
}

static void gelu(float *restrict y, const float *restrict x, Index n)
{
    for (Index i = 0; i < n; i++) y[i] = x[i] * normal_cdf(x[i]);
}

static void silu(float *restrict y, const float *restrict x, Index n)
{
    for (Index i = 0; i < n; i++) y[i] = x[i] * cpu_sigmoid(x[i]);
}

static void hyperbolic(float *restrict y, const float *restrict x, Index n)
{
    for (Index i = 0; i < n; i++) y[i] = tanhf(x[i]);
}

static void relu_slope(float *restrict dx, const float *restrict dy, const float *restrict x,
                       Index n)
{
    for (Index i = 0; i < n; i++) dx[i] += x[i] > 0.0f ? dy[i] : 0.0f;
}

static void gelu_slope(float *restrict dx, const float *restrict dy, const float *restrict x,
                       Index n)
{
    const float inv_sqrt_2pi = 0x1.988454p-2f;
    for (Index i = 0; i < n; i++) {
        float density = inv_sqrt_2pi * cpu_exp(-0.5f * x[i] * x[i]);
        dx[i] += dy[i] * (normal_cdf(x[i]) + x[i] * density);
    }
}

static void silu_slope(float *restrict dx, const float *restrict dy, const float *restrict x,
                       Index n)
{
    for (Index i = 0; i < n; i++) {
        float s = cpu_sigmoid(x[i]);
        dx[i] += dy[i] * (s + x[i] * s * (1.0f - s));
    }
}

static void hyperbolic_slope(float *restrict dx, const float *restrict dy, const float *restrict x,
                             Index n)
{
    for (Index i = 0; i < n; i++) {
        float t = tanhf(x[i]);
        dx[i] += dy[i] * (1.0f - t * t);
    }
}

static const struct {
    Value *value;
    Slope *slope;
} activations[] = {
    [ACT_RELU] = {relu, relu_slope},
    [ACT_GELU] = {gelu, gelu_slope},
    [ACT_SILU] = {silu, silu_slope},
    [ACT_TANH] = {hyperbolic, hyperbolic_slope},
};

typedef struct Act {
    Activation   kind;
    float       *y;
    const float *x, *dy;
} Act;

static void value_span(void *context, Index from, Index to)
{
    const Act *p = context;
    activations[p->kind].value(p->y + from, p->x + from, to - from);
}

static void slope_span(void *context, Index from, Index to)
{
    const Act *p = context;
    activations[p->kind].slope(p->y + from, p->dy + from, p->x + from, to - from);
}

void cpu_activation(Backend *be, Activation kind, float *y, const float *x, Index n)
{
    cpu_for(be, n, CPU_CHUNK, value_span, &(Act){kind, y, x, NULL});
}

void cpu_activation_grad(Backend *be, Activation kind, float *dx, const float *dy, const float *x,
                         Index n)
{
    if (dx != NULL) cpu_for(be, n, CPU_CHUNK, slope_span, &(Act){kind, dx, x, dy});
}
