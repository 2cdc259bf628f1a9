#ifndef CORE_MATH_CUDA_DEVICE_HALF_CUH
#define CORE_MATH_CUDA_DEVICE_HALF_CUH

/*
 * The 16-bit storage types as bits, by integer arithmetic alone, so that the same code runs on a
 * device and in the emulator. The rules are those of core/math/convert.h: to nearest, ties to even;
 * a NaN stays a NaN.
 */

#include "core/math/cuda/device/device.cuh"

static __device__ inline float bits_to_f32(uint32_t u)
{
    union {
        uint32_t u;
        float    f;
    } x = {u};
    return x.f;
}

static __device__ inline uint32_t f32_to_bits(float f)
{
    union {
        float    f;
        uint32_t u;
    } x = {f};
    return x.u;
}

static __device__ inline float bf16_to_f32(uint16_t h)
{
    return bits_to_f32((uint32_t)h << 16);
}

static __device__ inline uint16_t f32_to_bf16(float f)
{
    uint32_t u = f32_to_bits(f);
    if ((u & 0x7fffffffu) > 0x7f800000u) return (uint16_t)(u >> 16 | 0x40u);
    return (uint16_t)((u + 0x7fffu + (u >> 16 & 1u)) >> 16);
}

/* Exponent and mantissa moved into place, the exponent's offset corrected by a product, which also
 * makes subnormals right: 2^112 = 2^(127 - 15). */
static __device__ inline float f16_to_f32(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000u) << 16, rest = (uint32_t)(h & 0x7fffu) << 13;
    if (rest >= 0x0f800000u) return bits_to_f32(sign | 0x7f800000u | rest); /* Inf, NaN */
    return bits_to_f32(sign | f32_to_bits(bits_to_f32(rest) * bits_to_f32(0x77800000u)));
}

static __device__ inline float load_as_f32(const void *x, DType dtype, Index i)
{
    if (dtype == DTYPE_BF16) return bf16_to_f32(((const uint16_t *)x)[i]);
    if (dtype == DTYPE_F16) return f16_to_f32(((const uint16_t *)x)[i]);
    return ((const float *)x)[i];
}

#endif
