/*
 * Cross-entropy, a block for each row. With M the largest logit and S = sum_j exp(z_j - M),
 *
 *   loss = log S + (M - z_t),      dz_j = scale (exp(z_j - M) / S - [j = t])
 *
 * One pass over the row finds M and S together: a sum under a smaller M so far is taken over by
 * the factor exp(M so far - M). A second pass writes the gradient, where one is wanted. Rows
 * without a label are not read unless somebody asks for their best.
 *
 * Sums are double: a row may have 152,000 terms, and the loss is a number for people.
 */

#include "core/math/cuda/device/quad.cuh"
#include "core/math/cuda/device/reduce.cuh"

/* Threads for a row of V: long rows are few (the logits of all rows together are large). */
enum { LONG_ROW = 2048, LONG_ROW_THREADS = 1024, MAX_WARPS = LONG_ROW_THREADS / WARP };

typedef struct LossArgs {
    float         *z;
    double        *loss; /* NULL: not wanted */
    int32_t       *best; /* NULL: not wanted */
    const int32_t *label;
    const float   *scale; /* NULL: no gradient */
    Span           row;
} LossArgs;

/* What is known of some elements of a row: the largest, where it stands first, and the sum of
 * exponentials next to it. Of none: -Inf, nowhere, 0. */
typedef struct Peak {
    double  sum;
    float   largest;
    int32_t at;
} Peak;

#define NOWHERE 0x7fffffff

/* x - largest, where a largest of -Inf (no element, or all are -Inf) must not give a NaN. */
static __device__ float minus_largest(float x, float largest)
{
    return largest == -INFINITY ? x : x - largest;
}

/* NaNs are never the largest; the sum shows them. */
static __device__ void take_quad(Peak *p, Quad z, Index i, Index n)
{
    float before = p->largest, sum[4];
    for (int k = 0; k < 4; k++) {
        if (i + k >= n) z.v[k] = -INFINITY;
        if (z.v[k] > p->largest) {
            p->largest = z.v[k];
            p->at = (int32_t)(i + k);
        }
    }
    for (int k = 0; k < 4; k++) sum[k] = expf(minus_largest(z.v[k], p->largest));
    if (p->largest > before) p->sum *= (double)expf(before - p->largest);
    p->sum += (double)((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

/* The same whichever comes first, to the bit. */
static __device__ Peak merge_peaks(Peak a, Peak b)
{
    bool b_first = b.largest > a.largest || (b.largest == a.largest && b.at < a.at);
    Peak high = b_first ? b : a, low = b_first ? a : b;
    high.sum += low.sum * (double)expf(minus_largest(low.largest, high.largest));
    return high;
}

static __device__ Peak warp_peak(Peak p)
{
    for (int step = WARP / 2; step > 0; step /= 2) {
        Peak other;
        other.sum = __shfl_xor_sync(ALL_LANES, p.sum, step);
        other.largest = __shfl_xor_sync(ALL_LANES, p.largest, step);
        other.at = __shfl_xor_sync(ALL_LANES, p.at, step);
        p = merge_peaks(p, other);
    }
    return p;
}

/* Of the whole block; every thread gets it. Also the barrier behind which z may be overwritten. */
static __device__ Peak block_peak(Peak p, Peak *part)
{
    int warp = (int)threadIdx.x / WARP, warps = (int)blockDim.x / WARP;
    p = warp_peak(p);
    if (WARP_LANE == 0) part[warp] = p;
    __syncthreads();
    Peak none = {0.0, -INFINITY, NOWHERE};
    return warp_peak(WARP_LANE < warps ? part[WARP_LANE] : none);
}

static __device__ void write_gradient(const LossArgs &a, float *z, Peak p, int32_t t)
{
    float scale = *a.scale, factor = (float)((double)scale / p.sum);
    for (Index q = threadIdx.x; q < a.row.quads; q += blockDim.x) {
        Quad g = {};
        if (t >= 0) {
            g = load_quad(z, q, a.row);
            for (int k = 0; k < 4; k++) {
                g.v[k] = expf(g.v[k] - p.largest) * factor;
                if (4 * q + k == t) g.v[k] -= scale;
            }
        }
        store_quad(z, q, a.row, g);
    }
}

static __global__ void __launch_bounds__(LONG_ROW_THREADS) cross_entropy_rows(LossArgs a)
{
    SHARED(Peak, part, MAX_WARPS);
    Index   n = blockIdx.x;
    float  *z = a.z + n * a.row.n;
    int32_t t = a.label[n];
    Peak    p = {0.0, -INFINITY, NOWHERE};
    double  target = t >= 0 ? (double)z[t] : 0.0; /* before the barrier: z[t] is overwritten */
    Index   quads = t >= 0 || a.best != NULL ? a.row.quads : 0;
    for (Index q = threadIdx.x; q < quads; q += blockDim.x) {
        take_quad(&p, load_quad(z, q, a.row), 4 * q, a.row.n);
    }
    p = block_peak(p, part);
    if (threadIdx.x == 0 && a.loss != NULL) {
        a.loss[n] = t >= 0 ? log(p.sum) + ((double)p.largest - target) : 0.0;
    }
    if (threadIdx.x == 0 && a.best != NULL) a.best[n] = p.at == NOWHERE ? 0 : p.at;
    if (a.scale != NULL) write_gradient(a, z, p, t);
}

void cuda_cross_entropy(Backend *be, float *z, double *loss, int32_t *best, const int32_t *label,
                        Index N, Index V, float grad_scale)
{
    Device *d = device_of(be);
    if (N == 0) return;
    for (Index n = 0; n < N; n++) {
        if (label[n] >= -1 && label[n] < V) continue;
        (void)device_fail(d, "cross_entropy", "a label outside the vocabulary");
        return;
    }
    LossArgs a = {};
    op_begin(d);
    a.z = z;
    if (loss != NULL) a.loss = deliver(d, loss, N);
    if (best != NULL) a.best = deliver(d, best, N);
    a.label = stage(d, label, N);
    if (grad_scale != 0.0f) a.scale = stage(d, &grad_scale, 1);
    a.row = row_span(V, z);
    unsigned threads = V > LONG_ROW ? (unsigned)LONG_ROW_THREADS : (unsigned)THREADS;
    launch(d, cross_entropy_rows, Grid{N, 1, threads}, a);
}
