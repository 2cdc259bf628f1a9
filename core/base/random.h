#ifndef CORE_BASE_RANDOM_H
#define CORE_BASE_RANDOM_H

/*
 * Two kinds of random numbers, always from an explicit seed.
 *
 * TorchRng: the generator of PyTorch's CPU (Mersenne Twister 19937), with its transforms, so
 * that a seed gives PyTorch's numbers: uniform and permutation bit for bit, normal within 1e-6
 * (PyTorch's vector code rounds its logarithm and cosine differently).
 *
 * random_bits and friends: counter-based (Philox 4x32-10, Salmon et al. 2011). A number is a
 * pure function of (seed, stream, counter), so dropout and sampling depend on neither thread
 * count nor packing nor device.
 */

#include "core/base/error.h"

typedef struct TorchRng {
    uint32_t state[624];
    int      left, next;
    bool     has_cached_normal; /* of the scalar transform, for sizes below 16 */
    double   cached_normal;
} TorchRng;

void     torch_seed(TorchRng *rng, uint64_t seed); /* torch.manual_seed */
uint32_t torch_random(TorchRng *rng);              /* 32 bits */
uint64_t torch_random64(TorchRng *rng);
/* x[i] uniform in [lo, hi): Tensor.uniform_(lo, hi) in float32; torch.rand is (0, 1). */
void torch_uniform(TorchRng *rng, float *x, Index n, double lo, double hi);
/* Tensor.normal_(mean, std) in float32; torch.randn is (0, 1). Blocks of 16 from n = 16 on,
 * the last 16 drawn again when n is not a multiple; one at a time in double below. */
void torch_normal(TorchRng *rng, float *x, Index n, double mean, double std);
void torch_randperm(TorchRng *rng, int64_t *p, Index n); /* torch.randperm(n) */

typedef struct RandomBlock { uint32_t word[4]; } RandomBlock;
RandomBlock random_bits(uint64_t seed, uint64_t stream, uint64_t counter);
/* Uniform in [0, 1) with 24 bits, from one counter. */
float random_unit(uint64_t seed, uint64_t stream, uint64_t counter);
/* Uniform integer in [0, bound), bound >= 1, without modulo bias worth measuring (64 bits). */
uint64_t random_below(uint64_t seed, uint64_t stream, uint64_t counter, uint64_t bound);
/* A permutation of 0..n-1 (Fisher-Yates) that is a function of seed and stream. */
void random_permutation(uint64_t seed, uint64_t stream, int64_t *p, Index n);

#endif
