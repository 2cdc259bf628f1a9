/*
 * RMSNorm, a warp for each row. With s = inv and g = dy*w, since ds/dx_i = -s^3 x_i / D,
 *
 *   dx = s g - x s^3 dot(g, x) / D,      dw = sum over rows of dy*x*s
 *
 * A row is read twice, the second time from a cache. The rows' sum is taken in chunks of rows, at
 * most GAIN_CHUNKS of them, whose sums a second kernel adds in their order.
 */

#include "core/math/cuda/device/quad.cuh"
#include "core/math/cuda/device/reduce.cuh"

/* ---- forward ------------------------------------------------------------------------------ */

typedef struct NormArgs {
    float       *y, *inv;
    const float *x, *w;
    Index        N;
    Span         row;
    float        eps;
} NormArgs;

static __global__ void normalize_rows(NormArgs a)
{
    Index n = WARP_ROW;
    if (n >= a.N) return;
    const float *x = a.x + n * a.row.n;
    float        squares = 0.0f;
    for (Index q = WARP_LANE; q < a.row.quads; q += WARP) {
        Quad  t = load_quad(x, q, a.row);
        float low = t.v[0] * t.v[0] + t.v[1] * t.v[1], high = t.v[2] * t.v[2] + t.v[3] * t.v[3];
        squares += low + high;
    }
    float inv = 1.0f / sqrtf(warp_sum(squares) / (float)a.row.n + a.eps);
    for (Index q = WARP_LANE; q < a.row.quads; q += WARP) {
        Quad t = load_quad(x, q, a.row), w = load_quad(a.w, q, a.row);
        for (int k = 0; k < 4; k++) t.v[k] *= inv * w.v[k];
        store_quad(a.y + n * a.row.n, q, a.row, t);
    }
    if (WARP_LANE == 0) a.inv[n] = inv;
}

/* The residual and the norm behind it, y = a + b and its norm, in one pass. The sum is read again
 * by the thread that wrote it. */
typedef struct SumNormArgs {
    NormArgs     norm; /* x: the sum's place */
    float       *sum;
    const float *a, *b;
} SumNormArgs;

static __global__ void add_and_normalize_rows(SumNormArgs s)
{
    const NormArgs &a = s.norm;
    Index           n = WARP_ROW;
    if (n >= a.N) return;
    float squares = 0.0f;
    for (Index q = WARP_LANE; q < a.row.quads; q += WARP) {
        Quad t = load_quad(s.a + n * a.row.n, q, a.row), u = load_quad(s.b + n * a.row.n, q, a.row);
        for (int k = 0; k < 4; k++) t.v[k] += u.v[k];
        store_quad(s.sum + n * a.row.n, q, a.row, t);
        float low = t.v[0] * t.v[0] + t.v[1] * t.v[1], high = t.v[2] * t.v[2] + t.v[3] * t.v[3];
        squares += low + high;
    }
    float inv = 1.0f / sqrtf(warp_sum(squares) / (float)a.row.n + a.eps);
    for (Index q = WARP_LANE; q < a.row.quads; q += WARP) {
        Quad t = load_quad(s.sum + n * a.row.n, q, a.row), w = load_quad(a.w, q, a.row);
        for (int k = 0; k < 4; k++) t.v[k] *= inv * w.v[k];
        store_quad(a.y + n * a.row.n, q, a.row, t);
    }
    if (WARP_LANE == 0) a.inv[n] = inv;
}

static bool apart(const float *a, Index n, const float *b, Index m)
{
    return a + n <= b || b + m <= a;
}

/* The sum's summands may be gone by now and their place given to the norm's results. That does no
 * harm where row n takes the very place of row n, for a warp has read it all before it writes. */
static bool may_join(const NormArgs *a, const SumNormArgs *s, Index D)
{
    Index n = a->N * D;
    return apart(a->inv, a->N, s->a, n) && apart(a->inv, a->N, s->b, n) &&
           (a->y == s->a || apart(a->y, n, s->a, n)) && (a->y == s->b || apart(a->y, n, s->b, n));
}

void cuda_rmsnorm(Backend *be, float *y, float *inv, const float *x, const float *w, Index N,
                  Index D, float eps)
{
    Device  *d = device_of(be);
    NormArgs a = {};
    a.y = y;
    a.inv = inv;
    a.x = x;
    a.w = w;
    a.N = N;
    a.row = row_span(D, y, x, w);
    a.eps = eps;
    SumNormArgs s = {};
    if (!last_is_add(d, x, N * D, &s.a, &s.b) || !may_join(&a, &s, D)) {
        launch(d, normalize_rows, grid_of_warps(N), a);
        return;
    }
    queue_take_back(d);
    s.norm = a;
    s.norm.row = row_span(D, y, x, w, s.a, s.b);
    s.sum = (float *)x; /* the sum's own, which was to be written by what was taken back */
    launch(d, add_and_normalize_rows, grid_of_warps(N), s);
}

