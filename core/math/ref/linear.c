/*
 * A linear map with the weight stored as [out, in], one row per output, as in PyTorch:
 *
 *   y[n,o] = sum_i x[n,i] W[o,i] + bias[o]
 *
 * For a loss L with dy = dL/dy the chain rule gives
 *
 *   dx[n,i] = sum_o dy[n,o] W[o,i]        dx = dy W
 *   dW[o,i] = sum_n dy[n,o] x[n,i]        dW = dy^T x
 *   db[o]   = sum_n dy[n,o]
 *
 * W may be stored in half precision; every element widens exactly.
 */

#include "core/math/ref/ref.h"

void ref_linear(Backend *be, float *y, const float *x, Mat W, const float *bias, Index N)
{
    (void)be;
    Index in = W.cols, out = W.rows;
    for (Index n = 0; n < N; n++) {
        for (Index o = 0; o < out; o++) {
            double sum = bias != NULL ? (double)bias[o] : 0.0;
            for (Index i = 0; i < in; i++) {
                sum += (double)x[n * in + i] * ref_mat_at(W, o * in + i);
            }
            y[n * out + o] = (float)sum;
        }
    }
}

void ref_linear_dx(Backend *be, float *dx, const float *dy, Mat W, Index N, bool add)
{
    (void)be;
    Index in = W.cols, out = W.rows;
    for (Index n = 0; n < N; n++) {
        for (Index i = 0; i < in; i++) {
            double sum = add ? (double)dx[n * in + i] : 0.0;
            for (Index o = 0; o < out; o++) {
                sum += (double)dy[n * out + o] * ref_mat_at(W, o * in + i);
            }
            dx[n * in + i] = (float)sum;
        }
    }
}

void ref_linear_dw(Backend *be, float *dW, const float *dy, const float *x, Index N, Index out,
                   Index in)
{
    (void)be;
    if (dW == NULL) return;
    for (Index o = 0; o < out; o++) {
        for (Index i = 0; i < in; i++) {
            double sum = (double)dW[o * in + i];
            for (Index n = 0; n < N; n++) {
                sum += (double)dy[n * out + o] * (double)x[n * in + i];
            }
            dW[o * in + i] = (float)sum;
        }
    }
}

void ref_bias_grad(Backend *be, float *db, const float *dy, Index N, Index D)
{
    (void)be;
    if (db == NULL) return;
    for (Index d = 0; d < D; d++) {
        double sum = (double)db[d];
        for (Index n = 0; n < N; n++) sum += (double)dy[n * D + d];
        db[d] = (float)sum;
    }
}

void ref_mat_rows(Backend *be, float *out, Mat W, Index row0, Index n)
{
    (void)be;
    CHECK(row0 >= 0 && n >= 0 && row0 + n <= W.rows);
    for (Index i = 0; i < n * W.cols; i++) out[i] = (float)ref_mat_at(W, row0 * W.cols + i);
}
