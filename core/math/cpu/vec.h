#ifndef CORE_MATH_CPU_VEC_H
#define CORE_MATH_CPU_VEC_H

/*
 * Vectors of the compiler's own (gcc and clang know vector_size), as wide as those of the
 * processor that is compiled for: + and * work lane by lane, on any processor. They are for the
 * few loops where sums must stay in registers; other loops are left to the compiler.
 */

#include "core/math/cpu/cpu.h"
#include "core/math/cpu/half.h"

#if defined(__AVX512F__) || defined(__F16C__)
#include <immintrin.h>
#endif

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Before a loop with few constant rounds over an array of vectors, which must disappear for the
 * array to become registers. */
#if defined(__clang__)
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* Aligned like a float: a vector may begin anywhere. */
typedef float    Vec __attribute__((vector_size(CPU_LANES * sizeof(float)), aligned(4)));
typedef uint32_t VecBits __attribute__((vector_size(CPU_LANES * sizeof(uint32_t)), aligned(4)));
typedef uint16_t VecHalf __attribute__((vector_size(CPU_LANES * sizeof(uint16_t)), aligned(2)));

ALWAYS_INLINE Vec vec_load(const float *x)
{
    return *(const Vec *)(const void *)x;
}

ALWAYS_INLINE void vec_store(float *x, Vec v)
{
    *(Vec *)(void *)x = v;
}

ALWAYS_INLINE VecBits vec_words(const uint16_t *x)
{
    return __builtin_convertvector(*(const VecHalf *)(const void *)x, VecBits);
}

ALWAYS_INLINE Vec vec_from_bf16(const uint16_t *x)
{
#if defined(__AVX512F__) /* gcc 12 converts by quarters when left to itself */
    __m512i words = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)x));
    return (Vec)_mm512_slli_epi32(words, 16);
#else
    return (Vec)(vec_words(x) << 16);
#endif
}

/* With the processor's own conversion where there is one; see cpu_from_f16 for the other. */
ALWAYS_INLINE Vec vec_from_f16(const uint16_t *x)
{
#if defined(__AVX512F__)
    return (Vec)_mm512_cvtph_ps(_mm256_loadu_si256((const void *)x));
#elif defined(__AVX__) && defined(__F16C__)
    return (Vec)_mm256_cvtph_ps(_mm_loadu_si128((const void *)x));
#else
    VecBits words = vec_words(x), magnitude = (words & 0x7fff) << 13;
    VecBits special = (VecBits)(magnitude >= 0x0f800000) & 0x7f800000;
    return (Vec)((VecBits)((Vec)magnitude * 0x1p112f) | special | (words & 0x8000) << 16);
#endif
}

/* The sum of the lanes, by halves. */
ALWAYS_INLINE float vec_sum(Vec v)
{
#if defined(__AVX512F__)
    return _mm512_reduce_add_ps((__m512)v);
#else
    float lane[CPU_LANES];
    vec_store(lane, v);
    for (int n = CPU_LANES / 2; n > 0; n /= 2) {
        for (int i = 0; i < n; i++) lane[i] += lane[i + n];
    }
    return lane[0];
#endif
}

#endif
