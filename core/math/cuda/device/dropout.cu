/*
 * Dropout, a warp for each row. Which elements are kept is defined in core/math/dropout_bits.h, and
 * the numbers in core/base/random_counter.c; both are written here once more, as device code, and
 * the op table's test compares every element with theirs.
 */

#include "core/math/cuda/device/quad.cuh"

/* What changes from step to step. Without padding: staged bytes are compared. */
typedef struct DropoutNumbers {
    uint64_t seed, stream;
    float    p, kept; /* kept = 1 / (1 - p) */
} DropoutNumbers;

typedef struct DropoutArgs {
    float                *y;
    const float          *x;
    const DropoutNumbers *numbers;
    const uint64_t       *row_key;
    Index                 N;
    Span                  row;
    int                   add;
} DropoutArgs;

typedef struct RandomWords {
    uint32_t word[4];
} RandomWords;

/* Philox 4x32-10 of the counter (counter, stream) under the key seed. */
static __device__ RandomWords philox(uint64_t seed, uint64_t stream, uint64_t counter)
{
    uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
    uint32_t c0 = (uint32_t)counter, c1 = (uint32_t)(counter >> 32);
    uint32_t c2 = (uint32_t)stream, c3 = (uint32_t)(stream >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t product0 = (uint64_t)0xd2511f53u * c0;
        uint64_t product1 = (uint64_t)0xcd9e8d57u * c2;
        c0 = (uint32_t)(product1 >> 32) ^ c1 ^ key0;
        c1 = (uint32_t)product1;
        c2 = (uint32_t)(product0 >> 32) ^ c3 ^ key1;
        c3 = (uint32_t)product0;
        key0 += 0x9e3779b9u;
        key1 += 0xbb67ae85u;
    }
    return RandomWords{{c0, c1, c2, c3}};
}

static __device__ uint64_t mix_key(uint64_t key)
{
    key = (key ^ key >> 30) * (uint64_t)0xbf58476d1ce4e5b9u;
    key = (key ^ key >> 27) * (uint64_t)0x94d049bb133111ebu;
    return key ^ key >> 31;
}

static __global__ void drop_elements(DropoutArgs a)
{
    Index n = WARP_ROW;
    if (n >= a.N) return;
    DropoutNumbers number = *a.numbers;
    uint64_t       counter = mix_key(a.row_key[n]);
    float         *y = a.y + n * a.row.n;
    for (Index q = WARP_LANE; q < a.row.quads; q += WARP) {
        RandomWords random = philox(number.seed, number.stream, counter + (uint64_t)q);
        Quad        x = load_quad(a.x + n * a.row.n, q, a.row);
        for (int k = 0; k < 4; k++) {
            float u = (float)(random.word[k] >> 8) * (1.0f / 16777216.0f);
            x.v[k] = u >= number.p ? x.v[k] * number.kept : 0.0f;
        }
        if (a.add)
            add_quad(y, q, a.row, x);
        else
            store_quad(y, q, a.row, x);
    }
}

void cuda_dropout(Backend *be, float *y, const float *x, Dropout drop, Index N, Index D, bool add)
{
    Device *d = device_of(be);
    if (N == 0) return;
    if (drop.p == 0.0f) {
        if (add)
            cuda_axpy(be, y, 1.0f, x, N * D);
        else if (y != x)
            queue_copy(d, y, x, N * D * (Index)sizeof(float));
        return;
    }
    op_begin(d);
    DropoutNumbers numbers = {drop.seed, drop.stream, drop.p, 1.0f / (1.0f - drop.p)};
    DropoutArgs    a = {};
    a.y = y;
    a.x = x;
    a.numbers = stage(d, &numbers, 1);
    a.row_key = stage(d, drop.row_key, N);
    a.N = N;
    a.row = row_span(D, y, x);
    a.add = add;
    launch(d, drop_elements, grid_of_warps(N), a);
}
