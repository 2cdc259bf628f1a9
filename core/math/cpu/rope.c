/*
 * Rotary positions: each pair (j, j + K/2) of a head turned by the angle of its position, in
 * place. The inverse turns by the opposite angle: the same with -sin.
 */

#include "core/math/cpu/cpu_ops.h"

typedef struct Rope {
    float         *x;
    const float   *cos, *sin;
    const int32_t *position;
    Index          heads, K;
    float          sign; /* -1 for the inverse */
} Rope;

static void rotate(float *restrict low, float *restrict high, const float *restrict c,
                   const float *restrict s, float sign, Index half)
{
    for (Index j = 0; j < half; j++) {
        float a = low[j], b = high[j], sine = sign * s[j];
        low[j] = a * c[j] - b * sine;
        high[j] = b * c[j] + a * sine;
    }
}

static void rope_span(void *context, Index from, Index to)
{
    const Rope *r = context;
    Index       half = r->K / 2;
    for (Index n = from; n < to; n++) {
        const float *c = r->cos + r->position[n] * half, *s = r->sin + r->position[n] * half;
        for (Index h = 0; h < r->heads; h++) {
            float *head = r->x + (n * r->heads + h) * r->K;
            rotate(head, head + half, c, s, r->sign, half);
        }
    }
}

void cpu_rope(Backend *be, float *x, const float *cos, const float *sin, const int32_t *position,
              Index N, Index heads, Index K, bool inverse)
{
    CHECK(K % 2 == 0);
    Rope r = {x, cos, sin, position, heads, K, inverse ? -1.0f : 1.0f};
    cpu_for(be, N, cpu_rows(heads * K), rope_span, &r);
}
