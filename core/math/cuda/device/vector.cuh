#ifndef CORE_MATH_CUDA_DEVICE_VECTOR_CUH
#define CORE_MATH_CUDA_DEVICE_VECTOR_CUH

/*
 * float and float4 by the same names, for kernels that are templates of how much a thread moves at
 * once. float4 needs addresses and widths that are multiples of four floats.
 */

#include "core/math/cuda/device/quad.cuh"

enum { FLOATS4 = 4 };

static __device__ inline float plus(float a, float b)
{
    return a + b;
}

static __device__ inline float4 plus(float4 a, float4 b)
{
    return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
}

static __device__ inline float times(float a, float factor)
{
    return a * factor;
}

static __device__ inline float4 times(float4 a, float factor)
{
    return make_float4(a.x * factor, a.y * factor, a.z * factor, a.w * factor);
}

#endif
