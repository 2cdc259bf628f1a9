#ifndef TESTS_CUDA_EMULATOR_DEVICE_CODE_H
#define TESTS_CUDA_EMULATOR_DEVICE_CODE_H

/*
 * What device code may say, in C++. Waiting and exchanging between threads is in block.c; every
 * such call brings its place in the source, for a complaint that names it.
 */

#include <math.h>
#include <string.h>

#include "tests/cuda/emulator/threads.h"

#define __global__
#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __align__(n) __attribute__((aligned(n)))
#define __launch_bounds__(...)

#define EMULATED_PLACE const char *file = __builtin_FILE(), int line = __builtin_LINE()

static inline void __syncthreads(EMULATED_PLACE)
{
    emulated_syncthreads(file, line);
}

static inline void __syncwarp(unsigned mask = 0xffffffffu, EMULATED_PLACE)
{
    emulated_exchange(EMULATED_SYNC, mask, 0, 0, 32, file, line);
}

template <class T>
static inline T emulated_shuffle(EmulatedExchange how, unsigned mask, T value, int operand,
                                 int width, const char *file, int line)
{
    static_assert(sizeof(T) == 4 || sizeof(T) == 8, "what a shuffle can carry");
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof value);
    bits = emulated_exchange(how, mask, bits, operand, width, file, line);
    memcpy(&value, &bits, sizeof value);
    return value;
}

template <class T>
static inline T __shfl_sync(unsigned mask, T value, int lane, int width = 32, EMULATED_PLACE)
{
    return emulated_shuffle(EMULATED_FROM, mask, value, lane, width, file, line);
}

template <class T>
static inline T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32, EMULATED_PLACE)
{
    return emulated_shuffle(EMULATED_XOR, mask, value, bits, width, file, line);
}

template <class T>
static inline T __shfl_down_sync(unsigned mask, T value, unsigned by, int width = 32,
                                 EMULATED_PLACE)
{
    return emulated_shuffle(EMULATED_DOWN, mask, value, (int)by, width, file, line);
}

template <class T>
static inline T __shfl_up_sync(unsigned mask, T value, unsigned by, int width = 32, EMULATED_PLACE)
{
    return emulated_shuffle(EMULATED_UP, mask, value, (int)by, width, file, line);
}

static inline unsigned __ballot_sync(unsigned mask, int yes, EMULATED_PLACE)
{
    return (unsigned)emulated_exchange(EMULATED_BALLOT, mask, yes != 0, 0, 32, file, line);
}

static inline int __any_sync(unsigned mask, int yes, EMULATED_PLACE)
{
    return emulated_exchange(EMULATED_BALLOT, mask, yes != 0, 0, 32, file, line) != 0;
}

static inline int __all_sync(unsigned mask, int yes, EMULATED_PLACE)
{
    return emulated_exchange(EMULATED_BALLOT, mask, yes == 0, 0, 32, file, line) == 0;
}

/* ---- arithmetic that C does not have ------------------------------------------------------ */

static inline float rsqrtf(float x)
{
    return 1.0f / sqrtf(x);
}

static inline double rsqrt(double x)
{
    return 1.0 / sqrt(x);
}

template <class T> static inline T min(T a, T b)
{
    return b < a ? b : a;
}

template <class T> static inline T max(T a, T b)
{
    return a < b ? b : a;
}

template <class T> static inline T __ldg(const T *p)
{
    return *p;
}

static inline int __popc(unsigned x)
{
    return __builtin_popcount(x);
}

static inline int __clz(int x)
{
    return x == 0 ? 32 : __builtin_clz((unsigned)x);
}

static inline int __ffs(int x)
{
    return __builtin_ffs(x);
}

static inline unsigned __umulhi(unsigned a, unsigned b)
{
    return (unsigned)((uint64_t)a * b >> 32);
}

static inline unsigned __float_as_uint(float x)
{
    unsigned u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static inline float __uint_as_float(unsigned u)
{
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

#endif
