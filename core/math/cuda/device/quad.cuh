#ifndef CORE_MATH_CUDA_DEVICE_QUAD_CUH
#define CORE_MATH_CUDA_DEVICE_QUAD_CUH

/*
 * Four neighbours at a time. A thread takes quad q, the elements 4q .. 4q+3 of a row or a flat
 * array, in one access of 16 bytes where every pointer is aligned to that (`wide`), else in four.
 * Which thread takes what is the same both ways, and so are the bits of every sum.
 */

#include "core/math/cuda/device/device.cuh"

/* The elements of a flat array, or of each row of a matrix. Without padding: part of a launch's
 * arguments, whose bytes are compared. */
typedef struct Span {
    Index n, quads; /* elements, and quads that hold them */
    Index wide;     /* 1: every quad of four elements is aligned */
} Span;

static inline bool aligned_to_quad(const void *p)
{
    return (uintptr_t)p % (4 * sizeof(float)) == 0;
}

/* Of arrays of n elements that begin at these addresses; NULL counts as aligned. */
static inline Span flat_span(Index n, const void *a, const void *b = NULL, const void *c = NULL,
                             const void *d = NULL, const void *e = NULL)
{
    bool wide = aligned_to_quad(a) && aligned_to_quad(b) && aligned_to_quad(c) &&
                aligned_to_quad(d) && aligned_to_quad(e);
    return Span{n, div_up(n, 4), wide};
}

/* Of matrices with rows of n elements: each row must begin aligned. */
static inline Span row_span(Index n, const void *a, const void *b = NULL, const void *c = NULL,
                            const void *d = NULL, const void *e = NULL)
{
    Span span = flat_span(n, a, b, c, d, e);
    if (n % 4 != 0) span.wide = 0;
    return span;
}

typedef struct Quad {
    float v[4];
} Quad;

/* Elements behind the last one come as zeros. */
static __device__ inline Quad load_quad(const float *x, Index q, Span span)
{
    Index i = 4 * q;
    Quad  quad = {{0.0f, 0.0f, 0.0f, 0.0f}};
    if (span.wide && i + 4 <= span.n) {
        float4 f = *(const float4 *)(const void *)(x + i);
        quad = Quad{{f.x, f.y, f.z, f.w}};
    } else {
        for (int k = 0; k < 4; k++) {
            if (i + k < span.n) quad.v[k] = x[i + k];
        }
    }
    return quad;
}

static __device__ inline void store_quad(float *y, Index q, Span span, Quad quad)
{
    Index i = 4 * q;
    if (span.wide && i + 4 <= span.n) {
        float4 f = {quad.v[0], quad.v[1], quad.v[2], quad.v[3]};
        *(float4 *)(void *)(y + i) = f;
    } else {
        for (int k = 0; k < 4; k++) {
            if (i + k < span.n) y[i + k] = quad.v[k];
        }
    }
}

/* y += quad */
static __device__ inline void add_quad(float *y, Index q, Span span, Quad quad)
{
    Quad sum = load_quad(y, q, span);
    for (int k = 0; k < 4; k++) sum.v[k] += quad.v[k];
    store_quad(y, q, span, sum);
}

#endif
