/*
 * Counter-based numbers: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers:
 * as easy as 1, 2, 3", 2011). Ten rounds of multiply and exchange turn a 128-bit counter, here
 * (counter, stream), into 128 random bits under a 64-bit key, here the seed. No state: whoever
 * knows the three numbers can draw, in any order.
 */

#include "core/base/random.h"

RandomBlock random_bits(uint64_t seed, uint64_t stream, uint64_t counter)
{
    uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
    uint32_t c0 = (uint32_t)counter, c1 = (uint32_t)(counter >> 32);
    uint32_t c2 = (uint32_t)stream, c3 = (uint32_t)(stream >> 32);

    for (int round = 0; round < 10; round++) {
        uint64_t product0 = UINT64_C(0xd2511f53) * c0;
        uint64_t product1 = UINT64_C(0xcd9e8d57) * c2;
        c0 = (uint32_t)(product1 >> 32) ^ c1 ^ key0;
        c1 = (uint32_t)product1;
        c2 = (uint32_t)(product0 >> 32) ^ c3 ^ key1;
        c3 = (uint32_t)product0;
        key0 += 0x9e3779b9u; /* the golden ratio and sqrt(3) - 1, as fractions of 2^32 */
        key1 += 0xbb67ae85u;
    }
    return (RandomBlock){{c0, c1, c2, c3}};
}

float random_unit(uint64_t seed, uint64_t stream, uint64_t counter)
{
    return (float)(random_bits(seed, stream, counter).word[0] >> 8) * 0x1p-24f;
}

/* The high half of a 64 x 64 bit product, from four products of 32 bits. */
static uint64_t multiply_high(uint64_t a, uint64_t b)
{
    uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    uint64_t middle = a1 * b0 + (a0 * b0 >> 32);
    uint64_t other = a0 * b1 + (uint32_t)middle;
    return a1 * b1 + (middle >> 32) + (other >> 32);
}

uint64_t random_below(uint64_t seed, uint64_t stream, uint64_t counter, uint64_t bound)
{
    CHECK(bound >= 1);
    RandomBlock block = random_bits(seed, stream, counter);
    /* A fraction of 64 bits times bound: off by at most bound / 2^64 from even. */
    return multiply_high((uint64_t)block.word[1] << 32 | block.word[0], bound);
}

void random_permutation(uint64_t seed, uint64_t stream, int64_t *p, Index n)
{
    for (Index i = 0; i < n; i++) p[i] = i;
    for (Index i = n - 1; i > 0; i--) {
        Index   other = (Index)random_below(seed, stream, (uint64_t)i, (uint64_t)i + 1);
        int64_t kept = p[i];
        p[i] = p[other];
        p[other] = kept;
    }
}
