/*
 * Rotary position embedding in place (Su et al. 2021), a warp for each row of tokens. The pair
 * (x_j, x_{j+K/2}) of each head turns by the angle of the row's position; the gradient turns back.
 * A thread takes four neighbouring pairs: one quad of each half of a head. A bias that was about to
 * be added to the same rows is added on the way.
 */

#include "core/math/cuda/device/quad.cuh"

typedef struct RopeArgs {
    float         *x;
    const float   *cos, *sin, *bias; /* bias [heads*K] or NULL */
    const int32_t *position;
    Index          N;
    int            heads;
    float          sign; /* of the angle */
    Span           half; /* K/2 elements */
} RopeArgs;

static __device__ void turn_pairs(Quad *a, Quad *b, Quad cos, Quad sin, float sign)
{
    for (int k = 0; k < 4; k++) {
        float p = a->v[k], q = b->v[k], s = sign * sin.v[k];
        a->v[k] = p * cos.v[k] - q * s;
        b->v[k] = q * cos.v[k] + p * s;
    }
}

static __device__ Quad sum_of(Quad a, Quad b)
{
    for (int k = 0; k < 4; k++) a.v[k] += b.v[k];
    return a;
}

static __global__ void rotate_rows(RopeArgs a)
{
    Index n = WARP_ROW, half = a.half.n;
    int   quads = (int)a.half.quads;
    if (n >= a.N) return;
    const float *cos = a.cos + a.position[n] * half, *sin = a.sin + a.position[n] * half;
    for (int i = WARP_LANE; i < a.heads * quads; i += WARP) {
        int    head = i / quads, q = i % quads;
        float *low = a.x + (n * a.heads + head) * 2 * half, *high = low + half;
        Quad   x = load_quad(low, q, a.half), y = load_quad(high, q, a.half);
        if (a.bias != NULL) {
            const float *bias = a.bias + head * 2 * half;
            x = sum_of(x, load_quad(bias, q, a.half));
            y = sum_of(y, load_quad(bias + half, q, a.half));
        }
        turn_pairs(&x, &y, load_quad(cos, q, a.half), load_quad(sin, q, a.half), a.sign);
        store_quad(low, q, a.half, x);
        store_quad(high, q, a.half, y);
    }
}

void cuda_rope(Backend *be, float *x, const float *cos, const float *sin, const int32_t *position,
               Index N, Index heads, Index K, bool inverse)
{
    Device *d = device_of(be);
    if (N == 0) return;
    RopeArgs a = {};
    op_begin(d);
    a.x = x;
    a.cos = cos;
    a.sin = sin;
    a.position = stage(d, position, N);
    a.N = N;
    a.heads = (int)heads;
    a.sign = inverse ? -1.0f : 1.0f;
    if (!inverse) (void)take_back_bias(d, x, N, heads * K, &a.bias);
    a.half = row_span(K / 2, x, cos, sin, a.bias);
    launch(d, rotate_rows, grid_of_warps(N), a);
}
