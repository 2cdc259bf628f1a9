/*
 * Causal attention, forward. For a block of query rows
 *
 *   s = scale q [pk; k]^T     one product, only the columns that the block can see
 *   e = exp(s - max)          in place, 0 where a row must not look; 1/sum beside it
 *   o = e [pv; v] / sum       one product, divided when the rows are unpacked
 *
 * A single query with a cache (generation) is not packed: the heads of the cache lie at equal
 * distances as they are.
 */

#include "core/math/cuda/device/attention.cuh"
#include "core/math/cuda/device/reduce.cuh"

/* ---- softmax of packed rows, one warp a row ------------------------------------------------ */

struct SoftmaxArgs {
    AttnPart part;
    float   *scores;  /* [batches, rows, cols] */
    float   *inverse; /* [batches, inverse_rows]; from the block's first row */
    float   *lse;     /* [tokens, H] */
    Index    row0, rows, cols, inverse_rows;
    float    scale, unused;
};

static __device__ float largest_of(float a, float b)
{
    return b > a || isnan(b) ? b : a;
}

static __device__ float row_max(const float *s, Index seen, float scale)
{
    float m = -INFINITY;
    for (Index j = 4 * WARP_LANE; j < seen; j += ATTN_TURN) {
        float4 x = *(const float4 *)(s + j);
        m = largest_of(m, scale * x.x);
        if (j + 1 < seen) m = largest_of(m, scale * x.y);
        if (j + 2 < seen) m = largest_of(m, scale * x.z);
        if (j + 3 < seen) m = largest_of(m, scale * x.w);
    }
    return warp_max(m);
}

/* Overwrites the row with its exponentials; the sum of what this lane wrote. */
static __device__ float row_exp(float *s, Index seen, Index cols, float scale, float m)
{
    float sum = 0.0f;
    for (Index j = 4 * WARP_LANE; j < cols; j += ATTN_TURN) {
        float4 e = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
        if (j < seen) {
            float4 x = *(const float4 *)(s + j);
            e.x = expf(scale * x.x - m);
            if (j + 1 < seen) e.y = expf(scale * x.y - m);
            if (j + 2 < seen) e.z = expf(scale * x.z - m);
            if (j + 3 < seen) e.w = expf(scale * x.w - m);
        }
        *(float4 *)(s + j) = e;
        sum += (e.x + e.y) + (e.z + e.w);
    }
    return sum;
}

static __global__ void softmax_rows(SoftmaxArgs a)
{
    Index row = WARP_ROW, b = blockIdx.y;
    if (row >= a.rows) return;
    AttnBatch t = attn_batch(a.part, b);
    Index     seen = attn_seen(a.part, t, a.row0 + row);
    float    *s = a.scores + (b * a.rows + row) * a.cols;

    float m = row_max(s, seen, a.scale);
    float sum = warp_sum(row_exp(s, seen, a.cols, a.scale, m));
    if (WARP_LANE != 0 || seen == 0) return;
    a.inverse[b * a.inverse_rows + row] = 1.0f / sum;
    a.lse[attn_row(a.part, t, a.row0 + row)] = m + logf(sum);
}

/* ---- packed ------------------------------------------------------------------------------- */

typedef struct Forward {
    AttnCall   call;
    AttnPlan   plan;
    AttnPart   part;
    AttnInputs in;
    float     *o, *lse;
    float     *Q, *Kp, *Vp, *scores, *inverse; /* of the part; o's rows take the place of Q's */
} Forward;

