/*
 * PyTorch's CPU generator, number for number: the Mersenne Twister of Matsumoto and Nishimura
 * (1998) as in ATen/core/MT19937RNGEngine.h, and the transforms of DistributionTemplates.h. The
 * order of the draws is the contract; the comments say where it is not the obvious one.
 */

#include "core/base/random.h"

#include <math.h>

enum { MT_N = 624, MT_M = 397, NORMAL_BLOCK = 16 };

static const double TWO_PI = 6.283185307179586476925;

/* ---- bits ------------------------------------------------------------------------------- */

void torch_seed(TorchRng *rng, uint64_t seed)
{
    *rng = (TorchRng){.left = 1};
    rng->state[0] = (uint32_t)seed; /* the upper half of a seed has no effect in torch either */
    for (uint32_t i = 1; i < MT_N; i++) {
        uint32_t before = rng->state[i - 1];
        rng->state[i] = 1812433253u * (before ^ before >> 30) + i;
    }
}

static uint32_t twist(uint32_t u, uint32_t v)
{
    uint32_t mixed = (u & 0x80000000u) | (v & 0x7fffffffu);
    return mixed >> 1 ^ ((v & 1u) != 0 ? 0x9908b0dfu : 0u);
}

static void refill(TorchRng *rng)
{
    uint32_t *s = rng->state;
    for (int i = 0; i < MT_N; i++) {
        s[i] = s[(i + MT_M) % MT_N] ^ twist(s[i], s[(i + 1) % MT_N]);
    }
    rng->left = MT_N;
    rng->next = 0;
}

uint32_t torch_random(TorchRng *rng)
{
    if (--rng->left == 0) refill(rng);
    uint32_t y = rng->state[rng->next++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9d2c5680u;
    y ^= y << 15 & 0xefc60000u;
    return y ^ y >> 18;
}

uint64_t torch_random64(TorchRng *rng)
{
    uint64_t high = torch_random(rng);
    return high << 32 | torch_random(rng);
}

/* ---- uniform ---------------------------------------------------------------------------- */

/* 24 bits: as many as a float holds below 1. */
static float unit_float(TorchRng *rng)
{
    return (float)(torch_random(rng) & 0xffffffu) * 0x1p-24f;
}

static double unit_double(TorchRng *rng)
{
    return (double)(torch_random64(rng) & 0x1fffffffffffffu) * 0x1p-53;
}

void torch_uniform(TorchRng *rng, float *x, Index n, double lo, double hi)
{
    /* One rounding, as torch's vector code does it: a separate product is one bit off at times. */
    float from = (float)lo, width = (float)hi - (float)lo;
    for (Index i = 0; i < n; i++) x[i] = fmaf(unit_float(rng), width, from);
}

/* ---- normal ----------------------------------------------------------------------------- */

/* Box-Muller on sixteen uniforms at once: x[j] is the radius of the pair (j, j+8) and x[j+8] its
 * angle. 1 - x turns [0, 1) into (0, 1], so that the logarithm stays finite. */
static void normal_block(float *x, float mean, float std)
{
    for (int j = 0; j < NORMAL_BLOCK / 2; j++) {
        float radius = sqrtf(-2.0f * logf(1.0f - x[j]));
        float angle = (float)TWO_PI * x[j + 8];
        x[j] = radius * cosf(angle) * std + mean;
        x[j + 8] = radius * sinf(angle) * std + mean;
    }
}

/* One at a time, in double, the pair's second number kept for the next call. Here it is the
 * first draw that gives the angle. */
static double normal_one(TorchRng *rng)
{
    if (rng->has_cached_normal) {
        rng->has_cached_normal = false;
        return rng->cached_normal;
    }
    double angle = TWO_PI * unit_double(rng);
    double radius = sqrt(-2.0 * log1p(-unit_double(rng)));
    rng->cached_normal = radius * sin(angle);
    rng->has_cached_normal = true;
    return radius * cos(angle);
}

void torch_normal(TorchRng *rng, float *x, Index n, double mean, double std)
{
    if (n < NORMAL_BLOCK) {
        for (Index i = 0; i < n; i++) x[i] = (float)(normal_one(rng) * std + mean);
        return;
    }

    for (Index i = 0; i < n; i++) x[i] = unit_float(rng);
    Index whole = n - n % NORMAL_BLOCK;
    for (Index i = 0; i < whole; i += NORMAL_BLOCK) {
        normal_block(x + i, (float)mean, (float)std);
    }
    if (whole == n) return;

    /* The rest is too short for a block: the last sixteen are drawn anew, finished ones too. */
    float *tail = x + n - NORMAL_BLOCK;
    for (int j = 0; j < NORMAL_BLOCK; j++) tail[j] = unit_float(rng);
    normal_block(tail, (float)mean, (float)std);
}

void torch_randperm(TorchRng *rng, int64_t *p, Index n)
{
    for (Index i = 0; i < n; i++) p[i] = i;
    for (Index i = 0; i < n - 1; i++) {
        Index   other = i + (Index)((int64_t)torch_random(rng) % (n - i));
        int64_t kept = p[i];
        p[i] = p[other];
        p[other] = kept;
    }
}