/* ---- the gradient of x -------------------------------------------------------------------- */

typedef struct NormGradArgs {
    float       *dx;
    const float *dy, *x, *w, *inv;
    Index        N;
    Span         row;
} NormGradArgs;

static __global__ void add_norm_grad(NormGradArgs a)
{
    Index n = WARP_ROW;
    if (n >= a.N) return;
    const float *x = a.x + n * a.row.n, *dy = a.dy + n * a.row.n;
    float        s = a.inv[n], dot = 0.0f;
    for (Index q = WARP_LANE; q < a.row.quads; q += WARP) {
        Quad  t = load_quad(x, q, a.row), g = load_quad(dy, q, a.row), w = load_quad(a.w, q, a.row);
        float part[4];
        for (int k = 0; k < 4; k++) part[k] = g.v[k] * w.v[k] * t.v[k];
        dot += (part[0] + part[1]) + (part[2] + part[3]);
    }
    float pull = s * s * s * warp_sum(dot) / (float)a.row.n;
    for (Index q = WARP_LANE; q < a.row.quads; q += WARP) {
        Quad t = load_quad(x, q, a.row), g = load_quad(dy, q, a.row), w = load_quad(a.w, q, a.row);
        for (int k = 0; k < 4; k++) t.v[k] = s * g.v[k] * w.v[k] - t.v[k] * pull;
        add_quad(a.dx + n * a.row.n, q, a.row, t);
    }
}

/* ---- the gradient of w -------------------------------------------------------------------- */

enum { GAIN_ROWS = 32, GAIN_CHUNKS = 128, GAIN_COLUMNS = 64 /* of a block */ };

typedef struct GainGradArgs {
    float       *dw, *part; /* part [chunks, D] */
    const float *dy, *x, *inv;
    Index        N, D, rows, chunks; /* rows: of a chunk */
} GainGradArgs;

/* Block (x, y): 64 columns, chunk y of the rows. */
static __global__ void sum_gain_chunks(GainGradArgs a)
{
    Index d = (Index)blockIdx.x * GAIN_COLUMNS + threadIdx.x, n = (Index)blockIdx.y * a.rows;
    Index end = n + a.rows < a.N ? n + a.rows : a.N;
    if (d >= a.D) return;
    float sum = 0.0f;
    for (; n < end; n++) sum += a.dy[n * a.D + d] * a.x[n * a.D + d] * a.inv[n];
    a.part[blockIdx.y * a.D + d] = sum;
}

static __global__ void add_gain_chunks(GainGradArgs a)
{
    Index d = (Index)blockIdx.x * GAIN_COLUMNS + threadIdx.x;
    if (d >= a.D) return;
    double sum = 0.0;
    for (Index i = 0; i < a.chunks; i++) sum += (double)a.part[i * a.D + d];
    a.dw[d] = (float)((double)a.dw[d] + sum);
}

static void add_gain_grad(Device *d, float *dw, const float *dy, const float *x, const float *inv,
                          Index N, Index D)
{
    GainGradArgs a = {};
    a.dw = dw;
    a.dy = dy;
    a.x = x;
    a.inv = inv;
    a.N = N;
    a.D = D;
    a.rows = larger(GAIN_ROWS, div_up(N, GAIN_CHUNKS));
    a.chunks = div_up(N, a.rows);
    op_begin(d);
    a.part = work<float>(d, a.chunks * D);
    launch(d, sum_gain_chunks, Grid{div_up(D, GAIN_COLUMNS), a.chunks, GAIN_COLUMNS}, a);
    launch(d, add_gain_chunks, Grid{div_up(D, GAIN_COLUMNS), 1, GAIN_COLUMNS}, a);
}

void cuda_rmsnorm_grad(Backend *be, float *dx, float *dw, const float *dy, const float *x,
                       const float *w, const float *inv, Index N, Index D)
{
    Device *d = device_of(be);
    if (N == 0) return;
    if (dx != NULL) {
        NormGradArgs a = {};
        a.dx = dx;
        a.dy = dy;
        a.x = x;
        a.w = w;
        a.inv = inv;
        a.N = N;
        a.row = row_span(D, dx, dy, x, w);
        launch(d, add_norm_grad, grid_of_warps(N), a);
    }
    if (dw != NULL) add_gain_grad(d, dw, dy, x, inv, N, D);
}
