/*
 * Optimizer steps, element by element, and the sum of squares that clipping needs.
 *
 *   m <- b1 m + (1-b1) g,   v <- b2 v + (1-b2) g^2
 *   w <- w - lr decay w - lr (m/c1) / (sqrt(v/c2) + eps)
 *
 * The sum is taken in double, for no float's square overflows there: at most SQUARES_CHUNKS blocks
 * sum a chunk of their own, and one block adds what they found.
 */

#include <math.h>

#include "core/math/cuda/device/quad.cuh"
#include "core/math/cuda/device/reduce.cuh"

/* ---- sum of squares ----------------------------------------------------------------------- */

enum { SQUARES_QUADS = 1024, SQUARES_CHUNKS = 2048 };

typedef struct SquaresArgs {
    double      *part; /* [chunks] */
    double      *sum;
    const float *x;
    Index        chunks, quads; /* quads: of a chunk */
    Span         span;
} SquaresArgs;

static __global__ void sum_chunks_of_squares(SquaresArgs a)
{
    SHARED(double, part, BLOCK_WARPS);
    Index  from = (Index)blockIdx.x * a.quads, to = from + a.quads;
    double sum = 0.0;
    if (to > a.span.quads) to = a.span.quads;
    for (Index q = from + threadIdx.x; q < to; q += THREADS) {
        Quad x = load_quad(a.x, q, a.span);
        for (int k = 0; k < 4; k++) sum += (double)x.v[k] * (double)x.v[k];
    }
    sum = block_sum(sum, part);
    if (threadIdx.x == 0) a.part[blockIdx.x] = sum;
}

static __global__ void add_chunks_of_squares(SquaresArgs a)
{
    SHARED(double, part, BLOCK_WARPS);
    double sum = 0.0;
    for (Index i = threadIdx.x; i < a.chunks; i += THREADS) sum += a.part[i];
    sum = block_sum(sum, part);
    if (threadIdx.x == 0) *a.sum = sum;
}

double cuda_sum_squares(Backend *be, const float *x, Index n)
{
    Device     *d = device_of(be);
    double      sum = 0.0;
    SquaresArgs a = {};
    a.x = x;
    a.span = flat_span(n, x);
    a.quads = larger(SQUARES_QUADS, div_up(a.span.quads, SQUARES_CHUNKS));
    a.chunks = div_up(a.span.quads, a.quads);
    op_begin(d);
    a.part = work<double>(d, larger(a.chunks, 1));
    a.sum = deliver(d, &sum, 1);
    launch(d, sum_chunks_of_squares, Grid{a.chunks, 1, THREADS}, a);
    launch(d, add_chunks_of_squares, Grid{1, 1, THREADS}, a);
    return cuda_sync(be, NULL) ? sum : (double)NAN;
}

/* ---- AdamW -------------------------------------------------------------------------------- */

typedef struct AdamWArgs {
    float       *w, *m, *v;
    const float *g;
    Span         span;
    float        grad_scale, beta1, rest1, beta2, rest2; /* rest = 1 - beta */
    float        keep;                                   /* 1 - lr decay */
    float        step, root_scale, epsilon;              /* lr / c1, 1 / sqrt(c2) */
} AdamWArgs;

static __global__ void adamw_step(AdamWArgs a)
{
    FOR_EACH(q, a.span.quads)
    {
        Quad w = load_quad(a.w, q, a.span), g = load_quad(a.g, q, a.span);
        Quad m = load_quad(a.m, q, a.span), v = load_quad(a.v, q, a.span);
        for (int k = 0; k < 4; k++) {
            float gk = a.grad_scale * g.v[k];
            m.v[k] = a.beta1 * m.v[k] + a.rest1 * gk;
            v.v[k] = a.beta2 * v.v[k] + a.rest2 * gk * gk;
            float size = sqrtf(v.v[k]) * a.root_scale + a.epsilon;
            w.v[k] = w.v[k] * a.keep - a.step * m.v[k] / size;
        }
        store_quad(a.w, q, a.span, w);
        store_quad(a.m, q, a.span, m);
        store_quad(a.v, q, a.span, v);
    }
}

void cuda_adamw(Backend *be, float *w, float *m, float *v, const float *g, Index n, AdamW p)
{
    Device   *d = device_of(be);
    double    lr = (double)p.learning_rate;
    AdamWArgs a = {};
    a.w = w;
    a.m = m;
    a.v = v;
    a.g = g;
    a.span = flat_span(n, w, m, v, g);
    a.grad_scale = p.grad_scale;
    a.beta1 = p.beta1;
    a.rest1 = (float)(1.0 - (double)p.beta1);
    a.beta2 = p.beta2;
    a.rest2 = (float)(1.0 - (double)p.beta2);
    a.keep = (float)(1.0 - lr * (double)p.weight_decay);
    a.step = (float)(lr / (double)p.correction1);
    a.root_scale = (float)(1.0 / sqrt((double)p.correction2));
    a.epsilon = p.epsilon;
    launch(d, adamw_step, grid_for(d, a.span.quads), a);
}

/* ---- SGD ---------------------------------------------------------------------------------- */

typedef struct SgdArgs {
    float       *w, *buf; /* buf NULL: no momentum */
    const float *g;
    Span         span;
    float        grad_scale, weight_decay, momentum, learning_rate;
    int          first;
} SgdArgs;

static __global__ void sgd_step(SgdArgs a)
{
    FOR_EACH(q, a.span.quads)
    {
        Quad w = load_quad(a.w, q, a.span), b = load_quad(a.g, q, a.span);
        for (int k = 0; k < 4; k++) b.v[k] = a.grad_scale * b.v[k] + a.weight_decay * w.v[k];
        if (a.buf != NULL) {
            if (!a.first) {
                Quad old = load_quad(a.buf, q, a.span);
                for (int k = 0; k < 4; k++) b.v[k] += a.momentum * old.v[k];
            }
            store_quad(a.buf, q, a.span, b);
        }
        for (int k = 0; k < 4; k++) w.v[k] -= a.learning_rate * b.v[k];
        store_quad(a.w, q, a.span, w);
    }
}

void cuda_sgd(Backend *be, float *w, float *buf, const float *g, Index n, Sgd p)
{
    Device *d = device_of(be);
    SgdArgs a = {};
    a.w = w;
    a.buf = p.momentum != 0.0f ? buf : NULL;
    a.g = g;
    a.span = flat_span(n, w, buf, g);
    a.grad_scale = p.grad_scale;
    a.weight_decay = p.weight_decay;
    a.momentum = p.momentum;
    a.learning_rate = p.learning_rate;
    a.first = p.first;
    launch(d, sgd_step, grid_for(d, a.span.quads), a);
}
