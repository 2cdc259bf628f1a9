/*
 * The gradients of attention. Probabilities are recomputed from lse, a block of 64 queries of
 * one head at a time:
 *
 *     p = exp(s - lse),  dp = do v^T,  delta = sum(do*o),  ds = p*(dp - delta)
 *     dq += scale ds k,  dk += scale ds^T q,  dv += p^T do
 *
 * A task is one group's heads of one segment, in head order, so no two tasks add to the same
 * key. Prefix rows are seen by all segments: their gradients are a second round of tasks, one
 * for each group.
 */

#include "core/math/cpu/cpu_ops.h"
#include "core/math/cpu/exp.h"


enum { BLOCK_ROWS = 64 };

typedef struct AttentionGrad {
    Backend         *be;
    const AttnShape *shape;
    float           *dq, *dk, *dv, *dpk, *dpv;
    const float     *dout, *o, *lse, *q, *k, *v, *pk, *pv;
} AttentionGrad;

/* Some queries of one head before some keys; `seen` of them by the first query. */
typedef struct Block {
    Index        row, rows, h;
    const float *k;       /* keys as they are, [keys, ldk] */
    Index        ldk;
    const float *kt, *vt; /* keys and values transposed, [K, width] */
    Index        keys, seen, width;
    float       *p, *ds;   /* [rows, width] */
    float       *q, *dout; /* [rows, K], of this head */
} Block;

/* A worker's scratch memory: the transposed prefix and keys, and the scores before them. */
typedef struct Room {
    float *pkt, *pvt, *k, *kt, *vt, *p, *ds, *q, *dout;
    Index  prefix, keys; /* widths, padded */
} Room;

static float row_delta(const float *a, const float *b, Index K)
{
    float s = 0.0f;
#pragma omp simd reduction(+ : s)
    for (Index i = 0; i < K; i++) s += a[i] * b[i];
    return s;
}

/* Scores become probabilities, dp becomes ds; both 0 where nothing is seen. Whole vectors are
 * computed, and what was not seen is overwritten. */
static void slope_row(float *restrict p, float *restrict ds, Index n, Index width, float lse,
                      float delta)
{
    Index padded = cpu_padded(n);
    for (Index j = 0; j < padded; j++) {
        float e = cpu_exp(p[j] - lse);
        p[j] = e;
        ds[j] = e * (ds[j] - delta);
    }
    for (Index j = n; j < width; j++) p[j] = 0.0f;
    for (Index j = n; j < width; j++) ds[j] = 0.0f;
}

static void fill(const AttentionGrad *a, const Block *b)
{
    const AttnShape *c = a->shape;
    Index            HK = c->H * c->K, at = b->row * HK + b->h * c->K, n = cpu_padded(b->keys);

    Product product = {.m = b->rows, .n = n, .k = c->K, .lda = HK, .ldb = b->width,
                       .ldc = b->width};
    product.alpha = c->scale, product.A = a->q + at, product.B = b->kt, product.C = b->p;
    cpu_tiles(&product);
    product.alpha = 1.0f, product.A = a->dout + at, product.B = b->vt, product.C = b->ds;
    cpu_tiles(&product);

    for (Index i = 0; i < b->rows; i++) {
        float delta = row_delta(a->dout + at + i * HK, a->o + at + i * HK, c->K);
        slope_row(b->p + i * b->width, b->ds + i * b->width, cpu_min(b->seen + i, b->keys), n,
                  a->lse[(b->row + i) * c->H + b->h], delta);
    }
}

static void add_dq(const AttentionGrad *a, const Block *b)
{
    const AttnShape *c = a->shape;
    Index            HK = c->H * c->K;
    if (a->dq == NULL) return;
    cpu_tiles(&(Product){.m = b->rows, .n = c->K, .k = b->keys, .alpha = c->scale, .beta = 1.0f,
                         .A = b->ds, .lda = b->width, .B = b->k, .ldb = b->ldk,
                         .C = a->dq + b->row * HK + b->h * c->K, .ldc = HK});
}

/* dk[keys] += scale ds^T q,  dv[keys] += p^T do; a block's rows of q and do are packed, for they
 * are read once for every few keys */
static void add_dkv(const AttentionGrad *a, const Block *b, float *dk, float *dv)
{
    const AttnShape *c = a->shape;
    Index            HK = c->H * c->K, at = b->row * HK + b->h * c->K;
    Product product = {.ta = true, .m = b->keys, .n = c->K, .k = b->rows, .beta = 1.0f,
                       .lda = b->width, .ldb = c->K, .ldc = c->G * c->K};
    if (dk != NULL) {
        cpu_pack(b->q, a->q + at, HK, b->rows, c->K);
        product.alpha = c->scale, product.A = b->ds, product.B = b->q, product.C = dk;
        cpu_tiles(&product);
    }
    if (dv != NULL) {
        cpu_pack(b->dout, a->dout + at, HK, b->rows, c->K);
        product.alpha = 1.0f, product.A = b->p, product.B = b->dout, product.C = dv;
        cpu_tiles(&product);
    }
}

static float *at_or_null(float *x, Index offset)
{
    return x != NULL ? x + offset : NULL;
}

