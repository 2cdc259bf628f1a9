/*
 * SwiGLU (Shazeer 2020): y = silu(gate) * up,  silu(z) = z sigmoid(z) = z / (1 + exp(-z)).
 *
 * With s = sigmoid(gate), ds/dgate = s (1 - s), so
 *
 *   dsilu/dgate = s + gate s (1 - s)
 *   dgate = dy up (s + gate s (1 - s))
 *   dup   = dy gate s
 */

#include "core/math/ref/ref.h"

#include <math.h>

static double sigmoid(double z)
{
    return 1.0 / (1.0 + exp(-z));
}

void ref_swiglu(Backend *be, float *y, const float *gate, const float *up, Index n)
{
    (void)be;
    for (Index i = 0; i < n; i++) {
        double z = (double)gate[i];
        y[i] = (float)(z * sigmoid(z) * (double)up[i]);
    }
}

void ref_swiglu_grad(Backend *be, float *dgate, float *dup, const float *dy, const float *gate,
                     const float *up, Index n)
{
    (void)be;
    for (Index i = 0; i < n; i++) {
        double z = (double)gate[i], s = sigmoid(z), g = (double)dy[i];
        if (dgate != NULL) {
            double slope = s + z * s * (1.0 - s);
            dgate[i] = (float)((double)dgate[i] + g * (double)up[i] * slope);
        }
        if (dup != NULL) dup[i] = (float)((double)dup[i] + g * z * s);
    }
}
