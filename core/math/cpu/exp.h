#ifndef CORE_MATH_CPU_EXP_H
#define CORE_MATH_CPU_EXP_H

/*
 * expf without a table or a branch, so that a loop around it becomes vector code.
 *
 * With n = round(x / ln 2) and r = x - n ln 2, |r| <= ln 2 / 2:  exp(x) = 2^n exp(r).
 *   exp(r) = 1 + r + r^2 (c0 + c1 r + ... + c4 r^4), interpolated at the five Chebyshev nodes
 *            of the interval; relative error 1.1e-8, below a fifth of the last bit
 *   ln 2   is split in two, the first part so short that n times it is exact
 *   n      appears in the low bits of x/ln 2 + 1.5*2^23, whose last bit is worth one
 *   2^n    is applied in two halves, so that results near both ends of the range (n = 128,
 *          subnormals) come out right
 * NaN stays NaN (comparisons with it are false, so the clamp lets it pass), large x gives
 * infinity, very negative x gives 0.
 */

#include <stdint.h>
#include <string.h>

static inline float cpu_exp2_of(int32_t n)
{
    uint32_t bits = (uint32_t)(n + 127) << 23;
    float    x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline float cpu_exp(float x)
{
    const float shift = 0x1.8p23f;

    x = x > 89.0f ? 89.0f : x;
    x = x < -105.0f ? -105.0f : x;
    float   shifted = x * 0x1.715476p0f + shift;
    float   n = shifted - shift;
    int32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    int32_t whole = (int32_t)((uint32_t)bits - 0x4b400000u); /* n, as an integer */

    float r = x - n * 0x1.62e4p-1f;
    r = r - n * 0x1.7f7d1cp-20f;
    float p = 0x1.6d117cp-10f;
    p = p * r + 0x1.120be2p-7f;
    p = p * r + 0x1.555518p-5f;
    p = p * r + 0x1.5554dcp-3f;
    p = p * r + 0.5f;
    p = p * (r * r) + r + 1.0f;

    int32_t half = whole >> 1;
    return p * cpu_exp2_of(half) * cpu_exp2_of(whole - half);
}

/* 1 / (1 + exp(-x)) */
static inline float cpu_sigmoid(float x)
{
    return 1.0f / (1.0f + cpu_exp(-x));
}

#endif
