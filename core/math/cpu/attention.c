/*
 * Causal attention with grouped keys, forward. A block of 64 queries of one head meets all keys
 * that its last query sees; what lies further right is never computed. Scores live in the
 * worker's scratch memory; only the logarithm of each row's sum is kept for the backward.
 *
 *     s = scale q [pk; k]^T,   p = exp(s - max),   o = p [pv; v] / sum p
 *
 * The keys of a group are transposed once for all its heads. A row of scores is filled up to a
 * whole number of vectors with what is too small to change the sum, and 0 afterwards.
 */

#include "core/math/cpu/cpu_ops.h"

#include <math.h>
#include <string.h>

enum { BLOCK_ROWS = 64, TASK_ROWS = 128, FEW_QUERIES = 4 };

typedef struct Attention {
    Backend         *be;
    const AttnShape *shape;
    float           *o, *lse;
    const float     *q, *k, *v, *pk, *pv;
    Index            parts; /* of the longest segment */
} Attention;

/* A segment's keys before the worker's scratch memory is used for them. */
typedef struct Keys {
    Index  s, g, first;  /* segment, group, row of its first key */
    Index  width;        /* row length of p and kt: prefix and keys, padded */
    float *p;            /* [BLOCK_ROWS, width] */
    float *kt;           /* [K, width] */
    float *v;            /* [keys, K] */
} Keys;

/* The backward needs most: scores and their slopes of 64 rows; keys, transposed and not, and
 * values, transposed; queries and d-outputs of 64 rows. Prefix and keys are padded each. */
Index cpu_attention_workspace(Index T, Index K)
{
    Index width = cpu_spread(T) + 64;
    return ((2 * BLOCK_ROWS + 3 * K) * width + 2 * BLOCK_ROWS * K) * (Index)sizeof(float);
}

/* p[rows, width]: row i keeps its first visible + i columns; returns 1/sum of each in inverse. */
static void softmax_rows(float *p, Index width, Index rows, Index visible, float *inverse,
                         float *lse, Index lse_step)
{
    for (Index i = 0; i < rows; i++, p += width) {
        Index n = visible + i, padded = cpu_padded(n);
        float m = cpu_largest(p, n);
        for (Index j = n; j < padded; j++) p[j] = m - 80.0f;
        double sum = cpu_sum_exp(p, padded, m, true);
        for (Index j = n; j < width; j++) p[j] = 0.0f;
        inverse[i] = (float)(1.0 / sum);
        lse[i * lse_step] = (float)((double)m + log(sum));
    }
}

static void scale_rows(float *o, Index step, Index rows, Index n, const float *factor)
{
    for (Index i = 0; i < rows; i++, o += step) {
        float f = factor[i];
        for (Index j = 0; j < n; j++) o[j] *= f;
    }
}

/* o = p [pv; v] for `rows` rows of p that see `keys` keys beside the prefix; ldv is v's */
static void weigh_values(const Attention *a, const Keys *w, float *o, Index rows, Index keys,
                         const float *v, Index ldv)
{
    const AttnShape *c = a->shape;
    Index            GK = c->G * c->K, column = w->g * c->K;
    Product          sum = {.m = rows, .n = c->K, .alpha = 1.0f, .lda = w->width, .ldb = GK,
                            .ldc = c->H * c->K, .C = o};
    if (c->P > 0) {
        sum.k = c->P, sum.A = w->p, sum.B = a->pv + column;
        cpu_tiles(&sum);
        sum.beta = 1.0f;
    }
    sum.k = keys, sum.A = w->p + c->P, sum.B = v, sum.ldb = ldv;
    cpu_tiles(&sum);
}

/* How many keys of its own segment a query sees, itself included. */
static Index keys_seen(const AttnShape *c, Index s, Index row)
{
    return c->k_at[s + 1] - c->k_at[s] - (c->q_at[s + 1] - row) + 1;
}

/* Queries row .. row+rows-1 of the whole batch, head h. */
static void block(const Attention *a, const Keys *w, Index h, Index row, Index rows)
{
    const AttnShape *c = a->shape;
    Index            HK = c->H * c->K, at = row * HK + h * c->K;
    Index            seen = keys_seen(c, w->s, row), keys = seen + rows - 1;
    float            inverse[BLOCK_ROWS];

    cpu_tiles(&(Product){.m = rows, .n = cpu_padded(c->P + keys), .k = c->K, .alpha = c->scale,
                         .A = a->q + at, .lda = HK, .B = w->kt, .ldb = w->width, .C = w->p,
                         .ldc = w->width});
    softmax_rows(w->p, w->width, rows, c->P + seen, inverse, a->lse + row * c->H + h, c->H);
    weigh_values(a, w, a->o + at, rows, keys, w->v, c->K);
    scale_rows(a->o + at, HK, rows, c->K, inverse);
}

/* ---- one query at a time: generation, where transposing the keys would not pay ----------- */

