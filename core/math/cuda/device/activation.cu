/*
 * Pointwise functions. With s the sigmoid and Phi, phi the distribution and density of the standard
 * normal:
 *
 *           f(x)         f'(x)
 *   relu    max(x, 0)    1 where x > 0, else 0
 *   gelu    x Phi(x)     Phi(x) + x phi(x)
 *   silu    x s(x)       s + x s (1 - s)
 *   tanh    tanh x       1 - tanh^2 x
 *
 * A NaN goes through all of them, relu included: what is not <= 0 is passed on.
 */

#include "core/math/cuda/device/quad.cuh"

#define SQRT_HALF 0.70710678118654752440f
#define INV_SQRT_2PI 0.39894228040143267794f

typedef struct ActivationArgs {
    float       *y;  /* or dx, which is added to */
    const float *dy; /* gradient only */
    const float *x;
    Span         span;
    Activation   kind;
} ActivationArgs;

static __device__ float normal_cdf(float x)
{
    return 0.5f * (1.0f + erff(x * SQRT_HALF));
}

static __device__ float activation_value(Activation kind, float x)
{
    switch (kind) {
    case ACT_RELU:
        return x <= 0.0f ? 0.0f : x;
    case ACT_GELU:
        return x * normal_cdf(x);
    case ACT_SILU:
        return x / (1.0f + expf(-x));
    case ACT_TANH:
        break;
    }
    return tanhf(x);
}

static __device__ float activation_slope(Activation kind, float x)
{
    switch (kind) {
    case ACT_RELU:
        return x <= 0.0f ? 0.0f : x > 0.0f ? 1.0f : x;
    case ACT_GELU:
        return normal_cdf(x) + x * INV_SQRT_2PI * expf(-0.5f * x * x);
    case ACT_SILU: {
        float s = 1.0f / (1.0f + expf(-x));
        return s + x * s * (1.0f - s);
    }
    case ACT_TANH:
        break;
    }
    float t = tanhf(x);
    return 1.0f - t * t;
}

static __global__ void activate(ActivationArgs a)
{
    FOR_EACH(q, a.span.quads)
    {
        Quad x = load_quad(a.x, q, a.span);
        for (int k = 0; k < 4; k++) x.v[k] = activation_value(a.kind, x.v[k]);
        store_quad(a.y, q, a.span, x);
    }
}

static __global__ void add_activation_grad(ActivationArgs a)
{
    FOR_EACH(q, a.span.quads)
    {
        Quad x = load_quad(a.x, q, a.span), dy = load_quad(a.dy, q, a.span);
        for (int k = 0; k < 4; k++) dy.v[k] *= activation_slope(a.kind, x.v[k]);
        add_quad(a.y, q, a.span, dy);
    }
}

void cuda_activation(Backend *be, Activation kind, float *y, const float *x, Index n)
{
    Device        *d = device_of(be);
    ActivationArgs a = {};
    a.y = y;
    a.x = x;
    a.span = flat_span(n, y, x);
    a.kind = kind;
    launch(d, activate, grid_for(d, a.span.quads), a);
}

void cuda_activation_grad(Backend *be, Activation kind, float *dx, const float *dy, const float *x,
                          Index n)
{
    Device *d = device_of(be);
    if (dx == NULL) return;
    ActivationArgs a = {};
    a.y = dx;
    a.dy = dy;
    a.x = x;
    a.span = flat_span(n, dx, dy, x);
    a.kind = kind;
    launch(d, add_activation_grad, grid_for(d, a.span.quads), a);
}
