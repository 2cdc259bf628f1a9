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

#include "core/math/cpu/cpu.h"
#include "core/math/cpu/exp.h"

#include <string.h>

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
    const float *k, *v; /* of the first key, at the head's columns */
    Index        keys, seen;
    float       *p, *ds; /* [rows, keys] */
} Block;

static float row_delta(const float *a, const float *b, Index K)
{
    float s = 0.0f;
#pragma omp simd reduction(+ : s)
    for (Index i = 0; i < K; i++) s += a[i] * b[i];
    return s;
}

/* Scores become probabilities, dp becomes ds; both 0 where nothing is seen. */
static void slope_row(float *restrict p, float *restrict ds, Index n, Index keys, float lse,
                      float delta)
{
    for (Index j = 0; j < n; j++) {
        float e = cpu_exp(p[j] - lse);
        p[j] = e;
        ds[j] = e * (ds[j] - delta);
    }
    memset(p + n, 0, (size_t)(keys - n) * sizeof *p);
    memset(ds + n, 0, (size_t)(keys - n) * sizeof *ds);
}

static void fill(const AttentionGrad *a, const Block *b)
{
    const AttnShape *c = a->shape;
    Index            HK = c->H * c->K, GK = c->G * c->K, at = b->row * HK + b->h * c->K;

    Product product = {.tb = true, .m = b->rows, .n = b->keys, .k = c->K, .lda = HK, .ldb = GK,
                       .ldc = b->keys};
    product.alpha = c->scale, product.A = a->q + at, product.B = b->k, product.C = b->p;
    cpu_sgemm(&product);
    product.alpha = 1.0f, product.A = a->dout + at, product.B = b->v, product.C = b->ds;
    cpu_sgemm(&product);

    for (Index i = 0; i < b->rows; i++) {
        float delta = row_delta(a->dout + at + i * HK, a->o + at + i * HK, c->K);
        slope_row(b->p + i * b->keys, b->ds + i * b->keys, cpu_min(b->seen + i, b->keys), b->keys,
                  a->lse[(b->row + i) * c->H + b->h], delta);
    }
}

static void add_dq(const AttentionGrad *a, const Block *b)
{
    const AttnShape *c = a->shape;
    Index            HK = c->H * c->K;
    if (a->dq == NULL) return;
    cpu_sgemm(&(Product){.m = b->rows, .n = c->K, .k = b->keys, .alpha = c->scale, .beta = 1.0f,
                         .A = b->ds, .lda = b->keys, .B = b->k, .ldb = c->G * c->K,
                         .C = a->dq + b->row * HK + b->h * c->K, .ldc = HK});
}

/* dk[keys] += scale ds^T q,  dv[keys] += p^T do */
static void add_dkv(const AttentionGrad *a, const Block *b, float *dk, float *dv)
{
    const AttnShape *c = a->shape;
    Index            HK = c->H * c->K, at = b->row * HK + b->h * c->K;
    Product product = {.ta = true, .m = b->keys, .n = c->K, .k = b->rows, .beta = 1.0f,
                       .lda = b->keys, .ldb = HK, .ldc = c->G * c->K};
    if (dk != NULL) {
        product.alpha = c->scale, product.A = b->ds, product.B = a->q + at, product.C = dk;
        cpu_sgemm(&product);
    }
    if (dv != NULL) {
        product.alpha = 1.0f, product.A = b->p, product.B = a->dout + at, product.C = dv;
        cpu_sgemm(&product);
    }
}

static float *at_or_null(float *x, Index offset)
{
    return x != NULL ? x + offset : NULL;
}

/* Scratch memory for a block over this many keys. */
static void take_scratch(const AttentionGrad *a, int worker, Index keys, Block *b)
{
    Index bytes = cpu_attention_workspace(keys, a->shape->K);
    b->p = cpu_scratch(a->be, worker, bytes);
    b->ds = b->p + bytes / 2 / (Index)sizeof(float);
}

static void prefix_block(const AttentionGrad *a, Block *b, Index column)
{
    b->k = a->pk + column, b->v = a->pv + column;
    b->keys = b->seen = a->shape->P;
    fill(a, b);
}

/* One segment and one group: dq, dk, dv. */
static void grad_task(void *context, Index task, int worker)
{
    const AttentionGrad *a = context;
    const AttnShape     *c = a->shape;
    Index                s = task / c->G, g = task % c->G, per_group = c->H / c->G;
    Index                key = c->k_at[s], end = c->q_at[s + 1];
    Index                column = g * c->K, at = key * c->G * c->K + column;
    Index                length = c->k_at[s + 1] - key;
    Block                b;
    take_scratch(a, worker, cpu_max(length, c->P), &b);

    for (b.h = g * per_group; b.h < (g + 1) * per_group; b.h++) {
        for (b.row = c->q_at[s]; b.row < end; b.row += BLOCK_ROWS) {
            b.rows = cpu_min(BLOCK_ROWS, end - b.row);
            if (c->P > 0 && a->dq != NULL) {
                prefix_block(a, &b, column);
                add_dq(a, &b);
            }
            b.k = a->k + at, b.v = a->v + at;
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
    Index                per_group = c->H / c->G, column = g * c->K;
    Block                b;
    take_scratch(a, worker, c->P, &b);

    for (Index s = 0; s < c->S; s++) {
        for (b.h = g * per_group; b.h < (g + 1) * per_group; b.h++) {
            for (b.row = c->q_at[s]; b.row < c->q_at[s + 1]; b.row += BLOCK_ROWS) {
                b.rows = cpu_min(BLOCK_ROWS, c->q_at[s + 1] - b.row);
                prefix_block(a, &b, column);
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
