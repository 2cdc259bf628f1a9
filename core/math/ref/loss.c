/*
 * Cross-entropy of a row of logits z with the label t, in nats:
 *
 *   L = -log softmax(z)_t = logsumexp(z) - z_t,   logsumexp(z) = M + log sum_j exp(z_j - M)
 *
 * with M the largest logit, so that no exponential overflows. The gradient is the famous one:
 *
 *   dL/dz_j = exp(z_j - logsumexp(z)) - [j = t] = softmax(z)_j - onehot(t)_j
 */

#include "core/math/ref/ref.h"

#include <math.h>

static double log_sum_exp(const float *z, Index V, double largest)
{
    double sum = 0.0;
    for (Index j = 0; j < V; j++) sum += exp((double)z[j] - largest);
    return largest + log(sum);
}

void ref_cross_entropy(Backend *be, float *z, double *loss, int32_t *best, const int32_t *label,
                       Index N, Index V, float grad_scale)
{
    (void)be;
    CHECK(V > 0);
    for (Index n = 0; n < N; n++) {
        float  *zn = z + n * V;
        int32_t t = label[n], first = 0;
        CHECK(t >= -1 && t < V);

        for (Index j = 1; j < V; j++) {
            if (zn[j] > zn[first]) first = (int32_t)j;
        }
        double lse = log_sum_exp(zn, V, (double)zn[first]);

        if (best != NULL) best[n] = first;
        if (loss != NULL) loss[n] = t < 0 ? 0.0 : lse - (double)zn[t];
        for (Index j = 0; j < V && grad_scale != 0.0f; j++) {
            double slope = exp((double)zn[j] - lse) - (j == t ? 1.0 : 0.0);
            zn[j] = t < 0 ? 0.0f : (float)((double)grad_scale * slope);
        }
    }
}