/* Rows row .. row+rows-1 of the chunk, which begins at flat row `chunk` and has `all` rows. */
static void forward_block(const Forward *f, Index chunk, Index all, Index row, Index rows)
{
    Device     *d = f->call.d;
    Index       K = f->part.K, cols = attn_columns(&f->call, &f->plan, chunk + row + rows);
    SoftmaxArgs a = {};
    Product     p = attn_product(&f->call, &f->part);

    p.tb = true;
    p.m = rows, p.n = cols, p.k = K;
    p.A = f->Q + row * K, p.lda = K, p.stride_a = all * K;
    p.B = f->Kp, p.ldb = K, p.stride_b = f->part.Tk * K;
    p.C = f->scores, p.ldc = cols, p.stride_c = rows * cols;
    product(d, &p);

    a.part = f->part;
    a.scores = f->scores;
    a.inverse = f->inverse + row;
    a.lse = f->lse;
    a.row0 = chunk + row;
    a.rows = rows;
    a.cols = cols;
    a.inverse_rows = all;
    a.scale = f->call.shape->scale;
    launch(d, softmax_rows, Grid{div_up(rows, BLOCK_WARPS), f->part.batches, THREADS}, a);

    p.tb = false;
    p.m = rows, p.n = K, p.k = cols;
    p.A = f->scores, p.lda = cols, p.stride_a = rows * cols;
    p.B = f->Vp;
    p.C = f->Q + row * K, p.ldc = K, p.stride_c = all * K;
    product(d, &p);
}

/* all_rows: see attn_unpack. */
static void forward_part(Forward *f, Index all_rows)
{
    Device         *d = f->call.d;
    const AttnPlan *plan = &f->plan;
    Index           mark = d->workspace_used, end = plan->queries * f->call.R;
    f->part = attn_part(&f->call, plan);
    Index batches = f->part.batches, K = f->part.K;
    f->Kp = work<float>(d, batches * plan->keys * K);
    f->Vp = work<float>(d, batches * plan->keys * K);
    f->Q = work<float>(d, batches * plan->chunk * K);
    f->scores = work<float>(d, batches * plan->block * plan->keys);
    f->inverse = work<float>(d, batches * plan->chunk);

    for (Index chunk = 0; chunk < end && !d->failed; chunk += plan->chunk) {
        Index      rows = smaller(plan->chunk, end - chunk);
        AttnPacked to = {};
        to.Q = f->Q;
        to.Vp = f->Vp;
        if (chunk == 0) to.Kp = f->Kp;
        attn_pack(&f->call, &f->part, &f->in, &to, chunk, rows);
        for (Index row = 0; row < rows; row += plan->block) {
            forward_block(f, chunk, rows, row, smaller(plan->block, rows - row));
        }
        attn_unpack(&f->call, &f->part, f->o, f->lse, f->Q, f->inverse, chunk, rows,
                    chunk == 0 ? all_rows : 0);
    }
    d->workspace_used = mark;
}

/* Nothing but zeros behind the last segment. */
static void clear_only(const AttnCall *c, float *o, float *lse)
{
    const AttnShape *shape = c->shape;
    AttnPart         part = {};
    part.q_at = c->q_at;
    part.H = shape->H;
    part.K = shape->K;
    attn_unpack(c, &part, o, lse, NULL, NULL, 0, 0, shape->q_at[shape->S] + shape->fill);
}

static void forward_packed(Forward *f)
{
    const AttnShape *shape = f->call.shape;
    Device          *d = f->call.d;
    Index            all_rows = shape->q_at[shape->S] + shape->fill;
    for (Index s = 0; s < shape->S && !d->failed; s = f->plan.to) {
        f->plan = attn_plan(&f->call, s);
        if (f->plan.queries == 0) continue;
        Index heads = f->plan.heads;
        for (Index head = 0; head < shape->G; head += heads) {
            f->plan.head0 = head;
            f->plan.heads = smaller(heads, shape->G - head);
            forward_part(f, all_rows);
            all_rows = 0;
        }
    }
    if (all_rows > 0) clear_only(&f->call, f->o, f->lse);
}

/* ---- one query ---------------------------------------------------------------------------- */

struct WholeRow {
    float *scores; /* [rows, ld] */
    float *lse;    /* [rows] */
    Index  cols, ld;
    float  scale, unused;
};

