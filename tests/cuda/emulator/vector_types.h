#ifndef TESTS_CUDA_EMULATOR_VECTOR_TYPES_H
#define TESTS_CUDA_EMULATOR_VECTOR_TYPES_H

#include <stdint.h>

/* CUDA's small vectors, with the alignments that a device insists on. */

#define EMULATED_VECTORS(type, name, align)                              \
    typedef struct __attribute__((aligned(2 * (align)))) name##2         \
    {                                                                    \
        type x, y;                                                       \
    }                                                                    \
    name##2;                                                             \
    typedef struct name##3                                               \
    {                                                                    \
        type x, y, z;                                                    \
    }                                                                    \
    name##3;                                                             \
    typedef struct __attribute__((aligned(4 * (align)))) name##4         \
    {                                                                    \
        type x, y, z, w;                                                 \
    }                                                                    \
    name##4;                                                             \
    static inline name##2 make_##name##2(type x, type y)                 \
    {                                                                    \
        name##2 v = {x, y};                                              \
        return v;                                                        \
    }                                                                    \
    static inline name##3 make_##name##3(type x, type y, type z)         \
    {                                                                    \
        name##3 v = {x, y, z};                                           \
        return v;                                                        \
    }                                                                    \
    static inline name##4 make_##name##4(type x, type y, type z, type w) \
    {                                                                    \
        name##4 v = {x, y, z, w};                                        \
        return v;                                                        \
    }

EMULATED_VECTORS(float, float, 4)
EMULATED_VECTORS(int, int, 4)
EMULATED_VECTORS(unsigned, uint, 4)
EMULATED_VECTORS(unsigned short, ushort, 2)
EMULATED_VECTORS(double, double, 8)
EMULATED_VECTORS(long long, longlong, 8)

typedef struct dim3 {
    unsigned x, y, z;
#ifdef __cplusplus
    constexpr dim3(unsigned a = 1, unsigned b = 1, unsigned c = 1) : x(a), y(b), z(c)
    {
    }
#endif
} dim3;

#endif
