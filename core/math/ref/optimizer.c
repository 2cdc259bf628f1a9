/*
 * Optimizer steps, one parameter at a time.
 *
 * AdamW (Kingma, Ba 2014; Loshchilov, Hutter 2019) keeps running means of the gradient and of
 * its square. They start at zero and so are too small by the factor 1 - beta^t after t steps,
 * which the corrections undo:
 *
 *   m <- b1 m + (1-b1) g,   v <- b2 v + (1-b2) g^2
 *   w <- w - lr decay w - lr (m/c1) / (sqrt(v/c2) + eps)
 *
 * The decay acts on the weight itself, not through g ("decoupled").
 */

#include "core/math/ref/ref.h"

#include <math.h>

double ref_sum_squares(Backend *be, const float *x, Index n)
{
    (void)be;
    /* The square of the largest float is 1.2e77: a double cannot overflow here. */
    double sum = 0.0;
    for (Index i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
    return sum;
}

void ref_adamw(Backend *be, float *w, float *m, float *v, const float *g, Index n, AdamW p)
{
    (void)be;
    double lr = (double)p.learning_rate, b1 = (double)p.beta1, b2 = (double)p.beta2;
    double c1 = (double)p.correction1, c2 = (double)p.correction2;
    for (Index i = 0; i < n; i++) {
        double gi = (double)p.grad_scale * (double)g[i];
        double mi = b1 * (double)m[i] + (1.0 - b1) * gi;
        double vi = b2 * (double)v[i] + (1.0 - b2) * gi * gi;
        double wi = (double)w[i] * (1.0 - lr * (double)p.weight_decay);
        w[i] = (float)(wi - lr / c1 * mi / (sqrt(vi) / sqrt(c2) + (double)p.epsilon));
        m[i] = (float)mi;
        v[i] = (float)vi;
    }
}

void ref_sgd(Backend *be, float *w, float *buf, const float *g, Index n, Sgd p)
{
    (void)be;
    CHECK(buf != NULL || p.momentum == 0.0f);
    for (Index i = 0; i < n; i++) {
        double step = (double)p.grad_scale * (double)g[i] + (double)p.weight_decay * (double)w[i];
        if (buf != NULL && p.momentum != 0.0f) {
            if (!p.first) step += (double)p.momentum * (double)buf[i];
            buf[i] = (float)step;
        }
        w[i] = (float)((double)w[i] - (double)p.learning_rate * step);
    }
}
