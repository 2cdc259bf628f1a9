/*
 * RMSNorm (Zhang, Sennrich 2019): a row divided by its root mean square, times a learned gain.
 *
 *   y_i = x_i s w_i,   s = 1/sqrt(mean(x^2) + eps)
 *
 * Derivation of the gradient. Since s = (sum_j x_j^2/D + eps)^(-1/2),
 *
 *   ds/dx_i = -1/2 s^3 * 2 x_i/D = -s^3 x_i / D.
 *
 * With g_i = dy_i w_i the row's L changes by  sum_j g_j d(x_j s), hence
 *
 *   dx_i = s g_i + (sum_j g_j x_j) ds/dx_i = s g_i - x_i s^3 dot(g,x) / D
 *   dw_i = dy_i x_i s, summed over the rows.
 */

#include "core/math/ref/ref.h"

#include <math.h>

void ref_rmsnorm(Backend *be, float *y, float *inv, const float *x, const float *w, Index N,
                 Index D, float eps)
{
    (void)be;
    for (Index n = 0; n < N; n++) {
        const float *xn = x + n * D;

        double squares = 0.0;
        for (Index d = 0; d < D; d++) squares += (double)xn[d] * (double)xn[d];
        double s = 1.0 / sqrt(squares / (double)D + (double)eps);

        for (Index d = 0; d < D; d++) y[n * D + d] = (float)((double)xn[d] * s * (double)w[d]);
        inv[n] = (float)s;
    }
}

static void grad_x(float *dx, const float *dy, const float *x, const float *w, double s, Index D)
{
    double dot = 0.0;
    for (Index d = 0; d < D; d++) dot += (double)dy[d] * (double)w[d] * (double)x[d];
    double pull = s * s * s * dot / (double)D;
    for (Index d = 0; d < D; d++) {
        double g = (double)dy[d] * (double)w[d];
        dx[d] = (float)((double)dx[d] + s * g - (double)x[d] * pull);
    }
}

void ref_rmsnorm_grad(Backend *be, float *dx, float *dw, const float *dy, const float *x,
                      const float *w, const float *inv, Index N, Index D)
{
    (void)be;
    for (Index n = 0; n < N && dx != NULL; n++) {
        grad_x(dx + n * D, dy + n * D, x + n * D, w, (double)inv[n], D);
    }
    for (Index d = 0; d < D && dw != NULL; d++) {
        double sum = (double)dw[d];
        for (Index n = 0; n < N; n++) {
            sum += (double)dy[n * D + d] * (double)x[n * D + d] * (double)inv[n];
        }
        dw[d] = (float)sum;
    }
}
