/*
 * The gradients of attention. Probabilities are computed again from lse, for a block of query rows
 * at a time:
 *
 *   p = exp(scale q k^T - lse),   dp = do v^T,   delta = sum(do*o) of each row
 *   ds = scale p*(dp - delta)
 *   dq = ds k,   dk += ds^T q,   dv += p^T do
 *
 * with the prefix before the keys. Blocks run from the last rows to the first: the last row sees
 * all keys, so its product writes all of dKp and dVp, and the others add to the first part of them.
 */

#include "core/math/cuda/device/attention.cuh"
#include "core/math/cuda/device/reduce.cuh"

/* ---- slopes, one warp a row ---------------------------------------------------------------- */

struct SlopeArgs {
    AttnPart     part;
    float       *p;  /* [batches, rows, cols]: q k^T becomes the probabilities */
    float       *ds; /* do v^T becomes ds; NULL: nobody wants it */
    const float *lse, *o, *dout;
    Index        row0, rows, cols;
    float        scale, unused;
};

static __device__ float slope_delta(const SlopeArgs &a, Index at)
{
    float sum = 0.0f;
    for (Index c = WARP_LANE; c < a.part.K; c += WARP) {
        sum += a.dout[at * a.part.K + c] * a.o[at * a.part.K + c];
    }
    return warp_sum(sum);
}

/* Four columns from j on, of which those before `seen` count. */
static __device__ float4 probabilities(const float *p, Index j, Index seen, float scale, float lse)
{
    float4 x = *(const float4 *)(p + j), e = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    e.x = expf(scale * x.x - lse);
    if (j + 1 < seen) e.y = expf(scale * x.y - lse);
    if (j + 2 < seen) e.z = expf(scale * x.z - lse);
    if (j + 3 < seen) e.w = expf(scale * x.w - lse);
    return e;
}

static __device__ float4 slopes(const float *dp, Index j, Index seen, float4 e, float scale,
                                float delta)
{
    float4 x = *(const float4 *)(dp + j), y = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    y.x = e.x * (x.x - delta) * scale;
    if (j + 1 < seen) y.y = e.y * (x.y - delta) * scale;
    if (j + 2 < seen) y.z = e.z * (x.z - delta) * scale;
    if (j + 3 < seen) y.w = e.w * (x.w - delta) * scale;
    return y;
}

static __global__ void slope_rows(SlopeArgs a)
{
    Index row = WARP_ROW, b = blockIdx.y;
    if (row >= a.rows) return;
    AttnBatch t = attn_batch(a.part, b);
    Index     seen = attn_seen(a.part, t, a.row0 + row), at = attn_row(a.part, t, a.row0 + row);
    Index     first = (b * a.rows + row) * a.cols;
    float     delta = seen > 0 && a.ds != NULL ? slope_delta(a, at) : 0.0f;
    float     lse = seen > 0 ? a.lse[at] : 0.0f;

    for (Index j = 4 * WARP_LANE; j < a.cols; j += ATTN_TURN) {
        float4 e = make_float4(0.0f, 0.0f, 0.0f, 0.0f), y = e;
        if (j < seen) {
            e = probabilities(a.p + first, j, seen, a.scale, lse);
            if (a.ds != NULL) y = slopes(a.ds + first, j, seen, e, a.scale, delta);
        }
        *(float4 *)(a.p + first + j) = e;
        if (a.ds != NULL) *(float4 *)(a.ds + first + j) = y;
    }
}

/* ---- a block ------------------------------------------------------------------------------ */

typedef struct Backward {
    AttnCall     call;
    AttnPlan     plan;
    AttnPart     part;
    AttnInputs   in;
    const float *o, *lse;
    AttnGrads    to;
    bool         wants_ds, wants_dkp, wants_dvp;
    /* of the part; dQ's rows take the place of Q's. dKp, dVp, ds: NULL where nobody wants them */
    float *Q, *dO, *Kp, *Vp, *dKp, *dVp, *p, *ds;
} Backward;

/* Which rows: rows `row` .. row+rows-1 of the chunk, which has `all` rows from flat row `chunk`. */
typedef struct Block {
    Index chunk, all, row, rows, cols;
    float beta; /* 0 for the first block of the part */
} Block;

/* scores [rows, cols] = rows of x (Q or dO) times keys (Kp or Vp) transposed */
static void scores_of(const Backward *g, const Block *b, float *scores, const float *x,
                      const float *keys)
{
    Index   K = g->part.K;
    Product p = attn_product(&g->call, &g->part);
    p.tb = true;
    p.m = b->rows, p.n = b->cols, p.k = K;
    p.A = x + b->row * K, p.lda = K, p.stride_a = b->all * K;
    p.B = keys, p.ldb = K, p.stride_b = g->part.Tk * K;
    p.C = scores, p.ldc = b->cols, p.stride_c = b->rows * b->cols;
    product(g->call.d, &p);
}

/* d [cols, K] += scores^T x */
static void keys_grad(const Backward *g, const Block *b, float *d, const float *scores,
                      const float *x)
{
    Index   K = g->part.K;
    Product p = attn_product(&g->call, &g->part);
    p.ta = true;
    p.m = b->cols, p.n = K, p.k = b->rows;
    p.beta = b->beta;
    p.A = scores, p.lda = b->cols, p.stride_a = b->rows * b->cols;
    p.B = x + b->row * K, p.ldb = K, p.stride_b = b->all * K;
    p.C = d, p.ldc = K, p.stride_c = g->part.Tk * K;
    product(g->call.d, &p);
}

