/*
 * Rotary position embedding (Su et al. 2021), in the layout of transformers ("rotate half"):
 * in each head of width K the pair (x_j, x_{j+K/2}) is a point of the plane, turned by the
 * angle t * theta_j of its position t. Scores q.k then depend on the distance of positions only.
 *
 *   [ x_j'       ]   [ cos  -sin ] [ x_j       ]
 *   [ x_{j+K/2}' ] = [ sin   cos ] [ x_{j+K/2} ]
 *
 * A rotation's transpose is its inverse, so the gradient turns back: sin changes its sign.
 */

#include "core/math/ref/ref.h"

void ref_rope(Backend *be, float *x, const float *cos, const float *sin, const int32_t *position,
              Index N, Index heads, Index K, bool inverse)
{
    (void)be;
    CHECK(K % 2 == 0);
    Index half = K / 2;
    for (Index n = 0; n < N; n++) {
        const float *c = cos + position[n] * half, *s = sin + position[n] * half;
        for (Index h = 0; h < heads; h++) {
            float *xh = x + (n * heads + h) * K;
            for (Index j = 0; j < half; j++) {
                double a = (double)xh[j], b = (double)xh[j + half];
                double cj = (double)c[j], sj = inverse ? -(double)s[j] : (double)s[j];
                xh[j] = (float)(a * cj - b * sj);
                xh[j + half] = (float)(b * cj + a * sj);
            }
        }
    }
}
