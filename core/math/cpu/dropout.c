/*
 * Dropout. Which elements are kept is defined by core/math/dropout_bits.h, one Philox block for
 * four of them; here sixteen blocks are turned side by side, lane by lane, so that the rounds
 * become vector code. The bits are the same (tests/math compares them).
 */

#include "core/math/cpu/cpu_ops.h"
#include "core/math/dropout_bits.h"

enum { BLOCKS = 16, ELEMENTS = 4 * BLOCKS };

/* word[i][b] = random_bits(seed, stream, counter + b).word[i] */
static void random_blocks(uint32_t word[4][BLOCKS], uint64_t seed, uint64_t stream,
                          uint64_t counter)
{
    uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
    for (unsigned b = 0; b < BLOCKS; b++) {
        word[0][b] = (uint32_t)(counter + b);
        word[1][b] = (uint32_t)((counter + b) >> 32);
        word[2][b] = (uint32_t)stream;
        word[3][b] = (uint32_t)(stream >> 32);
    }
    for (int round = 0; round < 10; round++) {
        for (int b = 0; b < BLOCKS; b++) {
            uint64_t product0 = UINT64_C(0xd2511f53) * word[0][b];
            uint64_t product1 = UINT64_C(0xcd9e8d57) * word[2][b];
            word[0][b] = (uint32_t)(product1 >> 32) ^ word[1][b] ^ key0;
            word[1][b] = (uint32_t)product1;
            word[2][b] = (uint32_t)(product0 >> 32) ^ word[3][b] ^ key1;
            word[3][b] = (uint32_t)product0;
        }
        key0 += 0x9e3779b9u;
        key1 += 0xbb67ae85u;
    }
}

/* factor[d] = 1/(1-p) where element d of these is kept, else 0 */
static void factors(float factor[ELEMENTS], const Dropout *drop, uint64_t counter)
{
    uint32_t word[4][BLOCKS];
    float    p = drop->p, kept = 1.0f / (1.0f - p);
    random_blocks(word, drop->seed, drop->stream, counter);
    for (int b = 0; b < BLOCKS; b++) {
        for (int i = 0; i < 4; i++) {
            float u = (float)(int32_t)(word[i][b] >> 8) * 0x1p-24f;
            factor[4 * b + i] = u >= p ? kept : 0.0f;
        }
    }
}

typedef struct Drop {
    float         *y;
    const float   *x;
    const Dropout *drop;
    Index          D;
    bool           add;
} Drop;

static void drop_row(const Drop *p, Index n)
{
    uint64_t counter = dropout_mix(p->drop->row_key[n]);
    Index    D = p->D;
    for (Index d = 0; d < D; d += ELEMENTS, counter += BLOCKS) {
        const float *x = p->x + n * D + d; /* may be y */
        float       *y = p->y + n * D + d;
        Index        count = cpu_min(ELEMENTS, D - d);
        float        factor[ELEMENTS];
        factors(factor, p->drop, counter);
        if (p->add) {
#pragma omp simd
            for (Index i = 0; i < count; i++) y[i] += factor[i] > 0.0f ? x[i] * factor[i] : 0.0f;
        } else {
#pragma omp simd
            for (Index i = 0; i < count; i++) y[i] = factor[i] > 0.0f ? x[i] * factor[i] : 0.0f;
        }
    }
}

static void drop_span(void *context, Index from, Index to)
{
    for (Index n = from; n < to; n++) drop_row(context, n);
}

void cpu_dropout(Backend *be, float *y, const float *x, Dropout drop, Index N, Index D, bool add)
{
    CHECK(drop.p >= 0.0f && drop.p < 1.0f);
    if (drop.p > 0.0f) {
        cpu_for(be, N, cpu_rows(2 * D), drop_span, &(Drop){y, x, &drop, D, add});
    } else if (add) {
        cpu_axpy(be, y, 1.0f, x, N * D);
    } else if (y != x) {
        be->copy(be, y, x, N * D * (Index)sizeof(float));
    }
}