/* One block a row, which may be long; here the row becomes probabilities. */
static __global__ void softmax_long_rows(WholeRow a)
{
    SHARED(float, part, BLOCK_WARPS);
    float *s = a.scores + (Index)blockIdx.x * a.ld, m = -INFINITY, sum = 0.0f;
    for (Index j = threadIdx.x; j < a.cols; j += THREADS) m = largest_of(m, a.scale * s[j]);
    m = warp_max(m);
    if (WARP_LANE == 0) part[threadIdx.x / WARP] = m;
    __syncthreads();
    for (int i = 0; i < BLOCK_WARPS; i++) m = largest_of(m, part[i]);
    __syncthreads();

    for (Index j = threadIdx.x; j < a.cols; j += THREADS) {
        s[j] = expf(a.scale * s[j] - m);
        sum += s[j];
    }
    sum = block_sum(sum, part);
    for (Index j = threadIdx.x; j < a.cols; j += THREADS) s[j] /= sum;
    if (threadIdx.x == 0) a.lse[blockIdx.x] = m + logf(sum);
}

/* The keys of head g: rows of G*K floats that begin g*K floats later; its R queries one behind the
 * other. So the heads are the batch of the products. */
static void forward_single(Device *d, const AttnShape *shape, float *o, float *lse, const float *q,
                           const float *k, const float *v)
{
    Index  R = shape->H / shape->G, K = shape->K, width = shape->G * K;
    Index  keys = shape->k_at[1] - shape->k_at[0], ld = div_up(keys, 4) * 4;
    float *scores = work<float>(d, shape->H * ld);

    AttnCall c = {};
    AttnPart part = {};
    c.d = d;
    part.batches = shape->G;
    Product p = attn_product(&c, &part);
    p.tb = true;
    p.m = R, p.n = keys, p.k = K;
    p.A = q + shape->q_at[0] * shape->H * K, p.lda = K, p.stride_a = R * K;
    p.B = k + shape->k_at[0] * width, p.ldb = width, p.stride_b = K;
    p.C = scores, p.ldc = ld, p.stride_c = R * ld;
    product(d, &p);

    WholeRow a = {};
    a.scores = scores;
    a.lse = lse + shape->q_at[0] * shape->H;
    a.cols = keys;
    a.ld = ld;
    a.scale = shape->scale;
    launch(d, softmax_long_rows, Grid{shape->H, 1, THREADS}, a);

    p.tb = false;
    p.m = R, p.n = K, p.k = keys;
    p.A = scores, p.lda = ld, p.stride_a = R * ld;
    p.B = v + shape->k_at[0] * width;
    p.C = o + shape->q_at[0] * shape->H * K, p.ldc = K, p.stride_c = R * K;
    product(d, &p);
}

static bool is_single(const Device *d, const AttnShape *shape)
{
    if (shape->S != 1 || shape->P > 0) return false;
    if (shape->q_at[1] - shape->q_at[0] != 1) return false;
    Index ld = div_up(shape->k_at[1] - shape->k_at[0], 4) * 4;
    return work_size(shape->H * ld * (Index)sizeof(float)) <= work_left(d);
}

void cuda_attention(Backend *be, const AttnShape *shape, float *o, float *lse, const float *q,
                    const float *k, const float *v, const float *pk, const float *pv)
{
    Device *d = device_of(be);
    op_begin(d);
    bool single = is_single(d, shape);
    if (single) forward_single(d, shape, o, lse, q, k, v);
    if (single && shape->fill == 0) return;
    Forward f = {};
    f.call = attn_call(d, shape, 2, 1, 1);
    if (single) {
        clear_only(&f.call, o, lse);
        return;
    }
    f.o = o;
    f.lse = lse;
    f.in.q = q;
    f.in.k = k;
    f.in.v = v;
    f.in.pk = pk;
    f.in.pv = pv;
    forward_packed(&f);
}
