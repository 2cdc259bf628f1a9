#ifndef CORE_MATH_CUDA_DEVICE_REDUCE_CUH
#define CORE_MATH_CUDA_DEVICE_REDUCE_CUH

/*
 * Sums and maxima over a warp or a block, in an order that depends on nothing but the lane.
 * Every lane of the warp, every thread of the block must call; all get the result.
 */

#include "core/math/cuda/device/device.cuh"

#define ALL_LANES 0xffffffffu

template <class T> static __device__ T warp_sum(T x)
{
    for (int step = WARP / 2; step > 0; step /= 2) x += __shfl_xor_sync(ALL_LANES, x, step);
    return x;
}

/* NaN wins: a row with a NaN has no largest element. */
static __device__ inline float warp_max(float x)
{
    for (int step = WARP / 2; step > 0; step /= 2) {
        float y = __shfl_xor_sync(ALL_LANES, x, step);
        x = y > x || isnan(y) ? y : x;
    }
    return x;
}

/* The sum over a block of THREADS; `part` is SHARED memory of BLOCK_WARPS elements. */
template <class T> static __device__ T block_sum(T x, T *part)
{
    x = warp_sum(x);
    if (threadIdx.x % WARP == 0) part[threadIdx.x / WARP] = x;
    __syncthreads();
    T sum = 0;
    for (int i = 0; i < BLOCK_WARPS; i++) sum += part[i];
    __syncthreads(); /* before `part` is used again */
    return sum;
}

#endif
