/*
 * Causal attention with grouped keys, forward. A block of 64 queries of one head meets all keys
 * that its last query sees; what lies further right is never computed. Scores live in the
 * worker's scratch memory; only the logarithm of each row's sum is kept for the backward.
 *
 *     s = scale q [pk; k]^T,   p = exp(s - max),   o = p [pv; v] / sum p
 */

#include "core/math/cpu/cpu.h"

#include <math.h>
#include <string.h>

enum { BLOCK_ROWS = 64, TASK_ROWS = 128 };

typedef struct Attention {
    Backend         *be;
    const AttnShape *shape;
    float           *o, *lse;
    const float     *q, *k, *v, *pk, *pv;
    Index            tasks_per_head; /* of the longest segment */
} Attention;

/* Scores of 64 rows, and in the backward their slopes, over T keys (prefix included). */
Index cpu_attention_workspace(Index T, Index K)
{
    (void)K;
    Index width = cpu_pieces(T, 16) * 16;
    return 2 * BLOCK_ROWS * cpu_max(width, 16) * (Index)sizeof(float);
}

/* p[rows, P + keys], of which row i sees P + seen + i; returns with 1/sum in inverse. */
static void softmax_rows(float *p, Index width, Index rows, Index visible, float *inverse,
                         float *lse, Index lse_step)
{
    for (Index i = 0; i < rows; i++, p += width) {
        Index  n = cpu_min(visible + i, width);
        float  m = cpu_largest(p, n);
        double sum = cpu_sum_exp(p, n, m, true);
        memset(p + n, 0, (size_t)(width - n) * sizeof *p);
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

/* Queries row .. row+rows-1 of the whole batch, head h, of segment s. */
static void block(const Attention *a, float *p, Index s, Index h, Index row, Index rows)
{
    const AttnShape *c = a->shape;
    Index            HK = c->H * c->K, GK = c->G * c->K, key = c->k_at[s];
    Index            column = h / (c->H / c->G) * c->K;
    /* keys before the diagonal of the block's first query, itself included */
    Index seen = c->k_at[s + 1] - key - (c->q_at[s + 1] - row) + 1;
    Index keys = seen + rows - 1, width = c->P + keys;
    float inverse[BLOCK_ROWS];

    Product scores = {.tb = true, .m = rows, .k = c->K, .alpha = c->scale, .lda = HK, .ldb = GK,
                      .ldc = width, .A = a->q + row * HK + h * c->K};
    if (c->P > 0) {
        scores.n = c->P, scores.B = a->pk + column, scores.C = p;
        cpu_sgemm(&scores);
    }
    scores.n = keys, scores.B = a->k + key * GK + column, scores.C = p + c->P;
    cpu_sgemm(&scores);

    softmax_rows(p, width, rows, c->P + seen, inverse, a->lse + row * c->H + h, c->H);

    float  *o = a->o + row * HK + h * c->K;
    Product sum = {.m = rows, .n = c->K, .alpha = 1.0f, .lda = width, .ldb = GK, .ldc = HK, .C = o};
    if (c->P > 0) {
        sum.k = c->P, sum.A = p, sum.B = a->pv + column;
        cpu_sgemm(&sum);
        sum.beta = 1.0f;
    }
    sum.k = keys, sum.A = p + c->P, sum.B = a->v + key * GK + column;
    cpu_sgemm(&sum);
    scale_rows(o, HK, rows, c->K, inverse);
}

static void attention_task(void *context, Index task, int worker)
{
    const Attention *a = context;
    const AttnShape *c = a->shape;
    Index            part = task % a->tasks_per_head, h = task / a->tasks_per_head % c->H;
    Index            s = task / a->tasks_per_head / c->H;
    Index            from = c->q_at[s] + part * TASK_ROWS;
    Index            to = cpu_min(from + TASK_ROWS, c->q_at[s + 1]);
    if (from >= to) return;

    Index  keys = c->k_at[s + 1] - c->k_at[s];
    float *p = cpu_scratch(a->be, worker, cpu_attention_workspace(c->P + keys, c->K) / 2);
    for (Index row = from; row < to; row += BLOCK_ROWS) {
        block(a, p, s, h, row, cpu_min(BLOCK_ROWS, to - row));
    }
}

void cpu_attention(Backend *be, const AttnShape *shape, float *o, float *lse, const float *q,
                   const float *k, const float *v, const float *pk, const float *pv)
{
    CHECK(shape->G > 0 && shape->H % shape->G == 0);
    Index longest = 0;
    for (Index s = 0; s < shape->S; s++) {
        Index queries = shape->q_at[s + 1] - shape->q_at[s];
        CHECK(queries <= shape->k_at[s + 1] - shape->k_at[s]);
        longest = cpu_max(longest, queries);
    }
    if (longest == 0) return;
    Attention a = {be, shape, o, lse, q, k, v, pk, pv, cpu_pieces(longest, TASK_ROWS)};
    cpu_run(be, shape->S * shape->H * a.tasks_per_head, false, attention_task, &a);
}
