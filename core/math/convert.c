/*
 * The formats, from the highest bit:
 *
 *   float32   1 sign,  8 exponent (bias 127), 23 fraction
 *   bfloat16  1 sign,  8 exponent (bias 127),  7 fraction     the upper half of a float32
 *   float16   1 sign,  5 exponent (bias 15),  10 fraction     subnormals are k * 2^-24
 *
 * Rounding to nearest even of the low `s` bits of u: add half a unit less one, and one more
 * when the last bit that stays is odd; then shift. A carry runs into the exponent, which is
 * just what rounding up to the next power of two (or to infinity) means.
 */

#include "core/math/convert.h"

#include <math.h>
#include <string.h>

static uint32_t bits_of(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static float float_of(uint32_t u)
{
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

static uint32_t round_shift(uint32_t u, int s)
{
    uint32_t half = 1u << (s - 1);
    return (u + half - 1 + ((u >> s) & 1u)) >> s;
}

float f32_from_bf16(uint16_t bits)
{
    return float_of((uint32_t)bits << 16);
}

uint16_t bf16_from_f32(float x)
{
    uint32_t u = bits_of(x);
    /* Rounding could carry a NaN to infinity: keep its upper half and make it quiet. */
    if (isnan(x)) return (uint16_t)(u >> 16 | 0x40u);
    return (uint16_t)round_shift(u, 16);
}

float f32_from_f16(uint16_t bits)
{
    uint32_t sign = (uint32_t)(bits & 0x8000u) << 16;
    uint32_t exponent = bits >> 10 & 0x1fu, fraction = bits & 0x3ffu;

    if (exponent == 0x1f) return float_of(sign | 0x7f800000u | fraction << 13);
    if (exponent == 0) { /* zero or subnormal: a whole number of 2^-24, exact in float32 */
        float magnitude = (float)fraction * 0x1p-24f;
        return sign != 0 ? -magnitude : magnitude;
    }
    return float_of(sign | (exponent + 127 - 15) << 23 | fraction << 13);
}

uint16_t f16_from_f32(float x)
{
    uint32_t u = bits_of(x);
    uint32_t sign = u >> 16 & 0x8000u, magnitude = u & 0x7fffffffu;

    if (isnan(x)) return (uint16_t)(sign | 0x7e00u | (magnitude >> 13 & 0x1ffu));
    if (magnitude >= 0x47800000u) return (uint16_t)(sign | 0x7c00u); /* 2^16 and above */
    if (magnitude < 0x38800000u) {                     /* below 2^-14: count units of 2^-24 */
        int      shift = 126 - (int)(magnitude >> 23); /* 14 .. 126 */
        uint32_t fraction = (magnitude & 0x7fffffu) | 0x800000u;
        if (shift > 25) return (uint16_t)sign; /* less than half a unit */
        return (uint16_t)(sign | round_shift(fraction, shift));
    }
    /* A carry out of the largest fraction gives the bits of infinity: 65520 and above. */
    return (uint16_t)(sign | round_shift(magnitude - ((127u - 15u) << 23), 13));
}

void convert_to_f32(float *out, const void *data, DType dtype, Index n)
{
    CHECK(dtype < DTYPE_COUNT);
    const uint16_t *half = data;
    switch (dtype) {
    case DTYPE_F32:
        memcpy(out, data, (size_t)n * sizeof(float));
        return;
    case DTYPE_F16:
        for (Index i = 0; i < n; i++) out[i] = f32_from_f16(half[i]);
        return;
    case DTYPE_BF16:
        for (Index i = 0; i < n; i++) out[i] = f32_from_bf16(half[i]);
        return;
    case DTYPE_COUNT:
        return;
    }
}

void convert_from_f32(void *out, DType dtype, const float *x, Index n)
{
    CHECK(dtype < DTYPE_COUNT);
    uint16_t *half = out;
    switch (dtype) {
    case DTYPE_F32:
        memcpy(out, x, (size_t)n * sizeof(float));
        return;
    case DTYPE_F16:
        for (Index i = 0; i < n; i++) half[i] = f16_from_f32(x[i]);
        return;
    case DTYPE_BF16:
        for (Index i = 0; i < n; i++) half[i] = bf16_from_f32(x[i]);
        return;
    case DTYPE_COUNT:
        return;
    }
}