/* rows of dQ, in the place of Q's = ds Kp */
static void queries_grad(const Backward *g, const Block *b)
{
    Index   K = g->part.K;
    Product p = attn_product(&g->call, &g->part);
    p.m = b->rows, p.n = K, p.k = b->cols;
    p.A = g->ds, p.lda = b->cols, p.stride_a = b->rows * b->cols;
    p.B = g->Kp, p.ldb = K, p.stride_b = g->part.Tk * K;
    p.C = g->Q + b->row * K, p.ldc = K, p.stride_c = b->all * K;
    product(g->call.d, &p);
}

static void slope_block(const Backward *g, const Block *b)
{
    SlopeArgs a = {};
    a.part = g->part;
    a.p = g->p;
    a.ds = g->ds;
    a.lse = g->lse;
    a.o = g->o;
    a.dout = g->in.dout;
    a.row0 = b->chunk + b->row;
    a.rows = b->rows;
    a.cols = b->cols;
    a.scale = g->call.shape->scale;
    Grid grid = {div_up(b->rows, BLOCK_WARPS), g->part.batches, THREADS};
    launch(g->call.d, slope_rows, grid, a);
}

static void backward_block(const Backward *g, const Block *b)
{
    scores_of(g, b, g->p, g->Q, g->Kp);
    if (g->wants_ds) scores_of(g, b, g->ds, g->dO, g->Vp);
    slope_block(g, b);
    if (g->wants_dvp) keys_grad(g, b, g->dVp, g->p, g->dO);
    if (g->wants_dkp) keys_grad(g, b, g->dKp, g->ds, g->Q);
    if (g->to.dq != NULL) queries_grad(g, b);
}

/* ---- a part ------------------------------------------------------------------------------- */

static void take_pieces(Backward *g)
{
    Device *d = g->call.d;
    Index   batches = g->part.batches, keys = batches * g->plan.keys * g->part.K;
    Index   rows = batches * g->plan.chunk * g->part.K;
    Index   scores = batches * g->plan.block * g->plan.keys;
    g->Kp = work<float>(d, keys);
    g->Vp = work<float>(d, keys);
    g->Q = work<float>(d, rows);
    g->dO = work<float>(d, rows);
    g->p = work<float>(d, scores);
    g->dKp = g->wants_dkp ? work<float>(d, keys) : NULL;
    g->dVp = g->wants_dvp ? work<float>(d, keys) : NULL;
    g->ds = g->wants_ds ? work<float>(d, scores) : NULL;
}

static void backward_chunk(const Backward *g, Index chunk, Index rows, bool last)
{
    Index blocks = div_up(rows, g->plan.block);
    for (Index i = blocks - 1; i >= 0; i--) {
        Block b = {};
        b.chunk = chunk;
        b.all = rows;
        b.row = i * g->plan.block;
        b.rows = smaller(g->plan.block, rows - b.row);
        b.cols = attn_columns(&g->call, &g->plan, chunk + b.row + b.rows);
        b.beta = last && i == blocks - 1 ? 0.0f : 1.0f;
        backward_block(g, &b);
    }
}

static void backward_part(Backward *g)
{
    Device *d = g->call.d;
    Index   mark = d->workspace_used, end = g->plan.queries * g->call.R, size = g->plan.chunk;
    Index   chunks = div_up(end, size);
    g->part = attn_part(&g->call, &g->plan);
    take_pieces(g);

    for (Index i = chunks - 1; i >= 0 && !d->failed; i--) {
        Index      rows = smaller(size, end - i * size);
        bool       last = i == chunks - 1, keys = i == 0 && (g->wants_dkp || g->wants_dvp);
        AttnPacked to = {g->Q, g->dO, last ? g->Kp : NULL, g->Vp};
        attn_pack(&g->call, &g->part, &g->in, &to, i * size, rows);
        backward_chunk(g, i * size, rows, last);
        attn_unpack_grads(&g->call, &g->part, &g->to, g->Q, g->dKp, g->dVp, i * size, rows, keys);
    }
    d->workspace_used = mark;
}

static void backward(Backward *g)
{
    const AttnShape *shape = g->call.shape;
    for (Index s = 0; s < shape->S && !g->call.d->failed; s = g->plan.to) {
        g->plan = attn_plan(&g->call, s);
        if (g->plan.queries == 0) continue;
        Index heads = g->plan.heads;
        for (Index head = 0; head < shape->G; head += heads) {
            g->plan.head0 = head;
            g->plan.heads = smaller(heads, shape->G - head);
            backward_part(g);
        }
    }
}

void cuda_attention_grad(Backend *be, const AttnShape *shape, float *dq, float *dk, float *dv,
                         float *dpk, float *dpv, const float *dout, const float *o,
                         const float *lse, const float *q, const float *k, const float *v,
                         const float *pk, const float *pv)
{
    Device  *d = device_of(be);
    Backward g = {};
    g.to = AttnGrads{dq, dk, dv, shape->P > 0 ? dpk : NULL, shape->P > 0 ? dpv : NULL};
    g.wants_dkp = g.to.dk != NULL || g.to.dpk != NULL;
    g.wants_dvp = g.to.dv != NULL || g.to.dpv != NULL;
    g.wants_ds = g.wants_dkp || dq != NULL;
    if (!g.wants_ds && !g.wants_dvp) return;

    op_begin(d);
    g.call = attn_call(d, shape, 2 + (g.wants_dkp ? 1 : 0) + (g.wants_dvp ? 1 : 0), 2,
                       g.wants_ds ? 2 : 1);
    g.in = AttnInputs{q, dout, k, v, pk, pv};
    g.o = o;
    g.lse = lse;
    backward(&g);
}
