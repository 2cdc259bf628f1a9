/*
 * Cross-entropy of a row of logits z with the label t, in nats:
 *
 *   L = -log softmax(z)_t,   softmax(z)_j = exp(z_j - M) / S,   S = sum_j exp(z_j - M)
 *     = log S + (M - z_t)
 *
 * with M the largest logit, so that no exponential overflows. M is never added to log S before
 * z_t is taken off: next to a logit of 1e30 the logarithm would vanish. The gradient is
 *
 *   dL/dz_j = softmax(z)_j - [j = t]
 */

#include "core/math/ref/ref.h"

#include <math.h>

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
        double largest = (double)zn[first], sum = 0.0;
        for (Index j = 0; j < V; j++) sum += exp((double)zn[j] - largest);

        if (best != NULL) best[n] = first;
        if (loss != NULL) loss[n] = t < 0 ? 0.0 : log(sum) + (largest - (double)zn[t]);
        for (Index j = 0; j < V && grad_scale != 0.0f; j++) {
            double slope = exp((double)zn[j] - largest) / sum - (j == t ? 1.0 : 0.0);
            zn[j] = t < 0 ? 0.0f : (float)((double)grad_scale * slope);
        }
    }
}
