#ifndef CORE_MATH_DROPOUT_BITS_H
#define CORE_MATH_DROPOUT_BITS_H

/*
 * Which elements dropout keeps: the one definition for all backends.
 *
 *   element (n, d) is kept  iff  u >= p,   u = (word >> 8) * 2^-24,
 *   word = random_bits(seed, stream, mix(row_key[n]) + d/4).word[d mod 4]
 *
 * so one Philox block serves four neighbours. mix is the finalizer of SplitMix64 (Steele, Lea,
 * Flood 2014), a bijection of 64 bits: rows with neighbouring keys get counters far apart, so
 * that their runs of D/4 counters do not meet.
 */

#include "core/base/random.h"
#include "core/math/ops.h"

static inline uint64_t dropout_mix(uint64_t key)
{
    key = (key ^ key >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    key = (key ^ key >> 27) * UINT64_C(0x94d049bb133111eb);
    return key ^ key >> 31;
}

/* Bit i says whether element d + i of the row with this key is kept; d is a multiple of 4. */
static inline unsigned dropout_keep4(const Dropout *drop, uint64_t row_key, Index d)
{
    uint64_t    counter = dropout_mix(row_key) + (uint64_t)d / 4;
    RandomBlock block = random_bits(drop->seed, drop->stream, counter);
    unsigned    keep = 0;
    for (unsigned i = 0; i < 4; i++) {
        float u = (float)(block.word[i] >> 8) * 0x1p-24f;
        keep |= (unsigned)(u >= drop->p) << i;
    }
    return keep;
}

#endif
