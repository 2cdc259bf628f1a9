/*
 * Pointwise functions and sums. With s the sigmoid and Phi, phi the distribution and density
 * of the standard normal:
 *
 *           f(x)                       f'(x)
 *   relu    max(x, 0)                  1 where x > 0, else 0
 *   gelu    x Phi(x)                   Phi(x) + x phi(x)         (Hendrycks, Gimpel 2016)
 *   silu    x s(x)                     s + x s (1 - s)
 *   tanh    tanh x                     1 - tanh^2 x
 *
 * A NaN goes through all of them, relu included: what is not <= 0 is passed on.
 */

#include "core/math/ref/ref.h"

#include <math.h>

#define SQRT_HALF    0.70710678118654752440
#define INV_SQRT_2PI 0.39894228040143267794

static double value(Activation kind, double x)
{
    switch (kind) {
    case ACT_RELU:
        return x <= 0.0 ? 0.0 : x;
    case ACT_GELU:
        return x * 0.5 * (1.0 + erf(x * SQRT_HALF));
    case ACT_SILU:
        return x / (1.0 + exp(-x));
    case ACT_TANH:
        return tanh(x);
    }
    return (double)NAN;
}

static double slope(Activation kind, double x)
{
    switch (kind) {
    case ACT_RELU:
        return x <= 0.0 ? 0.0 : x > 0.0 ? 1.0 : x;
    case ACT_GELU:
        return 0.5 * (1.0 + erf(x * SQRT_HALF)) + x * INV_SQRT_2PI * exp(-0.5 * x * x);
    case ACT_SILU: {
        double s = 1.0 / (1.0 + exp(-x));
        return s + x * s * (1.0 - s);
    }
    case ACT_TANH:
        return 1.0 - tanh(x) * tanh(x);
    }
    return (double)NAN;
}

void ref_activation(Backend *be, Activation kind, float *y, const float *x, Index n)
{
    (void)be;
    CHECK(kind <= ACT_TANH);
    for (Index i = 0; i < n; i++) y[i] = (float)value(kind, (double)x[i]);
}

void ref_activation_grad(Backend *be, Activation kind, float *dx, const float *dy, const float *x,
                         Index n)
{
    (void)be;
    CHECK(kind <= ACT_TANH);
    if (dx == NULL) return;
    for (Index i = 0; i < n; i++) {
        dx[i] = (float)((double)dx[i] + (double)dy[i] * slope(kind, (double)x[i]));
    }
}

void ref_add(Backend *be, float *y, const float *a, const float *b, Index n)
{
    (void)be;
    for (Index i = 0; i < n; i++) y[i] = a[i] + b[i];
}

void ref_axpy(Backend *be, float *y, float a, const float *x, Index n)
{
    (void)be;
    for (Index i = 0; i < n; i++) y[i] = (float)((double)y[i] + (double)a * (double)x[i]);
}

void ref_scale(Backend *be, float *y, float a, Index n)
{
    (void)be;
    for (Index i = 0; i < n; i++) y[i] *= a;
}
