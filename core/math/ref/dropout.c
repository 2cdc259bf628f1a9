/*
 * Dropout (Srivastava et al. 2014), inverted: each element is dropped with probability p and
 * the rest divided by 1 - p, so that the expectation stays x. Given the mask the map is
 * diagonal, so its gradient is the same op applied to dy. Which elements are kept is defined
 * in dropout_bits.h.
 */

#include "core/math/dropout_bits.h"
#include "core/math/ref/ref.h"

void ref_dropout(Backend *be, float *y, const float *x, Dropout drop, Index N, Index D, bool add)
{
    (void)be;
    CHECK(drop.p >= 0.0f && drop.p < 1.0f);
    double keep_scale = 1.0 / (1.0 - (double)drop.p);
    for (Index n = 0; n < N; n++) {
        for (Index d = 0; d < D; d++) {
            bool   kept = dropout_keep4(&drop, drop.row_key[n], d / 4 * 4) >> d % 4 & 1u;
            double value = kept ? (double)x[n * D + d] * keep_scale : 0.0;
            double old = add ? (double)y[n * D + d] : 0.0;
            y[n * D + d] = (float)(old + value);
        }
    }
}