/* score[t] = scale * dot(q, key t); four sums side by side */
static void scores_of(float *score, const float *q, const float *k, Index step, Index n, Index K,
                      float scale)
{
    Index t = 0;
    for (; t + 4 <= n; t += 4, k += 4 * step) {
        const float *k1 = k + step, *k2 = k1 + step, *k3 = k2 + step;
        float        s = 0.0f, s1 = 0.0f, s2 = 0.0f, s3 = 0.0f;
#pragma omp simd reduction(+ : s, s1, s2, s3)
        for (Index i = 0; i < K; i++) {
            s += q[i] * k[i];
            s1 += q[i] * k1[i];
            s2 += q[i] * k2[i];
            s3 += q[i] * k3[i];
        }
        score[t] = scale * s, score[t + 1] = scale * s1;
        score[t + 2] = scale * s2, score[t + 3] = scale * s3;
    }
    for (; t < n; t++, k += step) {
        float s = 0.0f;
        for (Index i = 0; i < K; i++) s += q[i] * k[i];
        score[t] = scale * s;
    }
}

static void one_query(const Attention *a, const Keys *w, Index h, Index row)
{
    const AttnShape *c = a->shape;
    Index            GK = c->G * c->K, column = w->g * c->K, at = (row * c->H + h) * c->K;
    Index            keys = keys_seen(c, w->s, row);
    float            inverse;

    if (c->P > 0) scores_of(w->p, a->q + at, a->pk + column, GK, c->P, c->K, c->scale);
    scores_of(w->p + c->P, a->q + at, a->k + w->first * GK + column, GK, keys, c->K, c->scale);
    softmax_rows(w->p, w->width, 1, c->P + keys, &inverse, a->lse + row * c->H + h, c->H);
    weigh_values(a, w, a->o + at, 1, keys, a->v + w->first * GK + column, GK);
    scale_rows(a->o + at, 0, 1, c->K, &inverse);
}

/* ---- tasks ------------------------------------------------------------------------------ */

/* The keys that queries before row `to` see, transposed behind the prefix, and their values. */
static void take_keys(const Attention *a, const Keys *w, Index to)
{
    const AttnShape *c = a->shape;
    Index            GK = c->G * c->K, column = w->g * c->K;
    Index            keys = keys_seen(c, w->s, to - 1), width = cpu_padded(c->P + keys);
    if (c->P > 0) cpu_transpose(w->kt, w->width, c->P, a->pk + column, GK, c->P, c->K);
    cpu_transpose(w->kt + c->P, w->width, width - c->P, a->k + w->first * GK + column, GK, keys,
                  c->K);
    cpu_pack(w->v, a->v + w->first * GK + column, GK, keys, c->K);
}

/* Up to 128 queries of one segment, all heads of one group. */
static void attention_task(void *context, Index task, int worker)
{
    const Attention *a = context;
    const AttnShape *c = a->shape;
    Index            part = task % a->parts, group = task / a->parts;
    Keys             w = {.s = group / c->G, .g = group % c->G};
    Index            from = c->q_at[w.s] + part * TASK_ROWS;
    Index            to = cpu_min(from + TASK_ROWS, c->q_at[w.s + 1]);
    if (from >= to) return;

    Index keys = c->k_at[w.s + 1] - c->k_at[w.s], heads = c->H / c->G;
    w.first = c->k_at[w.s];
    w.width = cpu_spread(c->P + keys);
    w.p = cpu_scratch(a->be, worker, cpu_attention_workspace(c->P + keys, c->K));
    w.kt = w.p + BLOCK_ROWS * w.width;
    w.v = w.kt + c->K * w.width;
    if (to - from <= FEW_QUERIES) {
        for (Index i = 0; i < (to - from) * heads; i++) {
            one_query(a, &w, w.g * heads + i % heads, from + i / heads);
        }
        return;
    }
    take_keys(a, &w, to);
    for (Index h = w.g * heads; h < (w.g + 1) * heads; h++) {
        for (Index row = from; row < to; row += BLOCK_ROWS) {
            block(a, &w, h, row, cpu_min(BLOCK_ROWS, to - row));
        }
    }
}

/* Rows that belong to no sequence attend to nothing. */
static void clear_fill(const AttnShape *c, float *o, float *lse)
{
    Index from = c->q_at[c->S] * c->H, count = c->fill * c->H;
    if (count == 0) return;
    memset(o + from * c->K, 0, (size_t)(count * c->K) * sizeof *o);
    memset(lse + from, 0, (size_t)count * sizeof *lse);
}

void cpu_attention(Backend *be, const AttnShape *shape, float *o, float *lse, const float *q,
                   const float *k, const float *v, const float *pk, const float *pv)
{
    CHECK(shape->G > 0 && shape->H % shape->G == 0);
    clear_fill(shape, o, lse);
    Index longest = 0, pairs = 0;
    for (Index s = 0; s < shape->S; s++) {
        Index queries = shape->q_at[s + 1] - shape->q_at[s];
        Index keys = shape->k_at[s + 1] - shape->k_at[s];
        CHECK(queries >= 0 && queries <= keys);
        longest = cpu_max(longest, queries);
        pairs += queries * (shape->P + keys);
    }
    if (longest == 0) return;
    Attention a = {be, shape, o, lse, q, k, v, pk, pv, cpu_pieces(longest, TASK_ROWS)};
    bool      light = pairs * shape->H * shape->K < 32 * CPU_CHUNK;
    cpu_run(be, shape->S * shape->G * a.parts, light, attention_task, &a);
}