/* Room for the prefix and this many keys. */
static Room take_room(const AttentionGrad *a, int worker, Index keys)
{
    Index K = a->shape->K, P = a->shape->P;
    Room  room = {.prefix = cpu_spread(P), .keys = cpu_spread(keys)};
    Index width = cpu_max(room.prefix, room.keys);
    room.pkt = cpu_scratch(a->be, worker, cpu_attention_workspace(P + keys, K));
    room.pvt = room.pkt + K * room.prefix;
    room.k = room.pvt + K * room.prefix;
    room.kt = room.k + K * room.keys;
    room.vt = room.kt + K * room.keys;
    room.p = room.vt + K * room.keys;
    room.ds = room.p + BLOCK_ROWS * width;
    room.q = room.ds + BLOCK_ROWS * width;
    room.dout = room.q + BLOCK_ROWS * K;
    return room;
}

static void transpose_prefix(const AttentionGrad *a, const Room *room, Index column)
{
    const AttnShape *c = a->shape;
    Index            GK = c->G * c->K, width = room->prefix;
    if (c->P == 0) return;
    cpu_transpose(room->pkt, width, width, a->pk + column, GK, c->P, c->K);
    cpu_transpose(room->pvt, width, width, a->pv + column, GK, c->P, c->K);
}

static Block prefix_block(const AttentionGrad *a, const Room *room, Index column)
{
    if (a->shape->P == 0) return (Block){0};
    return (Block){.k = a->pk + column, .ldk = a->shape->G * a->shape->K, .kt = room->pkt,
                   .vt = room->pvt, .keys = a->shape->P, .seen = a->shape->P,
                   .width = room->prefix, .p = room->p, .ds = room->ds, .q = room->q,
                   .dout = room->dout};
}

/* One segment and one group: dq, dk, dv. */
static void grad_task(void *context, Index task, int worker)
{
    const AttentionGrad *a = context;
    const AttnShape     *c = a->shape;
    Index                s = task / c->G, g = task % c->G, heads = c->H / c->G, GK = c->G * c->K;
    Index                end = c->q_at[s + 1], length = c->k_at[s + 1] - c->k_at[s];
    Index                column = g * c->K, at = c->k_at[s] * GK + column;
    if (end == c->q_at[s]) return;

    Room  room = take_room(a, worker, length);
    Block before = prefix_block(a, &room, column);
    Block b = {.k = room.k, .ldk = c->K, .kt = room.kt, .vt = room.vt, .width = room.keys,
               .p = room.p, .ds = room.ds, .q = room.q, .dout = room.dout};
    transpose_prefix(a, &room, column);
    cpu_pack(room.k, a->k + at, GK, length, c->K);
    cpu_transpose(room.kt, room.keys, room.keys, a->k + at, GK, length, c->K);
    cpu_transpose(room.vt, room.keys, room.keys, a->v + at, GK, length, c->K);

    for (b.h = g * heads; b.h < (g + 1) * heads; b.h++) {
        for (b.row = c->q_at[s]; b.row < end; b.row += BLOCK_ROWS) {
            b.rows = cpu_min(BLOCK_ROWS, end - b.row);
            if (c->P > 0 && a->dq != NULL) {
                before.h = b.h, before.row = b.row, before.rows = b.rows;
                fill(a, &before);
                add_dq(a, &before);
            }
            b.seen = length - (end - b.row) + 1;
            b.keys = b.seen + b.rows - 1;
            fill(a, &b);
            add_dq(a, &b);
            add_dkv(a, &b, at_or_null(a->dk, at), at_or_null(a->dv, at));
        }
    }
}

/* One group: dpk, dpv. */
static void prefix_task(void *context, Index g, int worker)
{
    const AttentionGrad *a = context;
    const AttnShape     *c = a->shape;
    Index                heads = c->H / c->G, column = g * c->K;
    Room                 room = take_room(a, worker, 0);
    Block                b = prefix_block(a, &room, column);
    transpose_prefix(a, &room, column);

    for (Index s = 0; s < c->S; s++) {
        for (b.h = g * heads; b.h < (g + 1) * heads; b.h++) {
            for (b.row = c->q_at[s]; b.row < c->q_at[s + 1]; b.row += BLOCK_ROWS) {
                b.rows = cpu_min(BLOCK_ROWS, c->q_at[s + 1] - b.row);
                fill(a, &b);
                add_dkv(a, &b, at_or_null(a->dpk, column), at_or_null(a->dpv, column));
            }
        }
    }
}

void cpu_attention_grad(Backend *be, const AttnShape *shape, float *dq, float *dk, float *dv,
                        float *dpk, float *dpv, const float *dout, const float *o,
                        const float *lse, const float *q, const float *k, const float *v,
                        const float *pk, const float *pv)
{
    CHECK(shape->G > 0 && shape->H % shape->G == 0);
    AttentionGrad a = {be,  shape, dq,  dk, dv, dpk, dpv, dout,
                       o,   lse,   q,   k,  v,  pk,  pv};
    if (dq != NULL || dk != NULL || dv != NULL) {
        cpu_run(be, shape->S * shape->G, false, grad_task, &a);
    }
    if (shape->P > 0 && (dpk != NULL || dpv != NULL)) {
        cpu_run(be, shape->G, false, prefix_task, &a);
    }
}
