#ifndef CORE_MATH_CPU_HALF_H
#define CORE_MATH_CPU_HALF_H

/*
 * 16-bit numbers widened without a branch, so that loops over weights become vector code. The
 * results are those of core/math/convert.h, bit for bit.
 */

#include <stdint.h>
#include <string.h>

static inline float cpu_from_bf16(uint16_t bits)
{
    uint32_t u = (uint32_t)bits << 16;
    float    x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* Exponent and fraction moved to their places are the number times 2^-112, subnormals included;
 * the multiplication is exact. Infinity and NaN have their exponent filled up afterwards. */
static inline float cpu_from_f16(uint16_t bits)
{
    uint32_t magnitude = (uint32_t)(bits & 0x7fffu) << 13;
    float    x;
    memcpy(&x, &magnitude, sizeof x);
    x *= 0x1p112f;
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    u |= magnitude >= 0x0f800000u ? 0x7f800000u : 0u;
    u |= (uint32_t)(bits & 0x8000u) << 16;
    memcpy(&x, &u, sizeof x);
    return x;
}

#endif
